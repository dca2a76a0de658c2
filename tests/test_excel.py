"""Workbooks: every cell as exact text, one sheet, errors and bombs refused in words."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta

import pytest

from surveillance.intake.readers.cells import cell_text
from surveillance.intake.readers.raw import ITEM
from tests import sample_formats as formats
from tests.reading_tools import DIALECTS, LIMITS, raw_of, result_of, said, verdict_of

EXCEL = "excel-fr"


def rows(size: int, **changes: formats.Cell) -> list[tuple[formats.Cell, ...]]:
    return [formats.excel_row(n, **changes) for n in range(1, size + 1)]


@pytest.mark.parametrize("make", [formats.xlsx, formats.ods])
def test_cells_are_exact_text(make: formats.Maker) -> None:
    raw = raw_of(EXCEL, make(rows(1, id="000012", postal=1000, reason1="38,7 é", reason2=38.7, code="01")))
    found = {name: column[0] for name, column in raw.columns.items()}
    assert found == {
        "visit_id": "000012",
        "call_at": "2024-01-14T09:01:00",
        "start_date": "2024-01-14",
        "start_time": "10:01:00",
        "postal_code": "01000",
        "birth_date": "1941-05-02",
        "sex": "M",
        "reason_texts": f"38,7 é{ITEM}38.7",
        "diagnoses": f"01{ITEM}",
        "outcome": "Domicile",
        "act_type": "Visite",
    }
    assert (raw.header_lines, list(raw.line_no), raw.lines_in) == (1, [2], 2)


@pytest.mark.parametrize(
    ("cell", "field", "pad", "text"),
    [
        ("  01 ", "visit_id", 0, "  01 "),
        (1000.0, "postal_code", 5, "01000"),
        (1000.0, "postal_code", 0, "1000"),
        ("1000", "postal_code", 5, "1000"),
        (12345678901234567.0, "visit_id", 0, "12345678901234568"),
        (0.1, "age_years", 0, "0.1"),
        (-3.0, "age_years", 5, "-3"),
        (True, "status", 0, "TRUE"),
        (False, "status", 0, "FALSE"),
        (date(2024, 1, 14), "start_date", 0, "2024-01-14"),
        (date(2024, 1, 14), "start_at", 0, "2024-01-14T00:00:00"),
        (datetime(2024, 1, 14), "birth_date", 0, "2024-01-14"),  # noqa: DTZ001
        (datetime(2024, 1, 14, 23, 59, 59, 914000), "start_at", 0, "2024-01-15T00:00:00"),  # noqa: DTZ001
        (datetime(2024, 1, 14, 10, 30), "start_date", 0, "2024-01-14T10:30:00"),  # noqa: DTZ001
        (time(22, 5), "start_time", 0, "22:05:00"),
        (timedelta(hours=22, minutes=5), "start_time", 0, "22:05:00"),
        (timedelta(hours=25), "start_time", 0, "25:00:00"),
        (timedelta(hours=-1), "start_time", 0, "-3600 s"),
        (None, "sex", 0, ""),
    ],
)
def test_what_a_cell_says(cell: object, field: str, pad: int, text: str) -> None:
    assert cell_text(cell, field, pad) == text


@pytest.mark.parametrize("make", [formats.xlsx, formats.ods])
def test_a_row_in_error_is_refused_and_blank_rows_are_counted(make: formats.Maker) -> None:
    blank: tuple[formats.Cell, ...] = (None, "  ", None)
    body = [*rows(2), blank, formats.excel_row(3, code=formats.ERROR), formats.excel_row(4)]
    raw = raw_of(EXCEL, make(body))
    assert (list(raw.line_no), raw.problems, raw.blank_lines) == ([2, 3, 6], [(5, "CELL_ERROR", "")], 1)


def test_a_serial_number_is_no_date() -> None:
    result = result_of(EXCEL, formats.xlsx([formats.excel_row(1, day="45305", call=None), *rows(9)[1:]]))
    assert result.refusals["check"].to_pylist() == ["DATE_UNREADABLE"]


def test_a_date_as_text_is_read_in_the_form_agreed() -> None:
    result = result_of(EXCEL, formats.xlsx(rows(3, day="14/01/2024", hour="22h05", postal="59000")))
    assert (result.status, set(result.visits["hour"].to_pylist())) == ("received", {22})


def test_hidden_sheets_are_not_read_and_a_sheet_may_be_named() -> None:
    sheets = {
        "Noms": formats.xlsx_sheet([["Nom"], ["EXEMPLE"]]),
        "Visites": formats.xlsx_sheet([formats.HEADER, *rows(2)]),
        "Notes": formats.xlsx_sheet([["x"]]),
    }
    data = formats.zipped(formats.xlsx_parts(sheets, hidden=["Noms"]))
    assert len(raw_of(EXCEL, data).line_no) == 2
    workbook = DIALECTS[EXCEL].workbook
    for name, verdict in (("Noms", "header_changed"), ("Autre", "header_changed"), ("Notes", "header_changed")):
        dialect = DIALECTS[EXCEL].model_copy(update={"workbook": workbook.model_copy(update={"sheet": name})})
        assert verdict_of(dialect, data)[0] == verdict
    everything = formats.zipped(formats.xlsx_parts(sheets, hidden=list(sheets)))
    assert verdict_of(EXCEL, everything) == ("empty", "aucune feuille visible")


def test_the_header_is_matched_as_in_any_table() -> None:
    header = tuple("Sexes" if name == "Sexe" else name for name in formats.HEADER)
    assert verdict_of(EXCEL, formats.xlsx(rows(1), header))[1].endswith("« Sexe » attendu, « Sexes » trouvé ?")
    wider = formats.xlsx([*rows(1), (*formats.excel_row(2), "SECRET")])
    assert raw_of(EXCEL, wider).notes == [("extra_columns", "des cellules au-delà de l'en-tête")]
    assert raw_of(EXCEL, formats.xlsx(rows(1), (*formats.HEADER, "Nom"))).notes == [("extra_columns", "1 (Nom)")]


def with_part(name: str, data: bytes | str) -> bytes:
    """A sound workbook, one part of it other, or more."""
    parts = formats.xlsx_parts({"Visites": formats.xlsx_sheet([formats.HEADER, *rows(2)])})
    return formats.zipped(parts | {name: data})


FAR = (
    f'<worksheet xmlns="{formats.MAIN}"><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
    '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
)
LAUGHS = (
    '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]>'
    f'<worksheet xmlns="{formats.MAIN}"><sheetData><row r="1"><c r="A1" t="str"><v>&c;</v></c></row></sheetData>'
    "</worksheet>"
)


def lying() -> bytes:
    """A workbook whose directory says that a part is small, though it unpacks to much more."""
    data = bytearray(with_part("xl/media/a.xml", "x" * 100_000))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"PK\x03\x04", "unreadable"),
        (b"N;Sexe\r\n", "unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le") + bytes(2000), "unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + bytes(99), "unreadable"),
        (formats.sample(EXCEL)[:-30], "unreadable"),
        (formats.sample(EXCEL)[:700], "unreadable"),
        (formats.zipped({"a.txt": "x"}), "unreadable"),
        (with_part("xl/vbaProject.bin", b"\0" * 64), "unreadable"),
        (with_part("xl/worksheets/s1.xml", FAR), "too_large"),
        (with_part("xl/worksheets/s1.xml", "<worksheet>"), "unreadable"),
        (with_part("xl/worksheets/s1.xml", b"\0\xff" * 50), "unreadable"),
        (with_part("xl/worksheets/s1.xml", LAUGHS), "unreadable"),
        (with_part("xl/workbook.xml", "<workbook/>"), "empty"),
        (with_part("xl/media/bomb.bin", bytes(60_000_000)), "too_large"),
        (lying(), "unreadable"),
        (formats.xlsx([]), "empty"),
        (formats.xlsx([], header=[]), "empty"),
        (formats.ods_of(""), "empty"),
    ],
)
def test_a_workbook_that_is_not_as_agreed_is_refused(data: bytes, code: str) -> None:
    assert verdict_of(EXCEL, data)[0] == code


def test_an_ods_whose_cells_reach_too_far_is_not_opened() -> None:
    far = f'<table:table-row table:number-rows-repeated="900000">{formats.ods_cell("x") * 20}</table:table-row>'
    assert verdict_of(EXCEL, formats.ods_of(formats.ods_rows([formats.HEADER]) + far))[0] == "too_large"


def test_an_encrypted_member_is_refused() -> None:
    out = io.BytesIO(formats.sample(EXCEL))
    with zipfile.ZipFile(out) as archive:
        place = archive.infolist()[0].header_offset
    data = bytearray(out.getvalue())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert place == 0
    assert verdict_of(EXCEL, bytes(data)) == ("unreadable", "le classeur est chiffré")


def test_a_long_text_is_refused_alone() -> None:
    raw = raw_of(EXCEL, formats.xlsx([*rows(1), formats.excel_row(2, reason1="x" * (LIMITS.line_chars + 1))]))
    assert raw.problems == [(3, "LINE_TOO_LONG", "")]


def test_no_value_is_ever_said() -> None:
    broken = [formats.excel_row(1, id="SECRET\x07"), formats.excel_row(2, day="SECRET"), *rows(9)[2:]]
    assert "SECRET" not in said(result_of(EXCEL, formats.xlsx(broken)))
