"""What is asked of the store, what comes back, and which questions mean nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, NoReturn

from surveillance.ages import load_acts, load_ages
from surveillance.coding.rules import BASES, DIAGNOSIS
from surveillance.coding.syndromes import load_syndromes
from surveillance.errors import UsageError
from surveillance.questions.periods import TIME
from surveillance.store import Store

if TYPE_CHECKING:
    import pandas as pd

PLACES = ("association", "department", "region", "national")
OF_PEOPLE = ("age", "sex", "act")  # the others are of time and place: there a feed can be missing
DIMENSIONS = (*TIME, *PLACES, *OF_PEOPLE)
PERIMETERS = ("current", "constant")
FIRST, LAST = date(2000, 1, 1), date(2100, 1, 1)  # no bound was asked
YEARS = (1, 2, 3)  # a change is told on the same period of each of these years before
ADDED_UP = ("total", "all", "sum", "syndrome", "syndromes", "group", "groups")  # asked for, and would be wrong
NEVER_ADDED = "syndromes are never added up: a visit may count in several, and would be counted as often"
ASK_INSTEAD = "ask for an umbrella definition, one that holds them all, as ira does (surveillance indicators)"


@dataclass(frozen=True)
class Question:
    """What is asked. Empty filters mean everything; `territories`: as in `associations_in`; `acts`: types of act.

    basis: by diagnosis or by call reason. as_of: as known, and coded, after that night. coding: as coded by that one.
    perimeter: current, or constant (only associations that sent every day). rate: visits per inhabitants too.
    moving: the periods of a moving average (0: none). compare: changes on earlier periods.
    """

    syndromes: tuple[str, ...]
    by: tuple[str, ...] = ("week",)
    since: date = FIRST
    until: date = LAST
    scheme: str = "gene5"
    ages: tuple[str, ...] = ()
    sexes: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    as_of: date | None = None
    basis: str = DIAGNOSIS
    coding: int | None = None
    acts: tuple[str, ...] = ()
    perimeter: str = "current"
    rate: bool = False
    moving: int = 0
    compare: bool = False

    @property
    def of_time(self) -> tuple[str, ...]:
        """Its dimensions of time."""
        return tuple(name for name in self.by if name in TIME)

    @property
    def whereabouts(self) -> tuple[str, ...]:
        """Its dimensions of time and place."""
        return tuple(name for name in self.by if name not in OF_PEOPLE)

    @property
    def brief(self) -> bool:
        """Do the abridged ledgers tell enough for it?"""
        return not (self.sexes or self.acts or {"department", "sex", "act"} & {*self.by})

    @property
    def of_people(self) -> tuple[str, ...]:
        """Its dimensions of people and of what was done for them."""
        return tuple(name for name in self.by if name in OF_PEOPLE)


@dataclass(frozen=True)
class Earlier:
    """The whole periods that moving averages and changes look at, asked like the answer itself."""

    question: Question
    table: pd.DataFrame


@dataclass(frozen=True)
class Answer:
    """The table, and what one must know to read it.

    question: the one that was answered (territories: those of the perimeter). earlier: the periods that `with_trends`
    needs beside the table, where the question wants averages or changes.
    """

    table: pd.DataFrame
    facts: dict[str, str]
    question: Question = field(default_factory=lambda: Question(()))
    earlier: Earlier | None = None


def refuse_total() -> NoReturn:
    """UsageError: a total of syndromes would be wrong."""
    raise UsageError(f"--total: {NEVER_ADDED}", ASK_INSTEAD)


def checked(question: Question) -> None:
    """UsageError for a question that can mean nothing, or something wrong, whatever the store holds."""
    if question.basis not in BASES:
        raise UsageError(f"--basis knows {' and '.join(BASES)}, not {question.basis!r}")
    if added := [name for name in question.by if name in ADDED_UP]:
        raise UsageError(f"--by {added[0]}: {NEVER_ADDED}", ASK_INSTEAD)
    unknown = [name for name in question.by if name not in DIMENSIONS]
    if unknown:
        raise UsageError(f"--by does not know {', '.join(unknown)}", f"it knows: {', '.join(DIMENSIONS)}")
    if question.perimeter not in PERIMETERS:
        raise UsageError(f"--perimeter knows {' and '.join(PERIMETERS)}, not {question.perimeter!r}")
    if question.moving < 0 or question.moving == 1:
        raise UsageError(f"--moving {question.moving} averages nothing", "give 2 periods or more")
    if (question.moving or question.compare) and len(question.of_time) != 1:
        option = "--compare" if question.compare else "--moving"
        raise UsageError(f"{option} looks back in time, by one of {', '.join(TIME)}", "for example --by week,region")


def known_names(store: Store, question: Question) -> None:
    """UsageError where a syndrome, an age group or a type of act is none."""
    known = {item.id for item in load_syndromes(store.content)}
    strange = [name for name in question.syndromes if name not in known]
    if strange:
        raise UsageError(f"no case definition is called {', '.join(strange)}", f"there are: {', '.join(sorted(known))}")
    groups = load_ages(store.content).scheme(question.scheme).groups
    if lost := [age for age in question.ages if age not in groups]:
        raise UsageError(f"the age scheme {question.scheme} has no {', '.join(lost)}", f"it has: {', '.join(groups)}")
    acts = load_acts(store.content)
    if lost := [act for act in question.acts if act not in acts.counted]:
        why = "is not counted as an act" if lost[0] in acts.not_counted else "is no type of act"
        raise UsageError(f"{lost[0]} {why}", f"counted are: {', '.join(acts.counted)} (indicators/acts.toml)")


def placed(store: Store, question: Question) -> Question:
    """The question with its night and its coding: a past night has its coding, a past coding its last night."""
    if question.coding is None:
        return question
    codings = {row[0]: row[1] for row in store.rows("SELECT number, from_night FROM codings")}
    if question.coding not in codings:
        raise UsageError(f"there is no coding {question.coding}", "surveillance indicators codings lists them")
    later = [night for number, night in codings.items() if number > question.coding]
    last = min(later) - timedelta(days=1) if later else None
    if last and question.as_of and question.as_of > last:
        raise UsageError(
            f"coding {question.coding} ended with the night of {last}: what was told later was never coded by it",
            f"--as-of {last}, or no --as-of",
        )
    return replace(question, as_of=question.as_of or last)
