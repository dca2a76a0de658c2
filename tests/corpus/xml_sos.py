"""xml-rpu-like: the shape of the emergency departments' files, with an association in place of the hospital."""

from __future__ import annotations

import gzip
from typing import Any

from tests.corpus.cases import TEXT, Shelf
from tests.sample_files import d3, d3_patient


def row(n: int, **changes: str) -> str:
    """A patient whose values would be recognised."""
    marked = {"DOSSIER": f"ZQ{n:04d}", "NAISSANCE": "17/03/1957", "COMMUNE": "ZQVILLE", "MOTIF": TEXT}
    return d3_patient(n, **(marked | changes))


def file(rows: Any, code: str = "5901") -> bytes:
    """Patients as a file."""
    return d3(list(rows), code)


S = Shelf("xml-rpu-like", row, file)
TEN = S.rows()
DATA = file(TEN)
LAUGHS = (
    '<!DOCTYPE o [<!ENTITY a "zqzqzqzqzq">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in ("ab", "bc", "cd", "de", "ef", "fg"))
    + "]>"
)


def with_head(head: str, data: bytes = DATA) -> bytes:
    """Something between the declaration and the root."""
    return data.replace(b"<OSCOUR>", head.encode() + b"<OSCOUR>", 1)


def documents() -> None:
    S.add("sound", DATA, 10)
    once = DATA.replace(b"</PASSAGES>\n<PASSAGES>", b"")
    S.add("one list of visits", once, 10)
    S.add("mixed line ends", DATA.replace(b"\n", b"\r\n", 5), 10)
    S.add("declared -15", DATA.replace(b"ISO-8859-1", b"ISO-8859-15"), 10)
    S.add("declared utf-8", DATA.replace(b"ISO-8859-1", b"UTF-8"), 10)
    S.add("no declaration", DATA.split(b"\r\n", 1)[1], 10)
    S.add("windows bytes", DATA.replace(b"zqmotif", b"zq\x92motif"), 10, notes=("windows_bytes",))
    S.add("no association after the visits", DATA.replace(b"<ASSOCIATION><CODE>5901</CODE>", b"<ASSOCIATION>"), 10)
    S.whole("doctype", "unreadable", with_head('<!DOCTYPE OSCOUR SYSTEM "zq.dtd">'))
    S.whole("entities that grow", "unreadable", with_head(LAUGHS, DATA.replace(b"zqmotif", b"&g;", 1)))
    S.whole(
        "external entity",
        "unreadable",
        with_head('<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]>', DATA.replace(b"zqmotif", b"&x;", 1)),
    )
    S.whole(
        "parameter entity", "unreadable", with_head('<!DOCTYPE o [<!ENTITY % x SYSTEM "http://127.0.0.1:9/zq">%x;]>')
    )
    S.add("processing instruction", with_head('<?xml-stylesheet href="zq.xsl"?>'), 10)
    S.add("instruction in a visit", DATA.replace(b"<SEXE>", b"<?zq zq?><SEXE>", 1), 10)
    S.add("comment in a value", DATA.replace(b"<DP>GRIPPE", b"<DP>GRI<!-- zq -->PPE", 1), 10, silent=("DIAG_UNKNOWN",))
    S.add("comment", DATA.replace(b"<PASSAGES>", b"<!-- zq --><PASSAGES>", 1), 10)
    S.add("cdata", DATA.replace(TEXT.encode(), b"<![CDATA[zq <b> & ]]>"), 10)
    S.add("attributes", DATA.replace(b"<PATIENT>", b'<PATIENT zq="zq">'), 10)
    S.add("references", DATA.replace(b"zqmotif", b"zq&#233;&lt;&amp;"), 10)
    S.whole("html", "header_changed", b"<html><body>zq</body></html>")
    S.whole("csv", "unreadable", b"visit_id,zq\n1,2\n")
    S.whole("empty", "empty", b"")
    S.whole("blanks only", "empty", b"  \r\n ")
    S.whole("declaration only", "empty", b'<?xml version="1.0"?>')
    S.whole("no visit", "empty", file([]))
    S.whole("gzip", "unreadable", gzip.compress(DATA))
    S.add("cut in the last visit", DATA[:-60], 9, refused={"CUT_LINE": 1}, code="truncated")
    S.add("cut between visits", DATA[: DATA.rindex(b"<PASSAGES>")], 9, code="truncated")
    S.add("cut in the closing tag", DATA[:-6], 10, code="truncated")
    S.whole("other association", "wrong_association", file(TEN, "7501"))
    S.whole("association of words", "wrong_association", file(TEN, "zqmotif"))
    S.add("name and content disagree", DATA, 10, name="V7501_0_20240115003003.xml", notes=("name_association",))
    S.add("name not agreed", DATA, 10, name="export.xml", notes=("bad_name",))
    deep = "<A>" * 40 + "zq" + "</A>" * 40
    S.whole("deep", "unreadable", DATA.replace(b"<COMMUNE>ZQVILLE", b"<COMMUNE>" + deep.encode(), 1))
    S.whole("very deep", "unreadable", b"<OSCOUR>" + b"<A>" * 100_000)
    S.add("text of 65,000", file([*TEN, row(11, MOTIF="zq" * 32_500)]), 10, refused={"LINE_TOO_LONG": 1})


def values() -> None:
    S.bad("no id", "ID_MISSING", DOSSIER="")
    S.bad("id too long", "ID_SHAPE", DOSSIER="ZQ" * 40)
    S.bad("no day", "DATE_MISSING", ENTREE="", APPEL="")
    S.kept("no start", "NO_START", ENTREE="")
    S.bad("31/02", "DATE_UNREADABLE", ENTREE="31/02/2023 10:00", APPEL="")
    S.bad("a day only", "DATE_UNREADABLE", ENTREE="14/01/2024", APPEL="")
    S.bad("iso", "DATE_UNREADABLE", ENTREE="2024-01-14T10:00:00", APPEL="")
    S.bad("future", "DATE_FUTURE", ENTREE="14/02/2024 10:00")
    S.bad("old", "DATE_OLD", ENTREE="14/02/2020 10:00", APPEL="")
    S.kept("day of the night", "SAME_DAY", ENTREE="15/01/2024 00:10")
    S.kept("born later", "AGE_RANGE", NAISSANCE="17/03/2057")
    S.kept("birth unreadable", "AGE_UNREADABLE", NAISSANCE="zq")
    S.kept("birth unknown", NAISSANCE="", silent=("AGE_UNREADABLE",))
    S.kept("sex unknown", "SEX_UNKNOWN", SEXE="1")
    S.kept("diagnosis unknown", "DIAG_UNKNOWN", DP="ZQ")
    S.kept("no second diagnosis", LISTE_DA="")
    S.kept("three more", LISTE_DA="<DA>ASTHME</DA><DA>ANGINE</DA><DA>APHTOSE</DA>", silent=("DIAG_UNKNOWN",))
    S.kept("death as 4", "OUTCOME_UNKNOWN", MODE_SORTIE="4")
    S.kept("death in words", MODE_SORTIE="9 décès", silent=("OUTCOME_UNKNOWN",))
    S.kept("act unknown", "ACT_UNKNOWN", TYPE_ACTE="zq")
    S.kept("postal of four", "POSTAL_UNREADABLE", CP="1000")
    S.kept("postal abroad", CP="99109", silent=("POSTAL_UNREADABLE",))
    S.of("twice the same", [*TEN, TEN[0]], 10, refused={"DUPLICATE": 1})
    S.bad("twice, corrected", "DUPLICATE_ID", DOSSIER="ZQ0001", MODE_SORTIE="6")
    S.kept("euro sign", MOTIF="zq € fièvre")


for build in (documents, values):
    build()
CASES = S.cases
