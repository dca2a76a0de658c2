"""Events as people ask for them: those of a night or since one, one by its name, with where each stands."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from surveillance.errors import UsageError
from surveillance.signals.judgements import CLOSED, NEW, REJECTED, Judgement

if TYPE_CHECKING:
    from surveillance.store import Store

OVER = (REJECTED, CLOSED)


def last_night(store: Store) -> date | None:
    """The last night known."""
    found: date | None = store.value("SELECT max(night) FROM receptions")
    return found


def events_of(
    store: Store, first: date, last: date, standing: Mapping[str, Judgement], everything: bool, opened: bool
) -> list[dict[str, Any]]:
    """The events of these nights, each as its last night told it, by rank of that night, the newest nights first.

    everything: those beyond the number shown too. opened: without those rejected or closed.
    """
    rows = store.arrow(
        "FROM signal_events WHERE night BETWEEN $first AND $last "
        "QUALIFY row_number() OVER (PARTITION BY event ORDER BY night DESC) = 1 ORDER BY night DESC, rank",
        {"first": first, "last": last},
    ).to_pylist()
    return [
        row | _standing(standing.get(row["event"]))
        for row in rows
        if (row["shown"] or everything) and not (opened and _state(standing.get(row["event"])) in OVER)
    ]


def _rows(store: Store, statement: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = store.arrow(statement, parameters).to_pylist()
    return found


def _state(one: Judgement | None) -> str:
    return one.state if one else NEW


def _standing(one: Judgement | None) -> dict[str, Any]:
    return {"state": _state(one), "owner": one.owner if one else "", "outcome": one.outcome if one else ""}


def data_signals_of(store: Store, night: date) -> list[dict[str, Any]]:
    """The data signals of a night, those of its own day first in each scope."""
    return _rows(store, "SELECT * EXCLUDE (night) FROM data_signals WHERE night = $night", {"night": night})


def one_event(store: Store, name: str, standing: Mapping[str, Judgement]) -> dict[str, Any]:
    """An event by its name, or by the only one that begins so; UsageError otherwise."""
    names = [str(row[0]) for row in store.rows("SELECT DISTINCT event FROM signal_events ORDER BY event")]
    found = [name] if name in names else [one for one in names if one.startswith(name)]
    if len(found) != 1:
        near = found[:5] or difflib.get_close_matches(name, names, 3)
        hint = ", ".join(near) if near else "surveillance signals list"
        raise UsageError(f"no event is called {name!r}" if not found else f"{name!r} begins several events", hint)
    row: dict[str, Any] = store.arrow(
        "FROM signal_events WHERE event = $event ORDER BY night DESC LIMIT 1", {"event": found[0]}
    ).to_pylist()[0]
    return row | _standing(standing.get(found[0]))


def alarms_of(store: Store, event: str) -> list[dict[str, Any]]:
    """The alarms of an event in every night, the newest first, then the most improbable."""
    return _rows(
        store,
        "SELECT * EXCLUDE (event, syndrome) FROM signal_alarms WHERE event = $event "
        "ORDER BY night DESC, pvalue, territory, age",
        {"event": event},
    )


def nights_of(store: Store, event: str) -> list[dict[str, Any]]:
    """An event as each night told it, the newest first."""
    return _rows(store, "FROM signal_events WHERE event = $event ORDER BY night DESC", {"event": event})


def history_of(found: Sequence[Judgement], event: str) -> list[Judgement]:
    """What was judged of an event, oldest first."""
    return [one for one in found if one.event == event]
