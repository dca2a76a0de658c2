"""Exceptions with a name, a reason and an end: waivers lower a check, corrections change how a file is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from surveillance.associations import Association, load_associations
from surveillance.content import Content, find_line, load
from surveillance.dialects import VALUES, Dialect, load_dialects
from surveillance.errors import ContentError
from surveillance.habits.rules import NAMES
from surveillance.intake.checks import Checks, load_checks

WAIVERS, CORRECTIONS = "extracts/waivers.toml", "extracts/corrections.toml"
STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Dated(BaseModel):
    """Who allowed it, why, and for which nights (the dates of reception, both included)."""

    model_config = STRICT
    association: str
    first: date = Field(alias="from")
    last: date = Field(alias="until")
    who: str = Field(min_length=1)
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def in_order(self) -> Dated:
        """`until` is not before `from`."""
        if self.last < self.first:
            raise ValueError("until is before from")
        return self

    def covers(self, code: str, night: date) -> bool:
        """Does it hold for that association in that night?"""
        return self.association in ("*", code) and self.first <= night <= self.last


class Waiver(Dated):
    """A check that only notes, for an association ("*": all)."""

    check: str

    @property
    def id(self) -> str:
        """As the journal names it: who, until when."""
        return f"{self.who}, jusqu'au {self.last:%d/%m/%Y}"

    @property
    def subject(self) -> str:
        """The check that only notes."""
        return self.check


class Correction(Dated):
    """How the files of an association are read for a time: exactly one of dialect, thesaurus, timezone, values."""

    dialect: str = ""
    thesaurus: str = ""
    timezone: str = ""
    values: dict[str, dict[str, str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def exactly_one(self) -> Correction:
        """One thing at a time, so that each can be read and taken back alone."""
        given = [name for name in ("dialect", "thesaurus", "timezone", "values") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"exactly one of dialect, thesaurus, timezone, values; here: {', '.join(given) or 'none'}")
        return self

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        """A zone of the IANA database."""
        return value and str(Association.known_zone(value))

    @property
    def id(self) -> str:
        """As records name it, after the dialect: `5901-20240108`."""
        return f"{self.association}-{self.first:%Y%m%d}"

    @property
    def subject(self) -> str:
        """What is read otherwise: a dialect, a thesaurus, a time zone, or the values of some fields."""
        return self.dialect or self.thesaurus or self.timezone or ", ".join(sorted(self.values))


class _Waivers(BaseModel):
    model_config = ConfigDict(extra="forbid")
    waiver: list[Waiver] = []


class _Corrections(BaseModel):
    model_config = ConfigDict(extra="forbid")
    correction: list[Correction] = []


@dataclass(frozen=True)
class Exceptions:
    """The waivers and corrections of a site."""

    waivers: tuple[Waiver, ...] = ()
    corrections: tuple[Correction, ...] = ()
    _made: dict[frozenset[str], Checks] = field(default_factory=dict, repr=False, compare=False)

    def waived(self, code: str, night: date | None) -> dict[str, str]:
        """check → the waiver in force, for an association in a night."""
        return {item.check: item.id for item in self.waivers if night is not None and item.covers(code, night)}

    def checks_for(self, checks: Checks, code: str, night: date | None) -> Checks:
        """The checks with those that are waived lowered to note."""
        names = frozenset(self.waived(code, night)) - set(NAMES)
        if not names:
            return checks
        if names not in self._made:
            self._made[names] = lowered(checks, names)
        return self._made[names]

    def in_force(self, night: date) -> list[Waiver | Correction]:
        """Every waiver and correction that holds for some association in a night."""
        everything: tuple[Waiver | Correction, ...] = (*self.waivers, *self.corrections)
        return [item for item in everything if item.first <= night <= item.last]

    def corrections_of(self, code: str, night: date | None) -> list[Correction]:
        """The corrections in force for an association in a night."""
        return [item for item in self.corrections if night is not None and item.covers(code, night)]

    def corrected(self, association: Association, night: date | None) -> Association:
        """The association as its files are read that night: another dialect, thesaurus or time zone."""
        names = ("dialect", "thesaurus", "timezone")
        found = ((name, getattr(one, name)) for one in self.corrections_of(association.code, night) for name in names)
        return association.model_copy(update={name: value for name, value in found if value})

    def corrected_dialect(self, dialect: Dialect, code: str, night: date | None) -> Dialect:
        """The dialect with the corrected values; its version names every correction, so that records do."""
        for item in self.corrections_of(code, night):
            values = {name: {**dialect.values.get(name, {}), **table} for name, table in item.values.items()}
            changes = {"values": dialect.values | values, "version": f"{dialect.version}+{item.id}"}
            dialect = Dialect.model_validate(dialect.model_dump(by_alias=True) | changes)
        return dialect

    def expired(self, night: date) -> list[str]:
        """Waivers and corrections whose last night has passed, in words."""
        return [
            f"{file}: {item.association} {getattr(item, 'check', '') or item.id} until {item.last} ({item.who})"
            for file, items in ((WAIVERS, self.waivers), (CORRECTIONS, self.corrections))
            for item in items
            if item.last < night
        ]


def lowered(checks: Checks, names: Iterable[str]) -> Checks:
    """The same checks with those only noted; a file check no longer makes the reception partial."""
    note = {"severity": "note"}
    row = {name: item.model_copy(update=note if name in names else {}) for name, item in checks.row.items()}
    quiet = note | {"partial": False}
    file = {name: item.model_copy(update=quiet if name in names else {}) for name, item in checks.file.items()}
    return checks.model_copy(update={"row": row, "file": file})


def can_be_waived(checks: Checks) -> frozenset[str]:
    """The checks a waiver may name: against habits, of a file read all the same, of a line that can be counted."""
    row = {name for name, item in checks.row.items() if not item.fixed}
    file = {name for name, item in checks.file.items() if item.severity == "note"}
    return frozenset({*NAMES, *row, *(file - set(NAMES))})


Item = TypeVar("Item", Waiver, Correction)


def load_exceptions(content: Content) -> Exceptions:
    """The exceptions in force or not; ContentError names the file, the line and the key."""
    waivers = load(content, WAIVERS, _Waivers).waiver if content.has(WAIVERS) else []
    corrections = load(content, CORRECTIONS, _Corrections).correction if content.has(CORRECTIONS) else []
    codes = {item.code for item in load_associations(content)}
    allowed = can_be_waived(load_checks(content))
    dialects = load_dialects(content)
    _refuse_first(content, WAIVERS, "waiver", waivers, partial(_wrong_waiver, codes=codes, allowed=allowed))
    wrong = partial(_wrong_correction, codes=codes, content=content)
    _refuse_first(content, CORRECTIONS, "correction", corrections, wrong)
    for item in corrections:
        if item.dialect and item.dialect not in dialects:
            raise ContentError(CORRECTIONS, "correction.dialect", f"no dialect {item.dialect!r}", ", ".join(dialects))
    return Exceptions(tuple(waivers), tuple(corrections))


def _refuse_first(
    content: Content, file: str, table: str, items: Iterable[Item], wrong: Callable[[Item], tuple[str, str] | None]
) -> None:
    for number, item in enumerate(items):
        if problem := wrong(item):
            key, message = problem
            line = find_line(content.text(file), [table, str(number), key])
            raise ContentError(file, f"{table}.{number}.{key}", message, line=line)


def _wrong_waiver(item: Waiver, codes: set[str], allowed: frozenset[str]) -> tuple[str, str] | None:
    if item.association not in codes | {"*"}:
        return "association", f"not in the registry: {item.association}"
    if item.check not in allowed:
        return "check", f"{item.check} is no check, or one that cannot be waived"
    return None


def _wrong_correction(item: Correction, codes: set[str], content: Content) -> tuple[str, str] | None:
    if item.association not in codes:
        return "association", f"not in the registry: {item.association}"
    if item.thesaurus and not content.has(f"extracts/thesauri/{item.thesaurus}.toml"):
        return "thesaurus", f"no thesaurus {item.thesaurus!r}"
    for name, table in item.values.items():
        if strange := sorted(set(table.values()) - VALUES.get(name, frozenset())):
            return "values", f"{name}: not a canonical value: {', '.join(strange)}"
    return None
