"""The content check: every file of the four folders is read as the night would read it, before anything is fetched."""

from __future__ import annotations

from collections.abc import Callable

from surveillance.access.limits import load_limits
from surveillance.ages import load_acts, load_ages
from surveillance.associations import FILE as REGISTRY
from surveillance.associations import load_associations
from surveillance.board import load_board_rules
from surveillance.calendar import load_indices
from surveillance.coding.proofs import check_syndromes
from surveillance.coding.syndromes import Syndrome, definition_files, load_syndromes
from surveillance.coding.thesauri import load_thesauri
from surveillance.content import Content, find_line, load
from surveillance.delivery.package import load_contract
from surveillance.delivery.sending import load_agency
from surveillance.dialects import FILLED, load_dialects
from surveillance.errors import ContentError
from surveillance.guessing.knowledge import load_knowledge
from surveillance.intake.checks import load_checks
from surveillance.intake.exceptions import load_exceptions
from surveillance.intake.visits import load_visit_rules
from surveillance.reasons.coder import ReasonCoder
from surveillance.receipts.words import load_receipt_words
from surveillance.rehearsal.rules import load_rehearsal
from surveillance.reporting.earlier import earlier_seasons
from surveillance.settings import FILE as SETTINGS
from surveillance.settings import Settings
from surveillance.signal_rules import FILE as SIGNALS
from surveillance.signal_rules import load_rules
from surveillance.timetable import load_timetable

LOADERS: tuple[Callable[[Content], object], ...] = (
    lambda content: load(content, SETTINGS, Settings),
    load_timetable,
    load_agency,
    load_contract,
    load_associations,
    load_dialects,
    load_knowledge,
    load_visit_rules,
    load_checks,
    load_exceptions,
    load_indices,
    load_receipt_words,
    load_rehearsal,
    load_thesauri,
    ReasonCoder,
    load_ages,
    load_acts,
    load_rules,
    load_board_rules,
    earlier_seasons,
    load_limits,
)


def check_content(content: Content) -> tuple[list[ContentError], dict[str, int]]:
    """Everything wrong with the content, each with file and key; and how much of it there is."""
    problems: list[ContentError] = []
    for loader in LOADERS:
        try:
            loader(content)
        except ContentError as error:
            problems += error.each()
    told = {error.args for error in problems}  # a file that two of them read is wrong once
    problems += [error for error in check_syndromes(content) if error.args not in told]
    if problems:
        return problems, {}
    members = load_associations(content)
    problems += [*_registry(content), *_watched(content)]
    return problems, {
        "files": len(content.files()),
        "associations": len(members),
        "syndromes": len(load_syndromes(content)),
    }


def unfilled(content: Content) -> dict[str, int]:
    """What only the site can know and has not said yet, by name, with how many entries lack it."""
    lacking = {
        "no_pin": sum(not item.host_key for item in load_associations(content)),
        "no_agency_pin": int(not load_agency(content).host_keys),
    }
    return {what: number for what, number in lacking.items() if number}


def _registry(content: Content) -> list[ContentError]:
    """Dialects and thesauri that the registry names must exist."""
    dialects, thesauri = load_dialects(content), load_thesauri(content)
    problems = []
    for item in load_associations(content):
        if item.dialect not in dialects:
            problems.append((item.code, "dialect", f"no dialect {item.dialect!r}", ", ".join(dialects)))
        elif dialects[item.dialect].status == "draft":
            problems.append((item.code, "dialect", f"the dialect {item.dialect!r} is a draft", FILLED))
        if item.thesaurus not in thesauri:
            problems.append((item.code, "thesaurus", f"no thesaurus {item.thesaurus!r}", ", ".join(thesauri)))
    return [
        ContentError(REGISTRY, f"{code}.{key}", message, hint, _line_of(content, code, key))
        for code, key, message, hint in problems
    ]


def _line_of(content: Content, code: str, key: str) -> int | None:
    """The line of a key of one association in the registry."""
    codes = [entry["code"] for entry in content.toml(REGISTRY)["association"]]
    return find_line(content.text(REGISTRY), ["association", str(codes.index(code)), key])


def _watched(content: Content) -> list[ContentError]:
    """A definition that is tested every night must exist; one that is not enabled may still be named."""
    ids = {load(content, rel, Syndrome).id for rel in definition_files(content)}
    rules = load_rules(content)
    named = [(["syndromes", str(n)], name) for n, name in enumerate(rules.syndromes)]
    named += [(["severity", name], name) for name in rules.severity]
    for key, one in rules.protocol.items():
        named += [(["protocol", key, "syndromes", str(n)], name) for n, name in enumerate(one.syndromes)]
    return [
        ContentError(
            SIGNALS,
            ".".join(part for part in parts if not part.isdigit()),
            f"no definition has the id {name!r}",
            "`surveillance indicators` lists those in force",
            find_line(content.text(SIGNALS), parts),
        )
        for parts, name in named
        if name not in ids
    ]
