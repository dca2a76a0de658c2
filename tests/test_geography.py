"""The maker of the territory tables, on two small packed packages of the published shape."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from surveillance.makers import geography, outlines

COMMUNES = [
    {"type": "commune-actuelle", "code": "01001", "nom": "L'Abergement", "departement": "01", "region": "84",
     "codesPostaux": ["01400", "01410"], "population": 860},
    {"type": "commune-actuelle", "code": "39001", "nom": "Voisine", "departement": "39", "region": "27",
     "codesPostaux": ["01410"], "population": 900},
    {"type": "commune-actuelle", "code": "98901", "nom": "Île déserte", "departement": "989", "region": "989"},
    {"type": "commune-deleguee", "code": "01015", "nom": "Ancienne", "departement": "01", "region": "84",
     "codesPostaux": ["01400"], "population": 5},
]  # fmt: skip


def pack(path: Path, members: dict[str, str]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in members.items():
            data = text.encode()
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def departments() -> list[dict[str, str]]:
    metropolitan = [f"{n:02d}" for n in range(1, 96) if n != 20] + ["2A", "2B"]
    return [
        {"code": code, "nom": f"Dép {code}", "region": "84", "zone": "drom" if code.startswith("97") else "metro"}
        for code in [*metropolitan, "971", "972", "973", "974", "976"]
    ]


@pytest.fixture
def npm(tmp_path: Path) -> Path:
    folder = tmp_path / "npm"
    folder.mkdir()
    shapes = "\n".join(
        f'class: "FR-{d["code"]}",\n style: D({{ display: 1 }}),\n d: "M{n} {n}h10v10h-10z",'
        for n, d in enumerate(departments())
    )
    pack(
        folder / "etalab-decoupage-administratif-6.0.0.tgz",
        {
            "package.json": '{"name": "@etalab/decoupage-administratif", "version": "6.0.0", "license": "MIT"}',
            "LICENSE": "MIT License\n",
            "data/communes.json": json.dumps(COMMUNES),
            "data/departements.json": json.dumps(departments()),
            "data/regions.json": json.dumps([{"code": "84", "nom": "Auvergne-Rhône-Alpes", "zone": "metro"}]),
        },
    )
    pack(
        folder / "gouvfr-dsfr-chart-2.0.4.tgz",
        {
            "package.json": '{"name": "@gouvfr/dsfr-chart", "version": "2.0.4", "license": "MIT"}',
            "LICENSE": "MIT License\n",
            "dist/MapChart/MapChart.js": shapes,
        },
    )
    return folder


def test_the_same_packages_make_the_same_bytes(npm: Path, tmp_path: Path) -> None:
    first, second = geography.make(tmp_path / "a", npm), geography.make(tmp_path / "b", npm)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert len(first) == 7


def test_only_counted_communes_of_today_are_kept(npm: Path, tmp_path: Path) -> None:
    geography.make(tmp_path, npm)
    text = gzip.decompress((tmp_path / "extracts/geography/communes.csv.gz").read_bytes()).decode()
    assert text.splitlines()[1:] == ["01001,L'Abergement,01,84,01400 01410,860", "39001,Voisine,39,27,01410,900"]


def test_the_largest_commune_decides_a_shared_postal_code(npm: Path, tmp_path: Path) -> None:
    geography.make(tmp_path, npm)
    text = (tmp_path / "extracts/geography/postal_codes.csv").read_text(encoding="utf-8")
    assert text == "postal_code,department,ambiguous\n01400,01,0\n01410,39,1\n"


def test_a_missing_package_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="expected one etalab-decoupage-administratif"):
        geography.make(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("path", "box"),
    [
        ("M10 20h5v-3z", (10, 17, 15, 20)),
        ("m10 20 5-3-7 4z", (8, 17, 15, 21)),  # pairs after m are lines; a minus sign separates
        ("M1 1c9 9 0 3 4 5s9 9 1 2", (1, 1, 6, 8)),  # curves: end points
        ("m.5.5.25-1zM9 9H8V7", (0.5, -0.5, 9, 9)),  # decimals without a zero; absolute commands
        ("m0 0h2v2zm5 5h1", (0, 0, 6, 5)),  # after z the pen is at the start of the shape
    ],
)
def test_box_of_a_path(path: str, box: tuple[float, ...]) -> None:
    assert outlines.box_of(path) == outlines.Box(*box)


def test_an_inset_is_centred_in_its_slot() -> None:
    scale, transform = outlines.placed(outlines.Box(0, 0, 10, 20), (100, 100, 112, 112))
    assert (scale, transform) == (5.0, "translate(131 106) scale(5)")
