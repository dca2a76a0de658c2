"""Nowcasts, the permutation scan and adjusted p-values, against figures worked out otherwise."""

import numpy as np
import pytest
from scipy import stats

from surveillance.detection.delays import bnb, delay_sums, lawless, seen
from surveillance.detection.judged import Array
from surveillance.detection.multiplicity import hierarchical, p_adjust
from surveillance.detection.scan import gumbel_pvalue, likelihood_ratio, scan, zones


def triangle(days: int = 60, seed: int = 1) -> tuple[Array, Array]:
    """What is reported by today and the totals to come; delays of 0 to 5 days."""
    random = np.random.default_rng(seed)
    full = random.poisson(40.0 * np.array([0.3, 0.25, 0.2, 0.1, 0.1, 0.05]), (days, 6)).astype(float)
    return np.where(seen(full), full, np.nan), full.sum(axis=1)


def test_sums_by_delay() -> None:
    known = np.array([[3.0, 2.0, 1.0], [4.0, 1.0, 9.0], [5.0, 9.0, 9.0]])  # the nines lie beyond today
    sums = delay_sums(known)
    assert sums.number.tolist() == [12, 3, 1]
    assert sums.until.tolist() == [12, 10, 6]


def test_lawless_by_hand() -> None:
    known = np.array([[3.0, 2.0, 1.0], [4.0, 1.0, 9.0], [5.0, 9.0, 9.0]])
    found = lawless(known)
    share = np.array([1.0, 5 / 6, (5 / 6) * (7 / 10)])
    np.testing.assert_allclose(found.expected, np.array([6, 5, 5]) / share)
    assert found.predicted[0] == found.low[0] == found.high[0] == 6
    sd = np.sqrt(5 * (1 - share[2])) / share[2]
    law = stats.norm(5 / share[2], sd)
    at = np.arange(301)
    cut = np.where(at >= 5, law.cdf(at), 0) / law.sf(5)
    assert found.predicted[2] == np.argmax(cut >= 0.5)
    assert found.high[2] == np.argmax(cut >= 0.975)


def test_the_whole_variance_of_lawless_is_wider() -> None:
    known, _ = triangle()
    quirk, whole = lawless(known), lawless(known, full_variance=True)
    np.testing.assert_array_equal(quirk.expected, whole.expected)
    assert (whole.high - whole.low >= quirk.high - quirk.low).all()
    assert whole.high[-1] - whole.low[-1] > quirk.high[-1] - quirk.low[-1]


def test_bnb_is_the_beta_negative_binomial() -> None:
    known, _ = triangle()
    found = bnb(known)
    weight = 0.1 + delay_sums(known).number
    for age in (0, 2):
        day = len(known) - 1 - age
        law = stats.betanbinom(found.observed[day] + 1, weight[: age + 1].sum(), weight[age + 1 :].sum())
        assert found.predicted[day] == found.observed[day] + law.ppf(0.5)
        assert found.high[day] == found.observed[day] + law.ppf(0.975)
        assert found.expected[day] == pytest.approx(found.observed[day] + law.mean())


@pytest.mark.parametrize("method", [lawless, bnb])
def test_nothing_reported_and_quantiles_too_large(method: object) -> None:
    assert callable(method)
    with np.errstate(all="raise", under="ignore"):
        empty = method(np.zeros((10, 4)))
        huge = method(np.tile([1.0, 900.0], (10, 1)))
    assert empty.observed.tolist() == [0] * 10
    assert not np.isnan(empty.low).any()
    assert huge.predicted[-1] == 0  # above the largest total looked at, as in the reference


def test_adjusted_p_values_are_those_of_scipy() -> None:
    pvalues = np.array([0.01, 0.02, np.nan, 0.03, 0.5, 0.01, 1.0])
    known = ~np.isnan(pvalues)
    for method in ("BH", "BY"):
        expected = stats.false_discovery_control(pvalues[known], method=method.lower())
        np.testing.assert_allclose(p_adjust(pvalues, method)[known], expected)
    assert np.isnan(p_adjust(pvalues)[2])
    assert p_adjust(np.array([])).tolist() == []
    assert p_adjust(np.array([0.02, 0.5]), "bonferroni").tolist() == [0.04, 1.0]


def test_regions_are_looked_at_within_rejected_syndromes() -> None:
    pvalues = np.array([0.001, 0.2, 0.04, 0.6, np.nan, 0.0001])
    families = np.array(["flu", "flu", "gastro", "gastro", "none", "rash"])
    found = hierarchical(pvalues, families, 0.10)
    assert dict(zip(found.families, found.selected, strict=True)) == {
        "flu": True,
        "gastro": True,
        "none": False,
        "rash": True,
    }
    assert found.rejected.tolist() == [True, False, True, False, False, True]
    parents = hierarchical(pvalues, families, 0.10, {"flu": 0.9, "gastro": 0.0})
    assert parents.rejected.tolist() == [False, False, False, False, False, True]


GRID = np.array([[x, y] for x in range(5) for y in range(4)], dtype=float)


def test_zones_grow_by_distance_up_to_a_share_of_the_cases() -> None:
    found = zones(GRID, np.ones(20), share=0.25)
    assert max(len(zone) for zone in found) == 5
    assert {frozenset(zone) for zone in found} >= {frozenset([place]) for place in range(20)}
    assert len(found) == len({frozenset(zone) for zone in found})
    assert all(len(zone) == 1 for zone in zones(GRID, np.ones(20), radius=0.5))


def test_a_cluster_is_found_where_it_is() -> None:
    counts = np.random.default_rng(4).poisson(3.0, (40, 20)).astype(float)
    counts[-3:, [5, 6]] += 8.0
    (first, *_) = scan(counts, GRID, replicates=199, seed=7)
    assert {5, 6} <= set(first.areas)
    assert first.days == 3
    assert first.pvalue == 1 / 200
    assert first.gumbel < 0.001
    assert scan(counts, GRID, replicates=199, seed=7)[0] == first
    inside, total = list(first.areas), counts.sum()
    cases = counts[-3:, inside].sum()
    expected = counts[:, inside].sum() * counts[-3:].sum() / total
    assert (first.cases, first.expected) == (cases, pytest.approx(expected))
    assert first.statistic == pytest.approx(float(likelihood_ratio(np.array(cases), np.array(expected), total)))


def test_without_a_cluster_p_values_are_uniform() -> None:
    found = []
    for seed in range(50):
        counts = np.random.default_rng(seed).poisson(2.0, (30, 20)).astype(float)
        clusters = scan(counts, GRID, days=3, replicates=39, seed=seed, most=1)
        found.append(clusters[0].pvalue if clusters else 1.0)
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_nothing_to_scan() -> None:
    assert scan(np.zeros((10, 20)), GRID) == []
    assert scan(np.zeros((0, 20)), GRID) == []
    assert np.isnan(gumbel_pvalue(3.0, np.zeros(9)))
