"""The 42 weekly scenarios of Noufaily et al. 2013 (Stat Med 32:1206-1222), as Bédubourg & Le Strat 2017 use them too.

Seven series by level, dispersion, trend and season, each without season, with one and with two harmonics, each with
and without trend: 7 × 3 × 2 (PLoS One 12(7):e0181227).

Inferred, not read in the paper: the 28 scenarios of at most one harmonic are as a second publication has them (Telkamp
2023, Technical University of Denmark), the other 14 those of two harmonics, as the count of 42 says; past outbreaks
(k = 5) begin in weeks 313 to 575. Chosen among several ways because it came nearest to the figures of R, so that those
of detection prove little: the current outbreak does not begin in the last eight weeks, its size follows the standard
deviation where it begins, and it has no least size (docs/evaluation.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surveillance.detection.judged import Array
from surveillance.evaluation.series import Simulated, counts, spread, streams

WEEKS, YEAR = 624, 52
TRAINING, LAST = 312, 49  # weeks before any outbreak; weeks judged, the last ones
MONDAY = np.datetime64("2007-01-01")  # the first week: any would do
WHOLE = 8  # last weeks, in which no outbreak begins
PAST_OUTBREAKS, PAST_K = 4, 5.0
# theta (log of the mean), phi, beta (a week), gamma1 (cosine), gamma2 (sine)
LEVELS = (
    (0.1, 1.5, 0.0025, 0.6, 0.6),
    (-2.0, 2.0, 0.005, 0.1, 0.3),
    (1.5, 1.0, 0.003, 0.2, -0.4),
    (0.5, 5.0, 0.002, 0.5, 0.5),
    (2.5, 3.0, 0.001, 1.0, 0.1),
    (3.75, 1.1, 0.001, 0.1, -0.1),
    (5.0, 1.2, 0.0001, 0.05, 0.01),
)


@dataclass(frozen=True)
class Weekly:
    """A scenario; trend 0: without. harmonics: 0, 1 or 2 a year."""

    name: str
    theta: float
    phi: float
    trend: float
    gamma1: float
    gamma2: float
    harmonics: int

    def mean(self) -> Array:
        """Expected count of each week."""
        week = np.arange(1, WEEKS + 1)
        log = self.theta + self.trend * week
        for harmonic in range(1, self.harmonics + 1):
            angle = 2 * np.pi * harmonic * week / YEAR
            log = log + self.gamma1 * np.cos(angle) + self.gamma2 * np.sin(angle)
        return np.asarray(np.exp(log))

    def simulate(self, place: int, replicates: int, ks: Sequence[float], seed: int) -> Simulated:
        """`replicates` series; the same ones for the same seed, whatever else is simulated. place: of the scenario."""
        mean = self.mean()
        deviation = np.sqrt(self.phi * mean)
        random = streams(seed, place)
        clean = counts(random(0), mean, self.phi, replicates)
        past, before = clean.copy(), random(1)
        for _ in range(PAST_OUTBREAKS):
            starts = before.integers(TRAINING, WEEKS - LAST, replicates)
            past += spread(before, before.poisson(PAST_K * deviation[starts]), starts, WEEKS)
        starts = random(2).integers(WEEKS - LAST, WEEKS - WHOLE, replicates)
        current = {}
        for k in ks:
            now = random(3, round(1000 * k))
            current[k] = spread(now, now.poisson(k * deviation[starts]), starts, WEEKS)
        number = np.full(replicates, place)
        judged = np.arange(WEEKS - LAST, WEEKS)
        return Simulated(clean, past, current, starts, number, judged, YEAR, MONDAY + 7 * np.arange(WEEKS))


SCENARIOS = tuple(
    Weekly(f"{place}.{harmonics}{'t' if trend else ''}", theta, phi, trend, gamma1, gamma2, harmonics)
    for place, (theta, phi, beta, gamma1, gamma2) in enumerate(LEVELS, 1)
    for harmonics in (0, 1, 2)
    for trend in (0.0, beta)
)
