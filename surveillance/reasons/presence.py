"""Is it there now? Rules that drop from a clause what is denied, over, or only known of old."""

from __future__ import annotations

import re

from surveillance.reasons.segments import Groups, Segment, drop
from surveillance.reasons.terms import NO, Item

SOFT = {"vraiment", "du", "tout", "eu", "de", "d", "trop", "tres", "fait", "presente", "non", "particuliere"}
YEAR = re.compile(r"(19|20)\d\d")
REACH = 3  # words over which a negation holds, before a term (choice: the longest seen in examples)


def signs(segment: Segment, groups: Groups) -> None:
    """A sign or value follows its term: `toux+ fievre-`, `fievre : 0`, `toux N`."""
    for at in segment.at("term"):
        rest = segment.items[at + 1 : at + 4]
        colon = bool(rest) and rest[0].text in (":", "=")
        rest = rest[1:] if colon else rest
        if not rest:
            continue
        sign, alone = rest[0], len(rest) == 1
        last = alone or "term" in rest[1].roles
        of_next = sign.text == "non" and not alone and not segment.has("value_yes")  # `eruption non febrile`
        value_no = "value_no" in sign.roles and (colon or (last and not of_next))
        dash = sign.text == "-" and ((sign.space_after and (last or not sign.space_before)) or alone)
        if value_no or dash or sign.text == NO:
            segment.items[at].kept = False


def negation(segment: Segment, groups: Groups) -> None:
    """`pas de`, `sans`, `ni`, `ne … plus` before or around a term, `absente`, `eliminee` after it."""
    spent = _around(segment)
    left, joined, denied = 0, False, False
    for at, item in enumerate(segment.items):
        if "negation" in item.roles and at not in spent and not _is_value(segment, at):
            bare = item.words[-1] in ("pas", "non")
            left, joined, denied = (1 if bare else REACH), False, denied or item.words[0] in ("nie", "nient")
        elif "term" in item.roles:
            joined = bool(left or denied)
            item.kept, left = item.kept and not joined, 0
        elif joined and item.text in ("ou", "et"):
            following = segment.items[at + 1].words[0] if at + 1 < len(segment.items) else ""
            left = REACH if item.text == "ou" or following in ("de", "d") else 0
        elif "pseudo_negation" in item.roles:
            left = 0
        elif left:
            left -= 0 if item.words[0] in SOFT else 1
    _after(segment)


def _is_value(segment: Segment, at: int) -> bool:
    """Is a zero the value of what stands before (`fievre 0`, `toux : 0`), not the `no` of what follows (`0 fievre`)?"""
    if segment.items[at].text not in ("0", "zero") or not at:
        return False
    before, after = segment.items[at - 1], segment.items[at + 1 : at + 2]
    return before.text in (":", "=") or ("term" in before.roles and not (after and "term" in after[0].roles))


def _around(segment: Segment) -> set[int]:
    """Terms between `ne` and `pas` or `plus`; the places of the second half, so that it is not used again."""
    spent = set()
    for at in segment.at("term"):
        before = {word for one in segment.items[max(0, at - 2) : at] for word in one.words}
        after = segment.items[at + 1 : at + 2]
        if after and before & {"ne", "n"} and after[0].words[0] in ("pas", "plus", "jamais"):
            segment.items[at].kept = False
            spent.add(at + 1)
    return spent


def _after(segment: Segment) -> None:
    if not segment.has("negation_after"):
        return
    for at in segment.at("term"):
        for item in segment.items[at + 1 : at + 1 + REACH]:
            if "term" in item.roles or "negation" in item.roles:
                break
            if "negation_after" in item.roles:
                segment.items[at].kept = False
                break


def history(segment: Segment, groups: Groups) -> None:
    """`atcd`, `suivi pour`, `a eu` before a term; `connu`, `il y a 6 mois`, `en 2019` after it."""
    terms, items = segment.at("term"), segment.items
    for cue in segment.at("history"):
        if not (items[cue].words[-1] == "eu" and segment.has("now")):  # `a eu un malaise ce matin`
            later = [items[at] for at in terms if at > cue]
            drop(later[:1])
            drop(one for one in later[1:] if not groups.symptoms.intersection(one.concepts))
    for cue in segment.at("followed"):  # `suivi depuis des annees pour une depression`
        until = next((at for at in range(cue + 1, min(cue + 9, len(items))) if "pour" in items[at].words), len(items))
        drop([items[at] for at in terms if at > until][:1])
        drop(one for one in items[cue + 1 : cue + 2] if groups.chronic.intersection(one.concepts))  # `suivi asthme`
    for cue in segment.at("repeated"):
        drop(one for one in _just_before(segment, cue) if not groups.symptoms.intersection(one.concepts))
    for cue in segment.at("treated"):
        drop(one for one in _just_before(segment, cue) if groups.chronic.intersection(one.concepts))
    for cue in [*segment.at("history_after"), *_years(segment)]:
        drop([items[at] for at in terms if at < cue][-1:])


def _just_before(segment: Segment, cue: int) -> list[Item]:
    return segment.items[max(0, cue - 1) : cue]


def _years(segment: Segment) -> list[int]:
    """Places of a year: after `en`, or close behind a term."""
    items = segment.items
    return [
        at
        for at, item in enumerate(items)
        if len(item.text) == 4
        and YEAR.fullmatch(item.text)
        and ((at and items[at - 1].text == "en") or any("term" in one.roles for one in items[max(0, at - 3) : at]))
    ]
