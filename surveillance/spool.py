"""Rows on their way from a file to the records: in memory while they are few, in a private file once they are many."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

MANY = 1 << 17  # rows: some 60 MB


class Spool:
    """Tables of one schema, added one after the other and read again in order.

    The file has no name (it is gone with the process, also when that is killed) and only this user can read it.
    """

    def __init__(self, schema: pa.Schema, scratch: Path | None = None) -> None:
        self.schema, self.scratch = schema, scratch
        self.num_rows = 0
        self._tables: list[pa.Table] = []
        self._held = 0  # rows in memory
        self._file: IO[bytes] | None = None
        self._writer: pq.ParquetWriter | None = None

    def add(self, table: pa.Table) -> None:
        """One more table."""
        if table.num_rows:
            self.num_rows += table.num_rows
            self._held += table.num_rows
            self._tables.append(table)
        if self._held > MANY:
            self._spill()

    def _spill(self) -> None:
        if self._writer is None:
            self._file = tempfile.TemporaryFile(dir=self.scratch)  # noqa: SIM115 - lives as long as the spool
            few = [name for name in self.schema.names if name not in ("visit_uid", "content_hash", "line_no")]
            self._writer = pq.ParquetWriter(
                self._file, self.schema, compression="snappy", use_dictionary=few, write_statistics=False
            )
        self._writer.write_table(pa.concat_tables(self._tables), row_group_size=MANY)
        self._tables, self._held = [], 0

    def tables(self) -> Iterator[pa.Table]:
        """The rows, in order, table by table; nothing may be added any more."""
        if self._writer is not None:
            self._writer.close()
            assert self._file is not None
            stored = pq.ParquetFile(self._file)
            for group in range(stored.num_row_groups):
                yield stored.read_row_group(group).cast(self.schema)
        yield from self._tables

    def table(self) -> pa.Table:
        """All the rows as one table."""
        return pa.concat_tables([self.schema.empty_table(), *self.tables()]).combine_chunks()
