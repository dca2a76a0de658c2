"""Reads delimited files: a line is a record, the header is matched by name, every line is accounted for."""

from __future__ import annotations

import csv
import re

from surveillance.dialects import Delimited, Dialect
from surveillance.intake.checks import Limits
from surveillance.intake.readers.decoding import Body
from surveillance.intake.readers.header import combine, match_header
from surveillance.intake.readers.raw import Columns, FileRefused, RawTable, Refusal

CELL = "\0"  # between the fields of a line once read: no decoded text holds it, and one split makes all columns


def read_delimited(body: Body, dialect: Dialect, limits: Limits) -> RawTable:
    """The lines of a delimited file as columns of text; FileRefused when the header is not the one agreed."""
    form = dialect.delimited
    assert form is not None
    lines = body.text.replace("\r\n", "\n").split("\n")
    unended = lines.pop()
    if unended:
        lines.append(unended)
    raw = RawTable(lines_in=len(lines))
    start = next((n for n, line in enumerate(lines) if not is_blank(line, form)), len(lines))
    raw.blank_lines = start
    if start == len(lines):
        raise FileRefused("empty", "aucune ligne", raw.lines_in)
    names = split_header(lines[start], form)
    places = match_header(names, dialect, raw)
    raw.header_lines = 1
    last = take_end(lines, start + 1, bool(unended), body.cut, dialect, raw)
    sound = split_lines(lines, start + 1, last, len(names), form, limits, raw)
    if not sound and not raw.problems and not raw.truncated:
        raise FileRefused("empty", "un en-tête, aucune visite", raw.lines_in)
    raw.columns = to_columns(sound, len(names), places)
    return raw


def is_blank(line: str, form: Delimited) -> bool:
    """A line without anything, or with delimiters only."""
    return not line.strip(form.delimiter + " \t\r")


def split_header(line: str, form: Delimited) -> list[str]:
    """The names of the header; a quote that is not closed gives names that match nothing."""
    names = parse_quoted(line, form) if form.quote in line else line.split(form.delimiter)
    names = names if names is not None else [line]
    return names[:-1] if form.trailing_delimiter and len(names) > 1 and not names[-1].strip() else names


def take_end(lines: list[str], first: int, unended: bool, cut: bool, dialect: Dialect, raw: RawTable) -> int:
    """Where the data stop: sets aside the total line, and the last line when it was cut."""
    form = dialect.delimited
    assert form is not None
    end = len(lines)
    while end > first and is_blank(lines[end - 1], form):
        end -= 1
    raw.blank_lines += len(lines) - end
    total = re.fullmatch(form.total_line, lines[end - 1], re.ASCII) if form.total_line and end > first else None
    if total is not None and not cut:
        raw.total_lines, raw.announced = 1, int(total["count"])
        return end - 1
    if cut or (unended and dialect.final_newline):
        raw.truncated = f"à la ligne {len(lines)}" if unended else f"après la ligne {len(lines)}"
        if unended and end == len(lines) and end > first:
            raw.problems.append(Refusal(end, "CUT_LINE"))
            return end - 1
    return end


def split_lines(
    lines: list[str], first: int, last: int, width: int, form: Delimited, limits: Limits, raw: RawTable
) -> list[str]:
    """The lines from `first` to `last` that have `width` fields, with CELL between them; the others are refused."""
    sound, delimiter, quote, longest = [], form.delimiter, form.quote, limits.line_chars
    for number, line in enumerate(lines[first:last], first + 1):
        cells = CELL.join(parse_quoted(line, form) or ()) if quote in line else line.replace(delimiter, CELL)
        extra = cells.count(CELL) + 1 - width
        if extra == 1 and form.trailing_delimiter and not cells.rpartition(CELL)[2].strip():
            cells, extra = cells[: cells.rindex(CELL)], 0
        if not extra and cells and len(line) <= longest and (cells[0] != CELL or not is_blank(line, form)):
            sound.append(cells)
            raw.line_no.append(number)
        elif is_blank(line, form):
            raw.blank_lines += 1
        else:
            check = "LINE_TOO_LONG" if len(line) > longest else "FIELD_COUNT" if cells else "QUOTE"
            raw.problems.append(Refusal(number, check))
    return sound


def parse_quoted(line: str, form: Delimited) -> list[str] | None:
    """The fields of a line that holds quotes; None when one is opened and not closed."""
    try:
        return next(csv.reader([line], delimiter=form.delimiter, quotechar=form.quote, strict=True), None)
    except csv.Error:
        return None


def to_columns(sound: list[str], width: int, places: dict[str, list[int]]) -> Columns:
    """Columns by canonical field; items, or parts, of several columns are joined."""
    cells = CELL.join(sound).split(CELL) if sound else []
    columns: Columns = {}
    for name, found in places.items():
        if len(found) == 1:
            columns[name] = cells[found[0] :: width]
        elif found:
            columns[name] = list(map(combine(name), zip(*(cells[n::width] for n in found), strict=True)))
    return columns
