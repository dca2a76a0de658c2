"""One event from many alarms: same syndrome, territories that are nested or neighbours, days that follow each other."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from surveillance.content import Content
from surveillance.signals.watched import KINDS
from surveillance.territories import load_departments

FILE = "indicators/neighbours.csv"
SHORT = {"national": "", "region": "reg", "department": "dep", "association": ""}


@dataclass(frozen=True)
class Alarm:
    """One series and step that a method gave an alarm for, let through by the budget.

    first, last: days of the step. phi: variance over mean of the expected count.
    """

    method: str
    syndrome: str
    kind: str
    code: str
    age: str
    first: date
    last: date
    observed: float
    expected: float
    phi: float
    upperbound: float
    score: float
    pvalue: float

    @property
    def place(self) -> tuple[str, str]:
        """Kind and code."""
        return self.kind, self.code

    @property
    def days(self) -> int:
        """Of the step: 1 or 7."""
        return (self.last - self.first).days + 1


class Map:
    """Which territories touch: same or nested ones, and neighbours (départements that share a border)."""

    def __init__(self, content: Content, associations: Mapping[str, str]) -> None:
        """`associations`: code → its département."""
        rows = csv.DictReader(content.text(FILE).splitlines())
        self.near = {row["department"]: frozenset(row["neighbours"].split()) for row in rows}
        self.associations = associations
        self.regions: dict[str, set[str]] = {}
        self.every: set[str] = set()
        for department in load_departments(content).values():
            self.regions.setdefault(department.region, set()).add(department.code)
            self.every.add(department.code)

    def departments(self, kind: str, code: str) -> frozenset[str]:
        """Those of a territory."""
        if kind == "national":
            return frozenset(self.every)
        if kind == "region":
            return frozenset(self.regions.get(code, ()))
        return frozenset({code if kind == "department" else self.associations.get(code, "")})

    def touch(self, one: tuple[str, str], other: tuple[str, str]) -> bool:
        """Do they share a département, or a border?"""
        first, second = self.departments(*one), self.departments(*other)
        return bool(first & second) or any(self.near.get(code, frozenset()) & second for code in first)

    def neighbours(self, places: Iterable[tuple[str, str]]) -> list[str]:
        """Départements around these, in order; none around France."""
        inside = frozenset().union(*(self.departments(*place) for place in places))
        around = {near for code in inside for near in self.near.get(code, ())}
        return sorted(around - inside)


def grouped(alarms: Sequence[Alarm], where: Map, gap: int) -> list[list[Alarm]]:
    """Alarms that hang together, step by step: each group is one event."""
    groups: list[list[Alarm]] = []
    for alarm in sorted(alarms, key=lambda one: (one.syndrome, KINDS.index(one.kind), one.code, one.age, one.last)):
        joined = [group for group in groups if any(_linked(alarm, other, where, gap) for other in group)]
        merged = [other for group in joined for other in group]
        groups = [group for group in groups if group not in joined]
        groups.append([*merged, alarm])
    return groups


def joined(groups: Sequence[list[Alarm]], goes_on: Callable[[list[Alarm]], Any]) -> list[list[Alarm]]:
    """Groups that go on the same earlier event made one: an epidemic of all of France is not new where it is quiet."""
    found: list[list[Alarm]] = []
    of_event: dict[str, list[Alarm]] = {}
    for group in groups:
        before = goes_on(group)
        if before is not None and before.event in of_event:
            of_event[before.event].extend(group)
            continue
        found.append(group)
        if before is not None:
            of_event[before.event] = group
    return found


def _linked(one: Alarm, other: Alarm, where: Map, gap: int) -> bool:
    if one.syndrome != other.syndrome:
        return False
    apart = max(one.first, other.first) - min(one.last, other.last)
    return apart.days <= gap + 1 and (one.place == other.place or where.touch(one.place, other.place))


def leading(group: Sequence[Alarm]) -> Alarm:
    """The alarm an event is named after: the most improbable one; of equals the largest territory, all ages first."""
    return min(group, key=lambda one: (one.pvalue, KINDS.index(one.kind), one.age != "all", one.code, one.last))


def event_id(alarm: Alarm, first: date) -> str:
    """`syndrome-territory-firstday`, as grippe-dep59-20240114; it stays that of the event in the nights after."""
    return f"{alarm.syndrome}-{SHORT[alarm.kind]}{alarm.code}-{first:%Y%m%d}"
