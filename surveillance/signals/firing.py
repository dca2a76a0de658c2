"""Every series tested by the methods of the night: which fired, what was expected, how improbable the count is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from surveillance.detection.ears import ears_c1, ears_c2
from surveillance.detection.judged import Judged, Series, Status
from surveillance.detection.rnssp_ewma import rnssp_ewma
from surveillance.detection.rnssp_regression import rnssp_regression, rnssp_switch
from surveillance.signals.expecting import Calendar, expect, mid_p
from surveillance.signals.watched import (
    Array,
    Flags,
    Place,
    Watched,
    filled,
    membership,
    parts_of,
    school_of,
    summed,
)

if TYPE_CHECKING:
    from surveillance.signal_rules import SignalRules

LEAST_DAYS = 14
MOST_ABSENT = 0.05  # of the weeks: a territory without acts in more of them has no five years of past
EARS: dict[str, Callable[..., Judged]] = {"ears_c1": ears_c1, "ears_c2": ears_c2}
RNSSP: dict[str, Callable[..., Judged]] = {
    "rnssp_ewma": rnssp_ewma,
    "rnssp_regression": rnssp_regression,
    "rnssp_switch": rnssp_switch,
}


@dataclass(frozen=True)
class Tested:
    """Each array is tested steps × places × syndromes × ages; steps: their places in the days of what is watched.

    pvalue: mid-p, 1 where no method fired; NaN where the series was not tested. score: the method's own. number: of
    series and steps that can be tested, whatever data events keep from it (so that they leave the threshold as it is).
    families: whether the hierarchical procedure adds to the threshold.
    """

    method: str
    watched: Watched
    places: tuple[Place, ...]
    steps: tuple[int, ...]
    observed: Array
    expected: Array
    phi: Array
    upperbound: Array
    score: Array
    pvalue: Array
    number: int
    families: bool = True


def judge_days(seen: Watched, places: Sequence[Place], rules: SignalRules) -> Tested | None:
    """The last days of every series; None while the past is too short for any method. The first place is France."""
    rule = rules.daily
    if len(seen.days) < LEAST_DAYS:
        return None
    tested = rule.tested_days
    counts = summed(filled(seen), places)
    counts[-tested:] = summed(seen.counts[-tested:], places)
    weekdays = (seen.days.astype("datetime64[D]").astype(np.int64) + 3) % 7
    inside = membership(places, len(seen.associations))
    acts = inside @ seen.acts[:, :, 0].sum(axis=0)
    shares = acts / max(acts[0], 1.0)
    factor = seen.factor[-tested:] @ parts_of(seen, places).T
    calendar = Calendar(factor, school_of(seen, places), rules.calendar.spread)
    ahead = expect(counts, weekdays, shares, calendar, tested, rule.guard_days, rule.baseline_days)
    name, judged = _by_method(counts, seen, rules)
    shape = (tested, len(places), *seen.shape)
    observed, alarm = counts[-tested:], np.reshape(judged.alarm, shape)
    pvalue = mid_p(observed, ahead.mean, ahead.phi, ahead.freedom)
    fired = (alarm == 1) & (observed >= rules.series.min_count) & (observed > ahead.mean)
    can = np.reshape(judged.status == Status.OK, shape) | (alarm == 1)
    told = can & ~blind(seen, places, tested)[:, :, None, None]
    pvalue = np.where(told, np.where(fired, pvalue, 1.0), np.nan)
    upper, score = (np.reshape(part, shape) for part in (judged.upperbound, judged.score))
    steps = tuple(range(len(seen.days) - tested, len(seen.days)))
    figures = observed, ahead.mean, ahead.phi, upper, score, pvalue
    return Tested(name, seen, tuple(places), steps, *figures, int(can.sum()))


def _by_method(counts: Array, seen: Watched, rules: SignalRules) -> tuple[str, Judged]:
    """The name of the method of a past of this length, and what it says of the days tested."""
    rule, days = rules.daily, len(counts)
    series = Series(counts.reshape(days, -1), seen.days, judged=np.arange(days - rule.tested_days, days), frequency=365)
    name = rule.method if days >= rule.enough_days else rule.few_days_method
    if name in EARS:
        return name, EARS[name](series, rules.ears_c2.baseline_days, rules.ears_c2.min_sigma)
    judged = RNSSP[name](series)
    alarm = np.where(np.isnan(judged.pvalue), np.nan, judged.pvalue < rule.alpha)
    return name, replace(judged, alarm=alarm)


def blind(seen: Watched, places: Sequence[Place], tested: int) -> Flags:
    """Tested steps × places: most of the acts of the place lie where what arrived is not what happened."""
    usual = seen.acts[:, :, 0].mean(axis=0)
    inside = membership(places, len(seen.associations))
    part = (seen.blind[-tested:] * usual) @ inside.T
    return np.asarray(part > 0.5 * (usual @ inside.T))


def judge_weeks(seen: Watched, places: Sequence[Place], rules: SignalRules) -> Tested | None:
    """The last week of every series against those of earlier years; None while these are not there."""
    rule = rules.weekly
    if len(seen.days) < 52 * rule.years + 8:
        return None
    from surveillance.detection.farrington import farrington_flexible

    counts = summed(filled(seen), places)
    counts[-1] = summed(seen.counts[-1:], places)[0]
    flat = counts.reshape(len(counts), -1)
    monday = seen.days.astype("datetime64[D]") - 6
    series = Series(flat, monday, judged=np.array([len(flat) - 1]), frequency=52)
    judged = farrington_flexible(
        series, b=rule.years, no_periods=rule.periods, past_weeks_not_included=rule.left_out_weeks, alpha=rule.alpha,
        p_threshold_trend=1.0, threshold_method="nbPlugin",
    )  # fmt: skip
    shape = (1, len(places), *seen.shape)
    mean, phi, alarm = (np.reshape(part, shape) for part in (judged.more["mu0"], judged.more["phi"], judged.alarm))
    phi = np.maximum(1.0, phi)
    pvalue = mid_p(counts[-1:], mean, phi, 100.0)
    fired = (alarm == 1) & (counts[-1:] >= rules.series.min_count)
    can = np.reshape(judged.status == Status.OK, shape)
    absent = (summed(seen.acts[:, :, 0], places) <= 0).mean(axis=0) > MOST_ABSENT
    told = can & ~(blind(seen, places, 1) | absent)[:, :, None, None]
    pvalue = np.where(told, np.where(fired, pvalue, 1.0), np.nan)
    upper, score = (np.reshape(part, shape) for part in (judged.upperbound, judged.score))
    figures = counts[-1:], mean, phi, upper, score, pvalue
    return Tested(rule.method, seen, tuple(places), (len(counts) - 1,), *figures, int(can.sum()), families=False)
