"""The past that a Farrington method compares a week with: which rows, of which part of the year, at what time.

Farrington et al. 1996 (J R Stat Soc A 159:547-563), section 3.2: the same weeks of the last years. Noufaily et al. 2013
(Stat Med 32:1206-1222), section 3.3: every week of the last years, in parts of the year (levels). Conventions of the R
package `surveillance`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array

Places = NDArray[np.intp]
Dates = NDArray[np.datetime64]
NOWHERE = -(10**9)


@dataclass(frozen=True)
class Baseline:
    """Rows of the past, in order, for one row judged; all arrays of their number.

    levels: part of the year, from 0; the row judged is in the last one, of `count`. times: of the trend, in steps;
    time: when to predict. from_first: time restarts at the first row of the baseline that is not missing (R's dates).
    """

    rows: Places
    levels: Places
    count: int
    times: Array
    time: float
    from_first: bool

    @property
    def runs(self) -> tuple[Places, Places]:
        """Stretches of one level whose times follow each other one by one: (first place, place after), level."""
        cuts = np.flatnonzero((np.diff(self.levels) != 0) | (np.diff(self.times) != 1.0)) + 1
        bounds = np.concatenate([[0], cuts, [len(self.rows)]]).astype(np.intp)
        return np.stack([bounds[:-1], bounds[1:]], axis=1), self.levels[bounds[:-1]]


def reference_rows(row: int, years: int, frequency: int, dates: Dates | None) -> Places:
    """The row itself, then the same week 1 to `years` years before; negative: before the series.

    dates (None: places are counted, `frequency` a year): the same date of an earlier year (29 February: 1 March), for
    weeks moved to the nearest same day of the week, backward when two are as near.
    """
    if dates is None:
        return (row - frequency * np.arange(years + 1)).astype(np.intp)
    days = dates.astype("datetime64[D]")
    found = [row]
    for back in range(1, years + 1):
        day = _years_before(days[row], back)
        if frequency == 52:
            day = _same_weekday(day, days[row])
        place = int(np.searchsorted(days, day))
        found.append(place if days[place] == day else _before(day, days, frequency))
    return np.asarray(found, np.intp)


def _before(day: np.datetime64, days: Dates, frequency: int) -> int:
    """Where a day before the series would be; of one that is no row of it: nowhere near."""
    if day >= days[0]:
        return NOWHERE
    if frequency == 12:
        return int((day.astype("datetime64[M]") - days[0].astype("datetime64[M]")).astype(int))
    return int((day - days[0]) // (days[1] - days[0]))


def _years_before(day: np.datetime64, years: int) -> np.datetime64:
    month = day.astype("datetime64[M]")
    return np.datetime64((month - 12 * years).astype("datetime64[D]") + (day - month.astype("datetime64[D]")))


def _same_weekday(day: np.datetime64, like: np.datetime64) -> np.datetime64:
    """The weekday of `like` in the week (from Sunday) of `day`, or on the other side of it if strictly nearer."""
    same = day + np.timedelta64(_weekday(like) - _weekday(day), "D")
    other = same + np.timedelta64(-7 if same > day else 7, "D")
    return other if abs(other - day) < abs(same - day) else same


def _weekday(day: np.datetime64) -> int:
    """0: Sunday."""
    return (int(day.astype("datetime64[D]").astype(np.int64)) + 4) % 7


def classic(row: int, references: Places, window: int, total: int) -> Baseline:
    """The weeks up to `window` steps around those of earlier years (1996); weeks outside the series are left out."""
    around = references[1:][::-1, None] + np.arange(-window, window + 1)
    rows = np.unique(around[(around >= 0) & (around < total)]).astype(np.intp)
    return Baseline(rows, np.zeros(len(rows), np.intp), 1, rows.astype(float), float(row), False)


def in_levels(
    row: int, references: Places, window: int, periods: int, left_out: int, dates: Dates | None
) -> Baseline | None:
    """The weeks since the first reference window, in `periods` levels; None: they start before the series,
    or none is left.

    Windows of earlier years and the current one have the last level; the weeks between two windows are cut in
    `periods` − 1 blocks, the first ones one week longer. The last `left_out` weeks and the row itself are left out.
    """
    if (references < 0).any() or references[-1] - window < 0:
        return None
    level = np.full(row + 1, -1, np.intp)
    for after, before in pairwise(references):
        level[before - window : before + window + 1] = periods - 1
        if periods > 1:
            start, gap = before + window + 1, max(0, after - before - 2 * window - 1)
            sizes = np.full(periods - 1, gap // (periods - 1))
            sizes[: gap % (periods - 1)] += 1
            blocks = np.repeat(np.arange(periods - 1), sizes)
            level[start : start + len(blocks)] = blocks
    level[row - window :] = periods - 1
    level[max(0, row - left_out) :] = -1
    rows = np.flatnonzero(level >= 0).astype(np.intp)
    if not len(rows):
        return None
    if dates is None:
        times, time = rows.astype(float), float(row)
    else:
        days = dates.astype("datetime64[D]").astype(float)
        step = days[1] - days[0]  # of months too, whatever their length
        times, time = (days[rows] - days[rows[0]]) / step, float((days[row] - days[rows[0]]) / step)
    return Baseline(rows, level[rows], periods, times, time, dates is not None)
