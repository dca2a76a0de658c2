"""Moving Epidemic Method: thresholds of start and end of an epidemic, levels of its intensity, from past seasons.

Vega et al. 2013 (Influenza Other Respir Viruses 7:546–558) and 2015 (9:234–246), with the conventions of the R package
`mem` (`memmodel`, `memtrend`). Seasons are columns of weeks × seasons; rates of any scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surveillance.detection.judged import Array
from surveillance.detection.mem_intervals import Interval, interval
from surveillance.detection.mem_timing import Timing, timings

INTENSITY = (0.40, 0.90, 0.975)


@dataclass(frozen=True)
class Settings:
    """Settings of `memmodel`, in its order.

    Types: see mem_intervals; tails: 1 or 2; use_t: Student's quantiles for the normal ones, of the
    thresholds and the intensity. (type_curve, level_curve: of the typical curve, which is not offered.)
    """

    seasons: int = 10  # last seasons with cases that count
    type_threshold: int = 5
    level_threshold: float = 0.95
    tails_threshold: int = 1
    type_intensity: int = 6
    level_intensity: tuple[float, float, float] = INTENSITY
    tails_intensity: int = 1
    type_curve: int = 2
    level_curve: float = 0.95
    type_other: int = 3
    level_other: float = 0.95
    method: int = 2  # of the timing: 1, original; 2, fixed criterium; 3, slope; 4, second derivative
    parameter: float = 2.8  # % a week, of the fixed criterium
    highest: int = -1  # highest values a season that count, 0: all, -1: 30 / seasons
    use_t: bool = False

    def __post_init__(self) -> None:
        if self.seasons < 1:
            raise ValueError("one season at least has to count")


@dataclass(frozen=True)
class Model:
    """What past seasons say. timings: of each season that counted; columns: their places in what was given.

    pre, post: thresholds; intensity: medium, high, very high; length, start, percent: intervals over seasons (weeks
    from 1); trend: rise and fall of a week that mark a trend. NaN where seasons do not say.
    """

    timings: tuple[Timing, ...]
    columns: tuple[int, ...]
    highest: int
    pre: float
    post: float
    intensity: tuple[float, float, float]
    length: Interval
    start: Interval
    percent: Interval
    trend: tuple[float, float]

    @property
    def mean_length(self) -> float:
        """Weeks, rounded half to even as R does."""
        return float(np.round(self.length.middle))

    @property
    def mean_start(self) -> float:
        return float(np.round(self.start.middle))


def model(rates: Array, settings: Settings | None = None) -> Model:
    """Model of past seasons: rates, weeks × seasons. Seasons without cases are left out; two at least must remain."""
    settings = settings or Settings()
    return model_of(timings(rates, settings.parameter, settings.method), settings)


def model_of(past: Sequence[Timing], settings: Settings) -> Model:
    """Model of past seasons of which the timings are known, one each, in time."""
    held = [c for c, t in enumerate(past) if t.start][-settings.seasons :]
    kept = tuple(past[c] for c in held)
    number = len(held)
    weeks = len(past[0].season) if past else 0
    auto = max(1, int(np.round(30.0 / number))) if number else 1
    highest = auto if settings.highest < 0 else weeks if settings.highest == 0 else settings.highest
    if number < 2:
        nothing = Interval(np.nan, np.nan, np.nan)
        three = (np.nan, np.nan, np.nan)
        return Model(kept, tuple(held), highest, np.nan, np.nan, three, nothing, nothing, nothing, (np.nan, np.nan))

    def bound(values: Array) -> float:
        kind, level = settings.type_threshold, settings.level_threshold
        return interval(values, kind, level, settings.tails_threshold, settings.use_t).high

    def level(share: float) -> float:
        return interval(inside, settings.type_intensity, share, settings.tails_intensity, settings.use_t).high

    def over(values: list[float]) -> Interval:
        return interval(np.array(values), settings.type_other, settings.level_other, 2)

    before = np.concatenate([_highest(t.season[: t.start - 1], highest) for t in kept])
    inside = np.concatenate([_highest(t.season[t.start - 1 : t.end], highest) for t in kept])
    after = np.concatenate([_highest(t.season[t.end :], highest) for t in kept])
    low, middle, high = (level(share) for share in settings.level_intensity)
    return Model(
        kept,
        tuple(held),
        highest,
        bound(before),
        bound(after),
        (low, middle, high),
        over([float(t.length) for t in kept]),
        over([float(t.start) for t in kept]),
        over([t.percent for t in kept]),
        trend(kept),
    )


def trend(past: Sequence[Timing], level: float = 0.95) -> tuple[float, float]:
    """Mean rise and fall a week, from the week before an epidemic to the one after: one-sided bounds (memtrend).

    Of the values as given: no step leads to a missing week or from one. A step of 0 is a rise and a fall. (Both as in a
    second implementation, epimem 0.2.0; R gave no figures with such steps.)
    """
    steps = [np.diff(t.given[max(0, t.start - 2) : t.end + 1]) for t in past if t.start]
    moves = np.concatenate(steps) if steps else np.empty(0)
    rise = interval(moves[moves >= 0], 1, level, 1).low
    fall = interval(moves[moves <= 0], 1, level, 1).high
    return rise, fall


def _highest(values: Array, number: int) -> Array:
    """The `number` highest known values, or all of them if they are fewer."""
    known = np.sort(values[~np.isnan(values)])[::-1]
    return known[:number]
