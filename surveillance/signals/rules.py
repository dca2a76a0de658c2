"""The tables of indicators/signals.toml that say what is tested each night and how few alarms are let through."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Kind = Literal["national", "region", "department", "association"]
Daily = Literal["rnssp_switch", "rnssp_ewma", "rnssp_regression", "ears_c1", "ears_c2"]
Near = Literal["holiday", "eve", "bridge", "after"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DailyRule(_Table):
    """`[daily]`: the method of daily counts, that of a short past, and from how many days which is used."""

    method: Daily
    alpha: float = Field(gt=0, lt=0.5)
    few_days_method: Daily
    enough_days: int = Field(ge=14)
    history_days: int = Field(ge=35)
    baseline_days: int = Field(ge=14)
    guard_days: int = Field(ge=0)
    tested_days: int = Field(ge=1, le=7)


class WeeklyRule(_Table):
    """`[weekly]`: the method of weeks that end on the visit day, the nights it runs on (1: Monday), and its past."""

    method: Literal["farrington_flexible"]
    alpha: float = Field(gt=0, lt=0.5)
    years: int = Field(ge=3)
    periods: int = Field(ge=1)
    left_out_weeks: int = Field(ge=0)
    nights: tuple[int, ...]


class RiseRule(_Table):
    """`[rise]`: the last seven days against the weeks before them, for waves that days follow too well to see.

    growth: of the log a day that the season alone can make. spread: relative standard deviation of a week.
    """

    territories: tuple[Kind, ...]
    weeks: int = Field(ge=3, le=8)
    growth: float = Field(ge=0, le=0.1)
    spread: float = Field(ge=0, le=1)

    @field_validator("territories")
    @classmethod
    def _from_france_down(cls, value: tuple[Kind, ...]) -> tuple[Kind, ...]:
        if value and "national" not in value:
            raise ValueError("national must be one of them: the level of small places leans on it")
        return value


class SeriesRule(_Table):
    """`[series]`: territories and ages that are tested, and the least count that can be a signal."""

    territories: tuple[Kind, ...]
    age_scheme: str
    min_count: int = Field(ge=1)


class CalendarRule(_Table):
    """`[calendar]`: days left out of every baseline; relative standard deviation of the factor of such a day."""

    left_out: tuple[Near, ...]
    spread: float = Field(ge=0)


class DataRule(_Table):
    """`[data]`: checks against habits that make a feed doubtful, and how little of a perimeter may remain."""

    checks: tuple[str, ...]
    least_perimeter: float = Field(ge=0, le=1)


class BudgetRule(_Table):
    """`[budget]`: false events a week for the whole country, the false discovery rate, how many are shown a night.

    calibration: false events for each false alarm that the p-values let expect (`surveillance.makers.null_signals`).
    weekly_events_a_week, weekly_calibration: of the weekly tests, whose events are part of `events_a_week`.
    """

    events_a_week: float = Field(gt=0)
    false_discovery_rate: float = Field(ge=0, lt=1)
    shown_a_night: int = Field(ge=1)
    calibration: float = Field(gt=0)
    weekly_events_a_week: float = Field(0.5, ge=0)
    weekly_calibration: float = Field(5.5, gt=0)


class EventRule(_Table):
    """`[events]`: days without an alarm that do not end an event, and the level of the interval shown."""

    gap_days: int = Field(ge=0)
    interval: float = Field(gt=0.5, lt=1)


class Protocol(_Table):
    """`[protocol.TYPE]`: what to do with a signal; the first one that fits: its syndromes and kinds (empty: any)."""

    syndromes: tuple[str, ...] = ()
    territories: tuple[Kind, ...] = ()
    fr: str = Field(min_length=1)
    en: str = Field(min_length=1)
