"""One file in, its result out: verdicts, accounts, flags, and nothing of what must not be kept."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveillance.associations import load_associations
from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.intake.reading import FileResult, IntakeContext, build_context, check_file, read_file
from surveillance.intake.refusals import REFUSALS
from surveillance.intake.visits import SCHEMA
from tests import sample_files as files

D1, D2, D3, D4 = files.DIALECTS
CONTEXT = build_context(Content(), files.KEY)


def read(
    dialect: str,
    data: bytes,
    name: str | None = None,
    night: date | None = files.NIGHT,
    context: IntakeContext = CONTEXT,
    **changes: Any,
) -> FileResult:
    """Reads a file of the invented association and checks what holds for every file."""
    member = files.association(dialect, **changes)
    result = read_file(
        data, files.NAMES[dialect] if name is None else name, member, context.dialects[dialect], context, night
    )
    ledger = result.ledger
    assert result.visits.schema == SCHEMA
    assert result.refusals.schema == REFUSALS
    assert result.visits.num_rows == ledger["accepted"] == sum(result.dates.values())
    assert (
        ledger["lines_in"]
        == ledger["accepted"] + ledger["refused"] + ledger["header"] + ledger["blank"] + ledger["total"]
    )
    assert ledger["data_lines"] == ledger["accepted"] + ledger["refused"]
    if result.refusals["line_no"].to_pylist() != [0]:
        assert result.refusals.num_rows == ledger["refused"]
    assert result.visits.validate(full=True) is None
    return result


def first(result: FileResult) -> dict[str, object]:
    """The first visit."""
    row: dict[str, object] = result.visits.slice(0, 1).to_pylist()[0]
    return row


@pytest.mark.parametrize("dialect", files.DIALECTS)
def test_a_sound_file(dialect: str) -> None:
    result = read(dialect, files.sample(dialect))
    assert (result.status, result.code, result.detail, result.notes) == ("received", "ok", "", ())
    assert (result.dates, result.visit_day) == ({files.DAY: 10}, files.DAY)
    row = first(result)
    assert [row[name] for name in ("association", "dep_care", "dep_res", "event_date", "hour", "act_type")] == [
        "5901",
        "59",
        "59",
        files.DAY,
        10,
        "VISITE",
    ]
    assert row["dialect"] == f"{dialect}/1"
    assert row["thesaurus"] == ("CIM10" if dialect == D2 else "exemple-libelles")
    assert "toux" in row["reason_concepts"]  # type: ignore[operator]
    assert set(map(len, result.visits["visit_uid"].to_pylist())) == {32}
    assert set(map(len, result.visits["content_hash"].to_pylist())) == {16}
    assert result.visits["dq"].to_pylist() == [[]] * 10


@pytest.mark.parametrize(
    ("changes", "column", "value", "flags"),
    [
        ({"birth": "14/01/2023"}, "age_y", 1, []),
        ({"birth": "14/01/2023"}, "age_m", 12, []),
        ({"birth": "15/01/2023"}, "age_band", "0", []),
        ({"birth": "14/01/2022"}, "age_m", None, []),
        ({"birth": "14/01/1903"}, "age_band", "NR", ["AGE_RANGE"]),
        ({"birth": "15/01/2024"}, "age_y", None, ["AGE_RANGE"]),
        ({"birth": "1980"}, "age_band", "NR", ["AGE_UNREADABLE"]),
        ({"birth": ""}, "age_band", "NR", []),
        ({"sex": "H"}, "sex", "M", []),
        ({"sex": "?"}, "sex", "NR", []),
        ({"sex": "X"}, "sex", "NR", ["SEX_UNKNOWN"]),
        ({"act": "Annulé"}, "status", "cancelled", []),
        ({"act": "Annulé"}, "act_type", "ANNULE", []),
        ({"act": "Autre chose"}, "act_type", "AUTRE", ["ACT_UNKNOWN"]),
        ({"outcome": "DECES"}, "outcome", "DECES", []),
        ({"outcome": ""}, "outcome", "NR", []),
        ({"code": "tel 0612345678"}, "dq", ["DIAG_UNKNOWN"], ["DIAG_UNKNOWN"]),
        ({"code": "grippe", "code2": "Asthme"}, "diagnoses", ["GRIPPE", "ASTHME"], []),
        ({"code": "", "code2": ""}, "diagnoses", [], []),
        ({"hour": ""}, "hour", None, []),
        ({"hour": "25h00"}, "hour", None, ["TIME_UNREADABLE"]),
        ({"day": "", "hour": ""}, "event_date", files.DAY, ["NO_START"]),
        ({"day": "14-01-2024"}, "event_date", files.DAY, ["START_UNREADABLE"]),
        ({"call_day": "13/01/2024", "call": "23h50", "hour": "00h40"}, "hour", 0, []),
        ({"call": "23h50"}, "hour", 10, ["CALL_AFTER_START"]),
        ({"call_day": "hier"}, "event_date", files.DAY, ["CALL_UNREADABLE"]),
        ({"day": "15/01/2024"}, "event_date", files.NIGHT, ["SAME_DAY"]),
        ({"day": "31/12/2023"}, "dq", ["CALL_AFTER_START", "LATE"], ["CALL_AFTER_START", "LATE"]),
        ({"reason1": "x" * 501}, "reason_concepts", ["toux"], ["TEXT_LONG"]),
    ],
)
def test_a_line_kept(changes: dict[str, str], column: str, value: object, flags: list[str]) -> None:
    row = first(read(D1, files.d1([files.d1_line(1, **changes), *map(files.d1_line, range(2, 9))])))
    assert (row[column], row["dq"]) == (value, flags)


@pytest.mark.parametrize(
    ("changes", "check", "column"),
    [
        ({"id": " "}, "ID_MISSING", "N° dossier"),
        ({"id": "NA"}, "ID_MISSING", "N° dossier"),
        ({"id": "1" * 65}, "ID_SHAPE", "N° dossier"),
        ({"id": "1\x07"}, "ID_SHAPE", "N° dossier"),
        ({"day": "", "call_day": ""}, "DATE_MISSING", "Date visite"),
        ({"day": "31/02/2024", "call_day": ""}, "DATE_UNREADABLE", "Date visite"),
        ({"day": "16/01/2024"}, "DATE_FUTURE", "Date visite"),
        ({"day": files.days_before(files.NIGHT, 401)}, "DATE_OLD", "Date visite"),
    ],
)
def test_a_line_refused(changes: dict[str, str], check: str, column: str) -> None:
    result = read(D1, files.d1([files.d1_line(0), files.d1_line(1, **changes), *map(files.d1_line, range(2, 9))]))
    (row,) = result.refusals.to_pylist()
    assert (row["line_no"], row["check"], row["column"]) == (3, check, column)
    assert row["sentence_fr"] == CONTEXT.checks.sentence(check)
    assert (result.code, result.ledger["accepted"]) == ("ok", 8)


def test_400_days_are_not_too_old() -> None:
    line = files.d1_line(1, call_day="", day=files.days_before(files.NIGHT, 400))
    assert first(read(D1, files.d1([line])))["dq"] == ["LATE"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"years": "1", "months": "13"}, (1, 13, "1", [])),
        ({"years": "", "months": "7"}, (0, 7, "0", [])),
        ({"years": "3", "months": "36"}, (3, None, "02-04", [])),
        ({"years": "3", "months": "7"}, (3, None, "02-04", ["AGE_MONTHS"])),
        ({"years": "", "months": "1460"}, (None, None, "NR", ["AGE_RANGE"])),
        ({"years": "200", "months": ""}, (None, None, "NR", ["AGE_RANGE"])),
        ({"years": "NA", "months": "NA"}, (None, None, "NR", [])),
        ({"years": '"3,5"', "months": ""}, (None, None, "NR", ["AGE_UNREADABLE"])),
        ({"years": "3.5", "months": ""}, (None, None, "NR", ["AGE_UNREADABLE"])),
    ],
)
def test_years_and_months(changes: dict[str, str], expected: tuple[object, ...]) -> None:
    row = first(read(D2, files.d2([files.d2_line(1, **changes), *map(files.d2_line, range(2, 8))], bom=False)))
    assert (row["age_y"], row["age_m"], row["age_band"], row["dq"]) == expected


@pytest.mark.parametrize(
    ("end", "flags"),
    [
        ("", []),
        ("2024-01-14T10:31:00", []),
        ("2024-01-14T10:00:00+01:00", ["DURATION"]),
        ("2024-01-14T16:02:00", ["DURATION"]),
        ("soon", ["END_UNREADABLE"]),
    ],
)
def test_the_end_of_a_visit(end: str, flags: list[str]) -> None:
    assert first(read(D2, files.d2([files.d2_line(1, end=end), *map(files.d2_line, range(2, 8))])))["dq"] == flags


def test_hours_are_those_of_the_association() -> None:
    data = files.d2([files.d2_line(1, call="", start="2024-01-15T02:30:00Z"), *map(files.d2_line, range(2, 8))])
    martinique: dict[str, Any] = {
        "code": "97201",
        "department": "972",
        "region": "02",
        "timezone": "America/Martinique",
    }
    row = first(read(D2, data, name="sos_97201_2024-01-14.csv.gz", **martinique))
    assert (row["event_date"], row["hour"], row["dep_care"]) == (files.DAY, 22, "972")


def test_hours_that_exist_twice_are_flagged_where_they_do() -> None:
    line = files.d1_line(1, call_day="", day="27/10/2024", hour="02h30")
    night = date(2024, 10, 28)
    assert first(read(D1, files.d1([line]), night=night))["dq"] == ["DST_AMBIG"]
    assert first(read(D1, files.d1([line]), night=night, timezone="America/Martinique"))["dq"] == []


def test_a_cancelled_json_visit() -> None:
    assert first(read(D4, files.d4([files.d4_object(1, status="cancelled")])))["status"] == "cancelled"


# --- verdicts on a file --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "data", "name", "verdict"),
    [
        (D1, files.sample(D1)[:-30], None, ("partial", "truncated", "à la ligne 11")),
        (
            D1,
            files.sample(D1) + b"TOTAL;12\r\n",
            None,
            ("partial", "truncated", "12 lignes annoncées par la ligne de total, 10 lues"),
        ),
        (D1, files.sample(D1) + b"TOTAL;10\r\n", None, ("received", "ok", "")),
        (D1, files.sample(D1) + b"x\r\n", None, ("received", "ok", "")),
        (
            D1,
            files.sample(D1) + b"x\r\n" * 2,
            None,
            ("partial", "lines_refused", "2 sur 12 (16,7 %)"),
        ),
        (
            D1,
            files.sample(D1) + b"x\r\n" * 11,
            None,
            ("refused", "lines_refused", "11 sur 21 (52,4 %)"),
        ),
        (
            D1,
            files.sample(D1).replace(b"Sexe", b"Genre"),
            None,
            ("refused", "header_changed", "colonne attendue absente : Sexe ; colonne inattendue : Genre"),
        ),
        (D1, files.sample(D1, 1)[:-30], None, ("refused", "truncated", "à la ligne 2")),
        (
            D2,
            files.sample(D2),
            "sos_5902_2024-01-14.csv.gz",
            ("refused", "wrong_association", "le nom dit 5902, attendu 5901"),
        ),
        (
            D3,
            files.d3([files.d3_patient(1)], "5902"),
            None,
            ("refused", "wrong_association", "le contenu dit 5902, attendu 5901"),
        ),
        (D4, files.sample(D4)[:-100], None, ("partial", "truncated", "à la ligne 10")),
        (D4, b"", None, ("refused", "empty", "0 octet")),
    ],
)
def test_verdicts(dialect: str, data: bytes, name: str | None, verdict: tuple[str, str, str]) -> None:
    result = read(dialect, data, name)
    assert (result.status, result.code, result.detail) == verdict
    assert (result.status == "refused") == (result.visits.num_rows == 0)
    assert bool(result.sentence_fr) == (result.code != "ok")


def test_a_blocked_file_accounts_for_the_lines_that_were_sound() -> None:
    result = read(D1, files.sample(D1) + b"x\r\n" * 11)
    checks = result.refusals["check"].to_pylist()
    assert (checks.count("FILE_BLOCKED"), checks.count("FIELD_COUNT")) == (10, 11)


def test_the_last_of_a_repeated_visit_stays() -> None:
    lines = [files.d1_line(1), files.d1_line(2), files.d1_line(1), files.d1_line(2, code="ASTHME")]
    result = read(D1, files.d1([*lines, *map(files.d1_line, range(3, 10))]))
    assert result.refusals.select(["line_no", "check"]).to_pylist() == [
        {"line_no": 2, "check": "DUPLICATE"},
        {"line_no": 3, "check": "DUPLICATE_ID"},
    ]
    assert result.visits["line_no"].to_pylist()[:2] == [4, 5]
    assert result.visits["diagnoses"].to_pylist()[1] == ["ASTHME"]
    assert (result.code, result.notes) == ("ok", (("repeated", "visites répétées dans le fichier : 2"),))


@pytest.mark.parametrize(
    ("data", "name", "note"),
    [
        (files.sample(D1), "export du 14.csv", "bad_name"),
        (files.sample(D1, 4), None, "volume"),
        (files.d1([files.d1_line(1, day="07/01/2024")]), None, "outside_window"),
        (files.sample(D1, 21), None, "volume"),
        (files.d1([files.d1_line(n, code="") for n in range(10)]), None, "uncoded"),
        (files.d1([files.d1_line(n, sex="Z") for n in range(10)]), None, "unknown_values"),
        (files.sample(D1).replace(b"Motif appel 2;", b"Motif appel II;"), None, "columns_absent"),
    ],
)
def test_notes(data: bytes, name: str | None, note: str) -> None:
    result = read(D1, data, name)
    assert note in [check for check, _ in result.notes] + [result.code]
    assert result.code in ("ok", "header_changed")


# --- the same, always ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", files.DIALECTS)
def test_pure_and_the_same_in_another_context(dialect: str) -> None:
    data = files.sample(dialect, 30)
    one, other = read(dialect, data), read(dialect, data, context=build_context(Content(), files.KEY))
    assert one.visits.equals(other.visits)
    assert one.refusals.equals(other.refusals)


def test_a_visit_sent_again_has_the_same_number_and_hash_until_it_changes() -> None:
    sent = read(D1, files.d1([files.d1_line(1, day="15/01/2024"), files.d1_line(2), files.d1_line(3)]))
    again = read(
        D1,
        files.d1([files.d1_line(2), files.d1_line(3, outcome="SAMU"), files.d1_line(1, day="15/01/2024")]),
        night=date(2024, 1, 16),
    )
    before = {row["visit_uid"]: row["content_hash"] for row in sent.visits.to_pylist()}
    after = [(row["visit_uid"] in before, row["content_hash"] in before.values()) for row in again.visits.to_pylist()]
    assert after == [(True, True), (True, False), (True, True)]


def test_reading_two_files_is_reading_their_lines() -> None:
    """What a line means depends on nothing but the line (a reader that infers types fails this)."""
    lines = [files.d1_line(n, postal=postal) for n, postal in enumerate(("01000", "20000", "97200", "99999", "NA"))]
    whole = read(D1, files.d1(lines)).visits.drop_columns(["file_sha256", "line_no"])
    parts = [read(D1, files.d1([line])).visits.drop_columns(["file_sha256", "line_no"]) for line in lines]
    assert whole.equals(pa.concat_tables(parts).combine_chunks())


def test_without_a_night_the_name_bounds_the_days() -> None:
    line = files.d1_line(1, day="17/01/2024")
    assert read(D1, files.d1([line]), night=None).refusals["check"].to_pylist() == ["DATE_FUTURE"]
    assert read(D1, files.d1([line]), night=None, name="other.csv").code == "ok"


def test_an_unknown_dialect_or_thesaurus_is_a_content_error() -> None:
    with pytest.raises(ContentError, match="no dialect"):
        CONTEXT.dialect_of(files.association("csv-none"))
    with pytest.raises(ContentError, match="no thesaurus"):
        read(D1, files.sample(D1), thesaurus="none")


def test_check_file_says_what_the_night_would(tmp_path: Path) -> None:
    path = tmp_path / files.NAMES[D1]
    path.write_bytes(files.sample(D1)[:-30])
    one = check_file(path, files.association(D1), Content())
    other = read(D1, path.read_bytes())
    assert (one.status, one.code, one.detail, one.ledger, one.notes) == (
        other.status,
        other.code,
        other.detail,
        other.ledger,
        other.notes,
    )
    assert one.refusals.equals(other.refusals)


# --- whatever a sender does ----------------------------------------------------------------------------------


def mutate(data: bytes, seed: int, blows: int) -> bytes:
    """A file after some accidents: bytes changed, removed, repeated, cut."""
    dice, found = random.Random(seed), bytearray(data)
    for _ in range(blows):
        at, size = dice.randrange(len(found) + 1), dice.randrange(1, 40)
        match dice.randrange(6):
            case 0:
                found[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del found[at : at + size]
            case 2:
                found[at:at] = found[at : at + size]
            case 3:
                found[at:at] = dice.choice(
                    [b'"', b";", b",", b"\n", b"\r\n", b"\0", b"<", b"&", b"{", b"\xff", b"TOTAL;3", b"\xc3\xa9"]
                )
            case 4:
                del found[at:]
            case _:
                other = dice.randrange(len(found) + 1)
                found[at : at + size] = found[other : other + size]
    return bytes(found)


@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(files.DIALECTS), st.integers(0, 2**32), st.integers(1, 6), st.booleans())
def test_no_mutation_of_a_file_breaks_the_accounts(dialect: str, seed: int, blows: int, inside: bool) -> None:
    data = files.sample(dialect, 6)
    if inside and dialect == D2:
        data = gzip.compress(mutate(gzip.decompress(data), seed, blows), mtime=0)
    else:
        data = mutate(data, seed, blows)
    result = read(dialect, data)
    assert result.status in ("received", "partial", "refused")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(files.DIALECTS), st.binary(max_size=300))
def test_no_bytes_at_all_break_it(dialect: str, data: bytes) -> None:
    assert read(dialect, data).status == "refused"


CANARIES = [f"KANARI{n:04d}" for n in range(12)] + ["29/02/1988", "1988-02-29", "KANARIVILLE", "0698765432"]


def with_canaries(dialect: str) -> bytes:
    """A file with a canary wherever an association could have typed something."""
    c = CANARIES
    match dialect:
        case "csv-fr-cp1252":
            values = {
                "id": c[0],
                "city": c[1],
                "birth": c[12],
                "reason1": c[2],
                "reason2": c[3],
                "label": c[4],
                "code": c[5],
                "label2": c[6],
                "outcome": c[7],
                "act": c[8],
                "sex": c[9],
                "postal": c[10],
                "hour": c[11],
            }
            broken = [
                f"{c[0]};{c[1]}",
                files.d1_line(3, city='"' + c[14]),
                files.d1_line(4, day=c[3], call_day=c[4]),
                files.d1_line(5, id=c[2] * 20),
            ]
            return files.d1([files.d1_line(1, **values), *broken, *map(files.d1_line, range(10, 20)), c[0]], end="")
        case "csv-utf8-iso":
            values = {
                "id": c[0],
                "postal": c[1],
                "years": c[2],
                "months": c[3],
                "sex": c[4],
                "reason": c[14],
                "text": c[5],
                "d1": c[6],
                "d2": c[7],
                "outcome": c[8],
                "act": c[9],
                "end": c[10],
                "call": c[11],
            }
            return files.d2([files.d2_line(1, **values), c[1], *map(files.d2_line, range(10, 20))])
        case "xml-rpu-like":
            values = {
                "DOSSIER": c[0],
                "CP": c[1],
                "COMMUNE": c[2],
                "NAISSANCE": c[12],
                "SEXE": c[3],
                "APPEL": c[4],
                "MOTIF": c[5],
                "DP": c[6],
                "LISTE_DA": f"<DA>{c[7]}</DA>",
                "MODE_SORTIE": c[8],
                "TYPE_ACTE": c[9],
                "NOM": c[10],
            }
            return files.d3(
                [files.d3_patient(1, **values), *map(files.d3_patient, range(2, 9)), f"<PATIENT><NOM>{c[11]}"]
            )
        case _:
            odd = files.d4_object(
                1,
                id=c[0],
                outcome=c[1],
                act_type=c[2],
                status=c[3],
                nom=c[4],
                diagnoses=[{"code": c[5], "system": c[6]}],
                reasons=[{"text": c[7]}, {"code": c[14]}],
                patient={"birth_date": c[13], "sex": c[8]},
                place={"postal_code": c[9]},
            )
            return files.d4([odd, *map(files.d4_object, range(2, 9))]) + f'{{"id": "{c[10]}'.encode()


def everything_said(result: FileResult) -> str:
    """Every text a result holds, its tables included."""
    out = io.StringIO()
    csv.writer(out).writerows(row.values() for row in result.visits.to_pylist() + result.refusals.to_pylist())
    facts = [
        result.status,
        result.code,
        result.detail,
        result.sentence_fr,
        result.notes,
        str(result.dates),
        result.dialect,
    ]
    return out.getvalue() + json.dumps(facts, default=str)


@pytest.mark.parametrize("thesaurus", ["exemple-libelles", "exemple-cisp", "exemple-cim10"])
@pytest.mark.parametrize("dialect", files.DIALECTS)
def test_no_canary_comes_out(dialect: str, thesaurus: str) -> None:
    data = with_canaries(dialect)
    wrong = data.replace(b"Sexe", CANARIES[1].encode()) if dialect == D1 else data[: len(data) // 2]
    headless = data.partition(b"\n")[2] if dialect == D1 else data
    for version in (data, wrong, headless):
        result = read(dialect, version, thesaurus=thesaurus)
        said = everything_said(result)
        assert [canary for canary in CANARIES if canary in said] == []
    assert result.visits.num_rows or result.status == "refused"


def test_flags_of_the_canary_file_are_told() -> None:
    row = first(read(D1, with_canaries(D1)))
    flags = {
        "TIME_UNREADABLE",
        "SEX_UNKNOWN",
        "OUTCOME_UNKNOWN",
        "ACT_UNKNOWN",
        "DIAG_UNKNOWN",
        "POSTAL_UNREADABLE",
    }
    assert set(row["dq"]) == flags  # type: ignore[call-overload]


def test_days_are_dated_from_the_night() -> None:
    result = read(D1, files.sample(D1), night=files.NIGHT + timedelta(days=20))
    assert set(result.visits["dq"].to_pylist()[0]) == {"LATE"}


@pytest.mark.slow
def test_simulated_faults_are_told_as_their_truth_says(tmp_path: Path) -> None:
    """A night of 63 feeds in which every fault a file can have happens in every dialect that can have it."""
    from surveillance.simulation import parse_fault, simulate

    members = load_associations(Content())
    free = {dialect: [item for item in members if item.dialect == dialect] for dialect in files.DIALECTS}
    kinds = ("truncated", "header", "encoding", "empty", "wrong_association", "total_line", "duplicate")
    faults = [
        fault
        for kind in kinds
        for dialect in files.DIALECTS
        if (fault := parse_fault(f"{kind}:{free[dialect][-1].code}@{files.NIGHT}")).suits(free[dialect][-1])
        and free[dialect].pop()
    ]
    truth = simulate(Content(), files.NIGHT, files.NIGHT, tmp_path, faults=faults)
    expected = {item["association"]: (item["status"], item["code"]) for item in truth.faults}
    assert len(expected) == len(faults) >= 16
    for member in members:
        dialect = CONTEXT.dialect_of(member)
        for path in sorted((tmp_path / files.NIGHT.isoformat() / member.code).iterdir()):
            result = read_file(path.read_bytes(), path.name, member, dialect, CONTEXT, files.NIGHT)
            assert (result.status, result.code) == expected.get(member.code, ("received", "ok")), path
            assert set(chain.from_iterable(result.visits["dq"].to_pylist())) <= {"POSTAL_AMBIG"}
