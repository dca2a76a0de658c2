"""Is a week above what weeks without an epidemic would be? One vote a method, from what was known of that week.

The three methods of MASS (Pelat et al. 2017, Euro Surveill 22(32):30593, its abstract): a periodic regression without
past epidemics, a robust one, and a hidden Markov model of two states. Its settings are not public: ours are choices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.hmm_gauss import hmm_gauss
from surveillance.detection.judged import Array, Judged, Series
from surveillance.detection.serfling import serfling, serfling_bisquare, serfling_huber
from surveillance.signal_rules import PhaseRule

REGRESSIONS: Mapping[str, Callable[..., Judged]] = {
    "serfling": serfling,
    "serfling_huber": serfling_huber,
    "serfling_bisquare": serfling_bisquare,
}
HMM = "hmm_gauss"
STEPS, CLOSE = 100, 1e-4  # of the fit of the hidden Markov model: no vote changes with more
COLUMNS = 4000  # windows judged together: it bounds the memory (260 weeks × 4,000 × 8 bytes = 8 MB an array)


@dataclass(frozen=True)
class Votes:
    """What each method says of each week. alarms, thresholds: methods × weeks judged × series.

    alarms: 1, 0, NaN where a method cannot say. thresholds: of the regressions, NaN for the hidden Markov model.
    history: known weeks before and with the week, weeks judged × series.
    """

    methods: tuple[str, ...]
    alarms: Array
    thresholds: Array
    history: NDArray[np.intp]

    @property
    def able(self) -> NDArray[np.intp]:
        """How many methods can say something."""
        return np.asarray((~np.isnan(self.alarms)).sum(axis=0))

    @property
    def epidemic(self) -> NDArray[np.intp]:
        """How many say that it is above."""
        return np.asarray((self.alarms == 1).sum(axis=0))


def vote(shares: Array, rule: PhaseRule, weeks: NDArray[np.intp], seasonal: bool = True) -> Votes:
    """The votes of these weeks (rows of `shares`, weeks × series, NaN: not known).

    Each week is judged by the weeks up to it, at most `rule.history_weeks` of them, as if it were the last: what came
    after is not looked at. A week with less than `rule.min_weeks` known weeks has no vote. All these windows go through
    a method together, as columns that end in the same row.
    """
    length = rule.history_weeks
    padded = np.concatenate([np.full((length - 1, shares.shape[1]), np.nan), shares])
    history = np.empty((len(weeks), shares.shape[1]), dtype=np.intp)
    alarms = np.full((len(rule.methods), len(weeks), shares.shape[1]), np.nan)
    thresholds = np.full_like(alarms, np.nan)
    step = max(1, COLUMNS // max(1, shares.shape[1]))
    for first in range(0, len(weeks), step):
        part = weeks[first : first + step]
        windows = np.stack([padded[week : week + length] for week in part], axis=1)  # length × weeks × series
        known = np.isfinite(windows)
        history[first : first + len(part)] = known.sum(axis=0)
        able = known[-1] & (known.sum(axis=0) >= rule.min_weeks)
        if not able.any():
            continue
        for number, name in enumerate(rule.methods):
            said = _method(name, rule, seasonal)(windows[:, able])
            alarms[number, first : first + len(part)][able] = said[0]
            thresholds[number, first : first + len(part)][able] = said[1]
    return Votes(tuple(rule.methods), alarms, thresholds, history)


def _method(name: str, rule: PhaseRule, seasonal: bool) -> Callable[[Array], tuple[Array, Array]]:
    """Windows (weeks × columns) → alarms and thresholds of their last week."""
    if name == HMM:
        return partial(_hidden, level=rule.hmm_level)
    settings: dict[str, Any] = {"alpha": rule.alpha, "harmonics": rule.harmonics if seasonal else 0}
    settings["degree"] = 1 if seasonal else 0
    if name == "serfling":
        settings |= {"prune": rule.prune, "bound": "prediction"}
    return partial(_regression, REGRESSIONS[name], settings)


def _regression(method: Callable[..., Judged], settings: dict[str, Any], windows: Array) -> tuple[Array, Array]:
    """Fitted on the weeks before the last, which it then judges."""
    last = len(windows) - 1
    said = method(Series(windows, judged=np.array([last])), training=last, **settings)
    return said.alarm[0], said.upperbound[0]


def _hidden(windows: Array, level: float) -> tuple[Array, Array]:
    """Filtered: the probability of the epidemic state given the weeks up to the last, which the fit saw too."""
    said = hmm_gauss(Series(windows, judged=np.array([len(windows) - 1])), limit=level, steps=STEPS, accuracy=CLOSE)
    return said.alarm[0], said.upperbound[0]
