"""What is watched every night: the settings of indicators/signals.toml."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from surveillance.content import Content, load
from surveillance.signals.rules import (
    BudgetRule,
    CalendarRule,
    DailyRule,
    DataRule,
    EventRule,
    Protocol,
    RiseRule,
    SeriesRule,
    WeeklyRule,
)

FILE = "indicators/signals.toml"


class EarsRule(BaseModel):
    """The table `[ears_c2]`: days of baseline and floor on the standard deviation."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    baseline_days: int = Field(ge=3)
    min_sigma: float = Field(ge=0)


class PhaseRule(BaseModel):
    """The table `[phases]`: which series have epidemic phases, which methods vote, and what makes a phase of votes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    syndromes: tuple[str, ...] = Field(min_length=1)
    seasonless: tuple[str, ...] = ()
    methods: tuple[Literal["serfling", "serfling_huber", "serfling_bisquare", "hmm_gauss"], ...] = Field(min_length=1)
    votes: int = Field(ge=1)
    weeks_in: int = Field(ge=1)
    weeks_out: int = Field(ge=1)
    calm: int = Field(ge=1)
    min_weeks: int = Field(ge=20)
    history_weeks: int = Field(ge=20)
    prune: float = Field(gt=0, le=1)
    alpha: float = Field(gt=0, lt=0.5)
    harmonics: int = Field(ge=0, le=4)
    hmm_level: float = Field(gt=0, lt=1)
    coded_share: float = Field(ge=0, le=1)
    season_week: int = Field(ge=1, le=52)
    season_weeks: int = Field(ge=20, le=52)
    min_seasons: int = Field(ge=2)
    shown_weeks: int = Field(ge=1)

    @model_validator(mode="after")
    def _can_be(self) -> PhaseRule:
        if self.votes > len(self.methods) or len(set(self.methods)) < len(self.methods):
            raise ValueError("votes: at most as many as there are methods, each named once")
        if self.min_weeks > self.history_weeks:
            raise ValueError("min_weeks: at most history_weeks")
        return self


class PublishedEpidemic(BaseModel):
    """One of `[[published_epidemics]]`: when an epidemic was, for those who validate; first empty: there was none."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    syndrome: str
    region: str
    season: int
    first: str = Field("", pattern=r"^(\d{4}-W\d\d)?$")
    last: str = Field("", pattern=r"^(\d{4}-W\d\d)?$")
    certain: bool
    source: str


class NowcastRule(BaseModel):
    """The table `[nowcast]`: from how much of the past delays are learnt, and when an estimate is not given."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    settled_days: int = Field(ge=2, le=60)
    learn_weeks: int = Field(ge=2)
    error_weeks: int = Field(ge=2)
    min_errors: int = Field(ge=5)
    lacking: float = Field(ge=0, le=1)
    lacking_nights: int = Field(ge=0)
    jump: float = Field(gt=0)
    weekdays: int = Field(ge=1)
    weekday_days: float = Field(ge=0)
    pooled_acts: float = Field(ge=0)
    level: float = Field(gt=0, lt=1)
    adapt: float = Field(ge=0, le=0.2)
    shown_days: int = Field(ge=1)


class SignalRules(BaseModel):
    """The file indicators/signals.toml. `syndromes`: ids of the definitions that are tested; none = all in force.
    rise: none = no week is held against the weeks before it.

    severity: syndrome → how much an excess of it weighs (1 where it is not named). protocol: in the order of the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    series: SeriesRule
    daily: DailyRule
    weekly: WeeklyRule
    calendar: CalendarRule
    data: DataRule
    budget: BudgetRule
    events: EventRule
    severity: dict[str, float]
    protocol: dict[str, Protocol]
    syndromes: tuple[str, ...] = ()
    ears_c2: EarsRule
    phases: PhaseRule
    nowcast: NowcastRule
    rise: RiseRule | None = None
    published_epidemics: tuple[PublishedEpidemic, ...] = ()


def load_rules(content: Content) -> SignalRules:
    """The rules in force."""
    return load(content, FILE, SignalRules)
