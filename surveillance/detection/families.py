"""Distributions of generalised linear models with R's usual links, as `glm` handles them at their limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from surveillance.detection.judged import Array

TINY = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Family:
    """Poisson with log link. Every method: n × series in and out; `deviance` is of each value, to be summed."""

    def only(self, series: NDArray[np.intp]) -> Family:
        """The family of some of the series."""
        return self

    def link(self, mu: Array) -> Array:
        """The linear predictor of a mean."""
        return np.asarray(np.log(mu))

    def mean(self, eta: Array) -> Array:
        """The mean of a linear predictor."""
        return np.asarray(np.maximum(np.exp(np.minimum(eta, 700.0)), TINY))

    def slope(self, eta: Array) -> Array:
        """d mean / d eta."""
        return Family.mean(self, eta)

    def variance(self, mu: Array) -> Array:
        """Of a mean."""
        return mu

    def deviance(self, y: Array, mu: Array) -> Array:
        """Twice the loss of likelihood against a perfect fit."""
        return np.asarray(2 * (xlogy(y, y / mu) - (y - mu)))


@dataclass(frozen=True)
class NegativeBinomial(Family):
    """Variance mu + mu² / theta, log link; theta: one per series."""

    theta: Array

    def only(self, series: NDArray[np.intp]) -> Family:
        """The family of some of the series."""
        return NegativeBinomial(self.theta[series])

    def variance(self, mu: Array) -> Array:
        """Of a mean."""
        return np.asarray(mu + mu**2 / self.theta)

    def deviance(self, y: Array, mu: Array) -> Array:
        """As `negative.binomial` of MASS."""
        whole = (y + self.theta) * np.log((y + self.theta) / (mu + self.theta))
        return np.asarray(2 * (y * np.log(np.maximum(1.0, y) / mu) - whole))


@dataclass(frozen=True)
class Binomial(Family):
    """A share of trials (their number is the prior weight), logit link, held beyond ±30 as R does."""

    def link(self, mu: Array) -> Array:
        """Logit."""
        return np.asarray(np.log(mu / (1 - mu)))

    def mean(self, eta: Array) -> Array:
        """Inverse logit."""
        held = np.exp(np.clip(eta, -30.0, 30.0))
        odds = np.where(eta < -30, TINY, np.where(eta > 30, 1 / TINY, held))
        return np.asarray(odds / (1 + odds))

    def slope(self, eta: Array) -> Array:
        """d share / d eta."""
        odds = np.exp(-np.minimum(np.abs(eta), 30.0))
        return np.where(np.abs(eta) > 30, TINY, odds / (1 + odds) ** 2)

    def variance(self, mu: Array) -> Array:
        """Of a share, for one trial."""
        return np.asarray(mu * (1 - mu))

    def deviance(self, y: Array, mu: Array) -> Array:
        """For one trial."""
        return np.asarray(2 * (xlogy(y, y / mu) + xlogy(1 - y, (1 - y) / (1 - mu))))
