"""Events of a night: what is known of each, its rank, and the name it keeps from one night to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from math import log10
from typing import TYPE_CHECKING, Any

import numpy as np

from surveillance.signals.expecting import limits
from surveillance.signals.grouping import Alarm, Map, event_id, grouped, joined, leading
from surveillance.signals.watched import ALL

if TYPE_CHECKING:
    from surveillance.signal_rules import SignalRules

MOST_IMPROBABLE = 1e-30  # below it no p-value means more


@dataclass(frozen=True)
class Event:
    """One event. Figures are those of its leading series on the days that gave an alarm tonight.

    territory_kind, territory, age: of the leading series. territories: `kind:code` of all alarms; neighbours: of
    these, départements. low, high: interval of the expected count. duration: days since the first. weight: excess ×
    improbability × severity. shares: 0 to 1. shown: among the first of the night.
    """

    event: str
    rank: int
    shown: bool
    syndrome: str
    territory_kind: str
    territory: str
    age: str
    first_day: date
    last_day: date
    duration: int
    observed: float
    expected: float
    low: float
    high: float
    excess: float
    pvalue: float
    severity: float
    weight: float
    alarms: int
    methods: list[str]
    territories: list[str]
    neighbours: list[str]
    ages: list[str]
    coded_share: float | None
    late_share: float | None
    doubtful: bool
    reason: str
    calendar: str
    protocol: str

    def row(self) -> dict[str, Any]:
        """The row of the table `signal_events`, without its night."""
        return asdict(self)


@dataclass(frozen=True)
class Known:
    """An event of an earlier night, as far as names go on: its territories as (kind, code)."""

    event: str
    syndrome: str
    first_day: date
    last_day: date
    territories: tuple[tuple[str, str], ...]


def make_events(
    alarms: Sequence[Alarm], rules: SignalRules, where: Map, earlier: Sequence[Known], told: Mapping[str, Any]
) -> list[tuple[Event, list[Alarm]]]:
    """Events in the order of their rank, each with its alarms. `told`: see `Telling`."""
    gap = rules.events.gap_days
    groups = joined(grouped(alarms, where, gap), lambda group: _gone_on(group, where, earlier, gap))
    found = [(_event(group, rules, where, told), group) for group in groups]
    found.sort(key=lambda pair: (-pair[0].weight, pair[0].event))
    taken: set[str] = set()
    named = []
    for rank, (event, group) in enumerate(found, 1):
        event = _continued(event, _gone_on(group, where, earlier, gap), taken)
        taken.add(event.event)
        named.append((replace(event, rank=rank, shown=rank <= rules.budget.shown_a_night), group))
    return named


def _event(group: list[Alarm], rules: SignalRules, where: Map, told: Mapping[str, Any]) -> Event:
    lead = leading(group)
    same = [one for one in group if (one.place, one.age, one.method) == (lead.place, lead.age, lead.method)]
    observed, expected = sum(one.observed for one in same), sum(one.expected for one in same)
    phi = sum(one.phi * one.expected for one in same) / max(expected, 1e-9)
    low, high = limits(np.array([expected]), np.array([max(1.0, phi)]), rules.events.interval)
    shortest = min(one.days for one in group)  # a week's alarm does not say on which of its days it began
    first, last = min(one.first for one in group if one.days == shortest), max(one.last for one in group)
    severity = rules.severity.get(lead.syndrome, 1.0)
    improbable = -log10(max(lead.pvalue, MOST_IMPROBABLE))
    places = sorted({one.place for one in group})
    doubts = [told["doubts"](one.syndrome, *one.place, one.first, one.last) for one in group]
    days = [told["calendar"](one.kind, one.code, one.first, one.last) for one in group if one.method == lead.method]
    reason = " ; ".join(dict.fromkeys(filter(None, doubts)))
    return Event(
        event_id(lead, first), 0, False, lead.syndrome, lead.kind, lead.code, lead.age, first, last,
        (last - first).days + 1, observed, expected, float(low[0]), float(high[0]), observed - expected, lead.pvalue,
        severity, (observed - expected) * improbable * severity, len(group),
        sorted({one.method for one in group}), [":".join(place) for place in places], where.neighbours(places),
        sorted({one.age for one in group}, key=lambda age: (age != ALL, age)),
        told["coded"](lead.kind, lead.code, first, last), told["late"](lead.kind, lead.code), bool(reason), reason,
        ", ".join(dict.fromkeys(filter(None, days))), protocol_of(rules, lead.syndrome, lead.kind),
    )  # fmt: skip


def protocol_of(rules: SignalRules, syndrome: str, kind: str) -> str:
    """The type of the first protocol that fits."""
    for name, one in rules.protocol.items():
        if (not one.syndromes or syndrome in one.syndromes) and (not one.territories or kind in one.territories):
            return name
    return ""


def _gone_on(group: Sequence[Alarm], where: Map, earlier: Sequence[Known], gap: int) -> Known | None:
    """The earlier event that these alarms go on, the oldest of several. `gap`: days, or weeks of an alarm of a week."""
    begun = min(one.first - timedelta(days=gap * one.days + 1) for one in group)
    places = {one.place for one in group}
    same = [
        one
        for one in earlier
        if one.syndrome == group[0].syndrome
        and begun <= one.last_day
        and any(place == other or where.touch(place, other) for place in places for other in one.territories)
    ]
    return min(same, key=lambda one: (one.first_day, one.event)) if same else None


def _continued(event: Event, before: Known | None, taken: set[str]) -> Event:
    """The event under the name and first day of the earlier one that it goes on."""
    if before is None:
        return _unlike(event, taken)
    first = before.first_day
    return replace(event, event=before.event, first_day=first, duration=(event.last_day - first).days + 1)


def _unlike(event: Event, taken: set[str]) -> Event:
    number, name = 2, event.event
    while name in taken:
        name, number = f"{event.event}-{number}", number + 1
    return replace(event, event=name)


COLUMNS = tuple(item.name for item in fields(Event))
