"""A Poisson hidden Markov model with season and trend (`algo.hmm` of R `surveillance`, which calls `msm`).

Le Strat & Carrat 1999 (Stat Med 18:3463–3478), Jackson 2011 (J Stat Softw 38:8). The first row is in the lowest state,
as msm has it. R maximises the likelihood by a general optimiser; here expectation–maximisation finds the same maximum:
likelihood and decoded states agree, parameters to the digits that the maximum leaves open.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from surveillance.detection.families import Family
from surveillance.detection.irls import fit
from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status
from surveillance.detection.markov import most_likely_path, passes
from surveillance.detection.periodic import Basis

STEPS, CLOSE = 500, 1e-8
ROUGH_STEPS, ROUGH = 100, 1e-3  # of the first fits, from every start, of which the best goes on
STARTS = ((1, 0.9), (1, 0.6), (4, 0.9), (4, 0.6))  # of the fit: see _start; probability of staying in a state


class Chains(NamedTuple):
    """A fit of s series with k states: mu: n × s × k, means of each row; transition: s × k × k; likelihood: s."""

    mu: Array
    transition: Array
    likelihood: Array


def hmm(
    series: Series,
    states: int = 2,
    trend: bool = True,
    harmonics: int = 1,
    equal: bool = False,
    window: int = 0,
    refit: bool = False,
    steps: int = STEPS,
    accuracy: float = CLOSE,
) -> Judged:
    """log mean = level of the state + trend + harmonics; alarm where the most likely path is in the highest state.

    One fit to all rows, or with `refit` one for each row judged, to the rows up to it (R; slow). Own columns: state
    (from 1), rate1 and the last rate (means of the first and last state at average season and trend), loglik2 (−2 log
    likelihood). A series without two different values has no states: `constant`.
    """
    rows, size = series.rows, series.counts.shape[1]
    wide = (len(rows), size)
    state, low, expected, loss = (np.full(wide, np.nan) for _ in range(4))
    rates = np.full((*wide, states), np.nan)
    told = np.zeros(wide, np.bool_)
    for last, places in _groups(series, refit):
        first = max(0, last + 1 - window) if window else 0
        counts = series.counts[first : last + 1]
        able = _able(counts, states, 1 + int(trend) + 2 * harmonics)
        if not able.any():
            continue
        covariates = _covariates(len(counts), series.frequency, trend, harmonics)
        chains, level = _best(counts[:, able], covariates, states, equal, steps, accuracy)
        path = most_likely_path(_emission(counts[:, able], chains.mu), chains.transition, _first(able.sum(), states))
        kept = places[rows[places] >= first]
        at, cells = rows[kept] - first, np.ix_(kept, np.flatnonzero(able))
        state[cells], low[cells] = path[at] + 1.0, chains.mu[at, :, 0]
        expected[cells] = np.take_along_axis(chains.mu, path[:, :, None], axis=2)[at, :, 0]
        loss[cells], rates[cells], told[cells] = -2 * chains.likelihood, np.exp(level), True
    missing = np.isnan(series.counts[rows])
    status = np.where(told, np.where(missing, Status.MISSING, Status.OK), Status.CONSTANT).astype(np.int8)
    status[:, np.isnan(series.counts).all(axis=0)] = Status.MISSING
    alarm = np.where(told & ~missing, state == states, np.nan)
    nothing = np.full(wide, np.nan)
    own = {"state": state, "mean": expected, "rate1": rates[:, :, 0], f"rate{states}": rates[:, :, -1], "loglik2": loss}
    return Judged(low, nothing, alarm, nothing, nothing, status, own)


def _groups(series: Series, refit: bool) -> list[tuple[int, NDArray[np.intp]]]:
    """The fits: the last row of each, and the places of the rows judged by it."""
    if refit:
        return [(int(row), np.array([place])) for place, row in enumerate(series.rows)]
    return [(len(series.counts) - 1, np.arange(len(series.rows)))]


def _able(counts: Array, states: int, terms: int) -> NDArray[np.bool_]:
    """Series with enough rows, and with values apart enough to part the states."""
    some = (~np.isnan(counts)).sum(axis=0) > states * (terms + 2)
    highest = np.where(np.isnan(counts), -np.inf, counts).max(axis=0, initial=-np.inf)
    lowest = np.where(np.isnan(counts), np.inf, counts).min(axis=0, initial=np.inf)
    return np.asarray(some & (highest > lowest))


def _covariates(rows: int, period: float, trend: bool, harmonics: int) -> Array:
    """Trend and harmonics of the rows 1 to n, each less its mean over all rows but the last (so does msm): n × c."""
    time = np.arange(1.0, rows + 1)
    turns = 2 * np.pi * time / period
    columns = [time / rows] if trend else []
    columns += [wave(turns * order) for order in range(1, harmonics + 1) for wave in (np.cos, np.sin)]
    design = np.column_stack(columns) if columns else np.zeros((rows, 0))
    return np.asarray(design - design[:-1].mean(axis=0))


def _first(series: int, states: int) -> Array:
    return np.tile(np.eye(states)[0], (series, 1))


def _emission(counts: Array, mu: Array) -> Array:
    """Poisson log probability, n × s × k; 0 where a value is missing."""
    y = counts[:, :, None]
    return np.where(np.isnan(y), 0.0, xlogy(np.nan_to_num(y), mu) - mu - gammaln(np.nan_to_num(y) + 1))


def _best(
    counts: Array, covariates: Array, states: int, equal: bool, steps: int, accuracy: float
) -> tuple[Chains, Array]:
    """Rough fits from several starts, for a maximum found may not be the highest; the best is carried on."""
    size, own = counts.shape[1], np.eye(states)
    series = np.arange(size)
    found = []
    for power, stay in STARTS:
        mu = np.broadcast_to(_start(counts, states, power), (len(counts), size, states))
        move = np.tile(own * stay + (1 - own) * (1 - stay) / max(1, states - 1), (size, 1, 1))
        found.append(_fit(counts, covariates, mu, move, equal, ROUGH_STEPS, ROUGH)[0])
    pick = np.argmax([chains.likelihood for chains in found], axis=0)
    mu = np.stack([chains.mu for chains in found])[pick, :, series].transpose(1, 0, 2)
    move = np.stack([chains.transition for chains in found])[pick, series]
    return _fit(counts, covariates, mu, move, equal, steps, accuracy)


def _fit(
    counts: Array, covariates: Array, start: Array, move: Array, equal: bool, steps: int, accuracy: float
) -> tuple[Chains, Array]:
    """Expectation–maximisation from means and transitions; also the levels of the states: s × k.

    A level is the log mean at average covariates.
    """
    mu, transition = start.copy(), move.copy()
    size, states = start.shape[1:]
    first, likelihood = _first(size, states), np.full(size, -np.inf)
    level = np.zeros((size, states))
    left = np.arange(size)
    for _ in range(steps):
        found = passes(_emission(counts[:, left], mu[:, left]), transition[left], first[left])
        moved = found.likelihood - likelihood[left]
        likelihood[left] = found.likelihood
        left, going = left[moved > accuracy], moved > accuracy
        if not len(left):
            break
        weights = np.where(np.isnan(counts[:, left])[:, :, None], 0.0, found.smoothed[:, going])
        mu[:, left], level[left] = _regress(counts[:, left], weights, covariates, mu[:, left], equal)
        moves = found.moves[going]
        transition[left] = moves / np.maximum(moves.sum(axis=2, keepdims=True), 1e-300)
    return Chains(mu, transition, likelihood), level


def _start(counts: Array, states: int, power: int) -> Array:
    """Means of the k parts of the values of each series between its quantiles: s × k, rising.

    power: 1 cuts the quantiles at equal shares, more leaves ever less to the upper parts.
    """
    edges = np.nanquantile(counts, 1 - (1 - np.linspace(0, 1, states + 1)) ** power, axis=0)
    means = np.empty((counts.shape[1], states))
    for state in range(states):
        inside = (counts >= edges[state]) & (counts <= edges[state + 1])
        means[:, state] = np.where(inside, counts, 0.0).sum(axis=0) / np.maximum(inside.sum(axis=0), 1)
    return np.asarray(np.maximum(means, 0.05) * np.linspace(0.999, 1.001, states))


def _regress(counts: Array, weights: Array, covariates: Array, mu: Array, equal: bool) -> tuple[Array, Array]:
    """Weighted Poisson regressions: of each state by itself, or one with the same effects in every state."""
    rows, size, states = weights.shape
    y = np.nan_to_num(counts)
    if not equal:
        design = np.column_stack([np.ones(rows), covariates])
        basis = Basis.of(design, np.ones(rows, np.bool_))
        fits = [fit(basis.rows, y, weights[:, :, state], Family(), mu[:, :, state]) for state in range(states)]
        levels = [np.linalg.solve(basis.triangle, found.coefficients)[0] for found in fits]
        return np.stack([Family().mean(found.eta) for found in fits], axis=2), np.stack(levels, axis=1)
    names = np.repeat(np.eye(states), rows, axis=0)
    basis = Basis.of(np.column_stack([names, np.tile(covariates, (states, 1))]), np.ones(rows * states, np.bool_))
    stack = weights.transpose(2, 0, 1).reshape(-1, size)
    means = np.maximum(mu.transpose(2, 0, 1).reshape(-1, size), 1e-10)
    found = fit(basis.rows, np.tile(y, (states, 1)), stack, Family(), means)
    level = np.linalg.solve(basis.triangle, found.coefficients)[:states].T
    split: Array = Family().mean(found.eta).reshape(states, rows, size).transpose(1, 2, 0)
    return split, np.asarray(level, dtype=np.float64)


METHODS: tuple[Method, ...] = (
    Method(
        "hmm",
        hmm,
        (
            Parameter("states", 2, "hidden states; an alarm is the highest", ("noStates",)),
            Parameter("trend", True, "a linear trend of the log mean", ("trend",)),
            Parameter("harmonics", 1, "sine and cosine pairs of the year", ("noHarmonics",)),
            Parameter("equal", False, "the same trend and season in every state", ("covEffectEqual",)),
            Parameter("window", 0, "rows of the fit, the last ones; 0: all", ("Mtilde",)),
            Parameter("refit", False, "a fit for each row judged, to the rows up to it, as R does (slow)", ("range",)),
            Parameter("steps", STEPS, "at most so many steps of the fit"),
            Parameter("accuracy", CLOSE, "gain of log-likelihood at which the fit ends"),
        ),
        "hidden states, calm and epidemic, of a Poisson count with season and trend",
        "R surveillance, algo.hmm; Le Strat & Carrat 1999",
        ("state", "mean", "rate1", "rate2", "loglik2"),
    ),
)
