"""Rules on past years, CUSUMs, likelihood ratios, OutbreakP give the figures of the R package, and never an error."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from surveillance.detection import cusum, glr, historical, outbreak_p, rogerson
from surveillance.detection.judged import Judged, Method, Series, Status
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
        ("glrpois", "glr_pois", {}),
        ("glrpois_lr0.5", "glr_pois", {"theta": 0.5}),
        ("glrnb", "glr_nb", {}),
        ("glrnb_M52", "glr_nb", {"window": 52}),
        ("glrnb_lr0.5", "glr_nb", {"theta": 0.5}),
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
    # Where the sum moves by 0.2, two limits next to each other are one; the reference may name the other of the two.
    assert np.all(np.abs(np.array([d.h for d in found]) - table["h"]) <= 0.1 + 1e-9)
    same = [rogerson.run_length(row.h, row.k, row.theta0) for row in table.itertuples()]
    assert_equal(np.array(same), table["ARL"])


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
