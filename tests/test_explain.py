"""Why a visit counts or does not: every rule and every reason, and always what the coder and the store say."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from surveillance.cli import app
from surveillance.coding.readings import Element, elements, judge
from surveillance.coding.syndromes import Coder, load_syndromes
from surveillance.coding.thesauri import CIM10, load_thesauri
from surveillance.content import Content
from surveillance.demonstration.demo import Demo
from surveillance.errors import UsageError
from surveillance.explaining import Explainer, months_of
from surveillance.history import withdraw
from surveillance.store import Store, publish, store_path
from surveillance.visit_codes import code_nights
from tests.conftest import surveillance
from tests.test_definitions import FOLDER, site_with
from tests.test_held import NIGHT, few_nights_suffice, rewrite, sound_csv
from tests.test_history import FIRST, admit, hold, line

DAY = FIRST - timedelta(days=1)
OWN = """
id = "{ident}"
version = "3"
since = {since}
label_fr = "Essai"
label_en = "Trial"
group = "general"
status = "inferred"
source = "a trial of the tests"
examples = [
  {{ codes = ["R05"], counts = true, why = "on the list" }},
  {{ codes = ["R06"], counts = false, why = "not on the list" }},
]

[diagnoses]
cim10 = ["R05"]
{more}
"""
LIBELLES, CISP = "exemple-libelles", "exemple-cisp"
# uid: the visit. What is said of it is in WHY.
VISITS: dict[str, dict[str, Any]] = {
    "counted": {"thesaurus": CIM10, "diagnoses": ["R05", "J11.1"], "reason_concepts": ["grippe"]},
    "listed": {"thesaurus": LIBELLES, "diagnoses": ["SIFFLEMENTS DU NOURRISSON"], "age_y": 0, "age_m": 8},
    "old": {"thesaurus": CIM10, "diagnoses": ["J21.9"], "age_y": 2, "age_m": 24},
    "ageless": {"thesaurus": CIM10, "diagnoses": ["J21.9"], "age_y": None, "reason_concepts": ["bronchiolite"]},
    "out": {"thesaurus": CIM10, "diagnoses": ["G45.4"]},
    "label": {"thesaurus": CISP, "diagnoses": ["D99"], "reason_codes": ["D13", "X99"]},
    "unknown": {"thesaurus": CIM10, "diagnoses": ["J23"]},
    "nothing": {"diagnoses": []},
    "advice": {"thesaurus": CIM10, "diagnoses": ["J11.1"], "act_type": "CONSEIL_TEL"},
    "off": {"thesaurus": CIM10, "diagnoses": ["J11.1"], "act_type": "ANNULE", "status": "cancelled"},
    "early": {"thesaurus": CIM10, "diagnoses": ["U07.1"], "event_date": date(2020, 2, 20)},
    "second": {"thesaurus": CIM10, "diagnoses": ["J11.1", "R05"]},
    "nomap": {"thesaurus": LIBELLES, "diagnoses": ["SANS CODE"]},
}
# uid, definition: what must be said, in French and in English.
WHY = [
    ("counted", "grippe", "diagnostic 2, J11.1 : J11.1 est dans J09-J11", "diagnosis 2, J11.1: J11.1 is in J09-J11"),
    ("counted", "grippe", "compte par motif d'appel : concept grippe", "counts by call reason: concept grippe"),
    ("counted", "grippe", "diagnostic 1, R05 : R05 n'est pas sur la liste (J09-J11)", "R05 is not on the list"),
    ("counted", "premier", "compte par diagnostic : diagnostic 1, R05", "counts by diagnosis: diagnosis 1, R05"),
    ("counted", "mesures", "concept grippe : cette définition n'existe que par diagnostic", "is by diagnosis only"),
    ("counted", "diarrhee", "cette définition n'existe que par motif d'appel", "is by call reason only"),
    ("counted", "diarrhee", "concept grippe : n'est pas sur la liste", "concept grippe: not on the list"),
    ("listed", "bronchiolite", "énuméré pour exemple-libelles", "listed for exemple-libelles"),
    ("old", "bronchiolite", "mais 2 ans et la définition vaut avant 2 ans", "but 2 years and the definition"),
    ("ageless", "bronchiolite", "l'âge est inconnu et la définition vaut avant 2 ans", "but the age is unknown"),
    ("out", "avc", "G45.4 est dans G45, mais exclu par G45.4", "G45.4 is in G45, but taken out by G45.4"),
    ("label", "gastro", "diagnostic 1, D99 : exclu pour exemple-cisp", "diagnosis 1, D99: taken out for exemple-cisp"),
    ("label", "gastro", "compte par motif d'appel : motif D13", "counts by call reason: reason D13"),
    ("label", "gastro", "motif X99 : code inconnu du thésaurus exemple-cisp", "X99: unknown to the thesaurus"),
    ("label", "grippe", "motif D13 : n'est pas énuméré pour exemple-cisp", "reason D13: not listed for exemple-cisp"),
    ("label", "mesures", "pour exemple-cisp ne comptent que les codes énumérés", "of exemple-cisp only listed"),
    ("unknown", "ira", "J23 : code inconnu du thésaurus CIM10 ce jour-là", "J23: unknown to the thesaurus CIM10"),
    ("nothing", "ira", "ne compte pas par diagnostic : l'acte n'en a aucun", "by diagnosis: the visit has none"),
    ("nothing", "ira", "ne compte pas par motif d'appel : l'acte n'en a aucun", "by call reason: the visit has none"),
    ("advice", "grippe", "type d'acte non compté (conseil par téléphone)", "not counted (advice by telephone)"),
    ("advice", "grippe", "compterait par diagnostic : diagnostic 1, J11.1", "would count by diagnosis: diagnosis 1"),
    ("off", "grippe", "acte annulé : il n'est pas compté", "a cancelled act: it is not counted"),
    ("early", "covid", "pas en vigueur le 2020-02-20 : elle vaut du 2020-02-24", "not in force on 2020-02-20"),
    ("early", "covid", "compterait par diagnostic", "would count by diagnosis"),
    ("second", "premier", "sur la liste, mais ce n'est pas le diagnostic principal", "but not the principal diagnosis"),
    ("withdrawn", "grippe", "retiré : le fichier complet de son jour ne l'a plus", "withdrawn: the complete file"),
    ("nomap", "grippe", "aucun code CIM-10 n'en est proche", "no CIM-10 code is near it"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with two definitions of its own, and a label that no CIM-10 code is near."""
    folder = tmp_path_factory.mktemp("site")
    table = "extracts/thesauri/exemple-libelles.csv"
    site_with(folder, table)
    path = folder / table
    path.write_text(path.read_text(encoding="utf-8") + "diag,SANS CODE,Sans code,,0,,\n", encoding="utf-8")
    (folder / FOLDER).mkdir(parents=True)
    for ident, more in (("premier", 'position = "principal"'), ("mesures", f'only_listed = ["{CISP}"]')):
        text = OWN.format(ident=ident, since="2006-01-01", more=more)
        (folder / FOLDER / f"{ident}.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def content(site: Path) -> Content:
    return Content(site)


@pytest.fixture(scope="module")
def coder(content: Content) -> Coder:
    return Coder(load_syndromes(content), load_thesauri(content))


@pytest.fixture(scope="module")
def state(content: Content, coder: Coder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published store of two nights: the visits of VISITS, one corrected, one withdrawn by a file that is whole."""
    folder, second = tmp_path_factory.mktemp("state"), FIRST + timedelta(days=1)
    lines = [line(uid, "1", **changes) for uid, changes in VISITS.items()]
    others = [line(uid, "1", thesaurus=CIM10, association="3301") for uid in ("withdrawn", *"abcdefghi")]
    with Store(store_path(folder), content) as store:
        admit(store, FIRST, [*lines, line("corrected", "1", thesaurus=CIM10), *others], folder / "1")
        code_nights(store, FIRST, FIRST, coder)
        corrected = line("corrected", "2", thesaurus=CIM10, diagnoses=["R05"], file_sha256="e" * 64)
        admit(store, second, [*others[1:], corrected], folder / "2")
        hold(store, second, f"{second}T02:00:00Z a", [DAY], "3301")
        assert withdraw(store, second) == {"withdrawn": 1}
        code_nights(store, second, second, coder)
        for night, name, sha, code in ((FIRST, "a", "f", "ok"), (second, "a", "e", "ok"), (second, "b", "d", "held")):
            row = {"night": night, "name": name, "sha": sha * 64, "code": code}
            store.run(
                "INSERT INTO files BY NAME SELECT $night AS night, '5901' AS association, $name AS name, "
                "$sha AS sha256, $code AS code, 'trop de visites' AS detail",
                row,
            )
        publish(store, folder)
    return folder


@pytest.fixture
def explained(site: Path, state: Path) -> Callable[..., str]:
    """Runs `surveillance explain visit` and gives the screen with its lines joined; it must end well."""

    def run(*arguments: object, lang: str = "fr") -> str:
        options = ("--site", site, "--state", state, "--lang", lang)
        words = [str(item) for item in ("explain", "visit", *arguments, *options)]
        done = CliRunner().invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0
        assert max(map(len, done.stdout.splitlines())) <= 80
        return " ".join(done.stdout.split())

    return run


@pytest.mark.parametrize(("uid", "syndrome", "fr", "en"), WHY, ids=lambda item: str(item)[:40])
def test_what_is_said_of_a_visit_and_a_definition(
    explained: Callable[..., str], uid: str, syndrome: str, fr: str, en: str
) -> None:
    assert fr in explained(uid, "--syndrome", syndrome)
    assert en in explained(uid, "--syndrome", syndrome, lang="en")


def test_a_screen_tells_the_versions_the_codes_and_the_rules(explained: Callable[..., str], state: Path) -> None:
    told = explained("corrected")
    assert "v1 de la nuit du 2024-01-15 à celle du 2024-01-16 exclue, actif : a, ligne 14, déposé" in told
    assert "> v2 depuis la nuit du 2024-01-16, actif : a, ligne 10, déposé 2024-01-16 02:00:00Z" in told
    assert "2024-01-14, 20 h, visite à domicile ; pris en charge : 59, réside : 59 ; 30 ans, sexe F" in told
    assert "mesures (version 3) : diagnostic 1, R05 : R05 est dans R05" in told
    assert "premier (version 3) : diagnostic 1, R05 : R05 est dans R05 (diagnostic principal)" in told
    assert "! fichier b de la nuit du 2024-01-16 mis de côté depuis (trop de visites)" in told
    assert "codage en base" not in told
    then = explained("corrected", "--night", FIRST)
    assert "> v1" in then and "Compterait par diagnostic grippe" in then
    assert "n'est plus en vigueur depuis la nuit du 2024-01-16" in then
    assert "SIFFLEMENTS DU NOURRISSON → R06.2 (approché" in explained("listed")
    assert "8 mois" in explained("listed") and "âge inconnu" in explained("ageless")
    assert "J23 : code inconnu de ce thésaurus ce jour-là" in explained("unknown")
    assert "SANS CODE, sans code CIM-10 proche" in explained("nomap")
    assert "aucun : l'acte n'est pas un acte codé" in explained("nothing")


def test_a_visit_is_found_by_the_line_of_a_file(explained: Callable[..., str]) -> None:
    by_line = ("--association", "5901", "--file", "a", "--line")
    assert explained(*by_line, 1).startswith("Acte counted, association 5901")
    assert "> v2" in explained(*by_line, 10)  # the file of the second night that has this name
    assert "> v1" in explained(*by_line, 14)
    assert "Acte ageless" in explained(*by_line, 4, "--night", FIRST)
    assert "n'a fait aucune version d'un acte" in explained(*by_line, 99)
    held = explained("--association", "5901", "--file", "b", "--line", 1)
    assert "mis de côté depuis la nuit du 2024-01-16 (trop de visites)" in held
    assert "surveillance status 2024-01-16 --association 5901" in held


@pytest.mark.parametrize(
    ("arguments", "sentence", "hint"),
    [
        (("nobody",), "the store has no visit 'nobody'", "--association, --file and --line"),
        ((), "which visit?", "UID"),
        (("counted", "--line", "1"), "which visit?", "UID"),
        (("--association", "5901", "--line", "1"), "which visit?", "UID"),
        (("counted", "--syndrome", "gripe"), "no case definition is called 'gripe'", "grippe"),
        (("counted", "--night", "2024-01-10"), "was not known after the night of 2024-01-10", "2024-01-15"),
        (("--association", "5901", "--file", "c", "--line", "1"), "no file 'c' of association '5901'", "b, a"),
        (("--association", "9", "--file", "c", "--line", "1"), "no file 'c' of association '9'", "is the code right?"),
    ],
)
def test_what_cannot_be_explained_says_what_to_do(
    site: Path, state: Path, arguments: tuple[str, ...], sentence: str, hint: str
) -> None:
    done = CliRunner().invoke(app, ["explain", "visit", *arguments, "--site", str(site), "--state", str(state)])
    assert isinstance(done.exception, UsageError)
    assert sentence in str(done.exception) and hint in done.exception.hint


def test_a_store_coded_by_other_definitions_is_told(state: Path, site: Path, tmp_path: Path) -> None:
    """The site's definition now wants something else: the visit counted in the store would count no more."""
    other = tmp_path / "site"
    shutil.copytree(site, other)
    path = other / FOLDER / "mesures.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('["R05"]', '["J11"]'), "utf-8")
    words = ["explain", "visit", "corrected", "--site", str(other), "--state", str(state), "--lang", "en"]
    told = " ".join(CliRunner().invoke(app, words, catch_exceptions=False).stdout.split())
    assert "not what the definitions in force give now: only in the store mesures; only now –" in told


CONTENT = Content()
SHIPPED = Coder(load_syndromes(CONTENT), load_thesauri(CONTENT))
KNOWN = {
    name: sorted({code for kind, code in thesaurus.entries if kind == "diag"})
    for name, thesaurus in SHIPPED.thesauri.items()
}
KNOWN[CIM10] = sorted({entry.cim10 for one in SHIPPED.thesauri.values() for es in one.entries.values() for entry in es})
CODED = {
    name: sorted({code for kind, code in thesaurus.entries if kind == "motif"})
    for name, thesaurus in SHIPPED.thesauri.items()
}
CONCEPTS = sorted({name for one in SHIPPED.syndromes if one.reasons for name in one.reasons.concepts})


@st.composite
def visits(draw: st.DrawFn) -> dict[str, Any]:
    """A visit in any thesaurus, with known and unknown codes, ages at the limits, reasons."""
    thesaurus = draw(st.sampled_from(sorted(KNOWN)))
    codes = st.one_of(st.sampled_from(KNOWN[thesaurus]), st.sampled_from(["J23", "U07.13", "R06.5", "?", "D99"]))
    reasons = st.sampled_from([*CODED[thesaurus], "?"])
    months = draw(st.one_of(st.none(), st.sampled_from([0, 11, 12, 23, 24, 240])))
    exact = months is not None and months < 24
    return {
        "thesaurus": thesaurus,
        "diagnoses": draw(st.lists(codes, max_size=4)),
        "reason_codes": draw(st.lists(reasons, max_size=2)),
        "reason_concepts": draw(st.lists(st.sampled_from(CONCEPTS), max_size=3)),
        "age_y": None if months is None else months // 12,
        "age_m": months if exact else None,
    }


@given(visit=visits(), day=st.sampled_from([date(2005, 12, 31), date(2020, 2, 23), date(2020, 2, 24), DAY]))
@settings(max_examples=300, deadline=None)
def test_the_verdicts_are_those_of_the_coder(visit: dict[str, Any], day: date) -> None:
    thesaurus, months = visit["thesaurus"], months_of(visit)
    by_diagnosis = elements(SHIPPED, "diag", thesaurus, visit["diagnoses"], day)
    by_reason = elements(SHIPPED, "motif", thesaurus, visit["reason_codes"], day)
    by_reason += elements(SHIPPED, "concept", "", visit["reason_concepts"], day)
    of_day = [one for one in SHIPPED.syndromes if one.in_force(day)]

    def counting(found: tuple[Element, ...]) -> set[str]:
        return {one.id for one in of_day if judge(SHIPPED, one, found, months).counts}

    assert counting(by_diagnosis) == SHIPPED.syndromes_of(thesaurus, visit["diagnoses"], day, months)
    reasons = (visit["reason_codes"], visit["reason_concepts"])
    assert counting(by_reason) == SHIPPED.reasons_for(thesaurus, *reasons, day, months)


@given(many=st.lists(visits(), min_size=1, max_size=40))
@settings(max_examples=10, deadline=None)
def test_the_verdicts_are_the_rows_of_the_store(
    many: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("random")
    with Store(folder / "store.duckdb", CONTENT) as store:
        admit(store, FIRST, [line(f"v{n}", "1", **visit) for n, visit in enumerate(many)], folder / "1")
        code_nights(store, FIRST, FIRST, SHIPPED)
        explainer = Explainer(store, CONTENT)
        for n in range(len(many)):
            found = explainer.explain(f"v{n}")
            for basis in found.stored:
                assert found.counting(basis) == found.stored[basis]


@pytest.mark.slow
def test_a_night_that_refused_a_line_and_set_a_file_aside(stage: Demo) -> None:
    """Real files: a doubled one is set aside, a line of another is refused, and both are said; exit 0."""
    few_nights_suffice(stage)
    code, path = sound_csv(stage)
    head, *lines = path.read_bytes().split(b"\r\n")
    rewrite(path, [head, *lines, *(b"B" + row[1:] for row in lines if row and not row.startswith(b"TOTAL"))])
    other, sound = another_csv(stage, code)
    lines = sound.read_bytes().split(b"\r\n")
    wrong = next(n for n, row in enumerate(lines) if b";15/01/2024;" in row)
    rewrite(sound, [row[row.index(b";") :] if n == wrong else row for n, row in enumerate(lines)])  # no number
    assert surveillance("run", NIGHT, "--state", stage.state).returncode == 3

    def told(association: str, line: int) -> str:
        named = ("--association", association, "--file", path.name, "--line", line, "--state", stage.state)
        done = surveillance("explain", "visit", *named, "--lang", "fr")
        assert done.returncode == 0, done.stderr
        return " ".join(done.stdout.split())

    assert "codage en base" not in told(other, wrong)  # the store says what the definitions give
    assert "mis de côté depuis la nuit du 2024-01-16" in told(code, 2)
    assert f"{sound.name}, ligne {wrong + 1} : refusée (ID_MISSING)" in told(other, wrong + 1)
    assert re.match(rf"Acte [0-9a-f]{{32}}, association {other} .* ligne {wrong},", told(other, wrong))


def another_csv(stage: Demo, code: str) -> tuple[str, Path]:
    """Another association that sends the same dialect, in good order, and its file."""
    truth = json.loads((stage.state / "simulated" / "truth.json").read_text(encoding="utf-8"))
    troubled = {code, *(item["association"] for item in truth["faults"])}
    for path in sorted((stage.state / "feeds").rglob("EXPORT_20240115.csv")):
        association = path.relative_to(stage.state / "feeds").parts[0]
        if association not in troubled:
            return association, path
    raise AssertionError("no other CSV feed")
