"""Generalised linear models by iteratively reweighted least squares, along the path of `glm` in R, many series at once.

Where R stops matters to the sixth digit: deviance moving by less than 1e-8 (relative, +0.1), at most 25 steps; and the
variance of the coefficients uses the weights of the last step, which come from the means of the step before.
McCullagh & Nelder 1989, section 2.5.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.families import Family
from surveillance.detection.judged import Array
from surveillance.detection.periodic import Line, least_squares

STEPS, CLOSE = 25, 1e-8
HARD, SINGULAR = 1e8, 1e-11  # condition from which the normal equations lose digits; where there is no fit at all


class Model(NamedTuple):
    """A fit. p: columns of the basis."""

    coefficients: Array  # p × series, on the basis
    eta: Array  # n × series, of every row of the basis, used or not
    mu: Array
    inverse: Array  # series × p × p: (X'WX)⁻¹ of the last step, without dispersion
    pearson: Array  # per series: Σ weights × residuals², as one takes them from a fit of R
    converged: NDArray[np.bool_]


def fit(basis: Array, values: Array, prior: Array, family: Family, start: Array) -> Model:
    """`basis`: n × p; `values`, `prior` weights (0: not used), `start` (means, where used): n × series."""
    used = prior > 0
    y = np.where(used, values, 0.5)
    mu = np.where(used, start, 0.5)
    eta = family.link(mu)
    before = (prior * family.deviance(y, mu)).sum(axis=0)
    columns, series = basis.shape[1], y.shape[1]
    coefficients, inverse = np.full((columns, series), np.nan), np.full((series, columns, columns), np.nan)
    pearson, converged = np.full(series, np.nan), np.zeros(series, np.bool_)
    left = np.arange(series)
    for _ in range(STEPS):
        part, weight, own = family.only(left), prior[:, left], y[:, left]
        slope = part.slope(eta[:, left])
        weights = weight * slope**2 / part.variance(mu[:, left])
        line = _solve(basis, eta[:, left] + (own - mu[:, left]) / slope, weights)
        coefficients[:, left], inverse[left] = line.coefficients, line.inverse
        eta[:, left], mu[:, left] = line.fitted, part.mean(line.fitted)
        rest = (own - mu[:, left]) / part.slope(line.fitted)
        pearson[left] = (weights * rest**2).sum(axis=0)
        now = (weight * part.deviance(own, mu[:, left])).sum(axis=0)
        converged[left] = np.abs(now - before[left]) / (np.abs(now) + 0.1) < CLOSE
        before[left] = now
        left = left[~converged[left] & np.isfinite(now)]
        if not len(left):
            break
    return Model(coefficients, eta, mu, inverse, pearson, converged)


def _solve(basis: Array, values: Array, weights: Array) -> Line:
    """Weighted least squares, by orthogonal columns where the normal equations lose too many digits.

    That is where means run to a limit (counts parted from zeros by the line): a rounding of 1e-9 of the deviance would
    end the steps one too early or too late.
    """
    line = least_squares(basis, values, weights)
    with np.errstate(over="ignore", invalid="ignore"):
        size = (weights.T @ (basis**2).sum(axis=1)) * np.abs(np.trace(line.inverse, axis1=1, axis2=2))
    hard = np.flatnonzero((size > HARD) & np.isfinite(size))
    if not len(hard):
        return line
    root = np.sqrt(weights[:, hard]).T
    columns, triangle = np.linalg.qr(root[:, :, None] * basis)
    diagonal = np.abs(np.diagonal(triangle, axis1=1, axis2=2))
    regular = diagonal.min(axis=1) > SINGULAR * diagonal.max(axis=1)
    hard, root, columns, triangle = hard[regular], root[regular], columns[regular], triangle[regular]
    right = np.where(root > 0, values[:, hard].T, 0.0) * root
    turned = np.linalg.inv(triangle)
    found = (turned @ (columns.transpose(0, 2, 1) @ right[:, :, None]))[:, :, 0].T
    line.coefficients[:, hard], line.fitted[:, hard] = found, basis @ found
    line.inverse[hard] = turned @ turned.transpose(0, 2, 1)
    return line
