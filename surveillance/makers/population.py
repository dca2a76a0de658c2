"""Population: reduces INSEE's estimates by département, sex and age to the table that rates are made with.

    python -m surveillance.makers.population SOURCE.csv DEST_ROOT

SOURCE: columns annee, dep, nom, sexe (hommes, femmes, ensemble), age (0-19, 20-39, 40-59, 60-74, 75+, total),
population.
Writes extracts/geography/population.csv.gz, the same bytes for the same source; sums are left out, and must agree.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from surveillance.territories import POPULATION_COLUMNS

SEXES = {"hommes": "M", "femmes": "F"}
OLDEST = 120  # the last open group, as extracts and age bands end


def reduced(rows: Iterable[dict[str, str]]) -> list[tuple[str, int, str, int, int, int]]:
    """(département, year, sex, first age, last age, population) in order; SystemExit where published sums disagree."""
    kept, found, said = [], Counter[tuple[str, str, str]](), {}
    for row in rows:
        cell = (row["dep"], row["annee"], row["sexe"])
        if row["age"] == "total":
            said[cell] = int(row["population"])
            continue
        found[cell] += int(row["population"])
        if row["sexe"] in SEXES:
            first, last = _ages(row["age"])
            kept.append((row["dep"], int(row["annee"]), SEXES[row["sexe"]], first, last, int(row["population"])))
    wrong = [cell for cell in said if found[cell] != said[cell]]
    wrong += [c for c in said if c[2] == "ensemble" and said[c] != sum(said[c[0], c[1], sex] for sex in SEXES)]
    if wrong:
        raise SystemExit(f"sums disagree: {wrong[:5]}")
    return sorted(kept)


def _ages(text: str) -> tuple[int, int]:
    first, _, last = text.removesuffix("+").partition("-")
    return int(first), int(last) if last else OLDEST


def packed(source: str) -> bytes:
    """The table as it is carried."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(POPULATION_COLUMNS)
    writer.writerows(reduced(csv.DictReader(io.StringIO(source), strict=True)))
    return gzip.compress(out.getvalue().encode(), 9, mtime=0)


def main() -> None:
    """Read the two paths, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("dest", type=Path)
    given = parser.parse_args()
    data = packed(given.source.read_text(encoding="utf-8"))
    (given.dest / "extracts/geography/population.csv.gz").write_bytes(data)
    print(f"population.csv.gz: {len(data)} bytes")


if __name__ == "__main__":
    main()
