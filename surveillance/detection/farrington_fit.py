"""The quasi-Poisson fits of the Farrington methods, series by series, as R's `glm` goes from step to step.

A log-linear model with one intercept a_l by level and one slope b: its weighted least squares have a closed form, so a
step is one pass over the observations. With W = weight × mean and z the working response, by level
S0 = ΣW, S1 = ΣW(t−c), S2 = ΣW(t−c)², Sz = ΣWz, St = ΣWz(t−c), c = the level's centre of the step before:
D = Σ_l(S2 − S1²/S0), b = Σ_l(St − S1·Sz/S0)/D, a_l = Sz/S0 at the new centre c + S1/S0.

R's path is kept (McCullagh & Nelder's iteration from mean y + 0.1, stop when the deviance moves by less than 1e-8, 25
steps): the weights of the last step are those of the means before it. A fit taken further gives another dispersion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.compiling import compiled
from surveillance.detection.judged import Array

Places = NDArray[np.intp]
STEPS, CLOSE, TINY = 25, 1e-8, 2.220446049250313e-16
# What a fit gives, by series (columns of `two_passes`).
ETA, UNIT_VARIANCE, PEARSON, QUIRK, SLOPE, TREND, FREE, HIGHEST, UNIT_SLOPE_VARIANCE = range(9)
RESULTS = 9
S0, S1, S2, SZ, ST, CENTRE, INTERCEPT, OLD_CENTRE, OLD_INTERCEPT, BASE = range(10)


@compiled
def _start(y, log_start, prior, time, offset, runs, level, mean, sums):  # type: ignore[no-untyped-def]
    """Sums of the first step, from means y + 0.1; the deviance there, and that of a perfect fit."""
    sums[:BASE] = 0.0
    deviance = 0.0
    for run in range(runs.shape[0]):
        into = level[run]
        for i in range(runs[run, 0], runs[run, 1]):
            mean[i] = y[i] + 0.1
            eta = log_start[i]
            w = prior[i] * mean[i]
            z = w * (eta - offset[i]) + prior[i] * (y[i] - mean[i])
            sums[S0, into] += w
            sums[S1, into] += w * time[i]
            sums[S2, into] += w * time[i] * time[i]
            sums[SZ, into] += z
            sums[ST, into] += z * time[i]
            deviance -= prior[i] * (y[i] * eta + y[i] - mean[i])
    return deviance


@compiled
def _solve(sums, trend, span):  # type: ignore[no-untyped-def]
    """Intercepts and centres into `sums`; slope, D (0: no slope can be told) and the number of levels."""
    spread, product, total, count = 0.0, 0.0, 0.0, 0
    for k in range(sums.shape[1]):
        if sums[S0, k] > 0.0:
            shift = sums[S1, k] / sums[S0, k]
            spread += sums[S2, k] - sums[S1, k] * shift
            product += sums[ST, k] - sums[SZ, k] * shift
            total += sums[S0, k]
            count += 1
            sums[OLD_CENTRE, k], sums[OLD_INTERCEPT, k] = sums[CENTRE, k], sums[INTERCEPT, k]
            sums[CENTRE, k] += shift
            sums[INTERCEPT, k] = sums[SZ, k] / sums[S0, k]
    sums[BASE] = sums[S0]
    if not trend or spread <= 1e-22 * total * span * span:
        return 0.0, 0.0, count
    return product / spread, spread, count


@compiled
def _step(y, prior, time, offset, factor, runs, level, slope, mean, sums):  # type: ignore[no-untyped-def]
    """Means of the coefficients in `sums`, the deviance there, and the sums of the next step."""
    sums[:CENTRE] = 0.0
    deviance = 0.0
    growth = np.exp(slope)
    for run in range(runs.shape[0]):
        into, first, last = level[run], runs[run, 0], runs[run, 1]
        centre, intercept = sums[CENTRE, into], sums[INTERCEPT, into]
        grown = np.exp(intercept + slope * (time[first] - centre))
        s0, s1, s2, sz, st, lack = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(first, last):
            apart = time[i] - centre
            eta = intercept + slope * apart
            mu = grown * factor[i]
            mu = mu if mu > TINY else TINY
            grown *= growth
            rest = prior[i] * (y[i] - mu)
            w = prior[i] * mu
            z = w * eta + rest
            s0 += w
            s1 += w * apart
            s2 += w * apart * apart
            sz += z
            st += z * apart
            lack += prior[i] * y[i] * (eta + offset[i]) + rest
            mean[i] = mu
        sums[S0, into] += s0
        sums[S1, into] += s1
        sums[S2, into] += s2
        sums[SZ, into] += sz
        sums[ST, into] += st
        deviance -= lack
    return deviance


@compiled
def _halfway(sums, slope, old_slope):  # type: ignore[no-untyped-def]
    """R's way back from a deviance without bound: the mean of the coefficients and those before."""
    half = (slope + old_slope) / 2.0
    for k in range(sums.shape[1]):
        before = sums[OLD_INTERCEPT, k] + old_slope * (sums[CENTRE, k] - sums[OLD_CENTRE, k])
        sums[INTERCEPT, k] = (sums[INTERCEPT, k] + before) / 2.0
    return half


@compiled
def _fit(y, log_start, prior, time, offset, factor, runs, level, trend, means, sums, perfect):  # type: ignore[no-untyped-def]
    """Converged?, slope, D, levels, place in `means` of the last means (the other: those of the last weights)."""
    sums[:] = 0.0
    last, slope, spread, count = 0, 0.0, 0.0, 0
    span = time[-1] - time[0]
    before = 2.0 * (perfect + _start(y, log_start, prior, time, offset, runs, level, means[0], sums))
    for step in range(STEPS):
        old_slope = slope
        slope, spread, count = _solve(sums, trend, span)
        if count == 0 or not np.isfinite(slope):
            return False, slope, spread, count, last
        last = 1 - last
        deviance = 2.0 * (perfect + _step(y, prior, time, offset, factor, runs, level, slope, means[last], sums))
        tries = 0
        while not np.isfinite(deviance):
            if step == 0 or tries == STEPS:
                return False, slope, spread, count, last
            tries += 1
            slope = _halfway(sums, slope, old_slope)
            deviance = 2.0 * (perfect + _step(y, prior, time, offset, factor, runs, level, slope, means[last], sums))
        if abs(deviance - before) / (abs(deviance) + 0.1) < CLOSE:
            return True, slope, spread, count, last
        before = deviance
    return False, slope, spread, count, last


@compiled
def _pearson(y, prior, weight_mean, mean):  # type: ignore[no-untyped-def]
    """ΣWr² with W of the last step and r of the last means, as R; and Σωr², the sum without the mean."""
    whole, bare = 0.0, 0.0
    for i in range(len(y)):
        r = (y[i] - mean[i]) / mean[i]
        r = prior[i] * r * r
        bare += r
        whole += weight_mean[i] * r
    return whole, bare


@compiled
def _reweight(y, prior, time, runs, level, spread, sums, weight_mean, mean, phi, limit, kept):  # type: ignore[no-untyped-def]
    """Weights of the second pass: Anscombe residuals s above `limit` count for s⁻² (1996, section 3.6)."""
    total = 0.0
    for run in range(runs.shape[0]):
        into = level[run]
        for i in range(runs[run, 0], runs[run, 1]):
            if prior[i] == 0.0:
                continue
            rest = y[i] - mean[i]
            if limit >= 0.0 and rest <= 0.0:
                total += 1.0
                continue
            apart = time[i] - sums[CENTRE, into]
            hat = 1.0 / sums[BASE, into] + (apart * apart / spread if spread > 0.0 else 0.0)
            free = phi * (1.0 - weight_mean[i] * hat)
            # s is at most the Pearson residual: the powers are needed for few observations.
            if limit >= 0.0 and rest * rest < limit * limit * mean[i] * free:
                total += 1.0
                continue
            s = 1.5 * (np.cbrt(y[i]) ** 2 / mean[i] ** (1.0 / 6.0) - np.sqrt(mean[i])) / np.sqrt(free)
            if s > limit:
                prior[i] = 1.0 / (s * s)
            total += prior[i]
    scale = kept / total
    for i in range(len(y)):
        prior[i] *= scale


@compiled
def _passes(y, logs, prior, time, offset, factor, runs, level, trend, limit, kept, means, sums):  # type: ignore[no-untyped-def]
    """Both passes with or without a trend: converged?, slope, D, levels, last means, with a trend?"""
    perfect = (prior * logs[1]).sum()
    good, slope, spread, count, last = _fit(
        y, logs[0], prior, time, offset, factor, runs, level, trend, means, sums, perfect
    )
    if trend and not good:  # a trend that does not converge is left out, in the second pass too
        trend = False
        good, slope, spread, count, last = _fit(
            y, logs[0], prior, time, offset, factor, runs, level, trend, means, sums, perfect
        )
    if not good or not np.isfinite(limit):
        return good, slope, spread, count, last, trend
    free = kept - count - (1 if spread > 0.0 else 0)
    phi = max(1.0, _pearson(y, prior, means[1 - last], means[last])[0] / free)
    _reweight(y, prior, time, runs, level, spread, sums, means[1 - last], means[last], phi, limit, kept)
    perfect = (prior * logs[1]).sum()
    _, slope, spread, count, last = _fit(
        y, logs[0], prior, time, offset, factor, runs, level, trend, means, sums, perfect
    )
    return True, slope, spread, count, last, trend


@compiled
def _gather(values, table, y, logs, prior):  # type: ignore[no-untyped-def]
    """One series into y, its logarithms (of y + 0.1; y log y) and weights (0: missing); how many, the first, the highest, all alike?"""
    kept, first, highest, lowest = 0, -1, -np.inf, np.inf
    for i in range(len(values)):
        value = values[i]
        if np.isnan(value):
            y[i], logs[0, i], logs[1, i], prior[i] = 0.0, 0.0, 0.0, 0.0
            continue
        y[i], prior[i] = value, 1.0
        place = int(value) if 0.0 <= value < table.shape[1] else 0
        if value == place:
            logs[0, i], logs[1, i] = table[0, place], table[1, place]
        else:
            logs[0, i] = np.log(value + 0.1)
            logs[1, i] = value * np.log(value) if value > 0.0 else 0.0
        kept += 1
        first = i if first < 0 else first
        highest, lowest = max(highest, value), min(lowest, value)
    return kept, first, highest, lowest == highest


@compiled
def two_passes(counts, offsets, now, rows, time, runs, level, levels, settings, critical, table, out):  # type: ignore[no-untyped-def]
    """Every series of `counts` (series × time) at one row, into `out` (series × RESULTS; NaN: no fit).

    offsets: series × time, logarithms (one row of zeros without); now: theirs at the row judged. rows, time: the
    baseline; runs (first, after), level: its stretches; levels: their number, the last one judged. settings: time to predict, restarts
    at the first row there is?, limit of the Anscombe residuals (infinite: one pass), a trend?, may it be kept (0: never, 1:
    when the test says so and it predicts no more than was seen, 2: always)?, dispersion of its test (0: Pearson's, 1: without the mean). critical: |t| from which the trend is kept, by
    degrees of freedom.
    """
    n = len(rows)
    y, prior, offset, factor = np.empty(n), np.empty(n), np.zeros(n), np.ones(n)
    logs, means, sums = np.empty((2, n)), np.empty((2, n)), np.empty((10, levels))
    for s in range(counts.shape[0]):
        out[s] = np.nan
        kept, first, highest, alike = _gather(counts[s][rows], table, y, logs, prior)
        if kept == 0 or y.min() < 0.0:  # R refuses negative counts
            continue
        if offsets.shape[1] > 0:
            for i in range(n):
                offset[i] = offsets[s, rows[i]]
                factor[i] = np.exp(offset[i])
        when = settings[0] - (time[first] if settings[1] > 0.0 else 0.0)
        trend = settings[3] > 0.0
        for _ in range(2):
            for i in range(n):
                prior[i] = 1.0 if prior[i] > 0.0 else 0.0
            good, slope, spread, count, last, trend = _passes(
                y, logs, prior, time, offset, factor, runs, level, trend, settings[2], kept, means, sums
            )
            out[s] = np.nan
            if not good or sums[BASE, levels - 1] <= 0.0:
                break
            apart = when - sums[CENTRE, levels - 1]
            eta = sums[INTERCEPT, levels - 1] + slope * apart + now[s % len(now)]
            free = kept - count - (1 if spread > 0.0 else 0)
            if free <= 0:  # nothing is left to tell the dispersion from
                break
            variance = 1.0 / sums[BASE, levels - 1] + (apart * apart / spread if spread > 0.0 else 0.0)
            whole, bare = _pearson(y, prior, means[1 - last], means[last])
            out[s, ETA], out[s, UNIT_VARIANCE], out[s, SLOPE], out[s, TREND] = eta, variance, slope, 1.0 if trend else 0.0
            out[s, PEARSON], out[s, QUIRK], out[s, FREE], out[s, HIGHEST] = whole / free, bare / free, free, highest
            out[s, UNIT_SLOPE_VARIANCE] = 1.0 / spread if spread > 0.0 else np.nan
            if not trend or settings[4] > 1.0:
                break
            used = bare / free if settings[5] > 0.0 else whole / free
            t = abs(slope) / np.sqrt(used / spread)
            # Of a constant past the slope, and the test of it, would be rounding noise.
            testable = settings[4] > 0.0 and not (alike and offsets.shape[1] == 0)
            if testable and t > critical[min(free, len(critical) - 1)] and np.exp(eta) <= highest:
                break
            trend = False

