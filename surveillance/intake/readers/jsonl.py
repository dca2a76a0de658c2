"""Reads JSON lines: one object a line, every scalar kept as text, keys that may be absent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from surveillance.dialects import MULTIPLE, Dialect, FieldSpec
from surveillance.intake.checks import Limits
from surveillance.intake.readers.decoding import Texts
from surveillance.intake.readers.header import shown
from surveillance.intake.readers.lines import Lines
from surveillance.intake.readers.raw import ITEM, SYSTEM, FileRefused, RawTable, Refusal, joined

SEPARATOR = re.compile(r"\\u001[c-f]", re.IGNORECASE)  # escaped separators of information: ours stand among them
MOST_KEYS = 1_000
Getter = Callable[[dict[str, Any]], str | None]


def read_jsonl(texts: Texts, dialect: Dialect, limits: Limits) -> Iterator[RawTable]:
    """The objects of a file, block by block, as columns of text; an unfinished last line is refused and the file is
    truncated; a required key that no object has refuses the file."""
    lines, getters = Lines(texts.pieces(), limits.line_chars), getters_of(dialect)
    seen: set[str] = set()
    keys = Keys(dialect)
    read = False
    for block, _ in lines.blocks():
        found = block.split("\n")[:-1]
        raw = to_table(found, lines.count - len(found) + 1, getters, limits, keys)
        seen |= filled(raw)
        read = read or bool(len(raw.line_no) or raw.problems)
        yield raw
    last = to_table([lines.unended] if lines.unended else [], lines.count, getters, limits, keys)
    if last.problems:
        last.problems = [Refusal(lines.count, "CUT_LINE")]
        last.truncated = f"à la ligne {lines.count}"
    elif texts.cut:
        last.truncated = f"après la ligne {lines.count}"
    seen |= filled(last)
    if not read and not len(last.line_no) and not last.problems:
        raise FileRefused("empty", "aucune visite", lines.count)
    require(seen, dialect, lines.count)
    last.notes += [*keys.notes(), *texts.notes()]
    yield last


class Keys:
    """The keys of objects that nobody agreed: said, as unknown columns are."""

    def __init__(self, dialect: Dialect) -> None:
        paths = (name for spec in dialect.fields.values() for names in spec.names for name in names)
        systems = (spec.system for spec in dialect.fields.values())
        self.known = {re.split(r"[.\[]", path)[0] for path in (*paths, *systems, *dialect.ignored)}
        self.extra: set[str] = set()

    def look(self, record: dict[str, Any]) -> None:
        """Keep the names of an object's unknown keys, up to a number that no software has."""
        if not record.keys() <= self.known and len(self.extra) < MOST_KEYS:
            self.extra |= record.keys() - self.known

    def notes(self) -> list[tuple[str, str]]:
        """What is said of them; a key that looks like a value is only counted."""
        return [("extra_columns", f"{len(self.extra)} ({shown(sorted(self.extra))})")] if self.extra else []


def to_table(lines: list[str], first: int, getters: Mapping[str, Getter], limits: Limits, keys: Keys) -> RawTable:
    """The objects of some lines; the others are blank, or refused."""
    raw, records = RawTable(lines_in=len(lines)), []
    numbers = []
    for number, line in enumerate(lines, first):
        if not line.strip():
            raw.blank_lines += 1
            continue
        record, check = parse_line(line, limits)
        if record is None:
            raw.problems.append(Refusal(number, check))
        else:
            keys.look(record)
            records.append(record)
            numbers.append(number)
    raw.line_no = numbers
    raw.columns = {name: [get(record) for record in records] for name, get in getters.items()} if records else {}
    return raw


def filled(raw: RawTable) -> set[str]:
    """The fields that some object of a part has."""
    return {name for name, column in raw.columns.items() if any(value is not None for value in column)}


def require(seen: set[str], dialect: Dialect, lines: int) -> None:
    """A required key that no object of the file has refuses it."""
    for name, spec in dialect.fields.items():
        if not spec.optional and seen and name not in seen:
            raise FileRefused("header_changed", f"clé attendue absente : {spec.columns[0]}", lines)


def getters_of(dialect: Dialect) -> dict[str, Getter]:
    """How each canonical field is read from an object."""
    return {
        name: items_getter(spec.columns, spec.system) if name in MULTIPLE else first_getter(spec)
        for name, spec in dialect.fields.items()
    }


def parse_line(line: str, limits: Limits) -> tuple[dict[str, Any] | None, str]:
    """The object of a line with its numbers as text, or the check it fails."""
    if len(line) > limits.line_chars:
        return None, "LINE_TOO_LONG"
    if SEPARATOR.search(line):
        return None, "CONTROL"
    try:
        record = DECODER.decode(line)
    except (ValueError, RecursionError):
        return None, "NOT_JSON"
    if "\\ud" in line.lower() and not writable(record):
        return None, "NOT_JSON"
    return (record, "") if isinstance(record, dict) else (None, "NOT_JSON")


def writable(record: object) -> bool:
    """Half of a character beyond the first 65,536, escaped alone, is text that nothing can write down."""
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def refuse_constant(name: str) -> None:
    """NaN and Infinity are not JSON."""
    raise ValueError("not JSON")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; a key given twice is refused, since one of its values would be chosen by chance."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


DECODER = json.JSONDecoder(
    object_pairs_hook=unique, parse_int=str, parse_float=str, parse_constant=refuse_constant
)
STRANGE = "\a"  # stands for an object, a list or a truth value where a text is agreed: no check takes it for a value


def text_of(value: object) -> str | None:
    """A scalar as text; what is there and is none is told as unreadable, not as absent."""
    return value if isinstance(value, str) or value is None else STRANGE


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
        return inner(found) if isinstance(found, dict) else text_of(found) and STRANGE

    return get


def items_getter(paths: list[str], system: str) -> Getter:
    """Reads `list[].key` of an object, several items joined, each with its system before it when there is one."""
    steps = [path.partition("[].")[::2] for path in paths]
    system_key = system.partition("[].")[2]

    def get(record: dict[str, Any]) -> str | None:
        items = []
        for name, key in steps:
            found = record.get(name)
            for item in found if isinstance(found, list) else () if found is None else (STRANGE,):
                shaped = item if isinstance(item, dict) else {key: STRANGE}
                value = text_of(shaped.get(key))
                if value:
                    prefix = text_of(shaped.get(system_key)) if system_key else None
                    items.append(f"{prefix}{SYSTEM}{value}" if prefix else value)
        return ITEM.join(items) if items else None

    return get
