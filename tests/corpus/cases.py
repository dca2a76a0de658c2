"""What a case of the corpus is, and how a dialect makes many of them from few words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from surveillance.associations import Association

CANARIES = ("zq", "17/03/1957", "1957-03-17", "19570317", "0612345678", "157035935012345")
TEXT = "fievre zqmotif 0612345678 157035935012345"  # a call reason as typed, with a telephone and an invented NIR


@dataclass(frozen=True)
class Case:
    """A file and its outcome.

    code: the verdict (`ok`, or why the file is partial or refused). refused: lines set aside, by check, when the file
    was read; `unread` = its lines, when it was refused before (None: not known). other: header, blank and total lines.
    notes: checks that must be named besides. name "": as the dialect agrees. member: code of the association.
    """

    id: str
    dialect: str
    data: bytes
    accepted: int
    refused: Mapping[str, int] = field(default_factory=dict)
    other: int = 0
    code: str = "ok"
    notes: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()  # checks that must not be named
    name: str = ""
    member: str = "5901"
    unread: int | None = None

    @property
    def status(self) -> str:
        """received: all is well; partial: something is kept; refused: nothing is."""
        return "received" if self.code == "ok" else "partial" if self.accepted else "refused"


@dataclass(frozen=True)
class Shelf:
    """The cases of a dialect: `row` makes the n-th line, `file` a file of lines, of which `other` are no visits."""

    dialect: str
    row: Callable[..., Any]
    file: Callable[..., bytes]
    other: int = 0
    cases: list[Case] = field(default_factory=list)

    def rows(self, size: int = 10) -> list[Any]:
        """Sound lines."""
        return [self.row(n) for n in range(1, size + 1)]

    def add(self, ident: str, data: bytes, accepted: int, **outcome: Any) -> None:
        """A case, whatever it is."""
        self.cases.append(
            Case(f"{self.dialect}:{ident}", self.dialect, data, accepted, **({"other": self.other} | outcome))
        )

    def of(self, ident: str, rows: Sequence[Any], accepted: int, **outcome: Any) -> None:
        """A file of these lines."""
        self.add(ident, self.file(rows), accepted, **outcome)

    def kept(self, ident: str, *notes: str, silent: tuple[str, ...] = (), **changes: Any) -> None:
        """Ten sound lines and one that is kept, with notes."""
        self.of(ident, [*self.rows(), self.row(11, **changes)], 11, notes=notes, silent=silent)

    def bad(self, ident: str, check: str, **changes: Any) -> None:
        """Ten sound lines and one that is set aside by a check."""
        self.of(ident, [*self.rows(), self.row(11, **changes)], 10, refused={check: 1})

    def whole(self, ident: str, code: str, data: bytes, unread: int | None = None, **outcome: Any) -> None:
        """A file that is refused before its lines are judged."""
        self.add(ident, data, 0, code=code, unread=unread, **outcome)


def site_of(folder: Path, *members: Association) -> Path:
    """A site folder whose registry has these associations only."""
    registry = folder / "extracts" / "associations.toml"
    registry.parent.mkdir(parents=True)
    rows = []
    for member in members:
        lines = [
            f"{name} = {json.dumps(value) if isinstance(value, str | bool | int | float) else value}"
            for name, value in member.model_dump().items()
            if value is not None
        ]
        rows.append("[[association]]\n" + "\n".join(lines))
    registry.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
