"""Everything a simulated night is made of, loaded once: registry, counts, recipes, places, delays, weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from surveillance.associations import Association, load_associations
from surveillance.calendar import WEEKDAYS, load_indices
from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.simulation.codes import Spelling, load_spellings
from surveillance.simulation.outbreaks import Outbreak
from surveillance.simulation.people import year_chances
from surveillance.simulation.places import Places, load_places
from surveillance.simulation.published import Published, load_published
from surveillance.simulation.recipes import FOLDER, Recipes, load_recipes, table
from surveillance.simulation.topics import Catalogue, Floats, make_catalogue
from surveillance.simulation.weeks import Planner

DELAYS = "indicators/published/delays.csv"
WEIGHTS = f"{FOLDER}/department_weights.csv"


@dataclass(frozen=True)
class World:
    """The tables a day and a night are drawn from."""

    seed: int
    associations: tuple[Association, ...]
    published: Published
    planner: Planner
    recipes: Recipes
    catalogue: Catalogue
    places: Places
    spellings: dict[str, Spelling]
    delays: Floats
    ages: Floats
    weights: dict[str, tuple[float, ...]]
    outbreaks: tuple[Outbreak, ...]

    def senders(self, region: str, day: date) -> tuple[list[int], Floats]:
        """Positions of the associations of a région that work that day, and how they share its acts.

        By département (weights and weekday profile, 2020-2021), then by usual volume inside it.
        """
        night = day + timedelta(days=1)  # a closure is declared for visit days, its file is that of the night after
        found = [n for n, item in enumerate(self.associations) if item.region == region and item.open_on(night)]
        volume: dict[str, float] = {}
        for n in found:
            item = self.associations[n]
            volume[item.department] = volume.get(item.department, 0) + item.usual_volume
        weights = []
        for n in found:
            item = self.associations[n]
            of_department = self.weights.get(item.department)
            share = item.usual_volume / volume[item.department]
            weights.append(of_department[day.weekday()] * share if of_department else item.usual_volume)
        return found, np.array(weights)


def load_world(content: Content, seed: int, counts: Path | None = None, outbreaks: Sequence[Outbreak] = ()) -> World:
    """The world of a seed; ContentError where a table is wrong or a région has acts but no association."""
    published = load_published(content, counts)
    recipes = load_recipes(content)
    catalogue = make_catalogue(recipes)
    associations = load_associations(content)
    if orphans := sorted(set(published.regions) - {item.region for item in associations}):
        raise ContentError(
            "extracts/associations.toml", "region", f"no association in région {', '.join(orphans)}, which has acts"
        )
    return World(
        seed=seed,
        associations=associations,
        published=published,
        planner=Planner(published, load_indices(content), recipes.people, seed),
        recipes=recipes,
        catalogue=catalogue,
        places=load_places(content),
        spellings=load_spellings(content, recipes, catalogue),
        delays=_delays(content),
        ages=year_chances(recipes.people),
        weights=_weights(content),
        outbreaks=tuple(outbreaks),
    )


def _delays(content: Content) -> Floats:
    rows = sorted(table(content, DELAYS), key=lambda row: int(row["delay"]))
    if [int(row["delay"]) for row in rows] != list(range(1, len(rows) + 1)):
        raise ContentError(DELAYS, "delay", "the delays must go from 1 day on, without a gap")
    shares = np.array([float(row["share"]) for row in rows])
    known: Floats = np.cumsum(shares) / shares.sum()
    return known


def _weights(content: Content) -> dict[str, tuple[float, ...]]:
    """Acts a day of each département for each weekday."""
    return {
        row["department"]: tuple(float(row["acts_per_day"]) * float(row[day]) for day in WEEKDAYS)
        for row in table(content, WEIGHTS)
    }
