"""Régions, départements, postal codes, communes and the map, as shipped."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.territories import (
    load_communes,
    load_departments,
    load_postal_codes,
    load_regions,
)

CONTENT = Content()


def test_18_regions_and_101_departments_in_order_of_code() -> None:
    regions, departments = load_regions(CONTENT), load_departments(CONTENT)
    assert (len(regions), len(departments)) == (18, 101)
    assert list(departments) == sorted(departments) and list(regions) == sorted(regions)
    assert {item.region for item in departments.values()} == set(regions)
    assert departments["2A"].name == "Corse-du-Sud" and regions["02"].name == "Martinique"


def test_postal_codes_shared_by_departments_are_few_and_marked() -> None:
    codes = load_postal_codes(CONTENT)
    assert sum(item.ambiguous for item in codes.values()) == 16
    assert codes["01410"].ambiguous and not codes["75012"].ambiguous


def test_communes_agree_with_the_other_tables() -> None:
    communes, codes, departments = load_communes(CONTENT), load_postal_codes(CONTENT), load_departments(CONTENT)
    assert 34_000 < len(communes) < 36_000 and len({item.insee for item in communes}) == len(communes)
    assert 66e6 < sum(item.population for item in communes) < 71e6
    assert {code for item in communes for code in item.postal_codes} == set(codes)
    assert {item.department for item in communes} >= set(departments)
    assert all(departments[c.department].region == c.region for c in communes if c.department in departments)


def test_licences_stand_beside_the_data() -> None:
    for rel in ("extracts/geography/LICENCE", "reports/map/LICENCE"):
        assert "MIT" in CONTENT.text(rel) and "npm package @" in CONTENT.text(rel)


def test_the_map_draws_each_department_where_it_can_be_seen() -> None:
    drawing = json.loads(CONTENT.text("reports/map/departements.json"))
    shapes = {shape["code"]: shape for shape in drawing["departements"]}
    assert set(shapes) == set(load_departments(CONTENT))
    assert all(re.fullmatch(r"[A-Za-z0-9 .\-]+", shape["d"]) for shape in shapes.values())
    groups = {group["id"]: group for group in drawing["groups"]}
    assert {"metropole", "idf", "971", "972", "973", "974", "976"} <= set(groups)
    assert {code for group in groups.values() for code in group["codes"]} == set(shapes)
    assert all(code in groups[shape["group"]]["codes"] for code, shape in shapes.items())
    assert len(CONTENT.bytes("reports/map/departements.json")) < 60_000


def test_a_site_table_with_other_columns_is_a_content_error(tmp_path: Path) -> None:
    table = tmp_path / "extracts/geography/regions.csv"
    table.parent.mkdir(parents=True)
    table.write_text("region,label\n84,x\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"regions.csv: header"):
        load_regions(Content(tmp_path))


def test_a_department_of_no_region_is_a_content_error(tmp_path: Path) -> None:
    table = tmp_path / "extracts/geography/departements.csv"
    table.parent.mkdir(parents=True)
    table.write_text("code,name,region\n01,Ain,82\n", encoding="utf-8")
    with pytest.raises(ContentError, match="no région '82'"):
        load_departments(Content(tmp_path))
