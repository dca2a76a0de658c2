"""Day and month exchanged in a whole file: seen, said, never exchanged back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from surveillance.intake.reading import FileResult, read_file
from tests import sample_files as files
from tests.reading_tools import CONTEXT, DIALECTS

D1 = "csv-fr-cp1252"


def read(days: list[date], form: str, named: str = "", night: date | None = None, dialect: str = D1) -> FileResult:
    """A file with a visit on each of these days, the date written in a form."""
    lines = [files.d1_line(n, day=day.strftime(form), call_day="") for n, day in enumerate(days)]
    member = files.association(D1)
    return read_file(files.d1(lines), named or "autre nom.csv", member, DIALECTS[dialect], CONTEXT, night)


@pytest.mark.parametrize("day", [date(2024, 2, 3), date(2024, 2, 14), date(2024, 12, 1), date(2024, 1, 31)])
def test_month_first_is_seen(day: date) -> None:
    result = read([day] * 20, "%m/%d/%Y", f"EXPORT_{day:%Y%m%d}.csv")
    assert (result.status, result.code) == ("refused", "date_order")
    assert result.sentence_fr.startswith("le jour et le mois semblent inversés")
    assert result.refusals["line_no"].to_pylist() == [0]
    assert result.ledger["lines_in"] == result.ledger["refused"] == 21


@pytest.mark.parametrize("day", [date(2024, 2, 3), date(2024, 2, 2), date(2024, 12, 1), date(2024, 1, 31)])
def test_day_first_is_what_was_agreed(day: date) -> None:
    assert read([day] * 20, "%d/%m/%Y", f"EXPORT_{day:%Y%m%d}.csv").status == "received"


def test_without_a_name_the_night_tells_the_days() -> None:
    night = date(2024, 2, 14)
    days = [night - timedelta(days=n) for n in range(1, 8)] * 3
    assert read(days, "%m/%d/%Y", night=night).code == "date_order"
    assert read(days, "%d/%m/%Y", night=night).code == "ok"


def test_a_file_forty_days_late_is_not_taken_for_an_exchanged_one() -> None:
    day, night = date(2024, 2, 3), date(2024, 3, 4)  # 03/02 exchanged is 2 March, two days before the night
    assert read([day] * 20, "%d/%m/%Y", f"EXPORT_{day:%Y%m%d}.csv", night).status == "received"
    assert read([day] * 20, "%d/%m/%Y", night=night).status == "received"


def test_some_odd_dates_are_refused_line_by_line() -> None:
    day = date(2024, 1, 14)
    result = read([day] * 30, "%d/%m/%Y", "EXPORT_20240114.csv")
    lines = [files.d1_line(n) for n in range(30)] + [files.d1_line(n, day="01/14/2024", call_day="") for n in (40, 41)]
    mixed = read_file(files.d1(lines), "EXPORT_20240114.csv", files.association(D1), DIALECTS[D1], CONTEXT)
    assert (result.ledger["accepted"], mixed.ledger["accepted"]) == (30, 30)
    assert mixed.refusals["check"].to_pylist() == ["DATE_UNREADABLE"] * 2


def test_a_dialect_of_both_orders_refuses_what_reads_two_ways() -> None:
    forms = DIALECTS[D1].forms.model_copy(update={"date": ["%d/%m/%Y", "%m/%d/%Y"]})
    both = DIALECTS[D1].model_copy(update={"forms": forms, "version": "both"})
    lines = [files.d1_line(n, day="01/14/2024", call_day="", birth="25/12/1980") for n in range(9)]
    lines.append(files.d1_line(10, day="04/01/2024", call_day="", birth="25/12/1980"))
    result = read_file(files.d1(lines), "EXPORT_20240114.csv", files.association(D1), both, CONTEXT)
    assert (result.ledger["accepted"], result.refusals["check"].to_pylist()) == (9, ["DATE_AMBIGUOUS"])
    call = [files.d1_line(n, call_day="04/01/2024", day="14/01/2024", birth="04/01/1980") for n in range(9)]
    result = read_file(files.d1(call), "EXPORT_20240114.csv", files.association(D1), both, CONTEXT)
    assert set(map(tuple, result.visits["dq"].to_pylist())) == {("CALL_UNREADABLE", "AGE_UNREADABLE")}
