"""A signal that leans on a doubtful feed is judged again without it, and kept only when it holds there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from surveillance.signals.firing import Tested, blind
from surveillance.signals.watched import Flags, Place, Watched

if TYPE_CHECKING:
    from surveillance.signal_rules import SignalRules

Judging = Callable[[Watched, Sequence[Place], "SignalRules"], Tested | None]


@dataclass(frozen=True)
class Leaning:
    """How a territory with doubtful feeds was judged.

    without: codes of the feeds left out (constant perimeter), or whose doubtful days were (`days`). remaining: share of
    the acts of the place that was judged. judged: False where too little remained.
    """

    without: tuple[str, ...]
    remaining: float
    days: bool
    judged: bool


def again(
    tested: Tested, judging: Judging, rules: SignalRules, reach: int
) -> tuple[Tested, dict[tuple[str, str], Leaning]]:
    """The p-values of every territory with a doubtful feed in the last `reach` steps are the larger of two: with it,
    and on the associations that no doubt falls on (Leaning by kind and code tells which)."""
    seen = tested.watched
    steps = len(tested.steps)
    past, now = seen.doubtful[-reach:].any(axis=0), seen.doubtful[-steps:].any(axis=0)
    unseen = blind(seen, tested.places, steps)
    pvalue = tested.pvalue.copy()
    leanings: dict[tuple[str, str], Leaning] = {}
    constant: list[tuple[int, Place]] = []
    mended: list[tuple[int, Place]] = []
    for number, place in enumerate(tested.places):
        # A data event of a région is a doubt of what is above it; where it is most of the place, nothing is tested.
        event = (seen.blind[-steps:] & ~unseen[:, number, None]).any(axis=0)
        doubt, today = np.asarray(past | event), np.asarray(now | event)
        if not doubt[list(place.members)].any():
            continue
        whole, remaining = _without(place, doubt, seen)
        days = remaining < rules.data.least_perimeter
        if days:
            whole, remaining = _without(place, today, seen)
        judged = remaining >= rules.data.least_perimeter
        without = tuple(seen.associations[one].code for one in place.members if doubt[one])
        leanings[place.kind, place.code] = Leaning(without, remaining, days, judged)
        if judged:
            (mended if days else constant).append((number, whole))
        else:
            pvalue[:, number] = np.nan
    for found, sight in ((constant, seen), (mended, _mended(seen))):
        _take(pvalue, tested, judging, rules, sight, found)
    return replace(tested, pvalue=pvalue), leanings


def _without(place: Place, bad: Flags, seen: Watched) -> tuple[Place, float]:
    """The place without these associations, and its part of the acts."""
    usual = seen.acts[:, :, 0].mean(axis=0)
    sound = tuple(one for one in place.members if not bad[one])
    total = max(float(usual[list(place.members)].sum()), 1e-9)
    return replace(place, members=sound), float(usual[list(sound)].sum()) / total


def _mended(seen: Watched) -> Watched:
    left: Flags = seen.left | seen.doubtful
    return replace(seen, left=left)


def _take(
    pvalue: np.ndarray, tested: Tested, judging: Judging, rules: SignalRules, seen: Watched,
    found: list[tuple[int, Place]],
) -> None:  # fmt: skip
    if not found:
        return
    second = judging(seen, [tested.places[0], *(place for _, place in found)], rules)
    if second is not None:
        numbers = [number for number, _ in found]
        pvalue[:, numbers] = np.maximum(pvalue[:, numbers], second.pvalue[:, 1:])
