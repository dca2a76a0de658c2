"""Log-linear regressions on trend and season, Poisson or negative binomial, of many series at once.

The path is that of R `glm` (McCullagh and Nelder 1989, §2.5: iteratively weighted least squares from y + 0.1, until
the deviance moves by less than 1e-8 of itself, 25 steps at most) and of `glm.nb` (Venables and Ripley 2002, §7.4:
coefficients and theta by turns), so that series without an answer, all zero for one, end where R ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, polygamma, xlogy

from surveillance.detection.judged import Array

TOLERANCE = 1e-8
STEPS = 25
THETA_TOLERANCE = float(np.finfo(float).eps) ** 0.25


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
    theta = np.full(counts.shape[1], np.inf)
    coefficients, converged = _least_squares(terms, counts, np.log(np.nan_to_num(counts) + 0.1), theta)
    return Fit(coefficients, theta, converged)


def fit_negative_binomial(terms: Array, counts: Array) -> Fit:
    """Negative binomial fit of each series, theta by maximum likelihood (R `glm.nb`)."""
    coefficients, _, converged = fit_poisson(terms, counts)
    means = np.exp(terms @ coefficients)
    theta = _theta(counts, means)
    scale = np.sqrt(2.0 * np.maximum(1.0, (~np.isnan(counts)).sum(axis=0) - terms.shape[1]))
    likelihood = _likelihood(counts, means, theta)
    active = np.isfinite(theta)
    for _ in range(STEPS):
        at = np.flatnonzero(active)
        if not len(at):
            break
        some, before = counts[:, at], theta[at]
        coefficients[:, at], converged[at] = _least_squares(terms, some, terms @ coefficients[:, at], before)
        theta[at] = _theta(some, means[:, at])  # of the means before this fit, as R takes them
        means[:, at] = np.exp(terms @ coefficients[:, at])
        now = _likelihood(some, means[:, at], theta[at])
        with np.errstate(invalid="ignore"):
            moved = np.abs(likelihood[at] - now) / scale[at] + np.abs(before - theta[at])
        likelihood[at] = now
        active[at] = moved > TOLERANCE
    return Fit(coefficients, theta, converged)


def _least_squares(terms: Array, counts: Array, eta: Array, theta: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Coefficients (terms × series) from the linear predictor `eta`, and whether the deviance settled."""
    coefficients = np.full((terms.shape[1], counts.shape[1]), np.nan)
    converged = np.zeros(counts.shape[1], dtype=bool)
    eta = eta.copy()
    deviance = _deviance(counts, np.exp(eta), theta)
    active = np.isfinite(deviance)
    for _ in range(STEPS):
        at = np.flatnonzero(active & ~converged)
        if not len(at):
            break
        coefficients[:, at] = _step(terms, counts[:, at], eta[:, at], theta[at])
        eta[:, at] = terms @ coefficients[:, at]
        with np.errstate(over="ignore", invalid="ignore"):
            now = _deviance(counts[:, at], np.exp(eta[:, at]), theta[at])
            converged[at] = np.abs(now - deviance[at]) / (np.abs(now) + 0.1) < TOLERANCE
        deviance[at] = now
        active[at] = np.isfinite(now)
    coefficients[:, ~active] = np.nan
    return coefficients, converged


def _step(terms: Array, counts: Array, eta: Array, theta: Array) -> Array:
    mean = np.exp(eta)
    seen = ~np.isnan(counts)
    weight = np.where(seen, mean / (1.0 + mean / theta), 0.0)
    working = eta + (np.where(seen, counts, mean) - mean) / mean
    left = np.einsum("tp,ts,tq->spq", terms, weight, terms, optimize=True)
    right = terms.T @ (weight * working)
    try:
        return np.asarray(np.linalg.solve(left, right.T[:, :, None])[:, :, 0].T)
    except np.linalg.LinAlgError:
        return np.asarray((np.linalg.pinv(left, hermitian=True) @ right.T[:, :, None])[:, :, 0].T)


def _deviance(counts: Array, mean: Array, theta: Array) -> Array:
    """2 sum(y log(y/mu) - (y - mu)), or the negative binomial one where theta is finite. NaN counts left out."""
    finite = np.where(np.isinf(theta), 1.0, theta)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        ratio = (
            xlogy(counts, np.maximum(1.0, counts) / mean) if np.isfinite(theta).all() else xlogy(counts, counts / mean)
        )
        poisson = ratio - (counts - mean)
        mixed = ratio - (counts + finite) * np.log((counts + finite) / (mean + finite))
    part = np.where(np.isinf(theta), poisson, mixed)
    seen = ~np.isnan(counts)
    return np.where(seen.any(axis=0), 2.0 * np.where(seen, part, 0.0).sum(axis=0), np.nan)


def _theta(counts: Array, mean: Array) -> Array:
    """Theta of maximum likelihood given the means: Newton from the moment estimate, stopped as R stops it."""
    seen = ~np.isnan(counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        theta = seen.sum(axis=0) / np.where(seen, (counts / mean - 1.0) ** 2, 0.0).sum(axis=0)
    active = np.isfinite(theta)
    for _ in range(STEPS - 1):
        at = np.flatnonzero(active)
        if not len(at):
            break
        theta[at] = np.abs(theta[at])
        y, mu, t = counts[:, at], mean[:, at], theta[at]
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            score = digamma(t + y) - digamma(t) + np.log(t) + 1.0 - np.log(t + mu) - (y + t) / (mu + t)
            information = -polygamma(1, t + y) + polygamma(1, t) - 1.0 / t + 2.0 / (mu + t) - (y + t) / (mu + t) ** 2
            step = np.nansum(score, axis=0) / np.nansum(information, axis=0)
        theta[at] = t + step
        active[at] = np.abs(step) > THETA_TOLERANCE
    return np.asarray(np.maximum(theta, 0.0))


def _likelihood(counts: Array, mean: Array, theta: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = (
            gammaln(theta + counts) - gammaln(theta) - gammaln(counts + 1.0)
            + theta * np.log(theta) + xlogy(counts, mean) - (theta + counts) * np.log(theta + mean)
        )  # fmt: skip
    return np.asarray(np.nansum(parts, axis=0))
