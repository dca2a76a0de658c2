"""The memory of exports: STATE/exports/NUMBER.parquet, written before an export is given out and never changed.

One file an export: one row per cell and measure (labels, measure, value: empty where hidden, shown, floor); its
metadata say the boxes of the cells and what was asked. What was hidden is not kept: the store still knows it.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from surveillance.disclosure.sheets import Cut, Export
from surveillance.errors import SettingsError
from surveillance.files import make_folder, write_atomic

KEY = b"export"


def folder(state: Path) -> Path:
    """Where the memory lies."""
    return state / "exports"


@contextmanager
def one_at_a_time(state: Path) -> Iterator[None]:
    """Wait until no other export is being made: two at once would not know of one another."""
    handle = os.open(make_folder(folder(state)) / "export.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def remembered(state: Path) -> list[Export]:
    """Every export that was let out, oldest first; SettingsError where one cannot be read: it cannot be ignored."""
    found = []
    for path in sorted(folder(state).glob("[0-9]*.parquet")):
        try:
            found.append(_read(path))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"the memory of an export cannot be read: {path} ({type(error).__name__})",
                "put it back from a backup: without it a new export could betray what that one hides",
            ) from error
    return found


def remember(state: Path, export: Export) -> Export:
    """Write an export down, on disk when this returns; gives it with its number."""
    last = max((int(path.stem) for path in folder(state).glob("[0-9]*.parquet")), default=0)
    export.name = f"{last + 1:06d}"
    write_atomic(folder(state) / f"{export.name}.parquet", _bytes(export))
    return export


def _bytes(export: Export) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    cells = export.cells[[*export.cuts, "measure", "value", "shown", "floor"]].astype({"value": "Int64"})
    cells["value"] = cells["value"].where(cells["shown"])
    table = pa.Table.from_pandas(cells, preserve_index=False)
    head = {
        "profile": export.profile,
        "edition": export.edition,
        "cuts": {name: {"axis": cut.axis, "labels": cut.labels} for name, cut in export.cuts.items()},
        "within": export.within,
        "about": export.about,
    }
    told = json.dumps(head, ensure_ascii=False, default=str).encode()
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), KEY: told}), out, compression="zstd")
    return out.getvalue()


def _read(path: Path) -> Export:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    head: dict[str, Any] = json.loads(table.schema.metadata[KEY])
    cuts = {
        name: Cut(cut["axis"], {label: tuple(found) for label, found in cut["labels"].items()})
        for name, cut in head["cuts"].items()
    }
    within = {axis: tuple(found) for axis, found in head["within"].items()}
    night, coding = head["edition"]
    return Export(path.stem, head["profile"], (night, coding), cuts, within, table.to_pandas(), head["about"])
