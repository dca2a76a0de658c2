"""What is simulated: series without outbreaks, with those of the past, and with one in the last year besides.

Counts: Noufaily et al. 2013 (Stat Med 32:1206-1222), section 3.1: negative binomial of mean mu and variance phi·mu,
log mu a line and harmonics; Poisson where phi is 1. Outbreaks, the same: how many cases is Poisson with mean k standard
deviations sqrt(phi·mu) of the count where it begins, when each comes is log-normal (0, 0.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from surveillance.detection.judged import Array

SPREAD = 0.5  # standard deviation of the logarithm of when a case comes


@dataclass(frozen=True)
class Simulated:
    """Series of scenarios (arrays: time × series), and what is known of them.

    clean: without outbreaks; past: with those before the rows judged; current: by k, the cases of the one outbreak
    within those rows, to add to `past`; starts: the row where that one begins; scenario: the number of each series'.
    frequency: rows a year; dates: day of each row.
    """

    clean: Array
    past: Array
    current: Mapping[float, Array]
    starts: NDArray[np.intp]
    scenario: NDArray[np.intp]
    judged: NDArray[np.intp]
    frequency: int
    dates: NDArray[np.datetime64]


def streams(seed: int, place: int) -> Callable[..., Generator]:
    """Random numbers of a scenario, one stream for each purpose."""

    def stream(*purpose: int) -> Generator:
        return np.random.default_rng([seed, place, *purpose])

    return stream


def counts(generator: Generator, mean: Array, phi: float, replicates: int) -> Array:
    """Counts (time × replicates) about the mean of each row, of variance phi·mean."""
    means = np.broadcast_to(mean[:, None], (len(mean), replicates))
    if phi == 1.0:
        return generator.poisson(means).astype(float)
    return generator.negative_binomial(means / (phi - 1.0), 1.0 / phi).astype(float)


def spread(
    generator: Generator, cases: NDArray[np.int64], starts: NDArray[np.intp], length: int, width: float = 1.0
) -> Array:
    """Outbreaks of `cases` (one a series) over rows (length × series); width: of a row, in the unit of the log-normal.

    What would come after the last row is not seen.
    """
    series = np.repeat(np.arange(len(cases)), cases)
    rows = starts[series] + np.floor(generator.lognormal(0.0, SPREAD, len(series)) / width).astype(np.intp)
    seen = rows < length
    found = np.zeros((length, len(cases)))
    np.add.at(found, (rows[seen], series[seen]), 1.0)
    return found


def together(parts: Sequence[Simulated]) -> Simulated:
    """Several scenarios of the same rows, side by side."""
    first = parts[0]
    return Simulated(
        clean=np.concatenate([part.clean for part in parts], axis=1),
        past=np.concatenate([part.past for part in parts], axis=1),
        current={k: np.concatenate([part.current[k] for part in parts], axis=1) for k in first.current},
        starts=np.concatenate([part.starts for part in parts]),
        scenario=np.concatenate([part.scenario for part in parts]),
        judged=first.judged,
        frequency=first.frequency,
        dates=first.dates,
    )
