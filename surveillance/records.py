"""The records a night has already: they outlive the raw files, and no rerun takes away what it cannot read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Part:
    """What a night's records say of one association: tables of visits and refusals, rows of files and reception."""

    visits: pa.Table
    refusals: pa.Table
    files: list[dict[str, Any]]
    reception: dict[str, Any]
    profile: dict[str, Any] | None = None  # of profiles.parquet; none in records of an older version
    kept: bool = False  # from the records, because raw files are gone


def kept_parts(records: Path, names: Mapping[str, set[str]]) -> dict[str, Part]:
    """The parts of the associations whose raw files are no longer all there (`names`: those that are)."""
    import pyarrow.parquet as pq

    if not (records / "receptions.parquet").is_file():
        return {}
    files = pq.read_table(records / "files.parquet").to_pylist()
    gone = {file["association"] for file in files if file["name"] not in names.get(file["association"], ())}
    if not gone:
        return {}
    visits = pq.read_table(records / "visits.parquet").drop_columns(["arrival"]).replace_schema_metadata()
    refusals = pq.read_table(records / "refusals.parquet")
    profiles = _profiles(records)
    return {
        row["association"]: Part(
            _of(visits, row["association"]),
            _of(refusals, row["association"]),
            [file for file in files if file["association"] == row["association"]],
            row,
            profiles.get(row["association"]),
            kept=True,
        )
        for row in pq.read_table(records / "receptions.parquet").to_pylist()
        if row["association"] in gone
    }


def _profiles(records: Path) -> dict[str, dict[str, Any]]:
    import pyarrow.parquet as pq

    path = records / "profiles.parquet"
    rows = pq.read_table(path).to_pylist() if path.is_file() else []
    return {row["association"]: row for row in rows}


def _of(table: pa.Table, association: str) -> pa.Table:
    import pyarrow.compute as pc

    return table.filter(pc.equal(table["association"], association))


def nights_on_disk(records: Path) -> list[date]:
    """The nights whose records are all there, oldest first."""
    return sorted(date.fromisoformat(path.parent.name) for path in records.glob("????-??-??/receptions.parquet"))
