"""The clauses of a call reason: items between commas, stops, brackets, slashes and spaced dashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict

from surveillance.reasons.terms import Item

BREAKS = frozenset(",;.()!?\n") | {"mais", "puis"}
OF_A_TEST = ("test", "test_covid")


class Groups(BaseModel):
    """Concepts that behave alike: those that spread, those felt now even beside a known disease, those that last."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    contagious: frozenset[str]
    symptoms: frozenset[str]
    chronic: frozenset[str]  # "treated" says of these that they are known, not that they are cured


class Segment:
    """One clause: its items, the sign that ends it ("" at the end of the text), and where each role stands.

    `called`: another clause says that somebody calls; `alone`: there is no other clause.
    """

    __slots__ = ("_places", "alone", "called", "end", "items")

    def __init__(self, items: list[Item], end: str = "") -> None:
        self.items, self.end = items, end
        self.called = self.alone = False
        self._places: dict[str, list[int]] = {}
        for at, item in enumerate(items):
            for role in item.roles:
                self._places.setdefault(role, []).append(at)

    def at(self, role: str, since: int = 0) -> list[int]:
        """Places of the items of that role, from `since` on."""
        found = self._places.get(role, [])
        return [at for at in found if at >= since] if since else found

    def has(self, *roles: str) -> bool:
        """Is there an item of one of these roles?"""
        return any(role in self._places for role in roles)

    def terms(self, concepts: Iterable[str] | None = None) -> list[Item]:
        """The items that are terms; with `concepts`, only those that stand for one of them."""
        found = [self.items[at] for at in self.at("term")]
        if concepts is None:
            return found
        wanted = frozenset(concepts)
        return [item for item in found if wanted.intersection(item.concepts)]


def segments(items: list[Item]) -> list[Segment]:
    """The clauses, in order, each knowing what the others are about."""
    found = list(_cut(items))
    callers = [one for one in found if one.has("calls") or (one.has("caller_before") and one.has("family", "child"))]
    for one in found:
        one.called = any(other is not one for other in callers)
        one.alone = not any(other.items for other in found if other is not one)
    return found


def _cut(items: list[Item]) -> Iterator[Segment]:
    kept: list[Item] = []
    postfix = _signs_follow(items)
    tested = False
    for item in items:
        dash = item.text == "-" and item.space_before and item.space_after and not postfix
        slash = item.text == "/" and not tested and not (kept and kept[-1].text.isdigit())
        if item.text in BREAKS or dash or slash:
            yield Segment(kept, item.text)
            kept, tested = [], False
        else:
            kept.append(item)
            tested = tested or "test" in item.roles or "test_covid" in item.roles  # `trod covid/grippe neg`
    yield Segment(kept)


def _signs_follow(items: list[Item]) -> bool:
    """Does the text end with a sign of its own, so that every dash is one (`toux + fievre - dyspnee -`)?"""
    return len(items) > 1 and items[-1].text in ("-", "+") and any(one.text == "+" for one in items)


def drop(items: Iterable[Item]) -> None:
    """These are not the patient's, or not there now."""
    for item in items:
        item.kept = False
