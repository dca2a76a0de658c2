"""A number in a call reason that is a temperature: 38.0 or more is the sign fièvre, an age or a saturation is not."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

from surveillance.reasons.terms import Item


class Temperature(BaseModel):
    """When a number is a temperature with fever."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    lowest: float
    highest: float
    before: frozenset[str]
    after: frozenset[str]
    never_after: frozenset[str]
    never_before: frozenset[str]
    units_of_age: frozenset[str]


def as_fever(items: list[Item], rule: Temperature) -> None:
    """Give the concept fievre to the numbers that are temperatures of 38.0 or more."""
    for at, item in enumerate(items):
        found = re.fullmatch(r"(\d\d)(?:[.,]|\s?°\s?)?(\d{0,2})\s?°?", item.text)
        if not found or item.concepts or not rule.lowest <= float(f"{found[1]}.{found[2] or 0}") <= rule.highest:
            continue
        before = [word for one in items[max(0, at - 4) : at] for word in one.words if word not in ":=>à°"][-3:]
        after = items[at + 1].words[0] if at + 1 < len(items) else ""
        if after in rule.never_after - ({"a", "x"} if found[2] else set()) or set(before[-2:]) & (
            rule.never_before - {"depuis"}
        ):
            continue
        clear = bool(found[2]) or "°" in item.text
        if clear or set(before[-1:]) & rule.before or after in rule.after:
            item.concepts, item.roles = ("fievre",), item.roles | {"term"}
