"""OutbreakP: has a constant mean given way to a rising one? (Frisén and Andersson 2009, Sequential Analysis 28:384–398;
Frisén, Andersson and Schiöler 2009, Stat Med 28:3181–3202). Semi-parametric: nothing is asked of the shape of the rise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status


class Rising:
    """Isotonic (never falling) means of series that grow by the end: pools of adjacent violators, kept as a stack.

    Barlow et al. 1972, §1.2. Each series has its own pools; sums and sizes are pools × series, the last on top.
    """

    def __init__(self, rows: int, series: int) -> None:
        self.sums, self.sizes = np.zeros((rows, series)), np.zeros((rows, series))
        self.top: NDArray[np.intp] = np.full(series, -1, dtype=np.intp)

    def add(self, counts: Array) -> None:
        """One more count of each series: pools merge while the mean of the one before is not smaller."""
        each = np.arange(len(counts))
        self.top += 1
        self.sums[self.top, each], self.sizes[self.top, each] = counts, 1.0
        falling = each[self.top > 0]
        while len(falling):
            top = self.top[falling]
            below, above = self.sums[top - 1, falling], self.sums[top, falling]
            merge = below * self.sizes[top, falling] >= above * self.sizes[top - 1, falling]
            falling, top = falling[merge], top[merge]
            self.sums[top - 1, falling] += self.sums[top, falling]
            self.sizes[top - 1, falling] += self.sizes[top, falling]
            self.sizes[top, falling] = 0.0
            self.top[falling] -= 1
            falling = falling[self.top[falling] > 0]

    def means(self, rows: int) -> Array:
        """Fitted means, rows × series, of the `rows` counts added so far."""
        used = self.sizes.T > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            pools = (self.sums / self.sizes).T[used]
        return np.repeat(pools, self.sizes.T[used].astype(np.intp)).reshape(-1, rows).T


def outbreak_p(
    series: Series, k: float = 100.0, window: int = 0, logarithm: bool = False, bound: str = "value"
) -> Judged:
    """Likelihood ratio of a rising against a constant Poisson mean from the first row to the one judged; alarm above k.

    window: only so many rows judged last count, and are judged; 0: all of the series. The ratio is a product of powers,
    as the reference makes it: on long or large series it overflows to no number (status no_fit) or, worse, falls to 0
    on the way, and the alarm is lost (quirk kept). logarithm: decide on the sum of the logarithms instead, which does
    neither and is the score in any case. upperbound: the ratio, as the reference reports it (ret = value). A missing
    count: nothing is said after it.
    """
    judged = series.rows[-window:] if window else series.rows
    left_out = len(series.rows) - len(judged)
    rows = judged if window else np.arange(judged.max(initial=-1) + 1)
    places = np.searchsorted(rows, judged)
    counts = series.counts[rows]
    shape = (len(series.rows), series.counts.shape[1])
    ratio, score, expected, alarm = (np.full(shape, np.nan) for _ in range(4))
    missing = np.maximum.accumulate(np.isnan(counts), axis=0)
    counts = np.where(missing, 0.0, counts)
    rising = Rising(len(rows), shape[1])
    judged_places = {int(place): at for at, place in enumerate(places, left_out)}
    for place in range(len(rows)):
        rising.add(counts[place])
        if place not in judged_places:
            continue
        so_far = counts[: place + 1]
        constant = so_far.mean(axis=0)
        with np.errstate(all="ignore"):
            factor = rising.means(place + 1) / constant
            product = np.prod(factor**so_far, axis=0)
            logs = np.where(so_far > 0, so_far * np.log(factor), 0.0).sum(axis=0)
        at = judged_places[place]
        ratio[at], score[at], expected[at] = product, logs, constant
        alarm[at] = logs > np.log(k) if logarithm else np.where(np.isnan(product), np.nan, product > k)
    status = np.full(shape, Status.HISTORY, dtype=np.int8)
    status[left_out:] = np.where(np.isnan(alarm[left_out:]), Status.NO_FIT, Status.OK)
    missing = missing[places]
    for column in (ratio, score, expected, alarm):
        column[left_out:][missing] = np.nan
    status[left_out:][missing] = Status.MISSING
    return Judged(expected, ratio, alarm, score, np.full(shape, np.nan), status)


METHODS: tuple[Method, ...] = (
    Method(
        "outbreak_p",
        outbreak_p,
        (
            Parameter("k", 100.0, "likelihood ratio above which to alarm", ("k",)),
            Parameter(
                "window", 0, "rows judged last that alone count (52 weeks: no overflow), 0: all of the series", least=0
            ),
            Parameter("bound", "value", "what upperbound says: the ratio", ("ret",), ("value",)),
            Parameter("logarithm", False, "whether to decide on logarithms, which never overflow", (), (True, False)),
        ),
        "Likelihood ratio of a rising against a constant mean",
        "Frisén, Andersson and Schiöler 2009, Stat Med 28:3181–3202",
    ),
)
