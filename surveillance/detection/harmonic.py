"""Log-linear regressions on trend and season, Poisson or negative binomial, of many series at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveillance.detection import negative_binomial
from surveillance.detection.families import Family, NegativeBinomial
from surveillance.detection.irls import fit
from surveillance.detection.judged import Array

COUNT_AT_ZERO = 1 / 6  # mean that a count of 0 starts from, the dispersion given (R)


class Fit(NamedTuple):
    """coefficients: terms × series; theta: size of the negative binomial, inf: Poisson; converged: of the last fit."""

    coefficients: Array
    theta: Array
    converged: NDArray[np.bool_]


def design(times: Array, harmonics: int = 1, trend: bool = False, period: float = 52.0) -> Array:
    """Times × terms: 1, the time if `trend`, then sine and cosine of each harmonic of `period`."""
    columns = [np.ones_like(times)] + ([times] if trend else [])
    for s in range(1, harmonics + 1):
        columns += [np.sin(2.0 * np.pi * s * times / period), np.cos(2.0 * np.pi * s * times / period)]
    return np.stack(columns, axis=1)


def fit_poisson(terms: Array, counts: Array) -> Fit:
    """Poisson fit of each series. terms: times × terms; counts: times × series, NaN left out."""
    used = ~np.isnan(counts)
    y = np.where(used, counts, 0.0)
    model = fit(terms, y, used.astype(float), Family(), y + 0.1)
    return Fit(model.coefficients, np.full(counts.shape[1], np.inf), model.converged)


def fit_dispersed(terms: Array, counts: Array, theta: Array) -> Fit:
    """Negative binomial fit of each series, of the `theta` given for each (R `glm`, `negative.binomial`)."""
    used = ~np.isnan(counts)
    y = np.where(used, counts, 0.0)
    start = np.where(y == 0, COUNT_AT_ZERO, y)
    model = fit(terms, y, used.astype(float), NegativeBinomial(theta), start)
    return Fit(model.coefficients, theta, model.converged)


def fit_negative_binomial(terms: Array, counts: Array) -> Fit:
    """Negative binomial fit of each series, theta by maximum likelihood (R `glm.nb`)."""
    found = negative_binomial.fit_negative_binomial(terms, counts, ~np.isnan(counts))
    return Fit(found.model.coefficients, found.theta, found.model.converged)
