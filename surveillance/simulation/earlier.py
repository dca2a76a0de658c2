"""Seasons before the simulated nights: the share each syndrome would have had, without drawing a single visit.

Nothing here is observed: levels of extracts/simulation/levels.toml with the noise of the same seed, over published
numbers of acts. The demonstration lays them beside its own weeks, marked as simulated.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from surveillance.clock import monday
from surveillance.coding.syndromes import Syndrome, load_syndromes
from surveillance.content import Content
from surveillance.simulation.published import load_published
from surveillance.simulation.recipes import Recipes, load_recipes
from surveillance.simulation.topics import Floats, make_catalogue, wanted_acts

RATES = "indicators/published/national_weekly_rates.csv.gz"
DRAWN = ("covid", "grippe")  # published: they have no level, and their own earlier seasons are real


@dataclass(frozen=True)
class EarlierWeek:
    """One syndrome in one ISO week (`2022-W05`): its share of the coded acts (0..1), as it would be simulated."""

    syndrome: str
    week: str
    share: float


def earlier_weeks(content: Content, first: date, last: date, seed: int) -> Iterator[EarlierWeek]:
    """Every syndrome that has a simulated level, in each whole week from `first` up to the one before that of `last`.

    COVID-19 and flu have published seasons; of other definitions nothing is known, and nothing is said.
    """
    recipes = load_recipes(content)
    known = set(recipes.diagnoses.syndrome) - set(DRAWN)
    syndromes = [one for one in load_syndromes(content) if one.id in known and one.in_force(last)]
    chances = {one.id: counting_chances(recipes, one) for one in syndromes}
    weeks = {start: float(figures[..., 0].sum()) for start, figures in load_published(content, None).weeks.items()}
    rates = _published_shares(content)
    start = monday(first + timedelta(days=6))
    while start < monday(last):
        acts, name = acts_of(weeks, start), start.strftime("%G-W%V")
        about = _topics(recipes, start, seed, acts, {one: rates.get((one, name), 0.0) for one in DRAWN})
        for one in syndromes:
            yield EarlierWeek(one.id, name, float((about * chances[one.id]).sum() / acts))
        start += timedelta(weeks=1)


def csv_of(weeks: Iterable[EarlierWeek]) -> str:
    """A file of indicators/history: every share stands there as simulated."""
    return "syndrome,week,share,source\n" + "".join(
        f"{one.syndrome},{one.week},{one.share:.6f},simulated\n" for one in weeks
    )


def counting_chances(recipes: Recipes, syndrome: Syndrome) -> Floats:
    """For each topic the chance that a coded act about it counts in the syndrome, by any of its diagnoses.

    A definition with ages takes only the topic of its own name, whose acts have those ages.
    """
    catalogue, people = make_catalogue(recipes), recipes.people
    counted = np.array([syndrome.covers(code) for code in catalogue.codes], float)
    first = np.diff(catalogue.first, axis=1, prepend=0) @ counted
    second = np.diff(catalogue.second, axis=1, prepend=0) @ counted
    found: Floats = first + (1 - first) * people.second_diagnosis * (1 + people.third_diagnosis) * second
    if syndrome.age_min_months is not None or syndrome.age_max_months is not None:
        found = found * np.array([name == syndrome.id for name in catalogue.topics])
    return found


def acts_of(weeks: dict[date, float], start: date) -> float:
    """Published coded acts of the week, or those of the same ISO week in the nearest year that was published."""
    number = start.isocalendar().week
    alike = [week for week in weeks if week.isocalendar().week == number] or list(weeks)
    return weeks[min(alike, key=lambda week: abs(week - start))]


def _topics(recipes: Recipes, start: date, seed: int, acts: float, published: dict[str, float]) -> Floats:
    """Acts of the week about each topic; 0 for those that are in no syndrome."""
    levels = {level.id: wanted_acts(recipes, n, start, seed) for n, level in enumerate(recipes.levels.syndrome)}
    shown = levels | {name: share * acts for name, share in published.items()}
    return np.array([shown.get(name, 0.0) for name in recipes.topics])


def _published_shares(content: Content) -> dict[tuple[str, str], float]:
    rows = csv.DictReader(gzip.decompress(content.bytes(RATES)).decode().splitlines())
    return {(row["syndrome"], row["week"]): float(row["rate"]) / 100_000 for row in rows if row["age"] == "all"}
