"""What is painted on the map of départements: share of the last 7 days and its change, in a few classes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from surveillance.reporting.data import ReportData, Row, records
from surveillance.reporting.french import percent, share_text, signed_percent
from surveillance.reporting.rules import Labels, Rules
from surveillance.reporting.seasons import share_of
from surveillance.reporting.trends import relative

STEPS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.1)  # widths of a class that read well
CLASSES = 5
CHANGES = (-0.25, -0.10, 0.10, 0.25)  # beyond a quarter, beyond the rule of "hausse", between: stable


@dataclass(frozen=True)
class Painted:
    """One département on one map: CSS class, tooltip, and whether the count is too small to be read alone."""

    code: str
    css: str
    tip: str
    small: bool


@dataclass(frozen=True)
class Key:
    """One swatch of the legend."""

    css: str
    label: str


@dataclass(frozen=True)
class Map:
    """One map: title, legend, painted départements by code; `table` has one row per département with data."""

    id: str
    title: str
    legend: tuple[Key, ...]
    painted: dict[str, Painted]


@dataclass(frozen=True)
class Place:
    """Figures of one département: shares 0..1, or none."""

    code: str
    name: str
    visits: int
    coded: int
    share: float | None
    share_before: float | None

    @property
    def change(self) -> float | None:
        """Relative change of the share."""
        return None if self.share is None else relative(self.share, self.share_before)


def places(data: ReportData, syndrome: str) -> list[Place]:
    """Figures by département that has an association, in order of code."""
    covered = sorted(set(data.receptions["department"].astype(str)))
    rows = data.departments[data.departments["syndrome"] == syndrome]
    found = {str(row["department"]): row for row in records(rows)}
    return [_place(code, data.place("department", code), found.get(code)) for code in covered]


def _place(code: str, name: str, row: Row | None) -> Place:
    if row is None:
        return Place(code, name, 0, 0, None, None)
    now, coded, before, coded_before = (
        int(row[key]) for key in ("visits", "visits_coded", "visits_before", "visits_coded_before")
    )
    return Place(code, name, now, coded, share_of(now, coded), share_of(before, coded_before))


def breaks(shares: list[float]) -> tuple[float, ...]:
    """Lower bounds of the classes after the first: equal, round steps that cover nine places in ten."""
    top = float(np.quantile(shares, 0.9)) if shares else 0.0
    step = next((step for step in STEPS if step * CLASSES >= top), STEPS[-1])
    return tuple(round(step * n, 6) for n in range(1, CLASSES))


def share_map(syndrome: str, found: list[Place], labels: Labels, rules: Rules, label: str) -> Map:
    """Share of coded visits, light to dark."""
    bounds = breaks([place.share for place in found if place.share is not None])
    digits = 0 if all(abs(b * 100 - round(b * 100)) < 1e-9 for b in bounds) else 2 if bounds[0] < 0.001 else 1
    shown = [percent(bound, digits) for bound in bounds]
    legend = [
        f"moins de {shown[0]}",
        *(f"{a} à {b}" for a, b in pairwise(shown)),
        f"{shown[-1]} et plus",
    ]
    painted = {}
    for place in found:
        css = "empty" if place.share is None else f"m{sum(place.share >= bound for bound in bounds)}"
        painted[place.code] = _painted(place, css, _share_tip(place, labels), rules, labels)
    keys = tuple(Key(f"m{n}", text) for n, text in enumerate(legend))
    return Map(f"{syndrome}-part", labels.say("chart", "map_share", label=label), keys, painted)


def change_map(syndrome: str, found: list[Place], labels: Labels, rules: Rules, label: str) -> Map:
    """Relative change of the share, in five classes around stable."""
    painted = {}
    for place in found:
        css = "empty" if place.change is None else f"c{sum(place.change > bound for bound in CHANGES)}"
        tip = (
            _share_tip(place, labels)
            if place.change is None
            else labels.say(
                "chart",
                "tip_place_change",
                name=place.name,
                code=place.code,
                share=share_text(place.share),
                change=signed_percent(place.change),
                share_before=share_text(place.share_before),
            )
        )
        painted[place.code] = _painted(place, css, tip, rules, labels)
    low, slight, _, high = (signed_percent(bound) for bound in CHANGES)
    words = (
        f"{low} et moins",
        f"{low} à {slight}",
        "stable (±10\u202f%)",
        f"+10\u202f% à {high}",
        f"plus de {high}",
    )
    keys = tuple(Key(f"c{n}", text) for n, text in enumerate(words))
    return Map(f"{syndrome}-evolution", labels.say("chart", "map_change", label=label), keys, painted)


def _share_tip(place: Place, labels: Labels) -> str:
    key = "tip_nothing" if place.share is None else "tip_place"
    return labels.say(
        "chart",
        key,
        name=place.name,
        code=place.code,
        share=share_text(place.share),
        visits=place.visits,
        coded=place.coded,
    )


def _painted(place: Place, css: str, tip: str, rules: Rules, labels: Labels) -> Painted:
    small = place.share is not None and place.coded < rules.small_denominator
    return Painted(place.code, css, tip + (labels.get("chart", "tip_small") if small else ""), small)
