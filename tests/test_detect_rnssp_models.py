"""The trend classifier and the weekly regressions of Rnssp against Rnssp 0.3.1, and where it stops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from surveillance.detection.judged import Series, Status
from surveillance.detection.registry import read_settings
from surveillance.detection.rnssp_trend import METHODS as TREND
from surveillance.detection.rnssp_trend import rnssp_trend
from surveillance.detection.rnssp_weekly import METHODS as WEEKLY
from surveillance.detection.rnssp_weekly import rnssp_nbinom, rnssp_serfling
from surveillance.errors import UsageError
from tests.detect_tools import agree, at, expected, series_of

WEEKS = np.datetime64("2019-01-07") + 7 * np.arange(200)


def test_trend() -> None:
    series, ids = series_of("daily_series")
    population, _ = series_of("daily_series", "all_count")
    judged = rnssp_trend(replace(series, population=population.counts))
    rows = expected("rnssp_trend")
    agree(at(judged.score, rows, ids, "tt"), rows["statistic"])
    agree(at(judged.pvalue, rows, ids, "tt"), rows["p.value"])
    assert list(at(judged.more["trend"], rows, ids, "tt")) == list(rows["trend_classification"])


@pytest.mark.parametrize("method", [rnssp_serfling, rnssp_nbinom])
def test_weekly_regressions(method) -> None:  # type: ignore[no-untyped-def]
    rows = expected(method.__name__)
    series, ids = series_of("weekly_series", ids=sorted(set(rows["series_id"])))
    judged = method(series)
    agree(at(judged.expected, rows, ids, "t_row"), rows["estimate"])
    agree(at(judged.upperbound, rows, ids, "t_row"), rows["threshold"])
    assert (at(judged.alarm, rows, ids, "t_row") == rows["alarm"]).all()
    assert list(at(judged.more["split"], rows, ids, "t_row")) == list(rows["split"])
    last = method(replace(series, judged=np.array([416])), baseline_end="292")
    assert np.allclose(last.upperbound, judged.upperbound[416:])


def test_the_end_of_the_baseline_is_a_date_a_place_or_a_share() -> None:
    counts = np.random.default_rng(1).poisson(20, (200, 3)).astype(float)
    series = Series(counts, WEEKS)
    by_date = rnssp_nbinom(series, baseline_end="2021-12-06")
    assert (by_date.more["split"] == "Baseline Period").sum(axis=0).tolist() == [153] * 3
    for other in (rnssp_nbinom(series, baseline_end="153"), rnssp_nbinom(series, baseline_share=153 / 200)):
        assert np.array_equal(other.upperbound, by_date.upperbound)
    assert (rnssp_nbinom(series, baseline_end="80").status == Status.HISTORY).all()


def test_a_window_parted_from_zeros_stops_where_glm_does() -> None:
    """Counts that the line parts from the zeros beside them: figures of glm in R 4.2.2, which ends at its 24th step."""
    counts = np.array([[42.0, 0, 0], [0, 37, 0], [0, 0, 51]])[:, [0, 2]]
    visits = np.array([[172.0, 31, 32], [31, 33, 40], [33, 152, 184]])[:, [0, 2]]
    judged = rnssp_trend(Series(counts, population=visits), baseline=3)
    wanted = [-0.000438017349120725, 0.00048798463914286]
    np.testing.assert_allclose(judged.score[2], wanted, atol=1e-9)


def test_counts_without_overdispersion_have_the_bound_of_a_poisson_law() -> None:
    """Constant, and shares: glm.nb ends at a theta of 1e29 and of 1e7, where qnbinom is qpois."""
    share = np.random.default_rng(3).binomial(1000, 0.5, 200) / 1000
    judged = rnssp_nbinom(Series(np.column_stack([np.full(200, 5.0), share]), WEEKS))
    assert [set(bound) for bound in judged.upperbound.T] == [{10.0, 11.0}, {2.0, 3.0}]
    assert (judged.more["theta"] > 1e5).all() and (judged.status == Status.OK).all()


def test_the_name_rnssp_gives_to_its_time_term_is_taken_and_changes_nothing() -> None:
    series = Series(np.random.default_rng(4).poisson(9, (160, 2)).astype(float), WEEKS[:160])
    method = WEEKLY[1]
    for name in ("include_time", "include_time_term"):
        settings = read_settings(method, [(name, "FALSE"), ("baseline_end", "2021-06-01")])
        judged = method.run(series, **settings)
        assert np.array_equal(judged.upperbound, rnssp_nbinom(series, "2021-06-01").upperbound)
    with pytest.raises(UsageError, match="rnssp_nbinom has no parameter 'noPeriods'"):
        read_settings(method, [("noPeriods", "10")])


def test_zeros_missing_weeks_and_no_population() -> None:
    counts = np.random.default_rng(2).poisson(20, (200, 3)).astype(float)
    counts[:150, 0] = 0
    counts[[5, 190], 1] = np.nan
    judged = rnssp_nbinom(Series(counts, WEEKS))
    assert judged.status[199].tolist() == [Status.CONSTANT, Status.OK, Status.OK]
    assert np.isnan(judged.alarm[199, 0]) and judged.status[190, 1] == Status.MISSING
    flat = rnssp_serfling(Series(counts, WEEKS))
    assert flat.expected[199, 0] == flat.upperbound[199, 0] == 0 and flat.alarm[199, 0] == 1
    assert (rnssp_trend(Series(counts)).status[50] == Status.NO_FIT).all()
    few = rnssp_trend(Series(np.zeros((20, 1)), population=np.full((20, 1), 9.0)))
    assert few.status[:, 0].tolist() == [Status.HISTORY] * 11 + [Status.FEW] * 9


@pytest.mark.parametrize("method", [*TREND, *WEEKLY], ids=lambda method: method.name)
def test_short_empty_and_missing_series_are_answered(method) -> None:  # type: ignore[no-untyped-def]
    for counts in (np.zeros((0, 2)), np.zeros((3, 2)), np.zeros((130, 0)), np.full((130, 2), np.nan)):
        judged = method.run(Series(counts), **{item.name: item.default for item in method.parameters})
        assert judged.alarm.shape == judged.status.shape == counts.shape
        assert np.isnan(judged.alarm).all()
        assert set(method.columns) <= set(judged.more)
