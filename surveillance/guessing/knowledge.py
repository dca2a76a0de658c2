"""What guessing knows: names of columns, forms of dates, markers of nothing (extracts/guess.toml)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from surveillance.content import Content, load
from surveillance.dialect_parts import Forms, fold
from surveillance.dialects import MULTIPLE, known_field

FILE = "extracts/guess.toml"


class Knowledge(BaseModel):
    """The file `extracts/guess.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    missing: list[str]
    values_max: int = Field(ge=2)
    value_chars: int = Field(ge=2)
    value_min: int = Field(ge=2)
    forms: Forms
    names: dict[Annotated[str, AfterValidator(known_field)], list[str]]

    def fields_of(self, names: list[str]) -> dict[str, list[str]]:
        """Canonical field -> the names of a header that it is likely called by; each name only once."""
        found: dict[str, list[str]] = {}
        taken: set[str] = set()
        for field, known in self.names.items():
            folded = {fold(name): rank for rank, name in enumerate(known)}
            hits = sorted((name for name in names if fold(name) in folded), key=lambda name: folded[fold(name)])
            hits = [name for name in hits if name not in taken][: None if field in MULTIPLE else 1]
            if hits:
                found[field] = hits
                taken.update(hits)
        return found


    def near(self, names: list[str], found: dict[str, list[str]]) -> dict[str, list[str]]:
        """Canonical field not found -> columns left whose name holds all words of a known one: asked, never used."""
        taken = {name for hits in found.values() for name in hits}
        left = {name: set(fold(name).split()) for name in names if name not in taken}
        asked = {}
        for field, known in self.names.items():
            words = [set(fold(name).split()) for name in known]
            hits = [name for name, said in left.items() if any(one and one <= said for one in words)]
            if hits and field not in found:
                asked[field] = hits
        return asked


def load_knowledge(content: Content) -> Knowledge:
    """What is known in this content; ContentError names the file, the line and the key."""
    return load(content, FILE, Knowledge)
