"""What tests of readers share: a file read raw, or to the end, and what holds for every file."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from surveillance.content import Content
from surveillance.dialects import Dialect, load_dialects
from surveillance.intake.checks import Limits, load_checks
from surveillance.intake.readers import FileRefused, RawTable, Source, Undecodable, encodings_of, read_parts
from surveillance.intake.reading import FileResult, IntakeContext, build_context, read_file
from tests import sample_files as files
from tests import sample_formats as formats

DIALECTS = load_dialects(Content())
LIMITS = load_checks(Content()).limits
CONTEXT: IntakeContext = build_context(Content(), files.KEY)
NAMES = {**files.NAMES, **formats.NAMES}


def raw_of(dialect: str | Dialect, data: bytes, limits: Limits = LIMITS) -> RawTable:
    """Reads, and checks the conservation of lines."""
    raw = read_whole(data, DIALECTS[dialect] if isinstance(dialect, str) else dialect, limits)
    assert raw.lines_in == len(raw.line_no) + len(raw.problems) + raw.header_lines + raw.blank_lines + raw.total_lines
    assert all(len(column) == len(raw.line_no) for column in raw.columns.values())
    return raw


def read_whole(data: bytes, dialect: Dialect, limits: Limits) -> RawTable:
    """A file as one table, with columns that are lists."""
    whole = RawTable(line_no=[])
    with Source(data) as source:
        for encoding in encodings_of(dialect):
            try:
                parts = list(read_parts(source, dialect, encoding, limits))
                break
            except Undecodable as error:
                line = error.line
        else:
            raise FileRefused("encoding", f"octet impossible en {dialect.encodings[-1]}, ligne {line}")
    for part in parts:
        for name in ("lines_in", "header_lines", "blank_lines", "total_lines", "problems", "notes"):
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
        whole.line_no = [*whole.line_no, *map(int, part.line_no)]
        for name, column in part.columns.items():
            texts = column.to_pylist() if isinstance(column, pa.Array) else list(column)
            whole.columns.setdefault(name, []).extend(texts)
        whole.truncated, whole.association = part.truncated or whole.truncated, part.association or whole.association
        whole.announced = part.announced if part.announced is not None else whole.announced
    whole.problems.sort()
    return whole


def verdict_of(dialect: str | Dialect, data: bytes, limits: Limits = LIMITS) -> tuple[str, str]:
    """Code and detail of a refused file."""
    with pytest.raises(FileRefused) as verdict:
        raw_of(dialect, data, limits)
    return verdict.value.code, verdict.value.detail


def result_of(
    dialect: str | Dialect, data: bytes, night: date = files.NIGHT, thesaurus: str = "exemple-libelles"
) -> FileResult:
    """Reads to the end, and checks the accounts; every sentence is made of our words, counts and names of columns."""
    chosen = DIALECTS[dialect] if isinstance(dialect, str) else dialect
    member = files.association(chosen.id, thesaurus)
    result = read_file(data, NAMES[chosen.id], member, chosen, CONTEXT, night)
    ledger = result.ledger
    aside = ledger["header"] + ledger["blank"] + ledger["total"]
    assert ledger["lines_in"] == ledger["accepted"] + ledger["refused"] + aside
    assert result.visits.num_rows == ledger["accepted"]
    if result.refusals["line_no"].to_pylist() != [0]:
        assert result.refusals.num_rows == ledger["refused"]
    return result


def said(result: FileResult) -> str:
    """Everything that a file is told."""
    notes = [sentence for _, sentence in result.notes]
    lines = [str(row) for row in result.refusals.to_pylist()]
    return "\n".join([result.sentence_fr, result.detail, *notes, *lines])
