"""The visit: what is kept of it (extracts/visit.toml), and how columns of text become a table of visits."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import repeat
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load
from surveillance.intake.readers.raw import RawTable
from surveillance.intake.values import Diagnoses, Issues, Text

FILE = "extracts/visit.toml"
SCHEMA = pa.schema(
    [
        pa.field("association", pa.string(), nullable=False),
        pa.field("visit_uid", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("event_date", pa.date32(), nullable=False),
        pa.field("hour", pa.int8()),
        pa.field("act_type", pa.string(), nullable=False),
        pa.field("dep_care", pa.string(), nullable=False),
        pa.field("dep_res", pa.string()),
        pa.field("age_y", pa.int16()),
        pa.field("age_m", pa.int16()),
        pa.field("age_band", pa.string(), nullable=False),
        pa.field("sex", pa.string(), nullable=False),
        pa.field("thesaurus", pa.string(), nullable=False),
        pa.field("diagnoses", pa.list_(pa.string()), nullable=False),
        pa.field("reason_codes", pa.list_(pa.string()), nullable=False),
        pa.field("reason_concepts", pa.list_(pa.string()), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("dq", pa.list_(pa.string()), nullable=False),
        pa.field("file_sha256", pa.string(), nullable=False),
        pa.field("line_no", pa.int32(), nullable=False),
        pa.field("dialect", pa.string(), nullable=False),
        pa.field("content_hash", pa.string(), nullable=False),
    ]
)


class VisitLimits(BaseModel):
    """Between which limits a value of a visit is believed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    age_max: int = Field(ge=1, le=120)
    months_below: int = Field(ge=0, le=24)
    past_days: int = Field(ge=14)
    delay_days: int = Field(ge=1)
    future_days: int = Field(ge=0, le=1)
    duration_hours: int = Field(ge=1)
    text_max: int = Field(ge=1)
    id_max: int = Field(ge=8, le=200)
    codes_max: int = Field(ge=1)


class FieldRule(BaseModel):
    """A field in words: its type, its privacy class P0-P4, its rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: str
    privacy: str = Field(alias="class", pattern="^P[0-4]$")
    required: bool = False
    rule: str


class VisitRules(BaseModel):
    """The file `extracts/visit.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: str
    limits: VisitLimits
    source: dict[str, FieldRule]
    record: dict[str, FieldRule]


def load_visit_rules(content: Content) -> VisitRules:
    """The rules in force; ContentError names the file, the line and the key."""
    return load(content, FILE, VisitRules)


@dataclass
class Typed:
    """Columns of typed values, one item per line read, and what each line failed (`issues`, by position)."""

    uids: list[str]
    days: list[date]
    hours: list[int | None]
    ages: list[int | None]
    months: list[int | None]
    bands: list[str]
    sexes: list[str]
    acts: list[str]
    outcomes: list[str]
    statuses: list[str]
    residences: list[Text]
    diagnoses: list[Diagnoses]
    reason_codes: list[tuple[str, ...]]
    concepts: list[tuple[str, ...]]
    issues: Issues


@dataclass(frozen=True)
class Origin:
    """Where the visits of a file come from: what is the same for all of them."""

    association: str
    department: str
    dialect: str
    sha256: str


def day_checks(days: Sequence[date], night: date | None, limits: VisitLimits, issues: Issues) -> None:
    """Adds what is wrong with the visit day, seen from the night of reception (unknown: nothing is wrong)."""
    if night is None:
        return
    found = {day: check for day in set(days) if (check := _day_check(day, night, limits))}
    if found:
        for row, day in enumerate(days):
            if day in found:
                issues[row].append(found[day])


def _day_check(day: date, night: date, limits: VisitLimits) -> str:
    if day > night + timedelta(days=limits.future_days):
        return "DATE_FUTURE"
    delay = (night - day).days
    if delay > limits.past_days:
        return "DATE_OLD"
    return "SAME_DAY" if delay <= 0 else "LATE" if delay > limits.delay_days else ""


def content_hashes(typed: Typed, origin: Origin) -> list[str]:
    """16 hexadecimal digits of SHA-256 over the values of each visit.

    Without dialect, file and line (where it was read), age band (follows from the age) and `dq` (some checks depend
    on the night): the same visit sent again has the same hash, whichever night and file it comes in.
    """
    iso = {day: day.isoformat() for day in set(typed.days)}
    start = f"{origin.association}\x1f{origin.department}"
    sha256, diagnosis, items = hashlib.sha256, _Joined(), _Joined()
    return [
        sha256(
            f"{start}\x1f{uid}\x1f{status}\x1f{iso[day]}\x1f{hour}\x1f{act}\x1f{residence}\x1f{age}\x1f{month}"
            f"\x1f{sex}\x1f{diagnosis[codes]}\x1f{items[reasons]}\x1f{items[found]}\x1f{outcome}".encode()
        ).hexdigest()[:16]
        for uid, status, day, hour, act, residence, age, month, sex, codes, reasons, found, outcome in zip(
            typed.uids, typed.statuses, typed.days, typed.hours, typed.acts, typed.residences, typed.ages,
            typed.months, typed.sexes, typed.diagnoses, typed.reason_codes, typed.concepts, typed.outcomes,
            strict=True,
        )
    ]  # fmt: skip


class _Joined(dict[Any, str]):
    """Tuples of texts as one text, each made once."""

    def __missing__(self, key: tuple[Any, ...]) -> str:
        self[key] = "\x1e".join(item if isinstance(item, str) else "\x1d".join(item) for item in key)
        return self[key]


Flags = list[tuple[str, ...]]


def to_table(
    typed: Typed, flags: Flags, keep: list[bool], hashes: list[str], raw: RawTable, origin: Origin
) -> pa.Table:
    """The visits kept, with the columns of SCHEMA."""
    size = len(hashes)
    arrays = [
        _same(origin.association, size), pa.array(typed.uids, pa.string()), pa.array(typed.statuses, pa.string()),
        pa.array(typed.days, pa.date32()), pa.array(typed.hours, pa.int8()), pa.array(typed.acts, pa.string()),
        _same(origin.department, size), pa.array(typed.residences, pa.string()), pa.array(typed.ages, pa.int16()),
        pa.array(typed.months, pa.int16()), pa.array(typed.bands, pa.string()), pa.array(typed.sexes, pa.string()),
        pa.array([thesaurus for thesaurus, _ in typed.diagnoses], pa.string()),
        _lists([codes for _, codes in typed.diagnoses]), _lists(typed.reason_codes), _lists(typed.concepts),
        pa.array(typed.outcomes, pa.string()), _lists(flags), _same(origin.sha256, size),
        pa.array(raw.line_no, pa.int32()), _same(origin.dialect, size), pa.array(hashes, pa.string()),
    ]  # fmt: skip
    table = pa.Table.from_arrays(arrays, schema=SCHEMA)
    return table if all(keep) else table.filter(pa.array(keep))


def _same(value: str, size: int) -> pa.Array:
    return pa.array(repeat(value, size), pa.string(), size=size)


def _lists(values: Sequence[tuple[str, ...]]) -> pa.Array:
    """Few distinct tuples, many rows: each distinct one is converted once."""
    distinct = {value: number for number, value in enumerate(dict.fromkeys(values))}
    lists = pa.array(list(distinct), pa.list_(pa.string()))
    return lists.take(pa.array([distinct[value] for value in values], pa.int32()))


def new_issues() -> Issues:
    """No issue yet, for any line."""
    return defaultdict(list)
