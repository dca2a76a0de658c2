"""EuroMOMO: against its own formulas and a likelihood maximised elsewhere, and its degenerate cases."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from scipy.optimize import minimize

from surveillance.detection.euromomo import METHODS, euromomo
from surveillance.detection.judged import Series, Status

MONDAYS = [date(2017, 1, 2) + timedelta(weeks=week) for week in range(320)]
T = np.arange(320.0)


def deaths(seed: int = 1, dispersion: float = 3.0) -> Series:
    rng = np.random.default_rng(seed)
    mean = np.exp(5 + 0.0005 * T + 0.15 * np.cos(2 * np.pi * T / 52.18))
    size = mean / (dispersion - 1)
    counts = rng.negative_binomial(size, 1 / dispersion, (2, 320)).T.astype(float)
    return Series(counts, np.array(MONDAYS, dtype="datetime64[D]"))


def test_the_model_is_the_maximum_of_its_likelihood() -> None:
    series = deaths()
    judged = euromomo(series)
    weeks = np.array([day.isocalendar().week for day in MONDAYS])
    used = (((weeks > 15) & (weeks < 26)) | ((weeks > 36) & (weeks < 45))) & (T >= 30) & (T < 316)
    assert np.array_equal(judged.more["in_model"][:, 0] == 1, used)
    design = np.column_stack([np.ones(320), T / 320, np.sin(2 * np.pi * T / 52.18), np.cos(2 * np.pi * T / 52.18)])
    for place in range(2):
        y = series.counts[:, place]
        loss = lambda b, y=y: np.sum((np.exp(design @ b) - y * (design @ b))[used])  # noqa: E731
        slope = lambda b, y=y: design[used].T @ (np.exp(design @ b) - y)[used]  # noqa: E731
        mu = np.exp(design @ minimize(loss, [5, 0, 0, 0], jac=slope, method="BFGS", tol=1e-9).x)
        assert np.allclose(judged.expected[30:, place], mu[30:], rtol=1e-5)
        od = np.sum(((y - mu) ** 2 / mu)[used]) / (used.sum() - 4)
        error = np.sqrt(
            od * np.einsum("ij,jk,ik->i", design, np.linalg.inv((design[used].T * mu[used]) @ design[used]), design)
        )
        z = (y ** (2 / 3) - mu ** (2 / 3)) / np.sqrt(4 / 9 * mu ** (1 / 3) * (od + mu * error**2))
        assert od > 1 and np.allclose(judged.more["od"][:, place], od, rtol=1e-4)
        assert np.allclose(judged.more["stdp"][30:, place], error[30:], rtol=1e-4)
        assert np.allclose(judged.score[30:, place], z[30:], rtol=1e-4, atol=1e-4)


def test_bands_alarms_and_cusum_follow_the_z_score() -> None:
    judged = euromomo(deaths(2))
    counts, told = deaths(2).counts, slice(30, 320)
    assert np.isclose(judged.more["h"][0, 0], 24 / 22 * np.log(11) - 1.16666)
    assert np.array_equal((counts > judged.upperbound)[told], (judged.score > 2)[told])
    assert np.array_equal((counts > judged.more["upi4"])[told], (judged.more["band"] >= 4)[told])
    assert np.isnan(judged.alarm[:30]).all() and (judged.status[:30] == Status.HISTORY).all()
    total = 0.0
    for row in range(30, 320):
        total = max(0.0, total + judged.score[row, 0] - 0.25)
        assert np.isclose(judged.more["cusum"][row, 0], total)


def test_a_calm_series_has_dispersion_one_and_a_line_no_season() -> None:
    calm = Series(np.full((320, 1), 100.0), deaths().dates)
    assert (euromomo(calm).more["od"] == 1).all()
    line = euromomo(deaths(), model="LINE")
    assert np.allclose(np.diff(np.log(line.expected[30:]), 2, axis=0), 0, atol=1e-9)


def test_zeros_missing_weeks_and_short_series() -> None:
    counts = deaths().counts.copy()
    counts[:, 0] = 0
    counts[300, 1] = np.nan
    judged = euromomo(Series(counts, deaths().dates))
    assert judged.status[300].tolist() == [Status.CONSTANT, Status.MISSING]
    assert np.isnan(judged.alarm[300]).all() and judged.alarm[301, 1] in (0, 1)
    assert (euromomo(Series(counts[:10])).status == Status.HISTORY).all()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_short_empty_and_missing_series_are_answered(method) -> None:  # type: ignore[no-untyped-def]
    for counts in (np.zeros((0, 2)), np.zeros((3, 2)), np.zeros((130, 0)), np.full((130, 2), np.nan)):
        judged = method.run(Series(counts), **{item.name: item.default for item in method.parameters})
        assert judged.alarm.shape == judged.status.shape == counts.shape
        assert np.isnan(judged.alarm).all()
        assert set(method.columns) <= set(judged.more)
