"""Reads delimited files: a line is a record, the header is matched by name, every line is accounted for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from surveillance.dialects import MULTIPLE, Delimited, Dialect
from surveillance.intake.checks import Limits
from surveillance.intake.readers.cutting import Cut, cut, is_blank, parse_quoted
from surveillance.intake.readers.decoding import Texts
from surveillance.intake.readers.header import combine, match_header, other_separator
from surveillance.intake.readers.lines import Lines
from surveillance.intake.readers.raw import ITEM, Columns, FileRefused, RawTable, Refusal

NONE: npt.NDArray[np.int64] = np.empty(0, np.int64)


def read_delimited(texts: Texts, dialect: Dialect, limits: Limits) -> Iterator[RawTable]:
    """The lines of a delimited file, block by block, as columns of text; FileRefused when its header is not the one
    agreed. The last block is held back: its last line may be a total, or cut."""
    yield from Delimiting(texts, dialect, limits).tables()


class Delimiting:
    """One pass over a delimited file."""

    def __init__(self, texts: Texts, dialect: Dialect, limits: Limits) -> None:
        assert dialect.delimited is not None
        self.texts, self.dialect, self.limits, self.form = texts, dialect, limits, dialect.delimited
        self.lines = Lines(texts.pieces(), limits.line_chars)
        self.names: list[str] | None = None
        self.places: dict[str, list[int]] = {}
        self.held, self.numbers = "", NONE  # the last block that has lines, and their numbers
        self.read = False  # was there anything but a header?

    def tables(self) -> Iterator[RawTable]:
        """A table for each block, then one with what only the end tells."""
        for block, count in self.lines.blocks():
            yield self._take(block, count, RawTable(lines_in=count))
        yield self._finish()

    def _take(self, block: str, count: int, raw: RawTable) -> RawTable:
        if self.names is None:
            block, count = self._header(block, count, raw)
        kept = len(block.rstrip(self.form.delimiter + " \t\r\n"))
        if not kept:
            raw.blank_lines += count
            return raw
        end = block.index("\n", kept - 1)
        blank = block.count("\n", end + 1)
        raw.blank_lines += blank
        self._cut(raw)
        first = self.lines.count - count + 1
        self.held, self.numbers = block[:end], np.arange(first, first + count - blank, dtype=np.int64)
        return raw

    def _header(self, block: str, count: int, raw: RawTable) -> tuple[str, int]:
        """Takes the header off the first block that has one; before it there are blank lines only."""
        while block and self.names is None:
            line, _, block = block.partition("\n")
            if is_blank(line, self.form):
                raw.blank_lines += 1
            else:
                self._take_header(line, raw)
            count -= 1
        return block, count

    def _take_header(self, line: str, raw: RawTable) -> None:
        self.names = split_header(line, self.form)
        if change := other_separator(line, self.form, self.dialect):
            raise FileRefused("header_changed", change, raw.lines_in)
        try:
            self.places = match_header(self.names, self.dialect, raw)
        except FileRefused as verdict:
            if "\r" not in line.rstrip("\r"):
                raise
            said = "les lignes finissent par CR seul : exporter avec CRLF (Windows) ou LF"
            raise FileRefused("unreadable", said, verdict.lines) from None
        raw.header_lines += 1

    def _cut(self, raw: RawTable) -> None:
        """The cells of the lines held, into the table of a block."""
        if not self.held:
            return
        wanted = sorted({place for places in self.places.values() for place in places})
        assert self.names is not None
        found = cut(self.held + "\n", wanted, len(self.names), self.form, self.limits.line_chars)
        raw.blank_lines += len(found.blank)
        raw.problems += [Refusal(int(self.numbers[place]), check) for place, check in found.broken]
        raw.line_no, raw.columns = self.numbers[found.rows], to_columns(found, self.places)
        self.held, self.numbers, self.read = "", NONE, True

    def _finish(self) -> RawTable:
        """What the end of the file tells: a total, a cut, nothing at all."""
        unended, raw = self.lines.unended, RawTable(lines_in=int(bool(self.lines.unended)))
        if unended and is_blank(unended, self.form):
            raw.blank_lines += 1
        elif unended and self.names is None:
            self._take_header(unended, raw)
        elif unended:
            self.held += "\n" + unended if self.held else unended
            self.numbers = np.append(self.numbers, self.lines.count)
        if self.names is None:
            if self.texts.cut:
                raise FileRefused("truncated", "avant la fin de la première ligne", self.lines.count)
            raise FileRefused("empty", "aucune ligne", self.lines.count)
        self._end(raw, bool(unended))
        self._cut(raw)
        if not self.read and not raw.problems and not raw.truncated:
            raise FileRefused("empty", "un en-tête, aucune visite", self.lines.count)
        raw.notes += self.texts.notes()
        return raw

    def _end(self, raw: RawTable, unended: bool) -> None:
        """Sets aside the total line, and the last line when it was cut."""
        rest, _, last = self.held.rpartition("\n")
        total = re.fullmatch(self.form.total_line, last, re.ASCII) if self.form.total_line and last else None
        if total is not None and not self.texts.cut:
            raw.total_lines, raw.announced = 1, int(total["count"])
            self.held, self.numbers = rest, self.numbers[:-1]
        elif self.texts.cut or (unended and self.dialect.final_newline):
            raw.truncated = f"à la ligne {self.lines.count}" if unended else f"après la ligne {self.lines.count}"
            if unended and last and self.numbers[-1] == self.lines.count:
                raw.problems.append(Refusal(self.lines.count, "CUT_LINE"))
                self.held, self.numbers = rest, self.numbers[:-1]


def split_header(line: str, form: Delimited) -> list[str]:
    """The names of the header; a quote that is not closed gives names that match nothing."""
    names = parse_quoted(line, form) if form.quote in line else line.split(form.delimiter)
    names = names if names is not None else [line]
    return names[:-1] if form.trailing_delimiter and len(names) > 1 and not names[-1].strip() else names


def to_columns(found: Cut, places: dict[str, list[int]]) -> Columns:
    """Columns by canonical field; items, or parts, of several columns are joined."""
    columns: Columns = {}
    for name, numbers in places.items() if len(found.rows) else ():
        cells = [found.columns[number] for number in numbers]
        if len(cells) == 1:
            columns[name] = cells[0]
        elif cells and name in MULTIPLE:
            columns[name] = pc.binary_join_element_wise(*cells, ITEM)
        elif cells:
            columns[name] = list(map(combine(name), zip(*(cell.to_pylist() for cell in cells), strict=True)))
    return columns
