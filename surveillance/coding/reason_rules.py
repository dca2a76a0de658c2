"""Whose sign it is and whether it is there: the rules that drop concepts from a segment of a call reason.

Each rule takes the items of one segment (between commas, stops, brackets, spaced dashes) and marks as not kept what
is negated, past, another person's, or only the object of a contact, vaccine or test; it returns concepts to add.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pydantic import BaseModel, ConfigDict

from surveillance.coding.reason_terms import BREAKS, NO, YES, Item

Rule = Callable[[list[Item], "Groups"], set[str]]
LINKS = {"du", "de", "des", "d", "chez", "la", "le", "l", "son", "sa", "ses", "leur", "dans", "toute", "un", "une", "a"}
SOFT = {"vraiment", "du", "tout", "eu", "de", "d", "trop", "tres", "fait", "presente", "non", "particuliere"}


class Groups(BaseModel):
    """Concepts that spread from one to another, and those felt now even beside a known disease."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    contagious: frozenset[str]
    symptoms: frozenset[str]


def segments(items: list[Item]) -> Iterator[list[Item]]:
    """The items between breaks: commas, stops, brackets, slashes, and dashes with a blank on both sides."""
    kept: list[Item] = []
    postfix = _signs_follow(items)
    for item in items:
        dash = item.text == "-" and item.space_before and item.space_after and not postfix
        if item.text in BREAKS or dash or (item.text == "/" and not (kept and kept[-1].text.isdigit())):
            yield kept
            kept = []
        else:
            kept.append(item)
    yield kept


def _signs_follow(items: list[Item]) -> bool:
    """Does the text end with a sign of its own, so that every dash is one (`toux + fievre - dyspnee -`)?"""
    return len(items) > 1 and items[-1].text in ("-", "+") and any(one.text == "+" for one in items)


def _terms(segment: list[Item]) -> list[int]:
    return [at for at, item in enumerate(segment) if "term" in item.roles]


def _has(segment: list[Item], role: str) -> list[int]:
    return [at for at, item in enumerate(segment) if role in item.roles]


def signs(segment: list[Item], groups: Groups) -> set[str]:
    """A sign or value follows its term: `toux+ fievre-`, `fievre : 0`, `toux N`."""
    for at in _terms(segment):
        rest = segment[at + 1 :]
        if not rest:
            continue
        colon = rest[0].text in (":", "=")
        rest = rest[1:] if colon else rest
        if not rest:
            continue
        last = len(rest) == 1 or "term" in rest[1].roles
        value_no = "value_no" in rest[0].roles and (colon or last)
        dash = rest[0].text == "-" and rest[0].space_after and (last or not rest[0].space_before)
        minus = rest[0].text == NO or dash or (rest[0].text == "-" and len(rest) == 1)
        segment[at].kept = segment[at].kept and not (value_no or minus)
    return set()


def negation(segment: list[Item], groups: Groups) -> set[str]:
    """`pas de`, `sans`, `ni`, `ne … plus` before or around a term, `absente`, `eliminee` after it."""
    spent = _around(segment)
    left, joined, denied = 0, False, False
    for at, item in enumerate(segment):
        if "negation" in item.roles and at not in spent:
            bare = item.words[-1] in ("pas", "non")
            left, joined, denied = (1 if bare else 3), False, denied or item.words[0] in ("nie", "nient")
        elif "term" in item.roles:
            if left or denied:
                item.kept, left, joined = False, 0, True
            else:
                joined = False
        elif joined and (item.text in ("ou", "et")):
            following = segment[at + 1].words[0] if at + 1 < len(segment) else ""
            left = 3 if item.text == "ou" or following in ("de", "d") else 0
        elif "pseudo_negation" in item.roles:
            left = 0
        elif left:
            left -= 0 if item.words[0] in SOFT else 1
    _after(segment)
    return set()


def _around(segment: list[Item]) -> set[int]:
    """Terms between `ne` and `pas` or `plus`; the places of the second half, so that it is not used again."""
    spent = set()
    for at in _terms(segment):
        before = [word for one in segment[max(0, at - 2) : at] for word in one.words]
        after = segment[at + 1] if at + 1 < len(segment) else None
        if after and {"ne", "n"} & set(before) and after.words[0] in ("pas", "plus", "jamais"):
            segment[at].kept = False
            spent.add(at + 1)
    return spent


def _after(segment: list[Item]) -> None:
    for at in _terms(segment):
        for item in segment[at + 1 : at + 4]:
            if "term" in item.roles or "negation" in item.roles:
                break
            if "negation_after" in item.roles:
                segment[at].kept = False
                break


def history(segment: list[Item], groups: Groups) -> set[str]:
    """`atcd`, `suivi pour`, `a eu` before a term; `connu`, `il y a 6 mois`, `en 2019` after it."""
    acute = bool(_has(segment, "now"))
    for cue in _has(segment, "history"):
        if segment[cue].words[-1] == "eu" and acute:
            continue
        later = [at for at in _terms(segment) if at > cue]
        for order, at in enumerate(later):
            if order == 0 or not set(segment[at].concepts) & groups.symptoms:
                segment[at].kept = False
    ends = _has(segment, "history_after") + _long_ago(segment)
    for cue in ends:
        earlier = [at for at in _terms(segment) if at < cue]
        if earlier:
            segment[earlier[-1]].kept = False
    return set()


def _long_ago(segment: list[Item]) -> list[int]:
    words = [item.text for item in segment]
    units = ("mois", "ans", "an", "annees")
    ago = [at for at in range(len(words) - 2) if words[at] == "il y a" and words[at + 2] in units]
    return ago + [
        at for at, word in enumerate(words) if at and words[at - 1] == "en" and re.fullmatch(r"(19|20)\d\d", word)
    ]


def relatives(segment: list[Item], groups: Groups) -> set[str]:
    """Another person's illness: `frere grippe`, `gastro chez le frere`; callers and patients are left alone."""
    for at in _has(segment, "family_history"):
        _drop([item for item in segment[at:] if "term" in item.roles])
    for at in _has(segment, "family"):
        if _is_patient_or_caller(segment, at):
            continue
        back = at - 1
        while back >= 0 and segment[back].text in LINKS:
            back -= 1
        if back >= 0 and back < at - 1 and "term" in segment[back].roles:
            segment[back].kept = False
            continue
        for item in segment[at + 1 :]:
            if "subject" in item.roles:
                break
            if "term" in item.roles:
                item.kept = False
    return set()


def _is_patient_or_caller(segment: list[Item], at: int) -> bool:
    after = segment[at + 1 : at + 4]
    aged = any(re.fullmatch(r"\d+", one.words[0]) for one in after[:2])
    before = segment[at - 1] if at else None
    before = (
        segment[at - 2]
        if before and at > 1 and before.text in ("sa", "son", "le", "la", "l", "une", "un", "leur")
        else before
    )
    named = before is not None and "caller_before" in before.roles
    calls = any("caller" in one.roles for one in after)
    told = any("caller" in one.roles for one in segment[:at]) and segment[at - 1].text in ("sa", "son", "leur")
    return aged or named or calls or told or segment[at].text in ("aide soignante", "infirmiere")


def contact(segment: list[Item], groups: Groups) -> set[str]:
    """Contact with a disease that spreads, or its cases around the patient: the disease is not the patient's."""
    for cue in _has(segment, "contact"):
        after = [item for item in segment[cue:] if set(item.concepts) & groups.contagious]
        _drop(after or [item for item in segment[:cue] if set(item.concepts) & groups.contagious])
    for cue in _has(segment, "contact_after"):
        _drop([item for item in segment[max(0, cue - 2) : cue] if set(item.concepts) & groups.contagious])
    return set()


def vaccines(segment: list[Item], groups: Groups) -> set[str]:
    """A vaccine asked for is a vaccination; one that was given is nothing; its disease is never the patient's."""
    asked, done = _has(segment, "vaccine"), _has(segment, "vaccinated")
    if not asked and not done:
        return set()
    _drop([item for item in segment if set(item.concepts) & (groups.contagious | {"allergie"}) and item.kept])
    if not asked or done:
        return set()
    given = [at for at in _has(segment, "vaccine_given_before") if at < asked[-1] and segment[at].text != "depuis"]
    given += [at for at in _has(segment, "vaccine_given_after") if at > asked[0]]
    return set() if given or _negated(segment, asked[0]) else {"vaccination"}


def _negated(segment: list[Item], at: int) -> bool:
    return any("negation" in item.roles for item in segment[max(0, at - 2) : at])


def tests(segment: list[Item], groups: Groups) -> set[str]:
    """A test with its result is the disease or nothing; a COVID test without a result is asked for."""
    covid, other = _has(segment, "test_covid"), _has(segment, "test")
    if not covid and not other:
        return set()
    named = [item for item in segment if set(item.concepts) & groups.contagious]
    rest = segment[min(covid + other) :]
    if _has(rest, "positive") or any(item.text in ("+", YES) for item in rest):
        return set() if named or not covid else {"covid"}
    known = {concept for item in named for concept in item.concepts}
    _drop(named)
    if _has(rest, "negative") or rest[-1].text in ("-", NO) or _has(segment, "result"):
        return set()
    return {"test_covid"} if covid or "covid" in known else set()


def _drop(items: list[Item]) -> None:
    for item in items:
        item.kept = False


SEGMENT_RULES: tuple[Rule, ...] = (signs, negation, history, relatives, contact, vaccines, tests)
