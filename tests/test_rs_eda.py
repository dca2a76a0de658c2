"""RS-EDA documents: cases out of any envelope, strict JSON, cuts and odd shapes accounted for."""

from __future__ import annotations

import json
from datetime import date

import pytest

from surveillance.intake.age_texts import age_reader
from surveillance.intake.readers.raw import ITEM
from tests import sample_formats as formats
from tests.reading_tools import LIMITS, raw_of, result_of, said, verdict_of

EDA = "json-rs-eda"


def cases(size: int) -> list[dict[str, object]]:
    return [formats.case_of(n) for n in range(1, size + 1)]


@pytest.mark.parametrize(
    "document",
    [
        cases(3),
        formats.envelope(cases(3)),
        [formats.envelope(cases(2)), formats.case_of(3)],
        [{"createCaseHealth": case} for case in cases(3)],
        [{"createCase": case} for case in cases(3)],
    ],
)
def test_cases_are_found_in_any_envelope(document: object) -> None:
    raw = raw_of(EDA, formats.documents(document))
    assert (list(raw.line_no), raw.problems, raw.truncated) == ([1, 2, 3], [], "")
    assert len(set(raw.columns["visit_id"])) == 3


def test_one_document_is_one_case() -> None:
    raw = raw_of(EDA, formats.documents(formats.case_of(1)))
    assert raw.columns["insee_code"] == ["59350"]
    assert raw.columns["diagnoses"] == ["J11.1"]


def test_a_case_with_several_patients_is_one_visit() -> None:
    patients = [
        {"detail": {"age": "P2Y"}, "hypothesis": {"mainDiagnosis": {"code": "J11.1"}}},
        {"detail": {"age": "P40Y"}, "hypothesis": {"otherDiagnosis": [{"code": "R05"}, {"code": "R50.9"}]}},
    ]
    raw = raw_of(EDA, formats.documents([formats.case_of(1, patient=patients)]))
    assert raw.columns["age"] == ["P2Y"]
    assert raw.columns["diagnoses"] == [ITEM.join(["J11.1", "R05", "R50.9"])]


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("[]", "NOT_JSON"),
        ("3", "NOT_JSON"),
        ('{"caseId": "a", "caseId": "b"}', "NOT_JSON"),
        ('{"caseId": NaN}', "NOT_JSON"),
        ('{"a": {"b": [1, {"c": 1, "c": 2}]}}', "NOT_JSON"),
        ('{"a":' * 30 + "1" + "}" * 30, "NOT_JSON"),
        ('{"a": "' + "x" * (LIMITS.line_chars + 1) + '"}', "LINE_TOO_LONG"),
    ],
)
def test_a_case_that_is_none_is_refused_alone(text: str, check: str) -> None:
    one, two = (json.dumps(case) for case in cases(2))
    raw = raw_of(EDA, f"[{one},\n{text},\n{two}]".encode())
    assert (list(raw.line_no), raw.problems) == ([1, 3], [(2, check, "")])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"[]", "empty"),
        (b"[", "empty"),
        (b'{"content": []} {"a": 1}', "unreadable"),
        (formats.documents(cases(2)) + b"x", "unreadable"),
        (formats.documents(cases(2)).replace(b'"caseId"', b"caseId", 1), "unreadable"),
        (b"[" * 100_000 + b"]" * 100_000, "unreadable"),
        (formats.documents(formats.envelope(cases(1))).replace(b'"senderID"', b'"distributionID"'), "unreadable"),
        (formats.documents(cases(2)).replace(b"caseId", b"case"), "header_changed"),
        (formats.documents(cases(2)).replace(b"fievre", b"fi\xe8vre"), "encoding"),
        (formats.documents(cases(2)).replace(b"fievre", b"\0"), "unreadable"),
        (formats.documents(cases(2)).decode().encode("utf-16"), "encoding"),
    ],
)
def test_a_file_that_is_not_as_agreed_is_refused(data: bytes, code: str) -> None:
    assert verdict_of(EDA, data)[0] == code


@pytest.mark.parametrize(("left", "kept", "refused"), [(1, 3, 0), (2, 2, 1), (40, 2, 1), (300, 2, 1)])
def test_a_cut_array_keeps_the_documents_before(left: int, kept: int, refused: int) -> None:
    data = json.dumps(cases(3)).encode()[:-left]
    raw = raw_of(EDA, data)
    assert (len(raw.line_no), [check for _, check, _ in raw.problems]) == (kept, ["CUT_LINE"] * refused)
    assert raw.truncated == f"après {kept} documents"


def test_a_cut_document_is_one_line_cut() -> None:
    result = result_of(EDA, formats.documents(formats.case_of(1))[:-30])
    assert (result.status, result.code, result.ledger["refused"]) == ("refused", "truncated", 1)


@pytest.mark.parametrize(
    ("changes", "column", "value", "flags"),
    [
        ({}, "reason_codes", ["M03.14"], ["REASON_UNKNOWN"]),
        ({}, "dep_res", "59", ["REASON_UNKNOWN"]),
        ({"qualification": {"healthMotive": {"code": "M17.03.01"}}}, "reason_codes", ["M17.03.01"], ["REASON_UNKNOWN"]),
        ({"qualification": {}}, "reason_codes", [], []),
        ({"location": {"city": {"inseeCode": "2A004"}}, "qualification": {}}, "dep_res", "2A", []),
        ({"location": {"city": {"inseeCode": "97209"}}, "qualification": {}}, "dep_res", "972", []),
        ({"location": {"city": {"inseeCode": "99109"}}, "qualification": {}}, "dep_res", "99", []),
        ({"location": {"city": {"inseeCode": "01999"}}, "qualification": {}}, "dep_res", "01", ["COMMUNE_UNKNOWN"]),
        ({"location": {"city": {"inseeCode": "5935"}}, "qualification": {}}, "dep_res", None, ["COMMUNE_UNREADABLE"]),
        ({"patient": [{"detail": {"age": "P8M"}}], "qualification": {}}, "age_m", 8, []),
        ({"patient": [{"detail": {"age": "P10D"}}], "qualification": {}}, "age_m", 0, []),
        ({"patient": {"detail": {"age": "P3Y"}}, "qualification": {}}, "age_y", 3, []),
        ({"patient": [{"detail": {"age": "P3Y2M"}}], "qualification": {}}, "age_y", None, ["AGE_UNREADABLE"]),
        ({"patient": [{"identity": {"strictFeatures": {"sex": "O"}}}], "qualification": {}}, "sex", "I", []),
        ({"patient": [{"identity": {"strictFeatures": {"sex": "UN"}}}], "qualification": {}}, "sex", "NR", []),
        ({"decision": [], "qualification": {}}, "outcome", "NR", []),
        ({"decision": [{"orientationType": "REA-USI"}], "qualification": {}}, "outcome", "HOSPIT", []),
        ({"creation": "2024-01-14T23:30:00-05:00", "qualification": {}}, "event_date", date(2024, 1, 15), ["SAME_DAY"]),
    ],
)
def test_a_case_kept(changes: dict[str, object], column: str, value: object, flags: list[str]) -> None:
    result = result_of(EDA, formats.documents([formats.case_of(1, **changes), *cases(9)[1:]]))
    row = result.visits.slice(0, 1).to_pylist()[0]
    assert (row[column], row["dq"]) == (value, flags)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"creation": "2024-01-14T10:00:00Z"}, "DATE_UNREADABLE"),
        ({"creation": "2024-01-14T10:00:00"}, "DATE_UNREADABLE"),
        ({"creation": ["2024-01-14T10:00:00+01:00"]}, "DATE_MISSING"),
        ({"caseId": "abc"}, "ID_SHAPE"),
        ({"caseId": "a" * 60 + "!"}, "ID_SHAPE"),
        ({"caseId": "a..b.c.d"}, "ID_SHAPE"),
        ({"caseId": None}, "ID_MISSING"),
    ],
)
def test_a_case_refused(changes: dict[str, object], check: str) -> None:
    result = result_of(EDA, formats.documents([formats.case_of(1, **changes), *cases(9)[1:]]))
    assert result.refusals["check"].to_pylist() == [check]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P34Y", ((34, None), "")),
        ("P121Y", ((None, None), "AGE_RANGE")),
        ("P23M", ((1, 23), "")),
        ("P52W", ((0, 11), "")),
        ("P53W", ((1, 12), "")),
        ("P400D", ((1, 13), "")),
        ("34", ((None, None), "AGE_UNREADABLE")),
        ("P34Y ", ((None, None), "AGE_UNREADABLE")),
        ("34|a", ((34, None), "")),
        ("34|y", ((None, None), "AGE_UNREADABLE")),
    ],
)
def test_ages_with_their_unit(text: str, expected: tuple[tuple[int | None, int | None], str]) -> None:
    assert age_reader(["iso8601", "ucum"], 120)(text) == expected


def test_no_value_is_ever_said() -> None:
    odd = formats.case_of(1, creation="SECRET", medicalNote=[{"freetext": "SECRET"}], caseId="SECRET SECRET")
    assert "SECRET" not in said(result_of(EDA, formats.documents([odd, *cases(9)[1:]])))
    assert "SECRET" not in verdict_of(EDA, b'[{"SECRET": }]')[1]
