"""Aggregate: write down what the night changed in the counts, then prove that the night adds up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveillance.ages import load_acts
from surveillance.counting import count_nights, night_to_count
from surveillance.errors import Exit, FeedsError
from surveillance.habits.keeping import reception_habits
from surveillance.history import audit
from surveillance.ledgers import LATEST
from surveillance.night import Counts, Night

TROUBLE = ("partial", "absent", "refused")


def aggregate(night: Night) -> Counts:
    """The changes of counts and denominators, the audits, and the coverage rule of the timetable."""
    acts = load_acts(night.content).counted
    with night.store.transaction():
        first = night_to_count(night.store)
        counted = count_nights(night.store, first, LATEST, acts) if first else 0
        audit(night.store, night.date, acts)
    return {"acts_counted": counted, **_day(night), **_coverage(night)}


def _day(night: Night) -> Counts:
    """Acts of the day the night is for, and the share of them that have a diagnosis, in per cent."""
    acts, coded = night.store.rows(
        "SELECT coalesce(sum(visits_all), 0), coalesce(sum(visits_coded), 0) FROM denominators WHERE visit_day = $day",
        {"day": night.visit_day},
    )[0]
    return {"day_acts": int(acts), "coded_percent": round(100 * coded / acts) if acts else 0}


def _too_few(night: Night, share: float) -> None:
    """The exit code says it; whether the file leaves all the same is the timetable's choice."""
    rule = night.timetable.coverage
    night.journal.event("too few feeds", share=round(share, 3), floor=rule.floor, below=rule.below)
    if rule.below == "stop":
        raise FeedsError(
            f"only {share:.0%} of the expected volume is there, the floor is {rule.floor:.0%}: nothing is sent",
            "surveillance status says who is missing; the floor is in schedules/night.toml",
        )
    night.verdict = Exit.FEEDS


def _expected(row: Mapping[str, Any], habits: Mapping[str, Mapping[str, Any]]) -> float:
    """Visits of the day by habit, else the usual volume of the registry: the same as the board and the report."""
    habit = habits.get(row["association"], {}).get("expected")
    return float(row["usual_volume"] if habit is None else habit)


def _coverage(night: Night) -> Counts:
    rows = night.store.arrow(
        "SELECT * EXCLUDE (night) FROM receptions WHERE night = $night ORDER BY association", {"night": night.date}
    ).to_pylist()
    habits = reception_habits(night.store, night.date)
    for row in rows:
        night.journal.event("reception", **row, **habits.get(row["association"], {}))
    due = {row["association"]: _expected(row, habits) for row in rows if row["status"] != "closed"}
    expected = sum(due.values())
    present = sum(due[row["association"]] for row in rows if row["status"] in ("received", "partial"))
    share = present / expected if expected else 0.0
    if share < night.timetable.coverage.floor:
        _too_few(night, share)
    by_status = {status: sum(row["status"] == status for row in rows) for status in ("received", *TROUBLE, "closed")}
    visits = {name: sum(row[name] for row in rows) for name in ("day_visits", "late_visits")}
    return by_status | visits | {"coverage_percent": round(100 * share)}
