"""The case definitions prove themselves by their examples; wrong ones are told with their file and key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from surveillance.coding.proofs import check_syndromes
from surveillance.coding.syndromes import (
    Coder,
    Rule,
    Syndrome,
    code_table,
    load_syndromes,
    set_digest,
    set_version,
)
from surveillance.coding.thesauri import load_thesauri
from surveillance.content import Content
from surveillance.errors import ContentError

DAY = date(2024, 1, 15)
GOOD = """id = "{id}"
version = "1"
since = {since}
label_fr = "Essai"
label_en = "Trial"
group = "general"
status = "inferred"
source = "a test"
examples = [
  {{ codes = ["J21.9"], counts = true, why = "it is there" }},
  {{ codes = ["J20.9"], counts = false, why = "it is not" }},
]

[diagnoses]
cim10 = ["J21"]
"""


@pytest.fixture(scope="module")
def coder() -> Coder:
    content = Content()
    return Coder(load_syndromes(content), load_thesauri(content))


def site(tmp_path: Path, **files: str) -> Content:
    folder = tmp_path / "indicators" / "syndromes"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return Content(tmp_path)


def trial(name: str = "essai", since: str = "2020-01-01") -> str:
    return GOOD.format(id=name, since=since)


def test_the_shipped_definitions_are_right() -> None:
    content = Content()
    assert [str(problem) for problem in check_syndromes(content)] == []
    assert set_version(content) == "2026.2"


def test_a_visit_counts_by_any_of_its_diagnoses_and_its_age(coder: Coder) -> None:
    assert coder.syndromes_of("CIM10", ["R05", "U07.1.0"], DAY, 400) == {"covid", "ira", "toux"}
    assert coder.syndromes_of("CIM10", ["J21.9"], DAY, 23) == {"bronchiolite", "ira", "ira_basse"}
    assert coder.syndromes_of("CIM10", ["J21.9"], DAY, 24) == {"ira", "ira_basse"}
    assert coder.syndromes_of("CIM10", ["J21.9"], DAY, None) == {"ira", "ira_basse"}
    assert coder.syndromes_of("exemple-cisp", ["R11"], DAY, 400) == set()


def test_an_umbrella_holds_all_that_it_says(coder: Coder) -> None:
    for umbrella in (one for one in coder.syndromes if one.umbrella):
        rows = [(code, syndrome) for _, code, syndrome, *_ in code_table(coder, DAY)]
        inside = {code for code, syndrome in rows if syndrome == umbrella.id}
        assert {code for code, syndrome in rows if syndrome in umbrella.umbrella} <= inside


def test_only_covid_codes_count_as_covid_and_only_flu_codes_as_flu(coder: Coder) -> None:
    for thesaurus, code, syndrome, *_ in code_table(coder, DAY):
        cim10 = coder.cim10(thesaurus, code, DAY) or ""
        assert (syndrome == "covid") <= cim10.startswith("U07.1")
        assert (syndrome == "grippe") <= (cim10[:3] in ("J09", "J10", "J11"))


def test_position_and_ages_of_a_rule() -> None:
    assert Rule("x", None, None, "principal").holds(None, 1)
    assert not Rule("x", None, None, "principal").holds(None, 2)
    assert Rule("x", None, 0, "any").holds(0)
    assert not Rule("x", None, 0, "any").holds(1)
    assert not Rule("x", 180, None, "any").holds(179)
    assert not Rule("x", 180, None, "any").holds(None)


def test_a_definition_is_for_the_days_it_says(coder: Coder) -> None:
    assert [rule.syndrome for rule in coder.rules_for("CIM10", "U07.1", date(2020, 2, 24))] == ["covid", "ira"]
    assert [rule.syndrome for rule in coder.rules_for("CIM10", "U07.1", date(2020, 2, 23))] == ["ira"]


def test_a_missing_thesaurus_is_a_content_error(coder: Coder) -> None:
    with pytest.raises(ContentError, match="thesaurus is missing"):
        coder.rules_for("nulle-part", "A", DAY)


def test_a_site_adds_takes_out_and_replaces(tmp_path: Path) -> None:
    shipped = Content()
    out = (shipped.text("indicators/syndromes/orl.toml")).replace('id = "orl"', 'id = "orl"\nenabled = false')
    content = site(tmp_path, essai=trial(), orl=out)
    ids = {one.id for one in load_syndromes(content)}
    assert "essai" in ids
    assert "orl" not in ids
    assert set_digest(content) != set_digest(shipped)
    assert check_syndromes(content) == []


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('cim10 = ["J21"]', 'cim10 = ["J21-J20"]', "diagnoses.cim10"),
        ('cim10 = ["J21"]', 'cim10 = ["grippe"]', "diagnoses.cim10"),
        ('cim10 = ["J21"]', "cim10 = []", "diagnoses"),
        ('cim10 = ["J21"]', 'cim10 = ["J21", "J23"]', "diagnoses.cim10"),
        ('cim10 = ["J21"]', 'cim10 = ["J21"]\nnot_cim10 = ["J21.7"]', "diagnoses.not_cim10"),
        ('cim10 = ["J21"]', 'cim10 = ["J21-J23"]', "diagnoses.cim10"),
        ('group = "general"', 'group = "general"\nage_min_months = 3\nage_max_months = 2', "age_min_months"),
        ('group = "general"', 'group = "general"\nage_max_months = -1', "age_max_months"),
        ('group = "general"', 'group = "general"\nage_max_months = 3000', "age_max_months"),
        ('group = "general"', 'group = "generals"', "group"),
        ('cim10 = ["J21"]', 'cim10 = ["J21"]\nage_max_months = 23', "diagnoses.age_max_months"),
        ('[diagnoses]\ncim10 = ["J21"]', "", "diagnoses"),
        ('cim10 = ["J21"]', 'cim10 = ["J21"]\n[reasons]\nconcepts = ["rhum"]', "reasons.concepts"),
        ('cim10 = ["J21"]', 'cim10 = ["J21"]\n[reasons]\nconcepts = []', "reasons"),
        ('cim10 = ["J21"]', 'cim10 = ["J21"]\n[reasons]\nconcepts = ["toux"]', "examples"),
        (
            'cim10 = ["J21"]',
            'cim10 = ["J21"]\n[reasons.thesaurus]\nexemple-cisp = ["R80"]',
            "reasons.thesaurus.exemple-cisp",
        ),
        ('cim10 = ["J21"]', 'cim10 = ["J21"]\nnot_cim10 = ["J21"]', "examples.0"),
        ('group = "general"', 'group = "general"\nage_max_months = 23', "examples.0"),
        (
            'cim10 = ["J21"]',
            'cim10 = ["J21"]\n[diagnoses.thesaurus]\nexemple-cisp = ["Q99"]',
            "diagnoses.thesaurus.exemple-cisp",
        ),
        ('cim10 = ["J21"]', 'cim10 = ["J21"]\nonly_listed = ["rien"]', "diagnoses.only_listed"),
        ('cim10 = ["J21"]', 'cim10 = ["J21", "J20"]', "examples.1"),
        ('id = "essai"', 'id = "Essai"', "id"),
        ('group = "general"', 'groupe = "general"', "group"),
        ('source = "a test"', 'source = "a test"\numbrella = ["rien"]', "umbrella"),
        ("counts = false", "counts = true", "examples"),
        ('codes = ["J20.9"]', 'text = "bronchiolite", codes = ["J20.9"]', "examples.1"),
        ('codes = ["J20.9"]', 'codes = ["J23.9"]', "examples.1"),
        ('source = "a test"', 'source = "a test"\numbrella = ["bronchite"]', "umbrella"),
    ],
)
def test_a_wrong_definition_is_told_with_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    problems = check_syndromes(site(tmp_path, essai=trial().replace(old, new)))
    assert {problem.file for problem in problems} == {"indicators/syndromes/essai.toml"}
    assert problems[0].key.startswith(key)
    assert problems[0].line is not None or "required" in problems[0].message or "nothing counts" in problems[0].message


def test_one_id_twice_only_for_other_days(tmp_path: Path) -> None:
    first = trial().replace("version", "until = 2022-12-31\nversion", 1)
    content = site(tmp_path, essai=first, essai_2=trial(since="2023-01-01"))
    assert check_syndromes(content) == []
    content = site(tmp_path, essai_2=trial(since="2022-12-31"))
    assert "already defined" in str(check_syndromes(content)[0])


def test_a_thesaurus_can_be_switched_to_its_listed_codes(tmp_path: Path) -> None:
    text = trial().replace('cim10 = ["J21"]', 'cim10 = ["J21"]\nonly_listed = ["exemple-cisp"]')
    content = site(tmp_path, essai=text)
    found = [one for one in load_syndromes(content) if one.id == "essai"]
    coder = Coder(found, load_thesauri(content))
    assert coder.rules_for("CIM10", "J21.9", DAY) != ()
    assert coder.rules_for("exemple-cisp", "R40", DAY) == ()


def test_codes_as_a_reader_wants_them(coder: Coder) -> None:
    covid: Syndrome = next(one for one in coder.syndromes if one.id == "covid")
    assert covid.codes == "U07.1 sauf U07.13"
    assert covid.label("en") == "Suspected COVID-19"
