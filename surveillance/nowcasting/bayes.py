"""The same days by the Bayesian nowcast (Höhle & an der Heiden 2014, Biometrics 70:993–1002), for comparison.

It takes every act to be late by itself; at SOS Médecins whole associations are, and its interval is too narrow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.delays import bnb
from surveillance.detection.judged import Array
from surveillance.nowcasting.past import added
from surveillance.nowcasting.triangle import WEEK, Triangle
from surveillance.signal_rules import NowcastRule


def bayes(counts: Triangle, nights: NDArray[np.intp], places: Array, rule: NowcastRule) -> tuple[Array, Array, Array]:
    """Median, low, high: nights × ages × places. Delays are learnt by place, from the last `rule.learn_weeks` weeks.

    What a night takes back is no delay: negative steps of the triangle count as none.
    """
    shape = (len(nights), counts.settled, places.shape[1])
    found = np.full((3, *shape), np.nan)
    for row, last in enumerate(nights):
        first = max(0, int(last) + 1 - WEEK * rule.learn_weeks - counts.settled)
        known = added(counts.known[first : last + 1], places)
        steps = np.maximum(0.0, np.diff(np.nan_to_num(known), axis=1, prepend=0.0))
        for place in range(places.shape[1]):
            most = int(2 * np.max(steps[:, :, place].sum(axis=1), initial=0.0)) + 50
            said = bnb(steps[:, :, place], 1 - rule.level, most)
            recent = np.arange(min(counts.settled, len(steps)))
            for number, values in enumerate((said.predicted, said.low, said.high)):
                found[number, row, recent, place] = values[::-1][recent]
    return found[0], found[1], found[2]
