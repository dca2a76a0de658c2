"""Lines of keys in a TOML text: of tables, of keys, of the elements of arrays, whatever strings and comments hold."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from surveillance.content import Content
from surveillance.toml_lines import find_line

TEXT = '''\
source = """a text with [brackets], and
age = 3
[no.header] in it"""
codes = ["A", "B",  # a comment, with ] and "
  "C [x], y", 'D', """E
  F""",
]
far.below = ["x"]
pair = { low = [1, 2], high = 3 }
nested = [
  [1, 2],
  [3, 4],
]
after = true
[group.one]
key = 1
"quoted" = 2
[[entry]]
key = 1
[[entry]]
key = 2
list = [
  { a = 1, b = [1, 2] },
  { a = 2 },
]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("source", 1), ("age", None), ("codes", 4), ("codes.0", 4), ("codes.1", 4), ("codes.2", 5), ("codes.3", 5),
        ("codes.4", 5), ("codes.5", 4), ("far.below.0", 8), ("pair", 9), ("pair.low", 9), ("nested.1", 12),
        ("after", 14), ("group.one.key", 16), ("group.one.quoted", 17), ("entry.0.key", 19), ("entry.1.key", 21),
        ("entry.1.list.1", 24), ("entry.1.list.0.b", 23), ("entry.1.lost", 20), ("lost", None),
    ],
)  # fmt: skip
def test_a_path_has_its_line_or_that_of_what_is_above(path: str, line: int | None) -> None:
    assert tomllib.loads(TEXT)["codes"][2] == "C [x], y"
    assert find_line(TEXT, path.split(".")) == line


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every string that is written as it is, on one line, with its path."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from leaves(inside, (*path, key))
    elif isinstance(value, list):
        for n, inside in enumerate(value):
            yield from leaves(inside, (*path, str(n)))
    elif isinstance(value, str) and value and not set(value) & set('\n"\\'):
        yield path, value


def test_every_string_of_the_shipped_content_stands_on_the_line_found() -> None:
    """One in seven of them is looked up: seconds, not minutes."""
    content = Content()
    texts = {file.rel: content.text(file.rel) for file in content.files() if file.rel.endswith(".toml")}
    found = [(rel, *leaf) for rel, text in texts.items() for leaf in leaves(tomllib.loads(text))]
    assert len(found) > 5_000
    for rel, path, value in found[::7]:
        line = find_line(texts[rel], list(path))
        assert line and value in texts[rel].splitlines()[line - 1], (rel, path)
