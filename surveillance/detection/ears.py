"""EARS C1, C2 and C3: is today's count above what the last days let expect?

Hutwagner et al. 2003 (J Urban Health 80:i89–i96), with the conventions of the R package `surveillance` (`earsC`), and
C3 as the CDC defines it (Hutwagner et al. 2005, Emerg Infect Dis 11:314–316) beside it.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from surveillance.detection.judged import Array, Codes, Judged, Method, Parameter, Series, Status

GUARD = 2  # days left out between the baseline and the day tested, in C2 and C3


def ears_c1(series: Series, baseline: int = 7, min_sigma: float = 0.0, alpha: float = 0.001) -> Judged:
    """C1: mean and standard deviation of the `baseline` days just before; alarm when y > mean + z σ, strictly."""
    return _shewhart(series, baseline, 0, min_sigma, alpha)


def ears_c2(series: Series, baseline: int = 7, min_sigma: float = 0.0, alpha: float = 0.001) -> Judged:
    """C2: as C1, with two days left out before the day tested, so that a slow rise does not hide itself."""
    return _shewhart(series, baseline, GUARD, min_sigma, alpha)


def ears_c3(series: Series, baseline: int = 7, min_sigma: float = 0.0, alpha: float = 0.025) -> Judged:
    """C3 as coded in R `surveillance`: alarm when the C2 excesses of the two days before sum to more than z.

    Today's count cancels out of the rule; this quirk of the reference is kept: its users find their alarms again.
    Where the baseline has no spread, the excess is 0/0 or x/0, and the alarm not available, or certain, as in R.
    """
    mean, sigma = _moments(series, baseline, GUARD, min_sigma)
    counts = series.counts[series.rows]
    before = _excess(series, baseline, min_sigma, 1) + _excess(series, baseline, min_sigma, 2)
    with np.errstate(invalid="ignore"):
        threshold = np.maximum(0.0, counts + sigma * (ndtri(1 - alpha) - before))
    status = _status(series, threshold, first=baseline + GUARD + 2)
    nothing = np.full(counts.shape, np.nan)
    return Judged(mean, threshold, _alarm(counts, threshold), before, nothing, status)


def ears_c3_cdc(
    series: Series, baseline: int = 7, min_sigma: float = 0.0, limit: float = 2.0, skip_flagged: bool = False
) -> Judged:
    """C3 of the CDC: the C2 excesses of today and of the two days before sum to more than `limit`.

    upperbound: the count of today from which they do; 0 when the two days before are enough. A day whose baseline, or
    that of the two days before, has no spread is not judged (`constant`): its excess would be a division by zero.
    """
    mean, sigma = _moments(series, baseline, GUARD, min_sigma)
    counts = series.counts[series.rows]
    flagged = _quantile(0.001) - 1 if skip_flagged else np.inf
    before = _excess(series, baseline, min_sigma, 1, flagged) + _excess(series, baseline, min_sigma, 2, flagged)
    score = before + _excess(series, baseline, min_sigma, 0)
    score = np.where(np.isfinite(score), score, np.nan)
    with np.errstate(invalid="ignore"):
        threshold = np.where(before > limit, 0.0, mean + sigma * (1.0 + limit - before))
    alarm = np.where(np.isnan(score), np.nan, score > limit)
    threshold = np.where(np.isnan(score), np.nan, threshold)
    nothing = np.full(counts.shape, np.nan)
    status = _status(series, score, first=baseline + GUARD + 2)
    return Judged(mean, threshold, alarm, score, nothing, status)


def _quantile(alpha: float) -> float:
    """The normal quantile of a one-sided level."""
    return float(ndtri(1.0 - alpha))


def _shewhart(series: Series, baseline: int, guard: int, min_sigma: float, alpha: float) -> Judged:
    mean, sigma = _moments(series, baseline, guard, min_sigma)
    counts = series.counts[series.rows]
    threshold = mean + _quantile(alpha) * sigma
    with np.errstate(divide="ignore", invalid="ignore"):
        score = (counts - mean) / sigma
    alarm = _alarm(counts, threshold)
    return Judged(mean, threshold, alarm, score, ndtr(-score), _status(series, counts + threshold, baseline + guard))


def _excess(series: Series, baseline: int, min_sigma: float, back: int, flagged: float = np.inf) -> Array:
    """max(0, C2 − 1) of the day `back` days before each row judged; 0 when it is above `flagged`."""
    earlier = Series(series.counts, judged=series.rows - back)
    mean, sigma = _moments(earlier, baseline, GUARD, min_sigma)
    counts = np.where(earlier.rows[:, None] >= 0, series.counts[earlier.rows], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.maximum(0.0, (counts - mean) / sigma - 1.0)
    return np.where(excess > flagged, 0.0, excess)


def _moments(series: Series, baseline: int, guard: int, min_sigma: float) -> tuple[Array, Array]:
    """Mean and standard deviation (n − 1; never below min_sigma) of the baseline of each row judged."""
    shape = (len(series.rows), series.counts.shape[1])
    mean, sigma = np.full(shape, np.nan), np.full(shape, np.nan)
    for place, row in enumerate(series.rows):
        if row < baseline + guard:
            continue
        window = series.counts[row - guard - baseline : row - guard]
        flat = (window == window[0]).all(axis=0)  # a spread of exactly 0, not the rounding of a mean
        mean[place] = np.where(flat, window[0], window.mean(axis=0))
        sigma[place] = np.maximum(np.where(flat, 0.0, window.std(axis=0, ddof=1)), min_sigma)
    return mean, sigma


def _alarm(counts: Array, threshold: Array) -> Array:
    return np.where(np.isnan(counts + threshold), np.nan, counts > threshold)


def _status(series: Series, tested: Array, first: int) -> Codes:
    """`tested`: NaN where nothing can be said. A row before `first` lacks history; else a day is missing, or flat."""
    rows = series.rows
    status = np.where(np.isnan(tested), Status.CONSTANT, Status.OK).astype(np.int8)
    for place in np.flatnonzero(np.isnan(tested).any(axis=1)):
        window = series.counts[max(rows[place] - first, 0) : rows[place] + 1]
        status[place, np.isnan(window).any(axis=0) & np.isnan(tested[place])] = Status.MISSING
    status[rows < first] = Status.HISTORY
    return status


_COMMON = (
    Parameter("baseline", 7, "days (or weeks) of the baseline, at least 3", ("baseline",), least=3),
    Parameter(
        "min_sigma", 0.0, "floor of the standard deviation, in cases (Burkom advises 0.5 or 1)", ("minSigma",), least=0
    ),
)
_ALPHA = "one-sided level of the bound, normal quantile"
_R = "R surveillance, earsC"
METHODS: tuple[Method, ...] = (
    Method(
        "ears_c1",
        ears_c1,
        (*_COMMON, Parameter("alpha", 0.001, _ALPHA, ("alpha",), least=0, most=1)),
        "above the mean of the last 7 days by more than z standard deviations",
        f"{_R} (C1); Hutwagner 2003",
    ),
    Method(
        "ears_c2",
        ears_c2,
        (*_COMMON, Parameter("alpha", 0.001, _ALPHA, ("alpha",), least=0, most=1)),
        "as C1, the two days before left out of the baseline",
        f"{_R} (C2); Hutwagner 2003",
    ),
    Method(
        "ears_c3",
        ears_c3,
        (*_COMMON, Parameter("alpha", 0.025, _ALPHA, ("alpha",), least=0, most=1)),
        "C2 excesses of the two days before, as coded in R: today's count is not used",
        f"{_R} (C3)",
    ),
    Method(
        "ears_c3_cdc",
        ears_c3_cdc,
        (
            *_COMMON,
            Parameter("limit", 2.0, "sum of the three excesses above which there is an alarm"),
            Parameter("skip_flagged", False, "leave out the excess of a day before that C2 flagged at .001"),
        ),
        "C2 excesses of today and of the two days before",
        "Hutwagner 2005",
    ),
)
