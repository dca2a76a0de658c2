"""The shipped registry: 63 associations of 46 départements, honest about what nobody has verified."""

from __future__ import annotations

import tomllib
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from surveillance.associations import find_association, load_associations
from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.territories import load_departments

CONTENT = Content()
ASSOCIATIONS = load_associations(CONTENT)
# Départements with SOS Médecins acts in the open data of Santé publique France, February 2020 - March 2021.
COVERED = (
    "02 06 10 13 14 17 18 21 25 29 2A 30 31 33 34 35 37 38 42 44 45 50 51 54 56 59 63 64 66 67 68 69 73 74 75 76 77"
    " 78 80 83 84 87 89 91 95 972"
)


def test_63_associations_cover_the_46_departments() -> None:
    assert len(ASSOCIATIONS) == 63
    assert {item.department for item in ASSOCIATIONS} == set(COVERED.split())


def test_codes_and_regions_follow_the_department() -> None:
    departments = load_departments(CONTENT)
    for item in ASSOCIATIONS:
        assert item.code[:-2] == item.department
        assert item.region == departments[item.department].region
        assert item.timezone == ("America/Martinique" if item.department == "972" else "Europe/Paris")


def test_names_are_distinct_and_the_unverified_say_so() -> None:
    assert len({item.name for item in ASSOCIATIONS}) == 63
    assert sum(item.verified for item in ASSOCIATIONS) == 19
    placeholders = [item for item in ASSOCIATIONS if item.name.startswith("Association à confirmer")]
    assert len(placeholders) == 5 and not any(item.verified for item in placeholders)
    assert all("à confirmer" in item.note for item in ASSOCIATIONS)


def test_no_address_can_be_reached_and_no_key_is_pinned() -> None:
    for item in ASSOCIATIONS:
        assert item.host == f"sftp-{item.code}.example.org" and item.contact.endswith("@example.org")
        assert item.host_key == "" and item.port == 22


def test_dialects_and_thesauri_are_all_in_use() -> None:
    dialects = Counter(item.dialect for item in ASSOCIATIONS)
    assert dialects == {"csv-fr-cp1252": 26, "csv-utf8-iso": 16, "xml-rpu-like": 11, "jsonl-fixed": 10}
    pairs = {(item.dialect, item.thesaurus) for item in ASSOCIATIONS}
    assert len(pairs) == 12


def test_usual_volumes_sum_to_the_national_mean() -> None:
    """12,510 acts with a diagnosis a day in 2024 (published), and some 6 % of visits on top without one."""
    assert sum(item.usual_volume for item in ASSOCIATIONS) == pytest.approx(12_510 / 0.94, rel=0.01)


def test_membership_dates() -> None:
    since = {item.code: item.since for item in ASSOCIATIONS}
    assert since["2A01"] == date(2010, 12, 14) and since["5901"] == date(2006, 1, 1)
    assert all(item.open_on(date(2024, 1, 15)) for item in ASSOCIATIONS)


def test_entries_stand_in_the_order_of_their_codes() -> None:
    raw = tomllib.loads(CONTENT.text("extracts/associations.toml"))["association"]
    departments = [item["department"] for item in raw]
    assert departments == sorted(departments)
    assert len({item["code"] for item in raw}) == len(raw)


def test_a_declared_closure_is_not_an_absence(tmp_path: Path) -> None:
    (tmp_path / "extracts").mkdir()
    (tmp_path / "extracts" / "closures.toml").write_text(
        '[[closure]]\nassociation = "5901"\nfrom = 2024-08-12\nuntil = 2024-08-18\nreason = "travaux"\nwho = "appel"\n'
    )
    lille = find_association(load_associations(Content(tmp_path)), "5901")
    assert [lille.open_on(date(2024, 8, day)) for day in (12, 13, 19, 20)] == [True, False, False, True]


def test_a_closure_of_nobody_is_a_content_error(tmp_path: Path) -> None:
    (tmp_path / "extracts").mkdir()
    (tmp_path / "extracts" / "closures.toml").write_text(
        '[[closure]]\nassociation = "0000"\nfrom = 2024-08-12\nuntil = 2024-08-18\nreason = "travaux"\nwho = "appel"\n'
    )
    with pytest.raises(ContentError, match=r"closures\.toml:2: closure\.association: not in the registry: 0000"):
        load_associations(Content(tmp_path))
