"""Ages: completed months from a birth to a visit, and years and months that do not contradict each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from surveillance.intake.coded import Issues
from surveillance.intake.visits import VisitLimits

UNKNOWN = np.iinfo(np.int32).min  # an age that is not told
Ints = npt.NDArray[np.int32]


def months_between(born: Ints, days: Ints) -> Ints:
    """Whole months of life on a day, both in days since 1970-01-01; divided by 12 they are the completed years, as a
    French age is said.

    The RPU tools compute floor(days / 365.25): the two differ at most on a birthday itself, where 365 days / 365.25
    are not yet one year there. Someone born on 29 February turns a year older on 1 March of a common year.
    """
    births, visits = born.astype("M8[D]"), days.astype("M8[D]")
    month_born, month = births.astype("M8[M]"), visits.astype("M8[M]")
    day_born, day = births - month_born.astype("M8[D]"), visits - month.astype("M8[D]")
    lived: Ints = ((month - month_born).astype(np.int64) - (day < day_born)).astype(np.int32)
    return lived


def agreed(years: Ints, months: Ints, limits: VisitLimits, issues: Issues) -> tuple[Ints, Ints]:
    """Completed years, and months below `months_below` (-1: not known), that do not contradict each other.

    Years stand in for by months where they are not told; `issues` gains AGE_RANGE and AGE_MONTHS.
    """
    known, lived = months != UNKNOWN, months // 12
    derived = known & (years == UNKNOWN)
    outside = derived & ((lived < 0) | (lived > limits.age_max))
    against = known & (years != UNKNOWN) & (years != lived)
    for rows, check in ((outside, "AGE_RANGE"), (against, "AGE_MONTHS")):
        for row in np.flatnonzero(rows).tolist():
            issues[row].append(check)
    years = np.where(derived & ~outside, lived, years)
    kept = known & ~against & ~outside & (months < limits.months_below)
    return np.where(years == UNKNOWN, -1, years), np.where(kept, months, -1)
