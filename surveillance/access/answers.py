"""Answers written batch by batch into a file: csv, json (one object a row), parquet, or Arrow for a screen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa

from surveillance.access.session import Batches

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("table", "csv", "json", "parquet")
LISTED = "|"  # between the values of a list in a CSV cell, as in the daily file
Write = Callable[[pa.RecordBatch], None]


@dataclass(frozen=True)
class Written:
    """What was written: the number of rows, and whether there are more than were asked for."""

    rows: int
    more: bool


def write_answer(found: Batches, form: str, out: IO[bytes], limit: int | None) -> Written:
    """Write the rows, no more than `limit` of them."""
    schema = pa.schema([(field.name, _plain_type(field.type)) for field in found.schema])
    rows = 0
    with WRITERS[form](schema, out) as write:
        for batch in found.each:
            room = batch.num_rows if limit is None else limit - rows
            if room < batch.num_rows:
                write(_plain(batch.slice(0, room), schema))
                return Written(rows + room, True)
            write(_plain(batch, schema))
            rows += batch.num_rows
    return Written(rows, False)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """Sums come as decimals of 38 digits: whole numbers, where they are whole."""
    if pa.types.is_decimal(kind) and kind.scale == 0 and kind.precision == 38:
        return pa.int64()
    return kind


def _plain(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    return batch if batch.schema.equals(schema) else batch.cast(schema)


@contextmanager
def _csv(schema: pa.Schema, out: IO[bytes]) -> Iterator[Write]:
    import pandas as pd

    out.write(pd.DataFrame(columns=schema.names).to_csv(index=False, lineterminator="\n").encode())

    def write(batch: pa.RecordBatch) -> None:
        frame = with_lists_joined(batch)
        out.write(frame.to_csv(index=False, header=False, lineterminator="\n", float_format="%.12g").encode())

    yield write


def with_lists_joined(rows: pa.RecordBatch | pa.Table) -> pd.DataFrame:
    """Rows as a pandas frame for people: whole numbers stay whole, the values of a list in one text."""
    frame: pd.DataFrame = rows.to_pandas(integer_object_nulls=True, date_as_object=True)
    for place, field in enumerate(rows.schema):
        if pa.types.is_list(field.type):
            joined = [None if v is None else LISTED.join(map(_cell, v)) for v in rows.column(place).to_pylist()]
            frame.isetitem(place, joined)
    return frame


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


@contextmanager
def _json(schema: pa.Schema, out: IO[bytes]) -> Iterator[Write]:
    before = "[\n "

    def write(batch: pa.RecordBatch) -> None:
        nonlocal before
        for row in batch.to_pylist():
            told = {name: _finite(value) for name, value in row.items()}
            out.write((before + json.dumps(told, ensure_ascii=False, default=str)).encode())
            before = ",\n "

    yield write
    out.write(b"[]\n" if before.startswith("[") else b"\n]\n")


def _finite(value: Any) -> Any:
    """JSON has no infinity, and none that is no number."""
    return None if isinstance(value, float) and value - value != 0 else value


@contextmanager
def _parquet(schema: pa.Schema, out: IO[bytes]) -> Iterator[Write]:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        yield writer.write_batch


@contextmanager
def _arrow(schema: pa.Schema, out: IO[bytes]) -> Iterator[Write]:
    with pa.ipc.new_stream(out, schema) as writer:
        yield writer.write_batch


WRITERS: dict[str, Any] = {"csv": _csv, "json": _json, "parquet": _parquet, "table": _arrow}
