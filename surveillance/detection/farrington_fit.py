"""The quasi-Poisson fits of the Farrington methods, series by series, as R's `glm` goes from step to step.

A log-linear model with one intercept a_l by level and one slope b: its weighted least squares have a closed form, so a
step is one pass over the observations. With W = weight × mean and z the working response, by level
S0 = ΣW, S1 = ΣW(t−c), S2 = ΣW(t−c)², Sz = ΣWz, St = ΣWz(t−c), c = the level's centre of the step before:
D = Σ_l(S2 − S1²/S0), b = Σ_l(St − S1·Sz/S0)/D, a_l = Sz/S0 at the new centre c + S1/S0.

R's path is kept (McCullagh & Nelder's iteration from mean y + 0.1, stop when the deviance moves by less than 1e-8, 25
steps): the weights of the last step are those of the means before it. A fit taken further gives another dispersion.

In one module: the machine code kept on disk is made again when its own file changes, not when another does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.compiling import compiled
from surveillance.detection.judged import Array

Places = NDArray[np.intp]
STEPS, CLOSE, TINY = 25, 1e-8, 2.220446049250313e-16
# What a fit gives, by series (columns of `two_passes`).
ETA, UNIT_VARIANCE, PEARSON, BARE, SLOPE, TREND, FREE, HIGHEST, UNIT_SLOPE_VARIANCE = range(9)
RESULTS = 9
# Rows of `Past.sums`; the last ones: coefficients, those of the step before, ΣW of the last step.
S0, S1, S2, SZ, ST, CENTRE, INTERCEPT, OLD_CENTRE, OLD_INTERCEPT, BASE = range(10)


class Past(NamedTuple):
    """One series' baseline, written over for the next one.

    y, prior (weights, 0: missing), time, offset (logarithm), factor (its exponential): by observation. logs: of
    y + 0.1; y log y. runs: first place and place after of each stretch whose times follow one by one; level: theirs.
    means: of the last step and of the one before, in turn. sums: sums and coefficients × levels.
    """

    y: Array
    logs: Array
    prior: Array
    time: Array
    offset: Array
    factor: Array
    runs: Places
    level: Places
    means: Array
    sums: Array


class Settings(NamedTuple):
    """What is fitted and kept.

    time: when to predict. restarts: time is counted from the first row there is. limit: of the Anscombe residuals
    (infinite: one pass). trend: try one. kept: never (0), when the test says so and it predicts no more than was seen
    (1), always (2). bare: the test takes the dispersion without the mean.
    """

    time: float
    restarts: bool
    limit: float
    trend: bool
    kept: int
    bare: bool


class Fit(NamedTuple):
    """good: converged. spread: D (0: no slope). levels: their number. last: place of the last means. trend: tried."""

    good: bool
    slope: float
    spread: float
    levels: int
    last: int
    trend: bool


@compiled
def _clear(sums: Array, last: int) -> None:
    """Zero the first `last` rows (a loop: array expressions take the compiler seconds)."""
    for row in range(last):
        for k in range(sums.shape[1]):
            sums[row, k] = 0.0


@compiled
def _start(past: Past) -> float:
    """Sums of the first step, from means y + 0.1; half the deviance there, without that of a perfect fit."""
    _clear(past.sums, BASE)
    deviance = 0.0
    for run in range(past.runs.shape[0]):
        into = past.level[run]
        for i in range(past.runs[run, 0], past.runs[run, 1]):
            eta, prior, time = past.logs[0, i], past.prior[i], past.time[i]
            mu = past.y[i] + 0.1
            w = prior * mu
            z = w * (eta - past.offset[i]) + prior * (past.y[i] - mu)
            past.sums[S0, into] += w
            past.sums[S1, into] += w * time
            past.sums[S2, into] += w * time * time
            past.sums[SZ, into] += z
            past.sums[ST, into] += z * time
            deviance -= prior * (past.y[i] * eta + past.y[i] - mu)
            past.means[0, i] = mu
    return deviance


@compiled
def _solve(past: Past, trend: bool) -> tuple[float, float, int]:
    """Intercepts and centres into the sums; slope, D (0: no slope can be told) and the number of levels."""
    sums, span = past.sums, past.time[-1] - past.time[0]
    spread, product, total, count = 0.0, 0.0, 0.0, 0
    for k in range(sums.shape[1]):
        sums[BASE, k] = sums[S0, k]
        if sums[S0, k] > 0.0:
            shift = sums[S1, k] / sums[S0, k]
            spread += sums[S2, k] - sums[S1, k] * shift
            product += sums[ST, k] - sums[SZ, k] * shift
            total += sums[S0, k]
            count += 1
            sums[OLD_CENTRE, k], sums[OLD_INTERCEPT, k] = sums[CENTRE, k], sums[INTERCEPT, k]
            sums[CENTRE, k] += shift
            sums[INTERCEPT, k] = sums[SZ, k] / sums[S0, k]
    if not trend or spread <= 1e-22 * total * span * span:
        return 0.0, 0.0, count
    return product / spread, spread, count


@compiled
def _step(past: Past, slope: float, into: int) -> float:
    """Means of the coefficients, at `into`; half the deviance there (as `_start`), and the sums of the next step."""
    _clear(past.sums, CENTRE)
    deviance = 0.0
    growth = np.exp(slope)
    for run in range(past.runs.shape[0]):
        k, first = past.level[run], past.runs[run, 0]
        centre, intercept = past.sums[CENTRE, k], past.sums[INTERCEPT, k]
        grown = np.exp(intercept + slope * (past.time[first] - centre))
        s0, s1, s2, sz, st, lack = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(first, past.runs[run, 1]):
            y, prior, apart = past.y[i], past.prior[i], past.time[i] - centre
            eta = intercept + slope * apart
            mu = grown * past.factor[i]
            mu = mu if mu > TINY else TINY  # R's inverse of the link goes no lower
            grown *= growth
            rest, w = prior * (y - mu), prior * mu
            z = w * eta + rest
            s0 += w
            s1 += w * apart
            s2 += w * apart * apart
            sz += z
            st += z * apart
            lack += prior * y * (eta + past.offset[i]) + rest
            past.means[into, i] = mu
        past.sums[S0, k] += s0
        past.sums[S1, k] += s1
        past.sums[S2, k] += s2
        past.sums[SZ, k] += sz
        past.sums[ST, k] += st
        deviance -= lack
    return deviance


@compiled
def _halfway(sums: Array, slope: float, old_slope: float) -> float:
    """R's way back from a deviance without bound: the mean of the coefficients and those before."""
    for k in range(sums.shape[1]):
        before = sums[OLD_INTERCEPT, k] + old_slope * (sums[CENTRE, k] - sums[OLD_CENTRE, k])
        sums[INTERCEPT, k] = (sums[INTERCEPT, k] + before) / 2.0
    return (slope + old_slope) / 2.0


@compiled
def _fit(past: Past, trend: bool) -> Fit:
    """One pass, with the weights there are."""
    _clear(past.sums, BASE + 1)
    last, slope, spread, count = 0, 0.0, 0.0, 0
    perfect = 0.0
    for i in range(len(past.y)):
        perfect += past.prior[i] * past.logs[1, i]
    before = 2.0 * (perfect + _start(past))
    for step in range(STEPS):
        old_slope = slope
        slope, spread, count = _solve(past, trend)
        if count == 0 or not np.isfinite(slope):
            return Fit(False, slope, spread, count, last, trend)
        last = 1 - last
        deviance = 2.0 * (perfect + _step(past, slope, last))
        tries = 0
        while not np.isfinite(deviance):
            if step == 0 or tries == STEPS:
                return Fit(False, slope, spread, count, last, trend)
            tries += 1
            slope = _halfway(past.sums, slope, old_slope)
            deviance = 2.0 * (perfect + _step(past, slope, last))
        if abs(deviance - before) / (abs(deviance) + 0.1) < CLOSE:
            return Fit(True, slope, spread, count, last, trend)
        before = deviance
    return Fit(False, slope, spread, count, last, trend)


@compiled
def _pearson(past: Past, last: int) -> tuple[float, float]:
    """ΣWr², with W of the last step and r of the last means, as R; and Σωr², the sum without the mean."""
    whole, bare = 0.0, 0.0
    for i in range(len(past.y)):
        r = (past.y[i] - past.means[last, i]) / past.means[last, i]
        r = past.prior[i] * r * r
        bare += r
        whole += past.means[1 - last, i] * r
    return whole, bare


@compiled
def _reweight(past: Past, fit: Fit, phi: float, limit: float, kept: int) -> None:
    """Weights of the second pass: Anscombe residuals s above `limit` count for s⁻² (1996, section 3.6).

    An observation alone in its level (leverage 1) keeps its weight: in R the sign of a rounding error decides.
    """
    total = 0.0
    for run in range(past.runs.shape[0]):
        into = past.level[run]
        for i in range(past.runs[run, 0], past.runs[run, 1]):
            mean, rest = past.means[fit.last, i], past.y[i] - past.means[fit.last, i]
            if past.prior[i] > 0.0 and (rest > 0.0 or limit < 0.0):
                apart = past.time[i] - past.sums[CENTRE, into]
                hat = 1.0 / past.sums[BASE, into] + (apart * apart / fit.spread if fit.spread > 0.0 else 0.0)
                free = phi * (1.0 - past.means[1 - fit.last, i] * hat)
                # s is at most the Pearson residual: the powers are needed for few observations.
                if limit < 0.0 or rest * rest >= limit * limit * mean * free:
                    s = 1.5 * (np.cbrt(past.y[i]) ** 2 / mean ** (1.0 / 6.0) - np.sqrt(mean)) / np.sqrt(free)
                    if s > limit and free > 1e-12 * phi:
                        past.prior[i] = 1.0 / (s * s)
            total += past.prior[i]
    for i in range(len(past.prior)):
        past.prior[i] *= kept / total


@compiled
def _passes(past: Past, trend: bool, limit: float, kept: int) -> Fit:
    """Both passes, with or without a trend: one that does not converge is left out, in the second pass too."""
    fit = _fit(past, trend)
    if trend and not fit.good:
        trend = False
        fit = _fit(past, trend)
    if not fit.good or not np.isfinite(limit):
        return fit
    free = kept - fit.levels - (1 if fit.spread > 0.0 else 0)
    phi = max(1.0, _pearson(past, fit.last)[0] / free)
    _reweight(past, fit, phi, limit, kept)
    second = _fit(past, trend)  # R does not ask whether this one converged
    return Fit(True, second.slope, second.spread, second.levels, second.last, trend)


@compiled
def _gather(values: Array, rows: Places, table: Array, past: Past) -> tuple[int, int, float, float]:
    """One series into its baseline; how many observations there are, the first, the highest, the lowest."""
    kept, first, highest, lowest = 0, -1, -np.inf, np.inf
    for i in range(len(rows)):
        value = values[rows[i]]
        past.y[i], past.prior[i], past.logs[0, i], past.logs[1, i] = 0.0, 0.0, 0.0, 0.0
        if np.isnan(value):
            continue
        past.y[i], past.prior[i] = value, 1.0
        place = int(value) if 0.0 <= value < table.shape[1] else 0
        if value == place:
            past.logs[0, i], past.logs[1, i] = table[0, place], table[1, place]
        else:
            past.logs[0, i], past.logs[1, i] = np.log(value + 0.1), value * np.log(value)
        kept += 1
        first = i if first < 0 else first
        highest, lowest = max(highest, value), min(lowest, value)
    return kept, first, highest, lowest


@compiled
def _blank(out: Array) -> None:
    for place in range(RESULTS):
        out[place] = np.nan


@compiled
def _model(
    past: Past, settings: Settings, critical: Array, seen: tuple[int, float, float], now: float, out: Array
) -> None:
    """The model of one series into `out`: with a trend, when there is one to keep, or else without."""
    kept, highest, when = seen
    trend, level = settings.trend, past.sums.shape[1] - 1
    while True:
        for i in range(len(past.prior)):
            past.prior[i] = 1.0 if past.prior[i] > 0.0 else 0.0
        fit = _passes(past, trend, settings.limit, kept)
        _blank(out)
        free = kept - fit.levels - (1 if fit.spread > 0.0 else 0)
        if free <= 0 and fit.trend and settings.kept == 0 and not np.isfinite(settings.limit):
            trend = False  # a line through two points: it is not kept, and says nothing of the dispersion
            continue
        if not fit.good or past.sums[BASE, level] <= 0.0 or free <= 0:
            return
        apart = when - past.sums[CENTRE, level]
        out[ETA] = past.sums[INTERCEPT, level] + fit.slope * apart + now
        out[UNIT_VARIANCE] = 1.0 / past.sums[BASE, level]
        whole, bare = _pearson(past, fit.last)
        out[PEARSON], out[BARE], out[FREE], out[HIGHEST] = whole / free, bare / free, free, highest
        out[TREND] = 1.0 if fit.trend else 0.0
        if not fit.trend:
            return
        out[SLOPE] = fit.slope
        if fit.spread > 0.0:
            out[UNIT_VARIANCE] += apart * apart / fit.spread
            out[UNIT_SLOPE_VARIANCE] = 1.0 / fit.spread
        t = abs(fit.slope) / np.sqrt(out[BARE if settings.bare else PEARSON] * out[UNIT_SLOPE_VARIANCE])
        supported = t > critical[min(free, len(critical) - 1)] and np.exp(out[ETA]) <= highest
        if settings.kept == 2 or (settings.kept == 1 and supported):
            return
        trend = False


@compiled
def two_passes(
    counts: Array, offsets: Array, now: Array, rows: Places, time: Array, runs: Places, level: Places, levels: int,
    settings: Settings, critical: Array, table: Array, out: Array,
) -> None:  # fmt: skip
    """Every series of `counts` (series × time) at one row, into `out` (series × RESULTS; NaN: no fit).

    offsets: series × time, logarithms (no column: none); now: theirs at the row judged. rows, time: the baseline;
    runs, level: its stretches; levels: their number, the last one judged. critical: |t| from which the trend is kept,
    by degrees of freedom. table: logarithms of small counts.
    """
    n = len(rows)
    past = Past(
        np.empty(n), np.empty((2, n)), np.empty(n), time, np.zeros(n), np.ones(n), runs, level, np.empty((2, n)),
        np.empty((10, levels)),
    )  # fmt: skip
    for s in range(counts.shape[0]):
        kept, first, highest, lowest = _gather(counts[s], rows, table, past)
        _blank(out[s])
        if kept == 0 or lowest < 0.0:  # R refuses negative counts
            continue
        if offsets.shape[1] > 0:
            for i in range(n):
                past.offset[i] = offsets[s, rows[i]]
                past.factor[i] = np.exp(past.offset[i])
        when = settings.time - (time[first] if settings.restarts else 0.0)
        used = settings
        if highest == lowest and offsets.shape[1] == 0 and settings.kept == 1:
            # The slope of a constant, and the test of it, are rounding noise: none is kept.
            used = Settings(settings.time, settings.restarts, settings.limit, settings.trend, 0, settings.bare)
        _model(past, used, critical, (kept, highest, when), now[s] if len(now) > 1 else now[0], out[s])
