"""What lasts: records outlive raw files, a lost store is made anew, later files wait for their night."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from surveillance.content import Content
from surveillance.delivery.sending import _read_ack
from surveillance.demonstration.demo import Demo
from surveillance.journal import read_journal
from surveillance.status import journal_path
from surveillance.store import Store, store_path
from tests.conftest import command, surveillance
from tests.test_night import NIGHT, manifest_of, outbox

BEFORE = "2024-01-15"


def rows(demo: Demo, night: str = NIGHT) -> dict[str, list[dict[str, object]]]:
    return {p.name: pq.read_table(p).to_pylist() for p in (demo.state / "records" / night).glob("*.parquet")}


def run(demo: Demo, *words: str, code: int = 3) -> None:
    result = surveillance("run", *words, "--state", demo.state)
    assert result.returncode == code, result.stderr


def test_a_night_whose_raw_files_are_gone_keeps_its_records_and_its_bytes(stage: Demo) -> None:
    run(stage, NIGHT)
    records, package = rows(stage), outbox(stage)
    folders = sorted(path for path in (stage.state / "inbox" / NIGHT).iterdir() if path.is_dir())
    for erased in (folders[:20], folders[20:]):
        for folder in erased:
            shutil.rmtree(folder)
        run(stage, NIGHT, "--since", "validate")
        assert (rows(stage), outbox(stage)) == (records, package)
    shutil.rmtree(stage.state / "inbox")
    run(stage, NIGHT, "--since", "validate")
    assert (rows(stage), outbox(stage)) == (records, package)


def test_a_night_never_gathered_is_not_validated(stage: Demo) -> None:
    run(stage, NIGHT, "--since", "validate", code=2)
    assert not list((stage.state / "records" / NIGHT).iterdir())


def test_a_lost_or_half_built_store_is_made_anew_before_the_file_leaves(stage: Demo) -> None:
    run(stage, NIGHT)
    package = outbox(stage)
    store_path(stage.state).unlink()
    run(stage, NIGHT)
    assert outbox(stage) == package
    assert surveillance("replay", "2024-01-02", "2024-01-08", "--state", stage.state).returncode == 0
    run(stage, NIGHT)
    assert outbox(stage) == package


def test_a_damaged_store_is_said_with_what_to_do(stage: Demo) -> None:
    store_path(stage.state).write_bytes(b"no store" * 1000)
    result = surveillance("run", NIGHT, "--state", stage.state)
    assert result.returncode == 11
    assert "move it away" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_night_caught_up_leaves_the_files_of_later_nights_to_them(stage: Demo) -> None:
    for folder in ("inbox", "records"):
        shutil.rmtree(stage.state / folder / BEFORE)
    run(stage, BEFORE)
    assert not rows(stage, BEFORE)["refusals.parquet"], "no visit of the day after was read as one of the future"
    run(stage, NIGHT)
    assert sum(line["status"] == "received" for line in manifest_of(stage)["completeness"]) == 58


def test_a_number_is_not_given_again_when_the_ledger_is_lost(stage: Demo) -> None:
    run(stage, NIGHT)
    (stage.state / "outbox" / "numbers.jsonl").write_text("null\n{}\n", encoding="utf-8")
    run(stage, NIGHT)
    assert json.loads((stage.state / "outbox" / "numbers.jsonl").read_text().splitlines()[-1])["seq"] == 2


def test_a_journal_line_that_is_no_event_is_said_and_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('123\nnull\n{"a": 1}\n{"at": "x", "event": "night do\n{"at": "x", "event": "fine"}\n')
    assert [event["event"] for event in read_journal(path)] == ["unreadable"] * 4 + ["fine"]


@pytest.mark.parametrize("ack", ["", '{"step": "INTE', "[]", '{"errors": 5}', "[" * 100_000])
def test_an_acknowledgement_that_cannot_be_read_is_as_none(ack: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        _read_ack(ack.encode())


@pytest.mark.parametrize("ack", ['{"step": "ERREUR"}', '{"step": "?", "refused": true, "errors": ["a", null]}'])
def test_an_acknowledgement_that_says_no_is_a_refusal(ack: str) -> None:
    found = _read_ack(ack.encode())
    assert (found["refused"], found["errors"]) == (True, [])


def test_a_night_whose_acknowledgement_is_garbage_is_delivered(stage: Demo) -> None:
    agency = stage.state / "site" / "schedules" / "agency.toml"
    agency.write_text(agency.read_text(encoding="utf-8").replace("ack_seconds = 10", "ack_seconds = 0.2"))
    (stage.state / "agency" / "drop" / "SOS_TEST_20240116_000001.ack.json").write_text("garbage", encoding="utf-8")
    run(stage, NIGHT)
    states = [
        event["state"] for event in read_journal(journal_path(stage.state, NIGHT)) if event["event"] == "delivery"
    ]
    assert states[-1] == "read_back"


@pytest.mark.parametrize("words", [("--since", "2024-W99"), ("--since", "2024-W00"), ("--by", "week,vendor")])
def test_a_question_that_means_nothing_is_not_a_bug(stage: Demo, words: tuple[str, str]) -> None:
    assert surveillance("query", "grippe", *words, "--state", stage.state).returncode == 2
    assert surveillance("query", "grippe", "--by", "week,week", "--state", stage.state).returncode == 0


def test_a_night_gathered_but_never_read_is_read_by_the_next(stage: Demo) -> None:
    """It died between gather and validate, nobody ran it again: its files must not count as known and be lost."""
    shutil.rmtree(stage.state / "records" / "2024-01-15")
    assert surveillance("replay", "2024-01-02", "2024-01-14", "--state", stage.state, "-q").returncode == 0
    assert surveillance("run", "2024-01-16", "--state", stage.state).returncode == 3
    with Store(store_path(stage.state), Content()) as store:
        held = store.value("SELECT count(*) FROM receptions WHERE night = DATE '2024-01-15' AND loaded > 0")
    assert held > 50


@pytest.mark.parametrize("kilobytes", [8, 2048])
def test_a_disk_that_is_full_is_said_and_the_night_runs_again(stage: Demo, kilobytes: int) -> None:
    """No file may grow beyond the limit, as on a full disk or under a quota: whatever step meets it says so."""
    words = ["bash", "-c", f'ulimit -f {kilobytes}; exec "$0" "$@"', *command("run", NIGHT, "--state", stage.state)]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert result.returncode == 11, result.stderr
    assert "Traceback" not in result.stderr
    assert "full?" in result.stderr or ("File too large" in result.stderr and "make room" in result.stderr)
    failed = [event for event in read_journal(journal_path(stage.state, NIGHT)) if event["event"] == "night failed"]
    assert [event["exit"] for event in failed] == [11] * len(failed)
    run(stage, NIGHT)
    assert manifest_of(stage)["files"]
