"""The content in force: the shipped files of the four content folders, with those of a site folder in their place."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from surveillance.errors import ContentError
from surveillance.files import sha256_file
from surveillance.toml_lines import find_line as find_line

FOLDERS = ("extracts", "indicators", "reports", "schedules")
DECISIONS = (
    "extracts/calendar",
    "extracts/checks",
    "extracts/corrections",
    "extracts/dialects",
    "extracts/geography",
    "extracts/nomenclatures",
    "extracts/thesauri",
    "extracts/visit",
    "extracts/waivers",
    "indicators",
    "reports/daily_file",
)
Model = TypeVar("Model", bound=BaseModel)


class WrongKey(ValueError):
    """Raised by a validator that looks at several keys: `parts` leads from where it stands to the one that is wrong."""

    def __init__(self, message: str, *parts: str) -> None:
        super().__init__(message)
        self.parts = parts


@dataclass(frozen=True)
class ContentFile:
    """One file in force: its path inside the content, where it lies, and whether the site brought it."""

    rel: str
    path: Path
    origin: str


def shipped_root() -> Path:
    """Where the shipped content lies: beside the package in a wheel, at the root of a checkout otherwise."""
    package = Path(__file__).resolve().parent
    packed = package / "_content"
    return packed if packed.is_dir() else package.parent


class Content:
    """Content files by relative path; a site file replaces the shipped file of the same path as a whole."""

    def __init__(self, site: Path | None = None) -> None:
        if site is not None and not site.is_dir():
            raise ContentError(str(site), "", "this site folder does not exist", "give --site an existing folder")
        self.site = site
        self._files = self._collect([(shipped_root(), "shipped")] + ([(site, "site")] if site else []))

    @classmethod
    def only(cls, root: Path) -> Content:
        """The content files of one folder alone, nothing shipped among them: a copy that was kept."""
        found = cls.__new__(cls)
        found.site = root
        found._files = found._collect([(root, "kept")])
        return found

    def changed(self, put: Mapping[str, Path], out: Iterable[str] = ()) -> Content:
        """The same content with some files put at these places, and some taken out."""
        found = Content.__new__(Content)
        found.site = self.site
        found._files = {rel: file for rel, file in self._files.items() if rel not in set(out)}
        found._files |= {rel: ContentFile(rel, path, "tried") for rel, path in put.items()}
        return found

    def _collect(self, roots: Iterable[tuple[Path, str]]) -> dict[str, ContentFile]:
        found: dict[str, ContentFile] = {}
        for root, origin in roots:
            for folder in FOLDERS:
                for path in sorted((root / folder).rglob("*")):
                    if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
                        rel = path.relative_to(root).as_posix()
                        found[rel] = ContentFile(rel, path, origin)
        return found

    def files(self, prefix: str = "") -> list[ContentFile]:
        """The files in force whose path starts with `prefix`, in order of path."""
        return [self._files[rel] for rel in sorted(self._files) if rel.startswith(prefix)]

    def path(self, rel: str) -> Path:
        """Where a content file lies; ContentError when there is none."""
        if rel not in self._files:
            raise ContentError(rel, "", "this content file is missing")
        return self._files[rel].path

    def has(self, rel: str) -> bool:
        """Is there such a file in force?"""
        return rel in self._files

    def text(self, rel: str) -> str:
        """The text of a content file (UTF-8)."""
        try:
            return self.path(rel).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ContentError(rel, "", "is not UTF-8", "save it again in UTF-8") from error

    def bytes(self, rel: str) -> bytes:
        """The bytes of a content file."""
        return self.path(rel).read_bytes()

    def toml(self, rel: str) -> dict[str, Any]:
        """A TOML content file; a syntax error names the file, the line and the column."""
        try:
            return tomllib.loads(self.text(rel))
        except tomllib.TOMLDecodeError as error:
            raise ContentError(rel, "", f"TOML syntax: {error}") from error

    def digest(self, prefixes: tuple[str, ...] = ("",)) -> str:
        """One SHA-256 over the paths and bytes of the files in force (those under `prefixes`)."""
        whole = hashlib.sha256()
        for file in self.files():
            if file.rel.startswith(prefixes):
                whole.update(f"{file.rel}\0{sha256_file(file.path)}\n".encode())
        return whole.hexdigest()

    def decisions(self) -> str:
        """The digest of what makes a number: all but addresses, timetables, simulation and the look of pages."""
        return self.digest(DECISIONS)


def load(content: Content, rel: str, model: type[Model]) -> Model:
    """A TOML content file checked against a pydantic model; the first error is raised with file, line and key."""
    return _parsed(content.text(rel), rel, model)  # type: ignore[return-value]


@lru_cache(maxsize=128)
def _parsed(text: str, rel: str, model: type[BaseModel]) -> BaseModel:
    return parse(text, rel, model)


def parse(text: str, rel: str, model: type[Model]) -> Model:
    """The same from the text of a file that may be in no content folder yet; `rel` is how errors call it."""
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ContentError(rel, "", f"TOML syntax: {error}") from error
    except ValidationError as error:
        first, *others = [_problem(text, rel, item) for item in error.errors()]
        first.others = tuple(others)
        first.hint = "; ".join(f"also line {one.line}: {one.key}: {one.message}" for one in others[:5])
        raise first from error


def _problem(text: str, rel: str, item: Any) -> ContentError:
    wrong = item.get("ctx", {}).get("error")
    below = wrong.parts if isinstance(wrong, WrongKey) else ()
    parts = [str(part) for part in (*item["loc"], *below) if part != "[key]"]
    message = str(item["msg"]).removeprefix("Value error, ")
    return ContentError(rel, ".".join(parts), message, line=find_line(text, parts))
