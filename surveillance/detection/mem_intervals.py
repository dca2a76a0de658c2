"""The intervals of the Moving Epidemic Method: around a mean, a median or a single value, by their number in R `mem`.

1: arithmetic mean and its interval. 2: geometric mean and its interval. 3: median and its exact interval. 5: mean and
the interval of one value (sd). 6: geometric mean and the interval of one value. (4, by bootstrap, is not offered: it
cannot be reproduced.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import bdtr, ndtri, stdtrit

from surveillance.detection.judged import Array

TYPES = (1, 2, 3, 5, 6)


class Interval(NamedTuple):
    low: float
    middle: float
    high: float


def interval(values: Array, kind: int, level: float = 0.95, tails: int = 2, use_t: bool = False) -> Interval:
    """Interval of `values` (NaN left out) at `level`, all in one tail or shared by two; NaN for one value.

    Student's quantiles around a mean (types 1, 2) follow a second implementation, epimem 0.2.0: R gave no figures.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return Interval(np.nan, np.nan, np.nan)
    if kind == 3:
        return median_interval(known, level, tails)
    logged = kind in (2, 6)
    shift = 1.0 if logged and (known <= 0).any() else 0.0
    scaled = np.log(known + shift) if logged else known
    quantile = 1.0 - (1.0 - level) / tails
    z = float(stdtrit(len(known) - 1, quantile)) if use_t and len(known) > 1 else float(ndtri(quantile))
    sd = float(np.std(scaled, ddof=1)) if len(known) > 1 else np.nan
    z *= np.sqrt(1.0 + 1.0 / len(known)) if use_t else 1.0  # as of one value, around a mean too; of the normal, never
    half = z * sd * (1.0 if kind in (5, 6) else 1.0 / np.sqrt(len(known)))
    middle = float(scaled.mean())
    ends = np.array([middle - half, middle, middle + half])
    return Interval(*(float(x) for x in (np.exp(ends) - shift if logged else ends)))


def median_interval(values: Array, level: float = 0.95, tails: int = 2) -> Interval:
    """Median and its distribution-free interval, ranks interpolated (Nyblom 1992, Stat Probab Lett 14:129–131).

    Two tails: the ranks come first: of the pairs of order statistics that cover `level`, the pair that covers least,
    the lower one on ties, as R `EnvStats::eqnpar` takes it. Where they are not symmetric the upper end is then
    extrapolated beyond its order statistic (quirk kept). One tail: between the two ranks around `level`. No ranks cover
    it (five values or fewer, at 0.95): the extremes, as they are.
    """
    ordered = np.sort(values)
    number = len(ordered)
    below = np.asarray(bdtr(np.arange(number), number, 0.5))  # P(B ≤ i), B ~ Bin(n, 1/2)
    middle = float(np.median(ordered))
    if tails == 1:
        rank = int(np.searchsorted(below, level))  # the next one is the first that covers it
        high = _between(ordered, below, rank, level)
        low = -_between(-ordered[::-1], below, rank, level)
        return Interval(low, middle, high)
    best = _pair(below, level)
    if best is None:
        return Interval(float(ordered[0]), middle, float(ordered[-1]))
    tail = (1.0 - level) / 2.0
    return Interval(_between(ordered, below, best[0], tail), middle, _between(ordered, below, best[1] - 1, 1.0 - tail))


def _pair(below: Array, level: float) -> tuple[int, int] | None:
    """Ranks of the two order statistics that cover the median least often above `level`."""
    best: tuple[float, int, int] | None = None
    for low in range(1, len(below)):
        for high in range(low + 1, len(below) + 1):
            cover = float(below[high - 1] - below[low - 1])
            if cover >= level and (best is None or cover < best[0] - 1e-12):
                best = (cover, low, high)
    return None if best is None else best[1:]


def _between(ordered: Array, below: Array, rank: int, probability: float) -> float:
    """Value between the order statistics `rank` and rank + 1 of which the median is below with this probability."""
    number = len(ordered)
    if not 1 <= rank < number:
        return float(ordered[min(max(rank, 1), number) - 1])
    odds = (below[rank] - probability) / (probability - below[rank - 1])
    share = 1.0 / (1.0 + rank / (number - rank) * odds)
    return float((1.0 - share) * ordered[rank - 1] + share * ordered[rank])
