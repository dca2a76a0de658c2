"""The methods of detection as text: for a terminal, for programs, for docs/detection.md."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from surveillance.detection.judged import Method, Parameter
from surveillance.detection.registry import said

WIDTH = 80


def as_text(methods: Sequence[Method]) -> str:
    """Eighty columns: each method, what it is, where it comes from, its settings and its own columns."""
    lines: list[str] = []
    for method in methods:
        lines += [method.name, *_wrapped("  ", method.about), *_wrapped("  ", f"[{method.source}]")]
        for one in method.parameters:
            lines += _wrapped("    ", f"{one.name}={_default(one)}  {_about(one)}", "        ")
        lines += _wrapped("    ", f"columns: {', '.join(method.columns)}") if method.columns else []
        lines.append("")
    return "\n".join(lines).rstrip()


def as_json(methods: Sequence[Method]) -> str:
    """A list of objects."""
    return json.dumps([_described(method) for method in methods], ensure_ascii=False, indent=1)


def as_markdown(methods: Sequence[Method]) -> str:
    """A section a method, its settings in a table."""
    lines: list[str] = []
    for method in methods:
        lines += [f"### `{method.name}`", "", f"{_sentence(method.about)} *Source: {method.source}.*", ""]
        if method.parameters:
            lines += ["| setting | default | in the reference | what it does |", "|---|---|---|---|"]
        for one in method.parameters:
            names = ", ".join(f"`{name}`" for name in one.reference) or "–"
            lines.append(f"| `{one.name}` | {_default(one, '`')} | {names} | {_cell(_what(one))} |")
        lines += [""] if method.parameters else []
        if method.columns:
            lines += [f"Its own columns: {', '.join(f'`{name}`' for name in method.columns)}.", ""]
    return "\n".join(lines).rstrip()


def _described(method: Method) -> dict[str, Any]:
    settings = [
        {
            "name": one.name,
            "default": one.default,
            "about": one.about,
            "reference": list(one.reference),
            "choices": list(one.choices),
        }
        for one in method.parameters
    ]
    told = {"name": method.name, "about": method.about, "source": method.source}
    return told | {"parameters": settings, "columns": list(method.columns)}


def _default(one: Parameter, mark: str = "") -> str:
    return f"{mark}{said(one.default)}{mark}" if one.default != "" else ""


def _about(one: Parameter) -> str:
    names = [name for name in one.reference if name != one.name]
    return f"{_what(one)} (R: {', '.join(names)})" if names else _what(one)


def _what(one: Parameter) -> str:
    """What a setting does, and its choices where they are not told."""
    missing = [said(choice) for choice in one.choices if not isinstance(choice, bool)]
    return f"{one.about}: {', '.join(missing)}" if any(word not in one.about for word in missing) else one.about


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _wrapped(indent: str, text: str, after: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent if after is None else after, break_long_words=False
    )


LISTS: Mapping[str, Callable[[Sequence[Method]], str]] = {"table": as_text, "json": as_json, "markdown": as_markdown}
