"""How strong an epidemic is, by the Moving Epidemic Method (Vega 2015, Influenza Other Respir Viruses 9:234–246)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array
from surveillance.detection.mem import model
from surveillance.signal_rules import PhaseRule

LEVELS = ("base", "low", "medium", "high", "very_high")
KNOWN = 0.8  # part of the weeks of a season that must be known for it to count


def seasons(mondays: Sequence[date], shares: Array, rule: PhaseRule) -> tuple[list[int], Array]:
    """Years in which seasons began, and the shares of one series: weeks of a season × seasons, NaN where not known."""
    row = {monday: number for number, monday in enumerate(mondays)}
    years = sorted({monday.isocalendar().year + shift for monday in mondays for shift in (-1, 0)})
    found = np.full((rule.season_weeks, len(years)), np.nan)
    for column, year in enumerate(years):
        first = date.fromisocalendar(year, rule.season_week, 1)
        for week in range(rule.season_weeks):
            place = row.get(first + timedelta(weeks=week))
            if place is not None:
                found[week, column] = shares[place]
    return years, found


def intensities(mondays: Sequence[date], shares: Array, weeks: NDArray[np.intp], rule: PhaseRule) -> list[list[str]]:
    """The level of these weeks, weeks × series of LEVELS; "" out of season, or with too few whole seasons before it.

    base: below the threshold of the start; low, medium, high, very_high: by the intensity thresholds (40, 90, 97.5 % of
    the highest weeks of past epidemics). Only seasons before that of the week are looked at, ten at most.
    """
    told = [["" for _ in range(shares.shape[1])] for _ in weeks]
    for place in range(shares.shape[1]):
        years, table = seasons(mondays, shares[:, place], rule)
        whole = np.isfinite(table).mean(axis=0) >= KNOWN
        models: dict[int, tuple[float, ...]] = {}
        for row, week in enumerate(weeks):
            share, year = shares[week, place], _season(mondays[week], rule)
            if not np.isfinite(share) or year not in years:
                continue
            if year not in models:
                before = whole & (np.array(years) < year)
                said = model(table[:, before]) if before.sum() >= rule.min_seasons else None
                models[year] = (said.pre, *said.intensity) if said else ()
            limits = models[year]
            if limits and np.isfinite(limits).all():
                told[row][place] = LEVELS[int(np.searchsorted(np.maximum.accumulate(limits), share, side="right"))]
    return told


def _season(monday: date, rule: PhaseRule) -> int:
    """The year in which the season of a week began, 0 out of season."""
    year, week, _ = monday.isocalendar()
    began = year if week >= rule.season_week else year - 1
    first = date.fromisocalendar(began, rule.season_week, 1)
    return began if (monday - first).days < 7 * rule.season_weeks else 0
