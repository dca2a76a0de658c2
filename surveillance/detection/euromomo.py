"""EuroMOMO: weekly counts against a season fitted on spring and autumn only, as a z-score that compares over strata.

Farrington et al. 1996 for the two-thirds power; Nielsen et al. 2013 (Influenza Other Respir Viruses 7:1201–1209) and
the R package MOMO for the model (its LINE and LINE_SIN). Where MOMO corrects counts for delay, correct them before.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from surveillance.detection.families import Family
from surveillance.detection.irls import fit
from surveillance.detection.judged import Array, Codes, Judged, Method, Parameter, Series, Status
from surveillance.detection.periodic import Basis, leverage, seasonal

Flags = NDArray[np.bool_]
YEAR = 52.18
SPRING, AUTUMN = (16, 25), (37, 44)  # ISO weeks, both ends within: few epidemics, no summer
STEP, TOP = 2.0, 20.0  # bands of the z-score


def euromomo(
    series: Series,
    history: int = 290,
    delay: int = 3,
    model: str = "LINE_SIN",
    level: float = 2.0,
    cusum_k: float = 0.25,
    arl0: float = 20.0,
    spring_first: int = SPRING[0],
    spring_last: int = SPRING[1],
    autumn_first: int = AUTUMN[0],
    autumn_last: int = AUTUMN[1],
) -> Judged:
    """Poisson regression (quasi-Poisson where dispersed) on the spring and autumn weeks of the last `history` rows.

    The last `delay` + 1 rows are not fitted. The standard error is that of the linear predictor and is multiplied by
    the mean once, as MOMO does. Rows before the history are not judged. Without dates the first row is week 1.
    Own columns: od (dispersion), stdp (that standard error), excess, upi2 and upi4 (bands), band (highest multiple of
    2 that z is above, to 20), in_model, cusum, h (its limit) and flag (cusum ≥ h).
    """
    rows = len(series.counts)
    week, place = _weeks(series), np.arange(rows)
    calm = ((week >= spring_first) & (week <= spring_last)) | ((week >= autumn_first) & (week <= autumn_last))
    recent = place >= rows - history
    used = ~np.isnan(series.counts) & (calm & recent & (place < rows - 1 - delay))[:, None]
    design = seasonal(place.astype(float), YEAR, harmonics=int(model == "LINE_SIN"))
    mean, error, dispersion = _fit(design, series.counts, used)
    mean[~recent] = error[~recent] = np.nan
    z = _zscore(series.counts, mean, error, dispersion)
    own = {f"upi{size}": _band(mean, error, dispersion, float(size)) for size in (2, 4)}
    own |= {"od": np.broadcast_to(dispersion, z.shape), "stdp": error, "excess": series.counts - mean}
    own |= {"in_model": used.astype(np.int8)} | _flags(z, cusum_k, arl0)
    status = _status(series.counts, used, recent, dispersion, design.shape[1])
    bound, alarm = _band(mean, error, dispersion, level), np.where(np.isnan(z), np.nan, z > level)
    chosen = series.rows
    mine = {name: values[chosen] for name, values in own.items()}
    return Judged(mean[chosen], bound[chosen], alarm[chosen], z[chosen], ndtr(-z)[chosen], status[chosen], mine)


def _flags(z: Array, cusum_k: float, arl0: float) -> dict[str, NDArray[Any]]:
    """The highest band that z is above, and its CUSUM with the limit that ARL0 sets (Rogerson)."""
    limit = (arl0 + 4) / (arl0 + 2) * np.log(arl0 / 2 + 1) - 1.16666
    cusum = _cusum(z, cusum_k)
    band = np.clip(np.floor(np.nan_to_num(z) / STEP) * STEP, 0.0, TOP)
    return {"band": band, "cusum": cusum, "h": np.full(z.shape, limit), "flag": (cusum >= limit).astype(np.int8)}


def _status(counts: Array, used: Flags, recent: Flags, dispersion: Array, columns: int) -> Codes:
    status = np.where(np.isnan(counts), Status.MISSING, Status.OK).astype(np.int8)
    status[:, np.isnan(dispersion)] = Status.NO_FIT
    status[:, np.where(used, counts, 0.0).sum(axis=0) == 0] = Status.CONSTANT
    status[:, used.sum(axis=0) <= columns] = Status.HISTORY
    status[~recent] = Status.HISTORY
    return status


def _fit(design: Array, counts: Array, used: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """Mean and standard error of the linear predictor, of every row, and dispersion: NaN where there is no fit."""
    mean, error = np.full(counts.shape, np.nan), np.full(counts.shape, np.nan)
    dispersion = np.full(counts.shape[1], np.nan)
    freedom = used.sum(axis=0) - design.shape[1]
    kept = np.flatnonzero((freedom > 0) & (np.where(used, counts, 0.0).sum(axis=0) > 0))
    if len(kept):
        basis = Basis.of(design, np.asarray(used.any(axis=1))).rows
        y = np.where(used, counts, 0.0)[:, kept]
        found = fit(basis, y, used[:, kept].astype(float), Family(), y + 0.1)
        dispersion[kept] = np.maximum(1.0, found.pearson / freedom[kept])
        mean[:, kept] = Family().mean(found.eta)
        error[:, kept] = np.sqrt(dispersion[kept] * leverage(basis, found.inverse))
    return mean, error, dispersion


def _zscore(counts: Array, mean: Array, error: Array, dispersion: Array) -> Array:
    return np.asarray((counts ** (2 / 3) - mean ** (2 / 3)) / _spread(mean, error, dispersion))


def _band(mean: Array, error: Array, dispersion: Array, size: float) -> Array:
    """The count at which z is `size`."""
    return np.asarray((mean ** (2 / 3) + size * _spread(mean, error, dispersion)) ** 1.5)


def _spread(mean: Array, error: Array, dispersion: Array) -> Array:
    return np.asarray(np.sqrt(4 / 9 * mean ** (1 / 3) * (dispersion + mean * error**2)))


def _cusum(z: Array, k: float) -> Array:
    """max(0, C + z − k), never set back; a row without a z-score counts as 0."""
    steps = np.nan_to_num(z) - k
    total = np.zeros(z.shape)
    for row in range(len(z)):
        total[row] = np.maximum(0.0, (total[row - 1] if row else 0.0) + steps[row])
    return total


def _weeks(series: Series) -> NDArray[np.int64]:
    """ISO week of each row: that of the Thursday of its week."""
    if series.dates is None:
        return np.arange(len(series.counts)) % series.frequency + 1
    days = series.dates.astype("datetime64[D]").astype(np.int64)
    thursday = (days - (days + 3) % 7 + 3).astype("datetime64[D]")
    elapsed = (thursday - thursday.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64)
    return np.asarray(elapsed // 7 + 1)


METHODS: tuple[Method, ...] = (
    Method(
        "euromomo",
        euromomo,
        (
            Parameter("history", 290, "weeks, the last ones, that are fitted and judged", ("histPer", "WWW")),
            Parameter("delay", 3, "weeks at the end still being reported: they and one more are not fitted", ("back",)),
            Parameter("model", "LINE_SIN", "a line with a season, or a line", ("MOMOmodels",), ("LINE_SIN", "LINE")),
            Parameter("level", 2.0, "z-score above which there is an alarm"),
            Parameter("cusum_k", 0.25, "allowance of the CUSUM of z-scores", ("k",)),
            Parameter("arl0", 20.0, "weeks between two false flags of the CUSUM, which set its limit", ("ARL0",)),
            Parameter("spring_first", SPRING[0], "first ISO week of spring that is fitted", ("SPRING",)),
            Parameter("spring_last", SPRING[1], "last ISO week of spring that is fitted", ("SPRING",)),
            Parameter("autumn_first", AUTUMN[0], "first ISO week of autumn that is fitted", ("AUTUMN",)),
            Parameter("autumn_last", AUTUMN[1], "last ISO week of autumn that is fitted", ("AUTUMN",)),
        ),
        "z-score against a season fitted on spring and autumn: for mortality and all visits",
        "EuroMOMO, MOMO for R; Nielsen 2013",
        ("od", "stdp", "excess", "upi2", "upi4", "band", "in_model", "cusum", "h", "flag"),
        weekly=True,
    ),
)
