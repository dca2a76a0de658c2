"""Nights without any signal, simulated, and how many events they raise: the calibration of the budget of false events.

    python -m surveillance.makers.null_signals [nights] [seed]           daily tests alone, three kinds of counts
    python -m surveillance.makers.null_signals --weeks [nights] [seed]   with seven years of past: the weekly tests too

Counts of every association, syndrome and age are negative binomial (or Poisson) around a level, a weekday and a season
with its own peak for each syndrome; sizes are those of the registry. What is written down in indicators/signals.toml
(`[budget] calibration`, `weekly_calibration`) is events over the false alarms that the p-values let expect.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from surveillance.associations import Association, load_associations
from surveillance.content import Content
from surveillance.signal_rules import SignalRules, load_rules
from surveillance.signals.budget import WEEK
from surveillance.signals.events import Known
from surveillance.signals.grouping import Map
from surveillance.signals.outcome import Outcome, outcome
from surveillance.signals.watched import ALL, Watched

FIRST = np.datetime64("2023-01-02")  # a Monday
WEEKDAYS = np.array([1.07, 0.97, 0.96, 0.96, 0.94, 1.10, 1.07])  # extracts/calendar/indices.toml
AGES = (0.16, 0.17, 0.50, 0.17)  # share of each age group in the acts, as in the published weekly figures
ACTS = 12_000.0  # a day, all of France
MORE_YEARS = 2  # of weeks that are read beside those of reference


@dataclass(frozen=True)
class Null:
    """What is simulated. largest: acts a day of the first syndrome, each next one `falling` times as many.

    size: of the negative binomial of a cell (0: Poisson). season: log of the peak over the mean of the year.
    yearly, weekly: standard deviation of the log of a year's and of a week's level of a syndrome in France.
    """

    syndromes: int = 43
    largest: float = 3500.0
    falling: float = 0.83
    size: float = 20.0
    season: float = 0.4
    yearly: float = 0.0
    weekly: float = 0.0


KINDS = (
    ("negative binomial", Null()),
    ("Poisson", Null(size=0.0)),
    ("steep", Null(season=0.9)),
    ("years and weeks differ", Null(yearly=0.1, weekly=0.05)),
)


@dataclass
class Tally:
    """nights; names of the events; false alarms expected at the limit; series and days tested.

    weekly: names of the events of which a weekly test is part, and, of these tests, the same figures.
    """

    nights: int = 0
    events: set[str] = field(default_factory=set)
    expected: float = 0.0
    tested: int = 0
    weekly: set[str] = field(default_factory=set)
    weekly_expected: float = 0.0
    weekly_tested: int = 0

    @property
    def a_week(self) -> float:
        """Events a week."""
        return WEEK * len(self.events) / max(1, self.nights)


def null_counts(members: Sequence[Association], days: int, null: Null, seed: int) -> Watched:
    """So many days without a signal."""
    rng = np.random.default_rng(seed)
    time = np.arange(days)
    share = np.array([item.usual_volume for item in members])
    share /= share.sum()
    level = null.largest * null.falling ** np.arange(null.syndromes)
    ages = rng.dirichlet(40 * np.array(AGES), null.syndromes)
    peak = rng.random(null.syndromes)
    season = np.exp(null.season * np.cos(2 * np.pi * (time[:, None] / 365.25 + peak)))
    for spread, length in ((null.yearly, 365.25), (null.weekly, float(WEEK))):
        if spread:
            step = (time / length).astype(int)
            season *= np.exp(rng.normal(0, spread, (step[-1] + 1, null.syndromes)))[step]
    week = WEEKDAYS[time % WEEK]
    mean = (season * week[:, None])[:, None, :, None] * share[:, None, None] * (level[:, None] * ages)[None, None]
    if null.size:
        mean *= rng.gamma(null.size, 1 / null.size, mean.shape)
    counts = rng.poisson(mean).astype(float)
    acts = rng.poisson(ACTS * share * week[:, None]).astype(float)
    none = np.zeros(acts.shape, bool)
    return Watched(
        FIRST + time, tuple(members), tuple(f"s{n:02}" for n in range(null.syndromes)),
        (ALL, *(f"a{n}" for n in range(len(AGES)))),
        np.concatenate([counts.sum(axis=-1, keepdims=True), counts], axis=-1),
        np.stack([acts, 0.8 * acts, 0.05 * acts], axis=-1), none, acts <= 0, none, np.ones(acts.shape),
        np.ones((*acts.shape, 1 + len(AGES))),
    )  # fmt: skip


def weeks_of(seen: Watched, last: int, weeks: int) -> Watched:
    """The weeks up to the day at place `last`, which is the last of one."""
    days = seen.ending(last, weeks * WEEK)
    whole = len(days.days) // WEEK

    def summed(values: np.ndarray) -> np.ndarray:
        tail = values[len(values) - whole * WEEK :]
        return np.asarray(tail.reshape(whole, WEEK, *tail.shape[1:]).sum(axis=1))

    acts = summed(days.acts)
    none = np.zeros(acts.shape[:2], bool)
    ends = days.days[::-1][::WEEK][:whole][::-1]
    return replace(
        days, days=ends, counts=summed(days.counts), acts=acts, left=none, doubtful=acts[:, :, 0] <= 0, blind=none,
        factor=np.ones(none.shape), step=WEEK,
    )  # fmt: skip


def nights(seen: Watched, rules: SignalRules, where: Map, first: int, years: int = 0) -> Iterator[tuple[date, Outcome]]:
    """The outcome of each night, those from day `first` on; an event keeps its name in the nights after.

    years: of weeks before the night, tested on the nights that the rules name (0: days only).
    """
    earlier: list[Known] = []
    for last in range(first, len(seen.days)):
        day: date = seen.days[last].astype("datetime64[D]").item()
        asked = years and (day + timedelta(days=1)).isoweekday() in rules.weekly.nights
        weekly = weeks_of(seen, last, 52 * years) if asked else None
        found = outcome(seen.ending(last, rules.daily.history_days), weekly, rules, where, earlier)
        earlier = [one for one in earlier if one.last_day > day - timedelta(days=WEEK)]
        for event, alarms in found.events:
            earlier = [one for one in earlier if one.event != event.event]
            places = tuple({alarm.place for alarm in alarms})
            earlier.append(Known(event.event, event.syndrome, event.first_day, event.last_day, places))
        yield day, found


def tally(seen: Watched, rules: SignalRules, where: Map, count: int = 0, years: int = 0) -> Tally:
    """Events of the last `count` nights (0: all but those that only begin); with weeks of so many years, if any."""
    out = Tally()
    first = len(seen.days) - count if count else rules.daily.history_days - 1
    for _, found in nights(seen, rules, where, first, years):
        out.nights += 1
        out.events |= {event.event for event, _ in found.events}
        out.weekly |= {event.event for event, _ in found.events if rules.weekly.method in event.methods}
        weekly = found.by_method.get(rules.weekly.method, 0)
        out.expected += (found.tested - weekly) * found.limit + weekly * found.weekly_limit
        out.tested += found.tested
        out.weekly_expected += weekly * found.weekly_limit
        out.weekly_tested += weekly
    return out


def main() -> None:
    """Print what the budget comes to."""
    weeks = "--weeks" in sys.argv
    asked = [int(text) for text in sys.argv[1:] if text.isdigit()]
    number, seed = (*asked, *(70, 1)[len(asked) :])
    content = Content()
    rules, members = load_rules(content), load_associations(content)
    where = Map(content, {item.code: item.department for item in members})
    years = rules.weekly.years + MORE_YEARS if weeks else 0
    before = 52 * WEEK * years if weeks else rules.daily.history_days - 1
    for name, null in KINDS:
        found = tally(null_counts(members, before + number, null, seed), rules, where, number, years)
        print(f"{name}: {found.nights} nights, {found.tested} tests, {said(found)}")


def said(found: Tally) -> str:
    """Events a week, and for each false alarm expected; those of weekly tests apart."""
    told = f"{len(found.events)} events, {found.a_week:.2f} a week"
    if not found.weekly_tested:
        return f"{told}, {len(found.events) / found.expected:.3f} for each false alarm expected"
    daily = len(found.events) - len(found.weekly)
    return (
        f"{told} (days alone {WEEK * daily / found.nights:.2f}, weeks {WEEK * len(found.weekly) / found.nights:.2f}); "
        f"for each false alarm expected: days {daily / (found.expected - found.weekly_expected):.3f}, "
        f"weeks {len(found.weekly) / found.weekly_expected:.3f} of {found.weekly_tested} weekly tests"
    )


if __name__ == "__main__":
    main()
