"""The habits in the store: profiles, findings and data events of a night, so that everyone can ask about them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import erf, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surveillance.habits import events, findings, profiles
from surveillance.habits.findings import Finding
from surveillance.habits.judging import hour
from surveillance.habits.past import read_profiles
from surveillance.territories import load_regions

if TYPE_CHECKING:
    import pyarrow as pa

    from surveillance.habits.nights import Judge
    from surveillance.store import Store


def keep_findings(store: Store, night: date, records: Path, found: list[Finding], judge: Judge) -> None:
    """Fill the tables profiles, findings and data_events for a night; call inside a transaction."""
    names = {code: item.name for code, item in load_regions(store.content).items()}
    told = events.data_events(night, found, list(judge.members.values()), judge.rules.territory, names)
    for table, rows in (
        ("profiles", profiles.to_table(read_profiles(records))),
        ("findings", findings.to_table(found)),
        ("data_events", events.to_table(told)),
    ):
        _insert(store, table, night, rows)


def _insert(store: Store, table: str, night: date, rows: pa.Table) -> None:
    parameters: dict[str, Any] = {"night": night}
    with store.table("kept", rows):
        extra = "" if "night" in rows.column_names else "$night::DATE AS night, "
        store.run(f"INSERT INTO {table} BY NAME SELECT {extra}* FROM kept", parameters if extra else None)


def events_of(store: Store, night: date) -> list[dict[str, Any]]:
    """The data events of a night as journals and manifests tell them: nation, then régions, then associations."""
    rows = store.arrow(store.sql("data_events"), {"night": night}).to_pylist()
    return [row | {"visit_day": row["visit_day"].isoformat()} | _rounded(row) for row in rows]


def reception_habits(store: Store, night: date) -> dict[str, dict[str, Any]]:
    """What the event `reception` adds for each association, for the board.

    expected, low, high: visits of the day, None where the habit is unknown. unusual (0-1): how improbable what was
    received is (the probability that chance alone keeps nearer to the expected); 1 where nothing came and the habit is
    unknown. usual_hour: `HH:MM`, "" unknown. arrived: ISO instant in UTC of the newest file on the server, "" unknown.
    """
    rows = store.rows(store.sql("reception_habits"), {"night": night})
    return {
        code: {
            "expected": _one(expected),
            "low": _one(low),
            "high": _one(high),
            "unusual": _unusual(status, visits, expected, spread),
            "usual_hour": "" if minute is None else hour(minute),
            "arrived": "" if arrival is None or arrival < 0 else datetime.fromtimestamp(arrival, UTC).isoformat(),
        }
        for code, status, visits, expected, low, high, spread, minute, arrival in rows
    }


def _one(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _unusual(status: str, visits: int, expected: float | None, spread: float | None) -> float:
    if status == "closed":
        return 0.0
    if expected is None or not spread:
        return 1.0 if status in ("absent", "refused") else 0.0
    return round(erf(abs(sqrt(visits) - sqrt(expected)) / spread / sqrt(2)), 4)


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    numbers = ("observed", "expected", "low", "high")
    return {name: None if row[name] is None else round(row[name], 3) for name in numbers}
