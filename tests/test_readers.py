"""The readers: every line is accounted for, broken lines are said, files that are not as agreed are refused."""

from __future__ import annotations

import gzip
import zlib

import pytest

from surveillance.content import Content
from surveillance.dialects import load_dialects
from surveillance.intake.checks import Limits, load_checks
from surveillance.intake.readers import FileRefused, RawTable
from surveillance.intake.readers.jsonl import STRANGE
from surveillance.intake.readers.raw import ITEM, SYSTEM
from tests import sample_files as files
from tests.reading_tools import read_whole

DIALECTS = load_dialects(Content())
LIMITS = load_checks(Content()).limits
D1, D2, D3, D4 = files.DIALECTS


def read(dialect: str, data: bytes, limits: Limits = LIMITS) -> RawTable:
    """Reads, and checks the conservation of lines."""
    raw = read_whole(data, DIALECTS[dialect], limits)
    assert raw.lines_in == len(raw.line_no) + len(raw.problems) + raw.header_lines + raw.blank_lines + raw.total_lines
    assert all(len(column) == len(raw.line_no) for column in raw.columns.values())
    return raw


def refused(dialect: str, data: bytes, limits: Limits = LIMITS) -> tuple[str, str]:
    """Code and detail of a refused file."""
    with pytest.raises(FileRefused) as verdict:
        read(dialect, data, limits)
    return verdict.value.code, verdict.value.detail


@pytest.mark.parametrize("dialect", files.DIALECTS)
def test_a_sound_file_is_read_whole(dialect: str) -> None:
    raw = read(dialect, files.sample(dialect, 7))
    assert (len(raw.line_no), raw.problems, raw.truncated, raw.notes) == (7, [], "", [])
    assert len(set(raw.columns["visit_id"])) == 7


# --- delimited -----------------------------------------------------------------------------------------------


def test_text_is_kept_as_it_is() -> None:
    raw = read(D1, files.d1([files.d1_line(1, id="000012", postal="01000", reason1="38,7 NA é")]))
    assert raw.columns["visit_id"] == ["000012"]
    assert raw.columns["postal_code"] == ["01000"]
    assert list(raw.columns["reason_texts"]) == [f"38,7 NA é{ITEM}toux++"]
    assert "Ville" not in raw.columns


@pytest.mark.parametrize(
    ("line", "check"),
    [
        ("A;B", "FIELD_COUNT"),
        (files.d1_line(1) + ";x", "FIELD_COUNT"),
        (files.d1_line(1, reason1='"FIEVRE'), "QUOTE"),
        (files.d1_line(1, reason1="toux; fievre"), "FIELD_COUNT"),
        (files.d1_line(1, reason1="x" * 10_001), "LINE_TOO_LONG"),
        ("TOTAL;1", "FIELD_COUNT"),
    ],
)
def test_a_broken_line_is_refused_with_its_number(line: str, check: str) -> None:
    raw = read(D1, files.d1([files.d1_line(1), line, files.d1_line(2)]))
    assert raw.problems == [(3, check, "")]
    assert raw.line_no == [2, 4]


@pytest.mark.parametrize("line", ["", "   ", ";;;", ";" * 16])
def test_blank_lines_are_counted(line: str) -> None:
    raw = read(D1, files.d1([files.d1_line(1), line, files.d1_line(2), line]))
    assert (raw.blank_lines, raw.problems, raw.line_no) == (2, [], [2, 4])


def test_quotes_hold_delimiters_and_a_trailing_delimiter_is_allowed() -> None:
    lines = [files.d1_line(1, reason1='"toux; ""seche"""'), files.d1_line(2) + ";"]
    raw = read(D1, files.d1(lines, header=files.D1_HEADER + ";"))
    assert raw.problems == []
    assert raw.columns["reason_texts"][0] == f'toux; "seche"{ITEM}toux++'


@pytest.mark.parametrize(("end", "announced"), [("TOTAL;2\r\n", 2), ("TOTAL;3;;;\r\n\r\n", 3), ("TOTAL;2", 2)])
def test_a_total_line_is_not_a_visit(end: str, announced: int) -> None:
    raw = read(D1, files.d1([files.d1_line(1), files.d1_line(2)], end="\r\n" + end))
    assert (raw.total_lines, raw.announced, raw.truncated, len(raw.line_no)) == (1, announced, "", 2)


@pytest.mark.parametrize("cut", [1, 2, 5, 40, 100])
def test_a_cut_last_line_is_refused_and_said(cut: int) -> None:
    raw = read(D1, files.sample(D1, 5)[:-cut])
    assert raw.truncated == "à la ligne 6"
    assert raw.problems == [(6, "CUT_LINE", "")]
    assert len(raw.line_no) == 4


def test_columns_are_found_by_name_in_any_order_and_without_accents() -> None:
    header = files.D1_HEADER.replace("N° dossier", "N dossier").replace(
        "Date appel;Heure appel", "heure appel;DATE APPEL"
    )
    raw = read(D1, files.d1([files.d1_line(1)], header=header))
    assert raw.columns["call_time"] == ["14/01/2024"]


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        (files.D1_HEADER.replace("Sexe", "Genre"), "colonne attendue absente : Sexe ; colonne inattendue : Genre"),
        (files.D1_HEADER.replace(";Sexe", ""), "colonne attendue absente : Sexe"),
        (
            files.D1_HEADER.replace("Sexe", "Sexes"),
            "colonne attendue absente : Sexe ; colonne inattendue : Sexes ; « Sexe » attendu, « Sexes » trouvé ?",
        ),
        (files.D1_HEADER.replace("Ville", "Sexe"), "colonne en double : Sexe"),
        (files.d1_line(1), "la première ligne n'est pas l'en-tête convenu"),
        (
            files.D1_HEADER.replace("Sexe", "0612345678"),
            "colonne attendue absente : Sexe ; colonne inattendue : 1 sans nom lisible",
        ),
        (
            files.D1_HEADER.replace(";", ","),
            "le séparateur n'est plus celui convenu : « ; » attendu, « , » trouvé",
        ),
        (files.D1_HEADER.replace(";", " "), "la première ligne n'est pas l'en-tête convenu"),
    ],
)
def test_a_changed_header_refuses_the_file(header: str, detail: str) -> None:
    assert refused(D1, files.d1([files.d1_line(1)], header=header)) == ("header_changed", detail)


def test_columns_nobody_asked_for_are_said_and_not_read() -> None:
    raw = read(D1, files.d1([files.d1_line(1) + ";DUPONT"], header=files.D1_HEADER + ";Nom"))
    assert raw.notes == [("extra_columns", "1 (Nom)")]
    assert "DUPONT" not in str(raw.columns)


@pytest.mark.parametrize(
    ("dialect", "data", "code"),
    [
        (D1, b"", "empty"),
        (D1, b"\r\n\r\n", "empty"),
        (D1, files.d1([]), "empty"),
        (D1, files.d1([files.d1_line(1)]).replace(b"LILLE", b"LILL\x81"), "encoding"),
        (D1, files.d1([files.d1_line(1)]).decode("cp1252").encode("utf-16"), "encoding"),
        (D1, gzip.compress(files.d1([files.d1_line(1)]), mtime=0), "unreadable"),
        (D2, gzip.compress(b"", mtime=0), "empty"),
        (D2, files.d2([]), "empty"),
        (D2, gzip.compress(files.D2_HEADER.encode() + b"\nfi\xe8vre\n", mtime=0), "encoding"),
        (D2, files.D2_HEADER.encode(), "unreadable"),
        (D2, files.sample(D2) + b"\0\0", "unreadable"),
        (D2, files.sample(D2) * 2, "unreadable"),
        (D2, files.sample(D2)[:-8] + b"\0" * 8, "unreadable"),
        (D3, files.d3([]), "empty"),
        (D3, b"<?xml version='1.0'?>", "empty"),
        (D3, files.sample(D3).replace(b"<OSCOUR>", b"<!DOCTYPE a [<!ENTITY x 'y'>]><OSCOUR>"), "unreadable"),
        (D3, files.sample(D3).replace(b"</SEXE>", b"</SEX>", 1), "unreadable"),
        (D3, files.sample(D3).replace(b"LILLE", b"&x;", 1), "unreadable"),
        (D3, files.sample(D3).replace(b"<ORDRE>0", b"<ORDRE>" + b"0" * 10_001), "unreadable"),
        (
            D3,
            files.sample(D3).replace(b"<CP>", b"<A>" * 25 + b"<CP>", 1).replace(b"</CP>", b"</CP>" + b"</A>" * 25, 1),
            "unreadable",
        ),
        (D3, files.sample(D3).replace(b"OSCOUR", b"RPU"), "header_changed"),
        (D3, files.sample(D3).replace(b"SEXE>", b"GENRE>"), "header_changed"),
        (D3, files.sample(D3).decode("iso-8859-15").encode("utf-8"), "encoding"),
        (D4, b"\n\n", "empty"),
        (D4, files.sample(D4).replace(b'"id"', b'"ident"'), "header_changed"),
        (D4, '{"id": "é"}\n'.encode("cp1252"), "encoding"),
    ],
)
def test_a_file_that_is_not_as_agreed_is_refused(dialect: str, data: bytes, code: str) -> None:
    assert refused(dialect, data)[0] == code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encodings_are_tried_in_the_order_of_the_dialect(encoding: str) -> None:
    data = files.d1([files.d1_line(1, reason1="fièvre")]).decode("cp1252").encode(encoding)
    assert read(D1, data).columns["reason_texts"] == [f"fièvre{ITEM}toux++"]


def test_the_error_says_where_and_never_what() -> None:
    data = files.d1([files.d1_line(1), files.d1_line(2, city="DUPON\u0178")]).replace(b"DUPON\x9f", b"DUPON\x8d")
    assert refused(D1, data) == ("encoding", "octet impossible en cp1252, ligne 3")


EXAMPLE_1 = (  # as printed in the description of the four dialects: fewer columns than the simulator writes
    "N° dossier;Date appel;Heure appel;Date visite;Code postal;Ville;Date naissance;Sexe;Motif appel 1;Motif appel 2;"
    "Diag;Code diag;Devenir;Type acte\r\n"
    "A26-004512;04/01/2026;22h05;04/01/2026;75012;PARIS 12EME;03/05/2024;F;FIEVRE;toux++;BRONCHIOLITE;R40;Domicile;"
    "Visite\r\n"
)
EXAMPLE_2 = (
    "visit_id,call_at,start_at,end_at,postal_code,{age},sex,reason_code,reason_thesaurus,diag1_cim10,diag2_cim10,"
    "outcome,act_type\n"
    "77123,2026-01-04T22:05:00,2026-01-04T22:51:00+01:00,,13008,34,1,FIEV,ASSO-A,J11.1,,HOME,HV\n"
)


def test_columns_that_not_every_version_of_the_software_writes() -> None:
    raw = read(D1, EXAMPLE_1.encode("cp1252"))
    assert raw.notes == [("columns_absent", "Heure visite, Code diag 2")]
    assert [raw.columns[name] for name in ("visit_id", "reason_texts", "diagnoses")] == [
        ["A26-004512"], [f"FIEVRE{ITEM}toux++"], ["R40"],
    ]  # fmt: skip
    for age in ("age_years", "age"):
        raw = read(D2, gzip.compress(EXAMPLE_2.format(age=age).encode()))
        assert (raw.columns["age_years"], raw.columns["diagnoses"]) == (["34"], [f"J11.1{ITEM}"])
        assert raw.notes == [("columns_absent", "age_months, reason_text, diag3_cim10")]


def test_two_names_of_one_column_are_a_column_twice() -> None:
    header = files.D2_HEADER.replace("age_months", "age")
    assert refused(D2, files.d2([files.d2_line(1)], header)) == ("header_changed", "colonne en double : age_years")


# --- compression ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9, 0.99])
def test_a_cut_compressed_file_keeps_what_is_whole(part: float) -> None:
    data = gzip.compress(gzip.decompress(files.sample(D2, 2000)), 1, mtime=0)
    raw = read(D2, data[: int(len(data) * part)])
    assert raw.truncated
    assert 0 < len(raw.line_no) < 2000
    assert [check for _, check, _ in raw.problems] in ([], ["CUT_LINE"])


def test_a_bomb_is_refused_before_it_is_whole() -> None:
    bomb = zlib.compressobj(9, wbits=31)
    data = b"".join(bomb.compress(b" " * (1 << 20)) for _ in range(64)) + bomb.flush()
    assert refused(D2, data)[0] == "too_large"
    small = LIMITS.model_copy(update={"output_bytes": 1000})
    assert refused(D2, files.sample(D2, 100), small)[0] == "too_large"


# --- XML -----------------------------------------------------------------------------------------------------


def test_children_in_any_order_and_passages_for_each_patient() -> None:
    raw = read(D3, files.sample(D3, 4))
    assert raw.association == "5901"
    assert list(raw.columns["visit_id"]) == ["X1", "X2", "X3", "X4"]
    assert raw.columns["diagnoses"] == [f"GRIPPE{ITEM}ASTHME"] * 4
    assert "COMMUNE" not in raw.columns


def test_empty_and_absent_elements() -> None:
    patient = files.d3_patient(1).replace("<MODE_SORTIE>8</MODE_SORTIE>", "").replace("<DP>GRIPPE</DP>", "<DP/>")
    raw = read(D3, files.d3([patient, files.d3_patient(2, MODE_SORTIE="")]))
    assert raw.columns["outcome"] == [None, ""]
    assert raw.columns["diagnoses"] == ["ASTHME", f"GRIPPE{ITEM}ASTHME"]


@pytest.mark.parametrize("cut", [3, 12, 60, 300, 900])
def test_a_cut_xml_file_keeps_the_patients_before(cut: int) -> None:
    raw = read(D3, files.sample(D3, 5)[:-cut])
    assert raw.truncated.startswith("après")
    assert len(raw.line_no) == (5 if cut < 30 else 4 if cut < 200 else 2 if cut > 800 else 4)


def test_windows_letters_are_said() -> None:
    data = files.sample(D3).replace("fièvre".encode("iso-8859-15"), b"mal d\x92oreille")
    assert read(D3, data).notes == [("windows_bytes", "10")]


# --- JSON ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["[]", "3", '{"id": NaN}', "{", '{"id": "x" "y"}', "[" * 9000, '{"a":"' + "x" * 10_001 + '"}']
)
def test_a_line_that_is_not_an_object_is_refused(line: str) -> None:
    data = files.sample(D4, 2) + line.encode() + b"\n" + files.sample(D4, 1)
    raw = read(D4, data)
    assert [(number, check) for number, check, _ in raw.problems] == [
        (3, "LINE_TOO_LONG" if len(line) > 10_000 else "NOT_JSON")
    ]
    assert raw.line_no == [1, 2, 4]


def test_numbers_stay_text_and_odd_shapes_are_not_taken_for_absent() -> None:
    odd = files.d4_object(1, id=12, place=["59000"], patient="x", diagnoses={"code": "A"}, outcome=True)
    raw = read(D4, files.d4([odd]))
    assert [raw.columns[name] for name in ("visit_id", "postal_code", "sex", "diagnoses", "outcome")] == [
        ["12"],
        [STRANGE],
        [STRANGE],
        [STRANGE],
        [STRANGE],
    ]


def test_codes_carry_their_system() -> None:
    raw = read(D4, files.sample(D4, 1))
    assert raw.columns["diagnoses"] == [f"exemple-libelles{SYSTEM}GRIPPE"]
    assert raw.columns["reason_codes"] == ["FIEVRE"]
    assert raw.columns["reason_texts"] == ["toux"]


def test_a_last_object_is_whole_when_it_closes() -> None:
    data = files.sample(D4, 3)
    assert read(D4, data[:-1]).truncated == ""
    raw = read(D4, data[:-2])
    assert (raw.truncated, raw.problems) == ("à la ligne 3", [(3, "CUT_LINE", "")])
