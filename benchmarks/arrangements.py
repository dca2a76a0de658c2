"""How the published copy could lie on disk: one file, a file a year, Parquet by month, a lake format; at any size.

`python benchmarks/arrangements.py STATE FOLDER` lays the published store of STATE out in FOLDER in each way, then asks
each the same three questions and publishes a night (what must be written anew after a night that tells visits of
yesterday and corrects some of the last month). `--python PYTHON`: an interpreter with duckdb and deltalake.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb

from surveillance.store import published_path

TABLES = {"visits": "from_night", "brief_counts": "night", "brief_denominators": "night"}
ASKED = {
    "week × association × age, all years": """
        SELECT d.week, d.association, d.age_band, d.acts, c.visits FROM (
            SELECT date_trunc('week', visit_day) AS week, association, age_band, sum(visits_all) AS acts
            FROM brief_denominators GROUP BY ALL) d
        LEFT JOIN (SELECT date_trunc('week', visit_day) AS week, association, age_band, sum(visits) AS visits
            FROM brief_counts WHERE syndrome = 'grippe' GROUP BY ALL) c USING (week, association, age_band)""",
    "visits of a month by day and outcome": """
        SELECT event_date, outcome, count(*) FROM visits
        WHERE from_night BETWEEN (SELECT max(night) - 31 FROM brief_denominators)
            AND (SELECT max(night) FROM brief_denominators) AND to_night = DATE '9999-12-31' GROUP BY ALL""",
    "all visits by association and year": """
        SELECT association, year(event_date), count(*), avg(age_y) FROM visits
        WHERE to_night = DATE '9999-12-31' GROUP BY ALL""",
}
LAKE = """
import json, sys, time
import duckdb
from deltalake import DeltaTable, write_deltalake
folder, tables, asked, runs = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4])
db = duckdb.connect()
def files(name, month="*"):
    return f"read_parquet('{folder}/parquet/{name}/month={month}/*.parquet', hive_partitioning=true)"
for name, night in tables.items():
    rows = f"SELECT * EXCLUDE (month), strftime({night}, '%Y-%m') AS month FROM {files(name)}"
    reader = db.sql(rows).to_arrow_reader(1 << 17)
    write_deltalake(f"{folder}/lake/{name}", reader, partition_by=["month"], mode="overwrite")
def reads():
    one = duckdb.connect()
    for name in tables:
        one.register(name, DeltaTable(f"{folder}/lake/{name}").to_pyarrow_dataset())
    return one
found = {}
for label, text in asked.items():
    took = []
    for _ in range(runs + 1):
        begun = time.perf_counter()
        reads().execute(text).fetchall()
        took.append(time.perf_counter() - begun)
    found[label] = sorted(took[1:])[len(took[1:]) // 2]
begun = time.perf_counter()
for name, night in tables.items():
    month = db.sql(f"SELECT max(strftime({night}, '%Y-%m')) FROM {files(name)}").fetchone()[0]
    rows = db.sql(f"SELECT * EXCLUDE (month), '{month}' AS month FROM {files(name, month)}").to_arrow_table()
    write_deltalake(f"{folder}/lake/{name}", rows, mode="overwrite", predicate=f"month = '{month}'")
found["publish a night"] = time.perf_counter() - begun
print()
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Arrangement:
    """A way to lie on disk: how it is laid out, opened by a reader, and written anew after a night."""

    name: str
    lay_out: Callable[[Path, Path], None]
    opened: Callable[[Path], duckdb.DuckDBPyConnection]
    publish: Callable[[Path], None]


def one_file(source: Path, folder: Path) -> None:
    """A database with the three tables."""
    with duckdb.connect(str(folder / "one.duckdb")) as db:
        db.execute(f"ATTACH '{source}' AS source (READ_ONLY)")
        for name in TABLES:
            db.execute(f"CREATE TABLE {name} AS FROM source.{name}")


def open_one(folder: Path) -> duckdb.DuckDBPyConnection:
    """The database."""
    return duckdb.connect(str(folder / "one.duckdb"), read_only=True)


def publish_one(folder: Path) -> None:
    """A copy of the file."""
    shutil.copyfile(folder / "one.duckdb", folder / "one.part")
    (folder / "one.part").unlink()


def years(source: Path, folder: Path) -> None:
    """A database a year of nights."""
    with duckdb.connect() as db:
        db.execute(f"ATTACH '{source}' AS source (READ_ONLY)")
        found = db.execute("SELECT DISTINCT year(night) FROM source.brief_denominators ORDER BY 1").fetchall()
        for (year,) in found:
            db.execute(f"ATTACH '{folder}/year-{year}.duckdb' AS y{year}")
            for name, night in TABLES.items():
                rows = f"FROM source.{name} WHERE year({night}) = {year}"
                db.execute(f"CREATE TABLE y{year}.{name} AS {rows}")


def open_years(folder: Path) -> duckdb.DuckDBPyConnection:
    """All years attached, each table a view over them."""
    db, files = duckdb.connect(), sorted(folder.glob("year-*.duckdb"))
    for file in files:
        db.execute(f"ATTACH '{file}' AS y{file.stem[-4:]} (READ_ONLY)")
    for name in TABLES:
        db.execute(f"CREATE VIEW {name} AS " + " UNION ALL ".join(f"FROM y{file.stem[-4:]}.{name}" for file in files))
    return db


def publish_year(folder: Path) -> None:
    """A copy of the files that the last month lies in: here, of the last two years."""
    for file in sorted(folder.glob("year-*.duckdb"))[-2:]:
        shutil.copyfile(file, folder / "year.part")
        (folder / "year.part").unlink()


def months(source: Path, folder: Path) -> None:
    """Parquet files by table and month of nights."""
    (folder / "parquet").mkdir()
    with duckdb.connect() as db:
        db.execute(f"ATTACH '{source}' AS source (READ_ONLY); SET memory_limit = '4GB'")
        for name, night in TABLES.items():
            db.execute(
                f"COPY (SELECT *, strftime({night}, '%Y-%m') AS month FROM source.{name}) TO '{folder}/parquet/{name}' "
                "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (month))"
            )


def open_months(folder: Path) -> duckdb.DuckDBPyConnection:
    """Each table a view over its Parquet files."""
    db = duckdb.connect()
    for name in TABLES:
        files = f"read_parquet('{folder}/parquet/{name}/*/*.parquet', hive_partitioning = true)"
        db.execute(f"CREATE VIEW {name} AS FROM {files}")
    return db


def publish_months(folder: Path) -> None:
    """The last two months written anew."""
    with duckdb.connect() as db:
        for name in TABLES:
            for month in sorted((folder / "parquet" / name).iterdir())[-2:]:
                target = folder / "month.part"
                db.execute(f"COPY (FROM read_parquet('{month}/*.parquet')) TO '{target}' (COMPRESSION zstd)")
                target.unlink()


ARRANGEMENTS = (
    Arrangement("one file", one_file, open_one, publish_one),
    Arrangement("a file a year, attached", years, open_years, publish_year),
    Arrangement("Parquet by month", months, open_months, publish_months),
)


def timed(what: Callable[[], object]) -> float:
    """Clock seconds."""
    begun = time.perf_counter()
    what()
    return time.perf_counter() - begun


def main() -> None:
    """Print the table that benchmarks/RESULTS.md keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--python", help="an interpreter with duckdb and deltalake")
    words = parser.parse_args()
    print(f"| | {' | '.join(ASKED)} | publish a night | size |")
    for one in ARRANGEMENTS:
        words.folder.mkdir(parents=True, exist_ok=True)
        before = _size(words.folder)
        one.lay_out(published_path(words.state), words.folder)
        size = _size(words.folder) - before
        took = [
            median(timed(lambda: _asked(one, words.folder, text)) for _ in range(words.runs))  # noqa: B023
            for text in ASKED.values()
        ]
        took.append(median(timed(lambda: one.publish(words.folder)) for _ in range(words.runs)))  # noqa: B023
        print(f"| {one.name} | {' | '.join(f'{value:.2f} s' for value in took)} | {size:.2f} GB |", flush=True)
    if words.python:
        given = [str(words.folder), json.dumps(TABLES), json.dumps(ASKED), str(words.runs)]
        told = subprocess.run([words.python, "-c", LAKE, *given], check=True, capture_output=True, text=True)
        said = json.loads(told.stdout.splitlines()[-1])
        size = sum(file.stat().st_size for file in (words.folder / "lake").rglob("*") if file.is_file()) / 1e9
        print(f"| Delta Lake by month | {' | '.join(f'{value:.2f} s' for value in said.values())} | {size:.2f} GB |")


def _asked(one: Arrangement, folder: Path, text: str) -> int:
    with one.opened(folder) as db:
        return len(db.execute(text).fetchall())


def _size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e9


if __name__ == "__main__":
    main()
