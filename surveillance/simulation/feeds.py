"""One association's file of one night: its name, its instant, its bytes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from surveillance.associations import Association
from surveillance.clock import PARIS, instant
from surveillance.errors import ContentError
from surveillance.simulation.csv_feeds import french_csv, iso_csv_gz
from surveillance.simulation.jsonl_feeds import json_lines
from surveillance.simulation.visits import Visits
from surveillance.simulation.wording import Wording
from surveillance.simulation.world import World
from surveillance.simulation.xml_feeds import rpu_xml

SMALL_HOURS = (30, 230)  # minutes after midnight, Paris time, between which the files of a night appear


@dataclass(frozen=True)
class Feed:
    """A file as it lies on an association's server."""

    association: str
    name: str
    data: bytes
    modified: int  # seconds since 1970

    def named(self, name: str) -> Feed:
        """The same content under another name."""
        return replace(self, name=name)

    def holding(self, data: bytes) -> Feed:
        """Another content under the same name."""
        return replace(self, data=data)


def made_at(association: Association, night: date) -> datetime:
    """The instant (UTC) at which the file of a night is written: the sender's own minute, more or less."""
    first, last = SMALL_HOURS
    habit = zlib.crc32(association.code.encode())
    today = zlib.crc32(f"{association.code} {night}".encode())
    minutes = first + habit % (last - first - 15) + today % 15
    return instant(night, "00:00") + timedelta(minutes=minutes, seconds=today % 60)


def file_name(association: Association, night: date) -> str:
    """The name of the file of a night: with the day of the visits, or (XML) the instant of the extraction."""
    day, code = night - timedelta(days=1), association.code
    local = made_at(association, night).astimezone(PARIS)
    names = {
        "csv-fr-cp1252": f"EXPORT_{day:%Y%m%d}.csv",
        "csv-utf8-iso": f"sos_{code}_{day}.csv.gz",
        "xml-rpu-like": f"V{code}_0_{local:%Y%m%d%H%M%S}.xml",
        "jsonl-fixed": f"{code}-{day}.jsonl",
    }
    if association.dialect not in names:
        raise ContentError(
            "extracts/associations.toml",
            "dialect",
            f"the simulator does not write {association.dialect!r}",
            f"it writes {', '.join(names)}",
        )
    return names[association.dialect]


def make_feed(
    world: World, association: Association, night: date, visits: Visits, worded: type[Wording] = Wording
) -> Feed:
    """The file of a night that holds these visits, in the sender's words or in those of a software that fails."""
    when = made_at(association, night)
    name = file_name(association, night)
    texts = worded(world, association, visits)
    writers: dict[str, Callable[[], bytes]] = {
        "csv-fr-cp1252": lambda: french_csv(texts),
        "csv-utf8-iso": lambda: iso_csv_gz(texts),
        "xml-rpu-like": lambda: rpu_xml(texts, when.astimezone(PARIS)),
        "jsonl-fixed": lambda: json_lines(texts),
    }
    return Feed(association.code, name, writers[association.dialect](), int(when.timestamp()))
