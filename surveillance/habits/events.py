"""Data events: what arrived is not what happened – of an association, a région, or the whole network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from math import sqrt
from typing import TYPE_CHECKING, Any

from surveillance.associations import Association
from surveillance.habits.findings import FOUND, HELD, Finding
from surveillance.habits.judging import number, percent
from surveillance.habits.rules import Territories

if TYPE_CHECKING:
    import pyarrow as pa

SILENT = ("arrival",)  # a file that comes at another hour is no less true


@dataclass(frozen=True)
class DataEvent:
    """One data event. scope: national, region, association; territory: FR, a région, a code. Units as in Finding."""

    night: date
    visit_day: date
    scope: str
    territory: str
    check: str
    observed: float
    expected: float | None
    low: float | None
    high: float | None
    sentence_fr: str

    def row(self) -> dict[str, Any]:
        """The row of the table `data_events`."""
        return asdict(self)


@dataclass(frozen=True)
class Place:
    """A territory and the associations in it; `least`: the gap, as a share of the expected, that makes an event."""

    scope: str
    code: str
    name: str
    members: tuple[Association, ...]
    least: float


def data_events(
    night: date,
    findings: Sequence[Finding],
    members: Sequence[Association],
    rules: Territories,
    names: Mapping[str, str],
) -> list[DataEvent]:
    """The events of a night from its findings: the nation first, then régions, then associations, each in order.

    `names`: région → its name.
    """
    volumes = {item.association: item for item in findings if item.check == "volume" and item.severity != HELD}
    sums = (_sum(night, place, volumes, rules) for place in _places(members, rules, names))
    return [
        *(event for event in sums if event),
        *_associations(night, findings, {item.code: item.name for item in members}),
    ]


def _places(members: Sequence[Association], rules: Territories, names: Mapping[str, str]) -> list[Place]:
    regions = sorted({item.region for item in members})
    inside = {code: tuple(item for item in members if item.region == code) for code in regions}
    nation = Place("national", "FR", "France", tuple(members), rules.national_least)
    return [nation, *(Place("region", c, names.get(c, c), inside[c], rules.region_least) for c in regions)]


def _associations(night: date, findings: Iterable[Finding], names: Mapping[str, str]) -> list[DataEvent]:
    day = night - timedelta(days=1)
    return [
        DataEvent(
            night, day, "association", item.association, item.check, item.observed, item.expected, item.low, item.high,
            f"{names.get(item.association, item.association)} : {item.sentence_fr}",
        )
        for item in findings
        if item.state == FOUND and item.check not in SILENT and item.observed is not None
    ]  # fmt: skip


def _sum(night: date, place: Place, volumes: Mapping[str, Finding], rules: Territories) -> DataEvent | None:
    """The event of a territory: what came from those whose habit is known, against the sum of their habits."""
    found = {item.code: volumes[item.code] for item in place.members if _told(volumes.get(item.code))}
    known = sum(item.usual_volume for item in place.members if item.code in found)
    if not found or known < rules.min_known * sum(item.usual_volume for item in place.members):
        return None
    observed = sum(item.observed or 0.0 for item in found.values())
    expected = sum(item.expected or 0.0 for item in found.values())
    chance = sum(4 * (item.expected or 0.0) * (item.spread or 0.0) ** 2 for item in found.values())
    gap = max(rules.note_z * sqrt(chance + (rules.common_spread * expected) ** 2), place.least * expected)
    low, high = max(expected - gap, 0.0), expected + gap
    if low <= observed <= high and observed:
        return None
    words = {"observed": number(observed), "expected": number(expected), "percent": percent(observed / expected)}
    sentence, day = rules.fr.format(place=place.name, **words), night - timedelta(days=1)
    return DataEvent(night, day, place.scope, place.code, "volume", observed, expected, low, high, sentence)


def _told(item: Finding | None) -> bool:
    return item is not None and item.observed is not None and item.expected is not None


def schema() -> pa.Schema:
    """The columns of the table `data_events`."""
    import pyarrow as pa

    kinds = {"night": pa.date32(), "visit_day": pa.date32()}
    texts = ("scope", "territory", "check", "sentence_fr")
    return pa.schema(
        [
            (item.name, kinds.get(item.name, pa.string() if item.name in texts else pa.float64()))
            for item in fields(DataEvent)
        ]
    )


def to_table(events: Iterable[DataEvent]) -> pa.Table:
    """Events as a table."""
    import pyarrow as pa

    return pa.Table.from_pylist([item.row() for item in events], schema=schema())
