"""The 16 daily signals of Noufaily et al. 2019 (Bioinformatics 35:3110-3118): seven years of calls and visits.

Parameters are those of the code that the authors published with the paper. Eight signals are of services closed at
week-ends; three have a large wave every year, which is no outbreak; the outbreak sought begins in the last 49 weeks.

Inferred, or otherwise than in that code: bank holidays are left out; k counts standard deviations of the signal itself,
a working week of them, in every signal (the code takes those of another signal in 14 and 15, and of ten or a hundred
times the counts in 6, 8 and 13); the daily weights of a wave are those of its own signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from surveillance.detection.judged import Array
from surveillance.evaluation.series import Simulated, counts, spread, streams

YEARS, WEEKS_A_YEAR, LAST = 7, 52, 49
MONDAY = np.datetime64("2012-01-02")  # the first day: any Monday would do
OUTBREAK_DAY, WAVE_DAY = 0.25, 0.02  # a day, in the unit of the log-normal
# Cases of an outbreak are weighted by day, Monday first.
WEIGHTS = {5: np.array([1.5, 1.1, 1.0, 1.0, 1.1]), 7: np.array([1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0])}


@dataclass(frozen=True)
class Cycle:
    """log of the mean: a line, `yearly` harmonics (gamma1 cosine, gamma2 sine), `weekly` ones (gamma3, gamma4)."""

    days: int
    yearly: int
    weekly: int
    alpha: float
    beta: float
    gammas: tuple[float, float, float, float]
    shift: int

    def mean(self, rows: int) -> Array:
        """Expected count of each day worked."""
        day = np.arange(1, rows + 1) + float(self.shift)
        log = self.alpha + self.beta * day
        cosine, sine, weekly_cosine, weekly_sine = self.gammas
        for harmonic in range(1, self.yearly + 1):
            angle = 2 * np.pi * harmonic * day / (WEEKS_A_YEAR * self.days)
            log = log + cosine * np.cos(angle) + sine * np.sin(angle)
        for harmonic in range(1, self.weekly + 1):
            angle = 2 * np.pi * harmonic * day / self.days
            log = log + weekly_cosine * np.cos(angle) + weekly_sine * np.sin(angle)
        return np.asarray(np.exp(log))


@dataclass(frozen=True)
class Wave:
    """A wave each year: `size` standard deviations of `of`, of dispersion phi, begun in days first..last of a year."""

    size: float
    first: int
    last: int
    of: Cycle
    phi: float = 1.0


@dataclass(frozen=True)
class Signal:
    """A signal; divided: what counts are divided by, then rounded."""

    name: str
    cycle: Cycle
    phi: float = 1.0
    divided: float = 1.0
    wave: Wave | None = None

    def simulate(self, place: int, replicates: int, ks: Sequence[float], seed: int) -> Simulated:
        """`replicates` series of 2,548 days; the same ones for the same seed. place: of the signal."""
        days = self.cycle.days
        rows, last = YEARS * WEEKS_A_YEAR * days, LAST * days
        mean = self.cycle.mean(rows)
        deviation = np.sqrt(self.phi * mean) / self.divided
        random = streams(seed, place)
        clean = np.rint(counts(random(0), mean, self.phi, replicates) / self.divided)
        if self.wave:
            clean += self._waves(self.wave, random(1), replicates, rows)
        clean = self._calendar(clean)
        starts = random(2).integers(rows - last, rows, replicates)
        current = {}
        for k in ks:
            now = random(3, round(1000 * k))
            cases = spread(now, now.poisson(k * days * deviation[starts]), starts, rows, OUTBREAK_DAY)
            current[k] = self._calendar(self._weighted(cases))
        starts = starts // days * 7 + starts % days
        judged = np.arange(len(clean) - LAST * 7, len(clean))
        number = np.full(replicates, place)
        return Simulated(clean, clean, current, starts, number, judged, 365, MONDAY + np.arange(len(clean)))

    def _waves(self, wave: Wave, random: Generator, replicates: int, rows: int) -> Array:
        found = np.zeros((rows, replicates))
        deviation = np.sqrt(wave.phi * wave.of.mean(rows))
        for first in range(wave.first - 1, rows, WEEKS_A_YEAR * self.cycle.days):
            starts = random.integers(first, first + wave.last - wave.first + 1, replicates)
            found += spread(random, random.poisson(wave.size * deviation[starts]), starts, rows, WAVE_DAY)
        return self._weighted(found)

    def _weighted(self, cases: Array) -> Array:
        weights = WEIGHTS[self.cycle.days]
        return np.asarray(np.rint(cases * weights[np.arange(len(cases)) % len(weights)][:, None]))

    def _calendar(self, worked: Array) -> Array:
        """Seven days a week: none counted where the service is closed."""
        days, replicates = self.cycle.days, worked.shape[1]
        found = np.zeros((len(worked) // days, 7, replicates))
        found[:, :days] = worked.reshape(-1, days, replicates)
        return found.reshape(-1, replicates)


SIXTH = Cycle(5, 1, 1, 6.0, 0.0, (0.3, 2.0, 0.3, 0.5), -50)
SEVENTH = Cycle(5, 1, 1, 1.0, 0.0, (0.1, 2.0, 0.05, 0.05), -50)
SIGNALS = (
    Signal("1", Cycle(7, 1, 2, 6.0, 0.0, (0.2, 0.2, 0.5, 0.4), 29), 2.0),
    Signal("3", Cycle(7, 1, 2, 0.5, 0.0, (1.5, 1.4, 0.5, 0.4), -167)),
    Signal("4", Cycle(7, 0, 2, 5.5, 0.0, (0.0, 0.0, 0.3, 0.25), 1)),
    Signal("5", Cycle(7, 0, 2, 2.0, 0.0, (0.0, 0.0, 0.3, 0.25), 1)),
    Signal("6", SIXTH, 1.5, 10.0, Wave(3 * 5 * 80, 1, 20, SIXTH, 1.5)),
    Signal("7", SEVENTH, wave=Wave(3 * 5 * 50, 1, 20, SEVENTH)),
    Signal("8", Cycle(5, 0, 1, 6.0, 0.0001, (0.0, 0.0, 0.6, 0.9), 0), 1.5, 10.0),
    Signal("9", Cycle(5, 1, 1, 3.0, 0.0, (1.5, 0.1, 0.2, 0.3), -150)),
    Signal("10", Cycle(5, 1, 1, 3.0, 0.0, (0.2, 0.1, 0.05, 0.15), -200)),
    Signal("11", Cycle(5, 1, 1, 5.0, 0.0, (0.2, 0.1, 0.05, 0.1), 0)),
    Signal("12", Cycle(5, 2, 1, 0.5, 0.0, (0.4, 0.0, 0.05, 0.15), 0)),
    Signal("13", Cycle(5, 1, 1, 9.0, 0.0, (0.5, 0.2, 0.2, 0.5), 0), 1.0, 100.0),
    Signal("14", Cycle(7, 1, 2, 2.0, 0.0005, (0.8, 0.8, 0.8, 0.4), 57), 4.0),
    Signal("15", Cycle(7, 4, 1, 0.05, 0.0, (0.01, 0.01, 1.8, 0.1), -85)),
    Signal("16", Cycle(7, 1, 2, 3.0, 0.0, (0.8, 0.6, 0.8, 0.4), 29), 4.0, 1.0, Wave(3 * 7 * 150, 210, 230, SEVENTH)),
    Signal("17", Cycle(7, 0, 2, 6.0, 0.0, (0.0, 0.0, 0.8, 0.4), 1), 4.0),
)
