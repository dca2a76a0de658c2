"""Probabilities and quantiles of counts, by mean and by variance over mean, as R gives them; arrays of any shape."""

from __future__ import annotations

import numpy as np
from scipy import special

from surveillance.detection.judged import Array

VAST = 1e15
SLACK = 8 * 2.220446049250313e-16  # R's search takes a probability this little below as reached


def below(count: Array, mean: Array, phi: Array) -> Array:
    """P(Y <= count), of mean and variance phi × mean: negative binomial when phi > 1, Poisson otherwise."""
    wide = phi > 1.0
    whole = np.floor(count + 1e-7)
    excess = np.where(wide, phi - 1.0, 1.0)
    binomial = special.betainc(mean / excess, whole + 1.0, np.where(wide, 1.0 / phi, 0.5))
    # Without an upper tail the incomplete functions are not defined.
    return np.where(whole < 0, 0.0, np.where(wide, binomial, special.gammaincc(whole + 1.0, mean)))


def at_least(count: Array, mean: Array, phi: Array) -> Array:
    """P(Y >= count), its small values exact (as `below`); a count between two is taken as the one below (R)."""
    wide = phi > 1.0
    whole = np.floor(count - 1.0 + 1e-7)
    excess = np.where(wide, phi - 1.0, 1.0)
    binomial = special.betaincc(mean / excess, whole + 1.0, np.where(wide, 1.0 / phi, 0.5))
    return np.where(whole < 0, 1.0, np.where(wide, binomial, special.gammainc(whole + 1.0, mean)))


def quantile(probability: float, mean: Array, phi: Array) -> Array:
    """The smallest count that P(Y <= count) reaches `probability` at (as `below`); NaN for an infinite mean.

    From a guess by moments (Cornish and Fisher) by steps that double, then by halving: every value is tried. Above
    `VAST` whole numbers are no longer told apart: the guess is the answer.
    """
    good = np.isfinite(mean) & (mean >= 0) & np.isfinite(phi) & (0.0 <= probability < 1.0)
    found, vast = np.full(mean.shape, np.nan), good & (mean > VAST)
    found[vast] = _guess(probability, mean[vast], np.maximum(phi[vast], 1.0))
    good &= ~vast
    found[good] = _search(probability * (1.0 - SLACK), mean[good], np.maximum(phi[good], 1.0))
    return found


def _search(probability: float, mean: Array, phi: Array) -> Array:
    high = _guess(probability, mean, phi)
    low = np.full(mean.shape, -1.0)  # the highest known not to reach
    reached = below(high, mean, phi)
    high[np.isnan(reached)] = np.nan
    up, down = reached < probability, reached >= probability
    step = np.ones(mean.shape)
    while up.any():  # upward until reached
        places = np.flatnonzero(up)
        low[places] = high[places]
        high[places] += step[places]
        step[places] *= 2.0
        there = below(high[places], mean[places], phi[places])
        high[places[np.isnan(there) | (high[places] > 1e300)]] = np.nan
        up[places] = (there < probability) & (high[places] <= 1e300)
    step[:] = 1.0
    while down.any():  # downward until no longer reached
        places = np.flatnonzero(down)
        tried = high[places] - step[places]
        step[places] *= 2.0
        enough = (tried >= 0) & (below(tried, mean[places], phi[places]) >= probability)
        low[places] = np.where(enough, -1.0, np.maximum(tried, -1.0))
        high[places] = np.where(enough, tried, high[places])
        down[places] = enough
    return _halve(probability, mean, phi, low, high)


def _guess(probability: float, mean: Array, phi: Array) -> Array:
    """By moments (Cornish and Fisher)."""
    z = float(special.ndtri(probability)) if probability > 0 else -np.inf
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = np.sqrt(phi * mean)
        skewness = np.where(mean > 0, (2.0 * phi - 1.0) / sigma, 0.0)
        guess = mean + sigma * (z + skewness * (z * z - 1.0) / 6.0)
    return np.where(np.isfinite(guess), np.maximum(0.0, np.round(guess)), 0.0)


def _halve(probability: float, mean: Array, phi: Array, low: Array, high: Array) -> Array:
    while True:
        places = np.flatnonzero(high - low > np.maximum(1.0, high * 1e-15))
        if not len(places):
            return high
        middle = np.floor((low[places] + high[places]) / 2.0)
        enough = below(middle, mean[places], phi[places]) >= probability
        high[places] = np.where(enough, middle, high[places])
        low[places] = np.where(enough, low[places], middle)
