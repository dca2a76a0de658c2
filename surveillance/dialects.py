"""The feed dialects: how an association's software writes a file, declared in extracts/dialects/, never guessed."""

from __future__ import annotations

import codecs
import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from surveillance.content import Content, load
from surveillance.errors import ContentError

FOLDER = "extracts/dialects/"
MULTIPLE = frozenset({"diagnoses", "reason_codes", "reason_texts"})
SINGLE = frozenset({
    "visit_id", "call_at", "call_date", "call_time", "start_at", "start_date", "start_time", "end_at",
    "postal_code", "birth_date", "age_years", "age_months", "sex", "outcome", "act_type", "status",
})  # fmt: skip
VALUES = {
    "sex": frozenset({"M", "F", "I", "NR"}),
    "outcome": frozenset({"DOMICILE", "HOSPIT", "SAU", "SAMU", "REFUS", "DECES", "REORIENT", "NR"}),
    "act_type": frozenset({"VISITE", "CENTRE", "TELECONSULT", "CONSEIL_TEL", "ANNULE", "AUTRE"}),
    "status": frozenset({"active", "cancelled"}),
}
STRICT = ConfigDict(extra="forbid", frozen=True)


def fold(text: str) -> str:
    """How names and values are compared: capitals, letters and digits only, accents lost, single spaces."""
    plain = unicodedata.normalize("NFKD", text.replace("°", " "))
    plain = "".join(char for char in plain if not unicodedata.combining(char)).upper()
    return " ".join(re.sub(r"[^0-9A-Z]+", " ", plain).split())


class FieldSpec(BaseModel):
    """Where a canonical field is found: column names of a header, or dotted paths of a record."""

    model_config = STRICT
    columns: list[str] = Field(min_length=1)
    system: str = ""
    optional: bool = False


class Delimited(BaseModel):
    """What only a delimited file has. A line is a record: no field holds an end of line."""

    model_config = STRICT
    delimiter: str = Field(min_length=1, max_length=1)
    quote: str = Field('"', min_length=1, max_length=1)
    trailing_delimiter: bool = False
    total_line: str = ""


class Records(BaseModel):
    """What only an XML file has: its root, the element of a record, the path of the association's code."""

    model_config = STRICT
    root: str
    record: str
    association: str = ""


class Forms(BaseModel):
    """The only ways dates and times are written, tried in order."""

    model_config = STRICT
    date: list[str] = []
    time: list[str] = []
    datetime: list[str] = []


class Dialect(BaseModel):
    """One file `extracts/dialects/<id>.toml`; its keys are explained in csv-fr-cp1252.toml."""

    model_config = STRICT
    id: str
    version: str
    status: Literal["example", "agreed"]
    label: str
    kind: Literal["delimited", "xml", "jsonl"]
    encodings: list[str] = Field(min_length=1)
    compression: Literal["none", "gzip"] = "none"
    final_newline: bool = False
    file_name: str
    file_date: str
    file_date_is: Literal["visit_day", "night"]
    missing: list[str]
    thesaurus: Literal["own", "cim10"]
    ignored: list[str] = []
    delimited: Delimited | None = None
    records: Records | None = None
    fields: dict[str, FieldSpec]
    forms: Forms
    values: dict[str, dict[str, str]]

    @field_validator("encodings")
    @classmethod
    def known_encodings(cls, names: list[str]) -> list[str]:
        """Names of codecs in which an end of line is one byte."""
        for name in names:
            try:
                codecs.lookup(name)
            except LookupError as error:
                raise ValueError(f"unknown encoding {name!r}") from error
            if "\n".encode(name).removeprefix(codecs.BOM_UTF8) != b"\n":
                raise ValueError(f"{name!r} is not an encoding in which lines can be counted")
        return names

    @field_validator("file_name")
    @classmethod
    def dated_name(cls, pattern: str) -> str:
        """A pattern with a group `date`."""
        if "date" not in re.compile(pattern).groupindex:
            raise ValueError("the pattern has no group (?P<date>…)")
        return pattern

    @field_validator("values")
    @classmethod
    def canonical_values(cls, values: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        """Only canonical values on the right; on the left, values as `fold` compares them."""
        for name, table in values.items():
            wrong = sorted(set(table.values()) - VALUES.get(name, frozenset()))
            if wrong:
                raise ValueError(f"{name}: not a canonical value: {', '.join(wrong)}")
        return {name: {fold(key): value for key, value in table.items()} for name, table in values.items()}

    @model_validator(mode="after")
    def complete(self) -> Dialect:
        """Known fields, the two that no visit can lack, and the table its kind needs."""
        unknown = sorted(set(self.fields) - SINGLE - MULTIPLE)
        if unknown:
            raise ValueError(f"unknown canonical field: {', '.join(unknown)}")
        if "visit_id" not in self.fields or not {"start_at", "start_date"} & set(self.fields):
            raise ValueError("fields: visit_id and start_at (or start_date) are needed")
        if self.kind == "delimited" and self.delimited is None:
            raise ValueError("a delimited dialect needs the table [delimited]")
        if self.kind == "xml" and self.records is None:
            raise ValueError("an XML dialect needs the table [records]")
        return self

    @property
    def name(self) -> str:
        """The dialect as records name it: `csv-fr-cp1252/1`."""
        return f"{self.id}/{self.version}"

    def read_name(self, name: str) -> tuple[date | None, str]:
        """The visit day and the association that a file name tells; (None, "") when it is not as agreed."""
        match = re.fullmatch(self.file_name, name, re.ASCII)
        if match is None:
            return None, ""
        try:
            day = datetime.strptime(match["date"], self.file_date).date()  # noqa: DTZ007 - a date without time
        except ValueError:
            return None, ""
        shift = timedelta(days=1 if self.file_date_is == "night" else 0)
        return day - shift, match.groupdict().get("association") or ""


def load_dialects(content: Content) -> dict[str, Dialect]:
    """Every dialect in force by its id; ContentError names the file, the line and the key."""
    found: dict[str, Dialect] = {}
    for file in content.files(FOLDER):
        if not file.rel.endswith(".toml"):
            continue
        dialect = load(content, file.rel, Dialect)
        if f"{FOLDER}{dialect.id}.toml" != file.rel:
            raise ContentError(file.rel, "id", f"{dialect.id!r} is not the name of the file")
        found[dialect.id] = dialect
    return found
