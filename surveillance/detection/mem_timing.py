"""When an epidemic starts and ends in a season, by the Moving Epidemic Method (Vega et al. 2013, Influenza Other Respir
Viruses 7:546–558; 2015, 9:234–246): the shortest run of weeks that holds most of the season.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from surveillance.detection.judged import Array
from surveillance.detection.mem_loess import loess

TIMINGS = (1, 2, 3, 4)  # original, fixed criterium, slope, second derivative
FLAT = 1e-9  # % a week: less is rounding


class Timing(NamedTuple):
    """Epidemic of one season. start, end: weeks from 1 (0: none, a season without cases); total, percent: cases in it.

    season: its values, missing ones filled; given: as they were. curve: MapCurve.
    """

    start: int
    end: int
    total: float
    percent: float
    season: Array
    given: Array
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


@lru_cache(maxsize=64)
def _selected(points: int) -> Array:
    """Smoother of values at 0, 1, … (two at least) with the bandwidth chosen for them: points × points."""
    x = np.arange(float(points))
    return _smoother(x, x, bandwidth(x))


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


def map_curve(seasons: Array, h: float = 1.0) -> MapCurve:
    """MAP curves of seasons of W weeks, weeks × seasons; the earliest run on ties; missing weeks hold nothing.

    Every array of the curve is (W + 1) × seasons, or W + 1 for one season given as W.
    """
    weeks = len(seasons)
    sums = np.concatenate([np.zeros((1, *seasons.shape[1:])), np.cumsum(np.nan_to_num(seasons), axis=0)])
    total, start = np.zeros_like(sums), np.zeros_like(sums)
    for size in range(1, weeks + 1):
        runs = sums[size:] - sums[:-size]
        total[size] = runs.max(axis=0)
        start[size] = 1.0 + np.argmax(runs >= total[size] - 1e-12 * sums[-1], axis=0)  # rounding breaks no tie
    with np.errstate(invalid="ignore", divide="ignore"):
        percent = np.nan_to_num(100.0 * total / sums[-1])
    numbers = np.arange(weeks + 1.0)
    smooth = _smoother(numbers, numbers, h) @ percent
    end = np.where(start > 0, (start.T + numbers - 1.0).T, 0.0)
    slope = np.concatenate([np.full((1, *seasons.shape[1:]), np.nan), np.diff(smooth, axis=0)])
    return MapCurve(percent, total, start, end, slope)


def optimum(curve: MapCurve, parameter: float = 2.8, method: int = 2) -> int:
    """Number of weeks of the epidemic, 1 at least, by the methods' numbers in R `mem`.

    1, original: see knee. 2, fixed criterium: the last before the curve is flatter than `parameter`, % a week. 3,
    slope: where the slope of the curve, smoothed by loess, is nearest to its overall slope, 100 % in all weeks (the
    first on ties). 4, second derivative: see inflexion. What 1, 3 and 4 are has been inferred: the simplest rules found
    that give the lengths of R in all 109 past seasons of its figures.
    """
    weeks = len(curve.percent) - 1
    if method == 1:
        return knee(np.diff(curve.percent))
    if method == 3:
        slope = np.diff(loess(weeks + 1) @ curve.percent)
        return 1 + int(np.argmin(np.round(np.abs(slope - 100.0 / weeks) / FLAT)))
    if method == 4:
        return inflexion(curve.percent)
    flat = np.flatnonzero(curve.slope[1:] < parameter)
    return max(1, int(flat[0])) if len(flat) else weeks


def knee(increments: Array) -> int:
    """Where the increments of a MAP curve (W, % a week) stop falling fast: a number of weeks; 1 if all are the same.

    They are smoothed (local linear, six degrees of freedom). With weeks and increments both scaled to 0–1, from their
    lowest to their highest, it is the week with the lowest sum of the two: where the falling curve of increments is
    farthest below its diagonal (the first on ties).
    """
    weeks = len(increments)
    if weeks < 2:
        return 1
    smooth = _selected(weeks) @ increments
    height = float(np.ptp(smooth))
    if height < FLAT:
        return 1
    return 1 + int(np.argmin(smooth + height * np.arange(weeks) / (weeks - 1.0)))


def inflexion(percent: Array) -> int:
    """First number of weeks at which the MAP curve (W + 1, %), smoothed by loess, bends upwards; W - 1 if at none.

    It bends by its second difference, in the middle of its three points. As the curvature of loess jumps where its
    pieces meet, the answer is nearly always a week before one of them: 15 or 20 of 33.
    """
    bend = np.diff(loess(len(percent)) @ percent, 2)
    upwards = np.flatnonzero(bend > FLAT)
    return 1 + int(upwards[0]) if len(upwards) else max(1, len(bend))


def timings(seasons: Array, parameter: float = 2.8, method: int = 2) -> list[Timing]:
    """Timing of each season of W weeks: weeks × seasons, holes filled first. parameter, method: see optimum."""
    filled = np.stack([fill(season) for season in seasons.T], axis=1) if seasons.size else seasons
    curves = map_curve(filled)
    out = []
    for place in range(filled.shape[1]):
        curve = MapCurve(*(part[:, place] for part in curves))
        if not curve.total[-1] > 0:
            out.append(Timing(0, 0, 0.0, 0.0, filled[:, place], seasons[:, place], curve))
            continue
        size = optimum(curve, parameter, method)
        first = int(curve.start[size])
        total, percent = float(curve.total[size]), float(curve.percent[size])
        out.append(Timing(first, first + size - 1, total, percent, filled[:, place], seasons[:, place], curve))
    return out
