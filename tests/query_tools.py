"""A small registry and a small store that a hand can fill, and a recount of its ledgers in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from surveillance.content import Content
from surveillance.ledgers import LATEST, abridge
from surveillance.store import Store, publish, store_path

MEMBERS = {"5901": ("59", "32"), "5902": ("59", "32"), "8001": ("80", "32"), "7501": ("75", "11")}
GENE5 = {"0": "00-04", "1": "00-04", "02-04": "00-04", "05-14": "05-14", "15-44": "15-64", "45-64": "15-64",
         "65-74": "65+", "75+": "65+", "NR": "NR"}  # fmt: skip
DENOMINATORS = ("night", "visit_day", "association", "department", "age_band", "sex", "act_type", "visits_all",
                "visits_coded", "visits_reason")  # fmt: skip
COUNTS = (*DENOMINATORS[:7], "syndrome", "definition", "visits")


def site(folder: Path, closures: str = "closure = []\n", since: Mapping[str, str] | None = None) -> Content:
    """A site of four associations: 5901 and 5902 in one département, 8001 in the same région, 7501 alone in its own."""
    text = "".join(
        f'[[association]]\ncode = "{code}"\nname = "{code}"\ncity = "x"\ndepartment = "{dep}"\nregion = "{region}"\n'
        f'dialect = "csv-utf8-iso"\nthesaurus = "exemple-cim10"\nhost = "sftp-{code}.example.org"\nuser = "x"\n'
        f"usual_volume = 10\nsince = {(since or {}).get(code, '2006-01-01')}\nverified = false\n"
        for code, (dep, region) in MEMBERS.items()
    )
    (folder / "extracts").mkdir(parents=True)
    (folder / "extracts" / "associations.toml").write_text(text, encoding="utf-8")
    (folder / "extracts" / "closures.toml").write_text(closures, encoding="utf-8")
    return Content(folder)


@dataclass(frozen=True)
class Day:
    """What an association sent of a day: all acts, of which coded, of which flu; all of one kind of people."""

    association: str
    day: date
    acts: int = 10
    flu: int = 2
    band: str = "75+"
    sex: str = "F"
    act: str = "VISITE"


def fill(state: Path, content: Content, days: Iterable[Day], silent: Iterable[Day] = ()) -> None:
    """A published store with these days, told the night after; `silent`: a good file came, without an act."""
    days = list(days)
    below, above = ledger_rows(days)
    told = [(d.day + timedelta(days=1), d.association, "received") for d in (*days, *silent)]
    with Store(store_path(state), content) as store:
        put(store, "denominators", DENOMINATORS, below)
        put(store, "counts", COUNTS, above)
        put(store, "receptions", ("night", "association", "status"), sorted(set(told)))
        abridge(store, date.min, LATEST)
        publish(store, state)


def ledger_rows(days: list[Day], later: int = 1, sign: int = 1) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The rows of denominators and of counts of these days, told so many days after; sign -1: taken back."""
    cells = [
        (d.day + timedelta(days=later), d.day, d.association, MEMBERS[d.association][0], d.band, d.sex, d.act)
        for d in days
    ]
    both = list(zip(cells, days, strict=True))
    below = [(*cell, sign * d.acts, sign * (d.acts - 2), sign * (d.acts // 2)) for cell, d in both]
    return below, [(*cell, "grippe", "1", sign * d.flu) for cell, d in both if d.flu]


def put(store: Store, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Rows into a table."""
    given = pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows])
    if rows:
        with store.table("given", given):
            store.run(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns)} FROM given")


def every_day(first: date, last: date, without: Iterable[tuple[str, date]] = (), **says: Any) -> list[Day]:
    """Every association on every day, but those."""
    lost = set(without)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [Day(code, day, **says) for day in days for code in MEMBERS if (code, day) not in lost]


def named(row: Mapping[str, Any], name: str) -> str:
    """A dimension of a row of a ledger, said without the code under test."""
    day: date = row["visit_day"]
    year, week, _ = day.isocalendar()
    season = day.year if day.month >= 9 else day.year - 1
    return {
        "day": str(day),
        "week": f"{year}-W{week:02d}",
        "month": f"{day:%Y-%m}",
        "season": f"{season}-{(season + 1) % 100:02d}",
        "association": row["association"],
        "department": row["department"],
        "region": MEMBERS[row["association"]][1],
        "national": "FR",
        "age": GENE5[row["age_band"]],
        "sex": row["sex"],
        "act": row["act_type"],
    }[name]


def recount(rows: Iterable[Mapping[str, Any]], by: Iterable[str], column: str) -> dict[tuple[str, ...], int]:
    """Cell of `by` → the sum of a column, where it is not 0."""
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    for row in rows:
        sums[tuple(named(row, name) for name in by)] += row[column]
    return {cell: number for cell, number in sums.items() if number}
