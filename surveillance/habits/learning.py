"""What tonight should look like, learnt from an association's own past: expected values and how far chance goes.

Volume: level of the last weeks (median) × weekday (own, shrunk to the national one) × holiday × season of last year.
Counts of a day vary more than a Poisson count does: variance φ·μ with φ about 2.2 (negative binomial, median over the
départements), and the level itself is uncertain by a few per cent (`day_spread`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from surveillance.habits.past import YEAR, Floats, Past
from surveillance.habits.rules import Learning

MAD = 1.4826  # a median absolute deviation × this = a standard deviation, when errors are normal
Factor = Callable[[date], float]
MINUTES = 1440


@dataclass(frozen=True)
class Expected:
    """An expected value and its spread: on the square root for counts (their spread grows with them), else as it is."""

    value: float
    spread: float
    root: bool = False

    def score(self, observed: float) -> float:
        """How many standard deviations `observed` is above (+) or below (−) the expected value."""
        if self.root:
            return float((np.sqrt(max(observed, 0.0)) - np.sqrt(self.value)) / self.spread)
        return (observed - self.value) / self.spread

    def band(self, z: float) -> tuple[float, float]:
        """The values at −z and +z."""
        if self.root:
            middle = np.sqrt(self.value)
            return float(max(middle - z * self.spread, 0.0) ** 2), float((middle + z * self.spread) ** 2)
        return self.value - z * self.spread, self.value + z * self.spread


@dataclass(frozen=True)
class Calendar:
    """The factors of the calendar for one association: its weekday in the nation, its holidays and their eves."""

    weekday: Factor
    holiday: Factor

    def special(self, day: date) -> bool:
        """Does a holiday, or the eve of one, move that day?"""
        return self.holiday(day) != 1.0


def expected_volume(past: Past, day: date, calendar: Calendar, rules: Learning) -> Expected | None:
    """Visits of `day` in the night after it; None when fewer than `min_nights` nights can be learnt from."""
    recent = _ordinary(past, day - timedelta(days=rules.nights), day - timedelta(days=1), calendar)
    if len(recent) < rules.min_nights:
        return None
    weekdays = own_weekdays(recent, calendar, rules)
    plain = recent.visits / np.array([weekdays[one.weekday()] for one in recent.days])
    level = median(plain[-rules.level_nights :])
    season = _season(past, day, calendar, weekdays, rules)
    mean = max(level * weekdays[day.weekday()] * calendar.holiday(day) * season, 0.5)
    spread = rules.holiday_spread if calendar.special(day) else rules.day_spread
    dispersion = _dispersion(plain, np.array([weekdays[one.weekday()] for one in recent.days]), rules)
    return Expected(mean, 0.5 * float(np.sqrt(dispersion + spread**2 * mean)), root=True)


def _ordinary(past: Past, first: date, last: date, calendar: Calendar) -> Past:
    return past.where([first <= day <= last and not calendar.special(day) for day in past.days])


def own_weekdays(recent: Past, calendar: Calendar, rules: Learning) -> Floats:
    """Seven factors, Monday first: each the national one, moved by what the own nights say as far as they are sure.

    Empirical Bayes: a local weekday departs from the national one by some `weekday_spread`; the mean of n days of
    that weekday is known to within its own scatter / √n.
    """
    national = np.array([calendar.weekday(date(2024, 1, 1 + n)) for n in range(7)])  # 1 January 2024 was a Monday
    numbers = np.array([day.weekday() for day in recent.days])
    ratios = recent.visits / national[numbers]
    ratios = ratios / max(median(ratios), 0.5)
    factors = national.copy()
    for number in range(7):
        mine = ratios[numbers == number]
        if len(mine):
            noise = max(MAD * (median(np.abs(mine - median(mine)))), rules.day_spread)
            sure = rules.weekday_spread**2 / (rules.weekday_spread**2 + noise**2 * 1.57 / len(mine))  # of a median: π/2
            factors[number] *= 1 + sure * (median(mine) - 1)
    return np.asarray(np.maximum(factors, 0.05))


def _season(past: Past, day: date, calendar: Calendar, weekdays: Floats, rules: Learning) -> float:
    """Growth from the weeks before to this week, as it was last year; 1 when last year is not known."""
    same = day - timedelta(days=YEAR)
    reach = timedelta(days=rules.last_year_days)
    week = _ordinary(past, same - timedelta(days=3), same + timedelta(days=3), calendar)
    before = _ordinary(past, same - reach - timedelta(days=3), same - timedelta(days=4), calendar)
    if len(week) < 5 or len(before) < 10:
        return 1.0
    plain = [one.visits / np.array([weekdays[d.weekday()] for d in one.days]) for one in (week, before)]
    growth = median(plain[0]) / max(median(plain[1]), 0.5)
    low, high = rules.season_bounds
    return float(min(max(growth, low), high) ** rules.last_year_weight)


def _dispersion(plain: Floats, factors: Floats, rules: Learning) -> float:
    """φ: variance over mean of the own nights around their moving level, shrunk to the one of the départements."""
    around = np.sort(sliding_window_view(np.pad(plain, 7, mode="reflect"), 15), axis=1)[:, 7] * factors
    residual = (plain * factors - around) / np.sqrt(np.maximum(around, 0.5))
    own = (MAD * median(np.abs(residual))) ** 2
    weight = rules.dispersion_nights
    return max((own * len(plain) + rules.dispersion * weight) / (len(plain) + weight), 1.0)


def expected_share(part: Floats, whole: Floats, size: float, rules: Learning) -> Expected | None:
    """A share of `size` visits, from the nights' counts `part` of `whole`; None with too few nights."""
    known = whole > 0
    if int(known.sum()) < rules.min_nights or size <= 0:
        return None
    shares = part[known] / whole[known]
    share = median(shares)
    if np.sum(whole[known]) * min(share, 1 - share) < 5:  # a median of small counts hides what is rare
        share = float(np.sum(part[known]) / np.sum(whole[known]))
    own = MAD * median(np.abs(shares - share))
    safe = min(max(share, 1 / (size + 2)), 1 - 1 / (size + 2))
    chance = safe * (1 - safe) / size
    drift = max(own**2 - safe * (1 - safe) / median(whole[known]), 0.0)
    return Expected(share, float(np.sqrt(chance + drift + rules.share_spread**2)))


def expected_minute(minutes: Floats, rules: Learning) -> Expected | None:
    """The minute of arrival, counted from midnight of the night (evening negative), on a circle of a day."""
    if len(minutes) < rules.min_nights:
        return None
    angles = minutes * (2 * np.pi / MINUTES)
    middle = float(np.arctan2(np.sin(angles).mean(), np.cos(angles).mean())) * MINUTES / (2 * np.pi)
    gaps = np.array([wrap(value - middle) for value in minutes])
    usual = median(gaps)
    spread = MAD * median(np.abs(gaps - usual))
    return Expected(wrap(middle + usual), max(spread, 1.0))


def median(values: Floats) -> float:
    """The median; numpy's own is ten times slower on the few dozen nights of an association."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def wrap(minutes: float) -> float:
    """Minutes on the circle of a day, from −720 up to 720."""
    return float((minutes + MINUTES / 2) % MINUTES - MINUTES / 2)
