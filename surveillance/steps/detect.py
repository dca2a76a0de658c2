"""Detect: data signals first, then every series tested, and the few events that the budget lets through."""

from __future__ import annotations

from datetime import date, timedelta

from surveillance.associations import Association
from surveillance.calendar import load_indices
from surveillance.coding.syndromes import load_syndromes
from surveillance.night import Counts, Night
from surveillance.schools import load_schools
from surveillance.signal_rules import SignalRules, load_rules
from surveillance.signals.data_signals import data_signals
from surveillance.signals.grouping import Map
from surveillance.signals.keeping import earlier_events, keep
from surveillance.signals.near_days import NearDays
from surveillance.signals.outcome import outcome
from surveillance.signals.reading import read_watched, steps_known
from surveillance.signals.watched import Watched

WEEK = 7


def detect(night: Night) -> Counts:
    """Write the events of the night; counts of data signals, of series and days tested, of events."""
    rules = load_rules(night.content)
    store, members = night.store, _members(night)
    known = steps_known(store, night.date, WEEK * 52 * (rules.weekly.years + 2))
    days = min(known, rules.daily.history_days)
    data = data_signals(store, night.date, night.date - timedelta(days=max(days, 1)), members, rules.data)
    near = NearDays(load_indices(night.content), load_schools(night.content))
    names = _syndromes(night, rules), rules.series.age_scheme
    calendar = near, rules.calendar

    def watched(steps: int, step: int) -> Watched:
        return read_watched(store, night.date, steps, members, names, data, calendar, step)

    if not days or not members:
        keep(store, night.date, [], data)
        return {"data_signals": len(data), "series": 0, "signals": 0}
    weeks = known // WEEK if night.date.isoweekday() in rules.weekly.nights else 0
    enough = weeks >= 52 * rules.weekly.years + WEEK + 1
    changed = frozenset(one.territory for one in data if one.scope == "syndrome")
    found = outcome(
        watched(days, 1), watched(weeks, WEEK) if enough else None, rules, _map(night, members),
        earlier_events(store, night.date), near.said, changed,
    )  # fmt: skip
    with store.transaction():
        keep(store, night.date, found.events, data)
    shown = sum(event.shown for event, _ in found.events)
    return {"data_signals": len(data), "series": found.tested, "events": len(found.events), "signals": shown}


def _members(night: Night) -> tuple[Association, ...]:
    """The members of the day that the night is for."""
    day: date = night.visit_day
    return tuple(one for one in night.associations if one.since <= day and (one.until is None or day <= one.until))


def _syndromes(night: Night, rules: SignalRules) -> tuple[str, ...]:
    """Ids of the definitions in force on the visit day, or of those of them that the rules name."""
    day = night.visit_day
    force = [
        one.id for one in load_syndromes(night.content) if one.since <= day and (one.until is None or day <= one.until)
    ]
    return tuple(dict.fromkeys(one for one in force if not rules.syndromes or one in rules.syndromes))


def _map(night: Night, members: tuple[Association, ...]) -> Map:
    return Map(night.content, {item.code: item.department for item in members})
