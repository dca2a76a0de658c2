"""Typed values: dates, hours, ages, places and codes, at the edges; pseudonyms; the shape of what is kept."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveillance.clock import PARIS
from surveillance.coding.thesauri import load_thesauri
from surveillance.content import Content
from surveillance.date_forms import compile_form
from surveillance.errors import SettingsError
from surveillance.intake.lived import months_between
from surveillance.intake.moments import NOWHEN, date_reader, doubtful, moment_reader, time_reader
from surveillance.intake.readers.raw import ITEM, SYSTEM
from surveillance.intake.stamps import to_day
from surveillance.intake.values import CodeRules, department_of, diagnoses, mapped, number, open_cim10, reason_codes
from surveillance.intake.visits import SCHEMA, load_visit_rules
from surveillance.pseudonyms import Pseudonymiser, load_key
from surveillance.territories import load_departments, load_postal_codes
from tests.sample_files import KEY

MARTINIQUE = ZoneInfo("America/Martinique")
THESAURI = load_thesauri(Content())
MISSING = frozenset({"", "NA"})
HIDDEN = "?" + Pseudonymiser(KEY).uid("exemple-libelles", "DUPONT")[:8]


def test_the_schema_is_what_the_content_says() -> None:
    rules = load_visit_rules(Content()).record
    assert list(rules) == SCHEMA.names
    spelled = {
        "date32[day]": "date32",
        "list<item: string>": "list<string>",
        "list<element: string>": "list<string>",
    }
    assert [rule.type for rule in rules.values()] == [spelled.get(str(kind), str(kind)) for kind in SCHEMA.types]
    assert all(rule.privacy != "P4" for rule in rules.values())


# --- dates and hours -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("03/04/2026", date(2026, 4, 3)),
        ("29/02/2024", date(2024, 2, 29)),
        ("29/02/2023", None),
        ("3/4/2026", None),
        ("03/04/26", None),
        ("2026-04-03", None),
        ("0٣/04/2026", None),
        (" 03/04/2026", None),
        ("03/04/2026\n", None),
        ("00/00/0000", None),
    ],
)
def test_dates_in_the_form_agreed_only(text: str, day: date | None) -> None:
    assert date_reader(["%d/%m/%Y"])(text) == (day, "" if day else "UNREADABLE")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("04/01/2026", (None, "AMBIGUOUS")),
        ("05/05/2026", (date(2026, 5, 5), "")),
        ("25/12/2026", (date(2026, 12, 25), "")),
        ("12/25/2026", (date(2026, 12, 25), "")),
        ("32/13/2026", (None, "UNREADABLE")),
    ],
)
def test_a_date_that_two_forms_read_differently_is_no_date(text: str, expected: tuple[date | None, str]) -> None:
    assert date_reader(["%d/%m/%Y", "%m/%d/%Y"])(text) == expected
    moment, check = moment_reader(["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"], PARIS)(f"{text} 10:30")
    assert (moment, check) == ((expected[0], 630) if expected[0] else NOWHEN, expected[1])


@pytest.mark.parametrize(
    ("text", "minute"),
    [("22h05", 1325), ("22:05", 1325), ("00h15", 15), ("24:00", -1), ("22h60", -1), ("2h05", -1), ("22.05", -1)],
)
def test_hours_in_the_forms_agreed_only(text: str, minute: int) -> None:
    assert time_reader(["%Hh%M", "%H:%M"])(text) == minute


@pytest.mark.parametrize(
    ("text", "zone", "moment", "check"),
    [
        ("2024-01-14T22:05:00", PARIS, (date(2024, 1, 14), 1325), ""),
        ("2024-01-14T22:05:00Z", PARIS, (date(2024, 1, 14), 1385), ""),
        ("2024-01-14T23:30:00Z", PARIS, (date(2024, 1, 15), 30), ""),
        ("2024-01-15T02:30:00+01:00", MARTINIQUE, (date(2024, 1, 14), 21 * 60 + 30), ""),
        ("2024-10-27T02:30:00", PARIS, (date(2024, 10, 27), 150), "DST_AMBIG"),
        ("2024-10-27T02:30:00+01:00", PARIS, (date(2024, 10, 27), 150), ""),
        ("2024-03-31T02:30:00", PARIS, (date(2024, 3, 31), 150), "DST_MISSING"),
        ("2024-03-31T02:30:00", MARTINIQUE, (date(2024, 3, 31), 150), ""),
        ("0001-01-01T00:00:00+14:00", PARIS, NOWHEN, "UNREADABLE"),
        ("2024-01-14 22:05:00", PARIS, NOWHEN, "UNREADABLE"),
        ("2024-01-14T25:05:00", PARIS, NOWHEN, "UNREADABLE"),
    ],
)
def test_moments_are_local_to_the_association(text: str, zone: ZoneInfo, moment: tuple[date, int], check: str) -> None:
    assert moment_reader(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"], zone)(text) == (moment, check)


def test_the_last_and_the_first_day_have_no_change_of_clocks() -> None:
    assert (doubtful(date.max, 30, PARIS), doubtful(date.min, 30, PARIS)) == ("", "")


def test_a_form_with_an_unknown_part() -> None:
    with pytest.raises(ValueError, match="%y"):
        compile_form("%d/%m/%y")


# --- ages ----------------------------------------------------------------------------------------------------


def months_lived(birth: date, day: date) -> int:
    born, visit = (np.array([to_day(one)], np.int32) for one in (birth, day))
    return int(months_between(born, visit)[0])


@pytest.mark.parametrize(
    ("birth", "day", "months"),
    [
        (date(2023, 1, 14), date(2024, 1, 13), 11),
        (date(2023, 1, 14), date(2024, 1, 14), 12),
        (date(2022, 1, 15), date(2024, 1, 14), 23),
        (date(2024, 1, 14), date(2024, 1, 14), 0),
        (date(2024, 1, 15), date(2024, 1, 14), -1),
        (date(2020, 2, 29), date(2023, 2, 28), 35),
        (date(2020, 2, 29), date(2023, 3, 1), 36),
    ],
)
def test_completed_months(birth: date, day: date, months: int) -> None:
    assert months_lived(birth, day) == months


@given(st.dates(date(1905, 1, 1), date(2024, 12, 31)), st.integers(0, 119 * 365))
def test_completed_years_and_the_rpu_formula_differ_on_a_birthday_at_most(birth: date, lived: int) -> None:
    day = date.fromordinal(birth.toordinal() + lived)
    years, rpu = months_lived(birth, day) // 12, int(lived / 365.25)
    near = min(abs(lived - 365.25 * turn) for turn in (years, years + 1))
    assert years == rpu or near < 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("34", (34, "")),
        ("0", (0, "")),
        ("120", (120, "")),
        ("121", (None, "AGE_RANGE")),
        ("-1", (None, "AGE_RANGE")),
    ]
    + [(text, (None, "AGE_UNREADABLE")) for text in ("٣", "1_0", "²", "nan", "1e1", "34.0", "34 ans", "99999")],
)
def test_numbers_are_ascii_digits(text: str, expected: tuple[int | None, str]) -> None:
    assert number(120)(text) == expected


# --- values, places, codes -----------------------------------------------------------------------------------


def test_values_are_compared_without_accents_and_unknown_ones_are_said() -> None:
    read = mapped({"DECES": "DECES"}, "NR", "OUTCOME_UNKNOWN")
    assert [read(text) for text in ("Décès", "deces", "Autre")] == [
        ("DECES", ""),
        ("DECES", ""),
        ("NR", "OUTCOME_UNKNOWN"),
    ]


@pytest.fixture(scope="module")
def postal() -> Callable[[str], tuple[str | None, str]]:
    return department_of(load_postal_codes(Content()), frozenset(load_departments(Content())))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("59000", ("59", "")),
        ("01000", ("01", "")),
        ("20000", ("2A", "")),
        ("20200", ("2B", "")),
        ("97200", ("972", "")),
        ("99999", (None, "")),
        ("99109", ("99", "")),
        ("75999", ("75", "")),
        ("97299", ("972", "POSTAL_UNKNOWN")),
        ("59009", ("59", "POSTAL_UNKNOWN")),
        ("20999", (None, "POSTAL_UNREADABLE")),
        ("1000", (None, "POSTAL_UNREADABLE")),
        ("5900O", (None, "POSTAL_UNREADABLE")),
        ("٥9000", (None, "POSTAL_UNREADABLE")),
        ("00000", (None, "POSTAL_UNREADABLE")),
    ],
)
def test_residence(
    postal: Callable[[str], tuple[str | None, str]], text: str, expected: tuple[str | None, str]
) -> None:
    assert postal(text) == expected


def test_an_ambiguous_postal_code_leads_to_the_largest_commune(
    postal: Callable[[str], tuple[str | None, str]],
) -> None:
    several = next(code for code, place in load_postal_codes(Content()).items() if place.ambiguous)
    assert postal(several)[1] == "POSTAL_AMBIG"


def code_rules(thesaurus: str, fixed: bool = False, most: int = 12) -> CodeRules:
    return CodeRules(THESAURI[thesaurus], open_cim10(THESAURI), fixed, MISSING, most, Pseudonymiser(KEY).uid)


@pytest.mark.parametrize(
    ("thesaurus", "text", "codes", "check"),
    [
        ("exemple-libelles", "Grippe", ("GRIPPE",), ""),
        (
            "exemple-libelles",
            f"gastro-entérite{ITEM}{ITEM}NA{ITEM}GRIPPE{ITEM}grippe",
            ("GASTRO-ENTERITE", "GRIPPE"),
            "",
        ),
        ("exemple-libelles", f"GRIPPE{ITEM}dupont", ("GRIPPE", HIDDEN), "DIAG_UNKNOWN"),
        ("exemple-libelles", "DUPONT", (HIDDEN,), "DIAG_UNKNOWN"),
        ("exemple-libelles", f" Dupont {ITEM}DUPONT", (HIDDEN,), "DIAG_UNKNOWN"),
        ("exemple-cim10", f"J111{ITEM}u07.1.0{ITEM}R53.+1", ("J11.1", "U07.10", "R53.+1"), ""),
        ("exemple-cim10", "Q999", ("Q99.9",), "DIAG_UNKNOWN"),
        ("exemple-cisp", "r 80", ("R80",), ""),
        ("exemple-cisp", "Z99", ("Z99",), "DIAG_UNKNOWN"),
        ("exemple-cisp", f"exemple-cisp{SYSTEM}R80{ITEM}CIM10{SYSTEM}J111", ("R80", "CIM10:J11.1"), "DIAG_SYSTEM"),
    ],
)
def test_diagnoses(thesaurus: str, text: str, codes: tuple[str, ...], check: str) -> None:
    assert diagnoses(code_rules(thesaurus))(text) == ((thesaurus, codes), check)


@pytest.mark.parametrize("thesaurus", ["exemple-libelles", "exemple-cisp", "exemple-cim10"])
def test_every_code_of_a_thesaurus_is_known_as_it_is_written(thesaurus: str) -> None:
    read = diagnoses(code_rules(thesaurus))
    for kind, code in THESAURI[thesaurus].entries:
        if kind == "diag":
            assert read(code) == ((thesaurus, (code,)), "")


def test_a_visit_coded_in_the_cim10_says_so() -> None:
    assert diagnoses(code_rules("exemple-cisp"))(f"CIM10{SYSTEM}J111") == (("CIM10", ("J11.1",)), "")
    fixed = diagnoses(code_rules("exemple-cisp", fixed=True, most=2))
    assert fixed(f"J111{ITEM}R50{ITEM}R05") == (("CIM10", ("J11.1", "R50")), "")


def test_reason_codes_are_codes() -> None:
    known = next(code for kind, code in THESAURI["exemple-cisp"].entries if kind == "motif")
    read = reason_codes(code_rules("exemple-cisp"))
    assert read(f"{known.lower()}{ITEM}ASSO{SYSTEM}{known}{ITEM}NA") == ((known,), "")
    assert read("X12") == (("X12",), "REASON_UNKNOWN")
    assert read("tél. 0612345678")[0][0].startswith("?")


# --- pseudonyms ----------------------------------------------------------------------------------------------


@given(st.binary(min_size=32, max_size=200), st.text(max_size=40), st.text(max_size=40))
def test_the_pseudonym_is_an_hmac(key: bytes, association: str, visit_id: str) -> None:
    expected = hmac.digest(key, f"{association}\x1f{visit_id}".encode(), "sha256").hex()[:32]
    assert Pseudonymiser(key).uid(association, visit_id) == expected


def test_pseudonyms_depend_on_key_association_and_number() -> None:
    one, other = Pseudonymiser(KEY), Pseudonymiser(KEY[::-1])
    assert len({one.uid("5901", "1"), one.uid("5902", "1"), one.uid("5901", "2"), other.uid("5901", "1")}) == 4


@pytest.mark.parametrize("key", [b"", b"x" * 31])
def test_no_key_no_pseudonym(key: bytes) -> None:
    with pytest.raises(SettingsError):
        Pseudonymiser(key)


def test_a_key_file_is_private_and_long_enough(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(SettingsError, match="cannot be read"):
        load_key(path)
    path.write_bytes(KEY)
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="by others"):
        load_key(path)
    path.chmod(0o600)
    assert load_key(path) == KEY
    path.write_bytes(KEY[:31])
    with pytest.raises(SettingsError, match="fewer than 32"):
        load_key(path)
