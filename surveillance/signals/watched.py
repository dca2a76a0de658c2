"""What is watched: counts by step of time, association, syndrome and age, and the territories they are summed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from surveillance.associations import Association

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
ALL = "all"  # of the ages: every one, the unknown ones too
KINDS = ("national", "region", "department", "association")  # from the top down


@dataclass(frozen=True)
class Place:
    """A territory: its kind and code, and the positions of its associations."""

    kind: str
    code: str
    members: tuple[int, ...]


@dataclass(frozen=True)
class Watched:
    """Counts of steps × associations × syndromes × ages (the first age: all). days: the last day of each step.

    acts: steps × associations × (all, coded, told after the first night). step: days, 1 or 7.
    left: steps × associations, left out of baselines. doubtful: steps × associations, a feed that cannot be trusted.
    blind: steps × associations, no test where they are (a data event of the territory).
    factor: steps × associations, of the calendar. school: steps × associations × ages, of school holidays.
    """

    days: NDArray[np.datetime64]
    associations: tuple[Association, ...]
    syndromes: tuple[str, ...]
    ages: tuple[str, ...]
    counts: Array
    acts: Array
    left: Flags
    doubtful: Flags
    blind: Flags
    factor: Array
    school: Array
    step: int = 1

    @property
    def shape(self) -> tuple[int, int]:
        """Syndromes × ages."""
        return len(self.syndromes), len(self.ages)

    def ending(self, last: int, steps: int) -> Watched:
        """The steps up to place `last`, no more than so many."""
        cut = slice(max(0, last + 1 - steps), last + 1)
        names = ("days", "counts", "acts", "left", "doubtful", "blind", "factor", "school")
        return replace(self, **{name: getattr(self, name)[cut] for name in names})


def places_of(members: Sequence[Association], kinds: Sequence[str]) -> tuple[Place, ...]:
    """The territories of these kinds; of several with the same associations only the largest: it is one series."""
    named = {
        "national": ["FR"] * len(members),
        "region": [item.region for item in members],
        "department": [item.department for item in members],
        "association": [item.code for item in members],
    }
    found: dict[tuple[int, ...], Place] = {}
    for kind in (kind for kind in KINDS if kind in kinds):
        for code in sorted(set(named[kind])):
            inside = tuple(n for n, name in enumerate(named[kind]) if name == code)
            found.setdefault(inside, Place(kind, code, inside))
    return tuple(found.values())


def membership(places: Sequence[Place], associations: int) -> Array:
    """Places × associations: 1 where one is in the other."""
    inside = np.zeros((len(places), associations))
    for row, place in enumerate(places):
        inside[row, list(place.members)] = 1.0
    return inside


def summed(counts: Array, places: Sequence[Place]) -> Array:
    """Steps × associations × … summed to steps × places × …."""
    inside = membership(places, counts.shape[1])
    return np.asarray(np.moveaxis(np.tensordot(inside, counts, axes=(1, 1)), 0, 1))


def parts_of(seen: Watched, places: Sequence[Place]) -> Array:
    """Places × associations: the part that an association has of the acts of its place."""
    inside, usual = membership(places, len(seen.associations)), np.maximum(seen.acts[:, :, 0].mean(axis=0), 1e-9)
    return np.asarray(inside * usual / np.maximum(inside @ usual, 1e-9)[:, None])


def school_of(seen: Watched, places: Sequence[Place]) -> Array:
    """Steps × places × ages: the factor of school holidays, of a place the mean over the acts of its associations."""
    return np.asarray(np.moveaxis(np.tensordot(parts_of(seen, places), seen.school, axes=(1, 1)), 0, 1))


def filled(seen: Watched) -> Array:
    """The counts, where a step is left out those of the nearest same weekdays: the mean of one or two on each side."""
    counts = seen.counts
    week = 7 if seen.step == 1 else 1
    gone = np.argwhere(seen.left)
    if len(gone):
        counts = counts.copy()
    for step, association in gone:
        near = [step + sign * week * n for n in (1, 2, 3) for sign in (-1, 1)]
        sound = [at for at in near if 0 <= at < len(counts) and not seen.left[at, association]]
        if sound:
            counts[step, association] = seen.counts[sound[:2], association].mean(axis=0)
    return counts
