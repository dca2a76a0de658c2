"""A session on the published copy: an analyst's statements run in it, within limits of time and memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surveillance.access.limits import Allowance
from surveillance.access.locked import Apart
from surveillance.access.statements import Statement, judged
from surveillance.access.views import make_views
from surveillance.content import Content
from surveillance.errors import SurveillanceError, UsageError
from surveillance.store import Failed

if TYPE_CHECKING:
    import pyarrow as pa

WITHOUT_VALUES = ("Binder Error", "Catalog Error", "Parser Error", "Syntax Error", "Not implemented Error")
BATCH = 20_000  # rows at a time
NARROW = "narrow it: fewer visit days (visit_day BETWEEN …), one association, one syndrome, or count instead of listing"


class LimitError(SurveillanceError):
    """A statement took more time or memory than it may."""

    exit_code = UsageError.exit_code


@dataclass(frozen=True)
class Batches:
    """Rows that come batch by batch, and their columns."""

    schema: pa.Schema
    each: Iterator[pa.RecordBatch]


@dataclass
class Session:
    """The published copy with its views, locked. `night`: after which it is known; None in an empty store."""

    store: Apart
    allowed: Allowance
    night: date | None

    @classmethod
    def open(cls, state: Path, content: Content, allowed: Allowance, as_of: date | None = None) -> Session:
        """Open the published copy, make its views, lock it."""
        store = Apart(state, content, allowed.memory, allowed.threads)
        try:
            night = make_views(store, as_of)
            store.lock()
        except BaseException:
            store.close()
            raise
        return cls(store, allowed, night)

    def judge(self, text: str) -> Statement:
        """The statement, if it may be run; UsageError says why not."""
        return judged(self.store, text, self.allowed.characters)

    @contextmanager
    def batches(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> Iterator[Batches]:
        """The rows of a statement, batch by batch; LimitError when it takes too long or too much, UsageError when it
        cannot be run. Inside, all the time that reading takes counts."""
        late, ended = threading.Event(), threading.Event()
        watch = threading.Timer(self.allowed.seconds, self._stop, [late, ended])
        watch.daemon = True
        watch.start()
        try:
            with self._told(late):
                reader = self.store.run(statement.text, parameters).to_arrow_reader(BATCH)
            yield Batches(reader.schema, self._each(reader, late))
        finally:
            ended.set()
            watch.cancel()

    def _each(self, reader: pa.RecordBatchReader, late: threading.Event) -> Iterator[pa.RecordBatch]:
        while True:
            try:
                with self._told(late):
                    batch = reader.read_next_batch()
            except StopIteration:
                return
            yield batch

    def table(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """All the rows of a statement; LimitError as well when they alone need more memory than it may take."""
        import pyarrow as pa

        kept, size = [], 0
        with self.batches(statement, parameters) as found:
            for batch in found.each:
                kept.append(batch)
                size += batch.nbytes
                if size > self.allowed.memory:
                    raise too_much(self.allowed)
        return pa.Table.from_batches(kept, found.schema)

    def _stop(self, late: threading.Event, ended: threading.Event) -> None:
        """Interrupt until it has ended: one that comes between two steps is lost."""
        late.set()
        while not ended.wait(0.05):
            self.store.connection.interrupt()

    @contextmanager
    def _told(self, late: threading.Event) -> Iterator[None]:
        """What goes wrong while a statement runs, said to a person."""
        try:
            yield
        except (Failed, OSError, MemoryError, ValueError) as error:
            raise _said(error, late.is_set(), self.allowed) from None

    def close(self) -> None:
        """Close the copy."""
        self.store.close()


def _said(error: BaseException, late: bool, allowed: Allowance) -> SurveillanceError:
    said = str(error)
    if late or "INTERRUPT" in said:
        return too_long(allowed)
    if isinstance(error, MemoryError) or any(sign in said for sign in ("Out of Memory", "bad allocation", "bad_alloc")):
        return too_much(allowed)
    if "file system operations are disabled" in said or said.startswith("Permission Error"):
        return UsageError("statements read the tables and views of the published copy only, no file")
    kind = said.partition(":")[0]
    if kind not in WITHOUT_VALUES:  # the others quote what is stored
        return UsageError(f"the statement failed ({kind[:40]}): a value is not what it takes", "TRY_CAST, or a filter")
    return UsageError(f"the statement cannot be run: {said.strip()}", "surveillance sql --views lists what there is")


def outcome(error: BaseException) -> str:
    """What the log says of an answer that was not given: stopped, refused or failed."""
    kind = getattr(error, "kind", type(error).__name__)
    return {"LimitError": "stopped", "UsageError": "refused"}.get(kind, "failed")


def too_long(allowed: Allowance) -> LimitError:
    """What is said of a statement that was stopped for its time."""
    return LimitError(f"the statement was stopped: it took more than {allowed.seconds:g} s", f"{NARROW}; or --seconds")


def too_much(allowed: Allowance) -> LimitError:
    """What is said of a statement that was stopped for its memory."""
    size = f"{allowed.memory / 10**6:g} MB"
    return LimitError(f"the statement was stopped: it needs more than {size} of memory", f"{NARROW}; or --memory")
