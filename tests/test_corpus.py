"""The corpus: every file has the outcome the rules give it, from `read_file` and from `surveillance check` alike."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from surveillance.associations import Association
from surveillance.cli import app
from surveillance.errors import Exit
from surveillance.intake.reading import FileResult, read_file
from surveillance.receipts.receipt import VERDICTS
from tests.corpus.cases import CANARIES, Case, site_of
from tests.corpus.table import ALL
from tests.reading_tools import CONTEXT, DIALECTS, NAMES, said
from tests.sample_files import association

MARTINIQUE = {"code": "97201", "department": "972", "region": "02", "timezone": "America/Martinique"}
Told = dict[str, dict[str, Any]]  # the receipt of each case


def member_of(case: Case) -> Association:
    """The sender."""
    member = association(case.dialect)
    return member.model_copy(update=MARTINIQUE) if case.member == "97201" else member


def read(case: Case) -> FileResult:
    """The file, read under its name, for the night after the day that this name tells."""
    return read_file(case.data, name_of(case), member_of(case), DIALECTS[case.dialect], CONTEXT)


def name_of(case: Case) -> str:
    """The name under which the file comes."""
    return case.name or NAMES[case.dialect]


def canaries(text: str) -> list[str]:
    """Values of patients in a text."""
    return [word for word in CANARIES if word in text.casefold()]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_a_file_has_its_outcome(case: Case) -> None:
    result = read(case)
    ledger = result.ledger
    aside = ledger["header"] + ledger["blank"] + ledger["total"]
    checks = Counter(result.refusals.filter(pc.greater(result.refusals["line_no"], 0))["check"].to_pylist())
    assert (result.status, result.code, ledger["accepted"]) == (case.status, case.code, case.accepted), said(result)
    assert dict(checks) == dict(case.refused)
    assert ledger["lines_in"] == ledger["accepted"] + ledger["refused"] + aside
    assert result.visits.num_rows == ledger["accepted"]
    if checks or case.accepted:
        assert (ledger["refused"], aside) == (sum(case.refused.values()), case.other)
    elif case.unread is not None:
        assert ledger["lines_in"] == case.unread
    flags = {flag for row in result.visits["dq"].to_pylist() for flag in row} | {code for code, _ in result.notes}
    assert not set(case.notes) - flags
    assert not set(case.silent) & flags
    assert not canaries(said(result))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What `surveillance check` says of every case: one call for each dialect, sender and form."""
    found: Told = {}
    for dialect, member in sorted({(case.dialect, case.member) for case in ALL}):
        some = [case for case in ALL if (case.dialect, case.member) == (dialect, member)]
        found |= check_all(some, tmp_path_factory.mktemp("corpus"))
    return found


def check_all(some: list[Case], folder: Path) -> Told:
    """Lay files of one sender out, each in a folder of its own, and check them."""
    site, files = site_of(folder / "site", member_of(some[0])), []
    for number, case in enumerate(some):
        files.append(folder / str(number) / name_of(case))
        files[-1].parent.mkdir()
        files[-1].write_bytes(case.data)
    words = ["check", *map(str, files), "-a", some[0].member, "--site", str(site)]
    listed = CliRunner().invoke(app, [*words, "--format", "json"])
    text = CliRunner().invoke(app, words)
    all_well = all(case.code == "ok" and not case.refused for case in some)
    for result in (listed, text):
        assert result.exit_code == (Exit.COMPLETE if all_well else Exit.CHECK_FOUND), result.exception
        assert not canaries(result.output)
    receipts = json.loads(listed.stdout)
    return {case.id: receipt for case, receipt in zip(some, receipts, strict=True)}


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_check_says_the_same_as_the_night(case: Case, told: Told) -> None:
    receipt = told[case.id]
    result = read(case)
    assert receipt["verdict"] == ("set_aside" if case.code == "held" else VERDICTS[case.status])
    assert (receipt["cause"] or {"check": "ok"})["check"] == case.code
    assert receipt["ledger"] == {name: result.ledger[name] for name in receipt["ledger"]}
    assert {group["check"]: group["count"] for group in receipt["refused"]} == dict(case.refused)
    assert all(group["repair"] for group in (*receipt["refused"], *receipt["kept"], *receipt["notes"]))
    assert receipt["cause"] is None or receipt["cause"]["repair"]


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(ALL) == len({case.id for case in ALL}) >= 600
    assert {case.dialect for case in ALL} == set(DIALECTS)
