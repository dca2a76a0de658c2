"""Nights, definitions that change between them, adoptions: the store that lived through all that, and its replay."""

from __future__ import annotations

import io
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from surveillance.coding.codings import Codings
from surveillance.content import Content
from surveillance.demonstration.demo import Demo, add_nights, put_on_servers
from surveillance.journal import read_journal
from surveillance.status import journal_path
from surveillance.store import Store, published_path, store_path
from tests.conftest import exempt, surveillance

NIGHT, NEXT = "2024-01-16", "2024-01-17"
TABLES = ("visit_syndromes", "counts", "reason_counts", "denominators", "codings", "unknown_codes", "visits")
BY, SHARES = ("week", "age", "region"), {"diagnosis": "share_coded", "reason": "share_reason"}
ASKED = ((), ("--as-of", NIGHT), ("--coding", "1"), ("--coding", "2"), ("--coding", "3", "--basis", "reason"))


def edit(stage: Demo, name: str, *changes: tuple[str, str]) -> None:
    """Change a definition of the site, which has the shipped one until then."""
    rel = f"indicators/syndromes/{name}.toml"
    text = Content(stage.state / "site").text(rel)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = stage.state / "site" / rel
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def tables(state: Path) -> dict[str, pa.Table]:
    with Store(store_path(state), Content()) as store:
        return {name: store.arrow(f"FROM {name} ORDER BY ALL") for name in TABLES}


def answers(state: Path) -> list[str]:
    found = []
    for words in ASKED:
        whole = ("--format", "csv", *exempt(state / "site"))
        done = surveillance("query", "grippe", "covid", "--by", "week,age", *words, *whole, "--state", state)
        assert done.returncode == 0, done.stderr
        found.append(done.stdout)
    return found


def aggregates(state: Path) -> set[tuple[str, bytes]]:
    """The data files that were delivered, by night and kind: sent again under another number, they are the same bytes.

    The number is another where the content is: its digest is in the manifest.
    """
    paths = (state / "outbox").rglob("*.csv.gz")
    return {(f"{path.parent.name} {path.name[-10:]}", path.read_bytes()) for path in paths}


def adopt(stage: Demo, *words: str) -> str:
    done = surveillance("indicators", "adopt", "--who", "A. B.", "--why", "a test", *words, "--state", stage.state)
    assert done.returncode == 0, done.stderr
    return done.stdout


def two_nights(stage: Demo) -> None:
    """A definition changes and a night begins a coding; adopted from a day on; another changes, the next night, all
    of history."""
    edit(stage, "grippe", ('version = "1"', 'version = "2"'), ('"J09-J11"', '"J09-J11", "J22"'))
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    adopt(stage, "--since", "2024-01-08")
    following = Demo(stage.state, stage.night + timedelta(days=1), stage.seed, stage.weeks)
    assert add_nights(following, lambda done, of: None)
    put_on_servers(following)
    edit(stage, "covid", ('version = "1"', 'version = "2"'), ("[diagnoses]", '[diagnoses]\nposition = "principal"'))
    covid = stage.state / "site" / "indicators" / "syndromes" / "covid.toml"
    text = re.sub(r'  \{ codes = \["\S+", ".*\n', "", covid.read_text(encoding="utf-8"))  # by an associated diagnosis
    covid.write_text(text, encoding="utf-8")
    assert surveillance("run", NEXT, "--state", stage.state).returncode == 3
    adopt(stage)


def test_replay_and_reruns_give_the_store_that_lived_through_it(stage: Demo) -> None:
    two_nights(stage)
    lived, said, sent = tables(stage.state), answers(stage.state), aggregates(stage.state)
    listed = [(one.number, str(one.from_night), one.recoded_since is not None) for one in Codings(stage.state).all]
    assert listed == [
        (1, "2024-01-02", False), (2, NIGHT, False), (3, NEXT, True), (4, NEXT, False), (5, "2024-01-18", True),
    ]  # fmt: skip
    of_flu = pc.equal(lived["visit_syndromes"]["syndrome"], "grippe")
    assert set(lived["visit_syndromes"].filter(of_flu)["definition"].to_pylist()) == {"1", "2"}
    begun = [event for event in read_journal(journal_path(stage.state, NEXT)) if event["event"] == "coding begun"]
    assert [event["number"] for event in begun] == [4]
    for night in (NEXT, NIGHT):  # after the adoption; the older one takes the newer out and puts it back
        assert surveillance("run", night, "--state", stage.state).returncode == 3
        assert tables(stage.state) == lived
        assert aggregates(stage.state) == sent, "the daily files are those of their nights"
    shutil.rmtree(stage.state / "store")
    published_path(stage.state).unlink()
    assert surveillance("replay", "2024-01-02", NEXT, "--state", stage.state, "-q").returncode == 0
    assert tables(stage.state) == lived
    assert answers(stage.state) == said
    rebuilt_after(stage, sent)


def rebuilt_after(stage: Demo, sent: set[tuple[str, bytes]]) -> None:
    """Whatever the content says since, every daily file that was sent is made again, byte for byte."""
    rename(stage)
    edit(stage, "grippe", ('version = "2"', 'version = "3"'), ('"J09-J11", "J22"', '"J10"'))
    out = stage.state / "again"
    done = surveillance("rebuild", "--out", out, "--state", stage.state, "--lang", "en")
    assert done.returncode == 0 and done.stdout.count(": the same as was sent\n") == 6, done.stdout + done.stderr
    numbers = (stage.state / "outbox" / "numbers.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(numbers) == len(list(stage.state.glob("records/*/issued_*.json")))
    for path in out.rglob("*.*"):
        assert path.read_bytes() == (stage.state / "outbox" / path.relative_to(out)).read_bytes(), path.name
    assert len(sent) == 4


def rename(stage: Demo) -> None:
    """An association has another name in the registry, and some thesauri another version."""
    path = stage.state / "site" / "extracts" / "associations.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'(?m)^name = "[^"]*', r"\g<0> et environs", text), encoding="utf-8")


def cells(text: str, basis: str, *columns: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Cell → columns, as they are printed."""
    table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    rows = table[table["basis"] == basis] if "basis" in table else table[~table["visits_all"].isin(("", "0"))]
    return {tuple(row[name] for name in BY): tuple(row[name] for name in columns) for row in rows.to_dict("records")}


def test_a_preview_of_a_fortnight_is_what_adopting_it_gives(stage: Demo, tmp_path: Path) -> None:
    """By the command line, on feeds read like any other: every week × age × région, both series."""
    bump = ('version = "1"', 'version = "2"')
    edit(stage, "grippe", bump, ('"J09-J11"', '"J09-J11", "J22"'), ('["grippe"]', '["grippe", "toux"]'))
    edit(stage, "ira", bump, ('"pneumopathie"]\n\n', '"pneumopathie", "toux"]\n\n'),
         ('{ text = "toux", counts = false', '{ text = "toux", counts = true'))  # fmt: skip
    drafts = {name: stage.state / "site" / "indicators" / "syndromes" / f"{name}.toml" for name in ("grippe", "ira")}
    draft = tmp_path / "brouillon.toml"
    shutil.copyfile(drafts["grippe"], draft)
    drafts["grippe"].unlink()
    asked = ("--by", ",".join(BY), "--format", "csv", "--state", stage.state)
    whole = (*asked, *exempt(stage.state / "site"))
    before = {basis: surveillance("query", "grippe", "--basis", basis, *whole).stdout for basis in SHARES}
    seen = surveillance("indicators", "preview", draft, *asked)
    assert seen.returncode == 0, seen.stderr
    shutil.copyfile(draft, drafts["grippe"])
    adopt(stage)
    for basis, share in SHARES.items():
        now = surveillance("query", "grippe", "--basis", basis, *whole).stdout
        assert cells(seen.stdout, basis, "before", "share_before") == cells(before[basis], basis, "visits", share)
        assert cells(seen.stdout, basis, "after", "share_after") == cells(now, basis, "visits", share)
        moved = cells(seen.stdout, basis, "difference")
        assert len(moved) > 100 and sum(int(number) for (number,) in moved.values()) > 100


@pytest.mark.parametrize("same_version", [True, False])
def test_a_meaning_that_changes_without_its_version_stops_before_anything_is_fetched(
    stage: Demo, same_version: bool
) -> None:
    edit(stage, "grippe", ('"J09-J11"', '"J09-J11", "J22"'))
    if not same_version:
        edit(stage, "grippe", ('version = "1"', 'version = "1.1"'))
    done = surveillance("run", NIGHT, "--state", stage.state)
    assert done.returncode == (10 if same_version else 3), done.stderr
    assert (stage.state / "inbox" / NIGHT).exists() is not same_version
    if same_version:
        assert "indicators/syndromes/grippe.toml:2: version: version '1' of grippe is known" in done.stderr
        assert len(Codings(stage.state).all) == 1


def test_a_store_of_an_earlier_version_says_what_to_do(stage: Demo) -> None:
    with Store(store_path(stage.state), Content()) as store:
        store.keep_fact("layout", "0")
    done = surveillance("run", NIGHT, "--state", stage.state)
    assert done.returncode == 11
    assert "earlier version" in done.stderr and "surveillance replay" in done.stderr
    assert not (stage.state / "inbox" / NIGHT).exists()
