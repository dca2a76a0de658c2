"""A two-state Gaussian hidden Markov model of a series: is it in its epidemic state?

Le Strat & Carrat 1999 (Stat Med 18:3463–3478); fitted by expectation–maximisation (Baum et al. 1970).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surveillance.detection.judged import Array, Judged, Method, Parameter, Series, Status
from surveillance.detection.markov import Passes, passes

STEPS, CLOSE = 1000, 1e-9  # the log-likelihood moving by less than this ends the fit
SPLIT, FLOOR = 0.75, 1e-3  # quantile that parts the states at first; least variance, as a share of the series'
STAY, FIRST = (0.95, 0.85), (0.9, 0.1)


@dataclass
class Chains:
    """Parameters of each series (s): mean, sigma and first: s × 2; transition: s × 2 × 2."""

    mean: Array
    sigma: Array
    transition: Array
    first: Array

    def emission(self, values: Array) -> Array:
        """Log density, n × s × 2; 0 where a value is missing."""
        rest = (values[:, :, None] - self.mean) / self.sigma
        density = -0.5 * rest**2 - np.log(self.sigma * np.sqrt(2 * np.pi))
        return np.where(np.isnan(density), 0.0, density)

    def only(self, series: NDArray[np.bool_]) -> Chains:
        """Those of some of the series."""
        return Chains(self.mean[series], self.sigma[series], self.transition[series], self.first[series])

    def put(self, series: NDArray[np.bool_], part: Chains) -> None:
        """Replace those of some of the series."""
        for name in ("mean", "sigma", "transition", "first"):
            getattr(self, name)[series] = getattr(part, name)


def hmm_gauss(
    series: Series,
    split: float = SPLIT,
    floor: float = FLOOR,
    limit: float = 0.5,
    posterior: str = "filter",
    steps: int = STEPS,
    accuracy: float = CLOSE,
) -> Judged:
    """State 2 is the one of the higher mean; alarm when its probability is above `limit`.

    filter: its probability given the past and the row itself; smooth: given later rows too. The model is fitted once,
    to all rows. A series without a value above its quantile `split`, or without variance, is `constant`.
    """
    values = series.counts
    above = np.where(np.isnan(values), 0.0, values > _quantile(values, split)).astype(bool)
    below = ~np.isnan(values) & ~above
    some = (above.sum(axis=0) > 0) & (below.sum(axis=0) > 0)
    shape = (*values.shape, 2)
    filtered, smoothed = np.full(shape, np.nan), np.full(shape, np.nan)
    names = ("mu1", "mu2", "s1", "s2", "p11", "p22", "loglik", "iterations")
    fitted = {name: np.full(values.shape[1], np.nan) for name in names}
    if some.any():
        chains, found, turns = _fit(values[:, some], above[:, some], floor, steps, accuracy)
        filtered[:, some], smoothed[:, some] = found.filtered, found.smoothed
        figures = [*chains.mean.T, *chains.sigma.T, chains.transition[:, 0, 0], chains.transition[:, 1, 1]]
        for name, figure in zip(names, [*figures, found.likelihood, turns], strict=True):
            fitted[name][some] = figure
    rows = series.rows
    chance = (filtered if posterior == "filter" else smoothed)[rows, :, 1]
    told = ~np.isnan(chance) & ~np.isnan(values[rows])
    status = np.where(np.isnan(values[rows]), Status.MISSING, Status.OK).astype(np.int8)
    status[:, ~some] = Status.CONSTANT
    status[:, np.isnan(values).all(axis=0)] = Status.MISSING
    wide = (len(rows), values.shape[1])
    own = {"filter2": filtered[rows, :, 1], "smooth2": smoothed[rows, :, 1]}
    own |= {name: np.broadcast_to(figure, wide) for name, figure in fitted.items()}
    nothing = np.full(wide, np.nan)
    alarm = np.where(told, chance > limit, np.nan)
    return Judged(np.array(own["mu1"]), nothing, alarm, chance, nothing, status, own)


def _fit(
    values: Array, above: NDArray[np.bool_], floor: float, steps: int, accuracy: float
) -> tuple[Chains, Passes, NDArray[np.intp]]:
    """Parameters after the last step; states, as they were before it; number of steps."""
    count = (~np.isnan(values)).sum(axis=0)
    variance = np.nansum((values - np.nansum(values, axis=0) / count) ** 2, axis=0) / np.maximum(count - 1, 1)
    least = np.maximum(floor * variance, 1e-300)
    chains = _start(values, above, least)
    size = values.shape[1]
    state = np.full((*values.shape, 2), np.nan)
    held = Passes(state, state.copy(), np.zeros((size, 2, 2)), np.full(size, -np.inf))
    turns, left = np.zeros(size, np.intp), np.ones(size, np.bool_)
    for _ in range(steps):
        part = chains.only(left)
        found = passes(part.emission(values[:, left]), part.transition, part.first)
        held.filtered[:, left], held.smoothed[:, left] = found.filtered, found.smoothed
        chains.put(left, _step(values[:, left], found, least[left]))
        turns[left] += 1
        before = held.likelihood[left]
        held.likelihood[left] = found.likelihood
        left[left] = ~(np.abs(found.likelihood - before) < accuracy)
        if not left.any():
            break
    _order(chains, held)
    return chains, held, turns


def _start(values: Array, above: NDArray[np.bool_], least: Array) -> Chains:
    """Means and variances (n − 1; never below `least`) of the two parts of each series."""
    size = values.shape[1]
    mean, sigma = np.empty((size, 2)), np.empty((size, 2))
    for state, chosen in enumerate((~above & ~np.isnan(values), above)):
        count = chosen.sum(axis=0)
        mean[:, state] = np.where(chosen, values, 0.0).sum(axis=0) / count
        squares = np.where(chosen, (values - mean[:, state]) ** 2, 0.0).sum(axis=0)
        sigma[:, state] = np.sqrt(np.maximum(squares / np.maximum(count - 1, 1), least))
    transition = np.tile([[STAY[0], 1 - STAY[0]], [1 - STAY[1], STAY[1]]], (size, 1, 1))
    return Chains(mean, sigma, transition, np.tile(FIRST, (size, 1)))


def _step(values: Array, found: Passes, least: Array) -> Chains:
    """The parameters that the expected states make most likely."""
    weight = np.where(np.isnan(values)[:, :, None], 0.0, found.smoothed)
    known = np.nan_to_num(values)[:, :, None]
    total = np.maximum(weight.sum(axis=0), 1e-300)
    mean = (weight * known).sum(axis=0) / total
    variance = (weight * (known - mean) ** 2).sum(axis=0) / total
    transition = found.moves / np.maximum(found.moves.sum(axis=2, keepdims=True), 1e-300)
    return Chains(mean, np.sqrt(np.maximum(variance, least[:, None])), transition, found.smoothed[0].copy())


def _order(chains: Chains, held: Passes) -> None:
    """State 2 is the higher one, whatever the fit made of them."""
    swapped = chains.mean[:, 0] > chains.mean[:, 1]
    for values in (chains.mean, chains.sigma, chains.first):
        values[swapped] = values[swapped][:, ::-1]
    chains.transition[swapped] = chains.transition[swapped][:, ::-1, ::-1]
    held.filtered[:, swapped] = held.filtered[:, swapped][:, :, ::-1]
    held.smoothed[:, swapped] = held.smoothed[:, swapped][:, :, ::-1]


def _quantile(values: Array, level: float) -> Array:
    found = np.full(values.shape[1], np.nan)
    some = ~np.isnan(values).all(axis=0)
    if some.any():
        found[some] = np.nanquantile(values[:, some], level, axis=0)
    return found


METHODS: tuple[Method, ...] = (
    Method(
        "hmm_gauss",
        hmm_gauss,
        (
            Parameter("split", SPLIT, "quantile that parts the two states at the start of the fit"),
            Parameter("floor", FLOOR, "least variance of a state, as a share of that of the series"),
            Parameter("limit", 0.5, "probability of the epidemic state above which there is an alarm"),
            Parameter("posterior", "filter", "given the past, or later rows too", (), ("filter", "smooth")),
            Parameter("steps", STEPS, "at most so many steps of the fit"),
            Parameter("accuracy", CLOSE, "move of the log-likelihood at which the fit ends"),
        ),
        "two hidden states, calm and epidemic, each a normal distribution",
        "Le Strat & Carrat 1999",
        ("filter2", "smooth2", "mu1", "mu2", "s1", "s2", "p11", "p22", "loglik", "iterations"),
    ),
)
