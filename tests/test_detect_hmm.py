"""Hidden Markov models against their references, and against sums over every path."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest

from surveillance.detection.hmm import METHODS as POISSON
from surveillance.detection.hmm import hmm
from surveillance.detection.hmm_gauss import METHODS as GAUSS
from surveillance.detection.hmm_gauss import hmm_gauss
from surveillance.detection.judged import Series, Status
from surveillance.detection.markov import most_likely_path, passes
from tests.detect_tools import FOLDER, agree, at, expected, series_of


def test_gaussian_parameters_and_states() -> None:
    rows, figures = expected("hmm_gauss_post"), expected("hmm_gauss_params").set_index("series_id")
    series, ids = series_of("weekly_series", ids=sorted(figures.index))
    judged = hmm_gauss(series)
    agree(at(judged.more["filter2"], rows, ids), rows["filter2"])
    agree(at(judged.more["smooth2"], rows, ids), rows["smooth2"])
    for name in figures:
        agree(judged.more[name][0], figures.loc[ids, name])


def test_poisson_likelihood_and_states() -> None:
    for row in pd.read_csv(FOLDER / "hmm_msm.csv.gz", dtype={"viterbi": str}).itertuples():
        series, _ = series_of("weekly_series", ids=[str(row.series_id)])
        last = Series(series.counts[-len(str(row.viterbi)) :])
        judged = hmm(last, trend=bool(row.trend_and_equal), equal=bool(row.trend_and_equal))
        assert np.isclose(judged.more["loglik2"][0, 0], row.minus2loglik, rtol=1e-7)
        assert "".join(str(int(state)) for state in judged.more["state"][:, 0]) == row.viterbi
        assert np.isclose(judged.more["rate1"][0, 0], row.rate1, rtol=1e-4)
        assert judged.alarm[-1, 0] == row.alarm_last


def test_passes_are_sums_over_every_path() -> None:
    rng = np.random.default_rng(1)
    emission, move = rng.normal(size=(5, 1, 2)), np.array([[[0.8, 0.2], [0.3, 0.7]]])
    first = np.array([[0.6, 0.4]])
    chance = {}
    for path in product(range(2), repeat=5):
        value = first[0, path[0]] * np.prod([move[0, a, b] for a, b in pairwise(path)])
        chance[path] = value * np.exp(sum(emission[row, 0, state] for row, state in enumerate(path)))
    found, total = passes(emission, move, first), sum(chance.values())
    assert np.isclose(found.likelihood[0], np.log(total))
    for row in range(5):
        assert np.isclose(found.smoothed[row, 0, 1], sum(v for path, v in chance.items() if path[row]) / total)
    moves = sum(v for path, v in chance.items() for pair in pairwise(path) if pair == (0, 1))
    assert np.isclose(found.moves[0, 0, 1], moves / total)
    assert tuple(most_likely_path(emission, move, first)[:, 0]) == max(chance, key=lambda path: chance[path])


def epidemic(seed: int = 3) -> Series:
    rng = np.random.default_rng(seed)
    mean = np.where(np.isin(np.arange(156) % 52, range(4, 12)), 60.0, 15.0)
    return Series(rng.poisson(mean[:, None], (156, 3)).astype(float))


def test_an_epidemic_is_found_and_series_are_fitted_as_alone() -> None:
    series = epidemic()
    wanted = np.isin(np.arange(156) % 52, range(4, 12))
    for method in (hmm_gauss, lambda given: hmm(given, trend=False, harmonics=0)):
        judged = method(series)
        assert ((judged.alarm == 1) == wanted[:, None]).mean() > 0.98
        alone = method(Series(series.counts[:, [1]]))
        assert np.array_equal(judged.alarm[:, [1]], alone.alarm)


def test_a_row_refitted_does_not_know_what_follows() -> None:
    series = replace(epidemic(), judged=np.array([100]))
    cut = Series(series.counts[:101], judged=np.array([100]))
    mine, theirs = hmm(series, harmonics=0, refit=True), hmm(cut, harmonics=0)
    assert np.array_equal(mine.more["loglik2"], theirs.more["loglik2"])


def test_missing_and_flat_series() -> None:
    counts = epidemic().counts.copy()
    counts[:, 0] = 4
    counts[[20, 150], 1] = np.nan
    for method in (hmm_gauss, lambda given: hmm(given, trend=False, harmonics=0)):
        judged = method(Series(counts))
        assert judged.status[150].tolist() == [Status.CONSTANT, Status.MISSING, Status.OK]
        assert np.isnan(judged.alarm[150, :2]).all() and judged.alarm[151, 1] in (0, 1)


@pytest.mark.parametrize("method", [*POISSON, *GAUSS], ids=lambda method: method.name)
def test_short_empty_and_missing_series_are_answered(method) -> None:  # type: ignore[no-untyped-def]
    for counts in (np.zeros((0, 2)), np.zeros((3, 2)), np.zeros((130, 0)), np.full((130, 2), np.nan)):
        judged = method.run(Series(counts), **{item.name: item.default for item in method.parameters})
        assert judged.alarm.shape == judged.status.shape == counts.shape
        assert np.isnan(judged.alarm).all()
        assert set(method.columns) <= set(judged.more)
