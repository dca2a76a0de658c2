"""Nights without any signal, simulated, and how many events they raise: the calibration of the budget of false events.

    python -m surveillance.makers.null_signals [nights] [seed]

Counts of every association, syndrome and age are negative binomial (or Poisson) around a level, a weekday and a season
with its own peak for each syndrome; sizes are those of the registry. What is written down in indicators/signals.toml
(`[budget] calibration`) is events over the false alarms that the p-values let expect.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from surveillance.associations import Association, load_associations
from surveillance.content import Content
from surveillance.detection.rules import SignalRules, load_rules
from surveillance.signals.budget import WEEK
from surveillance.signals.events import Known
from surveillance.signals.grouping import Map
from surveillance.signals.outcome import Outcome, outcome
from surveillance.signals.watched import ALL, Watched

FIRST = np.datetime64("2023-01-02")  # a Monday
WEEKDAYS = np.array([1.07, 0.97, 0.96, 0.96, 0.94, 1.10, 1.07])  # extracts/calendar/indices.toml
AGES = (0.16, 0.17, 0.50, 0.17)  # share of each age group in the acts, as in the published weekly figures
ACTS = 12_000.0  # a day, all of France


@dataclass(frozen=True)
class Null:
    """What is simulated. largest: acts a day of the first syndrome, each next one `falling` times as many.

    size: of the negative binomial of a cell (0: Poisson). season: log of the peak over the mean of the year.
    """

    syndromes: int = 43
    largest: float = 3500.0
    falling: float = 0.83
    size: float = 20.0
    season: float = 0.4


@dataclass
class Tally:
    """nights; names of the events; false alarms expected at the limit; series and days tested."""

    nights: int = 0
    events: set[str] = field(default_factory=set)
    expected: float = 0.0
    tested: int = 0

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


def nights(seen: Watched, rules: SignalRules, where: Map, first: int) -> Iterator[tuple[date, Outcome]]:
    """The outcome of each night, those from day `first` on; an event keeps its name in the nights after."""
    earlier: list[Known] = []
    for last in range(first, len(seen.days)):
        found = outcome(seen.ending(last, rules.daily.history_days), None, rules, where, earlier)
        day: date = seen.days[last].astype("datetime64[D]").item()
        earlier = [one for one in earlier if one.last_day > day - timedelta(days=WEEK)]
        for event, alarms in found.events:
            earlier = [one for one in earlier if one.event != event.event]
            places = tuple({alarm.place for alarm in alarms})
            earlier.append(Known(event.event, event.syndrome, event.first_day, event.last_day, places))
        yield day, found


def tally(seen: Watched, rules: SignalRules, where: Map) -> Tally:
    """Events of all nights but those that only begin."""
    out = Tally()
    for _, found in nights(seen, rules, where, rules.daily.history_days - 1):
        out.nights += 1
        out.events |= {event.event for event, _ in found.events}
        out.expected += found.tested * found.limit
        out.tested += found.tested
    return out


def main() -> None:
    """Print what the budget comes to."""
    asked = [int(text) for text in sys.argv[1:3]]
    number, seed = (*asked, *(70, 1)[len(asked) :])
    content = Content()
    rules, members = load_rules(content), load_associations(content)
    where = Map(content, {item.code: item.department for item in members})
    for name, null in (("negative binomial", Null()), ("Poisson", Null(size=0.0)), ("steep", Null(season=0.9))):
        found = tally(null_counts(members, rules.daily.history_days + number - 1, null, seed), rules, where)
        ratio = len(found.events) / found.expected
        print(
            f"{name}: {found.nights} nights, {found.tested} tests, {len(found.events)} events, "
            f"{found.a_week:.2f} a week, {ratio:.3f} for each false alarm expected"
        )


if __name__ == "__main__":
    main()
