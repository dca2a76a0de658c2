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


def rnssp_ewma(
    series: Series, baseline: int = 28, guard: int = 2, w1: float = 0.4, w2: float = 0.9, alarm_at: str = "red"
) -> Judged:
    """EWMA with two weights, of which the smaller p-value is reported; ties, those at p = 0 too, go to w2.

    A series whose maximum is below 1 is divided by the median of its positive values, over all its rows: results
    change as history grows, as in Rnssp. An all-zero series (Rnssp stops) is `constant`. A missing day (Rnssp stops)
    leaves the averages as they were, and the days whose baseline holds it are not tested.
    """
    shape = (len(series.rows), series.counts.shape[1])
    expected, score, pvalue = (np.full(shape, np.nan) for _ in range(3))
    status = np.full(shape, Status.HISTORY, np.int8)
    for first in range(0, shape[1], BLOCK):
        block = slice(first, first + BLOCK)
        counts = np.ascontiguousarray(series.counts[:, block], dtype=np.float64)
        found = _run(_rescaled(counts), series.rows, baseline, guard, (w1, w2))
        expected[:, block], score[:, block], pvalue[:, block], status[:, block] = found
    return say(expected, score, pvalue, status, alarm_at)


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
) -> tuple[Array, Array, Array, NDArray[np.int8]]:
    """One block of series: expected, statistic, p-value and status of the rows judged."""
    width = counts.shape[1]
    places: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(int(row), []).append(place)
    expected, score, pvalue = (np.full((len(rows), width), np.nan) for _ in range(3))
    status = np.full((len(rows), width), Status.HISTORY, np.int8)
    states = [np.full(width, np.nan), np.full(width, np.nan)]
    for row in range(int(rows.max(initial=-1)) + 1):
        days = min(row - guard, baseline)
        tested = row >= START + guard
        mean, sigma = _moments(counts[row - guard - days : row - guard]) if tested else (None, None)
        statistics = [
            _step(states[which], counts[row], mean, sigma, Smoothing.of(weight, days if tested else 2, guard))
            for which, weight in enumerate(weights)
        ]
        for place in places.get(row, ()):
            status[place] = Status.HISTORY if mean is None else Status.OK
            if mean is not None:
                score[place], pvalue[place] = _smaller(statistics[0], statistics[1], days - 1)
                expected[place] = np.where(np.isnan(score[place]), np.nan, mean)
                empty = np.isnan(counts).all(axis=0) | (counts.max(axis=0, initial=0) == 0)
                status[place] = np.where(
                    np.isnan(score[place]), np.where(empty, Status.CONSTANT, Status.MISSING), Status.OK
                )
    return expected, score, pvalue, status


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


def _smaller(first: Array, second: Array, freedom: int) -> tuple[Array, Array]:
    """The statistic with the strictly smaller p-value, and that p-value; on ties the second."""
    p1, p2 = one_minus_pt(first, freedom), one_minus_pt(second, freedom)
    return np.where(p1 < p2, first, second), np.where(p1 < p2, p1, p2)


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
