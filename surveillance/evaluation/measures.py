"""What is counted of alarms on simulated series, and the measures made of it.

Noufaily et al. 2013 (Stat Med 32:1206-1222), section 3.3: false positive rate and probability of detection; Bédubourg &
Le Strat 2017 (PLoS One 12(7):e0181227): the others, over weeks; timeliness as Noufaily et al. 2019 (Bioinformatics
35:3110-3118), from memory, not checked against its text. Where a method cannot say (alarm NaN) there is no alarm.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Tally:
    """Counts of one k: rows by alarm and outbreak; outbreaks, detected, in their first week too; sums of delays.

    late: rows from the begin to the first alarm, of those detected; lateness: the same as a share of the outbreak's
    length, of all, 1 where it is not detected.
    """

    true_alarms: int = 0
    false_alarms: int = 0
    missed: int = 0
    quiet: int = 0
    outbreaks: int = 0
    detected: int = 0
    at_once: int = 0
    late: float = 0.0
    lateness: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


def tally(alarms: Flags, outbreak: Flags, starts: NDArray[np.intp], first: int = 1) -> Tally:
    """Counts of series (arrays: rows judged × series) with at most one outbreak each; starts: its first row in them.

    first: rows from there that are its first week.
    """
    has = outbreak.any(axis=0)
    alarms, outbreak, starts = alarms[:, has], outbreak[:, has], starts[has]
    true = alarms & outbreak
    found = true.any(axis=0)
    length = len(outbreak) - outbreak[::-1].argmax(axis=0) - starts
    late = true.argmax(axis=0) - starts
    return Tally(
        true_alarms=int(true.sum()), false_alarms=int((alarms & ~outbreak).sum()),
        missed=int((outbreak & ~alarms).sum()), quiet=int((~alarms & ~outbreak).sum()),
        outbreaks=int(has.sum()), detected=int(found.sum()),
        at_once=int((found & (late < first)).sum()),
        late=float(late[found].sum()), lateness=float(np.where(found, late / length, 1.0).sum()),
    )  # fmt: skip


def in_all(tallies: Iterable[Tally]) -> Tally:
    """The sum of them."""
    return sum(tallies, Tally())


@dataclass(frozen=True)
class Measures:
    """The measures of one k, each between 0 and 1, but delay (rows). NaN where there is nothing to divide by.

    pod: outbreaks with an alarm while they have cases; pod_first: with one in their first week; delay: rows from their
    begin to that alarm, of those detected; timeliness: the same as a share of the length, 1 where not detected.
    """

    pod: float
    pod_first: float
    sensitivity: float
    specificity: float
    ppv: float
    npv: float
    f1: float
    delay: float
    timeliness: float


def measures(counted: Tally) -> Measures:
    """From what was counted."""
    sensitivity = share(counted.true_alarms, counted.true_alarms + counted.missed)
    ppv = share(counted.true_alarms, counted.true_alarms + counted.false_alarms)
    return Measures(
        pod=share(counted.detected, counted.outbreaks),
        pod_first=share(counted.at_once, counted.outbreaks),
        sensitivity=sensitivity,
        specificity=share(counted.quiet, counted.quiet + counted.false_alarms),
        ppv=ppv,
        npv=share(counted.quiet, counted.quiet + counted.missed),
        f1=share(2 * counted.true_alarms, 2 * counted.true_alarms + counted.false_alarms + counted.missed),
        delay=share(counted.late, counted.detected),
        timeliness=share(counted.lateness, counted.outbreaks),
    )


def share(part: float, whole: float) -> float:
    """NaN of nothing."""
    return part / whole if whole else float("nan")
