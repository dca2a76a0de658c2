"""The content of extracts/simulation/, checked: how people, hours, diagnoses and call reasons are drawn."""

from __future__ import annotations

import csv
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from surveillance.content import Content, load
from surveillance.errors import ContentError

FOLDER = "extracts/simulation"
BANDS = ("0", "1", "02-04", "05-14", "15-44", "45-64", "65-74", "75+", "NR")
SEXES = ("M", "F", "NR")
OUTCOMES = ("DOMICILE", "HOSPIT", "SAU", "SAMU", "REFUS", "DECES", "REORIENT", "NR")
SEVERE = ("HOSPIT", "SAU", "SAMU")
Phrase = Annotated[str, StringConstraints(pattern=r'^[^;,"\r\n]+$')]


class Model(BaseModel):
    """A content table: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Centre(Model):
    """Share of consultations at the centre at a date, and its drift a year."""

    on: date
    share: float
    per_year: float

    def on_day(self, day: date) -> float:
        """The share that day."""
        return min(max(self.share + self.per_year * (day - self.on).days / 365.25, 0.05), 0.95)


class People(Model):
    """extracts/simulation/people.toml."""

    simulated: bool
    uncoded: float
    advice: float
    cancelled: float
    teleconsultation: float
    second_diagnosis: float
    third_diagnosis: float
    second_reason: float
    elsewhere: float
    call_to_start: tuple[int, int, int]
    duration: tuple[int, int, int]
    day_noise: float
    season_noise: float
    week_noise: float
    sex: dict[str, float]
    class_split: dict[str, dict[str, float]]
    ages: list[tuple[int, float]]
    hours: list[float] = Field(min_length=24, max_length=24)
    centre: Centre
    outcome: dict[str, float]
    severity: dict[str, float]


class Level(Model):
    """The season curve of one syndrome, in acts a week in France."""

    id: str
    low: float
    high: float
    peak: float
    sharpness: float
    ages: dict[str, float]
    source: str


class Levels(Model):
    """extracts/simulation/levels.toml."""

    simulated: bool
    syndrome: list[Level]


class Topic(Model):
    """What an act is about: CIM-10 codes with weights; `weight` only where it is in no syndrome."""

    codes: dict[str, float]
    second: dict[str, float] = {}
    weight: float = 0
    ages: dict[str, float] = {}


class Diagnoses(Model):
    """extracts/simulation/diagnoses.toml."""

    simulated: bool
    neutral: dict[str, float]
    syndrome: dict[str, Topic]
    other: dict[str, Topic]


class Words(Model):
    """What is typed for a topic (at any age, only below 15, only above), and CIM-10 codes of its call reasons."""

    phrases: list[Phrase] = Field(min_length=1)
    children: list[Phrase] = []
    adults: list[Phrase] = []
    motifs: list[str] = Field(min_length=1)


class Reasons(Model):
    """extracts/simulation/call_reasons.toml."""

    simulated: bool
    topic: dict[str, Words]


class Recipes(Model):
    """Everything of extracts/simulation/ that is TOML, consistent with itself."""

    people: People
    levels: Levels
    diagnoses: Diagnoses
    reasons: Reasons

    @property
    def topics(self) -> tuple[str, ...]:
        """The syndromes, then the other topics."""
        return (*self.diagnoses.syndrome, *self.diagnoses.other)

    def topic(self, name: str) -> Topic:
        """The diagnoses of a topic."""
        return self.diagnoses.syndrome.get(name) or self.diagnoses.other[name]

    @model_validator(mode="after")
    def consistent(self) -> Recipes:
        """Topics have words, levels have diagnoses, COVID-19 and flu have no level."""
        if missing := [name for name in self.topics if name not in self.reasons.topic]:
            raise ValueError(f"call_reasons.toml has no topic {', '.join(missing)}")
        levels = {level.id for level in self.levels.syndrome}
        if odd := (levels ^ set(self.diagnoses.syndrome)) - {"covid", "grippe"}:
            raise ValueError(f"in only one of levels.toml and diagnoses.toml: {', '.join(sorted(odd))}")
        if levels & {"covid", "grippe"}:
            raise ValueError("levels.toml: COVID-19 and flu come from the published counts")
        return self


def load_recipes(content: Content) -> Recipes:
    """The recipes in force; ContentError where a file is wrong or two disagree."""
    parts = {
        "people": load(content, f"{FOLDER}/people.toml", People),
        "levels": load(content, f"{FOLDER}/levels.toml", Levels),
        "diagnoses": load(content, f"{FOLDER}/diagnoses.toml", Diagnoses),
        "reasons": load(content, f"{FOLDER}/call_reasons.toml", Reasons),
    }
    try:
        return Recipes.model_validate(parts)
    except ValueError as error:
        raise ContentError(FOLDER, "", str(error)) from error


def table(content: Content, rel: str) -> list[dict[str, str]]:
    """The rows of a small CSV table of the content."""
    return list(csv.DictReader(content.text(rel).splitlines()))
