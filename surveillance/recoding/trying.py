"""A definition that is tried: a file in the place that it would take in the content, and what is wrong with that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from surveillance.coding.case_definitions import Syndrome
from surveillance.coding.proofs import check_syndromes
from surveillance.coding.syndromes import FOLDER, definition_files
from surveillance.content import Content, load, parse
from surveillance.errors import ContentError, UsageError


@dataclass(frozen=True)
class Tried:
    """The definition, the content with it in its place, the files it replaces, umbrellas that no longer hold it.

    shorter: the files replaced that are for days before its own: these days would have no definition.
    """

    one: Syndrome
    rel: str
    content: Content
    replaced: tuple[str, ...]
    uncovered: tuple[ContentError, ...]
    shorter: tuple[str, ...] = ()


def try_definition(content: Content, path: Path) -> Tried:
    """The definition of a file, as if it stood in the content; what is wrong with it is the ContentError of the check.

    It replaces the definition of the same file name, else those of the same id that are for some of the same days.
    """
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    one = parse(_text(path), str(path), Syndrome)
    rel, replaced = _place(content, one, path)
    tried = content.changed({rel: path}, set(replaced) - {rel})
    uncovered = []
    for problem in check_syndromes(tried):
        if problem.file != rel and problem.key == "umbrella":
            uncovered.append(problem)
        elif problem.file == rel:
            raise ContentError(str(path), problem.key, problem.message, problem.hint, problem.line)
        else:
            raise problem
    shorter = tuple(name for name in replaced if load(content, name, Syndrome).since < one.since)
    return Tried(one, rel, tried, replaced, tuple(uncovered), shorter)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ContentError(str(path), "", "is not UTF-8", "save it again in UTF-8") from error


def _place(content: Content, one: Syndrome, path: Path) -> tuple[str, tuple[str, ...]]:
    """Where in the content the file would stand, and the files it stands for."""
    files = definition_files(content)
    named = f"{FOLDER}{path.name}"
    if named in files:
        return named, (named,)
    held = [(rel, other) for rel in files if (other := load(content, rel, Syndrome)).id == one.id]
    same = tuple(rel for rel, other in held if _same_days(one, other))
    if same:
        return same[0], same
    free = f"{FOLDER}{one.id}.toml"
    return (named if free in files else free), ()


def _same_days(one: Syndrome, other: Syndrome) -> bool:
    return (one.until is None or other.since <= one.until) and (other.until is None or one.since <= other.until)
