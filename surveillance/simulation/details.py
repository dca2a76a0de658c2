"""What is drawn of each visit once its association, age and topic are known: hours, diagnoses, outcome, place."""

from __future__ import annotations

from datetime import date

import numpy as np

from surveillance.simulation import people, topics
from surveillance.simulation.people import Ints
from surveillance.simulation.recipes import OUTCOMES, SEVERE
from surveillance.simulation.stamps import skipped
from surveillance.simulation.topics import Floats
from surveillance.simulation.visits import ADVICE, CANCELLED, CODED_KINDS, NO
from surveillance.simulation.world import World

NEVER = 10_000  # minutes: later than any
# Overseas to the west, a visit begun after this is not yet in the file that leaves in the small hours of Paris.
EVENING = 21 * 60


def diagnoses(world: World, kind: Ints, topic: Ints, u: list[Floats]) -> dict[str, Ints]:
    """First, second and third diagnosis (positions in the catalogue) of the coded acts; NO elsewhere."""
    recipe, catalogue = world.recipes.people, world.catalogue
    first = np.where(kind < CODED_KINDS, topics.choose(topic, catalogue.first, u[0]), NO)
    some = (first != NO) & (u[1] < recipe.second_diagnosis)
    second = np.where(some, topics.choose(topic, catalogue.second, u[2]), NO)
    second = np.where(second == first, NO, second)
    more = (second != NO) & (u[3] < recipe.third_diagnosis)
    third = np.where(more, topics.choose(topic, catalogue.second, u[4]), NO)
    third = np.where((third == first) | (third == second), NO, third)
    return {"diag1": first, "diag2": second, "diag3": third}


def hours(world: World, day: date, association: Ints, u: list[Floats]) -> dict[str, Ints]:
    """Start, call and end; out of the hour that a clock change leaves out, on the side that keeps their order."""
    recipe = world.recipes.people
    start = people.draw_minutes(recipe.hours, u[0])
    call, end = (
        start - people.triangle(recipe.call_to_start, u[1]),
        start + people.triangle(recipe.duration, u[2]),
    )
    gaps = [skipped(item.timezone, day) for item in world.associations]
    if any(gaps):
        low, high = (np.array([gap[side] if gap else NEVER for gap in gaps])[association] for side in (0, 1))
        late, early = (start >= low) & (start < high), (call >= low) & (call < high)
        step = high - low
        end = np.where(late | ((end >= low) & (end < high)), end + step, end)
        start, call = np.where(late, start + step, start), np.where(early, call - step, call)
    return {"start": start, "call": call, "end": end}


def delays(world: World, association: Ints, start: Ints, u: Floats) -> Ints:
    """Days until each visit reaches its association's file, from 1."""
    delays = 1 + np.searchsorted(world.delays, u, side="right").clip(max=len(world.delays) - 1)
    west = np.array([item.timezone.startswith("America/") for item in world.associations])
    return np.where(west[association] & (start >= EVENING), np.maximum(delays, 2), delays)


def outcomes(world: World, topic: Ints, years: Ints, u: Floats) -> Ints:
    """What became of the patient (positions in OUTCOMES), worse for some topics and for the old."""
    recipe = world.recipes.people
    severity = np.array([recipe.severity.get(name, 1.0) for name in world.recipes.topics])[topic]
    severity = np.where(years >= 75, 2 * severity, severity)
    shares = np.array([recipe.outcome[name] for name in OUTCOMES])
    rows = np.tile(shares, (len(topic), 1))
    for name in SEVERE:
        rows[:, OUTCOMES.index(name)] *= severity
    rows[:, 0] = np.maximum(1 - rows[:, 1:].sum(axis=1), 0)
    sums = np.cumsum(rows, axis=1)
    found: Ints = (u[:, None] * sums[:, -1:] >= sums).sum(axis=1).clip(max=len(OUTCOMES) - 1)
    return found


def acts(world: World, day: date, kind: Ints, u: Floats) -> Ints:
    """Type of act (positions in ACTS)."""
    recipe = world.recipes.people
    acts = np.where(u < recipe.centre.on_day(day), 1, 0)
    acts = np.where(kind == ADVICE, np.where(u < recipe.teleconsultation, 2, 3), acts)
    return np.where(kind == CANCELLED, 4, acts)


def places(world: World, association: Ints, where: Floats, u: Floats) -> Ints:
    """Where each patient lives: mostly the département of the association."""
    places, recipe = world.places, world.recipes.people
    whole = (0, len(places.postal))
    own = np.array([places.departments.get(item.department, whole) for item in world.associations])
    near = np.array([places.regions.get(item.region, whole) for item in world.associations])
    bounds = np.where((where < recipe.elsewhere)[:, None], near[association], own[association])
    bounds = np.where((where < recipe.elsewhere / 2)[:, None], np.array(whole), bounds)
    return places.draw(bounds, u)
