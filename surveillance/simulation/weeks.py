"""A week of counts: the published figures laid out by day and age class, exactly, the same for a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from surveillance.calendar import Indices
from surveillance.simulation.published import DAY_CLASSES, WEEK_CLASSES, WITHIN, Counts, Published
from surveillance.simulation.recipes import People

COVID, FLU, OTHER = range(3)
GROUPS = tuple(tuple(i for i, week in enumerate(WITHIN) if week == group) for group in range(len(WEEK_CLASSES)))


@dataclass(frozen=True)
class Planner:
    """Lays out any week; needs nothing but the published counts, the calendar and a seed."""

    published: Published
    indices: Indices
    people: People
    seed: int

    def week(self, start: date) -> Counts:
        """Coded acts: 7 days × regions × day classes × (covid, flu, other); 0 where nothing is published."""
        shape = (7, len(self.published.regions), len(DAY_CLASSES))
        rng = np.random.default_rng([self.seed, 1, start.toordinal()])
        figures = self.published.weeks.get(start)
        days = [start + timedelta(days=n) for n in range(7)]
        if self.published.days:
            acts, covid = self._given(days, shape)
            whole = figures is not None and all(day in self.published.days for day in days)
            flu = self._flu(rng, acts - covid, figures) if figures is not None and whole else np.zeros(shape, np.int64)
        elif figures is None:
            return np.zeros((*shape, 3), np.int64)
        else:
            acts, covid, flu = self._spread(rng, days, figures)
        return np.stack([covid, flu, acts - covid - flu], axis=-1)

    def _given(self, days: Sequence[date], shape: tuple[int, ...]) -> tuple[Counts, Counts]:
        both = np.zeros((*shape, 2), np.int64)
        for n, day in enumerate(days):
            if day in self.published.days:
                both[n] = self.published.days[day]
        return both[..., 0], np.minimum(both[..., 1], both[..., 0])

    def _flu(self, rng: np.random.Generator, free: Counts, figures: Counts) -> Counts:
        """The week's flu acts among the acts that are not COVID-19, all equally likely."""
        flu = np.zeros_like(free)
        for region in range(free.shape[1]):
            for group, members in enumerate(GROUPS):
                cells = free[:, region, members]
                wanted = min(int(figures[region, group, 2]), int(cells.sum()))
                flu[:, region, members] = share_out(rng, cells, wanted)
        return flu

    def _spread(self, rng: np.random.Generator, days: Sequence[date], figures: Counts) -> tuple[Counts, Counts, Counts]:
        shape = (7, len(self.published.regions), len(DAY_CLASSES))
        acts, covid, flu = (np.zeros(shape, np.int64) for _ in range(3))
        factors = np.array([self.indices.day_factor(day) for day in days])
        for region in range(shape[1]):
            noise = np.exp(rng.normal(0, self.people.day_noise, 7))
            for group, members in enumerate(GROUPS):
                split = self.people.class_split[WEEK_CLASSES[group]]
                weights = np.outer(factors * noise, [split[DAY_CLASSES[i]] for i in members])
                total, of_covid, of_flu = (int(value) for value in figures[region, group])
                cells = rng.multinomial(total, (weights / weights.sum()).ravel()).reshape(weights.shape)
                mine = share_out(rng, cells, of_covid)
                acts[:, region, members], covid[:, region, members] = cells, mine
                flu[:, region, members] = share_out(rng, cells - mine, of_flu)
        return acts, covid, flu


def share_out(rng: np.random.Generator, cells: Counts, wanted: int) -> Counts:
    """How many of `wanted` acts fall in each cell, every act equally likely (multivariate hypergeometric)."""
    flat = cells.ravel()
    return rng.multivariate_hypergeometric(flat, wanted, method="marginals").reshape(cells.shape)
