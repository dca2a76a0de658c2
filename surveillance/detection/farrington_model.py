"""One Farrington model for every series at one row: what is known of the expected count, before any threshold."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from surveillance.detection.blocks import in_blocks
from surveillance.detection.farrington_weeks import Baseline
from surveillance.detection.judged import Array

COUNTS = 4096  # logarithms of the counts below it are kept


@dataclass(frozen=True)
class Rules:
    """How a model is fitted and its trend judged.

    limit: of the Anscombe residuals (None: no second pass). trend: try one; kept: never (0), as tested (1), always (2).
    p_trend: kept below. bare: its test and standard errors take the dispersion
    without the mean (a quirk of farringtonFlexible, of its second pass).
    """

    limit: float | None
    trend: bool
    kept: int
    p_trend: float
    bare: bool


@dataclass(frozen=True)
class Fitted:
    """By series: expected count, eta (its logarithm), phi (dispersion, at least 1), pearson and error_phi (not clamped;
    the second is that of standard errors and of the trend's test).

    variance: of eta, for a dispersion of 1. trend: 1, 0. slope: by step, slope_variance: for a dispersion of 1.
    free: degrees of freedom. highest: count of the baseline. NaN: no fit.
    """

    expected: Array
    eta: Array
    variance: Array
    phi: Array
    pearson: Array
    error_phi: Array
    trend: Array
    slope: Array
    slope_variance: Array
    free: Array
    highest: Array

    def where(self, these: NDArray[np.bool_], other: Fitted) -> Fitted:
        """`these` series as here, the others as in `other`."""
        names = [field.name for field in fields(self)]
        return Fitted(**{name: np.where(these, getattr(self, name), getattr(other, name)) for name in names})


class Past:
    """The counts as the fits take them: by series, with the logarithm of the population when it counts."""

    def __init__(self, counts: Array, population: Array | None = None) -> None:
        # A negative count has no logarithm: such a series is not fitted where it is in the baseline.
        self.counts = np.array(counts.T, dtype=float, order="C")  # its own: it is written to below
        self.offsets = np.zeros((len(self.counts), 0))
        if population is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                logarithms = np.where(population > 0, np.log(population), np.nan)
            self.offsets = np.array(np.broadcast_to(logarithms, counts.shape).T, dtype=float, order="C")
            self.counts[np.isnan(self.offsets)] = np.nan
            self.offsets[np.isnan(self.offsets)] = 0.0

    def fitted(self, row: int, baseline: Baseline, rules: Rules, threads: int | None = None) -> Fitted:
        """The model of `baseline`, predicted at `row`."""
        from surveillance.detection import farrington_fit as fit  # its compiler takes half a second to load

        total = len(self.counts)
        out = np.full((total, fit.RESULTS), np.nan)
        if len(baseline.rows):
            self._fill(out, row, baseline, rules, threads)
        eta = out[:, fit.ETA]
        with np.errstate(over="ignore"):
            expected = np.maximum(np.exp(eta), fit.TINY)  # R's inverse of the link goes no lower
        pearson = out[:, fit.PEARSON]
        slope = np.where(out[:, fit.TREND] == 1, out[:, fit.SLOPE], np.nan)
        error_phi = out[:, fit.BARE] if rules.bare else pearson
        return Fitted(
            expected, eta, out[:, fit.UNIT_VARIANCE], np.maximum(pearson, 1.0), pearson, error_phi,
            out[:, fit.TREND], slope, out[:, fit.UNIT_SLOPE_VARIANCE], out[:, fit.FREE], out[:, fit.HIGHEST],
        )  # fmt: skip

    def _fill(self, out: Array, row: int, baseline: Baseline, rules: Rules, threads: int | None) -> None:
        from surveillance.detection import farrington_fit as fit

        runs, levels = baseline.runs
        # Times from the baseline's start: sums of squares lose nothing to the distance from week 1.
        start = 0.0 if baseline.from_first else float(baseline.times[0])
        limit = np.inf if rules.limit is None else rules.limit
        settings = fit.Settings(
            float(baseline.time - start),
            baseline.from_first,
            float(limit),
            bool(rules.trend),
            int(rules.kept),
            bool(rules.bare),
        )
        critical = critical_t(rules.p_trend, len(baseline.rows))
        now = np.ascontiguousarray(self.offsets[:, row]) if self.offsets.size else np.zeros(1)
        table, times = _logarithms(), baseline.times - start

        def work(first: int, last: int) -> None:
            part = slice(first, last)
            fit.two_passes(
                self.counts[part], self.offsets[part], now[part] if len(now) > 1 else now, baseline.rows, times,
                runs, levels, baseline.count, settings, critical, table, out[part],
            )  # fmt: skip

        in_blocks(work, len(self.counts), threads)


@lru_cache(maxsize=64)
def critical_t(p: float, most: int) -> Array:
    """|t| above which a two-sided p-value is below `p`, by degrees of freedom 0..most."""
    if p > 1:
        return np.full(most + 1, -1.0)
    if p <= 0:
        return np.full(most + 1, np.inf)
    degrees = np.arange(most + 1, dtype=float)
    degrees[0] = 1.0
    return np.asarray(-special.stdtrit(degrees, p / 2.0), dtype=float)


@lru_cache(maxsize=1)
def _logarithms() -> Array:
    counts = np.arange(COUNTS, dtype=float)
    return np.stack([np.log(counts + 0.1), counts * np.log(np.maximum(counts, 1.0))])
