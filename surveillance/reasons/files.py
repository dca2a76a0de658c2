"""Coding the call reasons of a CSV file: each distinct text once, on all cores where they are many."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from surveillance.content import Content
from surveillance.errors import UsageError
from surveillance.files import replace_atomic
from surveillance.reasons.coder import ReasonCoder, ReasonReading

if TYPE_CHECKING:
    import pyarrow as pa

SEPARATORS = ";,\t|"
MANY = 10_000  # distinct texts from which a second process is worth its start
PIECE = 2_000  # distinct texts handed over at once


@dataclass(frozen=True)
class Summary:
    """What was coded: rows with a text, those with a label, those left uncoded as ambiguous; words nobody knows."""

    texts: int
    distinct: int
    coded: int
    ambiguous: int
    unknown: Counter[str]


def code_file(path: Path, column: str, out: Path, content: Content, details: bool = False) -> Summary:
    """Write the rows of a CSV file with a column `labels` (concepts, a blank between them); `details`: `suspected`
    and `ambiguous` beside it. A column of such a name is kept as NAME_given. UsageError says what is wrong."""
    import pyarrow.compute as pc

    table, delimiter = read_texts(path, column)
    added = ("labels", "suspected", "ambiguous") if details else ("labels",)
    table = table.rename_columns([f"{name}_given" if name in added else name for name in table.column_names])
    column = f"{column}_given" if column in added else column
    encoded = table.column(column).combine_chunks().dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    read = read_all(texts, content)
    table = table.append_column("labels", _said(encoded, [one.concepts for one in read]))
    if details:
        table = table.append_column("suspected", _said(encoded, [one.suspected for one in read]))
        table = table.append_column("ambiguous", _said(encoded, [one.ambiguous for one in read]))
    _write(table, out, delimiter)
    uses = {row["values"]: row["counts"] for row in pc.value_counts(encoded.indices).to_pylist()}
    times = [uses.get(at, 0) if text.strip() else 0 for at, text in enumerate(texts)]
    unknown = Counter[str]()
    for one, number in zip(read, times, strict=True):
        for word in one.unknown:
            unknown[word] += number
    return Summary(
        sum(times),
        sum(number > 0 for number in times),
        sum(number for one, number in zip(read, times, strict=True) if one.concepts),
        sum(number for one, number in zip(read, times, strict=True) if one.ambiguous and not one.concepts),
        unknown,
    )


def read_all(texts: Sequence[str], content: Content) -> list[ReasonReading]:
    """The reading of each text."""
    if len(texts) < MANY:
        coder = ReasonCoder(content)
        return [coder.read(text) for text in texts]
    pieces = [texts[at : at + PIECE] for at in range(0, len(texts), PIECE)]
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores, get_context("spawn"), _begin, (content.site,)) as pool:
        return [one for piece in pool.map(_read_piece, pieces) for one in piece]


_coders: list[ReasonCoder] = []  # of this process


def _begin(site: Path | None) -> None:
    _coders.append(ReasonCoder(Content(site)))


def _read_piece(texts: Sequence[str]) -> list[ReasonReading]:
    return [_coders[0].read(text) for text in texts]


def _said(encoded: pa.DictionaryArray, values: Sequence[Sequence[str]]) -> pa.Array:
    import pyarrow as pa

    return pa.array([" ".join(value) for value in values], pa.string()).take(encoded.indices)


def read_texts(path: Path, column: str) -> tuple[pa.Table, str]:
    """The file, every column as text, and its separator: the one with which the header has that column."""
    import pyarrow as pa
    import pyarrow.csv as pv

    data = path.read_bytes()
    encoding = _encoding(data)
    header = data.split(b"\n", 1)[0].decode(encoding).rstrip("\r")
    names = {sign: [name.strip().strip('"') for name in header.split(sign)] for sign in SEPARATORS}
    delimiter = next((sign for sign in SEPARATORS if column in names[sign]), "")
    if not delimiter:
        likely = max(names.values(), key=len)
        raise UsageError(f"{path} has no column {column!r}", f"it has: {', '.join(likely)}")
    try:
        table = pv.read_csv(
            pa.py_buffer(data.decode(encoding).encode()),
            parse_options=pv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pv.ConvertOptions(
                column_types=dict.fromkeys(names[delimiter], pa.string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:  # its words repeat the line, which is somebody's
        row = re.search(r"Row #(\d+)", str(error))
        where = f"line {row[1]}" if row else "some line"
        raise UsageError(
            f"{path}: {where} has not as many columns as the header", "quote texts that hold the separator"
        ) from None
    return table, delimiter


def _encoding(data: bytes) -> str:
    """UTF-8, with or without its mark, else Windows."""
    try:
        data.decode("utf-8-sig")
        return "utf-8-sig"
    except UnicodeDecodeError:
        return "cp1252"


def _write(table: pa.Table, out: Path, delimiter: str) -> None:
    temporary = out.with_name(f".{out.name}.part")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
            writer.writerow(table.column_names)
            for batch in table.to_batches(max_chunksize=1 << 16):
                writer.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))
        replace_atomic(temporary, out)
    except BaseException:  # what callers said is not left lying about
        temporary.unlink(missing_ok=True)
        raise
