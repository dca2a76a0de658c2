"""Whose is it? Rules that drop another person's illness from a clause, and what is met, vaccinated or tested for."""

from __future__ import annotations

from surveillance.reasons.segments import Groups, Segment, drop
from surveillance.reasons.terms import NO, YES, Item

ARTICLES = {"sa", "son", "le", "la", "l", "une", "un", "leur"}
LINKS = ARTICLES | {"du", "de", "des", "d", "chez", "les", "ses", "dans", "toute", "a"}
CARERS = {"aide soignante", "infirmiere"}  # they call for the patient


def relatives(segment: Segment, groups: Groups) -> None:
    """Another person's illness: `frere grippe`, `gastro chez le frere`; callers and patients are left alone."""
    items = segment.items
    for at in segment.at("family_history"):
        drop(items[at:])
    for at in sorted([*segment.at("family"), *segment.at("child")]):
        calls = next((one for one in segment.at("caller", at) if at < one < at + 5), at)
        drop(items[at:calls])  # `fils tres agite au telephone`
        called_for = at <= 1 and segment.called  # `gendre appelle, belle mere respire mal`
        called_for = called_for or any(one < at for one in segment.at("calls"))  # `epouse appelle : mari essouffle`
        if at <= 1 and segment.alone and not segment.terms(groups.contagious):  # `sa femme fait un malaise`
            called_for = True
        if calls > at or "family" not in items[at].roles or called_for or _is_patient_or_caller(segment, at):
            continue
        back = at - 1
        while back >= 0 and items[back].text in LINKS:
            back -= 1
        if 0 <= back < at - 1 and "term" in items[back].roles:
            theirs = groups.contagious | groups.symptoms | groups.chronic | {"deces"}
            drop([items[back]] if theirs.intersection(items[back].concepts) else [])
        else:
            until = next(iter(segment.at("subject", at + 1)), len(items))
            drop(items[at + 1 : until])


def _is_patient_or_caller(segment: Segment, at: int) -> bool:
    """An age follows, or the name comes after `pour` or `selon`, or it is the person somebody calls for."""
    items = segment.items
    aged = any(one.words[0].isdigit() for one in items[at + 1 : at + 3])
    article = at > 0 and items[at - 1].text in ARTICLES
    before = items[at - 2] if article and at > 1 else items[at - 1] if at else None
    named = before is not None and "caller_before" in before.roles
    told = at > 0 and items[at - 1].text in ("sa", "son", "leur") and any(one < at for one in segment.at("caller"))
    return aged or named or told or items[at].text in CARERS


def contact(segment: Segment, groups: Groups) -> None:
    """Contact with a disease that spreads, or its cases around the patient: the disease is not the patient's."""
    for cue in segment.at("contact"):
        after = [item for item in segment.items[cue:] if groups.contagious.intersection(item.concepts)]
        drop(after or [item for item in segment.items[:cue] if groups.contagious.intersection(item.concepts)])
    for cue in segment.at("contact_after"):
        close = segment.items[max(0, cue - 2) : cue]
        if not any("treated" in one.roles for one in close):  # `pneumopathie traitee a la maison`
            drop(one for one in close if groups.contagious.intersection(one.concepts))


def vaccines(segment: Segment, groups: Groups) -> str:
    """A vaccine asked for is a vaccination; one that was given is nothing; its disease is never the patient's."""
    asked = segment.at("vaccine")
    drop(segment.terms(groups.contagious))
    if not asked or segment.has("vaccinated"):
        return ""
    items = segment.items
    given = any(at < asked[-1] and items[at].text != "depuis" for at in segment.at("vaccine_given_before"))
    given = given or any(at > asked[0] for at in segment.at("vaccine_given_after"))
    negated = any("negation" in item.roles for item in items[max(0, asked[0] - 2) : asked[0]])
    return "" if given or negated else "vaccination"


def tests(segment: Segment, groups: Groups) -> str:
    """A test with its result is the disease or nothing; a COVID test without a result is asked for."""
    covid = segment.at("test_covid")
    first = min([*covid, *segment.at("test")])
    named = segment.terms(groups.contagious)
    rest = segment.items[first:]
    if segment.at("positive", first) or _plus(rest, groups):
        return "" if named or not covid else "covid"
    known = {concept for item in named for concept in item.concepts}
    drop(named)
    ruled_out = segment.at("negative", first) or segment.has("result", "negation_after")  # `covid elimine par pcr`
    if ruled_out or rest[-1].text in ("-", NO):
        return ""
    return "test_covid" if covid or "covid" in known else ""


def _plus(rest: list[Item], groups: Groups) -> bool:
    """Is there a sign of a positive result, and not one that joins (`test covid + toux`)?"""
    for at, item in enumerate(rest):
        spaced = item.space_before and item.space_after and at + 1 < len(rest)
        joins = spaced and bool(groups.symptoms.intersection(rest[at + 1].concepts))
        if item.text == YES or (item.text == "+" and not joins):
            return True
    return False
