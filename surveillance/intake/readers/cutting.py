"""A block of lines cut into cells, all lines at once: the sound ones by their bytes, the others one by one."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pacsv

from surveillance.dialects import Delimited

LF, CR, TAB, SPACE = 10, 13, 9, 32
FIRST = 0x1C  # the separators of information (ASCII FS to US): ours stand among them
BOM = b"\xef\xbb\xbf"
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cut:
    """The cells of a block. `columns`: Arrow strings by position in the header, one item for each line of `rows`
    (positions in the block, ascending); `blank`: positions of lines with nothing; `broken`: (position, check)."""

    columns: dict[int, pa.Array]
    rows: Places
    blank: Places
    broken: list[tuple[int, str]]


def cut(block: str, wanted: Sequence[int], width: int, form: Delimited, longest: int) -> Cut:
    """Cut a block of whole lines (each ended by LF) into its `wanted` columns.

    A line is sound when it has `width` cells (one more, empty, where the dialect allows it), no open quote and at most
    `longest` characters. Lines without quotes, odd characters or surplus are cut together; the others are looked at.
    """
    data = block.encode()
    text = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(text == LF)
    starts = np.concatenate(([0], ends[:-1] + 1))
    delimiter = form.delimiter.encode()
    if len(delimiter) > 1:  # no byte of its own: line by line
        return merge(block, np.empty(0, np.int64), {}, np.arange(len(ends)), wanted, width, form, longest)
    cells = 1 + between(np.flatnonzero(text == delimiter[0]), starts, ends)
    trailing = np.zeros(len(ends), bool)
    if form.trailing_delimiter:
        trailing = (cells == width + 1) & (text[np.maximum(ends - 1, 0)] == delimiter[0])
    plain = ((cells == width) | trailing) & (ends - starts <= longest)
    plain &= ~odd(data, text, starts, ends, delimiter[0], form)
    fast = np.flatnonzero(plain)
    columns = {}
    if len(fast):
        whole = len(fast) == len(ends) and not trailing.any()
        packed = data if whole else b"".join(
            data[start:end] + b"\n"
            for start, end in zip(starts[fast].tolist(), (ends - trailing)[fast].tolist(), strict=True)
        )  # fmt: skip
        columns = parse(packed, wanted, width, form.delimiter)
    return merge(block, fast, columns, np.flatnonzero(~plain), wanted, width, form, longest)


def between(places: Places, starts: Places, ends: Places) -> Places:
    """How many of the places lie in each line."""
    found: Places = np.searchsorted(places, ends) - np.searchsorted(places, starts)
    return found


def odd(
    data: bytes, text: npt.NDArray[np.uint8], starts: Places, ends: Places, delimiter: int, form: Delimited
) -> Mask:
    """Lines to look at one by one: with a quote, a separator of information, a lone CR or a byte order mark, or with
    nothing but delimiters."""
    quote = form.quote.encode()
    special = (text == CR) | ((text >= FIRST) & (text < SPACE))
    if len(quote) == 1:
        special |= text == quote[0]
    found = between(np.flatnonzero(special), starts, ends) > 0
    if len(quote) > 1 and quote in data:
        found[:] = True
    empty = (text == delimiter) | (text == SPACE) | (text == TAB) | (text == LF)
    found |= np.add.reduceat(~empty, starts, dtype=np.int32) == 0
    found[0] |= data.startswith(BOM)
    return found


def parse(data: bytes, wanted: Sequence[int], width: int, delimiter: str) -> dict[int, pa.Array]:
    """Columns of text of lines that are all sound and hold no quote."""
    names = [str(number) for number in range(width)]
    table = pacsv.read_csv(
        io.BytesIO(data),
        pacsv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
        pacsv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False,
            include_columns=[str(number) for number in wanted],
        ),
    )  # fmt: skip
    return {number: table[str(number)].combine_chunks() for number in wanted}


def merge(
    block: str, fast: Places, columns: dict[int, pa.Array], slow: Places, wanted: Sequence[int], width: int,
    form: Delimited, longest: int,
) -> Cut:  # fmt: skip
    """The fast lines with those of the slow ones that are sound, in their order."""
    if not len(slow):
        return Cut(columns, fast, slow, [])
    blank, broken, places, found = [], [], [], []
    lines = block.split("\n")
    for place in slow.tolist():
        cells, check = look_at(lines[place], width, form, longest)
        if cells is not None:
            places.append(place)
            found.append([cells[number] for number in wanted])
        elif check:
            broken.append((place, check))
        else:
            blank.append(place)
    rows = np.concatenate((fast, np.array(places, np.int64)))
    if places:
        late = zip(wanted, zip(*found, strict=True), strict=True)
        order = pa.array(np.argsort(rows, kind="stable"))
        nothing = pa.array([], pa.string())
        columns = {
            number: pc.take(pa.concat_arrays([columns.get(number, nothing), pa.array(texts, pa.string())]), order)
            for number, texts in late
        }
        rows = np.sort(rows)
    return Cut(columns, rows, np.array(blank, np.int64), broken)


def is_blank(line: str, form: Delimited) -> bool:
    """A line without anything, or with delimiters only."""
    return not line.strip(form.delimiter + " \t\r")


def look_at(line: str, width: int, form: Delimited, longest: int) -> tuple[list[str] | None, str]:
    """The cells of one line, or the check it fails; neither when it is blank."""
    if is_blank(line, form):
        return None, ""
    if len(line) > longest:
        return None, "LINE_TOO_LONG"
    if any(chr(FIRST) <= char < " " for char in line):
        return None, "CONTROL"
    cells = parse_quoted(line, form) if form.quote in line else line.split(form.delimiter)
    if cells is None:
        return None, "QUOTE"
    if len(cells) == width + 1 and form.trailing_delimiter and not cells[-1].strip():
        cells.pop()
    return (cells, "") if len(cells) == width else (None, "FIELD_COUNT")


def parse_quoted(line: str, form: Delimited) -> list[str] | None:
    """The fields of a line that holds quotes; None when one is opened and not closed."""
    try:
        return next(csv.reader([line], delimiter=form.delimiter, quotechar=form.quote, strict=True), None)
    except csv.Error:
        return None
