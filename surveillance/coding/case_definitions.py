"""A case definition as its author writes it: which diagnoses, which call reasons, at which ages, and its proofs."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from surveillance.coding.cim10 import Pattern, parse_pattern
from surveillance.coding.thesauri import CIM10
from surveillance.content import WrongKey

Position = Literal["any", "principal"]
OLDEST = 1439  # completed months: the last one before the 120th birthday
LIMITS = ("age_min_months", "age_max_months")


def possible_age(months: int) -> int:
    """An age in completed months that somebody can have; ValueError otherwise."""
    if not 0 <= months <= OLDEST:
        raise ValueError(f"{months} months is no age: it must lie between 0 and {OLDEST}")
    return months


Months = Annotated[int, AfterValidator(possible_age)]


class Example(BaseModel):
    """A visit that must, or must not, count: by its diagnoses (principal first), its coded reasons, or its words."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    codes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    text: str = ""
    thesaurus: str = CIM10
    age_months: Months | None = None
    counts: bool
    why: str

    @model_validator(mode="after")
    def of_one_kind(self) -> Example:
        """One of the three: diagnoses and reasons make series that never meet."""
        if sum(map(bool, (self.codes, self.reasons, self.text))) != 1:
            raise ValueError("give either codes, or reasons, or text")
        return self

    @property
    def by_reason(self) -> bool:
        """Is it judged by [reasons], and not by [diagnoses]?"""
        return not self.codes

    @property
    def what(self) -> str:
        """What it shows, in words: `codes J21.9 (CIM10)`, `text 'toux'`, with the age where one is given."""
        listed = f"codes {' '.join(self.codes)}" if self.codes else f"reasons {' '.join(self.reasons)}"
        shown = f"text {self.text!r}" if self.text else f"{listed} ({self.thesaurus})"
        return shown if self.age_months is None else f"{shown} at {self.age_months} months"


class Diagnoses(BaseModel):
    """The diagnoses that make a case; the keys are explained at the head of indicators/syndromes/_set.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))
    cim10: tuple[str, ...] = ()
    not_cim10: tuple[str, ...] = ()
    thesaurus: dict[str, tuple[str, ...]] = {}
    not_thesaurus: dict[str, tuple[str, ...]] = {}
    only_listed: tuple[str, ...] = ()
    position: Position = "any"

    @model_validator(mode="before")
    @classmethod
    def ages_stand_above(cls, value: Any) -> Any:
        """Ages bound reasons too: they are keys of the definition, no longer of this table."""
        moved = [name for name in LIMITS if isinstance(value, dict) and name in value]
        if moved:
            raise WrongKey("write the ages above, before [diagnoses]: they bound the reasons too", moved[0])
        return value

    @field_validator("cim10", "not_cim10")
    @classmethod
    def well_shaped(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Every pattern has the shape of a CIM-10 code or range."""
        for text in value:
            parse_pattern(text)
        return value

    @model_validator(mode="after")
    def possible(self) -> Diagnoses:
        """Something counts."""
        if not self.cim10 and not self.thesaurus:
            raise ValueError("no code counts: give cim10 or thesaurus")
        return self

    @cached_property
    def patterns(self) -> tuple[tuple[Pattern, ...], tuple[Pattern, ...]]:
        """The patterns that count, and those taken out again."""
        return tuple(map(parse_pattern, self.cim10)), tuple(map(parse_pattern, self.not_cim10))


class Reasons(BaseModel):
    """The call reasons that make a case in the series by call reason: concepts of free text, codes of a thesaurus."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    concepts: tuple[str, ...] = ()
    thesaurus: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def possible(self) -> Reasons:
        """Something counts."""
        if not self.concepts and not self.thesaurus:
            raise ValueError("no reason counts: give concepts or thesaurus")
        return self


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


class Syndrome(BaseModel):
    """One case definition, for the visit days since…until (both included); ages in completed months, both included."""

    model_config = ConfigDict(extra="forbid", frozen=True)
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
    age_min_months: Months | None = None
    age_max_months: Months | None = None
    examples: tuple[Example, ...] = ()
    diagnoses: Diagnoses | None = None
    reasons: Reasons | None = None

    @model_validator(mode="after")
    def possible(self) -> Syndrome:
        """Something counts, at some age."""
        if self.diagnoses is None and self.reasons is None:
            raise WrongKey("nothing counts: give [diagnoses], [reasons] or both", "diagnoses")
        low, high = self.age_min_months, self.age_max_months
        if low is not None and high is not None and low > high:
            raise WrongKey(f"no age is at least {low} and at most {high} months", "age_min_months")
        return self

    def label(self, lang: str) -> str:
        """The label in that language (fr, en)."""
        return self.label_en if lang == "en" else self.label_fr

    @property
    def codes(self) -> str:
        """The CIM-10 codes as a reader wants them: `J09-J11`, `U07.1 sauf U07.13`; nothing when only reasons count."""
        if self.diagnoses is None:
            return ""
        without = f" sauf {', '.join(self.diagnoses.not_cim10)}" if self.diagnoses.not_cim10 else ""
        return ", ".join(self.diagnoses.cim10) + without

    @property
    def rule(self) -> Rule:
        """What must hold of a visit that has one of its codes."""
        position: Position = self.diagnoses.position if self.diagnoses else "any"
        return Rule(self.id, self.age_min_months, self.age_max_months, position)

    @property
    def reason_rule(self) -> Rule:
        """What must hold of a visit that has one of its call reasons."""
        return self.rule._replace(position="any")

    def in_force(self, day: date) -> bool:
        """Is the definition for visits of that day?"""
        return self.since <= day and (self.until is None or day <= self.until)

    def covers(self, cim10: str) -> bool:
        """Does a canonical CIM-10 code count, whatever the age?"""
        if self.diagnoses is None:
            return False
        wanted, unwanted = self.diagnoses.patterns
        return any(cim10 in one for one in wanted) and not any(cim10 in one for one in unwanted)
