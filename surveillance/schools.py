"""School holidays by zone, and how much more or less acts of an age group are to be expected in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from surveillance.calendar import Factor
from surveillance.content import Content, load

FILE = "extracts/calendar/schools.toml"
NEAR = 7  # days from the start or the end of holidays that are told
Period = tuple[date, date]


class SchoolHoliday(BaseModel):
    """First and last day without school, by zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    A: Period
    B: Period
    C: Period

    @model_validator(mode="after")
    def _in_order(self) -> SchoolHoliday:
        if wrong := [zone for zone in "ABC" if getattr(self, zone)[0] > getattr(self, zone)[1]]:
            raise ValueError(f"zone {wrong[0]}: the first day is after the last one")
        return self


class Schools(BaseModel):
    """The file `extracts/calendar/schools.toml`. factor: acts in holidays over acts of school days, by age group."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    factor: dict[str, Factor]
    zone: dict[str, tuple[str, ...]]
    holiday: tuple[SchoolHoliday, ...]

    @cached_property
    def zone_of(self) -> dict[str, str]:
        """Zone of each département that is in one (Corsica and overseas: none)."""
        return {department: zone for zone, departments in self.zone.items() for department in departments}

    def holiday_on(self, day: date, zone: str) -> SchoolHoliday | None:
        """The school holidays of that zone on that day."""
        inside = (one for one in self.holiday if getattr(one, zone)[0] <= day <= getattr(one, zone)[1])
        return next(inside, None)

    def said(self, day: date, department: str) -> str:
        """In French: the first days of school holidays and the first days after them; "" for another day."""
        zone = self.zone_of.get(department)
        if zone is None:
            return ""
        now, before = (self.holiday_on(one, zone) for one in (day, day - timedelta(days=NEAR)))
        if now and now is not before:
            return f"début des vacances ({now.name}, zone {zone})"
        return f"rentrée ({before.name}, zone {zone})" if before and now is None else ""

    def factors(self, days: Sequence[date], departments: Sequence[str], ages: Sequence[str]) -> NDArray[np.float64]:
        """Days × places × ages: the factor in school holidays, 1 elsewhere and for a group that has none."""
        zones = [self.zone_of.get(department, "") for department in departments]
        closed = {zone: [self.holiday_on(day, zone) is not None for day in days] for zone in set(zones) - {""}}
        off = np.array([closed.get(zone, [False] * len(days)) for zone in zones], bool).T
        return np.asarray(np.where(off[:, :, None], [self.factor.get(age, 1.0) for age in ages], 1.0))


def load_schools(content: Content) -> Schools:
    """The school holidays in force; ContentError when the file is wrong."""
    return load(content, FILE, Schools)
