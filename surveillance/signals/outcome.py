"""A night's signals, from what is watched to events: a function of arrays and rules, without a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from surveillance.signals.budget import WEEKLY, kept, threshold, weekly_threshold
from surveillance.signals.events import Event, Known, make_events
from surveillance.signals.firing import Tested, judge_days, judge_weeks
from surveillance.signals.grouping import Alarm, Map
from surveillance.signals.perimeter import Judging, Leaning, again
from surveillance.signals.rising import judge_rise, rolling_weeks
from surveillance.signals.watched import Flags, Place, Watched, places_of

if TYPE_CHECKING:
    from surveillance.signal_rules import SignalRules

USUAL_DAYS = 14  # before the days tested, of which the late share is told
Calendar = Callable[[date, str], str]  # day, département → why it is unlike others, "" for an ordinary one
Leanings = dict[tuple[str, str], Leaning]


@dataclass
class Outcome:
    """tested: series and steps. limit, weekly_limit: largest p-values let through.

    fired: alarms of the methods before the budget. by_method: of `tested`, those of each method.
    """

    tested: int = 0
    limit: float = 0.0
    fired: int = 0
    events: list[tuple[Event, list[Alarm]]] = field(default_factory=list)
    by_method: dict[str, int] = field(default_factory=dict)
    weekly_limit: float = 0.0


def outcome(
    daily: Watched, weekly: Watched | None, rules: SignalRules, where: Map, earlier: Sequence[Known] = (),
    calendar: Calendar = lambda day, department: "", changed: frozenset[str] = frozenset(),
) -> Outcome:  # fmt: skip
    """The events of a night. `changed`: syndromes whose definition is not the same in all of the baseline."""
    places = places_of(daily.associations, rules.series.territories)
    reach = rules.daily.baseline_days + rules.daily.guard_days + rules.daily.tested_days
    found: list[Tested] = []
    leanings: Leanings = {}
    whole = len(weekly.days) if weekly is not None else 1  # who was not there five years ago is no part of the past
    rolling = rolling_weeks(daily, rules.rise.weeks + 1, rules.daily.tested_days) if rules.rise else None
    wide = [place for place in places if rules.rise and place.kind in rules.rise.territories]
    ways: tuple[tuple[Watched | None, Judging, int, Sequence[Place]], ...] = (
        (daily, judge_days, reach, places),
        (rolling, judge_rise, len(rolling.days) if rolling else 1, wide),
        (weekly, judge_weeks, whole, places),
    )
    for seen, judging, steps, where_tested in ways:
        tested = judging(seen, where_tested, rules) if seen is not None and where_tested else None
        if tested is not None:
            tested, leaning = again(tested, judging, rules, steps)
            found.append(tested)
            leanings = leaning | leanings
    limit = threshold(found, rules.budget)
    weekly_limit = weekly_threshold(found, rules.budget, len(rules.weekly.nights))
    masks = [kept(one, weekly_limit if one.method == WEEKLY else limit, rules.budget) for one in found]
    alarms = [alarm for one, mask in zip(found, masks, strict=True) for alarm in _alarms(one, mask)]
    fired = sum(int((one.pvalue < 1).sum()) for one in found)
    told = _telling(daily, rules, leanings, calendar, changed)
    events = make_events(alarms, rules, where, earlier, told)
    numbers = {one.method: one.number for one in found}
    return Outcome(sum(numbers.values()), limit, fired, events, numbers, weekly_limit)


def _alarms(tested: Tested, mask: Flags) -> list[Alarm]:
    seen, out = tested.watched, []
    for step, number, syndrome, age in np.argwhere(mask):
        last: date = seen.days[tested.steps[step]].astype("datetime64[D]").item()
        at, place = (step, number, syndrome, age), tested.places[number]
        values = (
            float(part[at])
            for part in (
                tested.observed, tested.expected, tested.phi, tested.upperbound, tested.score, tested.pvalue,
            )
        )  # fmt: skip
        first = last - timedelta(days=seen.step - 1)
        names = (tested.method, seen.syndromes[syndrome], place.kind, place.code, seen.ages[age])
        out.append(Alarm(*names, first, last, *values))
    return out


def _telling(
    seen: Watched, rules: SignalRules, leanings: Leanings, calendar: Calendar, changed: frozenset[str]
) -> dict[str, Any]:
    """What events ask for: doubts, days of the calendar, coded and late shares of a territory."""
    members = {
        (one.kind, one.code): list(one.members) for one in places_of(seen.associations, rules.series.territories)
    }
    days = seen.days.astype("datetime64[D]")

    def doubts(syndrome: str, kind: str, code: str, first: date, last: date) -> str:
        leaning = leanings.get((kind, code))
        parts = [f"définition de {syndrome} changée"] if syndrome in changed else []
        return " ; ".join([*parts, *([said(leaning)] if leaning else [])])

    def near(kind: str, code: str, first: date, last: date) -> str:
        places = {seen.associations[one].department for one in members[kind, code]} if kind != "national" else {""}
        span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        told = [calendar(day, place) for day in span for place in sorted(places)]
        return ", ".join(dict.fromkeys(filter(None, told)))

    def coded(kind: str, code: str, first: date, last: date) -> float | None:
        rows = (days >= np.datetime64(first)) & (days <= np.datetime64(last))
        acts = seen.acts[rows][:, members[kind, code]].sum(axis=(0, 1))
        return float(acts[1] / acts[0]) if acts[0] else None

    def late(kind: str, code: str) -> float | None:
        end = len(days) - rules.daily.tested_days
        acts = seen.acts[max(0, end - USUAL_DAYS) : end][:, members[kind, code]].sum(axis=(0, 1))
        return float(acts[2] / acts[0]) if acts[0] else None

    return {"doubts": doubts, "calendar": near, "coded": coded, "late": late}


def said(leaning: Leaning) -> str:
    """How a territory with doubtful feeds was judged, in French, as the page says it."""
    feeds = ", ".join(leaning.without[:5]) + ("…" if len(leaning.without) > 5 else "")
    how = "sans ses jours douteux" if leaning.days else "sans elle" if len(leaning.without) == 1 else "sans elles"
    return f"flux douteux : {feeds} ; tient {how} ({100 * leaning.remaining:.0f} % des actes)"
