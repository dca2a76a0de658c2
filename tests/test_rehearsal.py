"""A new sender's rehearsal: ready when all is there, not yet when one thing lacks – and it says which, in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from surveillance.content import Content
from surveillance.dialects import Dialect
from surveillance.receipts.issuing import Issuer, issuer
from surveillance.rehearsal.certificate import Certificate, certificate_text, certify
from surveillance.rehearsal.rules import load_rehearsal
from surveillance.rehearsal.trial import run_trial
from tests import sample_files as files
from tests import sample_formats as formats
from tests.conftest import surveillance
from tests.reading_tools import NAMES
from tests.test_intake import CANARIES, with_canaries

D1 = "csv-fr-cp1252"
CONTENT = Content()
RULES = load_rehearsal(CONTENT)
DAYS = [date(2024, 1, 12) + timedelta(days=n) for n in range(3)]
Line = Callable[[int], str]


@pytest.fixture(scope="module")
def issue() -> Issuer:
    return issuer(CONTENT)


def good(n: int, day: date, **changes: str) -> str:
    """A whole visit of a day; postal code, outcome and reason are known."""
    text = f"{day:%d/%m/%Y}"
    return files.d1_line(n, **{"id": f"{day:%d}-{n}", "day": text, "call_day": text, **changes})


def trial_files(folder: Path, line: Callable[[int, date], str] = good, days: list[date] = DAYS) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = []
    for day in days:
        paths.append(folder / f"EXPORT_{day:%Y%m%d}.csv")
        paths[-1].write_bytes(files.d1([line(n, day) for n in range(20)]))
    return paths


def rehearse(issue: Issuer, paths: list[Path], dialect: str = D1) -> Certificate:
    member = files.association(dialect, usual_volume=20.0)
    spoken: Dialect = issue.context.dialects[dialect]
    trial = run_trial(paths, member, spoken, issue, None)
    return certify(trial, member, spoken, CONTENT, issue.context.checks, RULES)


def test_three_good_files_are_ready_with_every_check_accounted_for(issue: Issuer, tmp_path: Path) -> None:
    found = rehearse(issue, trial_files(tmp_path))
    assert found.ready, found.lacking
    assert found.visits == 60
    checks = issue.context.checks
    assert [state.check for state in found.checks] == [*checks.row, *checks.file], "every check of checks.toml, once"
    assert {state.state for state in found.checks} == {"passed", "no_column", "other_kind"}
    none = {state.check for state in found.checks if state.state == "no_column"}
    assert {"END_UNREADABLE", "DURATION", "STATUS_UNKNOWN", "REASON_UNKNOWN"} <= none, "no such column in this dialect"
    assert next(state for state in found.checks if state.check == "NOT_JSON").state == "other_kind"


@pytest.mark.parametrize("dialect", [*files.DIALECTS, *formats.NAMES])
def test_every_dialect_runs_all_the_checks_that_it_can(dialect: str, issue: Issuer, tmp_path: Path) -> None:
    path, kind = tmp_path / NAMES[dialect], issue.context.dialects[dialect].kind
    path.write_bytes(formats.sample(dialect, 20) if dialect in formats.NAMES else files.sample(dialect, 20))
    found = rehearse(issue, [path], dialect)
    assert kind in issue.words.lines, "a receipt has a word for its lines"
    assert found.visits == 20
    assert [state.check for state in found.checks if state.state == "not_run"] == []


LACKING: dict[str, tuple[Callable[[int, date], str], str]] = {
    "sex": (lambda n, day: good(n, day, sex="" if n < 5 else "F"), "sexe : connu pour 75,0 %"),
    "age": (lambda n, day: good(n, day, birth="" if n < 5 else "01/01/1980"), "âge ou date de naissance : connu pour"),
    "diagnosis": (lambda n, day: good(n, day, code="" if n < 5 else "GRIPPE"), "diagnostic codé : connu pour 75,0 %"),
    "postal_code": (lambda n, day: good(n, day, postal="" if n < 5 else "59000"), "code postal de résidence : connu"),
    "act_type": (lambda n, day: good(n, day, act="" if n < 5 else "Visite"), "type d'acte : connu pour 75,0 %"),
    "outcome": (lambda n, day: good(n, day, outcome="" if n < 5 else "Domicile"), "devenir : connu pour 75,0 %"),
    "visit_id": (lambda n, day: good(n, day, **({"id": ""} if n < 5 else {})), "numéro de visite : connu pour 75,0 %"),
    "visit_day": (
        lambda n, day: good(n, day).replace(f"{day:%d/%m/%Y}", "?" if n < 5 else f"{day:%d/%m/%Y}"),
        "jour de la visite : connu pour 75,0 %",
    ),
}  # fmt: skip


@pytest.mark.parametrize("field", LACKING)
def test_a_core_field_that_lacks_is_said_in_words(field: str, issue: Issuer, tmp_path: Path) -> None:
    line, words = LACKING[field]
    found = rehearse(issue, trial_files(tmp_path, line))
    assert not found.ready
    assert any(words in sentence.replace("\u202f", " ") for sentence in found.lacking), found.lacking


def test_at_the_threshold_it_is_enough_and_one_visit_below_it_is_not(issue: Issuer, tmp_path: Path) -> None:
    assert RULES.threshold == 0.8
    at = rehearse(issue, trial_files(tmp_path / "at", lambda n, day: good(n, day, sex="" if n < 4 else "F")))
    assert at.ready, at.lacking
    less = lambda n, day: good(n, day, sex="" if n < 4 or (n == 4 and day == DAYS[0]) else "F")  # noqa: E731
    below = rehearse(issue, trial_files(tmp_path / "below", less))
    assert [sentence.split(" :")[0] for sentence in below.lacking] == ["sexe"]


def test_too_few_files_days_or_a_file_that_is_refused(issue: Issuer, tmp_path: Path) -> None:
    two = rehearse(issue, trial_files(tmp_path / "two", days=DAYS[:2]))
    assert [sentence.split(" ")[1] for sentence in two.lacking] == ["fichier(s)", "jour(s)"]
    paths = trial_files(tmp_path / "copy", days=DAYS[:2])
    again = paths[0].with_name("EXPORT_20240114.csv")
    again.write_bytes(paths[0].read_bytes())
    assert any("fichier(s)" in sentence for sentence in rehearse(issue, [*paths, again]).lacking), "a copy is no file"
    paths = trial_files(tmp_path / "bad")
    paths[0].write_bytes(paths[0].read_bytes().replace(b"Sexe", b"Genre"))
    bad = rehearse(issue, paths)
    assert any("EXPORT_20240112.csv" in sentence and "Sexe" in sentence for sentence in bad.lacking)


def test_a_resend_and_a_cancelled_visit_are_recommended_not_required(issue: Issuer, tmp_path: Path) -> None:
    without = rehearse(issue, trial_files(tmp_path / "without"))
    assert len(without.recommended) == 2 and without.ready
    paths = trial_files(tmp_path / "with", lambda n, day: good(n, day, act="Annulé" if n == 3 else "Visite"))
    resend = paths[0].with_name("renvoi.csv")
    resend.write_bytes(paths[0].read_bytes().replace(b"Domicile", b"Refus"))
    assert rehearse(issue, [*paths, resend]).recommended == ()


def test_the_same_files_give_the_same_certificate_and_another_byte_another(issue: Issuer, tmp_path: Path) -> None:
    verdicts = issue.words.verdicts
    paths = trial_files(tmp_path)
    one, two = rehearse(issue, paths), rehearse(issue, paths)
    assert certificate_text(one, RULES, verdicts) == certificate_text(two, RULES, verdicts)
    paths[0].write_bytes(paths[0].read_bytes().replace(b"LILLE", b"PARIS"))
    assert rehearse(issue, paths).number != one.number


def test_no_canary_is_in_a_certificate(issue: Issuer, tmp_path: Path) -> None:
    for dialect in files.DIALECTS:
        path = tmp_path / files.NAMES[dialect]
        path.write_bytes(with_canaries(dialect))
        text = certificate_text(rehearse(issue, [path], dialect), RULES, issue.words.verdicts)
        assert [canary for canary in CANARIES if canary in text] == []


def test_the_command_writes_a_page_that_needs_nothing_else_and_no_state(tmp_path: Path) -> None:
    paths = trial_files(tmp_path / "trial")
    page, state = tmp_path / "certificat.html", tmp_path / "state"
    code = re.search(r'^code = "(\d{4})"', CONTENT.text("extracts/associations.toml"), re.MULTILINE)
    assert code
    own = tmp_path / "own.toml"
    own.write_text(CONTENT.text(f"extracts/dialects/{D1}.toml").replace('version = "1"', 'version = "essai"'), "utf-8")
    options = ("--dialect", own, "--out", page, "--state", state)
    result = surveillance("rehearse", code[1], *paths, *options)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "VERDICT : PRÊT" in result.stdout
    assert f"{D1}/essai" in result.stdout
    text = page.read_text(encoding="utf-8")
    assert "PRÊT" in text and "EXPORT_20240112.csv" in text
    assert not re.search(r"""(src|href)=["']?(?!#)|url\((?!["']?(data:|#))""", text), "self-contained"
    assert not state.exists()
    first = page.read_bytes()
    assert surveillance("rehearse", code[1], *paths, *options).returncode == 0
    assert page.read_bytes() == first
    few = surveillance("rehearse", code[1], paths[0], "--dialect", D1)
    assert few.returncode == 1
    assert "PAS ENCORE PRÊT" in few.stdout
    own.write_text("id = 3", encoding="utf-8")
    assert surveillance("rehearse", code[1], paths[0], "--dialect", own).returncode == 10
    assert surveillance("rehearse", code[1], paths[0], "--dialect", "none").returncode == 2
