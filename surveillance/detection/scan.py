"""Prospective space-time permutation scan (Kulldorff et al. 2005, PLoS Med 2:e59): a cluster alive today, of any size.

Needs cases alone, no population: within a zone and a number of days, more cases than the days and the zone let expect
together. Reproducible in distribution: the replicates come from a seed, not from another program's.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array

EULER = 0.5772156649015329


class Cluster(NamedTuple):
    """areas: places in the counts, the centre first; days: last days it holds; ratio: cases / expected.

    pvalue: Monte Carlo, of the largest statistic anywhere; gumbel: of a Gumbel law fitted to the replicates.
    """

    areas: tuple[int, ...]
    days: int
    cases: float
    expected: float
    ratio: float
    statistic: float
    pvalue: float
    gumbel: float


def zones(coordinates: Array, cases: Array, share: float = 0.5, radius: float = np.inf) -> list[tuple[int, ...]]:
    """Circles around each centroid, grown area by area (the nearer first, the earlier on ties), each set once.

    coordinates: areas × 2, in a plane (km); cases: of each area. No zone has more than `share` of the cases, nor
    reaches beyond `radius` from its centre.
    """
    distance = np.hypot(*(coordinates[:, None, :] - coordinates[None, :, :]).transpose(2, 0, 1))
    found: dict[frozenset[int], tuple[int, ...]] = {}
    limit = share * cases.sum()
    for centre in range(len(coordinates)):
        order = np.argsort(distance[centre], kind="stable")
        order = np.concatenate([[centre], order[order != centre]])
        allowed = (np.cumsum(cases[order]) <= limit) & (distance[centre][order] <= radius)
        for size in range(1, int(np.argmin(np.append(allowed, False))) + 1):
            members = tuple(int(area) for area in order[:size])
            found.setdefault(frozenset(members), members)
    return list(found.values())


def likelihood_ratio(cases: Array, expected: Array, total: float) -> Array:
    """Log of the ratio of Poisson likelihoods, inside against outside; 0 without an excess."""
    outside, spared = total - cases, total - expected
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = np.where(cases > 0, cases * np.log(cases / expected), 0.0)
        rest = np.where(outside > 0, outside * np.log(outside / spared), 0.0)
    return np.where((cases > expected) & (expected > 0), inside + rest, 0.0)


def scan(
    counts: Array,
    coordinates: Array,
    days: int = 7,
    share: float = 0.5,
    radius: float = np.inf,
    replicates: int = 999,
    seed: int = 1,
    most: int = 5,
    strict: bool = False,
) -> list[Cluster]:
    """Likeliest clusters ending today, `most` at most, none sharing an area with one before it.

    counts: days × areas, whole numbers, the last row is today; a missing count is none. Expected: cases of the zone ×
    cases of the days / all. A replicate deals the cases of each day anew over the areas, all margins kept. p-value: (1
    + replicates at least as large) / (1 + replicates); strict: larger ones only.
    """
    known = np.round(np.nan_to_num(counts)).astype(np.int64)
    by_area, by_day = known.sum(axis=0), known.sum(axis=1)
    total = int(by_area.sum())
    days = min(days, len(known))
    if total == 0 or days == 0:
        return []
    members = zones(coordinates, by_area.astype(float), share, radius)
    inside = np.zeros((len(members), known.shape[1]))
    for place, areas in enumerate(members):
        inside[place, list(areas)] = 1.0
    expected = np.outer(inside @ by_area, np.cumsum(by_day[::-1][:days])) / total
    cases = inside @ np.cumsum(known[::-1][:days], axis=0).T
    statistic = likelihood_ratio(cases, expected, float(total))
    largest = _replicates(by_area, by_day[::-1][:days], inside, expected, replicates, seed)
    return _clusters(members, cases, expected, statistic, largest, most, strict)


def _replicates(
    by_area: NDArray[np.int64], by_day: NDArray[np.int64], inside: Array, expected: Array, number: int, seed: int
) -> Array:
    """Largest statistic of each replicate. by_day: cases of today, of yesterday, …"""
    random = np.random.default_rng(seed)
    largest = np.zeros(number)
    total = float(by_area.sum())
    for replicate in range(number):
        left = by_area.copy()
        dealt = np.zeros((len(by_day), len(by_area)))
        for age, cases in enumerate(by_day):
            hand = random.multivariate_hypergeometric(left, int(cases), method="marginals")
            dealt[age] = hand
            left = left - hand
        cases = inside @ np.cumsum(dealt, axis=0).T
        more = cases > expected
        largest[replicate] = likelihood_ratio(cases[more], expected[more], total).max(initial=0.0)
    return largest


def gumbel_pvalue(statistic: float, largest: Array) -> float:
    """P(maximum ≥ statistic) of the Gumbel law with the mean and variance of the replicates (Abrams et al. 2010)."""
    if len(largest) < 2 or not largest.std() > 0:
        return np.nan
    scale = largest.std(ddof=1) * np.sqrt(6.0) / np.pi
    place = largest.mean() - EULER * scale
    return float(-np.expm1(-np.exp(-(statistic - place) / scale)))


def _clusters(
    members: list[tuple[int, ...]],
    cases: Array,
    expected: Array,
    statistic: Array,
    largest: Array,
    most: int,
    strict: bool,
) -> list[Cluster]:
    out: list[Cluster] = []
    taken: set[int] = set()
    for flat in np.argsort(-statistic, axis=None, kind="stable"):
        zone, age = np.unravel_index(int(flat), statistic.shape)
        value = float(statistic[zone, age])
        if len(out) == most or not value > 0:
            break
        if taken.intersection(members[int(zone)]):
            continue
        taken.update(members[int(zone)])
        beyond = int((largest > value).sum() if strict else (largest >= value).sum())
        c, b = float(cases[zone, age]), float(expected[zone, age])
        pvalue = (1 + beyond) / (1 + len(largest))
        out.append(Cluster(members[int(zone)], int(age) + 1, c, b, c / b, value, pvalue, gumbel_pvalue(value, largest)))
    return out
