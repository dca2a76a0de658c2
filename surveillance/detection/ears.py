"""EARS C1, C2 and C3: is today's count above what the last days let expect?

Hutwagner et al. 2003 (J Urban Health 80:i89–i96), with the conventions of the R package `surveillance` (`earsC`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]
Z = {
    "c1": 3.090232306167813,
    "c2": 3.090232306167813,
    "c3": 1.959963984540054,
}  # quantiles at alpha .001, .001, .025


class Tested(NamedTuple):
    """Arrays of the shape of the counts; NaN where a day could not be tested (too little history, a missing day)."""

    expected: Array
    threshold: Array
    statistic: Array
    alarm: NDArray[np.bool_]


def c1(counts: Array, baseline: int = 7, min_sigma: float = 0.0, z: float = Z["c1"]) -> Tested:
    """C1: the baseline is the `baseline` days just before. `counts`: days × series."""
    return _shewhart(counts, baseline, 0, min_sigma, z)


def c2(counts: Array, baseline: int = 7, min_sigma: float = 0.0, z: float = Z["c2"]) -> Tested:
    """C2: as C1, with two days left out before the day tested, so that a slow rise does not hide itself."""
    return _shewhart(counts, baseline, 2, min_sigma, z)


def c3(counts: Array, baseline: int = 7, min_sigma: float = 0.0, z: float = Z["c3"]) -> Tested:
    """C3 as coded in R `surveillance`: alarm when the C2 excesses of the two days before exceed `z`.

    Today's count cancels out of the rule; this quirk of the reference is kept: its users find their alarms again.
    """
    mean, sigma = _moments(counts, baseline, 2, min_sigma)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.maximum(0.0, (counts - mean) / sigma - 1.0)
    last = np.full_like(counts, np.nan)
    last[2:] = excess[1:-1] + excess[:-2]
    threshold = np.maximum(0.0, counts + sigma * (z - last))
    return Tested(mean, threshold, last, _above(counts, threshold))


def _shewhart(counts: Array, baseline: int, guard: int, min_sigma: float, z: float) -> Tested:
    mean, sigma = _moments(counts, baseline, guard, min_sigma)
    threshold = mean + z * sigma
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = (counts - mean) / sigma
    return Tested(mean, threshold, statistic, _above(counts, threshold))


def _moments(counts: Array, baseline: int, guard: int, min_sigma: float) -> tuple[Array, Array]:
    mean = np.full_like(counts, np.nan)
    sigma = np.full_like(counts, np.nan)
    first = baseline + guard
    if len(counts) > first:
        windows = sliding_window_view(counts, baseline, axis=0)[: len(counts) - first]
        mean[first:] = windows.mean(axis=-1)
        sigma[first:] = np.maximum(windows.std(axis=-1, ddof=1), min_sigma)
    return mean, sigma


def _above(counts: Array, threshold: Array) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.asarray(counts > threshold)
