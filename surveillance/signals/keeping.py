"""The events of a night in the store: written anew each time, and read by the nights after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from surveillance.signals.data_signals import DataSignal
from surveillance.signals.events import Event, Known
from surveillance.signals.grouping import Alarm

if TYPE_CHECKING:
    from surveillance.store import Store

NAMES_LAST = 14  # days after its last alarm in which an event can go on
RENAMED = {
    "kind": "territory_kind", "code": "territory", "first": "first_day", "last": "last_day", "upperbound": "threshold",
    "score": "statistic",
}  # fmt: skip
TABLES = ("signal_events", "signal_alarms", "data_signals")


def keep(store: Store, night: date, events: Sequence[tuple[Event, list[Alarm]]], data: Sequence[DataSignal]) -> None:
    """Write what a night found, in place of what it had found before."""
    rows: dict[str, list[dict[str, Any]]] = {
        "signal_events": [event.row() for event, _ in events],
        "signal_alarms": [_alarm_row(event, alarm) for event, alarms in events for alarm in alarms],
        "data_signals": [one.row() for one in data],
    }
    for table in TABLES:
        store.run(f"DELETE FROM {table} WHERE night = $night", {"night": night})
        if rows[table]:
            _insert(store, table, [{"night": night} | row for row in rows[table]])


def _insert(store: Store, table: str, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa

    with store.table("found", pa.Table.from_pylist(rows)):
        store.run(f"INSERT INTO {table} BY NAME SELECT * FROM found")


def _alarm_row(event: Event, alarm: Alarm) -> dict[str, Any]:
    row = asdict(alarm)
    del row["phi"]
    named = {RENAMED.get(name, name): _number(value) for name, value in row.items()}
    return named | {"event": event.event}


def _number(value: Any) -> Any:
    """A value, None in the place of NaN."""
    return None if value != value else value


def earlier_events(store: Store, night: date) -> list[Known]:
    """Events that tonight's may go on, under the names that earlier nights gave them."""
    rows = store.rows(
        "SELECT event, any_value(syndrome), min(first_day), max(last_day), flatten(list(territories)) "
        "FROM signal_events WHERE night < $night AND last_day >= $since GROUP BY event ORDER BY event",
        {"night": night, "since": night - timedelta(days=NAMES_LAST)},
    )
    return [
        Known(event, syndrome, first, last, tuple({(p.split(":")[0], p.split(":")[1]) for p in places}))
        for event, syndrome, first, last, places in rows
    ]
