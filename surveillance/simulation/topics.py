"""What the acts are about: the chance of each topic by age band in a week, and the diagnoses and words of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from surveillance.simulation.published import Counts
from surveillance.simulation.recipes import BANDS, Level, Recipes

Floats = npt.NDArray[np.float64]
MOST = 0.92  # of the acts of an age band at most belong to a listed syndrome: the rest must stay possible
NONE = 1e-9
STRIKE = 0.75  # of the median day of its week: below it are 14 February and 13 October 2023, and no other day to 2024


@dataclass(frozen=True)
class Catalogue:
    """The CIM-10 codes written, and tables of chances to choose them: rows are topics, columns are codes.
    Phrases: two lists per topic, of children (2 * topic) and of adults (2 * topic + 1)."""

    topics: tuple[str, ...]
    codes: tuple[str, ...]
    first: Floats
    second: Floats
    phrases: tuple[tuple[str, ...], ...]
    motifs: tuple[tuple[str, ...], ...]


def make_catalogue(recipes: Recipes) -> Catalogue:
    """The catalogue of the recipes; the chances are cumulated along each row."""
    topics = recipes.topics
    names = {code for name in topics for code in (*recipes.topic(name).codes, *recipes.topic(name).second)}
    codes = tuple(sorted(names | set(recipes.diagnoses.neutral)))
    first, second = (np.zeros((len(topics), len(codes))) for _ in range(2))
    neutral = sum(recipes.diagnoses.neutral.values())
    for row, name in enumerate(topics):
        for code, weight in recipes.topic(name).codes.items():
            first[row, codes.index(code)] = weight
        for code, weight in recipes.diagnoses.neutral.items():
            second[row, codes.index(code)] += 6 * weight / neutral
        for code, weight in recipes.topic(name).second.items():
            second[row, codes.index(code)] += weight
    words = [recipes.reasons.topic[name] for name in topics]
    return Catalogue(
        topics,
        codes,
        cumulated(first),
        cumulated(second),
        tuple(
            said for word in words for said in (tuple(word.phrases + word.children), tuple(word.phrases + word.adults))
        ),
        tuple(tuple(word.motifs) for word in words),
    )


def cumulated(weights: Floats) -> Floats:
    """Cumulated chances along each row, the last one being 1."""
    sums = np.cumsum(weights, axis=1)
    found: Floats = sums / np.maximum(sums[:, -1:], NONE)
    return found


def choose(rows: npt.NDArray[np.int64], chances: Floats, u: Floats) -> npt.NDArray[np.int64]:
    """For each u in [0, 1) the column of its row of cumulated chances."""
    found = np.empty(len(rows), np.int64)
    for row in np.unique(rows):
        mine = rows == row
        found[mine] = np.searchsorted(chances[row], u[mine], side="right")
    return found.clip(max=chances.shape[1] - 1)


def level_in(level: Level, week: int) -> float:
    """Acts in France in that ISO week, by the season curve."""
    angle = 2 * math.pi * (week - level.peak) / 52
    return level.low + (level.high - level.low) * math.exp(level.sharpness * (math.cos(angle) - 1))


def wanted_acts(recipes: Recipes, number: int, start: date, seed: int) -> float:
    """Acts in France for the level of that number in the week of `start`: its curve, a good or bad season, a week."""
    level, people = recipes.levels.syndrome[number], recipes.people
    year, week, _ = start.isocalendar()
    season = np.random.default_rng([seed, 2, year + (week >= 31), number]).normal(0, people.season_noise)
    now = np.random.default_rng([seed, 3, start.toordinal(), number]).normal(0, people.week_noise)
    return float(level_in(level, week) * math.exp(season + now))


def topic_chances(recipes: Recipes, start: date, acts: Floats, seed: int) -> Floats:
    """Cumulated chances, age bands × topics, for acts that are neither COVID-19 nor flu in the week of `start`.

    `acts`: number of such acts of the week in France in each band (the last, unknown age, takes the mean).
    """
    topics = recipes.topics
    found = np.zeros((len(BANDS), len(topics)))
    for number, level in enumerate(recipes.levels.syndrome):
        shares = np.array([level.ages.get(band, 0.0) for band in BANDS[:-1]])
        wanted = wanted_acts(recipes, number, start, seed) * shares / shares.sum()
        found[:-1, topics.index(level.id)] = wanted / np.maximum(acts[:-1], 1)
    found[:-1] *= np.minimum(1, MOST / np.maximum(found[:-1].sum(axis=1, keepdims=True), NONE))
    rest = 1 - found.sum(axis=1)
    others = np.array(
        [
            [
                recipes.diagnoses.other[name].weight * recipes.diagnoses.other[name].ages.get(band, 1.0)
                for name in recipes.diagnoses.other
            ]
            for band in BANDS
        ]
    )
    found[:, len(recipes.diagnoses.syndrome) :] = others / others.sum(axis=1, keepdims=True) * rest[:, None]
    found[-1] = np.average(found[:-1], axis=0, weights=np.maximum(acts[:-1], NONE))
    found[-1, topics.index("bronchiolite")] = 0  # defined below two years only
    return cumulated(found)


def band_acts(week: Counts, ages: Floats) -> Floats:
    """Acts of a week that are neither COVID-19 nor flu by age band; `ages`: shares of 0, 1, 2-4 years in 0-4.

    With those that a strike lost: it takes acts of every kind, and puts none off to the days around it.
    """
    classes = week[..., 2].sum(axis=(0, 1)) * with_lost(week.sum(axis=(1, 2, 3)))
    return np.concatenate([classes[0] * ages, classes[1:]])


def with_lost(days: npt.NDArray[np.int64]) -> float:
    """Acts of a week, had no day been a strike, over those there were; 1 without one. `days`: acts of each day."""
    known = days[days > 0]
    if not len(known):
        return 1.0
    usual = float(np.median(known))
    return float(np.where(known < STRIKE * usual, usual, known).sum() / known.sum())
