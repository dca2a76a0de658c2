"""A file sent again with corrections: the same visits, some changed, none of the published counts touched."""

from __future__ import annotations

from datetime import date

import numpy as np

from surveillance.simulation.people import BAND_FROM, months_before
from surveillance.simulation.recipes import OUTCOMES, Recipes
from surveillance.simulation.topics import Catalogue
from surveillance.simulation.visits import CODED_KINDS, NO, Visits

SHARE = 0.05  # of the visits of the file are changed, and three at least
ADULT = 16  # years: below, a corrected age could leave its band


def corrected(visits: Visits, recipes: Recipes, catalogue: Catalogue, seed: list[int]) -> tuple[Visits, int]:
    """The visits with a twentieth changed in turn (outcome, second diagnosis, age in its band), and how many.

    The added diagnosis is one of `neutral` (in no case definition) and goes only to acts that are coded already.
    """
    rng = np.random.default_rng(seed)
    number = min(len(visits), max(3, round(SHARE * len(visits))))
    picked = rng.permutation(len(visits))[:number]
    outcome, second, years, birth = (
        column.copy() for column in (visits.outcome, visits.diag2, visits.years, visits.birth)
    )
    neutral = [catalogue.codes.index(code) for code in recipes.diagnoses.neutral]
    changed = 0
    for turn, position in enumerate(picked.tolist()):
        day = date.fromordinal(int(visits.day[position]))
        age = _other_age(int(years[position]))
        if turn % 3 == 1 and visits.kind[position] < CODED_KINDS and second[position] == NO:
            second[position] = neutral[turn // 3 % len(neutral)]
        elif turn % 3 == 2 and age is not None:
            years[position] = age
            birth[position] = (months_before(day, 12 * age) + months_before(day, 12 * age + 12)) // 2
        else:
            outcome[position] = OUTCOMES.index("SAU") if outcome[position] != OUTCOMES.index("SAU") else 0
        changed += 1
    return visits.changed(outcome=outcome, diag2=second, years=years, birth=birth), changed


def _other_age(years: int) -> int | None:
    """An age one year apart in the same band; None for children and unknown ages."""
    if not ADULT <= years < 100:
        return None
    return years - 1 if years + 1 in BAND_FROM else years + 1
