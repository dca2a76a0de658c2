"""Every kind of fault at every dialect, night after night: board, manifest, receipts and store say the truth.

CAMPAIGN=full replays a year (docs/campaigns.md); otherwise twelve nights, among them the strike of 14 February 2023.
A file that grows while it is read is tested over real SFTP in test_gather.py, the order of versions in test_ledger.py.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from surveillance.associations import load_associations
from surveillance.content import Content
from surveillance.demonstration.demo import Demo
from surveillance.fates import settle
from surveillance.journal import read_journal
from surveillance.simulation.faults import KINDS
from surveillance.status import journal_path, read_status
from tests.conftest import surveillance
from tests.year import ONLY_SERVERS, Agreement, Year, pairs

FULL = os.environ.get("CAMPAIGN") == "full"
FIRST, LAST = date(2023, 2, 4), date(2023, 2, 15)
YEAR = date(2023, 2, 6)
PIECES, PIECE = 6, 61  # nights: each piece has its own state, and learns from the simulator
MOST_FALSE = 0.001  # of the sound files may be set aside
DECLARED = {"closed", "declared_zero_day", "waived", "strike"}


def piece(state: Path, first: date, last: date, each: int, start: int) -> Agreement:
    return Year(state, first, last, each, start=start).run()


def replayed(state: Path) -> list[Agreement]:
    """Twelve nights, or the pieces of a year in two processes."""
    if not FULL:
        return [piece(state, FIRST, LAST, each=22, start=0)]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        starts = [YEAR + timedelta(days=PIECE * n) for n in range(PIECES)]
        last = timedelta(days=PIECE - 1)
        waiting = [
            pool.submit(piece, state / str(n), first, first + last, 13, 14 * n) for n, first in enumerate(starts)
        ]
        return [one.result() for one in waiting]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Agreement]:
    """What came of the nights, printed so that a campaign leaves its figures."""
    pieces = replayed(tmp_path_factory.mktemp("year"))
    print(*(one.table() for one in pieces), sep="\n\n")
    return pieces


def test_the_truth_is_what_board_manifest_receipts_and_store_say(found: list[Agreement]) -> None:
    assert [line for one in found for line in one.differences] == []


def test_every_fault_came_with_every_dialect_that_can_have_it(found: list[Agreement]) -> None:
    compared = sum((one.compared for one in found), Counter[tuple[str, str]]())
    compared.update({("doubled", dialect): 1 for kind, dialect in compared if kind == "doubled, let in"})
    assert set(pairs(load_associations(Content()))) <= set(compared)
    assert {kind for kind, _ in compared} >= DECLARED


def test_sound_feeds_are_simply_received(found: list[Agreement]) -> None:
    sound, alarms = sum(one.sound for one in found), [line for one in found for line in one.alarms]
    assert sound > 400
    assert len(alarms) < MOST_FALSE * sound, alarms


def test_every_fault_has_words_on_the_board() -> None:
    said = Content().toml("reports/words.toml")
    codes = {kind.said(dialect)[1] for kind in KINDS.values() for dialect in ("", *kind.but)}
    assert {code for code in codes for lang in ("fr", "en") if f"cause_{code}" not in said[lang]} == set()


def test_over_real_servers_a_night_says_what_the_truth_says(stage: Demo) -> None:
    """The faults of the demonstration, a changed host key among them, from servers to receipts in their folders."""
    result = surveillance("run", stage.night, "--state", stage.state)
    assert result.returncode == 3, result.stderr
    truth = json.loads((stage.simulated / "truth.json").read_text(encoding="utf-8"))
    true = {f["association"]: f for f in truth["faults"] if f["night"] == str(stage.night)}
    status = read_status(read_journal(journal_path(stage.state, stage.night)))
    manifest = json.loads(max((stage.state / "agency" / "drop").glob("*.manifest.json")).read_text(encoding="utf-8"))
    lines = {line["association"]: line for line in manifest["completeness"]}
    sent = truth["nights"][-1]["sent"]
    assert {fault["fault"] for fault in true.values()} >= {
        "host_key",
        "absent",
        "truncated",
        "late",
        "resent",
        "header",
    }
    assert set(lines) == set(status.receptions) == {item.code for item in load_associations(Content())}
    for code, line in lines.items():
        fault = true.get(code, {"fault": "", "status": "received", "code": "ok", "accepted": sent.get(code)})
        told = status.receptions[code]
        assert (line["status"], line["code"]) == (told["status"], told["code"]) == (fault["status"], fault["code"])
        assert line["loaded"] + line["duplicate"] + line["superseded"] == fault["accepted"], code
        receipts = [
            json.loads(path.read_text(encoding="utf-8"))["body"]
            for path in (stage.state / "feeds" / code).rglob("*.recu*.json")
        ]
        night = [one for one in receipts if one["night"] == str(stage.night)]
        assert bool(night) == (fault["status"] != "absent" and fault["fault"] not in ONLY_SERVERS), code
        assert sum(one["ledger"]["accepted"] for one in night) == fault["accepted"], code


FILE = {
    "association": "5901", "accepted": 5, "lines_in": 6, "refused": 0, "other": 1, "loaded": 5, "duplicate": 0,
    "superseded": 0, "corrected": 0, "day_visits": 5, "late_visits": 0, "new_visits": 5,
    "main_day": FIRST - timedelta(days=1),
}  # fmt: skip
HELD = {"association": "5901", "status": "received", "code": "resent", "detail": "", "usual_volume": 5.0}


def test_yesterdays_name_is_no_file_sent_again() -> None:
    (one,) = settle(FIRST, [HELD], [FILE])
    assert (one.status, one.code, one.detail) == ("received", "misnamed", str(FIRST - timedelta(days=1)))
    (again,) = settle(FIRST, [HELD], [FILE, FILE | {"main_day": FIRST - timedelta(days=2), "new_visits": 0}])
    assert (again.status, again.code) == ("received", "resent")


def test_on_a_declared_day_a_file_of_earlier_days_is_no_outage() -> None:
    old = FILE | {"main_day": FIRST - timedelta(days=3)}
    (undeclared,) = settle(FIRST, [HELD | {"code": "ok"}], [old])
    (declared,) = settle(FIRST, [HELD | {"code": "ok", "declared": True}], [old])
    assert (undeclared.status, undeclared.code) == ("partial", "no_day")
    assert (declared.status, declared.code) == ("received", "ok")
