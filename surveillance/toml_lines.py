"""Where a key of a TOML text stands, so that an error can name its line."""

from __future__ import annotations

import re
from collections.abc import Generator

HEADER = re.compile(r"[ \t]*(\[\[?)\s*([^\]\n]+?)\s*\]")
NAME = r"""(?:"[^"\n]*"|'[^'\n]*'|[\w-]+)"""
KEY = re.compile(rf"[ \t]*({NAME}(?:[ \t]*\.[ \t]*{NAME})*)[ \t]*=")
TOKEN = re.compile(  # strings of four kinds; comments; what opens, closes and parts; any other word
    r'''"""(?:\\.|[^\\])*?"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'''
    r"""'[^'\n]*'|#[^\n]*|[\[\]{},\n]|[^\s\[\]{},"'#]+""",
    re.S,
)
Place = tuple[list[str], int]  # a path of keys and the offset at which it stands


def find_line(text: str, parts: list[str]) -> int | None:
    """The line of a key path such as `association.3.timezone` or `examples.4`; else the nearest key or table above it.

    Elements of an array have lines of their own; a key inside an inline table has the line of the table.
    """
    best: tuple[int, int | None] = (0, None)
    for path, offset in _places(text):
        if len(path) > best[0] and path == parts[: len(path)]:
            best = (len(path), text.count("\n", 0, offset) + 1)
    return best[1]


def _places(text: str) -> Generator[Place, None, None]:
    """Every table, key and element of an array, in their order."""
    table: list[str] = []
    count: dict[str, int] = {}
    at = 0
    while at < len(text):
        if header := HEADER.match(text, at):
            name = header[2].replace('"', "")
            if header[1] == "[[":
                count[name] = count.get(name, -1) + 1
            table = _indexed(name.split("."), count)
            yield table, at
        elif key := KEY.match(text, at):
            path = [*table, *(name.strip("\"'") for name in re.findall(NAME, key[1]))]
            yield path, at
            at = yield from _elements(text, key.end(), path)
            continue
        at = (text.find("\n", at) + 1) or len(text)


def _elements(text: str, at: int, path: list[str]) -> Generator[Place, None, int]:
    """The elements of the value that begins there, if it is an array; gives where the line after the value begins."""
    depth, number, array, fresh = 0, 0, False, False
    for token in TOKEN.finditer(text, at):
        said = token[0]
        if said == "\n" and depth == 0:
            return token.end()
        if said == "\n" or said.startswith("#"):
            continue
        if depth == 1 and fresh and said not in "],":
            yield [*path, str(number)], token.start()
            fresh = False
        if said in "[{":
            array = array or (depth == 0 and said == "[")
            fresh = fresh or (depth == 0 and array)
            depth += 1
        elif said in "]}":
            depth -= 1
        elif said == "," and depth == 1 and array:
            number, fresh = number + 1, True
    return len(text)


def _indexed(names: list[str], count: dict[str, int]) -> list[str]:
    path: list[str] = []
    for depth, name in enumerate(names, 1):
        path.append(name)
        if (dotted := ".".join(names[:depth])) in count:
            path.append(str(count[dotted]))
    return path
