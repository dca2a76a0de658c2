"""The checks of a received file: what each means, in words, and how severe it is."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from surveillance.content import Content, load
from surveillance.habits.rules import AssociationRules

FILE = "extracts/checks.toml"
STRICT = ConfigDict(extra="forbid", frozen=True)
Severity = Literal["note", "quarantine", "block"]


class Limits(BaseModel):
    """How large anything received may be."""

    model_config = STRICT
    output_bytes: int = Field(gt=0)
    whole_bytes: int = Field(gt=0)
    cells: int = Field(gt=0)
    ratio: int = Field(gt=1)
    line_chars: int = Field(gt=0)
    depth: int = Field(gt=2)


class Shares(BaseModel):
    """The shares of a file at which something is said, or done."""

    model_config = STRICT
    swapped_block: float = Field(gt=0.5, le=1)
    refused_partial: float = Field(ge=0, le=1)
    refused_block: float = Field(ge=0, le=1)
    refused_min: int = Field(ge=1)
    unknown_note: float = Field(ge=0, le=1)
    uncoded_note: float = Field(ge=0, le=1)
    withdrawn: float = Field(ge=0, le=1)
    elsewhere: float = Field(ge=0, le=1)
    elsewhere_min: int = Field(ge=1)
    volume_low: float = Field(ge=0)
    volume_high: float = Field(gt=0)


class RowCheck(BaseModel):
    """A check of one line. A fixed one sets the line aside, whatever a site would like."""

    model_config = STRICT
    severity: Severity
    fixed: bool = False
    counted: bool = True
    fr: str
    repair: str = Field(min_length=1)  # what the sender does about it, in French

    @model_validator(mode="after")
    def fixed_refuses(self) -> RowCheck:
        """A line that cannot be counted cannot be kept."""
        if self.fixed and self.severity == "note":
            raise ValueError("this check is fixed: its severity is quarantine, or block")
        return self


class FileCheck(BaseModel):
    """A check of a whole file; `{detail}` in the sentence is filled with counts, lines or names of columns."""

    model_config = STRICT
    severity: Severity
    partial: bool = False  # what is whole is kept, and the reception says that it is not all
    fr: str
    repair: str = Field(min_length=1)


class Checks(BaseModel):
    """The file `extracts/checks.toml`."""

    model_config = STRICT
    limits: Limits
    shares: Shares
    row: dict[str, RowCheck]
    file: dict[str, FileCheck]
    association: AssociationRules  # against its own habits: surveillance/habits

    @model_validator(mode="after")
    def all_there(self) -> Checks:
        """Every check that the engine can raise has a sentence."""
        missing = sorted((FIXED | FLAGS) - set(self.row)) + sorted(FILE_CODES - set(self.file))
        if missing:
            raise ValueError(f"no entry for {', '.join(missing)}")
        loose = sorted(name for name in FIXED if not self.row[name].fixed)
        if loose:
            raise ValueError(f"must say fixed = true: {', '.join(loose)}")
        return self

    def severity(self, check: str) -> str:
        """note | quarantine | block for a check of a line."""
        return self.row[check].severity

    def sentence(self, check: str, detail: str = "") -> str:
        """The French sentence of a check of a line or of a file."""
        text = self.row[check].fr if check in self.row else self.file[check].fr
        return text.replace("{detail}", detail).removesuffix(" : ")

    def repair(self, check: str) -> str:
        """What the sender does about it, in French: a check of a line or of a file."""
        return self.row[check].repair if check in self.row else self.file[check].repair


FIXED = frozenset({
    "FIELD_COUNT", "QUOTE", "CUT_LINE", "LINE_TOO_LONG", "NOT_JSON", "NOT_HL7", "CELL_ERROR", "CONTROL",
    "FILE_BLOCKED", "FILE_HELD", "ID_MISSING", "ID_SHAPE", "DATE_MISSING", "DATE_UNREADABLE", "DATE_AMBIGUOUS",
    "DATE_FUTURE", "DATE_OLD", "DUPLICATE", "DUPLICATE_ID",
})  # fmt: skip
FLAGS = frozenset({
    "NO_START", "START_UNREADABLE", "TIME_UNREADABLE", "CALL_UNREADABLE", "END_UNREADABLE", "CALL_AFTER_START",
    "DURATION", "DST_AMBIG", "DST_MISSING", "SAME_DAY", "LATE", "AGE_RANGE", "AGE_UNREADABLE", "AGE_MONTHS",
    "SEX_UNKNOWN", "POSTAL_UNREADABLE", "POSTAL_UNKNOWN", "POSTAL_AMBIG", "COMMUNE_UNREADABLE", "COMMUNE_UNKNOWN",
    "OUTCOME_UNKNOWN", "ACT_UNKNOWN",
    "STATUS_UNKNOWN", "DIAG_UNKNOWN", "DIAG_SYSTEM", "REASON_UNKNOWN", "REASON_AMBIG", "TEXT_LONG",
})  # fmt: skip
FILE_CODES = frozenset({
    "header_changed", "encoding", "unreadable", "too_large", "wrong_association", "empty", "date_order", "truncated",
    "total_mismatch", "lines_refused", "bad_name", "name_association", "extra_columns", "columns_absent",
    "windows_bytes", "outside_window", "repeated", "unknown_values", "uncoded", "volume",
    "encoding_drift", "mojibake", "name_day", "line_blocks", "held", "elsewhere", "zero_day",
})  # fmt: skip


def load_checks(content: Content) -> Checks:
    """The checks in force; ContentError names the file, the line and the key."""
    return load(content, FILE, Checks)
