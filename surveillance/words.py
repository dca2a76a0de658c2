"""Sentences for people, in the language they asked for, from reports/words.toml."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from surveillance.content import Content
from surveillance.errors import ContentError

FILE = "reports/words.toml"
_tables: WeakKeyDictionary[Content, dict[str, Any]] = WeakKeyDictionary()


def say(content: Content, lang: str, key: str, **values: object) -> str:
    """The sentence `key` in `lang` (fr, en), its placeholders filled; French where a language lacks it."""
    sentence = _sentence(content, lang, key)
    if sentence is None:
        raise ContentError(FILE, key, "this sentence is missing")
    try:
        return str(sentence).format(**values)
    except (KeyError, IndexError) as error:
        raise ContentError(FILE, f"{lang}.{key}", f"placeholder {error} is not known here") from error


def knows(content: Content, key: str) -> bool:
    """Is there such a sentence?"""
    return _sentence(content, "fr", key) is not None


def _sentence(content: Content, lang: str, key: str) -> str | None:
    if content not in _tables:
        _tables[content] = content.toml(FILE)
    table = _tables[content]
    found: str | None = table.get(lang, {}).get(key, table["fr"].get(key))
    return found
