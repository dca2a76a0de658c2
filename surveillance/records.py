"""The records of a night: written whole or not at all; they outlive the raw files, and no rerun takes away what it
cannot read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surveillance.files import replace_atomic
from surveillance.reasons.unknown_words import read_words

if TYPE_CHECKING:
    import pyarrow as pa

    from surveillance.spool import Spool

UNLIKE = {  # columns whose values hardly repeat: a dictionary of them costs and saves nothing
    "visit_uid": "PLAIN", "content_hash": "PLAIN", "line_no": "DELTA_BINARY_PACKED", "arrival": "DELTA_BINARY_PACKED",
}  # fmt: skip
GROUP = 1 << 17  # rows of a row group: what readers take at once


@dataclass(frozen=True)
class Part:
    """What a night's records say of one association: visits and refusals file by file, rows of files and reception.

    visits: (sent, spool) of each file; see `sent_at`.
    """

    visits: list[tuple[str, Spool]]
    refusals: list[Spool]
    files: list[dict[str, Any]]
    reception: dict[str, Any]
    profile: dict[str, Any] | None = None  # of profiles.parquet; none in records of an older version
    words: Mapping[str, int] = field(default_factory=dict)  # of call reasons, that nobody knows
    kept: bool = False  # from the records, because raw files are gone


def sent_at(mtime: int, name: str) -> str:
    """When a file was laid out, and its name: the order in which versions of a visit replace one another, whichever
    night and in whichever order they reach us."""
    return f"{datetime.fromtimestamp(max(mtime, 0), UTC):%Y-%m-%dT%H:%M:%SZ} {name}"


def kept_parts(records: Path, names: Mapping[str, set[str]]) -> dict[str, Part]:
    """The parts of the associations whose raw files are no longer all there (`names`: those that are)."""
    import pyarrow.parquet as pq

    if not (records / "receptions.parquet").is_file():
        return {}
    files = pq.read_table(records / "files.parquet").to_pylist()
    gone = {file["association"] for file in files if file["name"] not in names.get(file["association"], ())}
    if not gone:
        return {}
    profiles, words = _profiles(records), read_words(records)
    return {
        row["association"]: Part(
            _visits_of(records, row["association"]),
            [_spool(pq.read_table(records / "refusals.parquet", filters=[("association", "=", row["association"])]))],
            [file for file in files if file["association"] == row["association"]],
            row,
            profiles.get(row["association"]),
            words.get(row["association"], {}),
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


def _visits_of(records: Path, association: str) -> list[tuple[str, Spool]]:
    """The visits of an association, file by file in the order of arrival."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    held = pq.read_table(records / "visits.parquet", filters=[("association", "=", association)])
    held = held.drop_columns(["arrival"]).replace_schema_metadata()
    return [
        (sent, _spool(held.filter(pc.equal(held["sent"], sent)).drop_columns(["sent"])))
        for sent in dict.fromkeys(held["sent"].to_pylist())
    ]


def _spool(table: pa.Table) -> Spool:
    from surveillance.spool import Spool

    found = Spool(table.schema)
    found.add(table)
    return found


class RowsFile:
    """A Parquet file written table by table, whole or not at all: the same rows give the same bytes."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self.path, self.schema, self.rows = path, schema, 0
        self._temporary = path.with_name(f".{path.name}.part")
        self._writer = pq.ParquetWriter(
            self._temporary,
            schema,
            compression="zstd",
            use_dictionary=[name for name in schema.names if name not in UNLIKE],
            column_encoding={name: code for name, code in UNLIKE.items() if name in schema.names} or None,
        )
        self._waiting: list[pa.Table] = []

    def __enter__(self) -> RowsFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._write(everything=True)
        self._writer.close()
        if kind is None:
            replace_atomic(self._temporary, self.path)

    def add(self, table: pa.Table) -> None:
        """More rows."""
        self.rows += table.num_rows
        self._waiting.append(table)
        self._write()

    def _write(self, everything: bool = False) -> None:
        """Row groups of GROUP rows, whatever the size of the tables that came."""
        import pyarrow as pa

        waiting = sum(table.num_rows for table in self._waiting)
        if not waiting or (waiting < GROUP and not everything):
            return
        table = pa.concat_tables(self._waiting)
        whole = waiting if everything else waiting - waiting % GROUP
        self._writer.write_table(table.slice(0, whole).combine_chunks(), row_group_size=GROUP)
        self._waiting = [table.slice(whole)]


def records_schema(visits: pa.Schema, coder: str) -> pa.Schema:
    """The visits of the records, with when their file was sent and their place in the night."""
    import pyarrow as pa

    schema = visits.append(pa.field("sent", pa.string())).append(pa.field("arrival", pa.int32()))
    return schema.with_metadata({"reason_coder": coder})


def with_place(visits: pa.Table, sent: str, before: int, schema: pa.Schema) -> pa.Table:
    """Visits with when their file was sent and their place, when so many came before."""
    import numpy as np
    import pyarrow as pa

    arrival = pa.array(np.arange(before, before + visits.num_rows, dtype=np.int32))
    columns = [*visits.columns, pa.repeat(pa.scalar(sent, pa.string()), visits.num_rows), arrival]
    return pa.Table.from_arrays(columns, schema=schema)


def write_rows(path: Path, table: pa.Table) -> None:
    """Write one table as a Parquet file."""
    with RowsFile(path, table.schema) as out:
        out.add(table)


def nights_on_disk(records: Path) -> list[date]:
    """The nights whose records are all there, oldest first."""
    return sorted(date.fromisoformat(path.parent.name) for path in records.glob("????-??-??/receptions.parquet"))
