"""A method run on all the scenarios: the false alarms without outbreaks, and what it detects of those of each size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from surveillance.detection.judged import Array, Method, Series
from surveillance.detection.judging import run
from surveillance.evaluation import daily, weekly
from surveillance.evaluation.measures import Flags, Measures, Tally, in_all, measures, share, tally
from surveillance.evaluation.series import Simulated, together

CELLS = 1 << 21  # counts simulated at once


class Scenario(Protocol):
    """What simulates."""

    @property
    def name(self) -> str:
        """Of the scenario."""

    def simulate(self, place: int, replicates: int, ks: Sequence[float], seed: int) -> Simulated:
        """Replicates of it, the same ones for the same seed."""


SETS: Mapping[str, tuple[Scenario, ...]] = {"noufaily": weekly.SCENARIOS, "daily": daily.SIGNALS}
LENGTHS = {"noufaily": weekly.WEEKS, "daily": daily.YEARS * daily.WEEKS_A_YEAR * 7}


@dataclass(frozen=True)
class Trial:
    """What is asked: scenarios, how many series of each, sizes of outbreaks in standard deviations, seed."""

    scenarios: str = "noufaily"
    replicates: int = 10
    ks: tuple[float, ...] = (3.0, 5.0, 8.0, 10.0)
    seed: int = 1


@dataclass
class Counted:
    """What one scenario counts so far: rows judged and alarms in them, without outbreaks and after past ones."""

    rows: int = 0
    clean: int = 0
    past: int = 0
    told: int = 0
    by_k: dict[float, Tally] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """fpr: alarms a row with outbreaks in the past only, fpr_clean: with none, fpr_worst: of the worst scenario.

    tested: rows (with past outbreaks) where the method says whether there is an alarm; seconds: of a series and row;
    outbreaks: of each k.
    """

    fpr_clean: float
    fpr: float
    fpr_worst: float
    tested: float
    seconds: float
    by_k: Mapping[float, Measures]
    counted: Mapping[float, Tally]
    rows: int


def evaluate(method: Method, settings: dict[str, Any], trial: Trial) -> Evaluation:
    """Run the method on every scenario of the trial."""
    scenarios = SETS[trial.scenarios]
    counted = [Counted() for _ in scenarios]
    step = max(1, CELLS // (LENGTHS[trial.scenarios] * trial.replicates))
    judge = Judge(method, settings)
    for first in range(0, len(scenarios), step):
        places = range(first, min(first + step, len(scenarios)))
        simulated = together([scenarios[at].simulate(at, trial.replicates, trial.ks, trial.seed) for at in places])
        _count(judge, simulated, counted)
    by_k = {k: in_all(one.by_k[k] for one in counted) for k in trial.ks}
    rows = sum(one.rows for one in counted)
    return Evaluation(
        fpr_clean=share(sum(one.clean for one in counted), rows),
        fpr=share(sum(one.past for one in counted), rows),
        fpr_worst=max(share(one.past, one.rows) for one in counted),
        tested=share(sum(one.told for one in counted), rows),
        seconds=share(judge.seconds, judge.judged),
        by_k={k: measures(one) for k, one in by_k.items()},
        counted=by_k,
        rows=rows,
    )


class Judge:
    """The method, and how long it took. The first run, which may compile, is not counted.

    A simulated year has 52 weeks: methods that know years by dates or by places (`epoch`) take places, unless asked.
    """

    def __init__(self, method: Method, settings: dict[str, Any]) -> None:
        self.method, self.settings = method, settings
        self.dated = all(one.name != "epoch" for one in method.parameters) or settings.get("epoch") == "date"
        self.seconds, self.judged, self.warm = 0.0, 0, False

    def alarms(self, counts: Array, like: Simulated) -> Array:
        """1, 0 or NaN, rows judged × series."""
        dates = like.dates if self.dated else None
        series = Series(counts, dates, judged=like.judged, frequency=like.frequency)
        if not self.warm:
            few = replace(series, counts=counts[:, :2], judged=like.judged[-2:])
            run(self.method, few, self.settings)
            self.warm = True
        begun = perf_counter()
        found = run(self.method, series, self.settings).alarm
        self.seconds += perf_counter() - begun
        self.judged += found.size
        return found


def _count(judge: Judge, simulated: Simulated, counted: list[Counted]) -> None:
    clean = judge.alarms(simulated.clean, simulated)
    past = clean if np.array_equal(simulated.past, simulated.clean) else judge.alarms(simulated.past, simulated)
    starts = simulated.starts - simulated.judged[0]
    first = 7 if simulated.frequency == 365 else 1
    of = [(place, simulated.scenario == place) for place in np.unique(simulated.scenario)]
    for place, mine in of:
        one = counted[place]
        one.rows += past[:, mine].size
        one.clean += int((clean[:, mine] == 1).sum())
        one.past += int((past[:, mine] == 1).sum())
        one.told += int((~np.isnan(past[:, mine])).sum())
    for k, cases in simulated.current.items():
        alarms: Flags = judge.alarms(simulated.past + cases, simulated) == 1
        outbreak: Flags = cases[simulated.judged] > 0
        for place, mine in of:
            before = counted[place].by_k.get(k, Tally())
            counted[place].by_k[k] = before + tally(alarms[:, mine], outbreak[:, mine], starts[mine], first)
