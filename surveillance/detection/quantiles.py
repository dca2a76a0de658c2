"""Probabilities and quantiles of negative binomial counts, for arrays of any shape, as R parameterises them."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, ndtri

from surveillance.detection.judged import Array


def nbinom_cdf(count: Array, size: Array, probability: Array) -> Array:
    """P(Y ≤ count) of NB(size, probability), mean size (1 - probability) / probability; count is floored first."""
    whole = np.floor(count + 1e-7)
    with np.errstate(invalid="ignore"):
        inside = betainc(size, np.maximum(whole, 0.0) + 1.0, probability)
    return np.where(np.isnan(whole), np.nan, np.where(whole < 0, 0.0, inside))


def nbinom_quantile(level: float, size: Array, probability: Array) -> Array:
    """Smallest x with P(Y ≤ x) ≥ level; NaN where a parameter is. A bisection on the exact distribution function."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = size * (1.0 - probability) / probability
    spread = np.sqrt(mean / probability)
    low = np.full(np.shape(mean), -1.0)
    high = np.ceil(mean + (abs(float(ndtri(level))) + 1.0) * spread + 10.0)
    known = np.isfinite(high)
    short = known & (nbinom_cdf(high, size, probability) < level)
    while short.any():
        high = np.where(short, 2.0 * high, high)
        short = known & (nbinom_cdf(high, size, probability) < level)
    least = level * (1.0 - 64 * np.finfo(float).eps)  # the tolerance of R: a probability met but for rounding is met
    while (known & (high - low > 1.0)).any():
        middle = np.floor((low + high) / 2.0)
        enough = nbinom_cdf(middle, size, probability) >= least
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return np.where(known, high, np.nan)
