"""Territories: régions, départements, postal codes and communes of France, by INSEE code, always as text."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass

from surveillance.content import Content
from surveillance.errors import ContentError

FOLDER = "extracts/geography"
POPULATION = f"{FOLDER}/population.csv.gz"
POPULATION_COLUMNS = ("department", "year", "sex", "age_from", "age_to", "population")


@dataclass(frozen=True)
class Region:
    """One of the 18 régions (2016 boundaries), e.g. 84 Auvergne-Rhône-Alpes."""

    code: str
    name: str


@dataclass(frozen=True)
class Department:
    """One of the 101 départements and its région, e.g. 2A Corse-du-Sud (94)."""

    code: str
    name: str
    region: str


@dataclass(frozen=True)
class Commune:
    """A commune of today: its postal codes (one or more) and its counted population."""

    insee: str
    name: str
    department: str
    region: str
    postal_codes: tuple[str, ...]
    population: int


@dataclass(frozen=True)
class PostalCode:
    """Where a postal code leads. `ambiguous`: its communes stand in several départements, the largest decides."""

    department: str
    ambiguous: bool


def load_regions(content: Content) -> dict[str, Region]:
    """Code -> région, in order of code."""
    rows = _rows(content, "regions.csv", ("code", "name"))
    return {row["code"]: Region(row["code"], row["name"]) for row in rows}


def load_departments(content: Content) -> dict[str, Department]:
    """Code -> département, in order of code; each must stand in a known région."""
    regions = load_regions(content)
    found = {
        row["code"]: Department(row["code"], row["name"], row["region"])
        for row in _rows(content, "departements.csv", ("code", "name", "region"))
    }
    for item in found.values():
        if item.region not in regions:
            raise ContentError(f"{FOLDER}/departements.csv", "region", f"{item.code}: no région {item.region!r}")
    return found


def load_postal_codes(content: Content) -> dict[str, PostalCode]:
    """Postal code -> where it leads (some 6,300).

    Codes of the overseas collectivities lead to 975, 977, 978, 986, 987 and 988, which are not départements.
    """
    return {
        row["postal_code"]: PostalCode(row["department"], row["ambiguous"] == "1")
        for row in _rows(content, "postal_codes.csv", ("postal_code", "department", "ambiguous"))
    }


def load_communes(content: Content) -> list[Commune]:
    """The some 35,000 communes of today, in order of INSEE code (a tenth of a second)."""
    return [
        Commune(
            row["insee"],
            row["name"],
            row["department"],
            row["region"],
            tuple(row["postal_codes"].split()),
            int(row["population"]),
        )
        for row in _rows(
            content,
            "communes.csv.gz",
            ("insee", "name", "department", "region", "postal_codes", "population"),
        )
    ]


@dataclass(frozen=True)
class Inhabitants:
    """People of a département on 1 January of a year, of one sex (M, F), between two ages (years, both included)."""

    department: str
    year: int
    sex: str
    ages: tuple[int, int]
    number: int


def load_population(content: Content) -> list[Inhabitants]:
    """The inhabitants of the 101 départements (INSEE, estimates of population on 1 January), by year, sex and age."""
    return [
        Inhabitants(row["department"], int(row["year"]), row["sex"], (int(row["age_from"]), int(row["age_to"])),
                    int(row["population"]))
        for row in _rows(content, "population.csv.gz", POPULATION_COLUMNS)
    ]  # fmt: skip


def _rows(content: Content, name: str, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    rel = f"{FOLDER}/{name}"
    data = content.bytes(rel)
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8")
    reader = csv.DictReader(io.StringIO(text), strict=True)
    if tuple(reader.fieldnames or ()) != columns:
        raise ContentError(rel, "header", f"expected {', '.join(columns)}")
    yield from reader
