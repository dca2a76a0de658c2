"""Negative binomial regression with its dispersion estimated, along the path of `glm.nb` in R, many series at once.

Venables & Ripley 2002, section 7.4: regressions for a given theta, and theta by maximum likelihood for given means, in
turn, until the log-likelihood and theta no longer move. `theta` runs away on counts that vary no more than Poisson's,
and its path is then ended by the limits below, as in R.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, polygamma, xlogy

from surveillance.detection.families import Family, NegativeBinomial
from surveillance.detection.irls import Model, fit
from surveillance.detection.judged import Array

TURNS, CLOSE = 25, 1e-8  # of the regressions in turn
NEWTON, THETA_CLOSE = 24, float(np.finfo(float).eps) ** 0.25
POISSON = 1e12  # theta of counts that vary so little that the likelihood has no maximum (R: whatever rounding makes)


class Dispersed(NamedTuple):
    """model: the last regression; theta: per series, estimated after it (variance mu + mu² / theta)."""

    model: Model
    theta: Array


def fit_negative_binomial(basis: Array, values: Array, used: NDArray[np.bool_]) -> Dispersed:
    """`basis`: n × p; `values`, `used`: n × series."""
    prior = used.astype(float)
    y = np.where(used, values, 0.0)
    model = fit(basis, y, prior, Family(), y + 0.1)
    theta = estimate_theta(y, model.mu, prior)
    freedom = np.sqrt(2 * np.maximum(1.0, prior.sum(axis=0) - basis.shape[1]))
    now = _likelihood(y, model.mu, theta, prior)
    before, moved = now + 2 * freedom, np.ones_like(theta)
    for _ in range(TURNS):
        left = np.flatnonzero(np.abs(before - now) / freedom + np.abs(moved) > CLOSE)
        if not len(left):
            break
        part = fit(basis, y[:, left], prior[:, left], NegativeBinomial(theta[left]), model.mu[:, left])
        found = estimate_theta(y[:, left], model.mu[:, left], prior[:, left])  # for the means before: so does R
        for whole, piece in zip(model[1:3], part[1:3], strict=True):
            whole[:, left] = piece
        model.coefficients[:, left] = part.coefficients
        model.inverse[left], model.converged[left] = part.inverse, part.converged
        moved[left] = theta[left] - found
        theta[left] = found
        before[left], now[left] = now[left], _likelihood(y[:, left], part.mu, found, prior[:, left])
    return Dispersed(model, theta)


class Tally(NamedTuple):
    """Each pair of series and count taken once, with how often it is there: ψ is slow."""

    series: NDArray[np.intp]
    counts: Array
    times: NDArray[np.intp]

    @classmethod
    def of(cls, y: Array, prior: Array) -> Tally:
        """Of the observations used."""
        used = prior > 0
        counts, code = np.unique(y[used], return_inverse=True)
        series = np.broadcast_to(np.arange(y.shape[1]), y.shape)[used]
        keys, times = np.unique(series * max(1, len(counts)) + code, return_counts=True)
        return cls(keys // max(1, len(counts)), counts[keys % max(1, len(counts))], times)

    def sums(self, theta: Array) -> tuple[Array, Array]:
        """Σ ψ(theta + y) − ψ(theta), and Σ ψ'(theta) − ψ'(theta + y), per series; a theta of NaN is passed over."""
        live = ~np.isnan(theta[self.series])
        place, times = self.series[live], self.times[live]
        at, total = theta[place] + self.counts[live], np.bincount(place, times, len(theta))
        first = np.bincount(place, times * digamma(at), len(theta)) - total * digamma(theta)
        return first, total * polygamma(1, theta) - np.bincount(place, times * polygamma(1, at), len(theta))


def estimate_theta(y: Array, mu: Array, prior: Array) -> Array:
    """Maximum likelihood of theta for given means, by Newton's steps from a moment estimate; per series."""
    rows = (prior > 0).any(axis=1)
    y, mu, prior = y[rows], mu[rows], prior[rows]
    tally = Tally.of(y, prior)
    with np.errstate(divide="ignore", invalid="ignore"):
        theta = prior.sum(axis=0) / (prior * (y / mu - 1) ** 2).sum(axis=0)
    step = np.where(theta < POISSON, 1.0, 0.0)
    for _ in range(NEWTON):
        moving = np.abs(step) > THETA_CLOSE
        if not moving.any():
            break
        theta[moving] = np.abs(theta[moving])
        first, second = tally.sums(np.where(moving, theta, np.nan))
        own, part, weight = theta[moving], mu[:, moving], prior[:, moving]
        ratio = (y[:, moving] + own) / (part + own)
        score = first[moving] + (weight * (np.log(own) + 1 - np.log(own + part) - ratio)).sum(axis=0)
        bend = second[moving] + (weight * (2 / (part + own) - ratio / (part + own) - 1 / own)).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            step[moving] = score / bend
        theta[moving] += step[moving]
    return np.where((theta > 0) & (theta < POISSON), theta, POISSON)


def _likelihood(y: Array, mu: Array, theta: Array, prior: Array) -> Array:
    total = gammaln(theta + y) - gammaln(theta) - gammaln(y + 1) + theta * np.log(theta)
    total += xlogy(y, mu) - (theta + y) * np.log(theta + mu)
    return np.asarray((prior * total).sum(axis=0))
