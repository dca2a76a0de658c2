"""The settings of the checks of an association against its own habits: the tables [association] of checks.toml."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

STRICT = ConfigDict(extra="forbid", frozen=True)
NAMES = ("volume", "coded", "unknown_codes", "age", "sex", "arrival", "zero_day")


class Learning(BaseModel):
    """How a habit is learnt: which nights, how many at least, how much chance is expected."""

    model_config = STRICT
    nights: int = Field(ge=14, le=200)
    min_nights: int = Field(ge=7)
    level_nights: int = Field(ge=7, le=70)
    last_year_days: int = Field(ge=0, le=28)
    last_year_weight: float = Field(ge=0, le=1)
    season_bounds: tuple[float, float]
    weekday_spread: float = Field(gt=0, le=1)
    dispersion: float = Field(ge=1)
    dispersion_nights: float = Field(ge=0)
    day_spread: float = Field(ge=0, le=1)
    holiday_spread: float = Field(ge=0, le=1)
    share_spread: float = Field(gt=0, le=1)


class HabitCheck(BaseModel):
    """One check. `_z`: standard deviations from the expected; `_least`: and at least this gap, in the check's unit."""

    model_config = STRICT
    severity: Literal["note", "quarantine"]
    side: Literal["both", "high", "low"] = "both"
    hold_side: Literal["high", "low"] = "high"
    note_z: float = Field(gt=0)
    note_least: float = Field(ge=0)
    hold_z: float = Field(default=99.0, gt=0)
    hold_least: float = Field(default=0.0, ge=0)
    min_visits: int = Field(default=0, ge=0)
    fr: str


class ZeroDay(BaseModel):
    """A file came and holds no visit of the day: its sentence."""

    model_config = STRICT
    severity: Literal["note"]
    fr: str


class NotRun(BaseModel):
    """Why a check did not run, in words."""

    model_config = STRICT
    unknown_habit: str
    no_file: str
    closed: str
    few_visits: str
    error: str


class Territories(BaseModel):
    """When the sum of what came from a territory is a data event of the territory."""

    model_config = STRICT
    note_z: float = Field(gt=0)
    national_least: float = Field(gt=0, lt=1)
    region_least: float = Field(gt=0, lt=1)
    common_spread: float = Field(ge=0, lt=1)
    min_known: float = Field(gt=0, le=1)
    doubt_days: int = Field(ge=0, le=60)
    fr: str


class AssociationRules(BaseModel):
    """The table [association]: how habits are learnt, each check, and the sums over territories."""

    model_config = STRICT
    habits: Learning
    volume: HabitCheck
    coded: HabitCheck
    unknown_codes: HabitCheck
    age: HabitCheck
    sex: HabitCheck
    arrival: HabitCheck
    zero_day: ZeroDay
    not_run: NotRun
    territory: Territories

    def check(self, name: str) -> HabitCheck:
        """The settings of a check by its name."""
        found: HabitCheck = getattr(self, name)
        return found
