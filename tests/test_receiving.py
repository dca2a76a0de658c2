"""Between nights: a receipt in minutes, nothing changed for the night that follows, and no night made to wait."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from surveillance.clock import Clock
from surveillance.content import Content
from surveillance.demonstration.demo import Demo
from surveillance.errors import BusyError
from surveillance.gathering.receptions import Reception, write_receptions
from surveillance.journal import read_journal
from surveillance.locking import between_nights, night_lock, receiver_lock
from surveillance.receiving.sweeping import Receiver, coming_night, sweep
from surveillance.timetable import load_timetable
from tests.conftest import PATIENCE, command, staged, surveillance
from tests.test_night import outbox

pytestmark = pytest.mark.slow
NIGHT = "2024-01-16"
WHEN = date(2024, 1, 16)


@pytest.fixture(scope="module")
def calm(prepared: Demo, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The package of a night before which nobody received anything."""
    for demo in staged(prepared, tmp_path_factory.mktemp("calm") / "state"):
        assert surveillance("run", NIGHT, "--state", demo.state).returncode == 3
        return outbox(demo)
    raise AssertionError


def receipts(demo: Demo) -> dict[str, bytes]:
    return {
        str(path.relative_to(demo.state)): path.read_bytes()
        for path in sorted((demo.state / "feeds").glob("*/recus/*.recu*.txt"))
    }


def receive(demo: Demo) -> subprocess.CompletedProcess[str]:
    return surveillance("receive", "--night", NIGHT, "--state", demo.state)


def events(demo: Demo, folder: str = "journal/receive") -> list[dict[str, str]]:
    return list(read_journal(demo.state / folder / f"{NIGHT}.jsonl"))


def test_a_night_after_receiving_gives_the_bytes_of_a_night_without(stage: Demo, calm: dict[str, str]) -> None:
    """Received in two goes, with a file that comes in between; then the night, that tells nobody twice."""
    late = sorted((stage.state / "feeds" / "5901").glob("*"))
    aside = [shutil.move(path, stage.state / path.name) for path in late]
    first = receive(stage)
    assert first.returncode == 0, first.stderr
    told = receipts(stage)
    assert len(told) >= 55
    assert not any("/5901/" in name for name in told)
    for path in aside:
        shutil.move(path, stage.state / "feeds" / "5901" / Path(path).name)
    assert receive(stage).returncode == 0
    more = receipts(stage)
    assert more.keys() - told.keys() == {f"feeds/5901/recus/{next(iter(late_names(late)))}.recu.txt"}
    assert "0 nouveaux fichiers ; reçus déposés 0" in receive(stage).stdout
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    assert outbox(stage) == calm
    after = receipts(stage)
    assert {name: after[name] for name in more} == more, "no receipt is written over, or twice"
    assert not [name for name in after if ".recu-2" in name]
    agree(stage)
    told_all = surveillance("journal", NIGHT, "--state", stage.state).stdout
    assert told_all.index("  receive  ") < told_all.index("  night begun  ")


def late_names(paths: list[Path]) -> set[str]:
    """The one file of the coming night among those on the server."""
    return {path.name for path in paths if "2024-01-15" in path.name}


def agree(demo: Demo) -> None:
    """Every file that the records hold has a receipt of the same verdict and the same counts."""
    import pyarrow.parquet as pq

    rows = pq.read_table(demo.state / "records" / NIGHT / "files.parquet").to_pylist()
    twins = [json.loads(path.read_bytes()) for path in (demo.state / "feeds").glob("*/recus/*.json")]
    bodies = {twin["body"]["sha256"]: twin["body"] for twin in twins}
    assert bodies.keys() == {row["sha256"] for row in rows}
    for row in rows:
        body = bodies[row["sha256"]]
        verdict = {"received": "accepted"}.get(row["status"], row["status"])
        assert (body["verdict"], body["ledger"]["accepted"], body["ledger"]["refused"]) == (
            verdict, row["accepted"], row["refused"],
        )  # fmt: skip


def test_the_night_alone_tells_everybody_and_says_what_it_found(stage: Demo) -> None:
    shutil.rmtree(stage.state / "feeds" / "7502", ignore_errors=True)
    (stage.state / "feeds" / "0201" / "recus").symlink_to("/nowhere")  # no folder can be made there
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    told = [event for event in events(stage, "journal") if event["event"] == "receipt"]
    assert {event["association"] for event in told if event["state"] == "kept"} == {"0201"}
    assert all(event["state"] in ("put", "kept") for event in told)
    kept = list((stage.state / "outbox" / "receipts" / "0201").rglob("*.recu.txt"))
    assert len(kept) == 1
    text = next(iter(receipts(stage).values())).decode()
    assert "- visites prises" in text.replace("\u00a0", " ")
    step = next(e for e in events(stage, "journal") if e["event"] == "step done" and e["step"] == "receipts")
    assert (step["put"], step["kept"]) == (len(receipts(stage)), 1)
    order = [e["step"] for e in events(stage, "journal") if e["event"] == "step begun"]
    assert order[-3:] == ["deliver", "receipts", "report"]


def test_while_a_night_runs_a_receiver_says_so_and_leaves(stage: Demo) -> None:
    with night_lock(stage.state, "a night"):
        result = receive(stage)
    assert result.returncode == 0
    assert "une nuit est en cours" in result.stderr
    assert not receipts(stage)
    assert not (stage.state / "inbox" / NIGHT).exists()


def test_a_night_that_begins_waits_for_no_receiver_and_meets_no_trace_of_it(stage: Demo, calm: dict[str, str]) -> None:
    timetable = stage.state / "site" / "schedules" / "night.toml"
    quick = timetable.read_text(encoding="utf-8")
    assert "parallel = 16" in quick
    timetable.write_text(quick.replace("stable_seconds = 0.2", "stable_seconds = 3600"), encoding="utf-8")
    process = subprocess.Popen(
        command("receive", "--night", NIGHT, "--state", stage.state),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while process.poll() is None and sockets(process.pid) < 16:  # as many sessions wait, an hour, for their files
        time.sleep(0.05)
    timetable.write_text(quick, encoding="utf-8")
    with night_lock(stage.state, "a night"):
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "arrêté" in err) == (0, True), out + err
    assert not list((stage.state / "inbox" / NIGHT).rglob("*.*"))
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    assert outbox(stage) == calm


def sockets(process: int) -> int:
    """How many connections a process holds."""
    found = 0
    for handle in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since
            found += str(handle.readlink()).startswith("socket:")
    return found


def test_a_receiver_killed_at_any_moment_leaves_whole_files_or_none(stage: Demo, calm: dict[str, str]) -> None:
    for moment in (1.5, 2.5, 4.0):
        process = subprocess.Popen(command("receive", "--night", NIGHT, "--state", stage.state), stdout=subprocess.PIPE)
        time.sleep(moment)
        process.kill()
        process.communicate()
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3
    assert outbox(stage) == calm
    assert not list((stage.state / "feeds").glob("*/recus/*.recu-2*"))
    agree(stage)


def test_a_server_that_refuses_our_key_is_not_asked_again_before_the_night(stage: Demo) -> None:
    code = "5901"
    shutil.copy(stage.state / "keys" / "sftp_0201", stage.state / "keys" / f"sftp_{code}")
    receive(stage)
    held = json.loads((stage.state / "receive" / "refusing.json").read_text(encoding="utf-8"))
    assert held["codes"][code] == "auth"
    assert "host_key" in held["codes"].values()
    receiver = Receiver(stage.content(), stage.settings(), Clock(), WHEN)
    assert sweep(receiver)["unreachable"] >= len(held["codes"])
    assert json.loads((stage.state / "receive" / "refusing.json").read_text(encoding="utf-8")) == held


PARIS = [  # (UTC, is today's night gathered?, the night that reads a file that comes then)
    ("2024-01-15T13:00", True, "2024-01-16"),
    ("2024-01-15T22:30", True, "2024-01-16"),  # 23:30 in Paris
    ("2024-01-15T23:30", False, "2024-01-16"),  # 00:30 in Paris: it is the 16th
    ("2024-01-16T02:59", False, "2024-01-16"),
    ("2024-01-16T03:40", True, "2024-01-17"),  # gathered: what comes now is for the next
    ("2024-01-16T04:40", False, "2024-01-16"),  # 05:40, a night that has not been gathered may still be
    ("2024-01-16T05:00", False, "2024-01-17"),  # the deadline has passed
    ("2024-07-16T03:59", False, "2024-07-16"),
    ("2024-07-16T04:00", False, "2024-07-17"),  # in summer the deadline is 04:00 UTC
]


@pytest.mark.parametrize(("at", "gathered", "expected"), PARIS)
def test_the_night_that_reads_what_comes_now(at: str, gathered: bool, expected: str, tmp_path: Path) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    if gathered:
        write_receptions(tmp_path / Clock(lambda: now).tonight().isoformat(), [Reception("5901", "absent", "no_file")])
    assert coming_night(now, load_timetable(Content()), tmp_path) == date.fromisoformat(expected)


def test_no_sweep_begins_just_before_the_night(stage: Demo) -> None:
    def at(hour: int, minute: int) -> Receiver:
        now = datetime(2024, 1, 16, hour, minute, 30, tzinfo=UTC)
        return Receiver(stage.content(), stage.settings(), Clock(lambda: now))

    assert [at(*hour).soon() for hour in ((2, 50), (2, 58), (2, 59), (3, 0))] == [False, True, True, False]
    assert sweep(at(2, 59)) == {"skipped": "night_soon"}


def test_there_is_one_receiver_and_the_door_lets_a_night_in(tmp_path: Path) -> None:
    with receiver_lock(tmp_path), pytest.raises(BusyError, match="another receiver"), receiver_lock(tmp_path):
        pass
    with between_nights(tmp_path) as free:
        assert free
    with night_lock(tmp_path, "a night"), between_nights(tmp_path) as free:
        assert not free
    for _ in range(50):  # looking whether a night runs never makes a night fail
        looking = [threading.Thread(target=look, args=(tmp_path,)) for _ in range(4)]
        for thread in looking:
            thread.start()
        with night_lock(tmp_path, "a night"):
            pass
        for thread in looking:
            thread.join()


def look(state: Path) -> Iterator[None] | None:
    with between_nights(state):
        return None
