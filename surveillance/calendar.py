"""The French calendar: public holidays by law, and how much each kind of day weighs in the number of visits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load

FILE = "extracts/calendar/indices.toml"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Factor = Annotated[float, Field(gt=0, lt=5)]

# Code du travail, art. L3133-1 (the eleven holidays), by month-day and by days after Easter.
FIXED = {
    (1, 1): "Jour de l'an",
    (5, 1): "Fête du Travail",
    (5, 8): "Fête de la Victoire",
    (7, 14): "Fête nationale",
    (8, 15): "Assomption",
    (11, 1): "Toussaint",
    (11, 11): "Armistice",
    (12, 25): "Noël",
}
AFTER_EASTER = {1: "Lundi de Pâques", 39: "Ascension", 50: "Lundi de Pentecôte"}
# Code du travail, art. L3134-13: Alsace-Moselle. Good Friday counts where there is a Protestant or mixed church:
# taken here for the whole département.
ALSACE_MOSELLE = ("57", "67", "68")
# Code du travail, art. L3422-2: commemoration of the abolition of slavery.
ABOLITION = {"976": (4, 27), "972": (5, 22), "971": (5, 27), "973": (6, 10), "974": (12, 20)}


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, 1991, ch. 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


@cache
def holidays(year: int, department: str | None = None) -> Mapping[date, str]:
    """Public holidays of a year, day -> French name; with a département (INSEE), its own ones too.

    Two holidays on one day keep the name of the fixed national one, then the movable one, then the local one.
    """
    found = {date(year, month, day): name for (month, day), name in FIXED.items()}
    sunday = easter(year)
    for days, name in AFTER_EASTER.items():
        found.setdefault(sunday + timedelta(days), name)
    if department in ALSACE_MOSELLE:
        found.setdefault(sunday - timedelta(2), "Vendredi saint")
        found.setdefault(date(year, 12, 26), "Saint-Étienne")
    if department in ABOLITION:
        found.setdefault(date(year, *ABOLITION[department]), "Abolition de l'esclavage")
    return dict(sorted(found.items()))


def holiday_name(day: date, department: str | None = None) -> str | None:
    """French name of the public holiday on that day (in that département), or None."""
    return holidays(day.year, department).get(day)


class Weekdays(BaseModel):
    """Ratio of each weekday to the mean of the week."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mon: Factor
    tue: Factor
    wed: Factor
    thu: Factor
    fri: Factor
    sat: Factor
    sun: Factor


class Rules(BaseModel):
    """What stands for holidays without a figure of their own, and on Saturdays and Sundays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    other: Factor
    weekend: Factor
    any_day: tuple[str, ...]


class Near(BaseModel):
    """Days beside a holiday that falls on a weekday: a bridge to the week-end, and the day after."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bridge: Factor
    after: Factor


class Indices(BaseModel):
    """The file `extracts/calendar/indices.toml`: factors on the visits of an average day, all without unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weekday: Weekdays
    holiday: dict[str, Factor]
    rules: Rules
    near: Near
    eve: dict[Annotated[str, Field(pattern=r"^\d\d-\d\d$")], Factor]

    def weekday_factor(self, day: date) -> float:
        """Ratio of that weekday to the mean of the week."""
        return float(getattr(self.weekday, WEEKDAYS[day.weekday()]))

    def holiday_factor(self, day: date, department: str | None = None) -> float:
        """Ratio of that day to an ordinary day of the same weekday; 1 on an ordinary day."""
        name = holiday_name(day, department)
        if name is None:
            return self.eve.get(f"{day:%m-%d}", 1.0)
        if day.weekday() >= 5 and name not in self.rules.any_day:
            return self.rules.weekend
        return self.holiday.get(name, self.rules.other)

    def near_factor(self, day: date, department: str | None = None) -> float:
        """Ratio of a day between a holiday and a week-end, or after a holiday, to an ordinary one; 1 on other days."""
        before, after = (holiday_name(day + timedelta(n), department) for n in (-1, 1))
        if day.weekday() >= 5 or holiday_name(day, department):
            return 1.0
        if (day.weekday() == 0 and after) or (day.weekday() == 4 and before):
            return self.near.bridge
        return self.near.after if before and day.weekday() else 1.0

    def day_factor(self, day: date, department: str | None = None) -> float:
        """Expected visits of that day as a multiple of an average day of the same weeks."""
        return self.weekday_factor(day) * self.holiday_factor(day, department)


def load_indices(content: Content) -> Indices:
    """The calendar factors in force; ContentError when the file is wrong."""
    return load(content, FILE, Indices)
