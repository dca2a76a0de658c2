"""How improbable a daily count is: one calibrated p-value for all series, whatever method fired.

Expected = level of the place × growth of the syndrome in France × weekday × calendar (school holidays by age);
negative binomial, its dispersion drawn towards that of the like series; mid-p (Lancaster 1961, JASA 56:223-234), then
Student's t for the dispersion is estimated. A place with next to no past is given the part it has of all acts
(gamma-Poisson; Greenland & Robins 1991, Epidemiology 2:244-251). The model is this project's own; its tails are tried
on null series (docs/signals.md).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from surveillance.detection.judged import Array
from surveillance.detection.quantiles import at_least, quantile

PRIOR = 1.0  # visits that what is usual in France weighs in the level of a place
WEEKDAY_PRIOR = 200.0  # visits that the weekdays of all syndromes weigh in those of one
GROWTH_DAYS = 21  # of baseline, from which a growth is fitted
GROWTH_STEPS = 8  # of Newton's method
SCHOOL_SPREAD = 0.5  # of the effect of school holidays, from syndrome to syndrome: its standard deviation (choice)
LEAST = 1e-12  # mean of what nothing is expected of
LARGEST = 0.05  # growth a day: doubling in two weeks


class Expected(NamedTuple):
    """Each is tested days × places × syndromes × ages. phi: variance over mean, errors of estimation included."""

    mean: Array
    phi: Array
    freedom: float


class Calendar(NamedTuple):
    """What the calendar makes of counts.

    factor: tested days × places, of holidays and the days beside them, with a relative standard deviation `spread`
    where it is not 1. school: all days × places × ages, of school holidays.
    """

    factor: Array
    school: Array
    spread: float


def expect(
    counts: Array, weekdays: NDArray[np.int64], shares: Array, calendar: Calendar, tested: int, guard: int,
    baseline: int,
) -> Expected:  # fmt: skip
    """The counts of the last `tested` days, from `baseline` days that end `guard` days before the first of them.

    counts: days × places × syndromes × ages, the first place being France. shares: places, of all acts.
    """
    end = len(counts) - tested - guard
    start = max(0, end - baseline)
    weekly = weekday_factors(counts[:end, 0], weekdays[:end])  # weekday × syndromes × ages
    time: Array = np.arange(len(counts), dtype=float) - (start + end - 1) / 2
    school = calendar.school[:, :, None, :]
    past, usual = counts[start:end], weekly[weekdays[start:end]]
    growth, growth_variance = _growth(past[:, 0], usual * school[start:end, 0], time[start:end])
    weights = (usual * np.exp(growth * time[start:end, None, None]))[:, None] * school[start:end]
    total, exposure = past.sum(axis=0), weights.sum(axis=0)
    prior = np.maximum(total[0] / exposure[0], 1e-9) * np.maximum(shares, 1e-6)[:, None, None]
    level = (total + PRIOR) / (exposure + PRIOR / prior)
    level[0] = total[0] / exposure[0]
    phi, freedom = _dispersion(past, level, weights)
    ahead = weekly[weekdays[-tested:]] * np.exp(growth * time[-tested:, None, None])
    plain = ahead[:, None] * level * school[-tested:]
    factor = calendar.factor[:, :, None, None]
    mean = plain * factor
    change = SCHOOL_SPREAD * np.log(school[-tested:] / school[start:end].mean(axis=0))
    unsure = ((factor != 1.0) * calendar.spread**2 + change**2) * mean
    part = plain / np.maximum(plain[:, :1], 1e-9)
    same = max(1.0, end / 7)  # days of the same weekday behind a weekday's factor
    of_growth = (time[-tested:, None, None] ** 2 * growth_variance)[:, None] * mean
    errors = 1.0 + 1.0 / max(1, end - start) + part / same
    return Expected(mean, np.maximum(1.0, phi * errors + of_growth + unsure), freedom)


def weekday_factors(national: Array, weekdays: NDArray[np.int64]) -> Array:
    """Weekday × syndromes × ages: the mean of a weekday over that of all, drawn towards that of all syndromes."""
    days = np.array([max(1, int((weekdays == day).sum())) for day in range(7)], float)
    sums = np.stack([national[weekdays == day].sum(axis=0) for day in range(7)])
    means = sums / days[:, None, None]
    everything = means[:, :, :1].sum(axis=1, keepdims=True)
    common = everything / np.maximum(everything.mean(axis=0), 1e-9)
    common = np.where(everything.sum() > 0, common, 1.0)
    weight = WEEKDAY_PRIOR / days.sum()
    return np.asarray((means + weight * common) / (means.mean(axis=0) + weight))


def _growth(national: Array, usual: Array, time: Array) -> tuple[Array, Array]:
    """Log growth a day of each syndrome and age in France, and its variance: Poisson regression, Newton's method."""
    shape = national.shape[1:]
    if len(national) < GROWTH_DAYS:
        return np.zeros(shape), np.zeros(shape)
    growth = np.zeros(shape)
    at = time[:, None, None]
    for _ in range(GROWTH_STEPS):
        weights = usual * np.exp(growth * at)
        exposure = weights.sum(axis=0)
        centre = (weights * at).sum(axis=0) / exposure
        spread = (weights * (at - centre) ** 2).sum(axis=0) / exposure
        total = np.maximum(national.sum(axis=0), 1e-9)
        gap = (national * at).sum(axis=0) / total - centre
        growth = np.clip(growth + gap / np.maximum(spread + PRIOR * 50 / total * spread, 1e-9), -LARGEST, LARGEST)
    mean = usual * np.exp(growth * at)
    mean *= national.sum(axis=0) / mean.sum(axis=0)
    phi = np.maximum(1.0, ((national - mean) ** 2).sum(axis=0) / total * len(time) / (len(time) - 2))
    return growth, phi / np.maximum(total * spread, 1e-9)


def _dispersion(past: Array, level: Array, weights: Array) -> tuple[Array, float]:
    """Variance over mean of each series, drawn half way to that of all places of its syndrome and age of like size."""
    mean = level[None] * weights
    squares, total = ((past - mean) ** 2).sum(axis=0), mean.sum(axis=0)
    days = max(2, len(past))
    own = squares / np.maximum(total, 1e-9) * days / (days - 1)
    size = np.clip(np.floor(np.log2(np.maximum(total / days, 2.0**-6))), -6, 12).astype(int)
    pooled = np.ones_like(own)
    for one in np.unique(size):
        like = size == one
        sums = (squares * like).sum(axis=0), (total * like).sum(axis=0)
        value = sums[0] / np.maximum(sums[1], 1e-9) * days / (days - 1)
        pooled = np.where(like, value, pooled)
    return np.maximum(1.0, (own + pooled) / 2), 2.0 * (days - 1)


def mid_p(counts: Array, mean: Array, phi: Array, freedom: float) -> Array:
    """P(Y > y) + P(Y = y) / 2 of a negative binomial of that mean and variance phi × mean, with Student's tail."""
    mean = np.maximum(mean, LEAST)
    middle = (at_least(counts, mean, phi) + at_least(counts + 1, mean, phi)) / 2
    with np.errstate(divide="ignore"):
        z = -special.ndtri(np.maximum(middle, 1e-300))
    return np.where(z > 0, np.asarray(special.stdtr(freedom, -z)), middle)


def limits(mean: Array, phi: Array, level: float) -> tuple[Array, Array]:
    """The interval that holds a count with that probability (equal tails), of whole numbers."""
    mean = np.maximum(mean, LEAST)
    return quantile((1 - level) / 2, mean, phi) + 0.0, quantile((1 + level) / 2, mean, phi) + 0.0  # -0 is 0
