"""Reads HL7 v2 messages (PHIN syndromic ADT): a line is a message, every message is accounted for.

Own code, and not the package `hl7`: that one is unmaintained since 2022, reads malformed messages without a word, and
knows neither batches that announce their count nor files that stop early, which is most of what follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveillance.dialects import Dialect
from surveillance.intake.checks import Limits
from surveillance.intake.readers.hl7_message import Message, parse_message, values_at
from surveillance.intake.readers.picking import first_of, pick_columns
from surveillance.intake.readers.raw import FileRefused, RawTable, Refusal

END = re.compile(r"[\r\n\x0b\x1c]+")  # CR as in the standard, LF and CRLF as in files, the two bytes of MLLP
SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}(?!\w)")
CLOSES = {"FTS": "FHS", "BTS": "BHS"}
COUNT = re.compile(r"[0-9]{1,7}", re.ASCII)


def read_hl7(text: str, cut: bool, dialect: Dialect, limits: Limits) -> RawTable:
    """The messages of a file, with or without batches, as columns of text; FileRefused when it holds none.

    A message is refused when its MSH is not one, when it is not an ADT, or when a line of it is not a segment. A batch
    that is opened and not closed, or a last segment without its end, means a cut: the last message is refused.
    `cut`: the bytes are known to stop early.
    """
    blocks, announced, still_open = split_messages([line for line in END.split(text) if line.strip()])
    if not blocks:
        raise FileRefused("empty", "aucun message")
    raw = RawTable(lines_in=len(blocks), announced=announced)
    unended = dialect.final_newline and END.match(text[-1:]) is None and announced is None
    if cut or unended or still_open:
        raw.truncated = f"après {len(blocks) - 1} messages"
    messages = list(sound_messages(blocks, limits, raw))
    if len(raw.problems) == len(blocks) and all(item.check == "NOT_HL7" for item in raw.problems):
        raise FileRefused("unreadable", "aucun message HL7 ADT lisible", raw.lines_in)
    raw.association = sender_of(messages, dialect, raw.lines_in)
    raw.columns = pick_columns(messages, dialect, raw.lines_in, values_at)
    return raw


def split_messages(lines: list[str]) -> tuple[list[list[str]], int | None, bool]:
    """The segments of each message; what the trailers of batches announce; is an envelope opened and not closed?"""
    blocks: list[list[str]] = []
    envelopes: list[str] = []
    inside, announced = False, None
    for line in lines:
        name = line[:3]
        if name == "MSH":
            blocks.append([line])
            inside = True
        elif name in ("FHS", "BHS"):
            envelopes.append(name)
            inside = False
        elif name in CLOSES:
            announced = close_envelope(line, envelopes, announced, len(blocks))
            inside = False
        elif inside:
            blocks[-1].append(line)
        else:
            raise FileRefused("unreadable", "une ligne hors de tout message HL7", len(blocks))
    return blocks, announced, bool(envelopes)


def close_envelope(line: str, envelopes: list[str], announced: int | None, seen: int) -> int | None:
    """The messages announced so far, BTS-1 added; FileRefused when it closes what was not opened."""
    if not envelopes or envelopes.pop() != CLOSES[line[:3]]:
        raise FileRefused("unreadable", "une fin de lot HL7 sans son début", seen)
    count = re.split(r"[^0-9A-Za-z]", line[4:], maxsplit=1)[0]
    if line[:3] == "BTS" and COUNT.fullmatch(count):
        return (announced or 0) + int(count)
    return announced


def sound_messages(blocks: list[list[str]], limits: Limits, raw: RawTable) -> Iterator[Message]:
    """The messages that can be read; `raw` gains their ranks and the refusals of the others."""
    for number, lines in enumerate(blocks, 1):
        message = parse_message(lines)
        if raw.truncated and number == len(blocks):
            raw.problems.append(Refusal(number, "CUT_LINE"))
        elif any(len(line) > limits.line_chars for line in lines):
            raw.problems.append(Refusal(number, "LINE_TOO_LONG"))
        elif message is None or not all(map(SEGMENT.match, lines)) or values_at(message, "MSH-9.1") != ["ADT"]:
            raw.problems.append(Refusal(number, "NOT_HL7"))
        else:
            raw.line_no.append(number)
            yield message


def sender_of(messages: list[Message], dialect: Dialect, lines: int) -> str:
    """The code of the sender, the same in all messages."""
    paths = dialect.documents.sender
    found = {code for message in messages if (code := first_of(message, paths, values_at))}
    if len(found) > 1:
        raise FileRefused("wrong_association", f"{len(found)} expéditeurs dans un fichier", lines)
    return found.pop().strip() if found else ""
