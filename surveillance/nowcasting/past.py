"""How wrong past estimates were: it makes the interval of the next one, and says whether it is worth giving."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array
from surveillance.nowcasting.ladder import estimate
from surveillance.nowcasting.triangle import WEEK, Flags, Triangle
from surveillance.signal_rules import NowcastRule

HALF = 0.5  # added to both sides of a ratio, which counts of 0 have too
LEVELS = (0.1, 0.99)  # between which the level of the quantiles is moved


@dataclass(frozen=True)
class Past:
    """Estimates of nights one after the other and what became of them: nights × ages × places (groups of series).

    Age 0 is the day before the night. expected: the estimate; rule: that of the last complete day; final: NaN: none, or
    not known. gone: how many series are taken as not arrived; doubt: standard error of what stands for them. settled:
    the age at which a day is complete.
    """

    observed: Array
    expected: Array
    rule: Array
    final: Array
    gone: NDArray[np.intp]
    doubt: Array
    settled: int


@dataclass(frozen=True)
class Told:
    """What each night could tell of its last days: nights × ages × places, from days that were complete by then.

    low, high: the interval. error, error_known, error_rule: mean absolute errors of estimates of that age, of what was
    known, and of the last complete day, over the mean count (0–1). tried: of how many past estimates. given: does the
    estimate beat the rule of the last complete day?
    """

    low: Array
    high: Array
    error: Array
    error_known: Array
    error_rule: Array
    tried: NDArray[np.intp]
    given: Flags


def added(values: Array, places: Array) -> Array:
    """… × series, added up by place (series × places, 1 where a series is in it); a series without a value adds none,
    a place of which nothing is known is NaN."""
    found = np.where(np.isnan(values), 0.0, values) @ places
    return np.where((np.isfinite(values).astype(float) @ places) > 0, found, np.nan)


def past_estimates(
    acts: Triangle, counts: Triangle, nights: NDArray[np.intp], places: Array, rule: NowcastRule, final: Array
) -> Past:
    """The estimates that are made on the nights after these days. `final`: days × series, what is true in the end."""
    shape = (len(nights), acts.settled, places.shape[1])
    found = {name: np.full(shape, np.nan) for name in ("observed", "expected", "rule", "final")}
    gone, doubt = np.zeros(shape, dtype=np.intp), np.zeros(shape)
    for row, last in enumerate(nights):
        made = estimate(acts, counts, int(last), rule)
        days = last - np.arange(len(made.observed))
        told = {"observed": made.observed, "expected": made.expected, "rule": made.rule, "final": final[days]}
        for name, values in told.items():
            found[name][row, : len(days)] = added(values, places)
        gone[row, : len(days)] = (made.lacking.astype(float) @ places).astype(np.intp)
        doubt[row, : len(days)] = np.sqrt(made.doubt**2 @ places)
    return Past(**found, gone=gone, doubt=doubt, settled=acts.settled)


def tell(past: Past, rule: NowcastRule) -> Told:
    """What each night can tell of its estimates, from those whose days were complete by then.

    The interval is the estimate times the quantiles of what the estimates of that age, of the last `rule.error_weeks`
    weeks, had to be multiplied with (split-conformal: Vovk, Gammerman & Shafer 2005, 2.2). Their level follows what
    it has covered so far (Gibbs & Candès 2021, adaptive conformal inference, steps of `rule.adapt`). Where associations
    lack, it is wider by the error of their usual day.
    """
    shape = past.expected.shape
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    errors = {name: np.full(shape, np.nan) for name in ("expected", "observed", "rule")}
    tried = np.zeros(shape, dtype=np.intp)
    window = WEEK * rule.error_weeks
    for age in range(shape[1]):
        gap = past.settled - age  # nights until the day of an estimate is complete
        low[:, age], high[:, age] = _intervals(past, age, rule)
        for row in range(gap, shape[0]):
            use = slice(max(0, row - gap - window + 1), row - gap + 1)
            truth = past.final[use, age]
            tried[row, age] = (np.isfinite(past.expected[use, age]) & np.isfinite(truth)).sum(axis=0)
            for name, found in errors.items():
                found[row, age] = _relative(getattr(past, name)[use, age], truth)
    error, known, by_rule = errors["expected"], errors["observed"], errors["rule"]
    enough = tried >= rule.min_errors
    low, high = np.where(enough, low, np.nan), np.where(enough, high, np.nan)
    return Told(low, high, error, known, by_rule, tried, enough & (error < by_rule) & np.isfinite(past.expected))


def _intervals(past: Past, age: int, rule: NowcastRule) -> tuple[Array, Array]:
    """Bounds of the estimates of an age, nights × places, from nights whose days were complete by then."""
    expected, final, gap = past.expected[:, age], past.final[:, age], past.settled - age
    doubt = NormalDist().inv_cdf((1 + rule.level) / 2) * past.doubt[:, age]
    ratios = np.log((final + HALF) / (expected + HALF))
    level = np.full(expected.shape[1], rule.level)
    low, high = np.full(expected.shape, np.nan), np.full(expected.shape, np.nan)
    for row in range(gap, len(expected)):
        newest = row - gap
        told = np.isfinite(low[newest]) & np.isfinite(final[newest])
        covered = (np.round(low[newest]) <= final[newest]) & (final[newest] <= np.round(high[newest]))
        level = np.where(told, np.clip(level + rule.adapt * (rule.level - covered), *LEVELS), level)
        below, above = bounds(ratios[max(0, newest + 1 - WEEK * rule.error_weeks) : newest + 1], level)
        least, most = (expected[row] + HALF) * np.exp(below), (expected[row] + HALF) * np.exp(above)
        middle, reach = (least + most) / 2, np.hypot((most - least) / 2, doubt[row])
        low[row], high[row] = np.maximum(0.0, middle - reach - HALF), np.maximum(0.0, middle + reach - HALF)
    return low, high


def bounds(values: Array, level: Array) -> tuple[Array, Array]:
    """Between which values the next one lies with this probability (one a place), given those before (rows × places).

    The (n + 1)(1 ± level)/2-th smallest, interpolated; NaN are left out; NaN where none is left.
    """
    ordered = np.sort(values, axis=0)  # NaN last
    number = np.isfinite(values).sum(axis=0)
    most, columns = np.maximum(number - 1, 0), np.arange(values.shape[1])
    found = []
    for chance in ((1 - level) / 2, (1 + level) / 2):
        place = np.clip((number + 1) * chance - 1, 0, most)
        under = np.floor(place).astype(int)
        lower, upper = ordered[under, columns], ordered[np.minimum(under + 1, most), columns]
        found.append(lower + (upper - lower) * (place - under))
    return found[0], found[1]


def _relative(made: Array, truth: Array) -> Array:
    """Mean absolute error over the mean of the truth, of rows × places."""
    both = np.isfinite(made) & np.isfinite(truth)
    wrong = np.where(both, np.abs(made - truth), 0.0).sum(axis=0)
    total = np.where(both, truth, 0.0).sum(axis=0)
    return np.asarray(np.where(both.any(axis=0), wrong / np.maximum(total, 1.0), np.nan))
