"""Waivers, corrections and declared days: who, why, until when; what is wrong with an entry is said with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from surveillance.associations import load_associations
from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.intake.checks import load_checks
from surveillance.intake.exceptions import load_exceptions
from surveillance.intake.reading import build_context
from tests.conftest import surveillance

WAIVER = """[[waiver]]
association = "5901"
check = "{check}"
from = 2024-01-10
until = 2024-01-20
who = "appel"
why = "travaux"
"""
CORRECTION = """[[correction]]
association = "5901"
from = 2024-01-10
until = 2024-01-20
who = "éditeur"
why = "mise à jour"
{what}
"""
IN, OUT = date(2024, 1, 20), date(2024, 1, 21)


def site(tmp_path: Path, name: str, text: str) -> Content:
    (tmp_path / "extracts").mkdir(exist_ok=True)
    (tmp_path / "extracts" / f"{name}.toml").write_text(text, encoding="utf-8")
    return Content(tmp_path)


def test_a_waiver_lowers_a_check_of_a_line_between_its_dates_only(tmp_path: Path) -> None:
    content = site(tmp_path, "waivers", WAIVER.format(check="AGE_RANGE"))
    checks = load_checks(content)
    strict = checks.model_copy(
        update={
            "row": checks.row | {"AGE_RANGE": checks.row["AGE_RANGE"].model_copy(update={"severity": "quarantine"})}
        }
    )
    found = load_exceptions(content)
    assert found.checks_for(strict, "5901", IN).severity("AGE_RANGE") == "note"
    assert found.checks_for(strict, "5901", OUT).severity("AGE_RANGE") == "quarantine"
    assert found.checks_for(strict, "0601", IN) is strict


@pytest.mark.parametrize("check", ["ID_MISSING", "header_changed", "held", "nonsense"])
def test_what_is_fixed_cannot_be_waived(tmp_path: Path, check: str) -> None:
    with pytest.raises(ContentError, match=rf"waivers\.toml:3: waiver\.0\.check: {check} is no check"):
        load_exceptions(site(tmp_path, "waivers", WAIVER.format(check=check)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"5901"', '"0000"', r"waivers\.toml:2: waiver\.0\.association: not in the registry"),
        ("until = 2024-01-20", "until = 2024-01-01", "until is before from"),
        ('who = "appel"', 'who = ""', r"waivers\.toml:6: waiver\.0\.who"),
        ("why", "because", "waiver.0"),
    ],
)
def test_a_wrong_waiver_is_told_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ContentError, match=message):
        load_exceptions(site(tmp_path, "waivers", WAIVER.format(check="volume").replace(old, new)))


def test_an_exception_that_is_over_is_listed(tmp_path: Path) -> None:
    found = load_exceptions(site(tmp_path, "waivers", WAIVER.format(check="volume")))
    assert found.expired(IN) == []
    assert [line for line in found.expired(OUT) if "5901 volume until 2024-01-20 (appel)" in line]


def test_a_correction_changes_how_a_file_is_read_and_leaves_its_mark(tmp_path: Path) -> None:
    content = site(tmp_path, "corrections", CORRECTION.format(what='values.sex = { HOMME = "M", FEMME = "F" }'))
    context = build_context(content, bytes(32))
    member = next(item for item in load_associations(content) if item.code == "5901")
    (same, corrected), (_, plain) = context.as_read(member, IN), context.as_read(member, OUT)
    assert same == member
    assert corrected.values["sex"]["HOMME"] == "M"
    assert corrected.name == f"{plain.name}+5901-20240110"
    assert plain == context.dialect_of(member)


def test_a_correction_may_name_another_dialect(tmp_path: Path) -> None:
    content = site(tmp_path, "corrections", CORRECTION.format(what='dialect = "jsonl-fixed"'))
    context = build_context(content, bytes(32))
    member = next(item for item in load_associations(content) if item.code == "5901")
    assert context.as_read(member, IN)[1].id == "jsonl-fixed"
    assert context.as_read(member, OUT)[1].id == member.dialect


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("", "exactly one of"),
        ('dialect = "jsonl-fixed"\ntimezone = "Europe/Paris"', "exactly one of"),
        ('dialect = "csv-none"', "no dialect 'csv-none'"),
        ('thesaurus = "none"', "no thesaurus 'none'"),
        ('timezone = "Mars/North"', "unknown time zone"),
        ('values.sex = { HOMME = "X" }', "not a canonical value: X"),
    ],
)
def test_a_wrong_correction_is_told(tmp_path: Path, what: str, message: str) -> None:
    with pytest.raises(ContentError, match=message):
        load_exceptions(site(tmp_path, "corrections", CORRECTION.format(what=what)))


@pytest.mark.parametrize(
    ("scope", "touched"),
    [('association = "*"', 63), ('region = "32"', 9), ('department = "59"', 0), ('association = "5901"', 1)],
)
def test_a_declared_day_holds_for_its_scope(tmp_path: Path, scope: str, touched: int) -> None:
    text = (
        f'[[closure]]\n{scope}\nkind = "strike"\nfrom = 2024-02-14\nuntil = 2024-02-14\nreason = "grève"\nwho = "SMF"\n'
    )
    members = load_associations(site(tmp_path, "closures", text))
    found = [item for item in members if item.declared_on(date(2024, 2, 14))]
    regions = {"32": [i for i in members if i.region == "32"], "59": [i for i in members if i.department == "59"]}
    wanted = {9: len(regions["32"]), 0: len(regions["59"])}.get(touched, touched)
    assert len(found) == wanted > 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("until = 2024-02-14", "until = 2024-02-13", "until is before from"),
        ('association = "*"', 'association = "*"\nregion = "32"', "exactly one of"),
        ('reason = "grève"', 'reason = ""', r"closures\.toml:6"),
        ('kind = "strike"', 'kind = "party"', r"closures\.toml:3"),
    ],
)
def test_a_wrong_declared_day_is_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (
        '[[closure]]\nassociation = "*"\nkind = "strike"\nfrom = 2024-02-14\nuntil = 2024-02-14\n'
        'reason = "grève"\nwho = "SMF"\n'
    )
    with pytest.raises(ContentError, match=message):
        load_associations(site(tmp_path, "closures", text.replace(old, new)))


def test_a_closure_is_added_to_the_site_after_it_was_tried(tmp_path: Path) -> None:
    (tmp_path / "extracts").mkdir()
    given = ("closure", "add", "-a", "5901", "--from", "2024-08-12", "--until", "2024-08-18", "--reason", 'le "pont"')
    added = surveillance(*given, "--who", "appel", "--site", tmp_path)
    assert added.returncode == 0, added.stderr
    assert 'association = "5901"' in added.stdout
    (found,) = next(item for item in load_associations(Content(tmp_path)) if item.code == "5901").closures
    assert (found.reason, found.kind, found.last) == ('le "pont"', "closure", date(2024, 8, 18))
    before = (tmp_path / "extracts" / "closures.toml").read_bytes()
    refused = surveillance(*given, "--site", tmp_path)
    assert refused.returncode == 10, "who is missing"
    assert (tmp_path / "extracts" / "closures.toml").read_bytes() == before
    listed = surveillance("closure", "list", "--site", tmp_path, "--format", "csv")
    assert "5901" in listed.stdout
