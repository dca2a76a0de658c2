"""Software that fails: visits it loses or doubles, and texts it writes in another way than was agreed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from surveillance.associations import Association
from surveillance.simulation.stamps import Texts
from surveillance.simulation.visits import NO, Small, Visits, concatenate
from surveillance.simulation.wording import Wording
from surveillance.simulation.world import World

STRIKE = 0.13  # of the visits of an ordinary day, on 14 February 2023 (published counts of Santé publique France)
SEX_UNKNOWN = 2  # position of "NR" in simulation.recipes.SEXES
SECOND_SERIES, THIRD_SERIES = 50_000, 70_000  # serial numbers of a day from here are never drawn
NOBODYS_CODE = "ZZ9.Z"  # in no thesaurus
Change = Callable[[Visits], Visits]


def _without_last_day(visits: Visits) -> Visits:
    last = visits.day.max() if len(visits) else 0
    return visits.take(visits.day != last)


def _doubled(visits: Visits) -> Visits:
    return concatenate([visits, visits.changed(serial=visits.serial + SECOND_SERIES)])


def _strike(visits: Visits) -> Visits:
    kept = np.floor((np.arange(len(visits)) + 1) * STRIKE) > np.floor(np.arange(len(visits)) * STRIKE)
    return visits.take(kept)


def _constant(visits: Visits, value: int) -> Small:
    return np.full(len(visits), value, np.int32)


ALTERED: dict[str, Change] = {
    "zero_day": _without_last_day,
    "doubled": _doubled,
    "tripled": lambda v: concatenate([_doubled(v), v.changed(serial=v.serial + THIRD_SERIES)]),
    "strike": _strike,
    "lost_diagnoses": lambda v: v.changed(diag1=_constant(v, NO), diag2=_constant(v, NO), diag3=_constant(v, NO)),
    "lost_sex": lambda v: v.changed(sex=_constant(v, SEX_UNKNOWN)),
}


class Ageless(Wording):
    """Neither age nor birth date; what was said on the telephone is still that of a child or of an adult."""

    def __init__(self, world: World, association: Association, visits: Visits) -> None:
        nothing = _constant(visits, NO)
        super().__init__(world, association, visits.changed(years=nothing, months=nothing, birth=_constant(visits, 0)))
        self.whole = Wording(world, association, visits)

    def phrases(self, column: Small) -> Texts:
        """The reasons as they were."""
        return self.whole.phrases(column)


class UnknownCodes(Wording):
    """Every diagnosis is a code that no thesaurus knows."""

    def diagnoses(self, column: Small, cim10: bool = False, labels: bool = False) -> Texts:
        """The label stays, the code is nobody's."""
        found = super().diagnoses(column, cim10, labels)
        return found if labels else [NOBODYS_CODE if code else "" for code in found]


class MonthFirst(Wording):
    """Dates as an American system writes them."""

    def moments(self, kind: str, minute: Small) -> Texts:
        """Month before day, where the form has a day and a month that can be exchanged."""
        return super().moments({"day": "month_first", "both": "month_first_hour"}.get(kind, kind), minute)


class Mojibake(Wording):
    """UTF-8 that something read as Windows text, and wrote again, among letters that are right."""

    def phrases(self, column: Small) -> Texts:
        """The accents of the call reasons are spoiled."""
        return ["".join(SPOILED.get(letter, letter) for letter in text) for text in super().phrases(column)]


# The simulator's words have no accents: they are put where they can be, and spoiled.
SPOILED = {"e": "é".encode().decode("iso-8859-1"), "a": "à"}
WORDED: dict[str, type[Wording]] = {
    "lost_ages": Ageless,
    "unknown_codes": UnknownCodes,
    "month_first": MonthFirst,
    "mojibake": Mojibake,
}
