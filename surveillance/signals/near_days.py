"""Which days are unlike others by the calendar, and how much more or less is to be expected on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

import numpy as np

from surveillance.associations import Association
from surveillance.calendar import Indices, holiday_name
from surveillance.schools import Schools
from surveillance.signals.watched import Array, Flags

WEEK = 7


class NearDays:
    """The calendar of départements: holiday, eve, bridge, after (a holiday), week (one was in the week before)."""

    def __init__(self, indices: Indices, schools: Schools) -> None:
        self.indices, self.schools = indices, schools
        self.kind = cache(self._kind)

    def _kind(self, day: date, department: str) -> str:
        where = department or None
        if holiday_name(day, where):
            return "holiday"
        if f"{day:%m-%d}" in self.indices.eve:
            return "eve"
        factor = self.indices.near_factor(day, where)
        if factor != 1.0:
            return "after" if factor == self.indices.near.after else "bridge"
        return "week" if any(holiday_name(day - timedelta(n), where) for n in range(1, WEEK + 1)) else ""

    def factor(self, day: date, department: str) -> float:
        """Acts of such a day over those of an ordinary one."""
        where = department or None
        return self.indices.holiday_factor(day, where) * self.indices.near_factor(day, where)

    def said(self, day: date, department: str) -> str:
        """The reason in French, "" for an ordinary day."""
        kind, where = self.kind(day, department), department or None
        if kind in ("", "eve"):
            return f"veille de fête ({day:%d/%m})" if kind else self.schools.said(day, department)
        if kind == "holiday":
            return f"férié ({holiday_name(day, where)})"
        near = [n for n in (-1, 1, 2, 3, 4, 5, 6, 7) if holiday_name(day - timedelta(n), where)]
        name = holiday_name(day - timedelta(near[0]), where) if near else ""
        words = {"bridge": "pont", "after": "lendemain de férié", "week": "semaine après férié"}
        return f"{words[kind]} ({name})"

    def arrays(self, days: Sequence[date], members: Sequence[Association], kinds: Sequence[str]) -> tuple[Flags, Array]:
        """Days × associations: left out of baselines (days of these kinds); the factor."""
        places = sorted({item.department for item in members})
        column = [places.index(item.department) for item in members]
        left = np.array([[self.kind(day, place) in kinds for place in places] for day in days], bool)
        factor = np.array([[self.factor(day, place) for place in places] for day in days], float)
        return left[:, column], factor[:, column]
