"""Waves: the last seven days of France and the régions against the four weeks before them.

A wave that grows by a quarter a week never stands out of a day's baseline: the trend of a regression and the growth of
the syndrome in France both follow it. Here a week may be above the weeks before it by what a season makes (`growth` a
day), by what weeks differ (`spread`), by what school holidays make of an age and by what three of four syndromes keep
below, and by no more. The test is this project's own; its tails are tried on null series (docs/signals.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.quantiles import quantile
from surveillance.signals.expecting import SCHOOL_SPREAD, mid_p
from surveillance.signals.firing import MOST_ABSENT, Tested, blind
from surveillance.signals.watched import Array, Flags, Place, Watched, filled, membership, school_of, summed

if TYPE_CHECKING:
    from surveillance.signal_rules import SignalRules

WEEK = 7
METHOD = "week_rise"
PRIOR = 1.0  # visits that what is usual in France weighs in the level of a place
RARE = 0.5  # visits in all weeks before, of what was not seen in France
TOGETHER = 0.75  # of the syndromes
BUSY, ENOUGH = 30.0, 10  # visits a week of a syndrome, and syndromes, from which acts as a whole are told
FREEDOM = 50.0  # of Student's t: the dispersion is that of some twenty series of like size


def rolling_weeks(seen: Watched, weeks: int, tested: int = 1) -> Watched | None:
    """The weeks of seven days that end on the last day, no more than so many; None while they are not there.

    Days left out (calendar, data events) are told as the same weekdays beside them. A week is blind when most of it is,
    the last one where one of its last `tested` days is.
    """
    days = weeks * WEEK
    if len(seen.days) < days:
        return None

    def cut(values: NDArray[Any]) -> NDArray[Any]:
        return values[-days:].reshape(weeks, WEEK, *values.shape[1:])

    dark: Flags = np.asarray(cut(seen.blind).sum(axis=1) > WEEK / 2)
    dark[-1] |= seen.blind[-tested:].any(axis=0)
    doubtful: Flags = np.asarray(cut(seen.doubtful).any(axis=1)) & ~dark
    return replace(
        seen, days=seen.days[-days:].reshape(weeks, WEEK)[:, -1], counts=np.rint(cut(filled(seen)).sum(axis=1)),
        acts=cut(seen.acts).sum(axis=1), left=dark, doubtful=doubtful, blind=dark, factor=np.ones(dark.shape),
        school=cut(seen.school).mean(axis=1), step=WEEK,
    )  # fmt: skip


def judge_rise(seen: Watched, places: Sequence[Place], rules: SignalRules) -> Tested | None:
    """The last of these weeks in every series against those before it. The first place is France."""
    rule, inside = rules.rise, membership(places, len(seen.associations))
    if rule is None:
        return None
    counts = summed(filled(seen), places)
    past, observed = counts[:-1], counts[-1:]
    weeks = len(past)
    acts = inside @ seen.acts[:-1, :, 0].sum(axis=0)
    school = school_of(seen, places)
    change = (school[-1] / school[:-1].mean(axis=0))[:, None, :]
    level, phi = _level(past, acts / max(acts[0], 1.0)) * change, _dispersion(past)
    season = float(np.exp(rule.growth * WEEK * (weeks + 1) / 2))
    mean = (level * season)[None]
    mean = mean * np.maximum(1.0, _activity(observed[0] / season, level))[None, :, None, :]
    unsure = rule.spread**2 * (1 + 1 / weeks) + (SCHOOL_SPREAD * np.log(change)) ** 2
    phi = phi[None] * (1 + 1 / weeks) + unsure * mean
    pvalue = mid_p(observed, mean, phi, FREEDOM)
    absent = (summed(seen.acts[:, :, 0], places) <= 0).mean(axis=0) > MOST_ABSENT
    can = (counts.sum(axis=0) > 0)[None] & ~absent[:, None, None]
    told = can & ~blind(seen, places, 1)[:, :, None, None]
    fired = (observed >= rules.series.min_count) & (observed > mean)
    pvalue = np.where(told, np.where(fired, pvalue, 1.0), np.nan)
    upper, score = quantile((1 + rules.events.interval) / 2, mean, phi), (observed - mean) / np.sqrt(phi * mean)
    figures = observed, mean, phi, upper, score, pvalue
    return Tested(METHOD, seen, tuple(places), (weeks,), *figures, int(can.sum()), families=False)


def _level(past: Array, shares: Array) -> Array:
    """Places × syndromes × ages: the mean week, that of a place with next to no past drawn to its part of France."""
    weeks = len(past)
    total = past.sum(axis=0)
    france = np.maximum(total[0], RARE) / weeks
    prior = france * np.maximum(shares, 1e-6)[:, None, None]
    level = (total + PRIOR) / (weeks + PRIOR / prior)
    level[0] = france
    return np.asarray(level)


def _activity(observed: Array, level: Array) -> Array:
    """Places × ages: by how much syndromes are above their level together, which is more acts and no wave.

    What three of four syndromes of `BUSY` visits a week and more keep below; that of France where fewer than `ENOUGH`
    have so many. A wave is of few syndromes: its own, and those that hold it.
    """
    ratio = np.where(level >= BUSY, observed / np.maximum(level, 1e-9), np.nan)
    number = (level >= BUSY).sum(axis=1)
    found = np.ones(number.shape)
    known = number >= ENOUGH
    found[known] = np.nanquantile(np.moveaxis(ratio, 1, 2)[known], TOGETHER, axis=1)
    return np.where(known, found, found[:1])


def _dispersion(past: Array) -> Array:
    """Variance over mean of each series around a straight line, half way to that of its syndrome in all places."""
    time = np.arange(len(past), dtype=float) - (len(past) - 1) / 2
    mean = past.mean(axis=0)
    slope = np.tensordot(time, past, axes=1) / (time**2).sum()
    squares = ((past - mean - time[:, None, None, None] * slope) ** 2).sum(axis=0) / max(1, len(past) - 2)
    own = squares / np.maximum(mean, 1e-9)
    pooled = squares.sum(axis=(0, 2), keepdims=True) / np.maximum(mean.sum(axis=(0, 2), keepdims=True), 1e-9)
    return np.asarray(np.maximum(1.0, (own + pooled) / 2))
