"""The file indicators/signals.toml: what is tested each night, how few alarms are let through, phases and nowcasts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from surveillance.content import Content, load

FILE = "indicators/signals.toml"
Kind = Literal["national", "region", "department", "association"]
Daily = Literal["rnssp_switch", "rnssp_ewma", "rnssp_regression", "ears_c1", "ears_c2"]
Near = Literal["holiday", "eve", "bridge", "after"]
Number = Annotated[int, Field(ge=1)]
Quantile = Annotated[float, Field(gt=0, le=1)]
Level = Annotated[float, Field(gt=0, lt=0.5)]
Probability = Annotated[float, Field(gt=0, lt=1)]
Harmonics = Annotated[int, Field(ge=0, le=4)]


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


class EarsRule(_Table):
    """The table `[ears_c2]`: days of baseline and floor on the standard deviation."""

    baseline_days: int = Field(ge=3)
    min_sigma: float = Field(ge=0)


class OwnPhases(_Table):
    """A table `[phases.own.SYNDROME]`: what is otherwise for one syndrome; None: as for all."""

    votes: Number | None = None
    weeks_in: Number | None = None
    weeks_out: Number | None = None
    calm: Number | None = None
    prune: Quantile | None = None
    alpha: Level | None = None
    harmonics: Harmonics | None = None
    hmm_level: Probability | None = None


class PhaseRule(_Table):
    """The table `[phases]`: which series have epidemic phases, which methods vote, and what makes a phase of votes.

    own: syndrome → what is otherwise for it.
    """

    syndromes: tuple[str, ...] = Field(min_length=1)
    seasonless: tuple[str, ...] = ()
    methods: tuple[Literal["serfling", "serfling_huber", "serfling_bisquare", "hmm_gauss"], ...] = Field(min_length=1)
    votes: Number
    weeks_in: Number
    weeks_out: Number
    calm: Number
    min_weeks: int = Field(ge=20)
    history_weeks: int = Field(ge=20)
    prune: Quantile
    alpha: Level
    harmonics: Harmonics
    hmm_level: Probability
    coded_share: float = Field(ge=0, le=1)
    season_week: int = Field(ge=1, le=52)
    season_weeks: int = Field(ge=20, le=52)
    min_seasons: int = Field(ge=2)
    shown_weeks: int = Field(ge=1)
    own: dict[str, OwnPhases] = {}

    def of(self, syndrome: str) -> PhaseRule:
        """The rule as it is for this syndrome."""
        own = self.own.get(syndrome)
        return self.model_copy(update=own.model_dump(exclude_none=True)) if own else self

    @model_validator(mode="after")
    def _can_be(self) -> PhaseRule:
        if lost := [name for name in self.own if name not in self.syndromes]:
            raise ValueError(f"own.{lost[0]}: no phases are made for it (syndromes)")
        if any((one.votes or 1) > len(self.methods) for one in self.own.values()):
            raise ValueError("votes: at most as many as there are methods")
        if self.votes > len(self.methods) or len(set(self.methods)) < len(self.methods):
            raise ValueError("votes: at most as many as there are methods, each named once")
        if self.min_weeks > self.history_weeks:
            raise ValueError("min_weeks: at most history_weeks")
        return self


class PublishedEpidemic(_Table):
    """One of `[[published_epidemics]]`: when an epidemic was, for those who validate; first empty: there was none."""

    syndrome: str
    region: str
    season: int
    first: str = Field("", pattern=r"^(\d{4}-W\d\d)?$")
    last: str = Field("", pattern=r"^(\d{4}-W\d\d)?$")
    certain: bool
    source: str


class NowcastRule(_Table):
    """The table `[nowcast]`: from how much of the past delays are learnt, and when an estimate is not given."""

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


class SignalRules(_Table):
    """The file indicators/signals.toml. `syndromes`: ids of the definitions that are tested; none = all in force.
    rise: none = no week is held against the weeks before it.

    severity: syndrome → how much an excess of it weighs (1 where it is not named). protocol: in the order of the file.
    """

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
