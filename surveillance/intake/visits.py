"""The visit: what is kept of it (extracts/visit.toml), and how columns of text become a table of visits."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load
from surveillance.intake.coded import Coded, Hashes, Issues, Text
from surveillance.intake.readers.raw import RawTable
from surveillance.intake.stamps import NO_DAY, to_date
from surveillance.intake.values import Diagnoses, Reason

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
        pa.field("reason_suspected", pa.list_(pa.string()), nullable=False),
        pa.field("reason_texts", pa.int8(), nullable=False),
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
    identity_days: int = Field(ge=400)


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
    """Columns of typed values, one item per line read, and what each line failed (`issues`, by position).

    uids: 16 bytes each. days: since 1970-01-01. hours, ages (years), months: -1 = not known. bands: the age band of
    each year from 0 to 120, then that of an unknown age. ran: the checks that were looked at, whatever they found.
    """

    uids: bytes
    days: npt.NDArray[np.int32]
    hours: npt.NDArray[np.int32]
    ages: npt.NDArray[np.int32]
    months: npt.NDArray[np.int32]
    sexes: Coded[str]
    acts: Coded[str]
    outcomes: Coded[str]
    statuses: Coded[str]
    residences: Coded[Text]
    diagnoses: Coded[Diagnoses]
    reason_codes: Coded[tuple[str, ...]]
    reasons: Coded[Reason]
    bands: tuple[str, ...]
    issues: Issues
    ran: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.days)

    @property
    def concepts(self) -> Coded[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The concepts of each line, and those only suspected."""
        return Coded(self.reasons.codes, [(one.concepts, one.suspected) for one in self.reasons.values])

    @property
    def keys(self) -> npt.NDArray[np.uint64]:
        """The first half of each pseudonym, as a number."""
        return np.frombuffer(self.uids, ">u8").reshape(-1, 2)[:, 0].astype(np.uint64)


@dataclass(frozen=True)
class Origin:
    """Where the visits of a file come from: what is the same for all of them."""

    association: str
    department: str
    dialect: str
    sha256: str
    size: int = 0


def day_checks(days: npt.NDArray[np.int32], night: date, limits: VisitLimits, issues: Issues) -> None:
    """Adds what is wrong with the visit day, seen from the night of reception."""
    there = [day for day in np.unique(days).tolist() if day != NO_DAY]
    for day in there:
        if check := _day_check(to_date(day), night, limits):
            for row in np.flatnonzero(days == day).tolist():
                issues[row].append(check)


def _day_check(day: date, night: date, limits: VisitLimits) -> str:
    if day > night + timedelta(days=limits.future_days):
        return "DATE_FUTURE"
    delay = (night - day).days
    if delay > limits.past_days:
        return "DATE_OLD"
    return "SAME_DAY" if delay <= 0 else "LATE" if delay > limits.delay_days else ""


@cache
def _hashes(field: str) -> Hashes:
    return Hashes(field)


def content_hashes(typed: Typed, origin: Origin) -> npt.NDArray[np.uint64]:
    """Has the visit changed? A number of 64 bits over its values: for each field, the first half of SHA-256 over
    its name and its value, added up (modulo 2**64).

    Without dialect, file and line (where it was read), age band (follows from the age) and `dq` (some checks depend
    on the night): the same visit sent again has the same hash, whichever night and file it comes in.
    """
    whose = _hashes("association")[f"{origin.association}\x1f{origin.department}"]
    found = typed.keys + np.uint64(whose)
    for field in ("days", "hours", "ages", "months"):
        found += _hashes(field).of_numbers(getattr(typed, field))
    for field in ("sexes", "acts", "outcomes", "statuses", "residences", "diagnoses", "reason_codes", "concepts"):
        found += _hashes(field).of(getattr(typed, field))
    return found


def hexadecimal(data: bytes, width: int) -> pa.Array:
    """Bytes, `width` for each row, as hexadecimal texts."""
    size = len(data) // width
    offsets = np.arange(0, (size + 1) * width * 2, width * 2, dtype=np.int32)
    return pa.StringArray.from_buffers(size, pa.py_buffer(offsets), pa.py_buffer(data.hex().encode()))


def to_table(
    typed: Typed, flags: Coded[tuple[str, ...]], keep: npt.NDArray[np.bool_], hashes: npt.NDArray[np.uint64],
    raw: RawTable, origin: Origin,
) -> pa.Table:  # fmt: skip
    """The visits kept, with the columns of SCHEMA."""
    size, text, lists = len(typed), pa.string(), pa.list_(pa.string())
    values, codes, reasons = typed.diagnoses.values, typed.diagnoses.codes, typed.reasons
    arrays = [
        _same(origin.association, size), hexadecimal(typed.uids, 16), typed.statuses.array(text),
        pa.array(typed.days, pa.int32()).cast(pa.date32()), _known(typed.hours, pa.int8()), typed.acts.array(text),
        _same(origin.department, size), typed.residences.array(text), _known(typed.ages, pa.int16()),
        _known(typed.months, pa.int16()), _bands(typed),
        typed.sexes.array(text), Coded(codes, [thesaurus for thesaurus, _ in values]).array(text),
        Coded(codes, [found for _, found in values]).array(lists), typed.reason_codes.array(lists),
        Coded(reasons.codes, [one.concepts for one in reasons.values]).array(lists),
        Coded(reasons.codes, [one.suspected for one in reasons.values]).array(lists),
        Coded(reasons.codes, [min(one.texts, 127) for one in reasons.values]).array(pa.int8()),
        typed.outcomes.array(text), flags.array(lists), _same(origin.sha256, size),
        pa.array(raw.line_no, pa.int32()), _same(origin.dialect, size), hexadecimal(hashes.astype(">u8").tobytes(), 8),
    ]  # fmt: skip
    table = pa.Table.from_arrays(arrays, schema=SCHEMA)
    return table if keep.all() else table.filter(pa.array(keep))


def _bands(typed: Typed) -> pa.Array:
    unknown = len(typed.bands) - 1
    codes = np.where((typed.ages < 0) | (typed.ages >= unknown), unknown, typed.ages).astype(np.int32)
    return Coded(codes, list(typed.bands)).array(pa.string())


def _known(numbers: npt.NDArray[np.int32], kind: pa.DataType) -> pa.Array:
    """Whole numbers; -1 is nothing."""
    return pa.array(numbers, pa.int32(), mask=numbers < 0).cast(kind)


def _same(value: str, size: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), size)


def new_issues() -> Issues:
    """No issue yet, for any line."""
    return defaultdict(list)
