"""The feed dialects: how an association's software writes a file, declared in extracts/dialects/, never guessed."""

from __future__ import annotations

import codecs
import re
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, field_validator, model_validator

from surveillance.content import Content, WrongKey, load
from surveillance.dialect_parts import (
    HL7_PATH,
    MULTIPLE,
    SINGLE,
    STRICT,
    Delimited,
    Documents,
    FieldSpec,
    Forms,
    Records,
    Window,
    Workbook,
    fold,
    pattern_with,
)
from surveillance.errors import ContentError

__all__ = ["MULTIPLE", "SINGLE", "Delimited", "Dialect", "FieldSpec", "Records", "fold", "load_dialects"]

FOLDER = "extracts/dialects/"
VALUES = {
    "sex": frozenset({"M", "F", "I", "NR"}),
    "outcome": frozenset({"DOMICILE", "HOSPIT", "SAU", "SAMU", "REFUS", "DECES", "REORIENT", "NR"}),
    "act_type": frozenset({"VISITE", "CENTRE", "TELECONSULT", "CONSEIL_TEL", "ANNULE", "AUTRE"}),
    "status": frozenset({"active", "cancelled"}),
    "system": frozenset({"own", "CIM10"}),  # whose codes they are; those of any other system are not read
}
CODE = re.compile(r"([0-9]{2}|2[AB]|97[0-9])[0-9]{2}", re.ASCII)  # of an association
FILLED = 'read it through, fill in what it leaves open, try it, then write status = "agreed"'
TO_FILL = "?"  # stands in a draft for a value that somebody has to say
KINDS = {"delimited": "delimited", "xml": "records"}  # the table that a kind cannot do without
NEEDED_FORMS = {
    "date": {"call_date", "start_date", "birth_date"},
    "time": {"call_time", "start_time"},
    "datetime": {"call_at", "start_at", "end_at"},
    "age": {"age"},
}
STRANGER = "?"  # a sender's code that the dialect does not map: nobody's


def known_field(name: str) -> str:
    """A canonical field."""
    if name not in SINGLE | MULTIPLE:
        raise ValueError(f"unknown canonical field: {name}")
    return name


class Dialect(BaseModel):
    """One file `extracts/dialects/<id>.toml`; its keys are explained in extracts/dialects/README.md."""

    model_config = STRICT
    id: str
    version: str
    status: Literal["draft", "example", "agreed"]
    label: str
    kind: Literal["delimited", "xml", "jsonl", "json", "hl7", "excel"]
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
    documents: Documents = Documents()
    workbook: Workbook = Workbook()
    window: Window = Window(days=7)
    fields: dict[Annotated[str, AfterValidator(known_field)], FieldSpec]
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
        return pattern_with(pattern, "date")

    @field_validator("fields")
    @classmethod
    def sound_fields(cls, fields: dict[str, FieldSpec], info: ValidationInfo) -> dict[str, FieldSpec]:
        """The two that no visit can lack; several columns only where several can be kept."""
        if "visit_id" not in fields or not {"start_at", "start_date"} & set(fields):
            raise WrongKey("visit_id and start_at (or start_date) are needed")
        for name, spec in fields.items():
            if len(spec.columns) > 1 and not spec.joined and name not in MULTIPLE:
                raise WrongKey("a field of one value has one column, unless joined = true", name)
            paths = [*spec.columns, *spec.others, *([spec.system] if spec.system else [])]
            if info.data.get("kind") == "hl7" and (wrong := [path for path in paths if not HL7_PATH.fullmatch(path)]):
                raise WrongKey(f"not a path such as PV1-19.1 or OBX[8661-1]-5.9: {wrong[0]}", name)
            if spec.pad and info.data.get("kind") != "excel":
                raise WrongKey("only a workbook loses the zeros of a number: `pad` is for kind excel", name)
        return fields

    @field_validator("values")
    @classmethod
    def canonical_values(cls, values: dict[str, dict[str, str]], info: ValidationInfo) -> dict[str, dict[str, str]]:
        """Only canonical values on the right; on the left, values as `fold` compares them."""
        draft = info.data.get("status") == "draft"
        for name, table in values.items():
            for key, value in table.items():
                sound = CODE.fullmatch(value) if name == "association" else value in VALUES.get(name, ())
                if not sound and not (draft and value == TO_FILL):
                    raise WrongKey(f"{name}: not a canonical value: {value}", name, key)
        return {
            name: {fold(key): value for key, value in table.items() if value != TO_FILL}
            for name, table in values.items()
        }

    @model_validator(mode="after")
    def complete(self) -> Dialect:
        """The table its kind needs, and forms for the dates it declares."""
        table = KINDS.get(self.kind)
        if table and getattr(self, table) is None:
            raise WrongKey(f"the kind {self.kind} needs the table [{table}]", "kind")
        for form, names in NEEDED_FORMS.items():
            used = names & set(self.fields)
            if used and not getattr(self.forms, form):
                raise WrongKey(f"no form is declared for {', '.join(sorted(used))}", "forms", form)
        return self

    @property
    def name(self) -> str:
        """The dialect as records name it: `csv-fr-cp1252/1`."""
        return f"{self.id}/{self.version}"

    def sender(self, code: str) -> str:
        """The association that a code inside a file stands for; without a map, the code is the association's own.

        With a map, a file that does not say who sends it is nobody's.
        """
        table = self.values.get("association")
        return code if table is None else table.get(fold(code), STRANGER)

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
