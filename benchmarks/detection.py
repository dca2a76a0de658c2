"""Farrington's methods on many weekly series at one date, against R's own functions on the first of the same series.

    python benchmarks/detection.py [--series 10000] [--held-against 60] [--night 200000] [--python PYTHON]

The R call is `farringtonFlexible(sts, control = list(range = n, …))`, `farrington(sts, control = list(range = n))`, one
series at a time, timed in R without its start or the reading of the series; R packages: `apt-get install
r-cran-surveillance`. Without R the figures measured once on such a machine (surveillance 1.26.0) are taken, and said.
Ratios are of processor seconds by series and date: one core against one core. The first call of all (compilation, or
reading what was compiled) is timed apart. Bounds equal to R's (1e-6) are counted on the series that R was given.

`--python`: an interpreter with statsmodels, which fits the same baselines beside it: GLM, Pearson's dispersion,
Anscombe weights and second fit, prediction with its error, bound of the negative binomial; no trend test, no other fit.
Its own stop and weights leave bounds that are not R's to 1e-6, so it is a measure of time alone.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from surveillance.detection.farrington import farrington, farrington_flexible
from surveillance.detection.farrington_weeks import in_levels, reference_rows
from surveillance.detection.judged import Judged, Series
from surveillance.detection.rnssp_regression import rnssp_switch

WEEKS = 330
NOUFAILY = {
    "no_periods": 10, "past_weeks_not_included": 26, "p_threshold_trend": 1.0, "threshold_method": "nbPlugin",
    "alpha": 0.01,
}  # fmt: skip
R_NOUFAILY = 'noPeriods=10, pastWeeksNotIncluded=26, pThresholdTrend=1, thresholdMethod="nbPlugin", alpha=.01'
# What, method, settings, R's function and control, R's milliseconds where R is not there (detection.md, section 15).
CASES: tuple[tuple[str, Callable[..., Judged], dict[str, Any], str, str, float], ...] = (
    ("farrington_flexible, defaults", farrington_flexible, {}, "farringtonFlexible", "", 5.3),
    ("farrington_flexible, Noufaily", farrington_flexible, NOUFAILY, "farringtonFlexible", R_NOUFAILY, 6.2),
    ("farrington, defaults", farrington, {}, "farrington", "", 2.6),
)  # fmt: skip
SCRIPT = """
suppressMessages(library(surveillance))
x <- as.matrix(read.csv("{folder}/counts.csv", header=FALSE)); n <- nrow(x)
dates <- as.Date("2016-01-04") + 7 * (seq_len(n) - 1)
all <- lapply(seq_len(ncol(x)), function(j)
  sts(observed=x[, j, drop=FALSE], frequency=52, start=c(2016, 1), epoch=as.numeric(dates), epochAsDate=TRUE))
control <- list({control}); control$range <- n
invisible(suppressWarnings({function_}(all[[1]], control=control)))
t <- system.time(u <- sapply(all, function(s) suppressWarnings({function_}(s, control=control))@upperbound[1]))
cat(t[["user.self"]] + t[["sys.self"]], u, sep="\\n")
"""

# Periods, weeks left out, whether the bound is that of the negative binomial: of the first two cases.
IN_STATSMODELS = ((1, 3, False), (10, 26, True))
STATSMODELS = """
import sys, time, warnings
import numpy as np, scipy.stats as st, statsmodels.api as sm
warnings.simplefilter("ignore")
folder, binomial = sys.argv[1], sys.argv[2] == "True"
x, design, at = (np.loadtxt(f"{folder}/{name}.csv", delimiter=",", ndmin=2) for name in ("y", "design", "at"))
start = time.process_time()
for y in x.T:
    try:
        one = sm.GLM(y, design, family=sm.families.Poisson())
        fit = one.fit(scale="X2"); phi = max(1.0, fit.scale); h = fit.get_hat_matrix_diag()
        s = 1.5 * (y ** (2 / 3) * fit.mu ** (-1 / 6) - fit.mu ** .5) / np.sqrt(phi * (1 - h))
        w = np.where(s > 2.58, s ** -2.0, 1.0); w *= len(y) / w.sum()
        fit = sm.GLM(y, design, family=sm.families.Poisson(), var_weights=w).fit(scale="X2"); phi = max(1.0, fit.scale)
        mean, se = fit.predict(at)[0], float(np.sqrt(at[0] @ fit.cov_params() @ at[0]))
    except (np.linalg.LinAlgError, ValueError):
        continue
    if binomial and phi > 1:
        st.nbinom.ppf(.99, mean / (phi - 1), 1 / phi)
    else:
        (mean ** (2 / 3) + 1.645 * np.sqrt(4 / 9 * mean ** (1 / 3) * (phi + se ** 2 * mean))) ** 1.5
print((time.process_time() - start) / x.shape[1])
"""


def simulated(series: int) -> np.ndarray[Any, Any]:
    """Seasonal negative binomial counts with levels of 0.4 to 50 a week (weeks × series)."""
    rng, t = np.random.default_rng(20), np.arange(WEEKS)[:, None]
    season = 0.5 * np.cos(2 * np.pi * (t - rng.uniform(0, 52, series)) / 52.18)
    mean = np.exp(rng.uniform(-1, 4, series) + 0.0003 * t * rng.normal(size=series) + season)
    phi = rng.choice([1.2, 2.0, 4.0], series)
    return rng.negative_binomial(mean / (phi - 1), 1 / phi).astype(float)


def in_r(counts: np.ndarray[Any, Any], function: str, control: str) -> tuple[float, np.ndarray[Any, Any]] | None:
    """Seconds by series, and the bounds, of R; None: no R here, or without the package."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(Path(folder, "counts.csv"), counts, fmt="%d", delimiter=",")
        script = SCRIPT.format(folder=folder, control=control, function_=function)
        done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    seconds, *bounds = (float("nan") if word == "NA" else float(word) for word in done.stdout.split())
    return seconds / counts.shape[1], np.array(bounds)


def in_statsmodels(python: str, counts: np.ndarray[Any, Any], dates: Any, periods: int, out: int, nb: bool) -> float:
    """Seconds by series of statsmodels, on the rows and levels of the last week."""
    row = len(counts) - 1
    past = in_levels(row, reference_rows(row, 5, 52, dates), 3, periods, out, dates)
    assert past is not None
    levels = (past.levels[:, None] == np.arange(periods)).astype(float)
    design = np.column_stack([levels, past.times])
    at = np.append((np.arange(periods) == periods - 1).astype(float), past.time)[None, :]
    with tempfile.TemporaryDirectory() as folder:
        for name, table in (("y", counts[past.rows]), ("design", design), ("at", at)):
            np.savetxt(Path(folder, f"{name}.csv"), table, delimiter=",")
        one = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run([python, "-c", STATSMODELS, folder, str(nb)], capture_output=True, text=True, env=one)
    done.check_returncode()
    return float(done.stdout)


def here(method: Callable[..., Judged], series: Series, settings: dict[str, Any]) -> tuple[float, float, Judged]:
    """Processor seconds and seconds of the clock by series: the best of three, after a first call."""
    judged, best = method(series, **settings), (np.inf, np.inf)
    for _ in range(3):
        clock, processor = time.perf_counter(), time.process_time()
        method(series, **settings)
        best = min(best, (time.process_time() - processor, time.perf_counter() - clock))
    return best[0] / series.counts.shape[1], best[1] / series.counts.shape[1], judged


def in_bulk(series: int, days: int = 728) -> None:
    """The switch on every day of two years, against what Rnssp took once for one series (0.70 ms a day)."""
    rng = np.random.default_rng(3)
    weekday = np.array([1.3, 1, 1, 1, 1.1, 1.6, 1.7])[np.arange(days) % 7, None]
    counts = rng.poisson(np.exp(rng.uniform(-1, 4, series)) * weekday).astype(float)
    many = Series(counts, np.datetime64("2023-01-02") + np.arange(days))
    rnssp_switch(Series(counts[:, :2], many.dates))
    processor = time.process_time()
    rnssp_switch(many)
    each = (time.process_time() - processor) / counts.size
    print(
        f"\nrnssp_switch, {series} series x {days} days, all judged: {each * 1e6:.2f} µs of processor a day, ", end=""
    )
    print(f"{0.70e-3 / each:.0f} x Rnssp 0.3.1 in bulk (alert_switch of 728 days in one call, R not run)")


def a_night(series: int) -> None:
    """So many series through the default set of a night: the switch on 60 days, Noufaily's setting on the weeks."""
    counts = np.concatenate([simulated(min(20_000, series - done)) for done in range(0, series, 20_000)], axis=1)
    weeks = np.datetime64("2016-01-04") + 7 * np.arange(WEEKS)
    days = Series(counts[-60:].copy(), np.datetime64("2024-01-01") + np.arange(60), judged=np.array([58, 59]))
    print(f"\n| a night of {series:,} series | clock | processor |\n|---|---|---|")
    for what, run in (
        ("rnssp_switch, two days judged, 60 days", lambda: rnssp_switch(days)),
        ("farrington_flexible, Noufaily", lambda: farrington_flexible(
            Series(counts, weeks, judged=np.array([WEEKS - 1])), **NOUFAILY)),
    ):  # fmt: skip
        clock, processor = time.perf_counter(), time.process_time()
        run()
        print(f"| {what} | {time.perf_counter() - clock:.1f} s | {time.process_time() - processor:.1f} s |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak memory, the counts themselves among it: {peak:.1f} GB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--held-against", type=int, default=60)
    parser.add_argument("--night", type=int, default=200_000)
    parser.add_argument("--python", help="an interpreter with statsmodels")
    given = parser.parse_args()
    counts = simulated(given.series)
    dates = np.datetime64("2016-01-04") + 7 * np.arange(WEEKS)
    series = Series(counts, dates, judged=np.array([WEEKS - 1]))
    start = time.process_time()
    farrington_flexible(Series(counts[:, :2], dates, judged=series.judged))
    print(f"first call: {time.process_time() - start:.1f} s of processor time\n")
    print("| what | µs a series, one core | µs on the clock | R, ms | ratio | same bounds |")
    print("|---|---|---|---|---|---|")
    for what, method, settings, function, control, known in CASES:
        processor, clock, judged = here(method, series, settings)
        held = in_r(counts[:, : given.held_against], function, control)
        seconds, said = (known / 1e3, "R not run") if held is None else (held[0], "")
        if held is not None:
            bounds = judged.upperbound[0, : given.held_against]
            same = np.isclose(bounds, held[1], rtol=1e-6, atol=1e-6, equal_nan=True)
            said = f"{same.sum()} of {len(same)}"
        figures = f"{processor * 1e6:.1f} | {clock * 1e6:.1f} | {seconds * 1e3:.2f} | {seconds / processor:.0f}"
        print(f"| {what} | {figures} | {said} |")
    if given.python:
        print("\n| against statsmodels | its ms a series, one core | ratio |\n|---|---|---|")
        for (what, method, settings, *_), asked in zip(CASES, IN_STATSMODELS, strict=False):
            each = in_statsmodels(given.python, counts[:, : given.held_against], dates, *asked)
            print(f"| {what} | {each * 1e3:.1f} | {each / here(method, series, settings)[0]:.0f} |")
    copy = time.process_time()
    counts.copy()
    copy = (time.process_time() - copy) / counts.shape[1]
    print(f"\nbound by bytes (a copy of the counts): {copy * 1e6:.2f} µs a series")
    # About 20 operations by observation and step, 238 observations and 12.6 steps (both passes) in Noufaily's setting.
    print(f"bound by operations: {20 * 238 * 12.6 / 1e3:.0f} thousand a series, of which SIMD could do eight at once")
    in_bulk(1_000)
    a_night(given.night)


if __name__ == "__main__":
    main()
