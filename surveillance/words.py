"""Sentences for people, in the language they asked for, from reports/words.toml."""

from __future__ import annotations

from typing import Any

from surveillance.content import Content
from surveillance.errors import ContentError

FILE = "reports/words.toml"
_cache: dict[int, dict[str, Any]] = {}


def say(content: Content, lang: str, key: str, **values: object) -> str:
    """The sentence `key` in `lang` (fr, en), its placeholders filled; French where a language lacks it."""
    table = _cache.setdefault(id(content), content.toml(FILE))
    sentence = table.get(lang, {}).get(key, table["fr"].get(key))
    if sentence is None:
        raise ContentError(FILE, key, "this sentence is missing")
    try:
        return str(sentence).format(**values)
    except (KeyError, IndexError) as error:
        raise ContentError(FILE, f"{lang}.{key}", f"placeholder {error} is not known here") from error
