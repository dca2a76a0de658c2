"""The thesauri: spellings, periods, and that the shipped examples reach every syndrome."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveillance.coding.cim10 import parse_pattern
from surveillance.coding.syndromes import Coder, load_syndromes
from surveillance.coding.thesauri import load_thesauri, normalise_cim10
from surveillance.content import Content
from surveillance.errors import ContentError

DAY = date(2024, 1, 15)
HEADER = "kind,code,label,cim10,lossy,valid_from,valid_to\n"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("J219", "J21.9"),
        ("J21.9", "J21.9"),
        (" j21.9 ", "J21.9"),
        ("J21", "J21"),
        ("J21.-", "J21"),
        ("R53.+1", "R53.+1"),
        ("R53+1", "R53.+1"),
        ("u0710", "U07.10"),
        ("U07.1.0", "U07.10"),
        ("A17.0+", "A17.0"),
        ("G01*", "G01"),
        ("GRIPPE", None),
        ("", None),
        ("J2", None),
        ("J21.99999", None),
    ],
)
def test_one_spelling_of_a_cim10_code(text: str, canonical: str | None) -> None:
    assert normalise_cim10(text) == canonical


@given(st.from_regex(r"[A-Z]\d\d(\d{0,3})(\+\d)?", fullmatch=True))
def test_normalising_twice_changes_nothing(code: str) -> None:
    once = normalise_cim10(code)
    assert once is not None
    assert normalise_cim10(once) == once


def test_a_pattern_is_a_family_or_a_range() -> None:
    assert "J21.9" in parse_pattern("J21")
    assert "U07.10" in parse_pattern("U07.1")
    assert "U07.2" not in parse_pattern("U07.1")
    assert all(code in parse_pattern("S00-T14") for code in ("S00", "S93.4", "T14.9"))
    assert "T15.0" not in parse_pattern("S00-T14")
    assert "J10" not in parse_pattern("J10.1")


@pytest.mark.parametrize("text", ["J11-J09", "J09-J10-J11", "J09-J10.1", "grippe", "J09-J09", ""])
def test_a_wrong_pattern_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"CIM-10|range"):
        parse_pattern(text)


def test_labels_codes_and_cim10_are_each_compared_in_their_way() -> None:
    thesauri = load_thesauri(Content())
    found = thesauri["exemple-libelles"].lookup("  crise d’Asthme", DAY)
    assert found is not None
    assert (found.code, found.cim10) == ("CRISE D ASTHME", "J45.9")
    assert thesauri["exemple-cisp"].lookup("r 80", DAY) == thesauri["exemple-cisp"].lookup("R80", DAY)
    spelled = thesauri["exemple-cim10"].lookup("u07.1.0", DAY)
    assert spelled is not None
    assert spelled.code == "U07.10"


def test_an_unknown_code_is_none_except_in_the_cim10_itself() -> None:
    thesauri = load_thesauri(Content())
    assert thesauri["exemple-libelles"].lookup("INCONNU", DAY) is None
    assert thesauri["exemple-cim10"].lookup("J47", DAY) is None
    assert thesauri["CIM10"].lookup("J47", DAY) is not None
    assert thesauri["CIM10"].lookup("GRIPPE", DAY) is None


def test_a_code_is_known_during_its_period_only() -> None:
    retired = load_thesauri(Content())["exemple-libelles"]
    assert retired.lookup("SRAS", date(2003, 3, 12)) is not None
    assert retired.lookup("SRAS", date(2019, 12, 31)) is not None
    assert retired.lookup("SRAS", DAY) is None


def test_reasons_and_diagnoses_are_apart() -> None:
    cisp = load_thesauri(Content())["exemple-cisp"]
    assert cisp.lookup("R05", DAY) is None
    assert cisp.lookup("R05", DAY, "motif") is not None


def test_every_example_reaches_every_syndrome_and_many_codes_reach_none() -> None:
    content = Content()
    coder = Coder(load_syndromes(content), load_thesauri(content))
    ids = {one.id for one in coder.syndromes if one.diagnoses}
    for name in ("exemple-libelles", "exemple-cisp", "exemple-cim10"):
        rules = {code: coder.rules_for(name, code, DAY) for code in coder.thesauri[name].codes(DAY)}
        assert {rule.syndrome for found in rules.values() for rule in found} == ids
        assert sum(not found for found in rules.values()) >= 40
        assert len(coder.thesauri[name].codes(DAY, "motif")) >= 40
        assert coder.thesauri[name].status == "example"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("code,label\n", "columns must be"),
        (HEADER + "diag,A,a,J2,0,,\n", r"x\.csv:2: A: 'J2' has not the shape"),
        (HEADER + "diag,A,a,J20,2,,\n", "lossy 0 or 1"),
        (HEADER + "diag,A,a,J20,0,2024,\n", "2024"),
        (HEADER + "diag,A,a,J20,0\n", "7 values"),
        (HEADER + "diag,A,a,J20,0,,2020-01-01\ndiag,a,b,J21,0,2020-01-01,\n", "already there"),
    ],
)
def test_a_wrong_table_names_its_line(tmp_path: Path, table: str, message: str) -> None:
    folder = tmp_path / "extracts" / "thesauri"
    folder.mkdir(parents=True)
    head = 'id = "x"\nversion = "1"\nstatus = "agreed"\nlabel = "x"\nspelling = "code"\nsource = "x"\n'
    (folder / "x.toml").write_text(head, encoding="utf-8")
    (folder / "x.csv").write_text(table, encoding="utf-8")
    with pytest.raises(ContentError, match=message):
        load_thesauri(Content(tmp_path))
