"""The certificate: is this sender ready, what is lacking in words, every check by name; same files, same bytes."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from surveillance import __version__
from surveillance.associations import Association
from surveillance.content import Content
from surveillance.dialects import Dialect
from surveillance.intake.checks import Checks
from surveillance.receipts.receipt import Receipt
from surveillance.rehearsal.needs import lacks
from surveillance.rehearsal.rules import RehearsalRules
from surveillance.rehearsal.trial import Trial

WIDTH = 78
ALWAYS = frozenset({  # looked at for every line of every file that could be read at all
    "FIELD_COUNT", "QUOTE", "CUT_LINE", "LINE_TOO_LONG", "NOT_JSON", "NOT_HL7", "CELL_ERROR", "FILE_BLOCKED",
    "FILE_HELD", "DUPLICATE", "DUPLICATE_ID",
})  # fmt: skip


@dataclass(frozen=True)
class CheckState:
    """One check in a rehearsal: passed | found | no_column | other_kind | not_run, and how often it found something."""

    check: str
    sentence: str
    state: str
    count: int
    said: str


@dataclass(frozen=True)
class Certificate:
    """What a rehearsal ends in; `lacking` in French, empty when the sender is ready."""

    association: str
    name: str
    dialect: str
    receipts: tuple[Receipt, ...]
    visits: int
    days: tuple[str, ...]
    core: tuple[tuple[str, float, bool], ...]  # label, share known, is it enough?
    checks: tuple[CheckState, ...]
    lacking: tuple[str, ...]
    recommended: tuple[str, ...]
    number: str

    @property
    def ready(self) -> bool:
        """May this sender join the night?"""
        return not self.lacking


def certify(
    trial: Trial, member: Association, dialect: Dialect, content: Content, checks: Checks, rules: RehearsalRules
) -> Certificate:
    """The certificate of a trial. Pure: no clock; its number is a hash of the content in force, dialect and files."""
    core = tuple((item.label, share := trial.share(item.field), share >= rules.threshold) for item in rules.core)
    states = tuple(_states(trial, dialect, checks, rules.words))
    tried = {"resend": trial.resent, "cancelled": trial.cancelled}
    return Certificate(
        association=member.code,
        name=member.name,
        dialect=dialect.name,
        receipts=tuple(trial.receipts),
        visits=trial.visits,
        days=tuple(f"{day:%d/%m/%Y}" for day in sorted(trial.days)),
        core=core,
        checks=states,
        lacking=tuple(_lacking(trial, core, states, rules)),
        recommended=tuple(text for name, text in rules.recommended.model_dump().items() if not tried[name]),
        number=_number(trial, dialect, content),
    )


def _states(trial: Trial, dialect: Dialect, checks: Checks, words: Mapping[str, str]) -> Iterator[CheckState]:
    read = any(receipt.ledger["accepted"] or receipt.refused for receipt in trial.receipts)
    for name in checks.row:
        count = trial.found[name]
        ran = count or name in trial.ran or (name in ALWAYS and read)
        state = "found" if count else lacks(name, dialect) or ("passed" if ran else "not_run")
        yield CheckState(name, checks.row[name].fr, state, count, words[state].format(count=count))
    for name in checks.file:
        count = trial.noted[name]
        state = "found" if count else "passed" if trial.receipts else "not_run"
        said = words["found_file" if count else state].format(count=count)
        yield CheckState(name, checks.sentence(name), state, count, said)


def _lacking(
    trial: Trial, core: tuple[tuple[str, float, bool], ...], states: tuple[CheckState, ...], rules: RehearsalRules
) -> Iterator[str]:
    words = rules.words
    contents = {receipt.sha256 for receipt in trial.receipts}
    if len(contents) < rules.min_files:
        yield words["lack_files"].format(count=len(contents), least=rules.min_files)
    if len(trial.days) < rules.min_days:
        yield words["lack_days"].format(count=len(trial.days), least=rules.min_days)
    for receipt in trial.receipts:
        if receipt.verdict != "accepted":
            why = receipt.cause.sentence if receipt.cause else receipt.verdict
            yield words["lack_file"].format(file=receipt.file, verdict=why)
    if trial.refused_share() > rules.worst_refused:
        refused, most = percent(trial.refused_share()), percent(rules.worst_refused)
        yield words["lack_refused"].format(share=refused, most=most)
    for label, share, enough in core:
        if not enough:
            least = percent(rules.threshold)
            yield words["lack_core"].format(label=label, share=percent(share), least=least)
    for state in states:
        if state.state == "not_run":
            yield words["lack_check"].format(check=state.check)


def _number(trial: Trial, dialect: Dialect, content: Content) -> str:
    parts = [__version__, content.decisions(), dialect.model_dump_json()]
    parts += [f"{receipt.file}={receipt.sha256}" for receipt in trial.receipts]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def percent(share: float) -> str:
    """`79,9 %`, never rounded up to what it is not."""
    return f"{int(1000 * share + 1e-9) / 10:.1f}".replace(".", ",") + " %"


def certificate_context(found: Certificate, rules: RehearsalRules, verdicts: Mapping[str, str]) -> dict[str, Any]:
    """What the template `certificate.html` takes: certificate, words, percent, tool, verdicts (of a file, by name)."""
    words, rows = rules.words, [(label, percent(share), enough) for label, share, enough in found.core]
    return {"cert": found, "words": words, "core": rows, "tool": __version__, "verdicts": dict(verdicts)}


def certificate_text(found: Certificate, rules: RehearsalRules, verdicts: Mapping[str, str]) -> str:
    """The certificate as text: French, 78 columns."""
    words = rules.words
    lines = [words["title"], "=" * len(words["title"]), ""]
    for label, value in (
        ("association", f"{found.association} {found.name}"), ("dialect", found.dialect),
        ("tool", f"surveillance {__version__}"), ("certificate", found.number),
    ):  # fmt: skip
        lines.append(f"{words[label]:<16}{value}")
    lines += ["", f"{words['verdict']} : {words['ready'] if found.ready else words['not_ready']}"]
    if found.lacking:
        lines += ["", words["lacking_title"], *_items(found.lacking)]
    lines += ["", words["files_title"]]
    for receipt in found.receipts:
        counts = f"{receipt.ledger['accepted']} {words['accepted']}, {receipt.ledger['refused']} {words['refused']}"
        lines += _items([f"{receipt.file} ({verdicts[receipt.verdict]}) : {counts} ; sha256 {receipt.sha256}"])
    days = f"{len(found.days)} ({', '.join(found.days[:10])}{', …' if len(found.days) > 10 else ''})"
    lines += _items([f"{words['visits']} : {found.visits} ; {words['days']} : {days}"])
    lines += ["", words["core_title"]]
    lines += [f"{'  ' if enough else '! '}{label:<48}{percent(share):>9}" for label, share, enough in found.core]
    lines += ["", words["checks_title"], *(line for state in found.checks for line in _check(state))]
    if found.recommended:
        lines += ["", words["recommended_title"], *_items(found.recommended)]
    return "\n".join([*lines, "", *textwrap.wrap(words["same"], WIDTH)]) + "\n"


def _check(state: CheckState) -> list[str]:
    """The line of a check; one that found something says what."""
    said = f"{state.said} : {state.sentence}" if state.count else state.said
    return textwrap.wrap(said, WIDTH, initial_indent=f"  {state.check:<20}", subsequent_indent=" " * 22)


def _items(texts: tuple[str, ...] | list[str]) -> list[str]:
    return [
        line
        for text in texts
        for line in textwrap.wrap(text, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
    ]
