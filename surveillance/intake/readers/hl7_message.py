"""One HL7 v2 message: its delimiters, its segments, the texts at a path such as `PV1-19.1` or `OBX[8661-1]-5.9`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from surveillance.dialect_parts import HL7_PATH

# MSH-1 and MSH-2: five different signs (a sixth, for truncation, since 2.7), no letter or digit among them.
HEAD = re.compile(r"MSH([^\w\s])([^\w\s])([^\w\s])([^\w\s])([^\w\s])[^\w\s]?(?=\1|$)")
HEXADECIMAL = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")


@dataclass(frozen=True)
class Delimiters:
    """The five signs that a message declares for itself."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str


@dataclass(frozen=True)
class Message:
    """The segments of a message, each its fields: `PID|1||33` is ["PID", "1", "", "33"]. MSH-1 counts as a field."""

    marks: Delimiters
    segments: list[list[str]]


@dataclass(frozen=True)
class Path:
    """`SEG[qualifier]-field.component`: the qualifier is the code (component 1) of field 3, as in OBX-3."""

    segment: str
    qualifier: str
    field: int
    component: int


@lru_cache(maxsize=512)
def parse_path(text: str) -> Path:
    """A path of a dialect, whose form was checked when the dialect was loaded."""
    match = HL7_PATH.fullmatch(text)
    assert match is not None
    return Path(match[1], match[2] or "", int(match[3]), int(match[4] or 1))


def parse_message(lines: list[str]) -> Message | None:
    """A message from its segments, MSH first; None when its MSH does not say how it is delimited."""
    head = HEAD.match(lines[0])
    if head is None or len(set(head.groups())) < 5:
        return None
    field, component, repetition, escape, subcomponent = head.groups()
    marks = Delimiters(field, component, repetition, escape, subcomponent)
    segments = [line.split(field) for line in lines]
    segments[0].insert(1, field)
    return Message(marks, segments)


def values_at(message: Message, text: str) -> list[str]:
    """The texts at a path, one for each repetition of each segment, "" where there is none."""
    path, found = parse_path(text), []
    for segment in message.segments:
        if segment[0] == path.segment and (not path.qualifier or code_of(segment, message.marks) == path.qualifier):
            field = segment[path.field] if path.field < len(segment) else ""
            found += [
                component_of(item, path.component, message.marks) for item in field.split(message.marks.repetition)
            ]
    return found


def code_of(segment: list[str], marks: Delimiters) -> str:
    """What an observation is about: component 1 of its field 3."""
    return segment[3].split(marks.component)[0] if len(segment) > 3 else ""


def component_of(item: str, number: int, marks: Delimiters) -> str:
    """One component of a field, its escapes read. Subcomponents stay together: no path of ours leads below."""
    parts = item.split(marks.component)
    return unescape(parts[number - 1], marks) if number <= len(parts) else ""


def unescape(text: str, marks: Delimiters) -> str:
    """Reads the escapes of a text; what only shapes a printed text (\\.br\\, \\H\\) is a blank, an unknown one too."""
    if marks.escape not in text:
        return text
    pieces = text.split(marks.escape)
    plain = {"F": marks.field, "S": marks.component, "R": marks.repetition, "E": marks.escape, "T": marks.subcomponent}
    # Every other piece stands between two escape signs; a last sign without a partner is a sign that was not escaped.
    whole = len(pieces) % 2 == 1
    body = pieces if whole else pieces[:-1]
    read = (plain.get(piece) or hexadecimal(piece) if place % 2 else piece for place, piece in enumerate(body))
    found = "".join(read)
    return found if whole else found + marks.escape + pieces[-1]


def hexadecimal(code: str) -> str:
    """`X0D0A` as text: ASCII that can be printed, blanks for anything else (ends of lines, other character sets)."""
    match = HEXADECIMAL.fullmatch(code)
    letters = bytes.fromhex(match[1]) if match else b" "
    return "".join(chr(letter) if 32 <= letter < 127 else " " for letter in letters)
