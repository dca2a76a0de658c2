"""excel-fr: workbooks that somebody filled in."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

from tests.corpus.cases import TEXT, Shelf
from tests.sample_formats import ERROR, HEADER, excel_row, ods, ods_of, ods_rows, xlsx, xlsx_parts, xlsx_sheet, zipped

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def row(n: int, **changes: Any) -> tuple[Any, ...]:
    """A row whose values would be recognised."""
    marked = {"id": f"ZQ{n:04d}", "birth": date(1957, 3, 17), "city": "ZQVILLE", "reason1": TEXT, "label": "zqlabel"}
    return excel_row(n, **(marked | changes))


def file(rows: Any) -> bytes:
    """Rows as a workbook."""
    return xlsx(list(rows))


S = Shelf("excel-fr", row, file, other=1)
TEN = S.rows()
SHEET = xlsx_sheet([HEADER, *TEN])


def book(sheets: dict[str, str], hidden: tuple[str, ...] = (), **more: str | bytes) -> bytes:
    """A workbook of several sheets, or with other parts."""
    return zipped(xlsx_parts(sheets, hidden) | more)


def renamed(old: str, new: str) -> bytes:
    """A workbook with a column of another name."""
    return xlsx(TEN, [new if name == old else name for name in HEADER])


def workbooks() -> None:
    S.add("sound", file(TEN), 10)
    S.add("ods", ods(TEN), 10, name="visites_5901_2024-01-14.ods")
    S.add("ods under the name of an xlsx", ods(TEN), 10)
    S.add("two sheets", book({"Visites": SHEET, "Notes": xlsx_sheet([("zq", "zq")])}), 10)
    S.add("hidden sheet first", book({"Notes": xlsx_sheet([("zq",)]), "Visites": SHEET}, ("Notes",)), 10)
    S.whole("another sheet first", "header_changed", book({"Notes": xlsx_sheet([("zqnote",)]), "Visites": SHEET}))
    S.whole("all sheets hidden", "empty", book({"Visites": SHEET}, ("Visites",)))
    S.whole("empty", "empty", b"")
    S.whole("empty sheet", "empty", book({"Visites": xlsx_sheet([])}), other=0)
    S.whole("header only", "empty", file([]), 1)
    S.whole("csv under the name of an xlsx", "unreadable", ";".join(map(str, HEADER)).encode())
    S.whole("zip of something", "unreadable", zipped({"zq.txt": "zq"}))
    S.whole("cut", "unreadable", file(TEN)[:-400])
    S.whole("cut in half", "unreadable", file(TEN)[: len(file(TEN)) // 2])
    S.whole("password", "unreadable", OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(4000))
    S.whole("old workbook, damaged", "unreadable", OLE + bytes(5000))
    S.whole("macros", "unreadable", book({"Visites": SHEET}, **{"xl/vbaProject.bin": OLE + b"zq"}))
    S.whole("bomb", "too_large", book({"Visites": SHEET + " " * 60_000_000}))
    doctype = SHEET.replace("<worksheet", '<!DOCTYPE w [<!ENTITY a "zq">]><worksheet')
    S.add("doctype that nothing uses", book({"Visites": doctype}), 10)
    S.whole("entity in a cell", "unreadable", book({"Visites": doctype.replace("zqmotif", "&a;", 1)}))
    S.whole("sheet is no xml", "unreadable", book({"Visites": "zqmotif <"}))
    S.whole(
        "rows without end",
        "too_large",
        ods_of(
            ods_rows([HEADER]) + "<table:table-row "
            'table:number-rows-repeated="1048000"><table:table-cell office:value-type="string" '
            'table:number-columns-repeated="16000"><text:p>zq</text:p></table:table-cell></table:table-row>'
        ),
    )
    S.whole("merged header", "header_changed", xlsx(TEN, [HEADER[0], *[None] * (len(HEADER) - 1)]))
    S.whole("title above the header", "header_changed", xlsx([HEADER, *TEN], ["Visites de zq"]))
    S.whole("sex renamed", "header_changed", renamed("Sexe", "Genre"))
    S.whole("doubled", "header_changed", renamed("Ville", "Sexe"))
    S.add("accents lost", renamed("N° dossier", "N dossier"), 10)
    S.add("unknown column", renamed("Ville", "Remarque"), 10, notes=("extra_columns",))
    S.add("blank rows", file([*TEN[:5], (), (), *TEN[5:]]), 10, other=3)
    S.add("name of another", file(TEN), 0, name="visites_7501_2024-01-14.xlsx", code="wrong_association")
    S.add("name not agreed", file(TEN), 10, name="mes visites.xlsx", notes=("bad_name",))
    broken = io.BytesIO(file(TEN))
    with zipfile.ZipFile(broken, "a") as archive:
        archive.writestr("../../zq", "zq")
    S.add("a part that climbs", broken.getvalue(), 10)


def values() -> None:
    S.kept("id is a number", id=157035935012345)
    S.bad("no id", "ID_MISSING", id=None)
    S.bad("id too long", "ID_SHAPE", id="ZQ" * 40)
    S.kept("postal is a number that lost its zero", postal=1000, silent=("POSTAL_UNREADABLE",))
    S.kept("postal is a text", postal="59000", silent=("POSTAL_UNREADABLE",))
    S.kept("postal with decimals", "POSTAL_UNREADABLE", postal=590.5)
    S.kept("day is a text", day="14/01/2024", silent=("START_UNREADABLE",))
    S.kept("day is a bare number", "START_UNREADABLE", day=45305)
    S.bad("no day at all", "DATE_MISSING", day=None, call=None, hour=None)
    S.bad("month first", "DATE_UNREADABLE", day="01/14/2024", call=None)
    S.bad("future", "DATE_FUTURE", day=date(2025, 1, 1), call=None)
    S.bad("old", "DATE_OLD", day=date(1904, 1, 1), call=None)
    S.bad("error in the id", "CELL_ERROR", id=ERROR)
    S.bad("error in the day", "CELL_ERROR", day=ERROR)
    S.kept("hour is a text", hour="22h05", silent=("TIME_UNREADABLE",))
    S.kept("hour unreadable", "TIME_UNREADABLE", hour="zq")
    S.kept("birth is a text", birth="17/03/1957", silent=("AGE_UNREADABLE",))
    S.kept("birth of two digits", "AGE_UNREADABLE", birth="17/03/57")
    S.kept("birth later", "AGE_RANGE", birth=date(2030, 1, 1))
    S.kept("sex is a number", sex=1, silent=("SEX_UNKNOWN",))
    S.kept("sex unknown", "SEX_UNKNOWN", sex="zq")
    S.kept("sex is true", "SEX_UNKNOWN", sex=True)
    S.kept("diagnosis unknown", "DIAG_UNKNOWN", code="ZQ INCONNU")
    S.kept("outcome unknown", "OUTCOME_UNKNOWN", outcome="zq")
    S.kept("act unknown", "ACT_UNKNOWN", act="zq")
    S.kept("lines in a cell", reason1="zq\nmotif\r\nfievre")
    S.kept("formula as text", reason1="=cmd|'/C zq'!A0")
    S.kept("emoji", reason1="🤒 zq ‮ حمى")
    S.of("twice the same", [*TEN, TEN[0]], 10, refused={"DUPLICATE": 1})
    S.bad("twice, corrected", "DUPLICATE_ID", id="ZQ0001", outcome="SAMU")
    S.of("cells beyond the header", [*TEN, (*row(11), "zq")], 11, notes=("extra_columns",))


for build in (workbooks, values):
    build()
CASES = S.cases
