"""Ten years of visits: what a question, a past night and a publication cost, against named alternatives.

`python benchmarks/history.py STATE` on a state folder with a published store (`benchmarks/years.py` makes the records
of as many years as one likes, `surveillance replay` the store). `--python PYTHON`: an interpreter with polars and
pandas, which are measured beside it (the project does not depend on polars). Ratios are of clock seconds, medians of
`--runs` one after the other, files in the cache of the system.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import duckdb

from surveillance.clock import Clock
from surveillance.content import Content
from surveillance.ledgers import known
from surveillance.night import Night
from surveillance.questions import Question, ask
from surveillance.records import nights_on_disk
from surveillance.registry_tables import registry_tables
from surveillance.settings import load_settings
from surveillance.steps.aggregate import aggregate
from surveillance.steps.code import code
from surveillance.store import open_published, published_path

ASKED = Question(("grippe",), by=("week", "region", "age"))
# The same figures by hand, with the best plan found: ledgers of days, places and ages, joined with small tables.
BY_HAND = """
WITH days AS (
    SELECT unnest(range(DATE '2000-01-01', DATE '2100-01-01', INTERVAL 1 DAY))::DATE AS visit_day,
        strftime(visit_day, '%G-W%V') AS week
),
below AS (
    SELECT d.week, t.region, a.age_group, sum(visits_all) AS visits_all, sum(visits_coded) AS visits_coded
    FROM {denominators} JOIN days d USING (visit_day) JOIN territories t USING (association)
    JOIN ages a USING (age_band) GROUP BY ALL
),
above AS (
    SELECT d.week, t.region, a.age_group, sum(visits) AS visits
    FROM {counts} JOIN days d USING (visit_day) JOIN territories t USING (association) JOIN ages a USING (age_band)
    WHERE syndrome = 'grippe' GROUP BY ALL
)
SELECT week, region, age_group, coalesce(visits, 0) AS visits, visits_all, visits_coded,
    visits / nullif(visits_all, 0) AS share_all, visits / nullif(visits_coded, 0) AS share_coded
FROM below LEFT JOIN above USING (week, region, age_group) ORDER BY ALL
"""
ELSEWHERE = """
import json, sys, time
import duckdb
what, folder, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
import pandas as pd
def with_pandas():
    t, a = pd.read_parquet(folder + "/territories.parquet"), pd.read_parquet(folder + "/ages.parquet")
    below = pd.read_parquet(folder + "/denominators.parquet").merge(t).merge(a)
    above = pd.read_parquet(folder + "/counts.parquet", filters=[("syndrome", "==", "grippe")]).merge(t).merge(a)
    for one in (below, above):
        day = pd.to_datetime(one["visit_day"])
        one["week"] = day - pd.to_timedelta(day.dt.weekday, unit="D")
    keys = ["week", "region", "age_group"]
    below = below.groupby(keys)[["visits_all", "visits_coded"]].sum()
    return len(below.join(above.groupby(keys)["visits"].sum()).fillna({"visits": 0}).sort_index())
def with_polars():
    import polars as pl
    t, a = pl.scan_parquet(folder + "/territories.parquet"), pl.scan_parquet(folder + "/ages.parquet")
    keys = ["week", "region", "age_group"]
    def named(name):
        rows = pl.scan_parquet(folder + "/" + name + ".parquet").join(t, on="association").join(a, on="age_band")
        return rows.with_columns(week=pl.col("visit_day").dt.truncate("1w"))
    below = named("denominators").group_by(keys).agg(pl.col("visits_all").sum(), pl.col("visits_coded").sum())
    above = named("counts").filter(pl.col("syndrome") == "grippe").group_by(keys).agg(pl.col("visits").sum())
    return len(below.join(above, on=keys, how="left").sort(keys).collect())
found = {"with_pandas": with_pandas, "with_polars": with_polars}[what]
rows, took = 0, []
for _ in range(runs):
    begun = time.perf_counter()
    rows = found()
    took.append(time.perf_counter() - begun)
print(json.dumps({"rows": rows, "seconds": took}))
"""


def seconds(what: Callable[[], object], runs: int) -> float:
    """Median of some runs after a first one that fills caches."""
    what()
    took = []
    for _ in range(runs):
        begun = perf_counter()
        what()
        took.append(perf_counter() - begun)
    return median(took)


def row(name: str, took: float, against: str = "", limit: float = 0.0) -> None:
    """A row of the table."""
    print(f"| {name} | {took:.3f} s | {against} | {f'{took / limit:.2f}' if limit else ''} |", flush=True)


def questions(state: Path, runs: int) -> float:
    """The question by week × région × age over everything, by hand and by the tool; its seconds by hand."""
    content = Content()
    with open_published(state, content) as store, registry_tables(store, ASKED.scheme):
        last = store.value("SELECT max(night) FROM receptions")
        for brief in (False, True):
            text = BY_HAND.format(denominators=known("denominators", None, brief), counts=known("counts", None, brief))
            hand = seconds(lambda text=text: store.rows(text), runs)  # type: ignore[misc]
            row(f"by hand in SQL, {'abridged' if brief else 'whole'} ledgers", hand)
    with open_published(state, content) as store:
        row("week × région × age, ten years", seconds(lambda: ask(store, ASKED), runs), "by hand", hand)
        then = replace(ASKED, as_of=last - timedelta(days=400))
        row("the same as known 400 nights ago", seconds(lambda: ask(store, then), runs), "by hand", hand)
        wide = replace(ASKED, by=("week", "region", "sex"))
        row("week × région × sex", seconds(lambda: ask(store, wide), runs), "by hand", hand)
        month = replace(ASKED, by=("day",), since=last - timedelta(days=30))
        row("a month by day", seconds(lambda: ask(store, month), runs), "by hand", hand)
    return hand


def elsewhere(state: Path, python: str, runs: int, hand: float) -> None:
    """The same with polars and pandas on Parquet files of the same abridged ledgers."""
    content = Content()
    with tempfile.TemporaryDirectory() as folder:
        with open_published(state, content) as store, registry_tables(store, ASKED.scheme):
            for name, rows in (
                ("denominators", "FROM brief_denominators"), ("counts", "FROM brief_counts"),
                ("territories", "FROM territories"), ("ages", "FROM ages"),
            ):  # fmt: skip
                store.run(f"COPY ({rows}) TO '{folder}/{name}.parquet' (COMPRESSION zstd)")
        for what in ("with_polars", "with_pandas"):
            told = subprocess.run(
                [python, "-c", ELSEWHERE, what, folder, str(runs + 1)], check=True, capture_output=True, text=True
            )
            said = json.loads(told.stdout)
            row(f"{what.replace('_', ' ')}, {said['rows']:,} rows", median(said["seconds"][1:]), "by hand", hand)


def whole_commands(state: Path, runs: int) -> None:
    """Whole processes, start included."""

    def command(*words: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-m", "surveillance", *words], check=True, capture_output=True)

    bare = seconds(lambda: subprocess.run([sys.executable, "-c", "import typer"], check=True), runs)
    row("python -c 'import typer'", bare)
    row("surveillance --help", seconds(command("--help"), runs), "import typer", bare)
    asked = ("query", "grippe", "--by", "week,region,age", "--format", "csv", "--state", str(state))
    row("surveillance query --by week,region,age, whole process", seconds(command(*asked), runs), "import typer", bare)


def a_night(state: Path, runs: int) -> float:
    """The last night entered, coded, counted and audited again by its own steps; median seconds.

    Without what belongs to publishing: the log folded in, the copy. The store of the state ends as it was.
    """
    content, last = Content(), nights_on_disk(state / "records")[-1]

    def work() -> None:
        night = Night(last, content, load_settings(content, state), Clock(lambda: datetime.combine(last, time(3), UTC)))
        night.journal.durable = False
        with night.store:
            begun = perf_counter()
            code(night)
            aggregate(night)
            took.append(perf_counter() - begun)

    took: list[float] = []
    for _ in range(runs + 1):
        work()
    return median(took[1:])


def publication(state: Path, runs: int) -> None:
    """A copy of the file by rename, as the night makes it, against cp."""
    path = published_path(state)
    size = path.stat().st_size / 1e9
    target = path.with_name("copy.part")
    copied = seconds(lambda: shutil.copyfile(path, target), runs)
    cp = seconds(lambda: subprocess.run(["cp", str(path), str(target)], check=True), runs)
    target.unlink()
    row(f"publish, {size:.2f} GB", copied, "cp", cp)


def main() -> None:
    """Print the rows of the table that benchmarks/RESULTS.md keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--year", type=Path, help="a state folder of one year, whose night is held against this one's")
    parser.add_argument("--python", help="an interpreter with polars and pandas")
    words = parser.parse_args()
    with open_published(words.state, Content()) as store:
        for table in ("visits", "visit_syndromes", "counts", "denominators", "brief_counts", "brief_denominators"):
            print(f"{table}: {store.value(f'SELECT count(*) FROM {table}'):,} rows")
        first, last = store.rows("SELECT min(night), max(night) FROM receptions")[0]
        print(f"nights {first} to {last}, duckdb {duckdb.__version__}")
    hand = questions(words.state, words.runs)
    if words.python:
        elsewhere(words.state, words.python, words.runs, hand)
    whole_commands(words.state, words.runs)
    if words.year:
        year = a_night(words.year, words.runs)
        row("a night of one year: load, code, count, audit", year)
        row("a night of all years", a_night(words.state, words.runs), "one year", year)
    publication(words.state, words.runs)


if __name__ == "__main__":
    main()
