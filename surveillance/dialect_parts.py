"""The parts of a dialect: where fields are found, what each kind of file needs said, the forms of dates."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from surveillance.date_forms import DAY, HOUR, check_form

MULTIPLE = frozenset({"diagnoses", "reason_codes", "reason_texts"})
SINGLE = frozenset({
    "visit_id", "call_at", "call_date", "call_time", "start_at", "start_date", "start_time", "end_at",
    "postal_code", "insee_code", "birth_date", "age", "age_years", "age_months", "sex", "outcome", "act_type",
    "status",
})  # fmt: skip
HL7_PATH = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[([^\]]+)\])?-([1-9][0-9]?)(?:\.([1-9][0-9]?))?", re.ASCII)
STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """How names and values are compared: capitals, letters and digits only, accents lost, single spaces."""
    plain = unicodedata.normalize("NFKD", text.replace("°", " "))
    plain = "".join(char for char in plain if not unicodedata.combining(char)).upper()
    return " ".join(re.sub(r"[^0-9A-Z]+", " ", plain).split())


def pattern_with(pattern: str, group: str = "") -> str:
    """The pattern itself, when it is a regular expression (with that group)."""
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if group and group not in groups:
        raise ValueError(f"the pattern has no group (?P<{group}>…)")
    return pattern


class FieldSpec(BaseModel):
    """Where a canonical field is found: column names of a header, or paths of a record.

    columns: of a field with several items, every column there is, in order, the first one being needed; of a
    `joined` field, its parts, all needed; of any other field, one. `or`: other names of the first column. pattern: of
    visit_id, what a number must look like; of reason_codes, the codes that stay readable though no list knows them.
    """

    model_config = STRICT
    columns: list[str] = Field(min_length=1)
    others: list[str] = Field([], alias="or")
    system: str = ""
    optional: bool = False
    joined: bool = False
    pattern: Annotated[str, AfterValidator(lambda pattern: pattern and pattern_with(pattern))] = ""
    pad: int = Field(0, ge=0, le=20)

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The accepted names of each column, the agreed one first."""
        return ((self.columns[0], *self.others), *((column,) for column in self.columns[1:]))

    @property
    def needed(self) -> list[str]:
        """The columns without which a file is not the agreed one."""
        return [] if self.optional else self.columns if self.joined else self.columns[:1]


class Delimited(BaseModel):
    """What only a delimited file has. A line is a record: no field holds an end of line."""

    model_config = STRICT
    delimiter: str = Field(min_length=1, max_length=1)
    quote: str = Field('"', min_length=1, max_length=1)
    trailing_delimiter: bool = False
    total_line: Annotated[str, AfterValidator(lambda pattern: pattern and pattern_with(pattern, "count"))] = ""


class Records(BaseModel):
    """What only an XML file has: its root, the element of a record, the path of the association's code."""

    model_config = STRICT
    root: str
    record: str
    association: str = ""


class Documents(BaseModel):
    """What only JSON documents and HL7 messages have: where the cases stand, and the code of the sender.

    cases: paths in a JSON document, tried in order, "" = the document itself. sender: paths, the first found counts.
    """

    model_config = STRICT
    cases: list[str] = [""]
    sender: list[str] = []


class Workbook(BaseModel):
    """What only a workbook has: the name of the sheet of the visits ("" = the first one that is not hidden)."""

    model_config = STRICT
    sheet: str = ""


class Window(BaseModel):
    """Which visit days a file holds: the `days` before its night.

    adds: the file brings visits and corrections, whatever it does not hold stays as it was; replaces: the file holds
    everything of those days, a visit that was there before and is not any more is withdrawn.
    """

    model_config = STRICT
    days: int = Field(7, ge=1, le=400)
    mode: Literal["adds", "replaces"] = "adds"


class Forms(BaseModel):
    """The only ways dates, times and ages are written; a date that two forms read differently is refused."""

    model_config = STRICT
    date: list[Annotated[str, AfterValidator(lambda form: check_form(form, DAY))]] = []
    time: list[Annotated[str, AfterValidator(lambda form: check_form(form, HOUR))]] = []
    datetime: list[Annotated[str, AfterValidator(lambda form: check_form(form, DAY | HOUR))]] = []
    age: list[Literal["iso8601", "ucum"]] = []

    @model_validator(mode="after")
    def no_more_than_needed(self) -> Forms:
        """An hour in a form of dates would be lost without a word."""
        for form in self.date:
            if "%H" in form:
                raise ValueError(f"the form {form!r} holds an hour: it belongs to `datetime`")
        return self
