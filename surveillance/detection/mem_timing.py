"""When an epidemic starts and ends in a season, by the Moving Epidemic Method (Vega et al. 2013, Influenza Other Respir
Viruses 7:546–558; 2015, 9:234–246): the shortest run of weeks that holds most of the season.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from surveillance.detection.judged import Array

METHODS_OF_TIMING = {1: "original", 2: "fixed criterion", 3: "slope", 4: "second derivative"}


class Timing(NamedTuple):
    """Epidemic of one season. start, end: weeks from 1 (0: none, a season without cases); total, percent: cases in it.

    season: its values, missing ones filled. curve: MapCurve.
    """

    start: int
    end: int
    total: float
    percent: float
    season: Array
    curve: MapCurve

    @property
    def length(self) -> int:
        return self.end - self.start + 1 if self.start else 0


class MapCurve(NamedTuple):
    """Maximum accumulated percentages, by number of weeks 0, 1, … W (arrays of W + 1).

    percent of the season in the best run of so many weeks; its total, first and last week (from 1); slope: difference
    to the row before of the smoothed curve (NaN at 0).
    """

    percent: Array
    total: Array
    start: Array
    end: Array
    slope: Array


def local_linear(x: Array, y: Array, at: Array, h: float) -> Array:
    """Local linear regression of y on x at the points `at`, normal kernel of standard deviation h (Bowman and Azzalini
    1997, §3.2)."""
    return np.asarray(_smoother(x, at, h) @ y)


def _smoother(x: Array, at: Array, h: float) -> Array:
    """Weights of each value (columns) in each fitted point (rows)."""
    distance = x[None, :] - at[:, None]
    weight = np.exp(-0.5 * (distance / h) ** 2)
    s0, s1, s2 = (np.sum(weight * distance**p, axis=1, keepdims=True) for p in range(3))
    return np.asarray(weight * (s2 - distance * s1) / (s0 * s2 - s1**2))


def bandwidth(x: Array, freedom: float = 6.0) -> float:
    """h with which the smoother has so many degrees of freedom (trace), as `h.select` of the R package sm does."""
    low, high = np.min(np.diff(x)) / 10.0, 10.0 * (x[-1] - x[0])
    if len(x) <= freedom:
        return float(low)
    for _ in range(100):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if np.trace(_smoother(x, x, middle)) > freedom else (low, middle)
    return float(np.sqrt(low * high))


def fill(season: Array) -> Array:
    """Missing weeks between known ones: a local linear smoothing of the known ones, 0 at least. Others stay missing."""
    known = np.flatnonzero(~np.isnan(season))
    if len(known) < 3:
        return season
    inside = np.arange(known[0], known[-1] + 1)
    holes = inside[np.isnan(season[inside])]
    if not len(holes):
        return season
    filled = season.copy()
    x = known.astype(float)
    smooth = local_linear(x, season[known], holes.astype(float), bandwidth(x))
    filled[holes] = np.maximum(0.0, smooth)
    return filled


def map_curve(season: Array, h: float = 1.0) -> MapCurve:
    """MAP curve of one season of W weeks; the earliest run on ties; missing weeks hold nothing."""
    weeks = len(season)
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(season))])
    total, start = np.zeros(weeks + 1), np.zeros(weeks + 1)
    for size in range(1, weeks + 1):
        # The sums of runs are made week by week: differences of cumulated sums would break ties by rounding.
        runs = np.lib.stride_tricks.sliding_window_view(np.nan_to_num(season), size).sum(axis=1)
        first = int(np.flatnonzero(runs >= runs.max() * (1.0 - 1e-14))[0])
        total[size], start[size] = runs[first], first + 1
    percent = 100.0 * total / sums[-1] if sums[-1] > 0 else np.zeros(weeks + 1)
    numbers = np.arange(weeks + 1.0)
    smooth = local_linear(numbers, percent, numbers, h)
    end = np.where(start > 0, start + numbers - 1, 0.0)
    return MapCurve(percent, total, start, end, np.concatenate([[np.nan], np.diff(smooth)]))


def optimum(curve: MapCurve, method: int = 2, parameter: float = 2.8) -> int:
    """Number of weeks of the epidemic, 1 at least."""
    weeks = len(curve.percent) - 1
    if method == 2:
        flat = np.flatnonzero(curve.slope[1:] < parameter)
        return max(1, int(flat[0])) if len(flat) else weeks
    raise NotImplementedError


def timing(season: Array, method: int = 2, parameter: float = 2.8) -> Timing:
    """Timing of one season of W weeks."""
    season = fill(season)
    curve = map_curve(season)
    if not curve.total[-1] > 0:
        return Timing(0, 0, 0.0, 0.0, season, curve)
    size = optimum(curve, method, parameter)
    first = int(curve.start[size])
    return Timing(first, first + size - 1, float(curve.total[size]), float(curve.percent[size]), season, curve)
