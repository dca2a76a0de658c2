"""How each syndrome moved from one complete week to the next, in counts and in share of coded visits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from surveillance.reporting.data import ReportData, Row, records
from surveillance.reporting.rules import Change, Rules
from surveillance.reporting.seasons import Season, previous_seasons, same_week, share_of


@dataclass(frozen=True)
class Trend:
    """The last complete week of a syndrome against the one before. `change` is relative; shares are 0..1.

    `level` is against `seasons` earlier ones; `simulated` says that some of these were not observed.
    """

    syndrome: str
    label: str
    week: date | None = None
    visits: int = 0
    share: float | None = None
    visits_before: int | None = None
    share_before: float | None = None
    direction: str = "unknown"
    streak: int = 0
    small: bool = False
    level: str = ""
    seasons: int = 0
    simulated: bool = False
    spark: tuple[float | None, ...] = ()

    @property
    def delta(self) -> int | None:
        """Visits more (or fewer) than the week before."""
        return None if self.visits_before is None else self.visits - self.visits_before

    @property
    def change(self) -> float | None:
        """Relative change of the count."""
        return relative(self.visits, self.visits_before)


def relative(now: float, before: float | None) -> float | None:
    """(now − before) / before; none when there is nothing to divide by."""
    return None if not before else (now - before) / before


def direction(change: float | None, rule: Change) -> str:
    """A key of [direction]: under `slight` stable, up to `plain` slight; judged on the whole % that is printed."""
    if change is None:
        return "unknown"
    change = round(change, 2)
    if abs(change) < rule.slight:
        return "stable"
    return ("rise" if change > 0 else "fall") + ("" if abs(change) > rule.plain else "_slight")


def last_complete_week(data: ReportData) -> date | None:
    """The last Monday whose week is complete (for the network: the same for all syndromes)."""
    weeks = data.weekly.loc[data.weekly["complete"].astype(bool), "week_monday"]
    known = [week for week in weeks if week <= data.meta.visit_day]
    return max(known) if known else None


def trend(data: ReportData, rules: Rules, syndrome: str) -> Trend:
    """The movement of one syndrome (an empty Trend when no week is complete)."""
    label = data.label(syndrome)
    weekly = data.weekly[(data.weekly["syndrome"] == syndrome) & data.weekly["complete"].astype(bool)]
    by_week = {row["week_monday"]: row for row in records(weekly)}
    week = last_complete_week(data)
    if week is None or week not in by_week:
        return Trend(syndrome, label)
    now, before = by_week[week], by_week.get(week - timedelta(days=7))
    visits = int(now["visits"])
    share = share_of(visits, now["visits_coded"])
    visits_before = int(before["visits"]) if before else None
    past = previous_seasons(data, rules, syndrome)
    level, seasons = level_against(share, week, past, rules.change.level)
    return Trend(
        syndrome,
        label,
        week,
        visits,
        share,
        visits_before,
        share_of(before["visits"], before["visits_coded"]) if before else None,
        direction(relative(visits, visits_before), rules.change),
        streak(by_week, week, rules.change),
        max(visits, visits_before or 0) < rules.change.small_count,
        level,
        seasons,
        any(season.source == "simulated" for season in past),
        spark(by_week, week, rules.spark_weeks),
    )


def streak(by_week: dict[date, Row], week: date, rule: Change) -> int:
    """How many weeks in a row the count moved the same (not stable) way, up to `week`."""
    length, way = 0, ""
    while week in by_week and week - timedelta(days=7) in by_week:
        now, before = (float(by_week[w]["visits"]) for w in (week, week - timedelta(days=7)))
        moved = direction(relative(now, before), rule).removesuffix("_slight")
        if moved not in ("rise", "fall") or (way and moved != way):
            break
        length, way, week = length + 1, moved, week - timedelta(days=7)
    return length


def spark(by_week: dict[date, Row], week: date, weeks: int) -> tuple[float | None, ...]:
    """Shares of the last `weeks` complete weeks, the oldest first; none where a week is missing."""
    mondays = [week - timedelta(days=7 * back) for back in range(weeks - 1, -1, -1)]
    found = [by_week.get(monday) for monday in mondays]
    return tuple(share_of(row["visits"], row["visits_coded"]) if row else None for row in found)


def level_against(share: float | None, week: date, seasons: list[Season], near: float) -> tuple[str, int]:
    """(`above`, `below`, `comparable`, `between` or nothing, number of seasons that have this week)."""
    mondays = [same_week(week, back) for back in range(1, 11)]
    then = [next((s.shares[m] for m in mondays if m in s.shares), None) for s in seasons]
    known = [value for value in then if value is not None]
    if share is None or not known:
        return "", 0
    if share > max(known) * (1 + near):
        return "above", len(known)
    if share < min(known) * (1 - near):
        return "below", len(known)
    alike = all(abs(share - value) <= near * value for value in known)
    return ("comparable" if alike or len(known) == 1 else "between"), len(known)
