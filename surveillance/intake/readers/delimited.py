"""Reads delimited files: a line is a record, the header is matched by name, every line is accounted for."""

from __future__ import annotations

import csv
import re

from surveillance.dialects import MULTIPLE, Delimited, Dialect, fold
from surveillance.intake.checks import Limits
from surveillance.intake.readers.decoding import Body
from surveillance.intake.readers.raw import ITEM, Columns, FileRefused, RawTable, Refusal

HEADER_WORD = re.compile(r"(?!.*\d{3})[^\W\d_][\w °'./()-]{0,39}")
CELL = "\0"  # between the fields of a line once read: no decoded text holds it, and one split makes all columns
SHOWN = 5  # unexpected columns named in a sentence


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


def match_header(names: list[str], dialect: Dialect, raw: RawTable) -> dict[str, list[int]]:
    """Where each canonical field is. Names are only repeated in a sentence when the line is surely a header."""
    folded = [fold(name) for name in names]
    wanted = {fold(column): column for spec in dialect.fields.values() for column in spec.columns}
    known = {*wanted, *map(fold, dialect.ignored)}
    missing = [
        column
        for spec in dialect.fields.values()
        if not spec.optional
        for column in spec.columns
        if fold(column) not in folded
    ]
    extra = [name for name, key in zip(names, folded, strict=True) if key not in known]
    if missing:
        raise FileRefused("header_changed", header_change(missing, extra, len(names)), raw.lines_in)
    twice = sorted({wanted[key] for key in folded if key in wanted and folded.count(key) > 1})
    if twice:
        raise FileRefused("header_changed", f"colonne en double : {', '.join(twice)}", raw.lines_in)
    if extra:
        raw.notes.append(("extra_columns", f"{len(extra)} ({shown(extra)})"))
    absent = [column for key, column in wanted.items() if key not in folded]
    if absent:
        raw.notes.append(("columns_absent", ", ".join(absent)))
    return {
        name: [folded.index(fold(column)) for column in spec.columns if fold(column) in folded]
        for name, spec in dialect.fields.items()
    }


def header_change(missing: list[str], extra: list[str], width: int) -> str:
    """`colonne attendue absente : Sexe ; colonne inattendue : Genre`; a first line that is data is not repeated."""
    if len(extra) * 2 > max(width, 1):
        return "la première ligne n'est pas l'en-tête convenu"
    plural = "s" if len(missing) > 1 else ""
    text = f"colonne{plural} attendue{plural} absente{plural} : {', '.join(missing)}"
    plural = "s" if len(extra) > 1 else ""
    return text + (f" ; colonne{plural} inattendue{plural} : {shown(extra)}" if extra else "")


def shown(names: list[str]) -> str:
    """Names that look like names of columns; others are only counted."""
    clean = [name.strip() for name in names if HEADER_WORD.fullmatch(name.strip())][:SHOWN]
    others = len(names) - len(clean)
    return ", ".join(clean + ([f"{others} de plus" if clean else f"{others} sans nom lisible"] if others else []))


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
    """Columns by canonical field; a field that may have several items holds them joined."""
    cells = CELL.join(sound).split(CELL) if sound else []
    columns: Columns = {}
    for name, found in places.items():
        if found and (name not in MULTIPLE or len(found) == 1):
            columns[name] = cells[found[0] :: width]
        elif found:
            columns[name] = [ITEM.join(items) for items in zip(*(cells[n::width] for n in found), strict=True)]
    return columns
