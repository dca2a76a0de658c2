"""The counts known after a night: by the ledgers, or counted anew from the visits by another coding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from surveillance.coding.rules import DIAGNOSIS
from surveillance.ledgers import CELL, COUNTED, DENOMINATORS, LATEST, TABLES, TOTALS, known
from surveillance.store import Store
from surveillance.visit_codes import NOW, Told


@dataclass(frozen=True)
class Counted:
    """What is counted: visit days, types of act, series, syndromes (none: all), after which night, by which coding."""

    first: date
    last: date
    acts: tuple[str, ...] = ()
    basis: str = DIAGNOSIS
    syndromes: tuple[str, ...] = ()
    night: date = LATEST
    coding: int = NOW


def count_then(store: Store, what: Counted) -> None:
    """Two tables, `counts_then` and `denominators_then`: net counts of the days as known, and coded, after a night."""
    days = {"first": what.first, "last": what.last}
    for name, table, columns, net in (
        ("counts_then", TABLES[what.basis], f"{CELL}, syndrome, definition, {COUNTED}", "sum(visits)"),
        ("denominators_then", DENOMINATORS, f"{CELL}, {TOTALS}", "sum(visits_all)"),
    ):
        store.run(
            f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {columns} FROM {known(table, what.night)} "
            f"WHERE visit_day BETWEEN $first AND $last GROUP BY ALL HAVING {net} <> 0",
            days,
        )


def recount_then(store: Store, what: Counted) -> str:
    """Counts as known after a night by another coding than that of the night, from the visits; gives their table."""
    store.run("CREATE OR REPLACE TEMP TABLE counts_then AS FROM counts LIMIT 0")
    add_counts(store, "counts_then", what)
    return "counts_then"


def add_counts(store: Store, table: str, what: Counted) -> None:
    """Add counts to a table: month by month of the nights that told, when these are many, to bound the memory."""
    told = store.rows(
        "SELECT min(from_night), max(from_night) FROM visits WHERE event_date BETWEEN $first AND $last "
        "AND from_night BETWEEN $first::DATE - 1 AND $night",
        {"first": what.first, "last": what.last, "night": what.night},
    )[0]
    parameters = {**vars(what), "acts": list(what.acts), "syndromes": list(what.syndromes)}
    for part in Told(told[0], told[1]).months() if told[0] else ():
        nights: dict[str, Any] = {"told_first": part.first, "told_last": part.last}
        store.run(f"INSERT INTO {table} BY NAME {store.sql('counts')}", parameters | nights)


def versions_used(store: Store, table: str, first: date, last: date, syndromes: Iterable[str]) -> dict[str, str]:
    """Syndrome → the versions of its definition that count on these days in a table of counts, as `1` or `1, 2`."""
    rows = store.rows(
        "SELECT syndrome, string_agg(definition, ', ' ORDER BY definition) FROM ("
        f"SELECT syndrome, definition FROM {table} WHERE visit_day BETWEEN $first AND $last "
        "AND list_contains($syndromes, syndrome) GROUP BY ALL HAVING sum(visits) <> 0) GROUP BY ALL",
        {"first": first, "last": last, "syndromes": list(syndromes)},
    )
    return {str(name): str(versions) for name, versions in rows}
