"""Weeks of a series as the Moving Epidemic Method wants them: seasons in columns, by ISO weeks or by their order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array, Series

FIRST_WEEK, LAST_WEEK = 40, 20  # of the next year
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Seasons:
    """Where the rows of a series belong. of: season of each row, from 0; place: week in it, from 0, -1: in none.

    weeks: of a season; number: how many seasons, the last one with a row being number - 1.
    """

    of: Places
    place: Places
    weeks: int
    number: int

    def grid(self, counts: Array) -> Array:
        """Weeks × seasons of one series; NaN where there is no such week."""
        found = np.full((self.weeks, self.number), np.nan)
        held = self.place >= 0
        found[self.place[held], self.of[held]] = counts[held]
        return found


def season_places(
    dates: NDArray[np.datetime64], first_week: int = FIRST_WEEK, last_week: int = LAST_WEEK
) -> tuple[Places, Places]:
    """Season (the year of its first week) and week in it, from 0, of each week's Monday; week -1: in no season.

    From ISO week `first_week` to `last_week`, of the next year where that is the lower one; week 53 is left out.
    """
    if not (1 <= first_week <= 52 and 1 <= last_week <= 52):
        raise ValueError("weeks of a season are from 1 to 52")
    thursday = dates.astype("datetime64[D]") + np.timedelta64(3, "D")
    year = thursday.astype("datetime64[Y]").astype(np.intp) + 1970
    week = (thursday - thursday.astype("datetime64[Y]")).astype(np.intp) // 7 + 1
    place = (week - first_week) % 52
    place = np.where((week == 53) | (place > (last_week - first_week) % 52), -1, place)
    return np.where(week >= first_week, year, year - 1), place


def seasons_of(series: Series, first_week: int = FIRST_WEEK, last_week: int = LAST_WEEK) -> Seasons | None:
    """Seasons of a weekly series; without days, each of `frequency` rows, one after the other. None: no weekly rows."""
    rows = np.arange(len(series.counts))
    if series.dates is None:
        weeks = max(1, series.frequency)
        return Seasons(rows // weeks, rows % weeks, weeks, (len(rows) + weeks - 1) // weeks)
    if (np.diff(series.dates.astype("datetime64[D]")) != np.timedelta64(7, "D")).any():
        return None
    of, place = season_places(series.dates, first_week, last_week)
    of = of - of.min(initial=of[0] if len(of) else 0)
    return Seasons(of, place, (last_week - first_week) % 52 + 1, int(of.max(initial=-1)) + 1)
