"""The store: the only module that opens DuckDB. One writer (the night); readers open the published copy."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import copy
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from surveillance.content import Content
from surveillance.errors import BusyError, SettingsError, UsageError
from surveillance.files import make_folder, replace_atomic

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Failed = duckdb.Error  # what a statement that cannot be run raises; the name of its class says why
OPEN = date(9999, 12, 31)  # `to_night` of a version in force
NAME = "surveillance.duckdb"
LAYOUT = "3"  # of the tables (indicators/sql/schema.sql); another one is not read: the store is made anew
LOAD_MEMORY, HISTORY_MEMORY, HISTORY_LOG = "256MB", "2GB", "256MB"
# What the library says when the disk takes no more, and what the system calls it.
FULL = {"No space left": errno.ENOSPC, "File too large": errno.EFBIG, "Disk quota": errno.EDQUOT}
LOCKED: dict[str, str | bool | int] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}


class Store:
    """A connection to the store, with statements read from SQL files of the content."""

    def __init__(self, path: Path, content: Content, read_only: bool = False) -> None:
        self.path, self.content, self.load_memory = path, content, LOAD_MEMORY
        if read_only:
            must_be_published(path)
        else:
            make_folder(path.parent)
        self.connection = connect(path, read_only)
        if not read_only:
            path.chmod(0o600)
        self._set_up()
        self._of_this_version()
        if not read_only:
            with self.transaction():
                self.connection.execute(content.text("indicators/sql/schema.sql"))
                if self.fact("layout") is None:
                    self.keep_fact("layout", LAYOUT)

    def _set_up(self) -> None:
        self.connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = true")
        self.connection.execute("SET enable_progress_bar = false")  # the library draws one on stdout

    def _of_this_version(self) -> None:
        """SettingsError for a store laid out by an earlier version: it is made anew from the records, never mended."""
        there = self.value("SELECT count(*) FROM information_schema.tables WHERE table_name = 'facts'")
        if there and self.fact("layout") != LAYOUT:
            self.close()
            raise SettingsError(
                f"{self.path} was laid out by an earlier version",
                "move it away, then surveillance replay FROM TO with the first and the last night of records/",
            )

    def close(self) -> None:
        """Close the connection (a write-ahead log is folded in first)."""
        self.connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def sql(self, name: str) -> str:
        """The text of the statement `indicators/sql/NAME.sql`."""
        return self.content.text(f"indicators/sql/{name}.sql")

    def run(self, statement: str, parameters: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
        """Execute a statement; `$name` parameters by name."""
        try:
            return self.connection.execute(statement, dict(parameters) if parameters else None)
        except duckdb.Error as error:
            full = next((code for said, code in FULL.items() if said in str(error)), None)
            if full:
                raise OSError(full, os.strerror(full)) from error
            raise

    def rows(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        return self.run(statement, parameters).fetchall()

    def value(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The single value of a statement, or None."""
        row = self.run(statement, parameters).fetchone()
        return row[0] if row else None

    def arrow(self, statement: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The rows of a statement as an Arrow table."""
        return self.run(statement, parameters).to_arrow_table()

    def frame(self, statement: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The rows of a statement as a pandas frame."""
        frame: pd.DataFrame = self.arrow(statement, parameters).to_pandas()
        return frame

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self.connection.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            with suppress(duckdb.Error):  # a full disk has ended the transaction already
                self.connection.execute("ROLLBACK")
            raise
        self.run("COMMIT")

    @contextmanager
    def table(self, name: str, rows: pa.Table) -> Iterator[None]:
        """Let statements read an Arrow table under a name."""
        self.connection.register(name, rows)
        try:
            yield
        finally:
            self.connection.unregister(name)

    @contextmanager
    def parquet(
        self, name: str, path: Path, column: str, without: Iterable[str] = (), since: date | None = None
    ) -> Iterator[None]:
        """Let statements read a Parquet file under a name, piece by piece, but rows with those values in a column, and
        those of a visit day before `since`."""
        source, *values = ("'" + str(text).replace("'", "''") + "'" for text in (path, *without))
        kept = [f"{column} NOT IN ({', '.join(values)})"] if values else []
        kept += [f"event_date >= DATE '{since}'"] if since else []
        where = f" WHERE {' AND '.join(kept)}" if kept else ""
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM read_parquet({source}){where}")
        yield
        self.connection.execute(f"DROP VIEW {name}")

    @contextmanager
    def parquets(self, name: str, paths: Mapping[date, Path], column: str) -> Iterator[None]:
        """Let statements read one column of the Parquet files of several nights under a name, with their `night`."""
        files = {str(path): night for night, path in paths.items()}
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
        nights = ", ".join(f"'{night}'" for night in files.values())
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT list_extract([{nights}]::DATE[], file_index::INTEGER + 1) "
            f"AS night, {column} FROM read_parquet([{listed}])"
        )
        yield
        self.connection.execute(f"DROP VIEW {name}")

    @contextmanager
    def beside(self) -> Iterator[Store]:
        """A second connection to the same store, for statements of another thread; each of the two has one thread."""
        other = copy(self)
        other.connection = self.connection.cursor()
        other._set_up()
        before = self.value("SELECT current_setting('threads')")
        self.connection.execute("SET threads = 1")
        try:
            yield other
        finally:
            other.close()
            with suppress(duckdb.TransactionException):
                self.connection.execute(f"SET threads = {int(before)}")

    @contextmanager
    def sparing(self) -> Iterator[None]:
        """One thread and little memory, for statements that load rows whose number a sender decides.

        Two threads write the same blocks twice, at thrice the cost (measured with 1.5); what does not fit in memory
        goes to a file beside the store.
        """
        before = self.rows("SELECT current_setting('threads'), current_setting('memory_limit')")[0]
        self.connection.execute(f"SET threads = 1; SET memory_limit = '{self.load_memory}'")
        try:
            yield
        finally:
            with suppress(duckdb.TransactionException):  # what went wrong has ended the transaction, and is told itself
                self.connection.execute(f"SET threads = {int(before[0])}; SET memory_limit = '{before[1]}'")

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """A limit of memory for statements over all of history: what does not fit goes to a file beside the store.

        What a transaction wrote is folded in less often too: with ten years held it takes 0.7 s each time.
        """
        before, folded = self.rows("SELECT current_setting('memory_limit'), current_setting('checkpoint_threshold')")[0]
        self.connection.execute(f"SET memory_limit = '{HISTORY_MEMORY}'; SET checkpoint_threshold = '{HISTORY_LOG}'")
        self.load_memory = HISTORY_MEMORY  # many nights in one transaction
        try:
            yield
        finally:
            self.load_memory = LOAD_MEMORY
            with suppress(duckdb.TransactionException):
                self.connection.execute(f"SET memory_limit = '{before}'; SET checkpoint_threshold = '{folded}'")

    def fact(self, key: str) -> str | None:
        """A fact kept about the store."""
        found = self.value("SELECT value FROM facts WHERE key = $key", {"key": key})
        return None if found is None else str(found)

    def invented(self, syndromes: Iterable[str]) -> tuple[str, ...]:
        """Those of these syndromes whose visits here are simulated and follow no published count."""
        followed = self.fact("simulated")
        return () if followed is None else tuple(name for name in syndromes if name not in followed.split())

    def keep_fact(self, key: str, value: str) -> None:
        """Keep a fact about the store (replaces it)."""
        self.run("DELETE FROM facts WHERE key = $key", {"key": key})
        self.run("INSERT INTO facts VALUES ($key, $value)", {"key": key, "value": value})


def must_be_published(path: Path) -> None:
    """UsageError while there is no published copy."""
    if not path.is_file():
        raise UsageError(
            f"nothing is published yet at {path}", "run a night first: surveillance demo, or surveillance run"
        )


def connect(
    path: Path, read_only: bool, more: Mapping[str, str | bool | int] | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection; `more`: settings beside those of every one."""
    with opening(path):
        return duckdb.connect(str(path), read_only=read_only, config={**LOCKED, **(more or {})})


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """What stands in the way of opening is said without the library's words, which can hold what was stored."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        if "lock on file" in str(error):
            raise BusyError(
                f"another process has {path} open", "the night alone opens it; readers use published/"
            ) from None
        raise SettingsError(
            f"{path} cannot be opened ({type(error).__name__})",
            "disk full, or the file is damaged: move it away (and its .wal), then run the night again: "
            "it is made anew from the records",
        ) from error


def store_path(state: Path) -> Path:
    """Where the night's own store lies."""
    return state / "store" / NAME


def published_path(state: Path) -> Path:
    """Where the copy lies that everybody else reads."""
    return state / "published" / NAME


def rewritten(path: Path, content: Content) -> None:
    """Write a store anew, with nothing in the file but its rows: what was deleted stays readable in a database file."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.unlink(missing_ok=True)
    with Store(path, content) as store:
        store.run("CHECKPOINT")
        old = store.value("SELECT current_database()")
        target = str(temporary).replace("'", "''")
        store.run(f"ATTACH '{target}' AS anew")
        store.run(f'COPY FROM DATABASE "{old}" TO anew')
        store.run("DETACH anew")
    temporary.chmod(0o600)
    replace_atomic(temporary, path)


def publish(store: Store, state: Path) -> Path:
    """Give readers a consistent copy, by rename: a reader sees last night's store or this one, whole."""
    target = published_path(state)
    make_folder(target.parent)
    store.run("CHECKPOINT")
    temporary = target.with_name(f".{target.name}.part")
    shutil.copyfile(store.path, temporary)
    replace_atomic(temporary, target)
    return target


def open_published(state: Path, content: Content) -> Store:
    """The published copy, read-only."""
    return Store(published_path(state), content, read_only=True)
