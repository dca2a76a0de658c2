"""CUSUM of standardised Poisson counts (Rossi et al. 1999, Stat Med 18:2111–2122), as R `algo.cusum`."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import hyp2f1

from surveillance.detection.families import Family
from surveillance.detection.harmonic import design, fit_poisson
from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status

TRANSFORMATIONS = ("standard", "rossi", "anscombe", "anscombe2nd", "pearsonNegBin", "anscombeNegBin", "none")


def standardise(counts: Array, mean: Array, transformation: str, alpha: float = 0.1) -> Array:
    """Counts on a scale of mean 0 and variance 1 (`none`: the counts). alpha: variance m + alpha m².

    anscombe2nd: with the mean of y^(2/3) to the second order (Pierce and Schafer 1986, JASA 81:977–986).
    anscombeNegBin: the integral of (t + alpha t²)^(-1/3) from m to y over (m + alpha m²)^(1/6).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(mean)
        if transformation == "standard":
            return (counts - mean) / root
        if transformation == "rossi":
            return (counts - 3.0 * mean + 2.0 * np.sqrt(counts * mean)) / (2.0 * root)
        if transformation == "anscombe":
            return 1.5 * (counts ** (2.0 / 3.0) - mean ** (2.0 / 3.0)) / mean ** (1.0 / 6.0)
        if transformation == "anscombe2nd":
            centre = mean ** (2.0 / 3.0) - mean ** (-1.0 / 3.0) / 9.0
            return 1.5 * (counts ** (2.0 / 3.0) - centre) / mean ** (1.0 / 6.0)
        if transformation == "pearsonNegBin":
            return (counts - mean) / np.sqrt(mean + alpha * mean**2)
        if transformation == "anscombeNegBin":
            both = [1.5 * t ** (2.0 / 3.0) * hyp2f1(1 / 3, 2 / 3, 5 / 3, -alpha * t) for t in (counts, mean)]
            return np.asarray((both[0] - both[1]) / (mean + alpha * mean**2) ** (1.0 / 6.0))
    return np.asarray(counts, dtype=float)


def least_count(score: Array, mean: Array, transformation: str, alpha: float = 0.1) -> Array:
    """Count of which the standardised value is `score`, 0 at least; rounded up for `standard` only (quirk kept).

    anscombe2nd: m^(1/3) stands where `standardise` has m^(-1/3), as in the reference. none, anscombeNegBin: the score.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(mean)
        if transformation == "standard":
            count = np.ceil(mean + score * root)
        elif transformation == "rossi":
            # No count has a score this low when the root is negative; its square is kept, as the reference keeps it.
            count = (np.sqrt(4.0 * mean + 2.0 * root * score) - root) ** 2
        elif transformation == "anscombe":
            count = (score * mean ** (1.0 / 6.0) / 1.5 + mean ** (2.0 / 3.0)) ** 1.5
        elif transformation == "anscombe2nd":
            centre = mean ** (2.0 / 3.0) - np.cbrt(mean) / 9.0
            count = (score * mean ** (1.0 / 6.0) / 1.5 + centre) ** 1.5
        elif transformation == "pearsonNegBin":
            count = mean + score * np.sqrt(mean + alpha * mean**2)
        else:
            count = score
    return np.where(np.isnan(count), 0.0, np.maximum(count, 0.0))


def cusum(
    series: Series,
    k: float = 1.04,
    h: float = 2.26,
    transformation: str = "standard",
    mean: str | float = "earlier",
    alpha: float = 0.1,
    reset: bool = False,
) -> Judged:
    """C_t = max(0, C_{t-1} + z_t - k), alarm when C_t ≥ h. The rows judged follow each other; C is 0 before the first.

    mean: `earlier`, the mean of all rows before the first judged; `glm`, a Poisson regression of them on one harmonic
    of a year; or a number. score: C_t. upperbound: the count that would have raised an alarm. A missing count ends the
    sum: nothing is said after it, nor of a series with a missing earlier count under `earlier` (quirk kept).
    """
    if isinstance(mean, str) and mean not in ("earlier", "glm"):
        raise ValueError("the mean is earlier, glm or a number")
    rows = series.rows
    first = int(rows[0]) if len(rows) else 0
    centre = _centre(series, rows, first, mean)
    shape = centre.shape
    score, bound, alarm = np.full(shape, np.nan), np.zeros(shape), np.full(shape, np.nan)
    total = np.zeros(shape[1])
    for place, row in enumerate(rows):
        z = standardise(series.counts[row], centre[place], transformation, alpha)
        before, total = total, np.maximum(0.0, total + z - k)  # NaN stays NaN
        # Without a scale of counts to go back to, the reference gives what is left to h after the row.
        left = h - total if transformation in ("none", "anscombeNegBin") else h + k - before
        bound[place] = least_count(left, centre[place], transformation, alpha)
        score[place] = total
        alarm[place] = np.where(np.isnan(total), np.nan, total >= h)
        if reset:
            total = np.where(total >= h, 0.0, total)
    status = np.where(np.isnan(score), Status.MISSING, Status.OK).astype(np.int8)
    if first == 0 and isinstance(mean, str):
        status[:] = Status.HISTORY
        bound[:] = np.nan
    elif isinstance(mean, str):
        status[np.isnan(score) & (np.nansum(series.counts[:first], axis=0) == 0)] = Status.CONSTANT
    return Judged(centre, bound, alarm, score, np.full(shape, np.nan), status)


def _centre(series: Series, rows: Any, first: int, mean: str | float) -> Array:
    """Mean of each row judged × series, in control."""
    shape = (len(rows), series.counts.shape[1])
    if not isinstance(mean, str):
        return np.full(shape, float(mean))
    if first == 0:
        return np.full(shape, np.nan)
    earlier = series.counts[:first]
    if mean == "glm":
        terms = design(np.arange(1.0, first + 1.0), 1, False, series.frequency)
        after = design(np.asarray(rows) + 1.0, 1, False, series.frequency)
        return Family().mean(after @ fit_poisson(terms, earlier).coefficients)
    return np.broadcast_to(earlier.mean(axis=0), shape).copy()


METHODS: tuple[Method, ...] = (
    Method(
        "cusum",
        cusum,
        (
            Parameter("k", 1.04, "reference value, in standard deviations", ("k",)),
            Parameter("h", 2.26, "decision limit, in standard deviations", ("h",)),
            Parameter("transformation", "standard", "how counts are standardised", ("trans",), TRANSFORMATIONS),
            Parameter(
                "mean", "earlier", "mean in control: earlier (R: m = NULL), glm, or a number of cases", ("m",), least=0
            ),
            Parameter("alpha", 0.1, "dispersion of pearsonNegBin, variance m + alpha m²", ("alpha",), least=0),
            Parameter("reset", False, "whether the sum restarts at 0 after an alarm", ("reset",), (True, False)),
        ),
        "CUSUM of standardised Poisson counts",
        "Rossi, Lampugnani and Marchi 1999, Stat Med 18:2111–2122",
    ),
)
