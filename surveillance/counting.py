"""Counting the visits of the store, as in force now or as known and coded after a past night."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from surveillance.coding.rules import DIAGNOSIS, REASON
from surveillance.store import OPEN, Store
from surveillance.visit_codes import NOW, Told

LATEST = OPEN - timedelta(days=1)  # the night after which what is in force now is known
VERSIONS = "string_agg(DISTINCT definition, ', ' ORDER BY definition)"  # of the definitions that made a cell
TABLES = {DIAGNOSIS: "counts", REASON: "reason_counts"}


def recount_later(store: Store, touched: Iterable[tuple[date, date] | None]) -> None:
    """Remember between which days counts are no longer those of the visits, until `days_to_recount` is asked."""
    known = store.fact("recount")
    days = [day for pair in touched if pair for day in pair]
    days += [date.fromisoformat(day) for day in known.split()] if known else []
    if days:
        store.keep_fact("recount", f"{min(days)} {max(days)}")


def days_to_recount(store: Store) -> tuple[date, date] | None:
    """The first and the last day to count again, which are then taken for counted."""
    known = store.fact("recount")
    store.run("DELETE FROM facts WHERE key = 'recount'")
    if not known:
        return None
    first, last = map(date.fromisoformat, known.split())
    return first, last


def count_days(store: Store, first: date, last: date, acts: tuple[str, ...], only: Iterable[str] = ()) -> int:
    """Count again the days from `first` to `last`; gives the number of acts counted.

    `only`: the syndromes to count again (the denominators are left); none: all of them.
    """
    days: dict[str, Any] = {"first": first, "last": last}
    wanted = sorted(only)
    these = "visit_day BETWEEN $first AND $last"
    if not wanted:
        store.run(f"DELETE FROM denominators WHERE {these}", days)
        known = {**days, "night": LATEST, "acts": list(acts)}
        store.run(f"INSERT INTO denominators BY NAME {store.sql('denominators')}", known)
    for basis, table in TABLES.items():
        here = f"{these} AND (len($wanted::VARCHAR[]) = 0 OR list_contains($wanted::VARCHAR[], syndrome))"
        store.run(f"DELETE FROM {table} WHERE {here}", {**days, "wanted": wanted})
        add_counts(store, table, Counted(first, last, acts, basis, tuple(wanted)))
    return int(store.value(f"SELECT coalesce(sum(visits_all), 0) FROM denominators WHERE {these}", days))


@dataclass(frozen=True)
class Counted:
    """What is counted: visit days, types of act, series, syndromes (none: all), after which night, by which coding."""

    first: date
    last: date
    acts: tuple[str, ...]
    basis: str = DIAGNOSIS
    syndromes: tuple[str, ...] = ()
    night: date = LATEST
    coding: int = NOW


def count_then(store: Store, what: Counted) -> None:
    """Counts and denominators as known after a night, in the tables counts_then and denominators_then."""
    store.run("CREATE OR REPLACE TEMP TABLE counts_then AS FROM counts LIMIT 0")
    add_counts(store, "counts_then", what)
    store.run(
        f"CREATE OR REPLACE TEMP TABLE denominators_then AS {store.sql('denominators')}",
        {"night": what.night, "first": what.first, "last": what.last, "acts": list(what.acts)},
    )


def add_counts(store: Store, table: str, what: Counted) -> None:
    """Add the counts to a table: month by month of the nights that told, when these are many, to bound the memory."""
    told = store.rows(
        "SELECT min(from_night), max(from_night) FROM visits WHERE event_date BETWEEN $first AND $last "
        "AND from_night BETWEEN $first::DATE - 1 AND $night",
        {"first": what.first, "last": what.last, "night": what.night},
    )[0]
    if not told[0]:
        return
    insert = f"INSERT INTO {table} BY NAME"
    parts = list(Told(told[0], told[1]).months())
    parameters = {**vars(what), "acts": list(what.acts), "syndromes": list(what.syndromes)}
    if len(parts) == 1:
        store.run(f"{insert} {store.sql('counts')}", parameters | _nights(parts[0]))
        return
    store.run("CREATE OR REPLACE TEMP TABLE counted AS FROM counts LIMIT 0")
    for part in parts:
        store.run(f"INSERT INTO counted BY NAME {store.sql('counts')}", parameters | _nights(part))
    store.run(f"{insert} SELECT * REPLACE (sum(visits)::INTEGER AS visits) FROM counted GROUP BY ALL ORDER BY ALL")
    store.run("DROP TABLE temp.counted")


def _nights(part: Told) -> dict[str, date]:
    return {"told_first": part.first, "told_last": part.last}


def versions_used(store: Store, table: str, first: date, last: date, syndromes: Iterable[str]) -> dict[str, str]:
    """Syndrome → the versions of its definition that count on these days in a table of counts, as `1` or `1, 2`."""
    rows = store.rows(
        f"SELECT syndrome, {VERSIONS} FROM {table} WHERE visit_day BETWEEN $first AND $last "
        "AND list_contains($syndromes, syndrome) GROUP BY ALL",
        {"first": first, "last": last, "syndromes": list(syndromes)},
    )
    return {str(name): str(versions) for name, versions in rows}
