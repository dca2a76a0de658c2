"""What figures were before: trailing averages, changes on the period before and on the same one of earlier years.

Both are made of periods of which everything that was expected arrived (state `counted`), and are empty otherwise: a
week that lacks a feed is no decrease. A perimeter that is constant leaves more of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from surveillance.coding.rules import DIAGNOSIS, REASON
from surveillance.questions.asked import YEARS, Answer, Question
from surveillance.questions.periods import back, first_day, label, span, years_back
from surveillance.questions.presence import Window

if TYPE_CHECKING:
    import pandas as pd

BEFORE = "before"
REFERENCES = (BEFORE, *(f"{number}y" for number in YEARS))
SHARES = {DIAGNOSIS: "share_coded", REASON: "share_reason"}


def references(kind: str, name: str) -> dict[str, str | None]:
    """What a period is compared with: `before`, and `1y`, `2y`, `3y` → the name of that period."""
    years = {f"{number}y": years_back(kind, name, number) for number in YEARS}
    return {BEFORE: back(kind, name, 1), **years}


def looked_at(question: Question, seen: Window) -> Question | None:
    """The question whose whole periods the trends of this one are made of; None where they need none or its own do."""
    if not (question.moving or question.compare):
        return None
    if question.since < seen.first:  # nothing is known of the days before
        return None
    kind = question.of_time[0]
    starts = [first_day(kind, name) for name in _oldest(question, kind, label(kind, seen.first))]
    return replace(question, since=min(starts), rate=False)


def _oldest(question: Question, kind: str, first: str) -> list[str]:
    names = [back(kind, first, max(question.moving - 1, 0))]
    if question.compare:
        names += [name for name in references(kind, first).values() if name]
        names.append(label(kind, first_day(kind, first) - timedelta(days=371 * max(YEARS))))  # week 53 has none
    return names


def spans_of(question: Question, seen: Window) -> list[tuple[date, date]]:
    """The days that an answer with its trends is made of: those asked for, and those they are compared with."""
    asked = [(seen.first, seen.last)]
    if not (question.moving or question.compare) or seen.first > seen.last:
        return asked
    kind, names, day = question.of_time[0], set[str](), seen.first
    while day <= seen.last:
        names.add(label(kind, day))
        day = span(kind, day)[1] + timedelta(days=1)
    more = {back(kind, min(names), number) for number in range(1, question.moving)}
    if question.compare:
        more |= {name for one in names for name in references(kind, one).values() if name}
    return asked + [span(kind, first_day(kind, name)) for name in sorted(more - names)]


def with_trends(question: Question, table: pd.DataFrame, earlier: pd.DataFrame | None = None) -> pd.DataFrame:
    """The table with the columns that look at other cells; `earlier`: where those stand, when not in the table.

    moving_visits, moving_share (means of the last N periods, of visits and of the share of coded acts, or of acts with
    a call reason). For each reference (before, 1y, 2y, 3y): visits_REF, change_REF (visits), change_REF_percent (of
    visits_REF; empty where that is 0). Call it on what is shown: where a count is hidden, so is what it gives.
    """
    import pandas as pd

    if not (question.moving or question.compare):
        return table
    kind = question.of_time[0]
    others = [name for name in (*question.by, "syndrome") if name != kind]
    past = table if earlier is None else earlier
    good = past[past["state"] == "counted"]
    cells = list(table[[*others, kind]].itertuples(index=False, name=None))
    cut = {name: _cut(question, kind, name) for name in table[kind].unique()}
    whole = (table["state"] == "counted") & ~table[kind].map(cut).astype(bool)
    added: dict[str, Any] = {}
    if question.moving:
        trails = {name: [back(kind, name, n) for n in range(question.moving)] for name in cut}
        for said, column in (("visits", "visits"), ("share", SHARES[question.basis])):
            figures = _by_cell(good, kind, others, column)
            added[f"moving_{said}"] = pd.Series([_mean(figures, cell, trails[cell[-1]]) for cell in cells], table.index)
            added[f"moving_{said}"] = added[f"moving_{said}"].astype("float64").where(whole)
    if question.compare:
        visits, compared = _by_cell(good, kind, others, "visits"), {name: references(kind, name) for name in cut}
        now = table["visits"].astype("Int64").where(whole)
        for name in REFERENCES:
            was = [visits.get((*cell[:-1], compared[cell[-1]][name])) for cell in cells]
            then = pd.Series(pd.array(was, dtype="Float64"), table.index).astype("Int64")
            added |= {f"visits_{name}": then, f"change_{name}": now - then}
            added[f"change_{name}_percent"] = (100 * (now - then)).astype("Float64") / then.where(then > 0)
    return table.assign(**added)


def shown(answer: Answer) -> pd.DataFrame:
    """The table of an answer with its trends."""
    return with_trends(answer.question, answer.table, answer.earlier.table if answer.earlier else None)


def _by_cell(frame: pd.DataFrame, kind: str, others: list[str], column: str) -> dict[tuple[Any, ...], float]:
    """(other keys …, period) → a figure, where there is one."""
    shown = frame[frame[column].notna()]
    cells = shown[[*others, kind]].itertuples(index=False, name=None)
    return dict(zip(cells, shown[column].astype(float), strict=True))


def _mean(figures: Mapping[tuple[Any, ...], float], cell: tuple[Any, ...], trail: list[str]) -> float | None:
    found = [figures.get((*cell[:-1], period)) for period in trail]
    kept = [value for value in found if value is not None]
    return sum(kept) / len(trail) if len(kept) == len(trail) else None


def _cut(question: Question, kind: str, name: str) -> bool:
    """Did the question ask for a part of this period only?"""
    first, last = span(kind, first_day(kind, name))
    return first < question.since or last > question.until
