"""How few alarms are let through: a threshold that keeps the budget of false events, and what no threshold would miss.

The threshold. A p-value is at or below c by chance with probability c at most, so m series and days make m × c false
alarms at most, whatever hangs together; an event is made of one alarm or more, so there are no more false events.
`calibration` says how many there are for each false alarm expected, on simulated nights without any signal.

The procedure. Benjamini & Bogomolov 2014 (J R Stat Soc B 76:297-318): families syndrome × age of one kind of territory;
a family is opened when its Simes p-value is among those that Benjamini & Hochberg 1995 (J R Stat Soc B 57:289)
reject; inside, the same at level q × opened / families. From the top down: France, régions, départements, associations.
The Simes p-value of a family comes from its own series, not from the territory above: what is local need not show
there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from surveillance.detection import multiplicity
from surveillance.signal_rules import BudgetRule
from surveillance.signals.firing import Tested
from surveillance.signals.watched import KINDS, Array, Flags

WEEK = 7
WEEKLY = "farrington_flexible"  # its weeks are calibrated apart


def threshold(tested: Sequence[Tested], rule: BudgetRule) -> float:
    """The largest p-value of an alarm of days and waves: the budget of a night over the number of series and days."""
    number = sum(one.number for one in tested if one.method != WEEKLY)
    return (rule.events_a_week - rule.weekly_events_a_week) / WEEK / (max(1, number) * rule.calibration)


def weekly_threshold(tested: Sequence[Tested], rule: BudgetRule, nights: int) -> float:
    """That of the weekly tests, which so many nights of a week have."""
    number = sum(one.number for one in tested if one.method == WEEKLY)
    return rule.weekly_events_a_week / max(1, nights) / (max(1, number) * rule.weekly_calibration)


def kept(tested: Tested, limit: float, rule: BudgetRule) -> Flags:
    """Alarms let through, of the shape of the p-values: at or below the limit, or rejected in their family."""
    with np.errstate(invalid="ignore"):
        found = tested.pvalue <= limit
    for kind in KINDS:
        places = [number for number, place in enumerate(tested.places) if place.kind == kind]
        if places and tested.families and rule.false_discovery_rate:
            found[:, places] |= hierarchical(tested.pvalue[:, places], rule.false_discovery_rate)
    return np.asarray(found & (tested.pvalue < 1))


def hierarchical(pvalues: Array, rate: float) -> Flags:
    """p-values of one kind of territory (steps × places × syndromes × ages; NaN: not tested): which are rejected."""
    series = pvalues.shape[2] * pvalues.shape[3]
    families = np.tile(np.arange(series).astype(str), pvalues.size // max(1, series))
    found = multiplicity.hierarchical(pvalues.ravel(), families, rate)
    return np.asarray(found.rejected.reshape(pvalues.shape))
