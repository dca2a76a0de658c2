"""Ages, birth dates and hours of the patients of one day."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt

from surveillance.simulation.recipes import People
from surveillance.simulation.topics import Floats

Ints = npt.NDArray[np.int64]
CLASS_YEARS = ((0, 4), (5, 14), (15, 44), (45, 64), (65, 74), (75, 104))  # the day classes; unknown age has none
BAND_FROM = (0, 1, 2, 5, 15, 45, 65, 75)
UNKNOWN = -1
MARGIN = 2  # days kept from a birthday, so that floor(days / 365.25) gives the same age


def year_chances(people: People) -> Floats:
    """Weight of each exact age, 0 to 104 years."""
    points = np.array(people.ages)
    weights: Floats = np.interp(np.arange(105), points[:, 0], points[:, 1])
    return weights


def infant_shares(people: People) -> Floats:
    """Shares of 0, 1 and 2-4 years in the class 0-4."""
    weights = year_chances(people)[:5]
    shares: Floats = np.array([weights[0], weights[1], weights[2:].sum()]) / weights.sum()
    return shares


def draw_years(classes: Ints, u: Floats, weights: Floats) -> Ints:
    """Completed years within the class of each patient; UNKNOWN for the last class."""
    years = np.full(len(classes), UNKNOWN, np.int64)
    for number, (low, high) in enumerate(CLASS_YEARS):
        mine = classes == number
        sums = np.cumsum(weights[low : high + 1])
        years[mine] = low + np.searchsorted(sums / sums[-1], u[mine], side="right").clip(max=high - low)
    return years


def bands_of(years: Ints) -> Ints:
    """Index in recipes.BANDS of each age."""
    bands = np.searchsorted(np.array(BAND_FROM), years, side="right") - 1
    return np.where(years == UNKNOWN, len(BAND_FROM), bands)


def months_before(day: date, months: int) -> int:
    """Ordinal of the same day so many months before (the last of the month where it does not exist)."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for number in range(day.day, 27, -1):
        try:
            return date(year, month + 1, number).toordinal()
        except ValueError:
            continue
    return date(year, month + 1, day.day).toordinal()


def draw_births(day: date, years: Ints, u: Floats) -> tuple[Ints, Ints]:
    """Birth dates (ordinals; 0 = unknown) that give these completed years on the day, and completed months.

    Months only below two years, UNKNOWN otherwise.
    """
    bounds = np.array([months_before(day, 12 * age) for age in range(107)])
    last, first = bounds[years], bounds[years + 1] + 1
    low = first + MARGIN
    high = np.where(years == 0, last, last - MARGIN)
    births = low + np.floor(u * (high - low + 1)).astype(np.int64)
    by_month = np.array([months_before(day, month) for month in range(24, 0, -1)])
    months = 24 - np.searchsorted(by_month, births, side="left")
    births = np.where(years == UNKNOWN, 0, births)
    return births, np.where((years >= 0) & (years < 2), months, UNKNOWN)


def draw_minutes(hours: list[float], u: Floats) -> Ints:
    """Minutes after midnight by the weights of the 24 hours."""
    sums = np.concatenate([[0.0], np.cumsum(hours)])
    minutes = np.interp(u, sums / sums[-1], np.arange(25) * 60.0)
    found: Ints = minutes.astype(np.int64).clip(max=1439)
    return found


def triangle(limits: tuple[int, int, int], u: Floats) -> Ints:
    """Whole numbers between the least and the most, mostly near the usual one (triangular law)."""
    low, usual, high = limits
    turn = (usual - low) / (high - low)
    left = low + np.sqrt(u * (high - low) * (usual - low))
    right = high - np.sqrt((1 - u) * (high - low) * (high - usual))
    return np.where(u < turn, left, right).astype(np.int64)
