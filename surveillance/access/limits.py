"""How much an analyst's statement may take: time, memory, rows (schedules/access.toml)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, field_validator

from surveillance.content import Content, load
from surveillance.errors import UsageError

FILE = "schedules/access.toml"
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
SIZE = re.compile(r"(\d{1,6}) ?(KB|MB|GB)")
LEAST = 64 * 10**6  # bytes: below, the library does not open a store


class Limits(BaseModel):
    """The file `schedules/access.toml`."""

    model_config = ConfigDict(extra="forbid")

    seconds: float = Field(gt=0)
    seconds_most: float = Field(gt=0)
    memory: str
    memory_most: str
    threads: int = Field(ge=1)
    characters: int = Field(ge=100)
    table_rows: int = Field(ge=1)
    line_list_rows: int = Field(ge=1)
    line_list_days: int = Field(ge=1)

    @field_validator("memory", "memory_most")
    @classmethod
    def _size(cls, text: str) -> str:
        if size_in_bytes(text) is None:
            raise ValueError("write a number and KB, MB or GB, 64MB at least, as 512MB")
        return text


@dataclass(frozen=True)
class Allowance:
    """What one statement may take: seconds, bytes of memory, threads, characters."""

    seconds: float
    memory: int
    threads: int
    characters: int


def load_limits(content: Content) -> Limits:
    """The limits in force."""
    return load(content, FILE, Limits)


def allowance(limits: Limits, seconds: float | None = None, memory: str | None = None) -> Allowance:
    """What a statement may take when that was asked for; UsageError when it is more than the file allows."""
    asked = size_in_bytes(limits.memory if memory is None else memory)
    most = size_in_bytes(limits.memory_most) or 0
    if asked is None:
        raise UsageError(f"{memory!r} is not a size of memory", "write a number and MB or GB, 64MB at least, as 2GB")
    if asked > most:
        raise UsageError(f"--memory {memory}: {FILE} allows {limits.memory_most} at most")
    chosen = limits.seconds if seconds is None else seconds
    if not 0 < chosen <= limits.seconds_most:
        raise UsageError(f"--seconds {chosen:g}: {FILE} allows more than 0 and up to {limits.seconds_most:g}")
    return Allowance(chosen, asked, limits.threads, limits.characters)


def size_in_bytes(text: str) -> int | None:
    """`512MB` as bytes; None for what is no size, or too small a one."""
    found = SIZE.fullmatch(text.strip().upper())
    size = int(found[1]) * UNITS[found[2]] if found else 0
    return size if size >= LEAST else None
