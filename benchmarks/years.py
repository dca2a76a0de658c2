"""Years of records: the weeks of a demonstration, put one behind the other until there are enough.

Each round has pseudonyms and files of its own, and days of its own; late visits, corrections and repetitions stay as
the simulation made them. What is written is a state folder of which only records/ is filled: `surveillance replay`
makes everything else of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from surveillance.files import make_folder
from surveillance.records import nights_on_disk

LAST = date(2024, 1, 15)
OWN = ("visit_uid", "file_sha256", "sha256")  # what another round must not share


def make_years(template: Path, state: Path, nights: int) -> tuple[date, date]:
    """Records of so many nights up to LAST in `state`, from all nights of the state `template`; the first, the last."""
    held = nights_on_disk(template / "records")
    for back in range(nights):
        night, round_ = LAST - timedelta(days=back), back // len(held)
        source = held[len(held) - 1 - back % len(held)]
        folder = make_folder(state / "records" / night.isoformat())
        for path in (template / "records" / source.isoformat()).glob("*.parquet"):
            table = moved(pq.read_table(path), f"{round_:08x}", night - source)
            pq.write_table(table, folder / path.name, compression="zstd")
    return LAST - timedelta(days=nights - 1), LAST


def moved(table: pa.Table, salt: str, by: timedelta) -> pa.Table:
    """A table of records some days later, with pseudonyms and files of its own (`salt`: 8 hexadecimal digits)."""
    changes: dict[str, Callable[[Any], Any]] = {
        **dict.fromkeys(OWN, lambda column: pc.binary_join_element_wise(salt, pc.utf8_slice_codeunits(column, 8), "")),
        "event_date": lambda column: _later(column, by),
        "visit_day": lambda column: _later(column, by),
        "sent": lambda column: _told_later(column, by),
    }
    for name in set(table.column_names) & changes.keys():
        place = table.column_names.index(name)
        table = table.set_column(
            place, table.field(name), changes[name](table.column(name)).cast(table.field(name).type)
        )
    return table


def _later(column: pa.ChunkedArray, by: timedelta) -> pa.ChunkedArray:
    return pc.add(column.cast(pa.int32()), pa.scalar(by.days, pa.int32())).cast(pa.date32())


def _told_later(column: pa.ChunkedArray, by: timedelta) -> pa.ChunkedArray:
    words = column.combine_chunks().dictionary_encode()
    moved = [text and f"{date.fromisoformat(text[:10]) + by}{text[10:]}" for text in words.dictionary.to_pylist()]
    return pa.chunked_array(
        [pa.DictionaryArray.from_arrays(words.indices, pa.array(moved, pa.string())).cast(pa.string())]
    )
