"""The EWMA of Rnssp (CDC, NSSP-ESSENCE; `alert_ewma` 0.3.1): two moving averages against a sliding baseline.

Every number is that of Rnssp, its quirks included; the state depends on the whole history since the first row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status
from surveillance.detection.student import one_minus_pt, quantile

START = 7  # least days of a baseline
BLOCK = 2048  # series worked on together: their baselines stay in the cache of the processor
RED, YELLOW = 0.01, 0.05
NEAR = 1e-9  # p-values as near to each other, to 0 or to 1 may be the same when rounded


class Smoothing(NamedTuple):
    """What one weight `w` makes of a baseline of n days: factors of its standard deviation, and limits."""

    weight: float
    spread: float  # of the standard deviation of the baseline
    constant: float
    least: float
    winsor: float  # |statistic| beyond which the state is drawn back

    @classmethod
    def of(cls, weight: float, days: int, guard: int) -> Smoothing:
        """The factors of Rnssp; its quantiles are rounded to 5 decimals."""
        keep = 1.0 - weight
        alert, warning = (round(quantile(level, days - 1), 5) for level in (0.99, 0.95))
        spread = weight / (2 - weight) + 1 / days - 2 * keep ** (guard + 1) * (1 - keep**days) / days
        constant = (0.1289 - (0.2414 - 0.1826 * keep**4) * np.log(10 * 0.05)) * weight / warning
        return cls(weight, float(np.sqrt(spread)), float(constant), weight / warning * (0.01 + 0.05 * keep**2), alert)


class Averages(NamedTuple):
    """Both averages of the rows judged. mean (of the baseline), first, second (statistics): rows judged × series.

    tested, freedom: whether each row judged has a baseline, and its degrees of freedom. empty: series without any case,
    of which nothing can be said.
    """

    mean: Array
    first: Array
    second: Array
    tested: NDArray[np.bool_]
    freedom: NDArray[np.intp]
    empty: NDArray[np.bool_]

    @property
    def status(self) -> NDArray[np.int8]:
        """Why a row was not tested."""
        why = np.where(self.empty, Status.CONSTANT, Status.MISSING)
        said = np.where(np.isnan(self.first), why, Status.OK)
        return np.where(self.tested[:, None], said, Status.HISTORY).astype(np.int8)

    def smaller(self, wanted: NDArray[np.bool_]) -> tuple[Array, Array]:
        """The statistic with the strictly smaller p-value, and that p-value; on ties the second. NaN: not wanted.

        The larger statistic has the smaller p-value unless both are the same when rounded: only then are both needed.
        """
        score, pvalue = np.full(self.first.shape, np.nan), np.full(self.first.shape, np.nan)
        first, second = self.first[wanted], self.second[wanted]
        freedom = np.broadcast_to(self.freedom[:, None], self.first.shape)[wanted]
        taken = np.where(first > second, first, second)
        said = one_minus_pt(taken, freedom)
        near = (first > second) & ((first - second < NEAR * (1 + np.abs(first))) | (said < NEAR) | (said > 1 - NEAR))
        other = one_minus_pt(second[near], freedom[near])
        tied = ~(said[near] < other)
        taken[near], said[near] = np.where(tied, second[near], taken[near]), np.where(tied, other, said[near])
        score[wanted], pvalue[wanted] = taken, said
        return score, pvalue


def rnssp_ewma(
    series: Series, baseline: int = 28, guard: int = 2, w1: float = 0.4, w2: float = 0.9, alarm_at: str = "red"
) -> Judged:
    """EWMA with two weights, of which the smaller p-value is reported; ties, those at p = 0 too, go to w2.

    A series whose maximum is below 1 is divided by the median of its positive values, over all its rows: results
    change as history grows, as in Rnssp. An all-zero series (Rnssp stops) is `constant`. A missing day (Rnssp stops)
    leaves the averages as they were, and the days whose baseline holds it are not tested.
    """
    found = averages(series, baseline, guard, w1, w2)
    score, pvalue = found.smaller(~np.isnan(found.first))
    return say(found.mean, score, pvalue, found.status, alarm_at)


def averages(series: Series, baseline: int, guard: int, w1: float, w2: float) -> Averages:
    """Both averages of all series, without p-values."""
    counts, rows = series.counts, series.rows
    found = [np.full((len(rows), counts.shape[1]), np.nan) for _ in range(3)]
    empty = np.zeros(counts.shape[1], bool)
    for first in range(0, counts.shape[1], BLOCK):
        block = slice(first, first + BLOCK)
        scaled = _rescaled(np.ascontiguousarray(counts[:, block], dtype=np.float64))
        empty[block] = ~(np.nan_to_num(scaled) > 0).any(axis=0)
        for whole, part in zip(found, _run(scaled, rows, baseline, guard, (w1, w2)), strict=True):
            whole[:, block] = part
    freedom = np.minimum(rows - guard, baseline) - 1
    return Averages(found[0], found[1], found[2], rows >= START + guard, freedom.astype(np.intp), empty)


def say(expected: Array, score: Array, pvalue: Array, status: NDArray[np.int8], alarm_at: str) -> Judged:
    """The answer of an alerter of Rnssp from its p-values, with the alert in its words."""
    level = RED if alarm_at == "red" else YELLOW
    alarm = np.where(np.isnan(pvalue), np.nan, pvalue < level)
    more: dict[str, NDArray[Any]] = {"alert": colours(pvalue), "test_statistic": score}
    return Judged(expected, np.full(expected.shape, np.nan), alarm, score, pvalue, status, more)


def colours(pvalue: Array) -> NDArray[np.object_]:
    """red p < .01, yellow p < .05, blue, and grey where there is none."""
    words = np.array(["red", "yellow", "blue", "grey"], dtype=object)
    place = np.where(pvalue < RED, 0, np.where(pvalue < YELLOW, 1, 2))
    return np.asarray(words[np.where(np.isnan(pvalue), 3, place)])


def _rescaled(counts: Array) -> Array:
    """Series below 1 throughout (proportions), over the median of their positive values; all-zero ones: NaN."""
    small = ~(counts >= 1).any(axis=0)
    if small.any():
        counts = counts.copy()
        for place in np.flatnonzero(small):
            positive = counts[counts[:, place] > 0, place]
            counts[:, place] /= np.median(positive) if len(positive) else np.nan
    return counts


def _run(
    counts: Array, rows: NDArray[np.intp], baseline: int, guard: int, weights: tuple[float, float]
) -> tuple[Array, Array, Array]:
    """One block of series: mean of the baseline and both statistics of the rows judged."""
    width = counts.shape[1]
    places: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(int(row), []).append(place)
    expected, first, second = (np.full((len(rows), width), np.nan) for _ in range(3))
    states = [np.full(width, np.nan), np.full(width, np.nan)]
    smoothings: dict[int, list[Smoothing]] = {}  # by days of the baseline
    for row in range(int(rows.max(initial=-1)) + 1):
        tested = row >= START + guard
        days = min(row - guard, baseline) if tested else 2
        mean, sigma = _moments(counts[row - guard - days : row - guard]) if tested else (None, None)
        if days not in smoothings:
            smoothings[days] = [Smoothing.of(weight, days, guard) for weight in weights]
        statistics = [
            _step(state, counts[row], mean, sigma, smoothing)
            for state, smoothing in zip(states, smoothings[days], strict=True)
        ]
        if mean is not None:
            for place in places.get(row, ()):
                expected[place] = np.where(np.isnan(statistics[0]), np.nan, mean)
                first[place], second[place] = statistics
    return expected, first, second


def _step(state: Array, today: Array, mean: Array | None, sigma: Array | None, smoothing: Smoothing) -> Array:
    """One day: the state moves, in place; the statistic of the day, taken before the state is drawn back.

    `mean` None: a day without a test, of the first ones.
    """
    moved = smoothing.weight * today + (1.0 - smoothing.weight) * state
    started = np.where(np.isnan(state), today, moved)  # the first value starts the average
    state[:] = np.where(np.isnan(today), state, started)
    if mean is None or sigma is None:
        return state
    spread = np.maximum(smoothing.least, sigma * smoothing.spread + smoothing.constant)
    statistic = np.where(np.isnan(today), np.nan, (state - mean) / spread)
    beyond = np.abs(statistic) > smoothing.winsor
    state[beyond] = (mean + np.sign(statistic) * smoothing.winsor * spread)[beyond]
    return statistic


def _moments(window: Array) -> tuple[Array, Array]:
    """Mean and standard deviation (n − 1); a window without any spread has exactly 0."""
    mean = window.mean(axis=0)
    centred = window - mean
    variance = np.einsum("ij,ij->j", centred, centred) / (len(window) - 1)
    flat = variance <= 1e-28 * mean * mean
    return np.where(flat, window[0], mean), np.where(flat, 0.0, np.sqrt(variance))


PARAMETERS = (
    Parameter("baseline", 28, "days of the sliding baseline, from 7", ("B",)),
    Parameter("guard", 2, "days left out between the baseline and the day tested", ("g",)),
    Parameter("w1", 0.4, "first weight, 0 to 1", ("w1",)),
    Parameter("w2", 0.9, "second weight, 0 to 1", ("w2",)),
)
ALARM_AT = Parameter("alarm_at", "red", "the alert that counts as an alarm", (), ("red", "yellow"))
METHODS: tuple[Method, ...] = (
    Method(
        "rnssp_ewma",
        rnssp_ewma,
        (*PARAMETERS, ALARM_AT),
        "two moving averages (EWMA) against a sliding baseline, with a p-value each day",
        "Rnssp 0.3.1, alert_ewma; Burkom (NSSP-ESSENCE)",
        ("alert", "test_statistic"),
    ),
)
