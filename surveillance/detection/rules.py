"""What is watched every night: the settings of indicators/signals.toml."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load
from surveillance.signals.rules import (
    BudgetRule,
    CalendarRule,
    DailyRule,
    DataRule,
    EventRule,
    Protocol,
    SeriesRule,
    WeeklyRule,
)

FILE = "indicators/signals.toml"


class EarsRule(BaseModel):
    """The table `[ears_c2]`: days of baseline and floor on the standard deviation."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    baseline_days: int = Field(ge=3)
    min_sigma: float = Field(ge=0)


class SignalRules(BaseModel):
    """The file indicators/signals.toml. `syndromes`: ids of the definitions that are tested; none = all in force.

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


def load_rules(content: Content) -> SignalRules:
    """The rules in force."""
    return load(content, FILE, SignalRules)
