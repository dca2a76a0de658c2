"""A case definition as its author writes it: which diagnoses, at which ages, and the examples that prove it."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from surveillance.coding.cim10 import Pattern, parse_pattern
from surveillance.coding.thesauri import CIM10

Position = Literal["any", "principal"]


class Example(BaseModel):
    """A visit that must, or must not, count: its diagnoses (principal first), or only its call reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    codes: tuple[str, ...] = ()
    text: str = ""
    thesaurus: str = CIM10
    age_months: int | None = Field(None, ge=0)
    counts: bool
    why: str

    @model_validator(mode="after")
    def text_never_counts(self) -> Example:
        """Only diagnoses count."""
        if bool(self.codes) == bool(self.text):
            raise ValueError("give either codes or text")
        if self.text and self.counts:
            raise ValueError("a call reason without a diagnosis never counts")
        return self


class Diagnoses(BaseModel):
    """The diagnoses that make a case; the keys are explained at the head of indicators/syndromes/_set.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    cim10: tuple[str, ...] = ()
    not_cim10: tuple[str, ...] = ()
    thesaurus: dict[str, tuple[str, ...]] = {}
    not_thesaurus: dict[str, tuple[str, ...]] = {}
    only_listed: tuple[str, ...] = ()
    age_min_months: int | None = Field(None, ge=0, lt=1440)
    age_max_months: int | None = Field(None, ge=0, lt=1440)
    position: Position = "any"

    @field_validator("cim10", "not_cim10")
    @classmethod
    def well_shaped(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Every pattern has the shape of a CIM-10 code or range."""
        for text in value:
            parse_pattern(text)
        return value

    @model_validator(mode="after")
    def possible(self) -> Diagnoses:
        """Something counts, and some age is possible."""
        if not self.cim10 and not self.thesaurus:
            raise ValueError("no code counts: give cim10 or thesaurus")
        low, high = self.age_min_months, self.age_max_months
        if low is not None and high is not None and low > high:
            raise ValueError("age_min_months is above age_max_months")
        return self


class Syndrome(BaseModel):
    """One case definition, for the visit days since…until (both included)."""

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))
    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str
    since: date
    until: date | None = None
    enabled: bool = True
    label_fr: str
    label_en: str
    group: str
    umbrella: tuple[str, ...] = ()
    status: Literal["published", "derived", "inferred"]
    source: str
    examples: tuple[Example, ...] = ()
    diagnoses: Diagnoses

    def label(self, lang: str) -> str:
        """The label in that language (fr, en)."""
        return self.label_en if lang == "en" else self.label_fr

    @property
    def codes(self) -> str:
        """The CIM-10 codes as a reader wants them: `J09-J11`, `U07.1 sauf U07.13`."""
        without = f" sauf {', '.join(self.diagnoses.not_cim10)}" if self.diagnoses.not_cim10 else ""
        return ", ".join(self.diagnoses.cim10) + without

    def in_force(self, day: date) -> bool:
        """Is the definition for visits of that day?"""
        return self.since <= day and (self.until is None or day <= self.until)

    @cached_property
    def patterns(self) -> tuple[tuple[Pattern, ...], tuple[Pattern, ...]]:
        """The patterns that count, and those taken out again."""
        wanted, unwanted = self.diagnoses.cim10, self.diagnoses.not_cim10
        return tuple(map(parse_pattern, wanted)), tuple(map(parse_pattern, unwanted))

    def covers(self, cim10: str) -> bool:
        """Does a canonical CIM-10 code count, whatever the age?"""
        wanted, unwanted = self.patterns
        return any(cim10 in one for one in wanted) and not any(cim10 in one for one in unwanted)


class Rule(NamedTuple):
    """A syndrome that a code counts for; ages in completed months, both ends included, None = no limit."""

    syndrome: str
    age_min_months: int | None
    age_max_months: int | None
    position: Position

    def holds(self, age_months: int | None, rank: int = 1) -> bool:
        """Does a diagnosis of that rank (1 = principal) count at that age? An unknown age satisfies no bound."""
        if self.position == "principal" and rank != 1:
            return False
        low, high = self.age_min_months, self.age_max_months
        if low is None and high is None:
            return True
        return age_months is not None and (low is None or low <= age_months) and (high is None or age_months <= high)
