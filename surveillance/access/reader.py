"""The published copy for Python users: questions and statements as frames or Arrow tables; every one is logged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from surveillance.access.limits import allowance, load_limits
from surveillance.access.locked import Apart
from surveillance.access.log import Access, statement_asked, write
from surveillance.access.session import Session, outcome
from surveillance.content import Content
from surveillance.errors import UsageError
from surveillance.questions import Question, ask, shown
from surveillance.settings import default_site

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Found = TypeVar("Found")


class Reader:
    """What `surveillance.open` gives: the store of one published night; a later night is seen by the next one opened.

    `night`: the night it is known after. `facts`: what one must know to read the last answer of `query`.
    """

    def __init__(self, state: Path, content: Content, as_of: date | None, limits: Mapping[str, Any]) -> None:
        self._state, self._as_of = state, as_of
        allowed = allowance(load_limits(content), **limits)
        self._session = Session.open(state, content, allowed, as_of)
        self._store = Apart(state, content, allowed.memory, allowed.threads)
        self.night, self.facts = self._session.night, dict[str, str]()

    def query(
        self,
        *syndromes: str,
        by: str | Iterable[str] = "week",
        since: date | str | None = None,
        until: date | str | None = None,
        **more: Any,
    ) -> pd.DataFrame:
        """Counts and shares, as `surveillance query` gives them (see `surveillance.questions.ask` for the columns).

        `more`: the other fields of a Question, as territories=("reg:44",), ages=, sexes=, acts=, scheme=, basis=,
        coding=, perimeter="constant", rate=True, moving=7, compare=True.
        """
        asked = {"syndromes": syndromes, "by": _names(by), "as_of": self._as_of, **more}
        asked |= {key: _day(value) for key, value in (("since", since), ("until", until)) if value is not None}
        question = Question(**asked)
        answer = self._logged("query", asked, (), lambda: ask(self._store, question), lambda found: len(found.table))
        self.facts = answer.facts
        return shown(answer)

    def sql(self, statement: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The rows of a statement as a pandas frame; `$name` parameters by name. See docs/analysts.md for the views."""
        frame: pd.DataFrame = self.arrow(statement, parameters).to_pandas(date_as_object=False)
        return frame

    def arrow(self, statement: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The rows of a statement as an Arrow table."""
        asked = {**statement_asked(statement), "parameters": [f"{k}={v}" for k, v in (parameters or {}).items()]}
        try:
            judged = self._session.judge(statement)
        except UsageError:
            write(self._state, Access("sql", asked, night=self._as_of, result="refused"))
            raise
        run: Callable[[], pa.Table] = lambda: self._session.table(judged, parameters)  # noqa: E731
        return self._logged("sql", asked, judged.tables, run, lambda found: int(found.num_rows))

    @property
    def connection(self) -> Connection:
        """A read-only connection with DuckDB's own words: `.execute(sql).fetchall()`, `.df()`, `.arrow()`."""
        return Connection(self)

    def _logged(
        self,
        command: str,
        asked: Mapping[str, Any],
        tables: tuple[str, ...],
        run: Callable[[], Found],
        rows: Callable[[Found], int],
    ) -> Found:
        """What `run` gives, once the log holds it; what goes wrong is logged as well."""
        begun = time.monotonic()
        access = Access(command, {"from_python": True, **asked}, tables, night=self._as_of)
        try:
            found = run()
        except BaseException as error:
            write(self._state, replace(access, seconds=time.monotonic() - begun, result=outcome(error)))
            raise
        write(self._state, replace(access, rows=rows(found), seconds=time.monotonic() - begun))
        return found

    def close(self) -> None:
        """Close the store."""
        self._session.close()
        self._store.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Connection:
    """Statements in DuckDB's own words; each is judged, limited and logged as those of `Reader.sql` are."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._rows: pa.Table | None = None

    def execute(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Connection:
        """Run a statement; its rows are then fetched from what this gives."""
        self._rows = self._reader.arrow(statement, parameters)
        return self

    sql = query = execute

    def arrow(self) -> pa.Table:
        """The rows as an Arrow table; UsageError before a statement."""
        if self._rows is None:
            raise UsageError("there is no answer yet", "execute a statement first")
        return self._rows

    def df(self) -> pd.DataFrame:
        """The rows as a pandas frame."""
        frame: pd.DataFrame = self.arrow().to_pandas(date_as_object=False)
        return frame

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows as tuples."""
        return [tuple(row.values()) for row in self.arrow().to_pylist()]

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row; None without one."""
        return next(iter(self.fetchall()), None)


def open_reader(
    path: Path | str, as_of: date | str | None = None, site: Path | str | None = None, **limits: Any
) -> Reader:
    """Open the published copy of a state folder: `surveillance.open`. `limits`: seconds=, memory="2GB"."""
    state = Path(path).expanduser().absolute()
    content = Content(Path(site) if site else default_site(state))
    return Reader(state, content, _day(as_of) if as_of is not None else None, limits)


def _names(by: str | Iterable[str]) -> tuple[str, ...]:
    parts = by.split(",") if isinstance(by, str) else by
    return tuple(part.strip() for part in parts)


def _day(value: date | str) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise UsageError(f"{value!r} is not a date", "write YYYY-MM-DD, as 2024-01-15") from None
