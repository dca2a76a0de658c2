"""Simulated visits in columns: one array per property, one position per visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from surveillance.simulation.people import Ints

Small = npt.NDArray[np.int32]
CODED_KINDS = 3  # kinds 0 covid, 1 flu, 2 other coded; then 3 uncoded, 4 advice, 5 cancelled
UNCODED, ADVICE, CANCELLED = 3, 4, 5
ACTS = ("VISITE", "CENTRE", "TELECONSULT", "CONSEIL_TEL", "ANNULE")
NO = -1


@dataclass(frozen=True)
class Visits:
    """Columns of equal length.

    Days and births are ordinals (birth 0 = unknown); minutes count from midnight of `day`, the call
    may be negative; diagnoses, topic, place and association are positions in their tables (NO = none).
    """

    association: Small
    day: Small
    serial: Small
    delay: Small
    kind: Small
    start: Small
    call: Small
    end: Small
    sex: Small
    years: Small
    months: Small
    birth: Small
    topic: Small
    diag1: Small
    diag2: Small
    diag3: Small
    slot: Small
    phrase1: Small
    phrase2: Small
    motif: Small
    outcome: Small
    act: Small
    place: Small

    def __len__(self) -> int:
        return len(self.day)

    def take(self, where: Ints | npt.NDArray[np.bool_] | slice) -> Visits:
        """The visits at those positions."""
        return Visits(**{name: getattr(self, name)[where] for name in NAMES})

    def changed(self, **columns: npt.NDArray[np.signedinteger]) -> Visits:
        """The same visits with some columns replaced."""
        return replace(self, **{name: column.astype(np.int32) for name, column in columns.items()})

    def in_order(self) -> Visits:
        """By association, day and hour: as a practice software lists them."""
        return self.take(np.lexsort((self.serial, self.start, self.day, self.association)))


NAMES = tuple(item.name for item in fields(Visits))


def make_visits(**columns: npt.NDArray[np.signedinteger]) -> Visits:
    """Visits of columns of any whole-number type."""
    return Visits(**{name: column.astype(np.int32) for name, column in columns.items()})


def concatenate(parts: Sequence[Visits]) -> Visits:
    """The visits of all parts, in their order."""
    if not parts:
        return Visits(**{name: np.zeros(0, np.int32) for name in NAMES})
    return Visits(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in NAMES})
