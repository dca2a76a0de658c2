"""What reading, checking and loading a CSV file costs: rows a second of one core and peak memory, as whole processes.

Held against programs that only split the same bytes into text, nothing checked: Python's csv.reader, pandas, DuckDB.
`make bench` prints the table that benchmarks/RESULTS.md keeps. `--rows N` sizes the file, `--runs N` repeats;
`--large GB` reads one file of that size instead and prints its figures.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median

NIGHT = date(2024, 1, 15)
HEADER = (
    "N° dossier;Date appel;Heure appel;Date visite;Heure visite;Code postal;Ville;Date naissance;Sexe;Motif appel 1;"
    "Motif appel 2;Diag;Code diag;Diag 2;Code diag 2;Devenir;Type acte\r\n"
)
BLOCK = 20_000
PLACE = b"@@@@@"  # in a visit number: which block


def write_file(path: Path, rows: int) -> None:
    """A file of invented visits in csv-fr-cp1252, the same block again and again; every number occurs once."""
    dice = random.Random(1)
    block = "".join(line(number, dice) for number in range(BLOCK)).encode("cp1252")
    with path.open("wb") as out:
        out.write(HEADER.encode("cp1252"))
        for number in range(rows // BLOCK):
            out.write(block.replace(PLACE, b"%05d" % number))
        out.write(b"".join(block.replace(PLACE, b"99999").splitlines(keepends=True)[: rows % BLOCK]))


def line(number: int, dice: random.Random) -> str:
    """One visit."""
    day = (NIGHT - timedelta(days=1 + dice.randrange(7))).strftime("%d/%m/%Y")
    birth = f"{1 + dice.randrange(28):02d}/{1 + dice.randrange(12):02d}/{1930 + dice.randrange(93)}"
    call = dice.randrange(23 * 60)
    code = dice.choice(("GRIPPE", "ASTHME", "GASTRO-ENTERITE", "", "BRONCHITE", "OTITE"))
    cells = (
        f"A24-{PLACE.decode()}{number:05d}", day, hour(call), day, hour(call + 45),
        dice.choice(("59000", "59100", "59200", "59300", "62000", "59999")), "LILLE", birth, dice.choice("MF"),
        dice.choice(("FIEVRE", "toux", "douleur abdominale", "vomissements", "gêne respiratoire")),
        dice.choice(("", "depuis hier", f"T {37 + dice.randrange(40) / 10:.1f}", "demande visite")), code, code, "", "",
        dice.choice(("Domicile", "Domicile", "Hospitalisation", "Urgences")), dice.choice(("Visite", "Consultation")),
    )  # fmt: skip
    return ";".join(cells) + "\r\n"


def hour(minute: int) -> str:
    """`09h05`."""
    return f"{minute // 60:02d}h{minute % 60:02d}"


def part_tool(path: Path, state: Path) -> int:
    """Read, check, pseudonymise, write the records and load them into a store: what a night does with a file."""
    from surveillance.associations import Association
    from surveillance.content import Content
    from surveillance.history import load_night
    from surveillance.intake.reading import build_context, read_file
    from surveillance.intake.visits import SCHEMA
    from surveillance.records import RowsFile, records_schema, with_place
    from surveillance.store import Store

    member = Association.model_validate(
        {
            "code": "5901", "name": "Exemple", "city": "Lille", "department": "59", "region": "32",
            "dialect": "csv-fr-cp1252", "thesaurus": "exemple-libelles", "host": "sftp.example.org", "user": "sos",
            "usual_volume": 150.0, "since": date(2006, 1, 1), "verified": False,
        }
    )  # fmt: skip
    content = Content()
    context = build_context(content, bytes(32))
    limits = context.checks.limits.model_copy(update={"output_bytes": 1 << 40})
    context.checks = context.checks.model_copy(update={"limits": limits})
    read = read_file(path, "EXPORT_20240114.csv", member, context.dialect_of(member), context, NIGHT, state)
    with RowsFile(state / "visits.parquet", records_schema(SCHEMA, "bench")) as out:
        for table in read.kept.tables():
            out.add(with_place(table, "2024-01-15T02:00:00Z EXPORT_20240114.csv", out.rows, out.schema))
    with Store(state / "store.duckdb", content) as store, store.transaction():
        loaded = load_night(store, NIGHT, state)
    assert read.ledger["accepted"] == sum(loaded.values())
    return read.ledger["lines_in"]


def part_csv_reader(path: Path, _: Path) -> int:
    """Python's csv.reader."""
    import csv

    with path.open(encoding="cp1252", newline="") as file:
        return sum(1 for _ in csv.reader(file, delimiter=";"))


def part_pandas(path: Path, _: Path) -> int:
    """pandas.read_csv, every column as text."""
    import pandas as pd

    return len(pd.read_csv(path, sep=";", encoding="cp1252", dtype=str, keep_default_na=False)) + 1


def part_duckdb(path: Path, state: Path) -> int:
    """DuckDB's read_csv, every column as text, loaded into a table (the bytes recoded first: it knows no cp1252)."""
    import duckdb

    recoded = state / "utf8.csv"
    recoded.write_text(path.read_text("cp1252"), encoding="utf-8")
    connection = duckdb.connect(str(state / "plain.duckdb"), config={"threads": 1})
    connection.execute(f"CREATE TABLE t AS FROM read_csv('{recoded}', all_varchar=true, delim=';', header=true)")
    return int(connection.execute("SELECT count(*) FROM t").fetchone()[0]) + 1


PARTS: dict[str, Callable[[Path, Path], int]] = {
    "read, check and load": part_tool,
    "csv.reader, split only": part_csv_reader,
    "pandas.read_csv as text": part_pandas,
    "DuckDB read_csv as text, loaded": part_duckdb,
}


def measured(name: str, path: Path) -> dict[str, float]:
    """One part in a process of its own: lines, seconds of processor and of clock, peak memory in MB."""
    with tempfile.TemporaryDirectory(prefix="bench-") as state:
        command = [sys.executable, __file__, "--part", name, str(path), state]
        said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return dict(json.loads(said))


def be(name: str, path: Path, state: Path) -> None:
    """Be one of the processes that are measured."""
    before = time.monotonic()
    lines = PARTS[name](path, state)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "lines": lines, "cpu": used.ru_utime + used.ru_stime, "wall": time.monotonic() - before,
                "peak_mb": used.ru_maxrss / 1024,
            }
        )
    )  # fmt: skip


def large(gigabytes: float, folder: Path) -> None:
    """One file of that size, through the tool."""
    sample = folder / "sample.csv"
    write_file(sample, BLOCK)
    rows = int(gigabytes * 1e9 / (sample.stat().st_size / BLOCK))
    path = folder / "large.csv"
    write_file(path, rows)
    found = measured("read, check and load", path)
    size = f"one file of {path.stat().st_size / 1e9:.1f} GB, {found['lines']:,.0f} lines"
    print(f"| {size} | {found['cpu']:.0f} s | {found['lines'] / found['cpu']:,.0f} | {found['peak_mb']:.0f} MB | |")


def main() -> None:
    """Print the table; or, with --part, be one of the processes that are measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--large", type=float, metavar="GB")
    parser.add_argument("--part", nargs=3, metavar=("NAME", "FILE", "STATE"))
    given = parser.parse_args()
    if given.part:
        be(given.part[0], Path(given.part[1]), Path(given.part[2]))
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if given.large:
            large(given.large, Path(folder))
            return
        path = Path(folder) / "visits.csv"
        write_file(path, given.rows)
        print("| what | processor | lines/s of one core | peak memory | ratio |\n|---|---|---|---|---|")
        tool = 0.0
        for name in PARTS:
            found = [measured(name, path) for _ in range(given.runs)]
            cpu, peak = (median(item[key] for item in found) for key in ("cpu", "peak_mb"))
            tool = tool or cpu
            lines = found[0]["lines"]
            print(f"| {name} | {cpu:.2f} s | {lines / cpu:,.0f} | {peak:.0f} MB | {tool / cpu:.2f} |", flush=True)


if __name__ == "__main__":
    main()
