"""What a reader hands on: columns of text, the line each came from, and the lines that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

ITEM = "\x1f"  # between the items of a field that may have several (US, unit separator)
FOREIGN = "?"  # a system that the dialect does not know: its codes are nobody's
PART = "|"  # between the parts of a field that is composed of several
SYSTEM = "\x1e"  # between the system of a code and the code (RS, record separator)


Columns = dict[str, Any]  # of Sequence[str | None] or pa.Array
Numbers = Any  # of Sequence[int] or npt.NDArray[np.int64]


def joined(parts: Sequence[str | None]) -> str | None:
    """One value of several parts; nothing when no part says anything."""
    return PART.join((part or "").strip() for part in parts) if any(part and part.strip() for part in parts) else None


class Refusal(NamedTuple):
    """A line that is not kept: its number, the check of extracts/checks.toml, the column; never a value."""

    line: int
    check: str
    column: str = ""


class FileRefused(Exception):
    """A verdict, caught by intake: the file is not read. `detail` holds counts and names of columns, no value."""

    def __init__(self, code: str, detail: str, lines: int = 0) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.lines = code, detail, lines


@dataclass
class RawTable:
    """A part of a file (the whole of it, for formats that are read at once). Added up over its parts, for a file:

    lines_in = len(line_no) + len(problems) + header_lines + blank_lines + total_lines.

    columns: by canonical field, all text ("" or None = nothing there), lists or Arrow arrays, all of the length of
    `line_no`; a part without lines may have none. For XML a line is a patient. `truncated` says where the file was
    cut, "" when it was whole; `announced` is what its total line says; `notes` are (check, detail) of
    extracts/checks.toml; `association` is the code inside the file, where there is one: all told by the last part.
    """

    columns: Columns = field(default_factory=dict)
    line_no: Numbers = field(default_factory=list)
    problems: list[Refusal] = field(default_factory=list)
    lines_in: int = 0
    header_lines: int = 0
    blank_lines: int = 0
    total_lines: int = 0
    announced: int | None = None
    truncated: str = ""
    association: str = ""
    notes: list[tuple[str, str]] = field(default_factory=list)
