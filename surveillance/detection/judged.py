"""What every detection method takes and gives: arrays of time × series, the same rows back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int8]


class Status(IntEnum):
    """Whether an observation was tested, or why not."""

    OK = 0  # tested
    HISTORY = 1  # too few observations before it
    MISSING = 2  # it is missing, or one is that the method needs
    FEW = 3  # too few cases lately for the method (limit54 of the Farrington methods, and the like)
    NO_FIT = 4  # the model did not converge, or has no answer
    CONSTANT = 5  # a past without any spread, of which the method can say nothing

    @property
    def word(self) -> str:
        """As files and screens say it."""
        return self.name.lower()


@dataclass(frozen=True)
class Series:
    """Counts to judge. Every array is time × series, without a gap in time; NaN: missing.

    dates: day of each row (of a week: its Monday), None: only its place is known. population: inhabitants, or a
    denominator. judged: rows to judge, from 0; None: all of them. frequency: rows a year (52, 365, 12).
    """

    counts: Array
    dates: NDArray[np.datetime64] | None = None
    population: Array | None = None
    judged: NDArray[np.intp] | None = None
    frequency: int = 52

    @property
    def rows(self) -> NDArray[np.intp]:
        """The rows to judge, in their order."""
        return np.arange(len(self.counts)) if self.judged is None else self.judged


@dataclass(frozen=True)
class Judged:
    """What a method says, for the rows judged: each array is rows judged × series.

    expected, upperbound (threshold), score, pvalue: NaN where the method gives none. alarm: 1, 0, NaN (cannot be said).
    more: the method's own columns, of the same shape (numbers, or words as objects).
    """

    expected: Array
    upperbound: Array
    alarm: Array
    score: Array
    pvalue: Array
    status: Codes
    more: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Parameter:
    """A setting of a method: its name here and in the reference, its default, and what it does (unit, limits).

    least, most: what a number may be, both included.
    """

    name: str
    default: Any
    about: str
    reference: tuple[str, ...] = ()
    choices: tuple[Any, ...] = ()
    least: float = -inf
    most: float = inf


@dataclass(frozen=True)
class Method:
    """A detection method by name. run: Series and its parameters by name → Judged. columns: its own, in `more`.

    weekly: it counts in weeks, and has nothing to say of days.
    """

    name: str
    run: Callable[..., Judged]
    parameters: tuple[Parameter, ...]
    about: str
    source: str
    columns: tuple[str, ...] = ()
    weekly: bool = False
