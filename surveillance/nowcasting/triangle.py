"""The reporting triangle: how many acts of each day were known so many nights after, by both dates of the ledgers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array

Flags = NDArray[np.bool_]
WEEK = 7


@dataclass(frozen=True)
class Triangle:
    """known: days × ages × series, the acts of a day as known `age` nights after the night that follows it.

    The days follow each other without a gap. Ages go from 0 to the one at which a day is taken as complete. NaN: not
    known (not yet, or nothing was told that night nor before). weekday: of each day, 0: Monday. closed: days × series
    on which nothing is expected.
    """

    known: Array
    weekday: NDArray[np.intp]
    closed: Flags | None = None

    @property
    def settled(self) -> int:
        """The age at which a day is complete."""
        return int(self.known.shape[1]) - 1

    def seen(self, last: int) -> Array:
        """days × ages × series as seen on the night that follows the day `last`: what was told later is NaN."""
        days, ages = np.indices(self.known.shape[:2])
        told: Flags = np.asarray(days + ages <= last)
        return np.where(told[:, :, None], self.known, np.nan)

    def newest(self, last: int, seen: Array | None = None) -> Array:
        """days × series: each day by the newest that was known of it on that night (NaN for days after `last`)."""
        seen = self.seen(last) if seen is None else seen
        age = np.clip(last - np.arange(len(seen)), 0, self.settled)
        found = np.take_along_axis(seen, age[:, None, None], axis=1)[:, 0]
        return np.asarray(np.where((np.arange(len(seen)) <= last)[:, None], found, np.nan))


def carried(known: Array) -> Array:
    """The same, where a night that told nothing leaves what was known the night before (days × ages × series)."""
    filled = known.copy()
    for age in range(1, known.shape[1]):
        filled[:, age] = np.where(np.isnan(filled[:, age]), filled[:, age - 1], filled[:, age])
    return filled


def usual(counts: Array, weekdays: int, left_out: Flags | None = None, middle: bool = False) -> Array:
    """days × series: mean (or median) of the last `weekdays` days of the same weekday before each; NaN without any.

    `left_out`: days × series that say nothing of what is usual.
    """
    shown = counts if left_out is None else np.where(left_out, np.nan, counts)
    before = np.full((weekdays, *counts.shape), np.nan)
    for back in range(1, weekdays + 1):
        before[back - 1, WEEK * back :] = shown[: max(0, len(counts) - WEEK * back)]
    some = np.isfinite(before).any(axis=0)
    found = np.full(counts.shape, np.nan)
    found[some] = (np.nanmedian if middle else np.nanmean)(before[:, some], axis=0)
    return found
