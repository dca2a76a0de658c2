"""xml-rpu-v2006: the national format of the emergency departments, and the quirks of its real files."""

from __future__ import annotations

from typing import Any

from tests.corpus.cases import TEXT, Shelf
from tests.sample_formats import rpu, rpu_patient

SKELETON = """<?xml version="1.0" encoding="ISO-8859-1"?>
<OSCOUR>
  <ETABLISSEMENT>
    <FINESS>590000016</FINESS><ORDRE>0</ORDRE>
    <EXTRACT>05/01/2026 00:30:03</EXTRACT>
    <DATEDEBUT>29/12/2025</DATEDEBUT><DATEFIN>04/01/2026</DATEFIN>
  </ETABLISSEMENT>
  <PASSAGES>
    <PATIENT>
      <CP>67000</CP><COMMUNE>STRASBOURG</COMMUNE><NAISSANCE>01/01/1980</NAISSANCE><SEXE>F</SEXE>
      <ENTREE>04/01/2026 22:10</ENTREE><MODE_ENTREE>8</MODE_ENTREE><PROVENANCE>5</PROVENANCE>
      <TRANSPORT>PERSO</TRANSPORT><TRANSPORT_PEC>AUCUN</TRANSPORT_PEC>
      <MOTIF>R509</MOTIF><GRAVITE>2</GRAVITE><DP>J111</DP>
      <LISTE_DA><DA>R05</DA></LISTE_DA><LISTE_ACTES/>
      <SORTIE>05/01/2026 00:40</SORTIE><MODE_SORTIE>8</MODE_SORTIE><DESTINATION/><ORIENT/>
    </PATIENT>
  </PASSAGES>
</OSCOUR>
"""


def row(n: int, **changes: str | None) -> str:
    """A passage whose values would be recognised; the hour makes its number."""
    marked: dict[str, str | None] = {"NAISSANCE": "17/03/1957", "COMMUNE": "ZQVILLE", "MOTIF": TEXT}
    return rpu_patient(n, **(marked | changes))


def file(rows: Any, **options: str) -> bytes:
    """Passages as a file."""
    return rpu(list(rows), **options)


S = Shelf("xml-rpu-v2006", row, file)
TEN = S.rows()
DATA = file(TEN)


def documents() -> None:
    S.add("printed skeleton", SKELETON.encode(), 1, name="O590000016_0_20260105.xml")
    S.add("sound", DATA, 10)
    turned = DATA.replace(b"<FINESS>590000016</FINESS><ORDRE>0</ORDRE>", b"<ORDRE>0</ORDRE><FINESS>590000016</FINESS>")
    S.add("children in another order", turned, 10)
    each = DATA.replace(b"</PATIENT>\n<PATIENT>", b"</PATIENT></PASSAGES><PASSAGES><PATIENT>")
    S.add("one list per passage", each, 10)
    S.add("windows bytes", DATA.replace(b"zqmotif", b"zq\x92"), 10, notes=("windows_bytes",))
    S.add("declared -15", file(TEN, declared="ISO-8859-15"), 10)
    S.add("name of the legal entity", DATA, 10, name="O999999999_0_20240115.xml", silent=("bad_name",))
    S.whole("finess unknown", "wrong_association", file(TEN, finess="999999999"))
    S.whole("finess of words", "wrong_association", file(TEN, finess="zqmotif"))
    S.whole("no finess", "wrong_association", DATA.replace(b"<FINESS>590000016</FINESS>", b""))
    S.add("cut", DATA[:-100], 9, refused={"CUT_LINE": 1}, code="truncated")
    S.whole("doctype", "unreadable", DATA.replace(b"<OSCOUR>", b'<!DOCTYPE OSCOUR SYSTEM "zq"><OSCOUR>', 1))
    S.add("namespace of attributes", DATA.replace(b"<OSCOUR>", b'<OSCOUR xmlns:x="urn:zq" x:y="zq">'), 10)
    S.whole("default namespace", "header_changed", DATA.replace(b"<OSCOUR>", b'<OSCOUR xmlns="urn:zq">'))
    S.add("vendor elements", DATA.replace(b"<GRAVITE>", b"<CIRCONSTANCE>zq</CIRCONSTANCE><GRAVITE>"), 10)
    S.add("unknown element", DATA.replace(b"<GRAVITE>", b"<GEMSA>zq</GEMSA><GRAVITE>"), 10, notes=("extra_columns",))


def values() -> None:
    days = [row(1, ENTREE=f"{day:02d}/01/2024 10:00", SORTIE=None) for day in range(7, 15)]
    S.of("eight days in one file", days, 8, notes=("outside_window",))
    for code in ("J219", "J21.9", "R53.+1", "M79.59"):
        S.kept(f"diagnosis {code}", DP=code, silent=("DIAG_UNKNOWN",))
    S.kept("diagnosis in words", "DIAG_UNKNOWN", DP="zq grippe")
    S.kept("motive is a code", MOTIF="R509")
    S.kept("no exit", SORTIE=None, silent=("END_UNREADABLE",))
    S.kept("empty exit", SORTIE="", silent=("END_UNREADABLE",))
    S.kept("exit before entry", "DURATION", SORTIE="14/01/2024 01:00")
    S.kept("exit a day later", "DURATION", SORTIE="15/01/2024 23:00")
    S.kept("exit unreadable", "END_UNREADABLE", SORTIE="zq")
    S.kept("death as 4", "OUTCOME_UNKNOWN", MODE_SORTIE="4")
    S.kept("death as 9", MODE_SORTIE="9", silent=("OUTCOME_UNKNOWN",))
    S.kept("birth withheld", NAISSANCE="", silent=("AGE_UNREADABLE",))
    S.bad("no entry", "DATE_MISSING", ENTREE="")
    S.bad("31/02", "DATE_UNREADABLE", ENTREE="31/02/2023 10:00")
    S.bad("future", "DATE_FUTURE", ENTREE="31/12/2024 10:00")
    S.kept("sex unknown", "SEX_UNKNOWN", SEXE="9")
    S.kept("unknown in a known département", CP="59999", silent=("POSTAL_UNREADABLE", "POSTAL_UNKNOWN"))
    S.kept("abroad", CP="99140", silent=("POSTAL_UNREADABLE", "POSTAL_UNKNOWN"))
    S.of("twice the same", [*TEN, TEN[0]], 10, refused={"DUPLICATE": 1})
    S.of("twice, corrected", [*TEN, row(1, DP="J209")], 10, refused={"DUPLICATE_ID": 1})
    S.kept("transport misprinted", TRANSPORT="PERS")


for build in (documents, values):
    build()
CASES = S.cases
