"""The content check of the case definitions: codes that exist, ages that somebody has, umbrellas, and the examples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import NamedTuple

from surveillance.coding.case_definitions import Diagnoses, Example, Reasons, Syndrome
from surveillance.coding.cim10 import parse_pattern
from surveillance.coding.cim10_codes import CodeList, load_codes
from surveillance.coding.syndromes import SET_FILE, Coder, defined_twice, definition_files, load_groups
from surveillance.coding.thesauri import FOLDER as THESAURI
from surveillance.coding.thesauri import load_thesauri
from surveillance.coding.umbrellas import umbrella_problems
from surveillance.content import Content, find_line, load
from surveillance.errors import ContentError
from surveillance.reasons.coder import ReasonCoder


class Wrong(NamedTuple):
    """What is wrong under a key of a definition; `place`: which of its elements."""

    key: str
    message: str
    hint: str = ""
    place: int | None = None


@dataclass(frozen=True)
class Tools:
    """What definitions are proven with."""

    coder: Coder
    reasons: ReasonCoder
    codes: CodeList
    groups: tuple[str, ...]


def check_syndromes(content: Content) -> list[ContentError]:
    """Everything wrong with the case definitions, each with its file and key: an empty list is what one wants."""
    problems: list[ContentError] = []
    found: list[tuple[str, Syndrome]] = []
    ids: set[str] = set()
    for rel in definition_files(content):
        try:
            found.append((rel, load(content, rel, Syndrome)))
        except ContentError as error:
            problems += error.each()
            ids.add(PurePosixPath(rel).stem)  # what it is called, most likely: no umbrella is wrong to name it
    try:
        coder = Coder((one for _, one in found if one.enabled), load_thesauri(content))
        tools = Tools(coder, ReasonCoder(content), load_codes(content), tuple(load_groups(content)))
    except ContentError as error:
        return [*problems, *error.each()]
    problems += defined_twice(content, found)
    ids |= {one.id for _, one in found}
    for rel, one in found:
        problems += [_placed(content, rel, wrong) for wrong in _problems(one, tools, ids)]
    return problems


def _placed(content: Content, rel: str, wrong: Wrong) -> ContentError:
    """The problem with the line of its key, or of the element that is wrong."""
    parts = [*wrong.key.split("."), *([] if wrong.place is None else [str(wrong.place)])]
    return ContentError(rel, wrong.key, wrong.message, wrong.hint, find_line(content.text(rel), parts))


def _problems(one: Syndrome, tools: Tools, ids: set[str]) -> list[Wrong]:
    wrong = [
        Wrong("umbrella", f"no definition has the id {name!r}", place=n)
        for n, name in enumerate(one.umbrella)
        if name not in ids
    ]
    if tools.groups and one.group not in tools.groups:
        wrong.append(Wrong("group", f"no group {one.group!r}", f"{SET_FILE} has {', '.join(tools.groups)}"))
    wrong += _diagnoses(one.diagnoses, tools) if one.diagnoses else []
    wrong += _reasons(one.reasons, tools) if one.reasons else []
    wrong = wrong or list(_lacking(one))
    if not wrong and one.enabled:
        outside = umbrella_problems(one, tools.coder, tools.codes)
        wrong = [Wrong("umbrella", text, place=one.umbrella.index(member)) for member, text in outside]
        tried = ((n, failure(one, example, tools)) for n, example in enumerate(one.examples))
        wrong += [Wrong(f"examples.{n}", f"example {n + 1}: {text}") for n, text in tried if text]
    return wrong


def _diagnoses(says: Diagnoses, tools: Tools) -> Iterator[Wrong]:
    for key, patterns in (("cim10", says.cim10), ("not_cim10", says.not_cim10)):
        for n, text in enumerate(patterns):
            if lacking := tools.codes.lacking(parse_pattern(text)):
                sentence = f"no such CIM-10 code: {lacking}"
                yield Wrong(f"diagnoses.{key}", sentence, tools.codes.hint(lacking), n)
    for key, listed in (("thesaurus", says.thesaurus), ("not_thesaurus", says.not_thesaurus)):
        for name, code, n in _strange(tools.coder, listed, "diag"):
            yield Wrong(f"diagnoses.{key}.{name}", f"unknown code {code!r}", _tables(name, tools), n)
    for n, name in enumerate(says.only_listed):
        if name not in tools.coder.thesauri:
            yield Wrong("diagnoses.only_listed", f"unknown thesaurus {name!r}", _tables(name, tools), n)


def _reasons(says: Reasons, tools: Tools) -> Iterator[Wrong]:
    for n, concept in enumerate(says.concepts):
        if concept not in tools.reasons.concepts:
            known = ", ".join(tools.reasons.concepts)
            yield Wrong("reasons.concepts", f"no concept {concept!r}", f"there are {known}", n)
    for name, code, n in _strange(tools.coder, says.thesaurus, "motif"):
        yield Wrong(f"reasons.thesaurus.{name}", f"unknown call reason {code!r}", _tables(name, tools), n)


def _tables(name: str, tools: Tools) -> str:
    """Where the codes of a thesaurus are, or which thesauri there are."""
    if name not in tools.coder.thesauri:
        return f"there are the thesauri {', '.join(tools.coder.thesauri)}"
    return f"the codes it knows are in {THESAURI}{name}.csv"


def _strange(coder: Coder, listed: dict[str, tuple[str, ...]], kind: str) -> Iterator[tuple[str, str, int]]:
    """The thesaurus, code and place of each listed code that no table has."""
    for name, codes in listed.items():
        found = coder.thesauri.get(name)
        for n, code in enumerate(codes):
            if found is None or (kind, found.normalise(code)) not in found.entries:
                yield name, code, n


def _lacking(one: Syndrome) -> Iterator[Wrong]:
    """A definition proves what it says: of each of its two tables one example must count, and some must not."""
    if {example.counts for example in one.examples} != {True, False}:
        yield Wrong("examples", "give at least one example that counts and one that does not")
        return
    proven = {example.by_reason for example in one.examples if example.counts}
    if one.diagnoses and False not in proven:
        yield Wrong("examples", "give at least one example of codes that count")
    if one.reasons and True not in proven:
        yield Wrong("examples", "give at least one example of a text, or of reasons, that counts")


def failure(one: Syndrome, example: Example, tools: Tools) -> str:
    """Why the example fails under its definition, or nothing; it is tried on the definition's last day in force."""
    coder = tools.coder
    if example.thesaurus not in coder.thesauri:
        return f"unknown thesaurus {example.thesaurus!r}"
    day = one.until or max(one.since, max(other.since for other in coder.syndromes))
    kind = "motif" if example.by_reason else "diag"
    for code in (*example.codes, *example.reasons):
        if coder.entry(example.thesaurus, code, day, kind) is None:
            return f"{example.what}: unknown code {code!r}, which proves nothing"
    if (counted := _counted(one, example, tools, day)) == example.counts:
        return ""
    said = ("counts", "must not") if counted else ("does not count", "must")
    return f"{example.what} {said[0]}, but {said[1]}: {example.why}"


def _counted(one: Syndrome, example: Example, tools: Tools, day: date) -> bool:
    coder = tools.coder
    if example.text:
        concepts = set(tools.reasons(example.text))
        listed = one.reasons.concepts if one.reasons else ()
        return not concepts.isdisjoint(listed) and one.reason_rule.holds(example.age_months)
    kind = "motif" if example.by_reason else "diag"
    rule = one.reason_rule if example.by_reason else one.rule
    for rank, code in enumerate(example.codes or example.reasons, 1):
        entry = coder.entry(example.thesaurus, code, day, kind)
        if entry and coder.counts(one, example.thesaurus, entry) and rule.holds(example.age_months, rank):
            return True
    return False
