"""Reads JSON lines: one object a line, every scalar kept as text, keys that may be absent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from surveillance.dialects import MULTIPLE, Dialect, FieldSpec
from surveillance.intake.checks import Limits
from surveillance.intake.readers.decoding import Body
from surveillance.intake.readers.raw import ITEM, SYSTEM, Columns, FileRefused, RawTable, Refusal, joined

Getter = Callable[[dict[str, Any]], str | None]


def read_jsonl(body: Body, dialect: Dialect, limits: Limits) -> RawTable:
    """The objects of a file as columns of text; an unfinished last line is refused and the file is truncated."""
    lines = body.text.replace("\r\n", "\n").split("\n")
    unended = lines.pop()
    if unended:
        lines.append(unended)
    raw = RawTable(lines_in=len(lines))
    records: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            raw.blank_lines += 1
            continue
        record, check = parse_line(line, limits)
        if record is not None:
            records.append(record)
            raw.line_no.append(number)
        elif unended and number == len(lines):
            raw.truncated = f"à la ligne {number}"
            raw.problems.append(Refusal(number, "CUT_LINE"))
        else:
            raw.problems.append(Refusal(number, check))
    if body.cut and not raw.truncated:
        raw.truncated = f"après la ligne {len(lines)}"
    if not records and not raw.problems:
        raise FileRefused("empty", "aucune visite", raw.lines_in)
    raw.columns = to_columns(records, dialect, raw.lines_in)
    return raw


def parse_line(line: str, limits: Limits) -> tuple[dict[str, Any] | None, str]:
    """The object of a line with its numbers as text, or the check it fails."""
    if len(line) > limits.line_chars:
        return None, "LINE_TOO_LONG"
    try:
        record = DECODER.decode(line)
    except (ValueError, RecursionError):
        return None, "NOT_JSON"
    return (record, "") if isinstance(record, dict) else (None, "NOT_JSON")


def refuse_constant(name: str) -> None:
    """NaN and Infinity are not JSON."""
    raise ValueError("not JSON")


DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=refuse_constant)


def to_columns(records: list[dict[str, Any]], dialect: Dialect, lines: int) -> Columns:
    """Columns by canonical field; a required key that no object has refuses the file."""
    columns: Columns = {}
    for name, spec in dialect.fields.items():
        get = items_getter(spec.columns, spec.system) if name in MULTIPLE else first_getter(spec)
        columns[name] = [get(record) for record in records]
        if not spec.optional and records and not any(value is not None for value in columns[name]):
            raise FileRefused("header_changed", f"clé attendue absente : {spec.columns[0]}", lines)
    return columns


def text_of(value: object) -> str | None:
    """A scalar as text; an object or a list where a scalar is agreed is nothing."""
    return value if isinstance(value, str) else None


def first_getter(spec: FieldSpec) -> Getter:
    """Reads the first of its paths that leads to a scalar; of a joined field, all its parts."""
    gets = [[scalar_getter(path) for path in paths] for paths in spec.names]

    def get(record: dict[str, Any]) -> str | None:
        parts = (next((text for read in one if (text := read(record)) is not None), None) for one in gets)
        return joined(list(parts)) if spec.joined else next(parts)

    return get


def scalar_getter(path: str) -> Getter:
    """Reads `key` or `key.key` of an object."""
    head, _, rest = path.partition(".")
    if not rest:
        return lambda record: text_of(record.get(head))
    inner = scalar_getter(rest)

    def get(record: dict[str, Any]) -> str | None:
        found = record.get(head)
        return inner(found) if isinstance(found, dict) else None

    return get


def items_getter(paths: list[str], system: str) -> Getter:
    """Reads `list[].key` of an object, several items joined, each with its system before it when there is one."""
    steps = [path.partition("[].")[::2] for path in paths]
    system_key = system.partition("[].")[2]

    def get(record: dict[str, Any]) -> str | None:
        items = []
        for name, key in steps:
            found = record.get(name)
            for item in found if isinstance(found, list) else ():
                value = text_of(item.get(key)) if isinstance(item, dict) else None
                if value:
                    prefix = text_of(item.get(system_key)) if system_key else None
                    items.append(f"{prefix}{SYSTEM}{value}" if prefix else value)
        return ITEM.join(items) if items else None

    return get
