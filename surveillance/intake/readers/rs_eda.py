"""Reads JSON documents (RS-EDA, the files of the SAMU hub): a line is a case, whatever envelope it came in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from typing import Any

from surveillance.dialects import Dialect
from surveillance.intake.checks import Limits
from surveillance.intake.readers.picking import first_of, pick_columns
from surveillance.intake.readers.raw import FileRefused, RawTable, Refusal

Document = dict[str, Any]
BLANK = " \t\r\n"


def read_documents(text: str, cut: bool, dialect: Dialect, limits: Limits) -> RawTable:
    """The cases of one document, or of an array of documents, as columns of text; FileRefused when it is not JSON.

    A case with a key given twice, with NaN, too deep or with too long a text is refused alone. In an array that stops
    early the documents before the cut are kept. `cut`: the bytes are known to stop early.
    """
    raw = RawTable()
    documents = list(split_documents(text, cut, raw))
    cases = [case for document in documents for case in cases_of(document, dialect.documents.cases)]
    inside = {id(case) for case in cases}
    if any(fault_of(document, limits, inside) for document in documents if id(document) not in inside):
        raise FileRefused("unreadable", "l'enveloppe des dossiers n'est pas un JSON lisible", len(cases))
    raw.lines_in = len(cases)
    if not raw.lines_in:
        raise FileRefused("empty", "aucun dossier")
    sound: list[Document] = []
    for number, case in enumerate(cases, 1):
        check = fault_of(case, limits)
        if check:
            raw.problems.append(Refusal(number, check))
        else:
            sound.append(case)
            raw.line_no.append(number)
    raw.association = sender_of(documents, dialect, raw.lines_in)
    raw.columns = pick_columns(sound, dialect, raw.lines_in, values_at)
    return raw


class Broken(str):
    """Stands where a document says what JSON does not know: NaN, or a key given twice."""


class Cut(Broken):
    """Stands for the document in which a file stops."""


def pairs(items: list[tuple[str, Any]]) -> Document:
    """An object; a key given twice is marked, since one of its values would be lost without a word."""
    found = dict(items)
    return found if len(found) == len(items) else {**found, "": Broken()}


DECODER = json.JSONDecoder(object_pairs_hook=pairs, parse_int=str, parse_float=str, parse_constant=lambda _: Broken())


def split_documents(text: str, cut: bool, raw: RawTable) -> Iterator[Any]:
    """The documents of a file; `raw.truncated` says that it stops early."""
    place, count = skip(text, 0), 0
    array = text[place : place + 1] == "["
    place = skip(text, place + array)
    if not text[place:]:
        raise FileRefused("empty", "aucun document")
    if not array and text[place] != "{":
        raise FileRefused("unreadable", "le contenu n'est pas du JSON")
    while text[place : place + 1] != "]":
        try:
            document, place = DECODER.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            refuse_unless_cut(text, array, cut, error)
            raw.truncated = f"après {count} documents"
            if skip(text, place) < len(text):
                yield Cut()
            return
        count, place = count + 1, skip(text, place)
        yield document
        if array and text[place : place + 1] == ",":
            place = skip(text, place + 1)
        elif not array or text[place : place + 1] != "]":
            break
    end = place + (array and text[place : place + 1] == "]")
    if skip(text, end) < len(text):
        raise FileRefused("unreadable", f"JSON mal formé, ligne {text.count(chr(10), 0, end) + 1}")
    if cut or (array and end == place):
        raw.truncated = f"après {count} documents"


def refuse_unless_cut(text: str, array: bool, cut: bool, error: Exception) -> None:
    """A file without its closing sign, or that stops before what must follow, was cut; any other one is malformed.

    Nothing in a malformed file is believed.
    """
    place, line = (error.pos, error.lineno) if isinstance(error, json.JSONDecodeError) else (0, 0)
    whole = text.rstrip(BLANK)
    if not cut and place < len(whole) and whole.endswith("]" if array else "}"):
        raise FileRefused("unreadable", f"JSON mal formé, ligne {line}" if line else "JSON trop emboîté") from None


def skip(text: str, place: int) -> int:
    """The first place from there on that is not blank."""
    while place < len(text) and text[place] in BLANK:
        place += 1
    return place


def cases_of(document: Any, paths: list[str]) -> list[Any]:
    """The cases of a document: what stands at the first path that leads to an object; "" = the document itself."""
    for path in paths:
        found = [item for item in items_at(document, path.split(".") if path else []) if isinstance(item, dict)]
        if found:
            return found
    return [document]


def items_at(node: Any, steps: list[str]) -> Iterator[Any]:
    """What stands at the end of a path; `key[]` goes through every item of a list, or the only one."""
    if not steps:
        yield node
        return
    key, every = steps[0].removesuffix("[]"), steps[0].endswith("[]")
    below = node.get(key) if isinstance(node, dict) else None
    for item in below if every and isinstance(below, list) else [below]:
        yield from items_at(item, steps[1:])


def values_at(case: Document, path: str) -> list[str]:
    """The texts at a path, "" for an item that has none: an object or a list where a scalar is agreed is nothing."""
    return [item if type(item) is str else "" for item in items_at(case, path.split("."))]


def fault_of(case: Any, limits: Limits, aside: Set[int] = frozenset()) -> str:
    """The check that a case fails, or ""; what is `aside` (by identity) is looked at elsewhere."""
    if not isinstance(case, dict):
        return "CUT_LINE" if isinstance(case, Cut) else "NOT_JSON"
    level: list[Any] = [case]
    for _ in range(limits.depth):
        if any(isinstance(item, Broken) for item in level):
            return "NOT_JSON"
        if any(len(item) > limits.line_chars for item in level if isinstance(item, str)):
            return "LINE_TOO_LONG"
        level = [below for item in level for below in children(item) if id(below) not in aside]
        if not level:
            return ""
    return "NOT_JSON"


def children(item: Any) -> list[Any]:
    """The values one level below."""
    return list(item.values()) if isinstance(item, dict) else item if isinstance(item, list) else []


def sender_of(documents: list[Any], dialect: Dialect, lines: int) -> str:
    """The code of the sender, the same in all documents."""
    paths = dialect.documents.sender
    found = {code.strip() for document in documents if (code := first_of(document, paths, values_at))}
    if len(found) > 1:
        raise FileRefused("wrong_association", f"{len(found)} expéditeurs dans un fichier", lines)
    return found.pop() if found else ""
