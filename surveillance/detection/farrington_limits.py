"""Bounds of the Farrington methods on the scale where the variance is stable."""

from __future__ import annotations

import numpy as np

from surveillance.detection.judged import Array

POWERS = {"2/3": 2.0 / 3.0, "1/2": 0.5, "none": 1.0}


def power_bound(mean: Array, tau: Array, z: float, transformation: str) -> tuple[Array, Array]:
    """Upper bound on the scale where the variance is stable, back on that of counts; and its standard error there."""
    power = POWERS[transformation]
    error = power * np.sqrt(mean ** (2.0 * power - 1.0) * tau)
    return (mean**power + z * error) ** (1.0 / power), error
