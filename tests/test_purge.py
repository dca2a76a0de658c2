"""Old visits become counts: every answer stays, also after a replay, and no trace of a visit is left."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benchmarks.years import moved
from surveillance import purging
from surveillance import store as store_module
from surveillance.changes import Cell, explain_change
from surveillance.content import Content
from surveillance.demonstration.demo import Demo
from surveillance.errors import SettingsError, UsageError
from surveillance.files import make_folder
from surveillance.questions import Question, ask
from surveillance.replay import replay
from surveillance.settings import Settings, load_settings
from surveillance.store import Store, open_published, published_path, store_path
from tests.conftest import surveillance

pytestmark = pytest.mark.slow
LAST = date(2024, 1, 15)
NIGHTS = {
    date(2022, 6, 10): 3,
    date(2022, 6, 11): 2,
    date(2024, 1, 14): 1,
    LAST: 0,
}  # night → night of the demonstration
MEMBERS = ["5901", "6901", "3301", "0201"]
LIMIT = date(2022, 9, 1)


@pytest.fixture(scope="module")
def lived(prepared: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with two nights of June 2022 and two of January 2024, of four associations; visits kept for 16 months."""
    state = tmp_path_factory.mktemp("purged") / "state"
    for night, back in NIGHTS.items():
        source = prepared.state / "records" / (LAST - timedelta(days=back)).isoformat()
        for path in source.glob("*.parquet"):
            table = pq.read_table(path)
            table = table.filter(pc.is_in(table.column("association"), pa.array(MEMBERS)))
            folder = make_folder(state / "records" / night.isoformat())
            pq.write_table(moved(table, "0" * 8, night - (LAST - timedelta(days=back))), folder / path.name)
    rules = Content().text("schedules/night.toml").replace("visit_months = 0", "visit_months = 16")
    (make_folder(state / "site" / "schedules") / "night.toml").write_text(rules, encoding="utf-8")
    again(state)
    package = make_folder(state / "outbox" / "2022-06-11") / "SOS_TEST_20220611_000001_VIS.csv.gz"
    package.write_bytes(b"visits")
    return state


def again(state: Path) -> None:
    content = Content(state / "site")
    replay(content, load_settings(content, state), min(NIGHTS), LAST)


def told(state: Path) -> list[object]:
    """What the published copy says of all days, as known after each night, and what became of every line."""
    with open_published(state, Content(state / "site")) as store:
        found: list[object] = [
            ask(store, Question(("grippe", "covid", "ira"), by=("day", "age"), as_of=night, basis=basis)).table.to_csv()
            for night in NIGHTS
            for basis in ("diagnosis", "reason")
        ]
        for table in ("receptions", "files", "counts", "reason_counts", "denominators"):
            found.append(store.arrow(f"FROM {table} ORDER BY ALL"))
        return found


def bytes_of(state: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (store_path(state), published_path(state)))


def uncompressed(path: Path, read_only: bool, opened: Any = store_module.connect) -> Any:
    connection = opened(path, read_only)
    if not read_only:
        connection.execute("SET force_compression = 'uncompressed'")
    return connection


def settings_of(state: Path) -> tuple[Content, Settings]:
    content = Content(state / "site")
    return content, load_settings(content, state)


def test_a_trial_says_what_would_go_and_leaves_everything(lived: Path) -> None:
    before = told(lived)
    done = surveillance("purge", "--dry-run", "--lang", "en", "--state", lived)
    assert done.returncode == 0, done.stderr
    assert "Would become counts" in done.stdout and "before 2022-09-01" in done.stdout and "1 VIS" in done.stdout
    assert told(lived) == before and list(lived.glob("outbox/*/*_VIS.csv.gz"))
    assert not (lived / "records" / "purged").exists()


def test_visits_that_a_line_can_still_mean_are_never_purged(lived: Path) -> None:
    rules = lived / "site" / "schedules" / "night.toml"
    text = rules.read_text("utf-8")
    rules.write_text(text.replace("visit_months = 16", "visit_months = 14"), encoding="utf-8")
    try:
        with pytest.raises(SettingsError, match="still to be meant"):
            purging.purge(*settings_of(lived))
    finally:
        rules.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="visit_months"):
        purging.purge(*settings_of(lived), before=date(2024, 1, 1))


def test_old_visits_leave_their_counts_and_nothing_else(lived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = told(lived)
    old, young = uids(lived, True), uids(lived, False)
    assert len(old) > 500 and len(young) > 500
    monkeypatch.setattr(store_module, "connect", uncompressed)  # so that what lies in the files can be read in them
    store_path(lived).unlink()
    again(lived)
    assert all(uid.encode() in bytes_of(lived) for uid in list(old)[:20])
    with monkeypatch.context() as cut:  # killed between the store and its new file: gone on with, not begun again
        cut.setattr(purging, "rewritten", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            purging.purge(*settings_of(lived))
    done = purging.purge(*settings_of(lived))
    assert done and done.before == LIMIT and not done.versions and len(done.records) == 2
    assert told(lived) == before
    data = bytes_of(lived)
    assert not [uid for uid in old if uid.encode() in data]
    assert all(uid.encode() in data for uid in list(young)[:20])
    assert not uids(lived, True) and uids(lived, False) == young
    assert not list(lived.glob("outbox/*/*_VIS.csv.gz"))
    for path in (store_path(lived), published_path(lived)):
        path.unlink()
    again(lived)
    assert told(lived) == before
    assert "Nothing to reduce" in surveillance("purge", "--lang", "en", "--state", lived).stdout
    with open_published(lived, Content(lived / "site")) as store, pytest.raises(UsageError, match="reduced to counts"):
        explain_change(store, Cell("grippe", date(2022, 6, 1), date(2022, 6, 30)), (date(2022, 6, 10), LAST))


def test_kept_counts_that_were_changed_are_not_believed(lived: Path) -> None:
    file = next((lived / "records" / "purged").glob("counts-*.parquet"))
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    store_path(lived).unlink()
    try:
        with pytest.raises(SettingsError, match="is not what the purge"):
            again(lived)
    finally:
        file.write_bytes(data)
        again(lived)


def uids(state: Path, old: bool) -> set[str]:
    """The visits of the records before the limit, or after it."""
    found: set[str] = set()
    for path in (state / "records").glob("????-??-??/visits.parquet"):
        table = pq.read_table(path, columns=["visit_uid", "event_date"])
        mine = pc.less(table.column("event_date"), LIMIT)
        found |= set(table.filter(mine if old else pc.invert(mine)).column("visit_uid").to_pylist())
    return found


def test_a_night_after_a_purge_adds_up(lived: Path) -> None:
    with Store(store_path(lived), Content(lived / "site")) as store:
        assert store.value("SELECT min(event_date) FROM visits") >= LIMIT
        assert store.value("SELECT count(*) FROM counts WHERE visit_day < $limit", {"limit": LIMIT}) > 100
