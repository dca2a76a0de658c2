"""Rules on past years, CUSUMs, likelihood ratios, OutbreakP give the figures of the R package, and never an error."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from surveillance.detection import cusum, glr, historical, outbreak_p, rogerson
from surveillance.detection.judged import Array, Judged, Method, Series, Status
from surveillance.detection.quantiles import below, quantile
from tests.detection_figures import assert_equal, figures, last_weeks, picked, weekly

METHODS: dict[str, Method] = {
    method.name: method for module in (cusum, glr, historical, outbreak_p, rogerson) for method in module.METHODS
}


def run(name: str, series: Series, **changed: Any) -> Judged:
    """A method with its defaults, as the command line runs it."""
    defaults = {parameter.name: parameter.default for parameter in METHODS[name].parameters}
    return METHODS[name].run(series, **(defaults | changed))


def compare(judged: Judged, table: pd.DataFrame, names: list[str], first: int = 314) -> None:
    assert_equal(picked(judged.upperbound, table, names, first), table["upperbound"])
    assert_equal(picked(judged.alarm, table, names, first), table["alarm"])


@pytest.mark.parametrize("name", ["bayes1", "bayes2", "bayes3", "rki1", "rki2", "rki3", "cdc"])
def test_past_weeks(name: str) -> None:
    table = figures("historical_expected").query("method == @name")
    names = sorted(table["series_id"].unique())
    judged = run(name, last_weeks(names))
    compare(judged, table, names)
    if name == "cdc":
        assert_equal(picked(judged.more["statistic"], table, names), table["stat"])


@pytest.mark.parametrize("transformation", ["standard", "rossi", "anscombe", "pearsonNegBin"])
@pytest.mark.parametrize("mean", ["earlier", "glm"])
def test_cusum(transformation: str, mean: str) -> None:
    name = f"cusum_{'glm_' if mean == 'glm' else ''}{transformation}"
    table = figures("historical_expected")
    table = table[table["method"] == name]
    names = sorted(table["series_id"].unique())
    judged = run("cusum", last_weeks(names), transformation=transformation, mean=mean)
    compare(judged, table, names)
    assert_equal(picked(judged.score, table, names), table["stat"])


def test_cusum_restarts_after_an_alarm_if_told() -> None:
    counts = np.array([1.0, 3.0] * 20 + [30.0, 2.0, 2.0])[:, None]
    series = Series(counts, judged=np.arange(40, 43))
    assert run("cusum", series).alarm[:, 0].tolist() == [1, 1, 1]
    assert run("cusum", series, reset=True).alarm[:, 0].tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("figure", "name", "changed"),
    [
        ("glrpois", "glr_pois", {"trend": True}),
        ("glrpois_lr0.5", "glr_pois", {"theta": 0.5, "trend": True}),
        ("glrnb", "glr_nb", {"trend": True}),
        ("glrnb_M52", "glr_nb", {"window": 52, "trend": True}),
        ("glrnb_lr0.5", "glr_nb", {"theta": 0.5, "trend": True}),
    ],
)
def test_likelihood_ratios(figure: str, name: str, changed: dict[str, Any]) -> None:
    table = figures("glr_expected").query("method == @figure")
    names = sorted(table["series_id"].unique())
    judged = run(name, last_weeks(names), **changed)
    compare(judged, table, names)
    assert_equal(picked(judged.expected, table, names), table["mu0"])
    assert_equal(picked(judged.more["alpha"], table, names), table["alpha"])


def test_a_fall_is_found_when_one_is_looked_for() -> None:
    counts = np.array([10.0, 12.0] * 30 + [1.0, 0.0, 1.0, 0.0])[:, None]
    series = Series(counts, judged=np.arange(60, 64))
    assert np.nanmax(run("glr_pois", series, direction="dec").alarm) == 1
    assert np.nanmax(run("glr_pois", series).alarm) == 0


def test_outbreak_p() -> None:
    table = figures("outbreak_p_expected")
    names = sorted(table["series_id"].unique())
    series = Series(weekly()[names].to_numpy(float)[-52:])
    compare(run("outbreak_p", series), table, names, first=1)


def test_outbreak_p_keeps_by_logarithms_the_alarm_that_a_product_loses() -> None:
    series = Series(weekly()[["W053"]].to_numpy(float)[-52:])
    assert run("outbreak_p", series).alarm[-1, 0] == 0
    assert run("outbreak_p", series, logarithm=True).alarm[-1, 0] == 1


def test_rogerson() -> None:
    table = figures("rogerson_expected")
    for name, rows in table.groupby("series_id"):
        judged = run("rogerson", last_weeks([str(name)]))
        assert_equal(picked(judged.expected, rows, [str(name)]), rows["theta0"])
        compare(judged, rows, [str(name)])


def test_limits_of_rogerson() -> None:
    table = figures("rogerson_limits")
    found = [rogerson.find_design(theta) for theta in table["theta0"]]
    assert_equal(np.array([d.k for d in found]), table["k"])
    assert_equal(np.array([d.arl for d in found]), table["ARL"])
    assert_equal(np.array([d.h for d in found]), table["h"])
    same = [rogerson.run_length(row.h, row.k, row.theta0) for row in table.itertuples()]
    assert_equal(np.array(same), table["ARL"])


@pytest.mark.parametrize(
    ("theta", "arl0", "s", "h"),
    [
        (2, 200, 1, 6.6),
        (8, 100, 0.5, 13.2),
        (2, 1000, 1, 9.5),
        (1, 1000, 0.5, 11.1),
        (5, 500, 0.5, 16.6),
        (3.5, 200, 1, 7.8),
    ],
)
def test_limits_of_other_runs(theta: float, arl0: float, s: float, h: float) -> None:
    assert rogerson.find_design(theta, arl0, s).h == pytest.approx(h)


def test_after_an_alarm_a_head_start_is_given_again() -> None:
    counts = np.array([9.0, 20.0, 9.0, 9.0])[:, None]
    told = [run("rogerson", Series(counts), theta0=8.0, head_start=True, limit=limit) for limit in (0.0, 1.0, np.inf)]
    half = told[0].more["h"][0, 0] / 2
    k = rogerson.reference_value(8.0)
    for judged in told:
        assert judged.alarm[:2, 0].tolist() == [0, 1]
        assert judged.score[2, 0] == pytest.approx(half + 9.0 - k)


def test_a_changing_mean_is_followed() -> None:
    season = 5.0 + 4.0 * np.sin(2.0 * np.pi * np.arange(300) / 52.0)
    counts = np.random.default_rng(3).poisson(season[:, None], (300, 4)).astype(float)
    judged = run("rogerson", Series(counts, judged=np.arange(200, 300)), theta0="season")
    assert np.ptp(judged.expected[:, 0]) > 4
    assert np.nanmean(judged.alarm) < 0.2


def test_quantiles_of_the_negative_binomial() -> None:
    mean, phi = np.array([0.06, 12.8, 49550.0, np.nan]), np.array([1.1, 5.0, 100.0, 2.0])
    for level in (0.05, 0.5, 0.95, 0.999):
        found = quantile(level, mean, phi)
        assert np.isnan(found[3])
        assert np.all(below(found, mean, phi)[:3] >= level)
        assert np.all(below(found - 1.0, mean, phi)[:3] < level)


DEGENERATE = {
    "zeros": np.zeros((320, 1)),
    "constant": np.full((320, 1), 7.0),
    "missing": np.full((320, 1), np.nan),
    "one missing": np.where(np.arange(320) == 318, np.nan, 5.0)[:, None],
    "rates": np.random.default_rng(1).gamma(2.0, 1.3, (320, 1)),
    "short": np.arange(5.0)[:, None],
    "one row": np.ones((1, 1)),
    "huge": np.random.default_rng(2).poisson(1e6, (320, 1)).astype(float),
}


@pytest.mark.parametrize("name", sorted(METHODS))
@pytest.mark.parametrize("kind", sorted(DEGENERATE))
@pytest.mark.filterwarnings("error")
def test_degenerate_series_have_a_status_and_no_error(name: str, kind: str) -> None:
    counts = DEGENERATE[kind]
    for judged in (None, np.arange(max(0, len(counts) - 3), len(counts))):
        series = Series(counts, judged=judged)
        found = run(name, series)
        shape = (len(series.rows), 1)
        for array in (found.expected, found.upperbound, found.alarm, found.score, found.pvalue, found.status):
            assert array.shape == shape
        assert not (np.isin(found.alarm, (0.0, 1.0)) & (found.status != Status.OK)).any()
        assert not (np.isnan(found.alarm) & (found.status == Status.OK)).any()


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_series_is_judged_the_same_alone_and_among_others(name: str) -> None:
    counts = np.random.default_rng(5).poisson(4.0, (320, 5)).astype(float)
    rows = np.arange(310, 320)
    together, alone = run(name, Series(counts, judged=rows)), run(name, Series(counts[:, [3]], judged=rows))
    np.testing.assert_allclose(together.upperbound[:, [3]], alone.upperbound, rtol=1e-7)
    np.testing.assert_array_equal(together.alarm[:, [3]], alone.alarm)


# Settings and series that the files of figures do not hold: figures of R surveillance 1.20.3, of these two series.

TIMES = np.arange(1, 301)
PLAIN = (TIMES * TIMES * 7 + 3 * TIMES) % 11 * 1.0
RISING = np.concatenate([PLAIN[:205], [14.0, 9.0, 16.0, 12.0, 15.0], PLAIN[210:]])
HALVES = PLAIN + np.tile([0.0, 0.25, 0.5], 100)
SPARSE = np.concatenate([PLAIN[:200], [0.0, 0, 3, 0, 0, 1, 0, 0, 0, 25, 0, 0]])
FAR = np.concatenate([PLAIN[:200], [300.0, 1, 0, 90, 4, 200, 7, 1, 1, 1, 1, 1]])


def bounds(name: str, counts: Array, first: int, last: int, **changed: Any) -> Judged:
    """Positions from 1, both included."""
    return run(name, Series(counts[:, None], judged=np.arange(first - 1, last)), **changed)


def assert_bounds(judged: Judged, expected: list[float]) -> None:
    assert_equal(judged.upperbound[:, 0], pd.Series(expected))


def test_sums_of_past_weeks_are_cut_to_whole_numbers() -> None:
    judged = bounds("cdc", HALVES, 290, 292, years=2, months=3, alpha=0.001)
    assert_bounds(judged, [24.7094404, 27.0433103, 25.5642987])


def test_rki_looks_at_two_past_years_unless_told() -> None:
    assert_bounds(bounds("rki", RISING, 206, 208), [8.102, 9.598, 9.598])


@pytest.mark.parametrize(
    ("transformation", "expected"),
    [
        ("none", [0, 0, 0, 0, 0, 0]),
        ("anscombe2nd", [20.92438, 20.92438, 20.92438, 14.4187445, 13.740373, 6.6226707]),
        ("anscombeNegBin", [4, 4, 3.28760496, 3.54938096, 2.50445808, 2.15337149]),
    ],
)
def test_other_scales_of_the_cusum(transformation: str, expected: list[float]) -> None:
    judged = bounds("cusum", RISING, 204, 209, k=1, h=4, transformation=transformation, mean=6.0, alpha=0.2)
    assert_bounds(judged, expected)


def test_the_regression_of_zeros_is_a_mean_of_hardly_any() -> None:
    judged = bounds("cusum", np.concatenate([np.zeros(61), [1.0, 0.0]]), 61, 63, k=1, h=4, mean="glm")
    assert_bounds(judged, [1, 1, 0])
    assert judged.alarm[:, 0].tolist() == [0, 1, 1]


NOUGHT = [0.0] * 12
SIX = {"mean": 6.0, "limit": 5.0, "alpha": 0.0}
POISSON_CASES = [16.0, 16, 16, 16, 16, 16, 11, 10, 16, 13, 16, 16]
LINEAR_CASES = [*[17.7846552] * 6, 11.5693105, 10.3539657, 17.7846552, 13.5693105, 17.7846552, 17.7846552]
LINEAR_NB = [*[33.0615763] * 6, 26.7487684, 25.4359605, 17.1231526, 12.8103447, 33.0615763, 33.0615763]
LINEAR = [0, 0, 0, 0, 0, 3.10767238, 3.71534475, 7.82301713, 2.10767238, 5.71534475, 0, 0]
NB_FALL = [3.94228675, 7.88457351, 0.468188307, 3.94228676, 7.88457344, 1.84505535, 5.13971234]
NB_FALL += [3.94228675, 7.88457351, 0, 3.94228674, 7.88457348]


@pytest.mark.parametrize(
    ("counts", "changed", "expected"),
    [
        (RISING, {"window": 5, "minimum": 3}, [*NOUGHT[:6], 0.694306539, 4.43302495, 11.4423619, 0, 0, 0]),
        (RISING, {"minimum": 3}, [*NOUGHT[:5], 3.86217005, 3.96351402, 9.15440564, 0, 0, 2.37131706, 1.84242761]),
        (RISING, {"bound": "cases"}, POISSON_CASES),
        (RISING, {"bound": "cases", "theta": 0.5}, LINEAR_CASES),
        (RISING, {"bound": "cases", "theta": 0.5, "alpha": 0.2}, LINEAR_NB),
        (RISING, {"theta": 0.5, "direction": "dec"}, LINEAR),
        (SPARSE, {"limit": 9.0, "direction": "dec"},
            [0, 0, 9.62472159, 0, 0, 14.1096282, 0, 0, 0, 0, 0.44196108, 1.88392216]),
        (SPARSE, {"alpha": 0.2, "direction": "dec"}, NB_FALL),
        (FAR, {"alpha": 0.05, "limit": 50.0},
            [370.335075, 0, 0, 85.062297, 0, 231.494758, 0.0600659033, 0, 0, 0, 0, 0]),
        (HALVES, {}, [*NOUGHT[:5], 1.10825624, 0, 0, 0, 1.10825624, 0, 0]),
    ],
)  # fmt: skip
def test_likelihood_ratios_with_a_known_mean(counts: Array, changed: dict[str, Any], expected: list[float]) -> None:
    assert_bounds(bounds("glr_nb", counts, 201, 212, **(SIX | changed)), expected)


def test_the_mean_is_fitted_again_with_the_dispersion_of_the_first_fit() -> None:
    judged = bounds("glr_nb", RISING, 201, 212, limit=0.8, refit=True)
    assert judged.alarm[:, 0].tolist() == [0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0]
    mean = [4.0331239, 4.03700861, 4.04059015, 4.0438154, 4.04663643, 4.04901121, 4.17748351, 4.17663088]
    assert_equal(judged.expected[:, 0], pd.Series([*mean, 4.40997053, 4.50738177, 4.63737259, 4.61557554]))
    assert_equal(judged.more["alpha"][:, 0], pd.Series([0.728638315] * 12))


def test_the_regression_is_that_of_the_dispersion_given() -> None:
    mean = bounds("glr_nb", RISING, 201, 206, alpha=0.3).expected[:, 0]
    known = [4.03315679, 4.03704556, 4.04063064, 4.04385887, 4.04668227, 4.04905877]
    assert_equal(mean, pd.Series(known))


def test_outbreak_p_looks_back_to_the_first_row_of_the_series() -> None:
    expected = [1860.76193, 7425.09271, 45299608.3, 1563619550, 1.02132868e12, 1429254940, 440010991]
    assert_bounds(bounds("outbreak_p", RISING[170:212], 36, 42), expected)
    alone = run("outbreak_p", Series(RISING[170:212, None], judged=np.arange(35, 42)), window=7)
    assert_equal(alone.upperbound[:, 0], pd.Series(run("outbreak_p", Series(RISING[205:212, None])).upperbound[:, 0]))
