"""The command `dialect`: a file tried against a dialect, one drafted from a file; no value of a visit is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from surveillance.cli import app
from surveillance.content import Content, parse
from surveillance.dialects import Dialect
from surveillance.errors import ContentError, UsageError
from surveillance.guessing.draft import name_pattern
from surveillance.guessing.drafting import draft_of
from surveillance.guessing.forms import proven_forms
from surveillance.guessing.knowledge import load_knowledge
from surveillance.intake.trial import compare_header
from tests import sample_files as files
from tests import sample_formats as formats
from tests.reading_tools import DIALECTS, NAMES

CONTENT = Content()
FORMS = load_knowledge(CONTENT).forms


def sample(dialect: str) -> bytes:
    return formats.sample(dialect, 20) if dialect in formats.NAMES else files.sample(dialect, 20)


def run(*arguments: object) -> tuple[int, str]:
    """Exit code and what was printed."""
    result = CliRunner().invoke(app, ["dialect", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def written(tmp_path: Path, dialect: str, data: bytes | None = None) -> Path:
    """A sample on the disk, under the name agreed."""
    path = tmp_path / NAMES[dialect]
    path.write_bytes(sample(dialect) if data is None else data)
    return path


def test_dialects_are_listed_and_shown() -> None:
    code, text = run("list", "--format", "csv")
    assert (code, "csv-fr-cp1252,delimited,example,26" in text) == (0, True)
    assert run("show", "hl7-phin-adt")[1].startswith("# Dialect of HL7")
    with pytest.raises(UsageError, match="no dialect is called"):
        run("show", "nothing")


@pytest.mark.parametrize("dialect", NAMES)
def test_a_sound_file_is_tried(tmp_path: Path, dialect: str) -> None:
    code, text = run("try", written(tmp_path, dialect), "-d", dialect, "-a", "5901", "--lang", "en")
    assert code == 0, text
    assert f"{dialect}/1: received (ok)" in text
    assert "20 accepted + 0 refused" in text
    assert "  age_y: known 100 %" in text


def test_a_file_is_tried_by_a_dialect_that_is_in_no_folder_yet(tmp_path: Path) -> None:
    draft = tmp_path / "draft.toml"
    path = written(tmp_path, "csv-fr-cp1252")
    assert run("guess", path, "--out", draft)[0] == 0
    code, text = run("try", path, "-d", draft, "-a", "5901", "--lang", "fr")
    assert (code, "20 acceptées + 0 refusées" in text, "sex : connu 0 %, 20 lignes signalées" in text) == (
        0,
        True,
        True,
    )
    draft.write_text(draft.read_text("utf-8").replace('"M" = "?"', '"M" = "Homme"'), encoding="utf-8")
    with pytest.raises(ContentError, match=r"draft\.toml:\d+: values\.sex\.M"):
        run("try", path, "-d", draft, "-a", "5901")
    with pytest.raises(UsageError, match="exists"):
        run("guess", path, "--out", draft)


def test_what_is_refused_is_said_by_check_and_line(tmp_path: Path) -> None:
    lines = [files.d1_line(n) for n in range(9)] + [files.d1_line(9, day="SECRET", call_day="")] * 2
    path = written(tmp_path, "csv-fr-cp1252", files.d1(lines))
    code, text = run("try", path, "-d", "csv-fr-cp1252", "-a", "5901")
    assert (code, "DATE_UNREADABLE × 2" in text, "(11, 12)" in text) == (1, True, True)
    assert "SECRET" not in text
    header = files.D1_HEADER.replace("Sexe", "Sexes").replace(";Devenir", ";Suite donnée")
    code, text = run(
        "try", written(tmp_path, "csv-fr-cp1252", files.d1(lines, header)), "-d", "csv-fr-cp1252", "-a", "5901"
    )
    assert code == 1
    shown = [line.split() for line in text.splitlines()]
    assert ["~", "Sexe", "Sexes"] in shown
    assert ["−", "Devenir"] in shown
    assert ["+", "Suite", "donnée"] in shown


def test_a_first_line_that_is_a_visit_is_never_shown(tmp_path: Path) -> None:
    data = files.d1([files.d1_line(2)], header=files.d1_line(1, city="DUPONT", reason1="SECRET"))
    path = written(tmp_path, "csv-fr-cp1252", data)
    code, text = run("try", path, "-d", "csv-fr-cp1252", "-a", "5901")
    assert (code, "DUPONT" in text, "SECRET" in text) == (1, False, False)
    assert compare_header(["DUPONT", "Sexe"], DIALECTS["csv-fr-cp1252"])[-1].found == "DUPONT"
    with pytest.raises(UsageError, match="does not look like a header"):
        run("guess", path)


def test_the_association_is_told_by_the_name_or_asked_for(tmp_path: Path) -> None:
    assert run("try", written(tmp_path, "jsonl-fixed"))[0] == 0
    with pytest.raises(UsageError, match="whose file"):
        run("try", written(tmp_path, "csv-fr-cp1252"))
    with pytest.raises(UsageError, match="no file"):
        run("try", tmp_path / "nothing")


def test_a_number_that_no_column_holds_is_asked_for() -> None:
    text = draft_of(sample("xml-rpu-v2006"), NAMES["xml-rpu-v2006"], CONTENT, "draft", "en")
    assert '# visit_id = { columns = ["?"] }   # NOT FOUND' in text
    with pytest.raises(ContentError, match="visit_id and start_at"):
        parse(text, "draft.toml", Dialect)


@pytest.mark.parametrize("dialect", sorted(set(NAMES) - {"xml-rpu-v2006"}))
def test_a_draft_finds_the_dialect_again(dialect: str) -> None:
    draft = parse(draft_of(sample(dialect), NAMES[dialect], CONTENT, "draft"), "draft.toml", Dialect)
    shipped = DIALECTS[dialect]
    assert (draft.status, draft.kind, draft.compression) == ("draft", shipped.kind, shipped.compression)
    assert draft.read_name(NAMES[dialect])[0] is not None
    assert {"visit_id"} <= set(draft.fields) <= set(shipped.fields)
    for name, spec in draft.fields.items():
        assert spec.columns[0] in {column for names in shipped.fields[name].names for column in names}, name


def test_a_draft_holds_no_value_of_a_visit() -> None:
    lines = [
        files.d1_line(n, sex=("F", "M", "F", "DUPONT JEANNE")[n % 4] if n < 5 else "F", outcome=f"chez lui {n}")
        for n in range(40)
    ]
    text = draft_of(files.d1(lines), "EXPORT_20240114.csv", CONTENT, "draft", "en")
    assert '"F" = "?"' in text
    for secret in ("DUPONT", "chez lui", "LILLE", "59000", "A24", "FIEVRE"):
        assert secret not in text, secret
    assert "2 more values, rare or long, not shown here" in text
    assert "[values.outcome]\n# 40 more values" in text


def test_an_order_of_day_and_month_that_nothing_proves_is_asked() -> None:
    lines = [files.d1_line(n, day="05/04/2024", call_day="03/04/2024", birth="01/02/1950") for n in range(9)]
    text = draft_of(files.d1(lines), "EXPORT_20240405.csv", CONTENT, "draft", "en")
    assert '# date = ["%d/%m/%Y"]   # AMBIGUOUS: choose' in text
    assert '# date = ["%m/%d/%Y"]   # AMBIGUOUS: choose' in text
    with pytest.raises(ContentError, match="no form is declared"):
        parse(text, "draft.toml", Dialect)


@pytest.mark.parametrize(
    ("texts", "proven", "doubtful"),
    [
        (["13/01/2024", "05/04/2024"], ["%d/%m/%Y"], []),
        (["01/13/2024"], ["%m/%d/%Y"], []),
        (["05/04/2024"], [], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["13/01/2024", "01/13/2024"], [], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["2024-01-05"], ["%Y-%m-%d"], []),
        (["05.04.2024"], ["%d.%m.%Y"], []),
        (["13/01/24"], [], []),
    ],
)
def test_what_dates_prove(texts: list[str], proven: list[str], doubtful: list[str]) -> None:
    assert proven_forms(texts, FORMS.date) == (proven, doubtful)


def test_years_of_two_digits_are_said() -> None:
    lines = [files.d1_line(n, day="25/12/23") for n in range(9)]
    assert "les années à deux chiffres ne sont pas lues" in draft_of(files.d1(lines), "x.csv", CONTENT, "draft")


@pytest.mark.parametrize(
    "name",
    ["EXPORT_20240114.csv", "sos_5901_2024-01-14.csv.gz", "5901-2024-01-14.jsonl", "l'export 2A01 20240114 (3).csv"],
)
def test_names_of_files(name: str) -> None:
    pattern, form = name_pattern(name)
    text = draft_of(files.sample("csv-fr-cp1252"), name, CONTENT, "draft")
    draft = parse(text, "draft.toml", Dialect)
    assert (draft.file_name, draft.file_date) == (pattern, form)
    assert draft.read_name(name)[0] == files.DAY


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"one column\n1\n",
        "a;b".encode("utf-16"),
        b"<a>",
        b"<a/>",
        b"PK\x03\x04xx",
        b"\x1f\x8bxx",
        b"<a><b>",
    ],
)
def test_a_sample_that_cannot_be_looked_at(data: bytes) -> None:
    with pytest.raises(UsageError):
        draft_of(data, "x.csv", CONTENT, "draft")


def test_a_name_near_a_known_one_is_asked_in_french_and_never_used() -> None:
    data = files.d1([files.d1_line(n) for n in range(9)]).replace("Devenir".encode("cp1252"), b"Devenir patient", 1)
    text = draft_of(data, "EXPORT_20240114.csv", CONTENT, "draft")
    assert '# outcome = { columns = ["Devenir patient"] }   # PROCHE : est-ce elle ?' in text
    draft = parse(text, "draft.toml", Dialect)
    assert "outcome" not in draft.fields
    assert "Devenir patient" in draft.ignored
