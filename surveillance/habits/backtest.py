"""Back-test: the checks against habits over simulated nights – how often they cry wolf, and what they do not miss.

Simulated from published counts; profiles come from the simulator's columns, and a sample of real files proves that they
are those the night would count.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np

from surveillance.ages import load_acts
from surveillance.clock import nights
from surveillance.content import Content
from surveillance.habits.events import DataEvent, data_events
from surveillance.habits.findings import HELD, NOT_RUN, Finding
from surveillance.habits.judging import CHECKS, Case, judge
from surveillance.habits.nights import Judge
from surveillance.habits.past import YEAR
from surveillance.habits.profiles import Profile, profile_of
from surveillance.simulation.feeds import made_at
from surveillance.simulation.nights import Nights
from surveillance.simulation.visits import ACTS, NO, Visits
from surveillance.simulation.world import load_world
from surveillance.territories import load_regions

UNKNOWN_SEX = 2  # position of "NR" in simulation.recipes.SEXES
MOST_FALSE = 0.001  # share of sound files set aside above which the thresholds are wrong
KEPT = YEAR + 40  # nights kept of each association: this year's and last year's weeks
Change = Callable[[Profile], Profile]

FAULTS: dict[str, tuple[str, Change]] = {  # what is done to a night → the check that must see it
    "volume doubled": ("volume", lambda p: replace(p, visits_day=2 * p.visits_day)),
    "volume halved": ("volume", lambda p: replace(p, visits_day=p.visits_day // 2)),
    "coded share -40 points": ("coded", lambda p: replace(p, coded=max(p.coded - int(0.4 * p.visits_all), 0))),
    "diagnoses lost": ("coded", lambda p: replace(p, coded=0)),
    "half of the codes unknown": ("unknown_codes", lambda p: replace(p, unknown_codes=p.coded // 2)),
    "sex lost": ("sex", lambda p: replace(p, sex_known=0)),
    "age lost": ("age", lambda p: replace(p, age_known=0)),
    "no visit of the day": ("zero_day", lambda p: replace(p, visits_day=0)),
}


@dataclass
class Score:
    """The tallies of a back-test. Faults: (fault, "judged" | "seen" | "held") → association-nights."""

    checks: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: list[Finding] = field(default_factory=list)
    events: list[DataEvent] = field(default_factory=list)
    association_nights: int = 0
    files_read: int = 0
    files_differing: int = 0

    def rows(self) -> list[dict[str, object]]:
        """The table of the back-test: first what the checks said of sound nights, then each fault injected in all."""
        found: list[dict[str, object]] = []
        for check in CHECKS:
            judged = self.association_nights - self.checks[check, NOT_RUN]
            notes, holds = self.checks[check, "note"], self.checks[check, HELD]
            found.append(self._row("", check, judged, notes + holds, holds))
        for fault, (check, _) in FAULTS.items():
            count = {name: self.faults[fault, name] for name in ("judged", "seen", "held")}
            found.append(self._row(fault, check, **count))
        return found

    @staticmethod
    def _row(fault: str, check: str, judged: int, seen: int, held: int) -> dict[str, object]:
        shares = {"share_seen": seen / judged if judged else 0.0, "share_held": held / judged if judged else 0.0}
        return {"fault": fault, "check": check, "judged": judged, "seen": seen, "held": held, **shares}

    def false_holds(self) -> float:
        """Share of the association-nights without any fault whose file would have been set aside."""
        return len(self.held) / self.association_nights if self.association_nights else 0.0


def backtest(
    content: Content,
    first: date,
    last: date,
    counts: Path | None = None,
    seed: int = 1,
    sample: int = 40,
    advance: Callable[[], None] = lambda: None,
) -> Score:
    """Judge the nights `first` to `last`, learning from those simulated before and between; with each fault in turn."""
    world = load_world(content, seed, counts)
    judge_ = Judge(content, world.associations)
    maker, score, acts = Nights(world), Score(), load_acts(content).counted
    names = {code: item.name for code, item in load_regions(content).items()}
    begin = max(first - timedelta(days=judge_.rules.habits.nights), world.published.span()[0] + timedelta(days=1))
    past: dict[str, deque[Profile]] = {item.code: deque(maxlen=KEPT) for item in world.associations}
    for night in nights(begin, last):
        visits = maker.visits(night)
        profiles = profiles_of(visits, maker, night, acts)
        if night >= first:
            found = _judge_all(judge_, night, profiles, past, score)
            score.events += data_events(night, found, world.associations, judge_.rules.territory, names)
            advance()
        for item in profiles:
            past[item.association].append(item)
    _read_sample(content, maker, first, last, sample, acts, score)
    return score


def profiles_of(visits: Visits, maker: Nights, night: date, acts: Sequence[str]) -> list[Profile]:
    """The profiles of a night of the simulator, one an association that works that day."""
    counted = np.isin(visits.act, [ACTS.index(name) for name in acts])
    day = night - timedelta(days=1)
    columns = {
        "visits_day": counted & (visits.day == day.toordinal()),
        "visits_all": counted,
        "coded": counted & (visits.diag1 != NO),
        "age_known": counted & (visits.years != NO),
        "sex_known": counted & (visits.sex != UNKNOWN_SEX),
    }
    size = len(maker.world.associations)
    sums = {name: np.bincount(visits.association[mask], minlength=size) for name, mask in columns.items()}
    return [
        Profile(
            item.code,
            day,
            "received",
            files=1,
            visits_day=int(sums["visits_day"][number]),
            visits_all=int(sums["visits_all"][number]),
            coded=int(sums["coded"][number]),
            age_known=int(sums["age_known"][number]),
            sex_known=int(sums["sex_known"][number]),
            arrival=int(made_at(item, night).timestamp()),
        )
        for number, item in enumerate(maker.world.associations)
        if item.open_on(night)
    ]


def _judge_all(
    judge_: Judge, night: date, profiles: Sequence[Profile], past: Mapping[str, deque[Profile]], score: Score
) -> list[Finding]:
    found: list[Finding] = []
    for profile in profiles:
        case = judge_.case(night, profile, list(past[profile.association]))
        mine = judge(case, judge_.rules)
        score.association_nights += 1
        for item in mine:
            score.checks[item.check, item.severity or item.state] += 1
        if any(item.severity == HELD for item in mine):
            score.held.append(next(item for item in mine if item.severity == HELD))
        _inject(case, judge_, score)
        found += mine
    return found


def _inject(case: Case, judge_: Judge, score: Score) -> None:
    """Each fault in turn on this very night: is it seen, is it held?"""
    for fault, (check, change) in FAULTS.items():
        found = CHECKS[check](check, replace(case, profile=change(case.profile)), judge_.rules)
        if found.state != NOT_RUN:
            score.faults[fault, "judged"] += 1
            score.faults[fault, "seen"] += bool(found.severity)
            score.faults[fault, "held"] += found.severity == HELD


def _read_sample(
    content: Content, maker: Nights, first: date, last: date, sample: int, acts: Sequence[str], score: Score
) -> None:
    """Real files of a sample, read as the night reads them: their profiles must be the simulator's."""
    from surveillance.intake.reading import build_context, read_file

    context = build_context(content, sha256(b"backtest").digest())
    for night, number in _drawn(maker, first, last, sample):
        item = maker.world.associations[number]
        if not item.open_on(night):
            continue
        visits = maker.visits(night)
        feed, _ = maker.sound(night, item, visits)
        result = read_file(feed.data, feed.name, item, context.dialect_of(item), context, night)
        read = profile_of(result.kept.tables(), item.code, night - timedelta(days=1), acts, arrival=feed.modified)
        made = next(one for one in profiles_of(visits, maker, night, acts) if one.association == item.code)
        score.files_read += 1
        same = ("visits_day", "visits_all", "coded", "age_known", "sex_known", "arrival")
        score.files_differing += any(getattr(read, name) != getattr(made, name) for name in same)


def _drawn(maker: Nights, first: date, last: date, sample: int) -> Iterator[tuple[date, int]]:
    rng = np.random.default_rng([maker.world.seed, 9])
    span = (last - first).days + 1
    for _ in range(sample):
        yield first + timedelta(days=int(rng.integers(span))), int(rng.integers(len(maker.world.associations)))
