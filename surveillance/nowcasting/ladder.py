"""The chain ladder by association and weekday: late acts are those of past days, whole associations apart.

Mack 1993 (ASTIN Bulletin 23:213–225) for the link ratios; Lawless 1994 (Can J Stat 22:15–31) for delays by age. At SOS
Médecins what is late is mostly a whole association: it is estimated by its usual day first, and taught no delay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array
from surveillance.nowcasting.triangle import WEEK, Flags, Triangle, usual
from surveillance.signal_rules import NowcastRule

WAVE = (0.5, 2.0)  # how far a day may be from the usual one, for those of which nothing is known


@dataclass(frozen=True)
class Estimate:
    """What a night makes of the last days: ages × series, age 0 the day before the night.

    observed: as known; expected: once complete; lacking: taken as not arrived; rule: by the last complete day; doubt:
    root mean square error of the usual day, of those that lack (0 of the others).
    """

    observed: Array
    expected: Array
    lacking: Flags
    rule: Array
    doubt: Array


def estimate(acts: Triangle, counts: Triangle, last: int, rule: NowcastRule) -> Estimate:
    """The days `last`, `last` − 1, …, as the night after `last` sees them.

    acts: all acts, which say who has not arrived, and the delays that a rare syndrome cannot say; counts: those of the
    syndrome (the same triangle, to estimate all acts). An association that lacks has its usual count of that weekday,
    times how unusual the day is among those that arrived. `rule`: the day as it is known when nobody lacks, else the
    last day of the same weekday on which nobody did.
    """
    first = max(0, last + 1 - WEEK * (rule.learn_weeks + rule.weekdays) - acts.settled)
    alone = counts.known is acts.known
    acts, counts, last = _between(acts, first, last), _between(counts, first, last), last - first
    seen_acts = acts.seen(last)
    usable = _usable(seen_acts, rule.jump)
    ratios = links(seen_acts, usable, acts.weekday, last, rule)
    gone = _lacking(acts.newest(last, seen_acts), last, rule)
    if acts.closed is not None:
        gone &= ~acts.closed
    seen = seen_acts if alone else counts.seen(last)
    if not alone:
        ratios = links(seen, usable & _usable(seen), counts.weekday, last, rule, ratios)
    newest = counts.newest(last, seen)
    expected = newest.copy()
    for age in range(acts.settled):
        if last - age >= 0:
            grown = np.prod(ratios[age:, counts.weekday[last - age]], axis=0)
            expected[last - age] = newest[last - age] * grown
    often = usual(newest, rule.weekdays, gone)
    usually = often * _wave(expected, often, gone)
    doubt = np.where(gone, _spread(np.where(gone, np.nan, expected - usually)), 0.0)
    expected = np.where(gone & np.isfinite(often), usually, expected)
    ages = last - np.arange(min(acts.settled, last + 1))
    return Estimate(newest[ages], expected[ages], gone[ages], _by_rule(newest, gone, rule)[ages], doubt[ages])


def links(
    seen: Array, usable: Flags, weekday: NDArray[np.intp], last: int, rule: NowcastRule, prior: Array | None = None
) -> Array:
    """Link ratios, ages × weekdays × series: acts known a night later over acts known, for one more night.

    Of the days of the last `rule.learn_weeks` weeks whose next age is known by then, where `usable` (days × ages − 1 ×
    series). A weekday is drawn to all of them by `rule.weekday_days` days. `prior`: ratios of all acts, that weigh
    `rule.pooled_acts` acts (None: no prior).
    """
    settled = seen.shape[1] - 1
    ratios = np.ones((settled, WEEK, seen.shape[2]))
    for age in range(settled):
        days = slice(max(0, last - age - WEEK * rule.learn_weeks), max(0, last - age))
        use = usable[days, age]
        now, then = np.where(use, seen[days, age], 0.0), np.where(use, seen[days, age + 1], 0.0)
        number = np.maximum(use.sum(axis=0), 1)
        own = (weekday[days] == np.arange(WEEK)[:, None]).astype(float)
        below = own @ now + rule.weekday_days * now.sum(axis=0) / number
        above = own @ then + rule.weekday_days * then.sum(axis=0) / number
        if prior is not None:
            below, above = below + rule.pooled_acts, above + rule.pooled_acts * prior[age]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios[age] = np.where(below > 0, above / below, 1.0)
    return ratios


def _usable(seen: Array, jump: float | None = None) -> Flags:
    """days × ages − 1 × series: known then and a night later. A series that moved in that night by more than `jump`
    beside how it moves in the median teaches nothing: that is a file that came late, not an act."""
    now, then = seen[:, :-1], seen[:, 1:]
    use = np.isfinite(now) & np.isfinite(then)
    if jump is not None:
        use &= now > 0
        moved = np.where(use, np.nan_to_num(then) / np.where(use, now, 1.0), np.nan)
        some = use.any(axis=0)
        often = np.ones(some.shape)
        often[some] = np.nanmedian(moved[:, some], axis=0)
        use &= (moved <= often * (1 + jump)) & (moved * (1 + jump) >= often)
    return np.asarray(use)


def _between(triangle: Triangle, first: int, last: int) -> Triangle:
    days = slice(first, last + 1)
    closed = None if triangle.closed is None else triangle.closed[days]
    return Triangle(triangle.known[days], triangle.weekday[days], closed)


def _lacking(newest: Array, last: int, rule: NowcastRule) -> Flags:
    """days × series: young enough to arrive still, and known of so little that it is taken as not arrived.

    Little: less than a part of its usual day, on a day as it is elsewhere (the median over series of the known over
    the usual: of a lockdown, or of Christmas, nobody lacks).
    """
    often = usual(newest, rule.weekdays, middle=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(often > 0, np.nan_to_num(newest) / often, np.nan)
    found = np.zeros(newest.shape, dtype=bool)
    for day in range(max(0, last + 1 - rule.lacking_nights), last + 1):
        some = part[day][np.isfinite(part[day])]
        found[day] = part[day] < rule.lacking * min(1.0, float(np.median(some)) if len(some) else 1.0)
    return found


def _wave(expected: Array, often: Array, gone: Flags) -> Array:
    """days × 1: how the day compares with the usual ones, among those that arrived."""
    both = ~gone & np.isfinite(expected) & np.isfinite(often)
    above, below = (np.where(both, values, 0.0).sum(axis=1, keepdims=True) for values in (expected, often))
    return np.asarray(np.clip((above + 1.0) / (below + 1.0), *WAVE))


def _spread(wrong: Array) -> Array:
    """Root mean square of each series (days × series, NaN left out), 0 where there is nothing."""
    number = np.maximum(np.isfinite(wrong).sum(axis=0), 1)
    return np.asarray(np.sqrt((np.nan_to_num(wrong) ** 2).sum(axis=0) / number))


def _by_rule(newest: Array, gone: Flags, rule: NowcastRule) -> Array:
    """days × series: as known where it arrived, else the last day of the same weekday that did."""
    found = np.where(gone, np.nan, newest)
    for back in range(1, rule.weekdays + 1):
        earlier = np.full(found.shape, np.nan)
        earlier[WEEK * back :] = np.where(gone, np.nan, newest)[: max(0, len(newest) - WEEK * back)]
        found = np.where(np.isnan(found), earlier, found)
    return np.where(np.isnan(found), newest, found)
