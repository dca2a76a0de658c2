"""Outbreaks that are put into a simulation on purpose, so that a detector's answer can be judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from surveillance.associations import Association
from surveillance.errors import UsageError
from surveillance.simulation.published import DAY_CLASSES

FORM = "gastro:dep=33:from=2024-01-08:to=2024-01-14:extra=120:age=15-64"
RANGES = {"0-4": (0, 4), "5-14": (5, 14), "15-44": (15, 44), "45-64": (45, 64), "65-74": (65, 74), "75+": (75, 120)}


@dataclass(frozen=True)
class Outbreak:
    """`extra` coded acts of a syndrome, on top of all others, spread evenly over the days of a place."""

    syndrome: str
    first: date
    last: date
    extra: int
    department: str = ""
    region: str = ""
    association: str = ""
    age: str = ""

    def on(self, day: date) -> int:
        """Extra acts of that day: an equal share, the remainder to the first days."""
        if not self.first <= day <= self.last:
            return 0
        share, rest = divmod(self.extra, (self.last - self.first).days + 1)
        return share + ((day - self.first).days < rest)

    def days(self) -> dict[date, int]:
        """The extra acts of each of its days."""
        span = [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]
        return {day: self.on(day) for day in span}

    def touches(self, item: Association) -> bool:
        """Does the outbreak take place where this association works?"""
        places = ((self.department, item.department), (self.region, item.region), (self.association, item.code))
        return all(wanted in ("", actual) for wanted, actual in places)

    def classes(self) -> list[int]:
        """Positions in DAY_CLASSES of the ages it strikes."""
        if not self.age:
            return list(range(len(DAY_CLASSES) - 1))
        low, _, high = self.age.removesuffix("+").partition("-")
        first, last = int(low), int(high or 120)
        return [n for n, name in enumerate(DAY_CLASSES[:-1]) if first <= RANGES[name][0] and RANGES[name][1] <= last]

    def text(self) -> str:
        """The outbreak as parse_outbreak reads it."""
        where = {"dep": self.department, "region": self.region, "association": self.association, "age": self.age}
        chosen = "".join(f":{key}={value}" for key, value in where.items() if value)
        return f"{self.syndrome}:from={self.first}:to={self.last}:extra={self.extra}{chosen}"


def parse_outbreak(text: str) -> Outbreak:
    """An outbreak written as in FORM; keys dep, region, association, from, to, extra, age (whole classes)."""
    syndrome, *parts = text.split(":")
    pairs = dict(part.partition("=")[::2] for part in parts)
    names = {"dep": "department", "region": "region", "association": "association", "age": "age"}
    try:
        if unknown := set(pairs) - set(names) - {"from", "to", "extra"}:
            raise ValueError(f"unknown key {', '.join(sorted(unknown))}")
        first, last = date.fromisoformat(pairs["from"]), date.fromisoformat(pairs["to"])
        where = {names[key]: value for key, value in pairs.items() if key in names}
        found = Outbreak(syndrome, first, last, int(pairs["extra"]), **where)
        if not syndrome or found.extra < 1 or last < first or not found.classes():
            raise ValueError("empty: no syndrome, no day, no act or no age class")
    except (KeyError, ValueError) as error:
        raise UsageError(f"not an outbreak: {text!r} ({error})", f"write it like {FORM}") from error
    return found
