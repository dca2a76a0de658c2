"""Reads workbooks (xlsx, ods, xls): one declared sheet, its header matched by name, every cell as exact text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from surveillance.dialects import Dialect
from surveillance.intake.checks import Limits
from surveillance.intake.readers.archives import open_archive
from surveillance.intake.readers.cells import cell_text
from surveillance.intake.readers.header import combine, match_header
from surveillance.intake.readers.raw import Columns, FileRefused, RawTable, Refusal
from surveillance.intake.readers.sheets import check_reach, error_rows

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # an old workbook (xls), or a new one behind a password
XLS = "Workbook".encode("utf-16-le"), "Book".encode("utf-16-le")
PASSWORD = "EncryptedPackage".encode("utf-16-le")
MACROS = ("_VBA_PROJECT".encode("utf-16-le"), b"vbaProject.bin", b"Basic/script-lc.xml")
Row = Sequence[Any]


def read_excel(data: bytes, dialect: Dialect, limits: Limits) -> RawTable:
    """The rows of a sheet as columns of text; FileRefused when the workbook, or its header, is not the one agreed.

    A row with a cell in error is refused; a formula is worth what the software last computed.
    """
    check_workbook(data, limits)
    check_reach(data, limits)
    book = open_book(data)
    name = sheet_name(book, dialect.workbook.sheet)
    errors = error_rows(data, name, limits)
    rows = open_sheet(book, name, limits).to_python(skip_empty_area=False)
    raw = RawTable(lines_in=len(rows))
    start = next((n for n, row in enumerate(rows) if not is_blank(row)), len(rows))
    raw.blank_lines = start
    if start == len(rows):
        raise FileRefused("empty", "aucune ligne", raw.lines_in)
    names = trimmed([cell_text(cell, "") for cell in rows[start]])
    places = match_header(names, dialect, raw)
    raw.header_lines = 1
    sound = sound_rows(rows, start + 1, errors, limits, raw)
    if not sound and not raw.problems:
        raise FileRefused("empty", "un en-tête, aucune visite", raw.lines_in)
    if any(not is_blank(row[len(names) :]) for row in sound):
        raw.notes.append(("extra_columns", "des cellules au-delà de l'en-tête"))
    raw.columns = to_columns(sound, places, dialect)
    return raw


def check_workbook(data: bytes, limits: Limits) -> None:
    """FileRefused for what is empty, too large, behind a password, with macros, or no workbook at all."""
    if not data:
        raise FileRefused("empty", "0 octet")
    if len(data) > limits.whole_bytes:
        raise FileRefused("too_large", f"plus de {limits.whole_bytes // 1_000_000} Mo")
    old = data.startswith(OLE)
    if old and PASSWORD in data:
        raise FileRefused("unreadable", "le classeur est chiffré")
    if not data.startswith(b"PK") and not (old and any(name in data for name in XLS)):
        raise FileRefused("unreadable", "le fichier n'est pas un classeur xlsx, ods ou xls")
    if any(sign in data for sign in MACROS):
        raise FileRefused("unreadable", "le classeur contient des macros")
    if not old:
        open_archive(data, limits).close()


def open_book(data: bytes) -> CalamineWorkbook:
    """The workbook; whatever the library says of a broken one, even a panic of its Rust, becomes a verdict."""
    try:
        return CalamineWorkbook.from_object(io.BytesIO(data))
    except BaseException as error:
        raise broken(error) from None


def open_sheet(book: CalamineWorkbook, name: str, limits: Limits) -> CalamineSheet:
    """A sheet of the workbook, when it is not too large."""
    try:
        sheet = book.get_sheet_by_name(name)
    except BaseException as error:
        raise broken(error) from None
    if sheet.total_height * sheet.total_width > limits.cells:
        raise FileRefused("too_large", "la feuille a trop de cellules")
    return sheet


def broken(error: BaseException) -> BaseException:
    """The verdict on a workbook that the library cannot read; what is no fault of the file goes on."""
    if isinstance(error, Exception) or type(error).__name__ == "PanicException":
        return FileRefused("unreadable", "le classeur est incomplet ou corrompu")
    return error


def sheet_name(book: CalamineWorkbook, wanted: str) -> str:
    """The sheet agreed, or the first one that is not hidden."""
    shown = [sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
    if not shown:
        raise FileRefused("empty", "aucune feuille visible")
    if wanted and wanted not in shown:
        raise FileRefused("header_changed", f"la feuille convenue est absente : {wanted}")
    return wanted or shown[0]


def is_blank(row: Row) -> bool:
    """A row without anything."""
    return all(cell == "" or (isinstance(cell, str) and not cell.strip()) for cell in row)


def trimmed(names: list[str]) -> list[str]:
    """The names of a header without the empty ones at its end: a sheet is as wide as its widest row."""
    last = max((place for place, name in enumerate(names) if name.strip()), default=-1)
    return names[: last + 1]


def sound_rows(rows: Sequence[Row], first: int, errors: frozenset[int], limits: Limits, raw: RawTable) -> list[Row]:
    """The rows that are kept; `raw` gains their numbers, the refusals of the others and the blank ones."""
    sound = []
    for number, row in enumerate(rows[first:], first + 1):
        if number in errors:
            raw.problems.append(Refusal(number, "CELL_ERROR"))
        elif is_blank(row):
            raw.blank_lines += 1
        elif any(isinstance(cell, str) and len(cell) > limits.line_chars for cell in row):
            raw.problems.append(Refusal(number, "LINE_TOO_LONG"))
        else:
            raw.line_no.append(number)
            sound.append(row)
    return sound


def to_columns(rows: list[Row], places: dict[str, list[int]], dialect: Dialect) -> Columns:
    """Columns by canonical field; items, or parts, of several columns are joined."""
    columns: Columns = {}
    for name, found in places.items():
        pad = dialect.fields[name].pad
        texts = [[cell_text(row[place], name, pad) for row in rows] for place in found]
        if len(texts) == 1:
            columns[name] = texts[0]
        elif texts:
            columns[name] = list(map(combine(name), zip(*texts, strict=True)))
    return columns
