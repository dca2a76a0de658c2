"""HL7 messages: read by declared paths, batches and cuts accounted for, hostile files refused in words."""

from __future__ import annotations

import pytest

from surveillance.intake.readers.hl7_message import parse_message, unescape, values_at
from surveillance.intake.readers.raw import FOREIGN, ITEM, SYSTEM
from tests import sample_formats as formats
from tests.reading_tools import LIMITS, raw_of, result_of, said, verdict_of

HL7 = "hl7-phin-adt"
NIST = (  # the public sample of the guide, abridged: nobody's visit
    "MSH|^~\\&||LakeMichMC^9879874000^NPI|||201204020040||ADT^A03^ADT_A03|NIST-SS-003.32|P|2.5.1|||||||||"
    "PH_SS-NoAck^SS Sender^2.16.840.1.114222.4.10.3^ISO\n"
    "EVN||201204020030|||||LakeMichMC^9879874000^NPI\n"
    "PID|1||33333^^^^MR||^^^^^^~^^^^^^S|||F||2106-3^^CDCREC|^^^^53217^^^^55089\n"
    "PV1|1||||||||||||||||||33333_001^^^^VN|||||||||||||||||09||||||||201204012130\n"
    "DG1|3||78791^Diarrhea^I9CDX|||F\n"
    "OBX|1|CWE|SS003^^PHINQUESTION||261QE0002X^Emergency Care^NUCC||||||F\n"
    "OBX|2|NM|21612-7^^LN||45|a^^UCUM|||||F\n"
    "OBX|3|CWE|8661-1^^LN||^^^^^^^^Diarrhea, stomach pain, dehydration||||||F\n"
)


def messages(size: int, **changes: str) -> list[str]:
    return [formats.hl7_message(n, **changes) for n in range(1, size + 1)]


def test_the_public_sample() -> None:
    raw = raw_of(HL7, NIST.encode())
    found = {name: column[0] for name, column in raw.columns.items() if column[0] is not None}
    assert found == {
        "visit_id": "33333_001",
        "start_at": "201204012130",
        "postal_code": "53217",
        "age": "45|a",
        "sex": "F",
        "reason_texts": "Diarrhea, stomach pain, dehydration",
        "diagnoses": f"{FOREIGN}{SYSTEM}78791",
        "outcome": "09",
        "status": "A03",
    }
    assert raw.association == FOREIGN  # a hospital of Lake Michigan is not in the map


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\x1c\r\x0b"])
def test_ends_of_segments(end: str) -> None:
    text = "".join(messages(3)).replace("\r", end)
    raw = raw_of(HL7, (("\x0b" if "\x1c" in end else "") + text).encode())
    assert (list(raw.line_no), raw.truncated, raw.association) == ([1, 2, 3], "", "5901")


def test_a_batch_announces_its_messages() -> None:
    assert raw_of(HL7, formats.hl7(messages(4), batch=True)).announced == 4
    result = result_of(HL7, formats.hl7(messages(4), batch=True, announced=6))
    assert (result.status, result.code, result.ledger["accepted"]) == ("partial", "truncated", 4)


@pytest.mark.parametrize("cut", [1, 7, 20, 60])
def test_a_cut_file_loses_its_last_message_only(cut: int) -> None:
    raw = raw_of(HL7, formats.hl7(messages(4))[:-cut])
    assert (list(raw.line_no), raw.problems) == ([1, 2, 3], [(4, "CUT_LINE", "")])
    assert raw.truncated == "après 3 messages"


def test_a_batch_without_its_end_is_cut() -> None:
    data = formats.hl7(messages(3), batch=True)
    for end in (data.index(b"BTS"), data.index(b"FTS"), len(data) - 9):
        raw = raw_of(HL7, data[:end])
        assert raw.truncated
        assert raw.problems == [(3, "CUT_LINE", "")]


@pytest.mark.parametrize(
    ("message", "check"),
    [
        ("MSH|^^^^|x\r", "NOT_HL7"),
        ("MSHABCDE|x\r", "NOT_HL7"),
        ("MSH\r", "NOT_HL7"),
        (formats.hl7_message(1).replace("ADT^", "ORU^"), "NOT_HL7"),
        (formats.hl7_message(1, reason="toux\rdepuis hier"), "NOT_HL7"),
        (formats.hl7_message(1, reason="x" * (LIMITS.line_chars + 1)), "LINE_TOO_LONG"),
    ],
)
def test_a_message_that_is_none_is_refused_alone(message: str, check: str) -> None:
    raw = raw_of(HL7, formats.hl7([formats.hl7_message(1), message, formats.hl7_message(2)]))
    assert (list(raw.line_no), raw.problems) == ([1, 3], [(2, check, "")])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\r\r", "empty"),
        (b"FHS|^~\\&\rFTS|0\r", "empty"),
        (b"PID|1\r", "unreadable"),
        (b"FTS|0\r", "unreadable"),
        (formats.hl7(messages(2)) + b"BTS|2\r", "unreadable"),
        (formats.hl7(messages(2), batch=True) + b"PID|1\r", "unreadable"),
        (formats.hl7([formats.hl7_message(1).replace("ADT^", "ORU^")]), "unreadable"),
        (formats.hl7(messages(2)).replace(b"toux", b"to\0x"), "unreadable"),
        (formats.hl7(messages(2)).replace(b"PV1|", b"PV2|"), "header_changed"),
        (formats.hl7(messages(1)) + formats.hl7(messages(1)).replace(b"590000016", b"590000017"), "wrong_association"),
        (b"id;sexe\r\n1;F\r\n", "unreadable"),
        (b"\x00\xff\xfe" * 100, "encoding"),
    ],
)
def test_a_file_that_is_not_as_agreed_is_refused(data: bytes, code: str) -> None:
    assert verdict_of(HL7, data)[0] == code


def test_what_is_too_large_is_not_read() -> None:
    small = LIMITS.model_copy(update={"whole_bytes": 1000})
    assert verdict_of(HL7, formats.sample(HL7), small)[0] == "too_large"


@pytest.mark.parametrize(
    ("changes", "column", "value", "flags"),
    [
        ({"age": "8", "unit": "mo"}, "age_m", 8, []),
        ({"age": "8", "unit": "mo"}, "age_y", 0, []),
        ({"age": "3", "unit": "wk"}, "age_m", 0, []),
        ({"age": "40", "unit": "d"}, "age_m", 1, []),
        ({"age": "121", "unit": "a"}, "age_y", None, ["AGE_RANGE"]),
        ({"age": "45", "unit": "years"}, "age_y", None, ["AGE_UNREADABLE"]),
        ({"age": "", "unit": ""}, "age_band", "NR", []),
        ({"birth": "20230114"}, "age_m", 12, []),
        ({"event": "A11"}, "status", "cancelled", []),
        ({"event": "A13"}, "status", "active", []),
        ({"event": "A60"}, "status", "active", ["STATUS_UNKNOWN"]),
        ({"sex": "O"}, "sex", "I", []),
        ({"sex": '""'}, "sex", "NR", []),
        ({"kind": "E"}, "act_type", "AUTRE", []),
        ({"outcome": "20"}, "outcome", "DECES", []),
        ({"outcome": "99"}, "outcome", "NR", ["OUTCOME_UNKNOWN"]),
        ({"start": "20240114101530.123+0100"}, "hour", 10, []),
        ({"start": "202401142330-0500"}, "event_date", formats.date(2024, 1, 15), ["SAME_DAY"]),
        ({"more": "DG1|2||R05^^I10C|||F\rZZZ|1"}, "diagnoses", ["J11.1", "R05"], []),
        ({"code": "E81.2", "system": "I9CDX"}, "thesaurus", "CIM10", ["DIAG_UNKNOWN"]),
        ({"reason": "fievre\\T\\toux\\.br\\\\X0A\\otite"}, "reason_concepts", ["fievre", "otite", "toux"], []),
    ],
)
def test_a_message_kept(changes: dict[str, str], column: str, value: object, flags: list[str]) -> None:
    result = result_of(HL7, formats.hl7([formats.hl7_message(1, **changes), *messages(9)[1:]]))
    row = result.visits.slice(0, 1).to_pylist()[0]
    assert (row[column], row["dq"]) == (value, flags)


def test_codes_of_another_system_are_not_read() -> None:
    result = result_of(HL7, formats.hl7([formats.hl7_message(1, code="E81.2", system="I9CDX")]))
    (codes,) = result.visits["diagnoses"].to_pylist()
    assert codes[0].startswith("?")


def test_the_last_message_about_a_visit_counts() -> None:
    both = [formats.hl7_message(1), formats.hl7_message(1, event="A11"), *messages(8)[1:]]
    result = result_of(HL7, formats.hl7(both))
    assert result.refusals["check"].to_pylist() == ["DUPLICATE_ID"]
    assert result.visits["status"].to_pylist().count("cancelled") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\\F\\b", "a|b"),
        ("a\\S\\b\\R\\c\\T\\d\\E\\e", "a^b~c&d\\e"),
        ("\\X41C3\\", "A "),
        ("\\Z01\\x", " x"),
        ("half \\", "half \\"),
        ("\\X4\\", " "),
    ],
)
def test_escapes(text: str, expected: str) -> None:
    message = parse_message(["MSH|^~\\&|", "OBX|1"])
    assert message is not None
    assert unescape(text, message.marks) == expected


def test_other_delimiters_are_read_as_declared() -> None:
    message = parse_message(["MSH$@*!%$$A@B$", "PID$1$$X*Y@Z"])
    assert message is not None
    assert values_at(message, "PID-3") == ["X", "Y"]
    assert values_at(message, "PID-3.2") == ["", "Z"]
    assert values_at(message, "MSH-4.2") == ["B"]
    assert values_at(message, "PID-9") == [""]


def test_no_value_is_ever_said() -> None:
    broken = formats.hl7_message(1, reason="DUPONTSECRET\r0612345678", id="SECRET1")
    result = result_of(HL7, formats.hl7([broken, formats.hl7_message(2, start="SECRETDATE"), *messages(9)[2:]]))
    assert result.ledger["refused"] == 2
    assert "SECRET" not in said(result)
    assert ITEM not in said(result)
