"""Nowcasts: how many events of the last days will there be once all are reported?

A reporting triangle holds counts, event day × delay (0, 1, … D days): row T - 1 is today. What lies beyond today (day +
delay > today) is not looked at. Lawless 1994 (Can J Stat 22:15–31); Höhle and an der Heiden 2014 (Biometrics
70:993–1002); Mack 1993 (ASTIN Bulletin 23:213–225). The first two as R `surveillance::nowcast` gives them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln, ndtr

from surveillance.detection.judged import Array

LARGEST = 300  # total up to which the distribution of a day is looked at (N.tInf.max)


class Nowcast(NamedTuple):
    """Arrays, one value an event day. observed: reported by today. expected: mean; predicted: median; low, high."""

    observed: Array
    expected: Array
    predicted: Array
    low: Array
    high: Array


class DelaySums(NamedTuple):
    """By delay x, over days old enough to tell. number: reported at x (n_x); until: reported at x or sooner (N_x)."""

    number: Array
    until: Array


def seen(triangle: Array) -> NDArray[np.bool_]:
    """Cells of the triangle that today can know."""
    days, delays = triangle.shape
    return np.asarray(np.arange(days)[:, None] + np.arange(delays)[None, :] < days)


def _known(triangle: Array) -> Array:
    return np.where(seen(triangle), np.nan_to_num(triangle), 0.0)


def _age(triangle: Array) -> NDArray[np.intp]:
    """Longest delay known of each day: D at most."""
    days, delays = triangle.shape
    return np.asarray(np.minimum(days - 1 - np.arange(days), delays - 1), dtype=np.intp)


def delay_sums(triangle: Array) -> DelaySums:
    """n_x and N_x of all days of the triangle; what is missing (NaN) counts as none."""
    known = _known(triangle)
    until = np.where(seen(triangle), np.cumsum(known, axis=1), 0.0)
    return DelaySums(known.sum(axis=0), until.sum(axis=0))


def lawless(triangle: Array, alpha: float = 0.05, largest: int = LARGEST, full_variance: bool = False) -> Nowcast:
    """Reported counts over the estimated share reported so far, W = product of (1 - n_x/N_x) over delays to come.

    Normal, mean n/W and variance n(1 - W)/W², cut below n. Quirks kept: the error of the estimated delays is left out
    (full_variance: put back, (n/W)² times the sum of g/((1 - g)N_x), Lawless 1994 §3), and the distribution function is
    divided by 1 - F(n) without F(n) taken off. A quantile above `largest` is 0, as in the reference; so is that of a
    day with W = 0.
    """
    number, until = delay_sums(triangle)
    observed, age = _known(triangle).sum(axis=1), _age(triangle)
    with np.errstate(invalid="ignore", divide="ignore"):
        hazard = np.where(until > 0, number / until, 0.0)
        term = np.where(until > 0, hazard / ((1.0 - hazard) * until), 0.0)
        share = np.append(np.cumprod((1.0 - hazard)[::-1])[::-1], 1.0)[age + 1]
        error = np.append(np.cumsum(term[::-1])[::-1], 0.0)[age + 1]
        mean = observed / share
        variance = observed * (1.0 - share) / share**2 + (mean**2 * error if full_variance else 0.0)
        sd = np.sqrt(variance)
        support = np.arange(largest + 1.0)
        inside = ndtr((support[None, :] - mean[:, None]) / sd[:, None])
        cut = np.where(support[None, :] >= observed[:, None], inside, 0.0)
        distribution = cut / (1.0 - ndtr((observed - mean) / sd))[:, None]
    result = [_quantile(distribution, q) for q in (0.5, alpha / 2.0, 1.0 - alpha / 2.0)]
    settled = (share == 1.0) | (observed == 0)
    predicted, low, high = (np.where(settled, observed, r) for r in result)
    return Nowcast(observed, mean, predicted, low, high)


def bnb(triangle: Array, alpha: float = 0.05, largest: int = LARGEST, kappa: float = 0.1) -> Nowcast:
    """Bayes: what is still to come of a day is beta negative binomial, the delays being Dirichlet (no truncation).

    Prior of the delays: `kappa` each; posterior kappa + n_x; with a and b their sums up to the age of the day and
    beyond, the rest is BNB(n + 1, a, b) (Höhle and an der Heiden 2014, §3.1). A quantile above `largest` is 0.
    """
    weight = kappa + delay_sums(triangle).number
    observed, age = _known(triangle).sum(axis=1), _age(triangle)
    a = np.cumsum(weight)[age]
    b = np.append(np.cumsum(weight[::-1])[::-1], 0.0)[age + 1]
    rest = np.arange(largest + 1.0)[None, :] - observed[:, None]
    size = (observed + 1.0)[:, None]
    some = np.where(b > 0, b, 1.0)[:, None]
    more = np.maximum(rest, 0.0)
    logs = gammaln(size + more) - gammaln(more + 1.0) - gammaln(size)
    logs += betaln(a[:, None] + size, some + more) - betaln(a[:, None], some)
    distribution = np.cumsum(np.where(rest >= 0, np.exp(logs), 0.0), axis=1)
    result = [_quantile(distribution, q) for q in (0.5, alpha / 2.0, 1.0 - alpha / 2.0)]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = observed + np.where(b > 0, np.where(a > 1, size[:, 0] * b / (a - 1.0), np.inf), 0.0)
    predicted, low, high = (np.where(b > 0, r, observed) for r in result)
    return Nowcast(observed, mean, predicted, low, high)


def _quantile(distribution: Array, level: float) -> Array:
    """First total of which the distribution function (days × totals) reaches `level`; 0 if none does."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.argmax(distribution >= level, axis=1), dtype=float)
