"""Cells of a CSV file of series: columns by the names people give them, numbers and days read or refused by line."""

from __future__ import annotations

import csv
import gzip
import io
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from surveillance.detection.judged import Array
from surveillance.errors import UsageError

# What a column may be called; the first that is there is read.
NAMES = {
    "date": ("date", "day", "week", "month"),
    "t": ("t", "k"),
    "observed": ("observed", "count", "cases", "visits"),
    "population": ("population", "all_count", "denominator"),
}
MISSING = ("", "NA", "NaN", "nan", "NULL", "null", ".")
UNKNOWN = np.iinfo(np.int64).min  # a place in time that is not written
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """A CSV file: its columns as texts; `data` is what it holds, to find a line again."""

    path: Path
    data: bytes
    delimiter: str
    names: tuple[str, ...]
    columns: dict[str, Any]

    def column(self, kind: str) -> str | None:
        """The name of the column of a kind (NAMES), None where there is none."""
        return next((name for name in NAMES[kind] if name in self.names), None)

    def refuse(self, row: int, key: str, message: str, hint: str = "") -> NoReturn:
        """UsageError for a row (from 0), by file, line and column."""
        lines = csv.reader(io.StringIO(self.data.decode("utf-8-sig")), delimiter=self.delimiter)
        next(lines)
        place = -1
        for cells in lines:
            place += bool(cells)
            if place == row:
                break
        raise UsageError(f"{self.path}:{lines.line_num}: {key}: {message}", hint)

    def numbers(self, name: str) -> Array:
        """A column of numbers, NaN where nothing is written; negative ones are refused."""
        texts = pc.utf8_trim_whitespace(self.columns[name])
        texts = pc.if_else(pc.is_in(texts, value_set=pa.array(MISSING)), pa.scalar(None, pa.string()), texts)
        try:
            found = pc.cast(texts, pa.float64())
        except pa.ArrowInvalid:
            self._refuse_number(texts, name)
        values = np.asarray(found.to_numpy(), dtype=np.float64)
        with np.errstate(invalid="ignore"):
            wrong = np.flatnonzero((values < 0) | np.isinf(values))
        if len(wrong):
            row = int(wrong[0])
            self.refuse(row, name, f"{values[row]:g} cannot be", "a count is 0 or more; leave what is missing empty")
        return values

    def _refuse_number(self, texts: Any, name: str) -> NoReturn:
        form = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
        written = enumerate(texts.to_pylist())
        row, text = next((pair for pair in written if pair[1] and not form.fullmatch(pair[1])), (0, ""))
        hint = "leave what is missing empty, or write NA"
        if re.fullmatch(r"\d+,\d+", text):
            hint = "decimals are written with a point: 12.5, not 12,5"
        self.refuse(row, name, f"{text!r} is not a number", hint)

    def places(self, kind: str) -> Whole:
        """Days since 1970 (`date`) or whole numbers (`t`) of the rows, UNKNOWN where nothing is written."""
        name = self.column(kind)
        if name is None:
            return np.full(len(self), UNKNOWN)
        coded = pc.utf8_trim_whitespace(self.columns[name]).combine_chunks().dictionary_encode()
        read = read_day if kind == "date" else read_place
        found = []
        for place, text in enumerate(coded.dictionary.to_pylist()):
            try:
                found.append(UNKNOWN if text in MISSING else read(text))
            except ValueError as error:
                row = int(np.flatnonzero(coded.indices.to_numpy() == place)[0])
                self.refuse(row, name, f"{text!r}: {error}", "write days as 2024-01-15, weeks as 2024-W03")
        values: Whole = np.asarray(found, np.int64)[coded.indices.to_numpy()]
        return values

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def read_day(text: str) -> int:
    """Days since 1970 of a day (2024-01-15), of the Monday of a week (2024-W03), of the first of a month (2024-01)."""
    whole = re.fullmatch(r"(\d{4}-\d\d-\d\d)([T ]00:00(:00(\.0+)?)?Z?)?", text)
    if whole:
        return (date.fromisoformat(whole[1]) - date(1970, 1, 1)).days
    if re.fullmatch(r"\d{4}-?W\d\d", text):
        return (date.fromisocalendar(int(text[:4]), int(text[-2:]), 1) - date(1970, 1, 1)).days
    if re.fullmatch(r"\d{4}-\d\d", text):
        return (date(int(text[:4]), int(text[5:]), 1) - date(1970, 1, 1)).days
    raise ValueError("not a day")


def read_place(text: str) -> int:
    """A whole number."""
    if not re.fullmatch(r"\d{1,9}(\.0*)?", text):
        raise ValueError("not a whole number")
    return int(text.split(".")[0])


def read_cells(path: Path) -> Cells:
    """The cells of a file .csv or .csv.gz, separated by `,` or `;`."""
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        head = next(iter(data[:100_000].splitlines()), b"").decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except EOFError:
        raise UsageError(f"{path} ends before its end", "it was cut: copy it again") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}:1: not UTF-8", "save it as CSV UTF-8") from None
    delimiter = ";" if head.count(";") > head.count(",") else ","
    names = tuple(name.strip() for name in next(csv.reader([head], delimiter=delimiter), []))
    if not any(names):
        raise UsageError(f"{path}:1: no header", "the first line names the columns: series_id,date,observed")
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice:
        raise UsageError(f"{path}:1: {twice}: two columns have this name")
    return Cells(path, data, delimiter, names, _columns(path, data, delimiter, names))


def _columns(path: Path, data: bytes, delimiter: str, names: tuple[str, ...]) -> dict[str, Any]:
    own = [name or f"\0{place}" for place, name in enumerate(names)]  # row names of R have no name
    options = pacsv.ConvertOptions(
        column_types=dict.fromkeys(own, pa.string()),
        strings_can_be_null=False,
        include_columns=list(filter(None, names)),
    )
    try:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            pacsv.ReadOptions(column_names=own, skip_rows=1, block_size=1 << 24),
            pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=b'"' in data),
            options,
        )
    except pa.ArrowInvalid as error:
        _explain(path, data, delimiter, len(names))
        raise UsageError(f"{path}: {error}") from None
    return dict(zip(table.column_names, table.columns, strict=True))


def _explain(path: Path, data: bytes, delimiter: str, number: int) -> None:
    """UsageError by line for what no CSV reader can read."""
    try:
        lines = csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(f"{path}:{line}: not UTF-8", "save it as CSV UTF-8") from None
    for cells in lines:
        if cells and len(cells) != number:
            hint = "decimals are written with a point: 12.5, not 12,5" if delimiter == "," else ""
            raise UsageError(f"{path}:{lines.line_num}: {len(cells)} cells, where the header has {number}", hint)
