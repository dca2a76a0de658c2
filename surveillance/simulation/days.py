"""The visits of one day in France, drawn from the counts of that day: the same for a seed, whatever is asked."""

from __future__ import annotations

import zlib
from datetime import date
from functools import lru_cache

import numpy as np

from surveillance.clock import monday
from surveillance.simulation import details, people, topics
from surveillance.simulation.outbreaks import Outbreak
from surveillance.simulation.people import Ints
from surveillance.simulation.published import Counts
from surveillance.simulation.recipes import SEXES
from surveillance.simulation.topics import Floats
from surveillance.simulation.visits import NO, Visits, concatenate, make_visits
from surveillance.simulation.weeks import COVID, FLU
from surveillance.simulation.world import World

EXTRA_SERIAL = 5000  # numbers of the visits of outbreaks begin here, so that the others keep theirs
CHILD = 15  # years: below, the words of children


class Days:
    """Draws days, and keeps the last ones: a night needs the fourteen before it."""

    def __init__(self, world: World, keep: int = 18) -> None:
        self.world = world
        self.visits = lru_cache(keep)(self._visits)
        self._week = lru_cache(4)(self._plan)

    def _plan(self, start: date) -> tuple[Counts, Floats]:
        recipes = self.world.recipes
        week = self.world.planner.week(start)
        acts = topics.band_acts(week, people.infant_shares(recipes.people))
        return week, topics.topic_chances(recipes, start, acts, self.world.seed)

    def counts(self, day: date) -> Counts:
        """Coded acts of a day, without outbreaks: regions × day classes × (covid, flu, other)."""
        found: Counts = self._week(monday(day))[0][day.weekday()]
        return found

    def _visits(self, day: date) -> Visits:
        if not self.world.published.has(day):
            return concatenate([])
        rng = np.random.default_rng([self.world.seed, 4, day.toordinal()])
        parts = [numbered(self._draw(rng, day, *self._usual(rng, day)), 0)]
        for outbreak in self.world.outbreaks:
            if number := outbreak.on(day):
                own = np.random.default_rng([self.world.seed, 5, day.toordinal(), zlib.crc32(outbreak.text().encode())])
                first = EXTRA_SERIAL * len(parts)
                parts.append(numbered(self._draw(own, day, *self._extra(own, outbreak, day, number)), first))
        return concatenate(parts)

    def _usual(self, rng: np.random.Generator, day: date) -> tuple[Ints, Ints, Ints, Ints]:
        """Association, age class, kind, topic (NO = to be drawn) of the acts counted and of what is on top."""
        world, recipes = self.world, self.world.recipes.people
        coded = self.counts(day)
        acts = coded.sum(axis=2)
        extra = [
            rng.poisson(acts * share / (1 - share)) for share in (recipes.uncoded, recipes.advice, recipes.cancelled)
        ]
        cells = np.concatenate([coded, np.stack(extra, axis=2)], axis=2)
        region, age, kind = (axis.repeat(cells.ravel()) for axis in (part.ravel() for part in np.indices(cells.shape)))
        u = rng.random(len(region))
        association = np.empty(len(region), np.int64)
        for number, code in enumerate(world.published.regions):
            mine = region == number
            if mine.any():
                senders, weights = world.senders(code, day)
                sums = np.cumsum(weights)
                association[mine] = np.array(senders)[np.searchsorted(sums / sums[-1], u[mine], side="right")]
        return association, age, kind, np.full(len(region), NO)

    def _extra(
        self, rng: np.random.Generator, outbreak: Outbreak, day: date, number: int
    ) -> tuple[Ints, Ints, Ints, Ints]:
        senders = [n for n, item in enumerate(self.world.associations) if outbreak.touches(item) and item.open_on(day)]
        volumes = np.array([self.world.associations[n].usual_volume for n in senders])
        association = rng.choice(senders, number, p=volumes / volumes.sum())
        usual = self.counts(day).sum(axis=(0, 2))[outbreak.classes()] + 1.0
        age = rng.choice(outbreak.classes(), number, p=usual / usual.sum())
        topic = self.world.recipes.topics.index(outbreak.syndrome)
        kind = {"covid": COVID, "grippe": FLU}.get(outbreak.syndrome, 2)
        return association, age, np.full(number, kind), np.full(number, topic)

    def _draw(
        self, rng: np.random.Generator, day: date, association: Ints, age: Ints, kind: Ints, topic: Ints
    ) -> Visits:
        """Everything else of each visit. Always the same number of draws in the same order."""
        world, recipe = self.world, self.world.recipes.people
        u = iter(rng.random((22, len(age))))
        years = people.draw_years(age, next(u), world.ages)
        years = np.where(topic == world.recipes.topics.index("bronchiolite"), years % 2, years)  # outbreaks only
        births, months = people.draw_births(day, years, next(u))
        drawn = topics.choose(people.bands_of(years), self._week(monday(day))[1], next(u))
        names = world.recipes.topics
        drawn = np.where(kind == COVID, names.index("covid"), np.where(kind == FLU, names.index("grippe"), drawn))
        topic = np.where(topic == NO, drawn, topic)
        hours = details.hours(world, day, association, [next(u) for _ in range(3)])
        diagnoses = details.diagnoses(world, kind, topic, [next(u) for _ in range(5)])
        phrases = np.array([len(found) for found in world.catalogue.phrases])[2 * topic + (years >= CHILD)]
        motifs = np.array([len(found) for found in world.catalogue.motifs])[topic]
        second = np.where(next(u) < recipe.second_reason, (next(u) * phrases).astype(int), NO)
        return make_visits(
            association=association,
            day=np.full(len(age), day.toordinal()),
            serial=np.zeros(len(age), int),
            kind=kind,
            delay=details.delays(world, association, hours["start"], next(u)),
            **hours,
            sex=np.searchsorted(np.cumsum([recipe.sex[name] for name in SEXES]), next(u), side="right").clip(max=2),
            years=years,
            months=months,
            birth=births,
            topic=topic,
            **diagnoses,
            slot=(next(u) * 12).astype(int),
            phrase1=(next(u) * phrases).astype(int),
            phrase2=second,
            motif=(next(u) * motifs).astype(int),
            outcome=details.outcomes(world, topic, years, next(u)),
            act=details.acts(world, day, kind, next(u)),
            place=details.places(world, association, next(u), next(u)),
        )


def numbered(visits: Visits, first: int) -> Visits:
    """The visits in the order of their association and hour, each with its number in the day of its association."""
    ordered = visits.in_order()
    starts = np.searchsorted(ordered.association, ordered.association, side="left")
    return ordered.changed(serial=first + np.arange(len(ordered)) - starts)
