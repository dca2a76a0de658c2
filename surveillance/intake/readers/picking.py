"""Takes the fields of records that have paths (HL7 messages, JSON documents) as columns of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from surveillance.dialects import MULTIPLE, Dialect, FieldSpec, fold
from surveillance.intake.readers.raw import FOREIGN, ITEM, SYSTEM, Columns, FileRefused, joined

R = TypeVar("R")
# The texts at a path of a record, in order, "" where an item lacks one: two paths through the same list go in step.
Values = Callable[[R, str], list[str]]


def pick_columns(records: Sequence[R], dialect: Dialect, lines: int, values: Values[R]) -> Columns:
    """Columns by canonical field; a needed field that no record has refuses the file."""
    columns: Columns = {}
    for name, spec in dialect.fields.items():
        pick = all_items if name in MULTIPLE else one_value
        columns[name] = [pick(record, spec, dialect, values) for record in records]
        if spec.needed and records and not any(columns[name]):
            raise FileRefused("header_changed", f"champ attendu absent : {spec.columns[0]}", lines)
    return columns


def first_of(record: R, paths: Sequence[str], values: Values[R]) -> str | None:
    """The first text at the first of these paths that has one."""
    return next((text for path in paths for text in values(record, path) if text.strip()), None)


def one_value(record: R, spec: FieldSpec, dialect: Dialect, values: Values[R]) -> str | None:
    """The value of a field of one value, from its parts where it is joined."""
    parts = [first_of(record, paths, values) for paths in spec.names]
    return joined(parts) if spec.joined else parts[0]


def all_items(record: R, spec: FieldSpec, dialect: Dialect, values: Values[R]) -> str | None:
    """The items of a field of several, each with its system before it when the dialect says where that stands."""
    found: list[str] = []
    for paths in spec.names:
        path = next((path for path in paths if any(values(record, path))), paths[0])
        codes = values(record, path)
        systems = values(record, spec.system) if spec.system and path == spec.columns[0] else [""] * len(codes)
        pairs = zip(systems, codes, strict=True) if len(systems) == len(codes) else ((FOREIGN, code) for code in codes)
        found += [with_system(system, code, dialect) for system, code in pairs if code.strip()]
    return ITEM.join(found) if found else None


def with_system(system: str, code: str, dialect: Dialect) -> str:
    """A code with its system before it; a system that the dialect does not map is foreign, its codes are not read."""
    if not system.strip():
        return code
    table = dialect.values.get("system")
    known = system if table is None else table.get(fold(system), FOREIGN)
    return code if known == "own" else f"{known}{SYSTEM}{code}"
