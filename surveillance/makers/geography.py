"""Geography: reduces two published npm packages to the territory tables and the map outlines we ship.

    npm pack @gouvfr/dsfr-chart @etalab/decoupage-administratif        (in DIR; both are MIT)
    python -m surveillance.makers.geography DEST_ROOT --npm DIR

Writes extracts/geography/ and reports/map/ under DEST_ROOT, the same bytes for the same packages.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surveillance.makers import outlines

CODES = "etalab-decoupage-administratif"
CHARTS = "gouvfr-dsfr-chart"
ZONES = ("metro", "drom")


@dataclass(frozen=True)
class Package:
    """A packed npm package (`.tgz`), read in place."""

    path: Path

    def text(self, member: str) -> str:
        with tarfile.open(self.path) as archive:
            handle = archive.extractfile(f"package/{member}")
            if handle is None:
                raise SystemExit(f"{self.path.name}: {member} is not a file")
            return handle.read().decode("utf-8")

    def json(self, member: str) -> Any:
        return json.loads(self.text(member))

    def licence(self, what: str) -> str:
        about = self.json("package.json")
        title = f"{what}\nReduced from the npm package {about['name']} {about['version']} ({about['license']})."
        return f"{title}\n\n{self.text('LICENSE').strip()}\n"


def find_package(folder: Path, name: str) -> Package:
    """The one packed version of a package in a folder."""
    found = sorted(folder.glob(f"{name}-*.tgz"))
    if len(found) != 1:
        raise SystemExit(f"{folder}: expected one {name}-*.tgz, found {len(found)} (npm pack …)")
    return Package(found[0])


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """CSV in UTF-8, comma, LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def current_communes(package: Package) -> list[dict[str, Any]]:
    """Communes of today that have a postal code and a counted population, by INSEE code (overseas ones too)."""
    return sorted(
        (
            commune
            for commune in package.json("data/communes.json")
            if commune["type"] == "commune-actuelle"
            and commune.get("codesPostaux")
            and commune.get("population") is not None
        ),
        key=lambda commune: str(commune["code"]),
    )


def communes_csv(communes: list[dict[str, Any]]) -> bytes:
    """insee, name, department, region, postal_codes (space separated), population."""
    return csv_bytes(
        ["insee", "name", "department", "region", "postal_codes", "population"],
        (
            [c["code"], c["nom"], c["departement"], c["region"], " ".join(c["codesPostaux"]), c["population"]]
            for c in communes
        ),
    )


def postal_codes_csv(communes: list[dict[str, Any]]) -> bytes:
    """postal_code, department, ambiguous (1: communes of several départements share it, the largest decides)."""
    served: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for commune in communes:
        for postal_code in commune["codesPostaux"]:
            served[postal_code].append((int(commune["population"]), commune["departement"]))
    return csv_bytes(
        ["postal_code", "department", "ambiguous"],
        (
            [postal_code, max(at)[1], int(len({department for _, department in at}) > 1)]
            for postal_code, at in sorted(served.items())
        ),
    )


def territory_tables(package: Package) -> dict[str, bytes]:
    """File name -> bytes of the four tables of extracts/geography/."""
    departments = [d for d in package.json("data/departements.json") if d["zone"] in ZONES]
    regions = [r for r in package.json("data/regions.json") if r["zone"] in ZONES]
    communes = current_communes(package)
    return {
        "communes.csv.gz": gzip.compress(communes_csv(communes), 9, mtime=0),
        "postal_codes.csv": postal_codes_csv(communes),
        "departements.csv": csv_bytes(
            ["code", "name", "region"], sorted([d["code"], d["nom"], d["region"]] for d in departments)
        ),
        "regions.csv": csv_bytes(["code", "name"], sorted([r["code"], r["nom"]] for r in regions)),
    }


def map_json(codes: Package, charts: Package) -> bytes:
    """The one drawing: view_box, groups (see outlines.layout) and départements (code, name, region, group, d)."""
    paths = outlines.read_paths(charts.text("dist/MapChart/MapChart.js"))
    named = {d["code"]: d for d in codes.json("data/departements.json") if d["zone"] in ZONES}
    if set(paths) != set(named):
        raise SystemExit(f"outlines and départements differ: {sorted(set(paths) ^ set(named))}")
    drawing = {
        "source": f"@gouvfr/dsfr-chart {charts.json('package.json')['version']} (MIT)",
        "view_box": " ".join(str(number) for number in outlines.VIEW_BOX),
        "groups": outlines.layout(paths),
        "departements": [
            {
                "code": code,
                "name": named[code]["nom"],
                "region": named[code]["region"],
                "group": code if code.startswith("97") else "metropole",
                "d": paths[code],
            }
            for code in sorted(paths)
        ],
    }
    return (json.dumps(drawing, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8")


def make(root: Path, npm: Path) -> list[Path]:
    """Write every file under `root`; returns what was written."""
    codes, charts = find_package(npm, CODES), find_package(npm, CHARTS)
    geography, drawing = root / "extracts" / "geography", root / "reports" / "map"
    files = {geography / name: data for name, data in territory_tables(codes).items()}
    files[geography / "LICENCE"] = codes.licence("French communes, postal codes, départements and régions").encode()
    files[drawing / "departements.json"] = map_json(codes, charts)
    files[drawing / "LICENCE"] = charts.licence("Outlines of the 101 French départements").encode()
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return list(files)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m surveillance.makers.geography", description=__doc__)
    parser.add_argument("dest_root", type=Path, help="folder that holds extracts/ and reports/")
    parser.add_argument("--npm", type=Path, required=True, help="folder of the two packed packages")
    asked = parser.parse_args()
    for path in make(asked.dest_root, asked.npm):
        print(f"{path} {path.stat().st_size}")


if __name__ == "__main__":
    main()
