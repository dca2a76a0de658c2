"""The night's timetable: when gathering starts and stops, how long a feed may take, how few feeds is too few."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from surveillance.content import Content, load

FILE = "schedules/night.toml"
HOUR = r"^([01]\d|2[0-3]):[0-5]\d$"


class GatherRules(BaseModel):
    """How feeds are gathered; seconds unless the name says otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: str = Field(default="04:00", pattern=HOUR)
    parallel: int = Field(default=16, ge=1, le=128)
    feed_deadline_seconds: float = Field(default=60, gt=0)
    idle_seconds: float = Field(default=15, gt=0)
    stable_seconds: float = Field(default=60, ge=0)
    marker: str = Field(default=".ok", pattern=r"^(\.[a-z]+)?$")
    max_bytes: int = Field(default=50_000_000, gt=0)
    attempts: int = Field(default=3, ge=1, le=10)
    auth_attempts: int = Field(default=2, ge=1, le=3)
    backoff_seconds: tuple[float, ...] = (5, 20, 60)
    sweeps: int = Field(default=10, ge=1, le=50)
    sweep_seconds: float = Field(default=600, ge=0)


class ReceiptRules(BaseModel):
    """How receipts are put into the associations' folders, and how often new files are looked for between nights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: float = Field(default=120, ge=0)
    session_seconds: float = Field(default=20, gt=0)
    parallel: int = Field(default=16, ge=1, le=128)
    every_minutes: int = Field(default=5, ge=1, le=60)


class Coverage(BaseModel):
    """Below `floor` (share of the visits expected of those open) the exit code is 12; `below`: is the file sent?"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    floor: float = Field(ge=0, le=1)
    below: Literal["deliver", "stop"] = "deliver"


class Timetable(BaseModel):
    """The file `schedules/night.toml`; hours are wall-clock hours of `timezone` on the date of the night."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: str
    cut_off: str = Field(pattern=HOUR)
    deadline: str = Field(pattern=HOUR)
    raw_days: int = Field(ge=1, le=31)
    visit_months: int = Field(0, ge=0, le=600)
    log_months: int = Field(12, ge=6, le=36)
    gather: GatherRules
    coverage: Coverage
    receipts: ReceiptRules = ReceiptRules()

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        """A zone of the IANA database."""
        try:
            ZoneInfo(value)
        except (KeyError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}") from error
        return value

    @model_validator(mode="after")
    def in_order(self) -> Timetable:
        """Gathering starts, stops, and the file arrives, in that order."""
        if not self.gather.start < self.cut_off < self.deadline:
            raise ValueError("gather.start, cut_off and deadline must follow one another within one morning")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone the hours are given in."""
        return ZoneInfo(self.timezone)


def load_timetable(content: Content, rel: str = FILE) -> Timetable:
    """The timetable in force."""
    return load(content, rel, Timetable)
