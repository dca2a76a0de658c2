"""Where patients live: postal codes by population."""

from __future__ import annotations

import csv
import gzip
import unicodedata
from dataclasses import dataclass

import numpy as np

from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.simulation.people import Ints
from surveillance.simulation.topics import Floats

COMMUNES = "extracts/geography/communes.csv.gz"


@dataclass(frozen=True)
class Places:
    """Postal code, commune and INSEE code, in order of région and département, with the population cumulated."""

    postal: tuple[str, ...]
    names: tuple[str, ...]
    insee: tuple[str, ...]
    people: Floats
    departments: dict[str, tuple[int, int]]
    regions: dict[str, tuple[int, int]]

    def draw(self, bounds: Ints, u: Floats) -> Ints:
        """A place between two positions (columns of `bounds`: first, after the last), by population."""
        low, high = self.people[bounds[:, 0]], self.people[bounds[:, 1]]
        found = np.searchsorted(self.people, low + u * (high - low), side="right") - 1
        return np.clip(found, bounds[:, 0], bounds[:, 1] - 1)


def load_places(content: Content) -> Places:
    """The places of the communes in force; the people of a commune are shared equally between its postal codes."""
    text = gzip.decompress(content.bytes(COMMUNES)).decode()
    rows = sorted(csv.DictReader(text.splitlines()), key=lambda row: (row["region"], row["department"], row["insee"]))
    found: list[tuple[str, str, str, float]] = []
    spans: tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]] = ({}, {})
    for row in rows:
        before = len(found)
        codes = row["postal_codes"].split()
        people = int(row["population"] or 0)
        found += [(code, plain(row["name"]), row["insee"], people / len(codes)) for code in codes]
        for span, key in zip(spans, (row["department"], row["region"]), strict=True):
            span[key] = span.get(key, (before, 0))[0], len(found)
    if not found:
        raise ContentError(COMMUNES, "", "no commune")
    postal, names, insee, people_of = zip(*found, strict=True)
    return Places(postal, names, insee, np.concatenate([[0.0], np.cumsum(people_of)]), *spans)


def plain(name: str) -> str:
    """A commune as practice software prints it: capitals, no accents."""
    folded = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "OE"))
    return "".join(char for char in folded if ord(char) < 128).upper()
