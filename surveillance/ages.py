"""Ages: the base bands every count is kept by, the schemes made from them, and which act types count."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, model_validator

from surveillance.content import Content, load
from surveillance.errors import UsageError

FILE = "indicators/ages.toml"
ACTS_FILE = "indicators/acts.toml"


class Band(BaseModel):
    """A base band: completed years, both ends included."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    first: int = Field(alias="from", ge=0)
    last: int = Field(alias="to", le=120)
    label_fr: str
    label_en: str


class Unknown(BaseModel):
    """The band of ages that are unknown or impossible."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    label_fr: str
    label_en: str


class Base(BaseModel):
    """The base bands, from 0 to 120 years without a gap."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    source: str
    bands: tuple[Band, ...]
    unknown: Unknown

    @model_validator(mode="after")
    def without_gap(self) -> Base:
        """Every age from 0 to 120 has exactly one band."""
        covered = [year for band in self.bands for year in range(band.first, band.last + 1)]
        if covered != list(range(121)):
            raise ValueError("the bands must cover each year from 0 to 120 once, in order")
        return self


class Scheme(BaseModel):
    """A way to show ages: its groups, each a list of base bands; `codes` are what a publication calls them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    label_fr: str
    label_en: str
    source: str
    groups: dict[str, tuple[str, ...]]
    codes: dict[str, str] = {}

    @property
    def of_band(self) -> dict[str, str]:
        """Base band to group."""
        return {band: group for group, bands in self.groups.items() for band in bands}


class _AgesFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    base: Base
    schemes: dict[str, Scheme]

    @model_validator(mode="after")
    def complete(self) -> _AgesFile:
        """Every scheme takes every base band once, the unknown one too, so that totals agree."""
        bands = sorted([band.id for band in self.base.bands] + [self.base.unknown.id])
        for name, scheme in self.schemes.items():
            if sorted(band for group in scheme.groups.values() for band in group) != bands:
                raise ValueError(f"scheme {name} must use each base band exactly once: {', '.join(bands)}")
        return self


@dataclass(frozen=True)
class Ages:
    """The bands and schemes in force; `years` gives the band of each age from 0 to 120."""

    bands: tuple[str, ...]
    unknown: str
    schemes: dict[str, Scheme]
    labels: dict[str, dict[str, str]]
    years: tuple[str, ...]

    def scheme(self, name: str) -> Scheme:
        """The scheme of that name, or a usage error that says which there are."""
        if name not in self.schemes:
            raise UsageError(f"no age scheme is called {name!r}", f"there are: {', '.join(sorted(self.schemes))}")
        return self.schemes[name]


def load_ages(content: Content) -> Ages:
    """The age bands and schemes of indicators/ages.toml."""
    file = load(content, FILE, _AgesFile)
    known = file.base.bands
    years = tuple(band.id for band in known for _ in range(band.first, band.last + 1))
    everyone: list[Band | Unknown] = [*known, file.base.unknown]
    labels = {"fr": {b.id: b.label_fr for b in everyone}, "en": {b.id: b.label_en for b in everyone}}
    return Ages(tuple(b.id for b in everyone), file.base.unknown.id, file.schemes, labels, years)


class Acts(BaseModel):
    """Which act types are counted as acts, and their labels."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    counted: tuple[str, ...]
    not_counted: tuple[str, ...]
    status: str
    source: str
    labels_fr: dict[str, str]
    labels_en: dict[str, str]

    @model_validator(mode="after")
    def complete(self) -> Acts:
        """Every type is counted or not, and has its labels."""
        kinds = sorted([*self.counted, *self.not_counted])
        if len(set(kinds)) != len(kinds) or not (kinds == sorted(self.labels_fr) == sorted(self.labels_en)):
            raise ValueError("each act type must stand once in counted or not_counted, and have both labels")
        return self


def load_acts(content: Content) -> Acts:
    """The act types of indicators/acts.toml."""
    return load(content, ACTS_FILE, Acts)
