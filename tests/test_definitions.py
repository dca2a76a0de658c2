"""The sixty groupings: that they are there, prove themselves by diagnosis and by reason, and tell what is wrong."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from surveillance.checking import check_content
from surveillance.cli import app
from surveillance.coding.cim10_codes import load_codes
from surveillance.coding.proofs import Tools, check_syndromes, failure
from surveillance.coding.syndromes import (
    Coder,
    Syndrome,
    code_table,
    concept_table,
    load_groups,
    load_syndromes,
    reason_table,
    set_digest,
)
from surveillance.coding.thesauri import CIM10, load_thesauri
from surveillance.content import Content
from surveillance.counting import count_nights
from surveillance.errors import UsageError
from surveillance.ledgers import LATEST
from surveillance.reasons.coder import ReasonCoder
from surveillance.store import Store
from surveillance.visit_codes import code_nights
from tests.conftest import surveillance
from tests.test_history import ACTS, FIRST, admit, line

DAY = date(2024, 1, 15)
CONTENT = Content()
SYNDROMES = load_syndromes(CONTENT)
TOOLS = Tools(
    Coder(SYNDROMES, load_thesauri(CONTENT)), ReasonCoder(CONTENT), load_codes(CONTENT), tuple(load_groups(CONTENT))
)
CODER = TOOLS.coder
FOLDER = "indicators/syndromes"
IDS = """
ira ira_basse grippe covid bronchiolite bronchiolite_1an bronchite pneumopathie asthme dyspnee toux rhinopharyngite
otite angine laryngite sinusite orl coqueluche gastro diarrhee vomissements douleur_abdominale fievre eruption varicelle
zona rougeole rubeole scarlatine oreillons gale impetigo conjonctivite meningite arbovirose icanicule coup_de_chaleur
deshydratation hyponatremie malaise allergie piqure trauma chute brulure intox_co alcool intox_med gai angoisse
depression agitation infection_urinaire lombalgie insuffisance_cardiaque avc douleur_thoracique aeg deces admin
"""


def site_with(tmp_path: Path, name: str, *changes: tuple[str, str]) -> Path:
    """A site folder with one shipped file changed (old, new); gives the folder."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = CONTENT.text(name)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return tmp_path


def test_the_groupings_are_there() -> None:
    assert [one.id for one in SYNDROMES] == sorted(IDS.split())
    assert len(SYNDROMES) >= 45
    assert {one.group for one in SYNDROMES} == set(load_groups(CONTENT))
    assert {one.id for one in SYNDROMES if one.status == "published"} == {"covid", "ira"}


@pytest.mark.parametrize("one", SYNDROMES, ids=lambda one: one.id)
def test_a_definition_says_where_it_comes_from_and_proves_itself(one: Syndrome) -> None:
    assert len(one.source) > 20
    assert len(one.examples) >= 5
    assert sum(example.counts for example in one.examples) >= 2
    assert sum(not example.counts for example in one.examples) >= 2
    assert not one.reasons or any(example.text and example.counts for example in one.examples)
    assert max(len(one.label_fr), len(one.label_en)) <= 38
    assert [text for example in one.examples if (text := failure(one, example, TOOLS))] == []


def test_every_concept_that_has_a_grouping_of_its_name_counts_in_it() -> None:
    found = {(concept, syndrome) for concept, syndrome, *_ in concept_table(CODER, DAY)}
    ids = {one.id for one in SYNDROMES}
    assert {(name, name) for name in TOOLS.reasons.concepts if name in ids} <= found
    assert set(TOOLS.reasons.concepts) - ids == {"cephalee", "test_covid", "vaccination"}


def test_french_extensions_count_and_are_told_apart() -> None:
    def found(*codes: str) -> set[str]:
        return CODER.syndromes_of(CIM10, codes, DAY, 500)

    assert found("U0715") == {"covid", "ira"}
    assert found("U07.13") == set()
    assert found("R53.+0") == {"aeg"}
    assert found("R53.+1") == found("R53") == {"malaise"}
    assert found("M5456") == {"lombalgie"}
    assert found("S52.50") == {"trauma"}
    assert found("W01.0") == {"chute"}


def test_a_code_that_does_not_exist_counts_for_nothing() -> None:
    assert CODER.cim10(CIM10, "J23", DAY) is None
    assert CODER.rules_for(CIM10, "J23", DAY) == ()


def test_in_the_store_a_wrong_code_is_counted_as_unknown_and_a_reason_enters_no_published_count(
    tmp_path: Path, content: Content
) -> None:
    lines = [
        line("a", "1", thesaurus=CIM10, diagnoses=["J23", "J22"]),
        line("b", "1", thesaurus=CIM10, diagnoses=["J23.1"]),
        line("c", "1", diagnoses=[], reason_concepts=["covid", "toux"]),
    ]
    with Store(tmp_path / "store.duckdb", content) as store:
        admit(store, FIRST, lines, tmp_path / "1")
        assert code_nights(store, FIRST, FIRST, CODER)["unknown_codes"] == 2
        count_nights(store, date.min, LATEST, ACTS)
        assert store.rows("SELECT code, uses FROM unknown_codes ORDER BY ALL") == [("J23", 1), ("J23.1", 1)]
        assert store.rows("SELECT syndrome, sum(visits) FROM counts GROUP BY ALL ORDER BY ALL") == [
            ("ira", 1),
            ("ira_basse", 1),
        ]
        assert store.rows("SELECT visits_all, visits_coded FROM denominators") == [(3, 2)]


def test_reasons_have_a_series_of_their_own() -> None:
    def said(text: str, age: int | None = None, *codes: str) -> set[str]:
        return CODER.reasons_for("exemple-libelles", codes, TOOLS.reasons(text), DAY, age)

    assert said("sd grippal depuis hier") == {"grippe", "ira"}
    assert said("diarrhee vomissements") == {"diarrhee", "gastro", "vomissements"}
    assert said("bronchiolite ?", 6) == {"bronchiolite", "bronchiolite_1an", "ira", "ira_basse"}
    assert said("bronchiolite ?", 12) == {"bronchiolite", "ira", "ira_basse"}
    assert said("bronchiolite ?") == {"ira", "ira_basse"}
    assert said("", None, "DIARRHÉE", "Inconnu") == {"diarrhee"}
    assert said("insolation", None, "fievre") == {"coup_de_chaleur", "fievre", "icanicule"}
    assert said("pas de toux") == set()


def test_a_reason_never_counts_by_diagnosis_nor_a_diagnosis_by_reason() -> None:
    assert CODER.syndromes_of("exemple-libelles", ["SUSPICION DE COVID-19"], DAY, 500) == {"covid", "ira"}
    assert CODER.syndromes_of("exemple-libelles", ["DIARRHEE"], DAY, 500) == set()  # a call reason, no diagnosis
    assert CODER.reasons_for("exemple-libelles", ["GRIPPE"], [], DAY, 500) == set()  # a diagnosis, no call reason
    assert "diarrhee" not in {syndrome for _, _, syndrome, *_ in code_table(CODER, DAY)}


def test_the_tables_of_reasons_are_rows_that_can_be_joined() -> None:
    concepts, reasons = concept_table(CODER, DAY), reason_table(CODER, DAY)
    assert ("bronchiolite", "bronchiolite_1an", None, 11) in concepts
    assert ("toux", "toux", None, None) in concepts
    assert ("exemple-cisp", "R08", "grippe", None, None) in reasons
    assert len(set(concepts)) == len(concepts) and len(set(reasons)) == len(reasons)
    before = concept_table(CODER, date(2020, 2, 23))  # covid begins a day later
    assert {row for row in concepts if row[1] == "covid"} == {("covid", "covid", None, None)}
    assert not {row for row in before if row[1] == "covid"}
    for name in ("exemple-libelles", "exemple-cisp", "exemple-cim10"):
        assert len({syndrome for thesaurus, _, syndrome, *_ in reasons if thesaurus == name}) >= 30


def test_the_set_changes_with_the_words_of_call_reasons(tmp_path: Path) -> None:
    site = site_with(tmp_path, "extracts/nomenclatures/reasons.toml", ('version = "2026.1"', 'version = "x"'))
    assert set_digest(Content(site)) != set_digest(CONTENT)


WRONG = {
    "code": ("otite", [('"H65-H67"', '"H65-H67", "J23"')], "diagnoses.cim10: no such CIM-10 code: J23"),
    "fourth": ("otite", [('"H65-H67"', '"H65-H67", "H72.7"')], "diagnoses.cim10: no such CIM-10 code: H72.7"),
    "range": ("otite", [('"H65-H67"', '"H65-H76"')], "diagnoses.cim10: no such CIM-10 code: H76"),
    "age": ("otite", [("examples =", "age_max_months = 3000\nexamples =")], "age_max_months: 3000 months"),
    "ages": (
        "otite",
        [("examples =", "age_min_months = 24\nage_max_months = 12\nexamples =")],
        "age_min_months: no age is at least 24 and at most 12 months",
    ),
    "codes": (
        "otite",
        [('["H60.9"], counts = false', '["H60.9"], counts = true')],
        "examples.4: example 5: codes H60.9 (CIM10) does not count, but must: otitis externa",
    ),
    "text": (
        "otite",
        [('"otite droite"', '"pas d\'otite"')],
        """examples.3: example 4: text "pas d'otite" does not count, but must: said by the caller""",
    ),
    "umbrella": (
        "orl",
        [('"H60-H75", ', '"H60-H66", ')],
        "umbrella: otite is not wholly inside: H67 counts there only",
    ),
    "concept": (
        "orl",
        [('[reasons]\nconcepts = ["angine", "laryngite", "otite", ', '[reasons]\nconcepts = ["angine", "laryngite", ')],
        "umbrella: otite is not wholly inside: the concept otite counts there only",
    ),
    "no age": (
        "asthme",
        [("status =", 'umbrella = ["bronchiolite_1an"]\nage_min_months = 24\nstatus =')],
        "umbrella: bronchiolite_1an is not wholly inside: no age is in both",
    ),
    "principal": (
        "orl",
        [("[diagnoses]", '[diagnoses]\nposition = "principal"')],
        "umbrella: angine is not wholly inside: its associated diagnoses count there only",
    ),
    "outside": (
        "bronchiolite",
        [("age_max_months = 23", 'umbrella = ["bronchite"]\nage_max_months = 23')],
        "umbrella: bronchite is not wholly inside: J20 counts there only",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_definition_is_said(tmp_path: Path, case: str) -> None:
    name, changes, sentence = WRONG[case]
    problems = check_syndromes(Content(site_with(tmp_path, f"{FOLDER}/{name}.toml", *changes)))
    found = [str(problem) for problem in problems if problem.file == f"{FOLDER}/{name}.toml"]
    assert len(found) == len(problems) > 0, [str(problem) for problem in problems]
    assert re.sub(r":\d+:", ":", found[0], count=1).startswith(f"{FOLDER}/{name}.toml: {sentence}")


LINES = {
    "a code": ("otite", ('"H65-H67"', '"H65-H67",\n"J23"'), '"J23"'),
    "a code taken out": ("avc", ('not_cim10 = ["G45.4"]', 'not_cim10 = ["G45.4",\n"I60.X"]'), "not_cim10"),
    "a code taken out that is none": ("avc", ('not_cim10 = ["G45.4"]', 'not_cim10 = ["G45.4",\n"J23"]'), '"J23"'),
    "an age": ("bronchiolite", ("age_max_months = 23", "age_max_months = 2300"), "age_max_months"),
    "an age of an example": ("bronchiolite", ("age_months = 23,", "age_months = 2300,"), "age_months = 2300"),
    "a member": ("orl", ('"otite", "rhinopharyngite"', '"otite",\n"rhino"'), '"rhino"'),
    "a member outside": ("orl", ('umbrella = ["angine", ', 'umbrella = ["angine",\n"grippe", '), '"grippe"'),
    "a label": ("ira", ("exemple-libelles = [", 'exemple-libelles = [\n"SIFFLET", '), '"SIFFLET"'),
    "a coded reason": ("orl", ('exemple-cisp = ["R11"]', 'exemple-cisp = [\n"R11",\n"R999"]'), '"R999"'),
    "a thesaurus": ("orl", ('exemple-cisp = ["R11"]', 'cisp = ["R11"]'), "cisp ="),
    "a concept": ("orl", ('concepts = ["angine"', 'concepts = [\n"angin", "angine"'), '"angin"'),
    "a group": ("orl", ('group = "respiratory"', 'group = "lungs"'), "group ="),
    "an example": ("orl", ('["H81.9"], counts = false', '["H81.9"], counts = true'), "H81.9"),
    "an example of nothing": ("orl", ('{ codes = ["H81.9"]', "{ codes = []"), "vertigo of the inner ear"),
    "a key": ("orl", ("[reasons]", "[reasons]\nconcept = 1"), "concept ="),
}


@pytest.mark.parametrize("case", LINES)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, case: str) -> None:
    name, change, there = LINES[case]
    content = Content(site_with(tmp_path, rel := f"{FOLDER}/{name}.toml", change))
    lines = content.text(rel).splitlines()
    first = check_syndromes(content)[0]
    assert first.file == rel and first.line, str(first)
    assert there in lines[first.line - 1], str(first)
    assert "\n" not in str(first) and "Value error" not in str(first)


def test_two_definitions_for_the_same_days_are_told_with_the_line(tmp_path: Path) -> None:
    site_with(tmp_path, f"{FOLDER}/orl.toml")
    (tmp_path / FOLDER / "orl.toml").rename(tmp_path / FOLDER / "orl_2.toml")
    problem = check_syndromes(Content(tmp_path))[0]
    assert str(problem) == f"{FOLDER}/orl_2.toml:3: since: orl is already defined for these days in {FOLDER}/orl.toml"


def test_each_fault_of_a_file_is_told_on_its_own(tmp_path: Path) -> None:
    changes = [('group = "respiratory"', "group = 1"), ("age_months = 5", "age_months = -5"), ("[reasons]", "[reason]")]
    problems = check_syndromes(Content(site_with(tmp_path, f"{FOLDER}/bronchiolite.toml", *changes)))
    assert [problem.key for problem in problems[:3]] == ["group", "examples.8.age_months", "reason"]
    assert all(problem.line for problem in problems)
    site_with(tmp_path, f"{FOLDER}/otite.toml", ('"H65-H67"', '"J23"'))
    more = check_syndromes(Content(tmp_path))
    assert [problem.args for problem in more[:3]] == [problem.args for problem in problems[:3]]
    assert {problem.file for problem in more[3:]} == {f"{FOLDER}/otite.toml"}  # none because bronchiolite is lacking


def test_the_registry_and_the_signals_name_their_line(tmp_path: Path) -> None:
    site_with(tmp_path, "extracts/associations.toml", ('thesaurus = "exemple-cisp"', 'thesaurus = "cisp"'))
    content = Content(tmp_path)
    problem = check_content(content)[0][0]
    assert problem.line and "cisp" in content.text(problem.file).splitlines()[problem.line - 1]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["code", "age", "text"])
def test_content_tells_what_is_wrong_and_a_night_asks_no_server(tmp_path: Path, case: str) -> None:
    """Exit 10 from both; the night has not begun: no server is asked, nothing is received, the journal is empty."""
    name, changes, sentence = WRONG[case]
    site, state = site_with(tmp_path / "site", f"{FOLDER}/{name}.toml", *changes), tmp_path / "state"
    told = surveillance("content", "--site", site, "--quiet")
    assert (told.returncode, told.stdout) == (10, "")
    where = rf"{FOLDER}/{name}\.toml:\d+: {re.escape(sentence)}"
    assert re.match(where, told.stderr), told.stderr
    night = surveillance("run", "2024-01-16", "--site", site, "--state", state)
    assert night.returncode == 10
    assert re.search(rf"^surveillance: {where}", night.stderr, re.MULTILINE), night.stderr
    assert [path for path in state.rglob("*") if path.is_file()] == []


@pytest.mark.slow
def test_content_in_order_is_listed() -> None:
    told = surveillance("content", "--format", "csv")
    assert told.returncode == 0 and told.stdout.startswith("file,origin,sha256\n")


@pytest.mark.slow
@pytest.mark.parametrize("case", ["code", "age", "text", "umbrella"])
def test_the_content_check_ends_in_exit_10(tmp_path: Path, case: str) -> None:
    name, changes, sentence = WRONG[case]
    site = site_with(tmp_path, f"{FOLDER}/{name}.toml", *changes)
    result = surveillance("check", "--site", site)
    assert result.returncode == 10, result.stderr
    assert re.search(rf"^{FOLDER}/{name}\.toml:\d+: {re.escape(sentence)}", result.stdout, re.MULTILINE), result.stdout


@pytest.mark.slow
def test_a_wrong_code_in_a_thesaurus_ends_in_exit_10(tmp_path: Path) -> None:
    table = "extracts/thesauri/exemple-cisp.csv"
    site = site_with(tmp_path, table, ("diag,R80,Grippe,J11.1", "diag,R80,Grippe,J19"))
    result = surveillance("check", "--site", site)
    assert result.returncode == 10, result.stderr
    assert len(re.findall(rf"^{re.escape(table)}:\d+: R80: no such CIM-10 code: J19", result.stdout, re.MULTILINE)) == 1


def test_a_member_that_is_not_enabled_asks_for_nothing(tmp_path: Path) -> None:
    site = site_with(tmp_path, f"{FOLDER}/otite.toml", ('version = "1"', 'version = "1"\nenabled = false'))
    site_with(tmp_path, f"{FOLDER}/orl.toml", ('"H60-H75", ', ""))
    assert [problem.key for problem in check_syndromes(Content(site))] == ["examples.2"]  # H66.9, no longer there


def test_a_signal_on_what_is_defined_nowhere_is_told(tmp_path: Path) -> None:
    file = "indicators/signals.toml"
    changes = (
        ("syndromes = []", 'syndromes = ["irra"]'),
        ("pneumopathie = 2.0", "pneumo = 2.0"),
        ('["gastro",', '["gastr",'),
    )
    content = Content(site_with(tmp_path, file, *changes))
    lines = content.text(file).splitlines()
    told = {
        (lines[(problem.line or 0) - 1].split(" =")[0], str(problem).split(": ", 1)[1])
        for problem in check_content(content)[0]
    }
    assert told == {
        ("syndromes", "syndromes: no definition has the id 'irra'"),
        ("pneumo", "severity.pneumo: no definition has the id 'pneumo'"),
        ("syndromes", "protocol.digestive.syndromes: no definition has the id 'gastr'"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_list_has_a_line_each_in_80_columns(lang: str) -> None:
    result = surveillance("indicators", "--lang", lang)
    lines = result.stdout.splitlines()
    assert result.returncode == 0
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if line.startswith("  ")] != sorted(IDS.split())  # by group
    assert sorted(line.split()[0] for line in lines if line.startswith("  ")) == sorted(IDS.split())
    assert [line for line in lines if not line.startswith("  ")] == [
        getattr(group, lang) for group in load_groups(CONTENT).values()
    ]


@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        ((), "Respiratoire et ORL\n"),
        (("--lang", "en"), "Respiratory, ear"),
        (("list",), "Respiratoire et ORL\n"),
        (("--format", "csv"), "id,label,group"),
        (("grippe",), 'id = "grippe"\n'),
        (("show", "grippe"), 'id = "grippe"\n'),
        (("--quiet", "grippe"), 'id = "grippe"\n'),
        (("--help",), "Usage:"),
    ],
)
def test_the_commands_of_the_group_need_not_be_named(arguments: tuple[str, ...], begins: str) -> None:
    done = CliRunner().invoke(app, ["indicators", *arguments], catch_exceptions=False)
    assert done.exit_code == 0 and done.stdout.lstrip().startswith(begins)


@pytest.mark.parametrize("arguments", [("gripe",), ("show", "gripe")])
def test_a_definition_that_there_is_not_is_told_with_those_there_are(arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, ["indicators", *arguments])
    assert isinstance(done.exception, UsageError) and "grippe" in done.exception.hint


def test_the_example_of_a_site_replaces_the_shipped_one(tmp_path: Path) -> None:
    """A site's own grouping, by reason only, in a group of the set."""
    text = CONTENT.text(f"{FOLDER}/diarrhee.toml").replace('id = "diarrhee"', 'id = "selles"')
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "selles.toml").write_text(text, encoding="utf-8")
    shutil.copy(CONTENT.path(f"{FOLDER}/toux.toml"), tmp_path / FOLDER / "toux.toml")
    assert check_syndromes(Content(tmp_path)) == []
    assert "selles" in {one.id for one in load_syndromes(Content(tmp_path))}
