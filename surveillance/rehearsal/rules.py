"""What trial files must show, and the words of the certificate (extracts/rehearsal.toml)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load

FILE = "extracts/rehearsal.toml"
STRICT = ConfigDict(extra="forbid", frozen=True)


class CoreField(BaseModel):
    """A field that must be known in most visits."""

    model_config = STRICT
    field: Literal[
        "visit_id", "visit_day", "age", "sex", "reason", "diagnosis", "outcome", "act_type", "postal_code"
    ]  # fmt: skip
    label: str


class Recommended(BaseModel):
    """What is worth trying."""

    model_config = STRICT
    resend: str
    cancelled: str


class RehearsalRules(BaseModel):
    """The file `extracts/rehearsal.toml`; shares between 0 and 1."""

    model_config = STRICT
    threshold: float = Field(gt=0, le=1)
    min_files: int = Field(ge=1)
    min_days: int = Field(ge=1)
    worst_refused: float = Field(ge=0, le=1)
    core: list[CoreField] = Field(min_length=1)
    recommended: Recommended
    words: dict[str, str]


def load_rehearsal(content: Content) -> RehearsalRules:
    """The rules in force; ContentError names the file, the line and the key."""
    return load(content, FILE, RehearsalRules)
