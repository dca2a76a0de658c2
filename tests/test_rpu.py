"""The quirks of real RPU files, one by one, in both XML dialects where they can occur."""

from __future__ import annotations

from datetime import timedelta

import pytest

from surveillance.coding.thesauri import load_thesauri
from surveillance.content import Content
from tests import sample_files as files
from tests import sample_formats as formats
from tests.reading_tools import DIALECTS, raw_of, result_of, verdict_of

RPU, LIKE = "xml-rpu-v2006", "xml-rpu-like"


def patients(size: int, **changes: str | None) -> list[str]:
    return [formats.rpu_patient(n, **changes) for n in range(1, size + 1)]


def shaped(dialect: str, size: int = 4, **changes: str) -> bytes:
    """A file of either dialect, every patient with these elements."""
    if dialect == RPU:
        return formats.rpu([formats.rpu_patient(n, **changes) for n in range(1, size + 1)])
    return files.d3([files.d3_patient(n, **changes) for n in range(1, size + 1)])


def test_1_children_in_another_order() -> None:
    data = formats.rpu(patients(3))
    head = data[data.index(b"<ETABLISSEMENT>") : data.index(b"<PASSAGES>")]
    mixed = data.replace(head, b"").replace(b"</OSCOUR>", head + b"</OSCOUR>")
    reordered = mixed.replace(b"<DP>J111</DP>", b"").replace(b"<PATIENT>", b"<PATIENT><DP>J111</DP>")
    one, two = result_of(RPU, data), result_of(RPU, reordered)
    assert one.visits["content_hash"].to_pylist() == two.visits["content_hash"].to_pylist()
    assert len(raw_of(LIKE, files.sample(LIKE, 4)).line_no) == 4  # every other patient is reversed there


def test_2_passages_for_each_patient() -> None:
    data = formats.rpu(patients(30)).replace(b"</PATIENT>\n<PATIENT>", b"</PATIENT></PASSAGES><PASSAGES><PATIENT>")
    assert data.count(b"<PASSAGES>") == 30
    assert len(raw_of(RPU, data).line_no) == 30


@pytest.mark.parametrize("dialect", [RPU, LIKE])
@pytest.mark.parametrize("declared", [b"ISO-8859-1", b"ISO-8859-15", b"UTF-8"])
def test_3_declared_encodings_windows_letters_and_ends_of_lines(dialect: str, declared: bytes) -> None:
    data = shaped(dialect, MOTIF="mal d'oreille").replace(b"d'oreille", b"d\x92oreille")
    data = data.replace(b"ISO-8859-1", declared, 1).replace(b"\n", b"\r\n", 2)
    raw = raw_of(dialect, data)
    assert (len(raw.line_no), raw.notes) == (4, [("windows_bytes", "4")])
    one_line = data.replace(b"\r\n", b" ").replace(b"\n", b" ")
    assert len(raw_of(dialect, one_line.replace(b" <", b"<" + b" " * 0 + b"")).line_no) == 4


def test_4_the_finess_inside_decides() -> None:
    assert result_of(RPU, formats.sample(RPU)).status == "received"  # its name holds 590000099, the file 590000016
    result = result_of(RPU, formats.rpu(patients(3), finess="590000099"))
    assert (result.code, result.detail) == ("wrong_association", "le contenu dit autre chose, attendu 5901")
    result = result_of(LIKE, files.d3([files.d3_patient(1)], code="7502"))
    assert result.code == "wrong_association"


def test_5_the_announced_period_is_not_believed() -> None:
    days = [files.DAY - timedelta(days=n) for n in range(8)]
    lines = [formats.rpu_patient(n, ENTREE=f"{day:%d/%m/%Y} 10:00", SORTIE=None) for n, day in enumerate(days)]
    result = result_of(RPU, formats.rpu(lines))
    assert list(result.dates) == sorted(days)
    assert ("outside_window", "1") in [(check, sentence[-1]) for check, sentence in result.notes]


@pytest.mark.parametrize(
    ("code", "kept"),
    [("J219", "J21.9"), ("J21.9", "J21.9"), ("R53.+1", "R53.+1"), ("M79.59", "M79.59"), ("R05", "R05"), ("r05", "R05")],
)
def test_6_codes_with_and_without_a_dot(code: str, kept: str) -> None:
    result = result_of(RPU, shaped(RPU, DP=code, LISTE_DA=""))
    assert result.visits["diagnoses"].to_pylist() == [[kept]] * 4
    result = result_of(LIKE, shaped(LIKE, DP=code, LISTE_DA=""), thesaurus="exemple-cim10")
    assert {codes[0] for codes in result.visits["diagnoses"].to_pylist()} == {kept}


@pytest.mark.parametrize("dialect", [RPU, LIKE])
@pytest.mark.parametrize(("motif", "concepts"), [("R509", []), ("fièvre", ["fievre"])])
def test_6_a_reason_is_a_code_or_words(dialect: str, motif: str, concepts: list[str]) -> None:
    result = result_of(dialect, shaped(dialect, MOTIF=motif))
    assert result.visits["reason_concepts"].to_pylist() == [concepts] * 4


def test_7_an_empty_element_and_none() -> None:
    lines = [formats.rpu_patient(1, SORTIE="", MODE_SORTIE=""), formats.rpu_patient(2, SORTIE=None, MODE_SORTIE=None)]
    result = result_of(RPU, formats.rpu(lines))
    assert result.visits["outcome"].to_pylist() == ["NR", "NR"]
    assert result.visits["dq"].to_pylist() == [[], []]


@pytest.mark.parametrize("dialect", [RPU, LIKE])
@pytest.mark.parametrize(("code", "outcome", "flags"), [("9", "DECES", []), ("4", "NR", ["OUTCOME_UNKNOWN"])])
def test_8_a_death_is_9_and_4_is_nothing(dialect: str, code: str, outcome: str, flags: list[str]) -> None:
    result = result_of(dialect, shaped(dialect, MODE_SORTIE=code))
    assert set(result.visits["outcome"].to_pylist()) == {outcome}
    assert result.visits["dq"].to_pylist() == [flags] * 4


def test_9_establishments_that_merge_lead_to_one_association() -> None:
    values = DIALECTS[RPU].values | {"association": {"590000016": "5901", "590000024": "5901"}}
    merged = DIALECTS[RPU].model_copy(update={"values": values})
    for finess in ("590000016", "590000024"):
        assert result_of(merged, formats.rpu(patients(3), finess=finess)).status == "received"


def test_10_the_list_of_reasons_says_what_fever_is() -> None:
    thesaurus = load_thesauri(Content())["exemple-libelles"]
    fever = thesaurus.lookup("FIEVRE", files.DAY) or thesaurus.lookup("FIEVRE", files.DAY, "motif")
    assert fever is None or not fever.cim10.startswith("A50")  # the list that went round says congenital syphilis


def test_a_visit_without_a_number_is_known_by_its_entry_birth_sex_and_place() -> None:
    same = formats.rpu_patient(1)
    other = formats.rpu_patient(1, DP="J219")
    result = result_of(RPU, formats.rpu([same, same, other, formats.rpu_patient(1, CP="59100"), *patients(9)[1:]]))
    assert sorted(result.refusals["check"].to_pylist()) == ["DUPLICATE_ID", "DUPLICATE_ID"]
    again = result_of(RPU, formats.rpu([same, same, *patients(9)[1:]]))
    assert again.refusals["check"].to_pylist() == ["DUPLICATE"]


def test_parts_that_are_all_empty_are_no_number() -> None:
    nobody = formats.rpu_patient(1, ENTREE="", NAISSANCE="", SEXE="", CP="")
    result = result_of(RPU, formats.rpu([nobody, *patients(9)[1:]]))
    assert result.refusals["check"].to_pylist() == ["ID_MISSING"]
    unknown = formats.rpu_patient(1, NAISSANCE="")  # a right that patients have: the visit counts, without an age
    assert result_of(RPU, formats.rpu([unknown, *patients(9)[1:]])).visits.num_rows == 9


@pytest.mark.parametrize("lacking", ["ENTREE", "NAISSANCE", "SEXE", "CP"])
def test_a_part_of_the_number_that_no_patient_has_refuses_the_file(lacking: str) -> None:
    code, detail = verdict_of(RPU, formats.rpu(patients(3, **{lacking: None})))
    assert (code, lacking in detail) == ("header_changed", True)


def test_the_window_is_declared() -> None:
    assert (DIALECTS[RPU].window.days, DIALECTS[RPU].window.mode) == (7, "replaces")
    assert {dialect.window.mode for name, dialect in DIALECTS.items() if name != RPU} == {"adds"}
