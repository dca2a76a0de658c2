"""Counting the visits of the store: what each night changed, so that the counts known after any night are a sum.

`counts`, `reason_counts` and `denominators` are ledgers. A night adds its changes (visits told, corrected, withdrawn,
coded otherwise) and never alters those of an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from surveillance.history import first_meant
from surveillance.kept_counts import count_kept
from surveillance.ledgers import CELL, COUNT_LEDGERS, DENOMINATOR_LEDGER, DENOMINATORS, LATEST, Ledger, abridge
from surveillance.store import Store
from surveillance.visit_codes import Told

FROM_NIGHT = "count_from"


def count_later(store: Store, night: date) -> None:
    """Remember that the ledgers lack the changes from this night on, until `night_to_count` is asked."""
    known = store.fact(FROM_NIGHT)
    store.keep_fact(FROM_NIGHT, min(known, night.isoformat()) if known else night.isoformat())


def night_to_count(store: Store) -> date | None:
    """The first night whose changes are to be counted, which are then taken for counted."""
    known = store.fact(FROM_NIGHT)
    store.run("DELETE FROM facts WHERE key = $key", {"key": FROM_NIGHT})
    return date.fromisoformat(known) if known else None


def count_nights(store: Store, first: date, last: date, acts: tuple[str, ...]) -> int:
    """Write again what the nights from `first` to `last` changed; gives the number of acts they told of, net."""
    _know_codings(store)
    nights = {"first": first, "last": last}
    recoded = _recoded(store, nights)
    parts, looked_at = list(_told(store, first, last, recoded)), {**nights, "acts": list(acts), "recoded": recoded}
    for basis, ledger in COUNT_LEDGERS.items():
        _write(store, ledger, parts, looked_at | {"basis": basis})
    _write(store, DENOMINATOR_LEDGER, parts, looked_at)
    store.run("DROP TABLE temp.coding_nights")
    count_kept(store, first, last)
    abridge(store, first, last)
    told = store.value(f"SELECT sum(visits_all) FROM {DENOMINATORS} WHERE night BETWEEN $first AND $last", nights)
    return int(told or 0)


def _write(store: Store, ledger: Ledger, parts: Iterable[Told], looked_at: dict[str, Any]) -> None:
    """The rows of a ledger in these nights; a change of a later night than its piece's waits for that night's piece."""
    nights = {key: looked_at[key] for key in ("first", "last")}
    store.run(f"DELETE FROM {ledger.table} WHERE night BETWEEN $first AND $last", nights)
    store.run(f"CREATE OR REPLACE TEMP TABLE waiting AS FROM {ledger.table} LIMIT 0")
    for part in parts:
        told = {"told_first": part.first, "told_last": part.last}
        store.run(f"INSERT INTO waiting BY NAME {store.sql(ledger.statement)}", looked_at | told)
        _settle(store, ledger, part.last)
    _settle(store, ledger, LATEST)
    store.run("DROP TABLE temp.waiting")


def _settle(store: Store, ledger: Ledger, night: date) -> None:
    """Add up what waits for the nights until this one."""
    store.run(
        f"INSERT INTO {ledger.table} BY NAME SELECT {ledger.key(CELL)}, {ledger.sums} FROM waiting "
        f"WHERE night <= $night GROUP BY ALL HAVING NOT ({ledger.nothing}) ORDER BY {ledger.key(CELL)}",
        {"night": night},
    )
    store.run("CREATE OR REPLACE TEMP TABLE waiting AS FROM waiting WHERE night > $night", {"night": night})


def _know_codings(store: Store) -> None:
    """The night from which each coding is in force; the first is in force from the beginning."""
    store.run(
        "CREATE OR REPLACE TEMP TABLE coding_nights AS SELECT number, from_night AS night FROM codings "
        "WHERE number > (SELECT min(number) FROM codings)"
    )


def _recoded(store: Store, nights: dict[str, Any]) -> bool:
    """Was history coded again in these nights?"""
    return bool(
        store.value(
            "SELECT count(*) FROM codings WHERE recoded_since IS NOT NULL AND from_night BETWEEN $first AND $last",
            nights,
        )
    )


def _told(store: Store, first: date, last: date, recoded: bool) -> Iterator[Told]:
    """The versions that these nights can have changed, in pieces of a month, oldest first.

    Earlier versions: those that ended in these nights, and all of them where history was coded again in these nights.
    """
    oldest = store.value("SELECT min(from_night) FROM visits") if first == date.min else first
    if oldest is None:
        return
    nights = {"first": oldest, "last": last}
    touched = "TRUE" if recoded else "from_night >= $since AND to_night BETWEEN $first AND $last"
    since = {} if recoded else {"since": first_meant(store, nights["first"]), "last": last}
    earlier = store.rows(
        f"SELECT min(from_night), max(from_night) FROM visits WHERE from_night < $first AND {touched}",
        {"first": nights["first"]} | since,
    )[0]
    told = store.rows("SELECT min(from_night), max(from_night) FROM visits WHERE from_night BETWEEN $first AND $last",
                      nights)[0]  # fmt: skip
    for oldest, newest in (earlier, told):
        if oldest:
            yield from Told(oldest, newest).months()
