"""The dialects: what the shipped files say, and what a wrong file is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from surveillance.checking import check_content
from surveillance.content import Content
from surveillance.dialects import Dialect, fold, load_dialects
from surveillance.errors import ContentError

SHIPPED = load_dialects(Content())


def site(tmp_path: Path, dialect: str, old: str, new: str) -> Content:
    """A site whose file of a dialect differs in one place."""
    text = Content().text(f"extracts/dialects/{dialect}.toml")
    assert old in text
    folder = tmp_path / "extracts" / "dialects"
    folder.mkdir(parents=True)
    (folder / f"{dialect}.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    return Content(tmp_path)


def test_the_dialects_are_examples() -> None:
    assert sorted(SHIPPED) == [
        "csv-fr-cp1252", "csv-utf8-iso", "excel-fr", "hl7-phin-adt", "json-rs-eda", "jsonl-fixed", "xml-rpu-like",
        "xml-rpu-v2006",
    ]  # fmt: skip
    assert {dialect.status for dialect in SHIPPED.values()} == {"example"}


@pytest.mark.parametrize(
    ("dialect", "name", "expected"),
    [
        ("csv-fr-cp1252", "EXPORT_20240114.csv", (date(2024, 1, 14), "")),
        ("csv-fr-cp1252", "EXPORT_20240230.csv", (None, "")),
        ("csv-fr-cp1252", "EXPORT_2024011४.csv", (None, "")),
        ("csv-fr-cp1252", "export_20240114.csv", (None, "")),
        ("csv-utf8-iso", "sos_5901_2024-01-14.csv.gz", (date(2024, 1, 14), "5901")),
        ("xml-rpu-like", "V2A01_0_20240115003003.xml", (date(2024, 1, 14), "2A01")),
        ("jsonl-fixed", "97201-2024-01-14.jsonl", (date(2024, 1, 14), "97201")),
        ("jsonl-fixed", "97201-2024-01-14.jsonl\n", (None, "")),
    ],
)
def test_names_of_files(dialect: str, name: str, expected: tuple[date | None, str]) -> None:
    assert SHIPPED[dialect].read_name(name) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("N° dossier", "N dossier"),
        ("Décès", "DECES"),
        (" Type  acte ", "type_acte"),
        ("Réorientation", "reorientation"),
    ],
)
def test_names_are_compared_without_accents(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"cp1252"]', '"cp9999"]', ":10: encodings"),
        ('"cp1252"]', '"utf-16"]', ":10: encodings"),
        ("(?P<date>[0-9]{8})", "([0-9]{8})", "file_name"),
        ('"Refus" = "REFUS"', '"Refus" = "NON"', "values"),
        ("sex = { columns", "gender = { columns", "unknown canonical field: gender"),
        ('visit_id = { columns = ["N° dossier"] }', "", "visit_id"),
        ('kind = "delimited"', 'kind = "xml"', "[records]"),
        ('version = "1"', 'version = "1"\nsniff = true', "sniff"),
        ('id = "csv-fr-cp1252"', 'id = "other"', "id"),
        ("(?P<date>[0-9]{8})", "(?P<date>[0-9]{8}", ":14: file_name"),
        ("(?P<count>[0-9]{1,6})", "([0-9]{1,6})", ":25: delimited.total_line"),
        ('date = ["%d/%m/%Y"]', 'date = ["%d/%m/%y"]', ":51: forms.date.0: %y: a year of two digits"),
        ('date = ["%d/%m/%Y"]', 'date = ["%d/%m"]', "lacks %Y"),
        ('date = ["%d/%m/%Y"]', 'date = ["%d/%d/%m/%Y"]', "stands twice"),
        ('date = ["%d/%m/%Y"]', "", "forms.date"),
        ('sex = { columns = ["Sexe"] }', 'sex = { columns = ["Sexe", "Genre"] }', ":44: fields.sex"),
        ('code = { columns = ["Code postal"] }', 'code = { columns = ["Code postal"], pad = 5 }', "only a workbook"),
        ('"Décès" = "DECES"', '"Décès" = "MORT"', ":68: values.outcome.Décès"),
        ('mode = "adds"', 'mode = "guess"', "window.mode"),
    ],
)
def test_a_wrong_dialect_names_the_file_and_the_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    with pytest.raises(ContentError) as error:
        load_dialects(site(tmp_path, "csv-fr-cp1252", old, new))
    assert "csv-fr-cp1252.toml" in str(error.value)
    assert key in str(error.value)


def test_a_draft_may_leave_values_to_be_filled_in(tmp_path: Path) -> None:
    content = site(tmp_path, "csv-fr-cp1252", 'status = "example" ', 'status = "draft" ')
    path = tmp_path / "extracts" / "dialects" / "csv-fr-cp1252.toml"
    path.write_text(path.read_text("utf-8").replace('"Refus" = "REFUS"', '"Refus" = "?"'), encoding="utf-8")
    dialect = load_dialects(content)["csv-fr-cp1252"]
    assert "REFUS" not in dialect.values["outcome"]
    assert [problem.message for problem in check_content(content)[0]][:1] == ["the dialect 'csv-fr-cp1252' is a draft"]


def test_a_dialect_is_frozen() -> None:
    dialect: Dialect = SHIPPED["jsonl-fixed"]
    with pytest.raises(ValueError, match="frozen"):
        dialect.kind = "xml"
