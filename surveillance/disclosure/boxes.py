"""What the cells of an answer are counted over: the days, associations, ages, sexes and acts of each label."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from surveillance.ages import load_ages
from surveillance.associations import load_associations
from surveillance.content import Content
from surveillance.disclosure.sheets import Cut
from surveillance.perimeters import associations_in
from surveillance.questions import Question


def cuts_of(
    content: Content, question: Question, first: date, last: date, labels: dict[str, list[str]]
) -> dict[str, Cut]:
    """The cut of every dimension of a question. labels: those of its answer, where a label is the element itself."""
    return {name: _cut(name, content, question, (first, last), labels[name]) for name in question.by}


def within_of(content: Content, question: Question, first: date, last: date) -> dict[str, tuple[str, ...]]:
    """Axis → the elements that the filters of a question let through; always days and associations."""
    members = load_associations(content)
    places = associations_in(question.territories, members) or tuple(sorted(item.code for item in members))
    found: dict[str, tuple[str, ...]] = {"visit_day": tuple(map(str, _days(first, last))), "association": places}
    if question.ages:
        groups = load_ages(content).scheme(question.scheme).groups
        found["age_band"] = tuple(band for group in question.ages for band in groups[group])
    if question.sexes:
        found["sex"] = tuple(question.sexes)
    if acts := getattr(question, "acts", ()):
        found["act_type"] = tuple(acts)
    return found


def _cut(name: str, content: Content, question: Question, days: tuple[date, date], labels: list[str]) -> Cut:
    if name in ("day", "week", "month", "season"):
        return Cut("visit_day", _gathered((label_of(name, day), str(day)) for day in _days(*days)))
    if name in ("region", "national"):
        members = load_associations(content)
        pairs = ((item.region if name == "region" else "FR", item.code) for item in members)
        return Cut("association", _gathered(pairs))
    if name == "age":
        return Cut(
            "age_band",
            {label: tuple(bands) for label, bands in load_ages(content).scheme(question.scheme).groups.items()},
        )
    axis = {"association": "association", "department": "department", "sex": "sex", "act": "act_type"}[name]
    return Cut(axis, {label: (label,) for label in sorted(set(labels))})


def label_of(unit: str, day: date) -> str:
    """What an answer calls the day, ISO week, month or season (September to August) of a day."""
    if unit == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    begins = day.year - (day.month < 9)
    return {"day": f"{day}", "month": f"{day:%Y-%m}", "season": f"{begins}-{(begins + 1) % 100:02}"}[unit]


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for label, element in pairs:
        found.setdefault(label, []).append(element)
    return {label: tuple(elements) for label, elements in found.items()}
