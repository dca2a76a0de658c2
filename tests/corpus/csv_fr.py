"""csv-fr-cp1252: the Windows software with semicolons and French dates."""

from __future__ import annotations

import gzip
from typing import Any

from tests.corpus.cases import TEXT, Shelf
from tests.sample_files import D1_HEADER, d1_line

IDENT = "ZQIDENT{:04d}"
PRINTED = (  # as published with the dialect
    "N° dossier;Date appel;Heure appel;Date visite;Code postal;Ville;Date naissance;Sexe;Motif appel 1;Motif appel 2;"
    "Diag;Code diag;Devenir;Type acte\r\n"
    "A26-004512;04/01/2026;22h05;04/01/2026;75012;PARIS 12EME;03/05/2024;F;FIEVRE;toux++;BRONCHIOLITE;R40;Domicile;"
    "Visite\r\n"
)


def row(n: int, **changes: str) -> str:
    """A line whose values would be recognised."""
    marked = {"id": IDENT.format(n), "birth": "17/03/1957", "city": "ZQVILLE", "reason1": TEXT, "label": "zqlabel"}
    return d1_line(n, **(marked | changes))


def text(rows: Any, header: str = D1_HEADER, end: str = "\r\n") -> str:
    """The text of a file."""
    return end.join([header, *rows]) + end


def file(rows: Any, header: str = D1_HEADER, end: str = "\r\n", encoding: str = "cp1252") -> bytes:
    """The bytes of a file."""
    return text(rows, header, end).encode(encoding)


def column(header: str, old: str, new: str) -> str:
    """A header with a column renamed."""
    return ";".join(new if name == old else name for name in header.split(";"))


S = Shelf("csv-fr-cp1252", row, file, other=1)
TEN = S.rows()
MAR, OCT = "EXPORT_20240331.csv", "EXPORT_20241027.csv"


def encodings() -> None:
    S.add("printed example", PRINTED.encode("cp1252"), 1, name="EXPORT_20260104.csv")
    S.add("sound", file(TEN), 10, silent=("encoding_drift", "mojibake", "bad_name"))
    S.add("utf-8", file(TEN, encoding="utf-8"), 10, notes=("encoding_drift",))
    S.add("utf-8 bom", file(TEN, encoding="utf-8-sig"), 10, notes=("encoding_drift",))
    S.whole("utf-16 bom", "encoding", text(TEN).encode("utf-16"))
    S.whole("utf-16le no bom", "encoding", text(TEN).encode("utf-16-le"))
    S.whole("utf-16be bom", "encoding", b"\xfe\xff" + text(TEN).encode("utf-16-be"))
    S.whole("byte impossible in cp1252", "encoding", file(TEN).replace(b"ZQVILLE", b"\x81\x8d\xe9", 1))
    twice = text([row(n, reason1="fièvre élevée à zqmotif") for n in range(1, 11)], D1_HEADER.replace("N°", "N"))
    S.add("mojibake", twice.encode().decode("cp1252").encode(), 10, notes=("mojibake",))
    mixed = file(TEN, D1_HEADER.replace("N°", "N"), encoding="utf-8") + row(11, city="ZQÉ").encode("cp1252") + b"\r\n"
    S.add("cp1252 line in utf-8", mixed, 11)
    S.whole("gzip of it", "unreadable", gzip.compress(file(TEN)))
    S.whole("zip magic", "unreadable", b"PK\x03\x04" + bytes(range(256)) * 4)
    S.whole("pdf", "unreadable", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n")
    S.whole("ransom note", "header_changed", b"YOUR FILES ARE ENCRYPTED\r\nzqwallet 0612345678\r\n")
    S.whole("random bytes", "unreadable", bytes((n * 7919 + 13) % 256 for n in range(3000)))


def lines() -> None:
    S.add("lf", file(TEN, end="\n"), 10)
    S.whole("cr", "unreadable", file(TEN, end="\r"))
    S.add("mixed ends", file(TEN[:5]) + ("\n".join(TEN[5:]) + "\n").encode("cp1252"), 10)
    S.add("blank lines", file([*TEN[:5], "", "", *TEN[5:], ""]), 10, other=4)
    S.add("lines of spaces", file([*TEN, "   ", "\t"]), 10, other=3)
    S.whole("nul in city", "unreadable", file([*TEN[:9], row(10, city="ZQ\0VILLE")]))
    S.whole("nul in id", "unreadable", file([*TEN, row(11, id="ZQ\0ID")]))
    S.whole("hole of nuls", "encoding", file(TEN)[:800] + bytes(2000))
    S.bad("bell in id", "ID_SHAPE", id="ZQ\x07ID")
    S.bad("unit separator", "CONTROL", reason1="zq\x1fmotif")
    S.bad("file separator", "CONTROL", city="zq\x1cville")
    S.add("trailing delimiter", file([line + ";" for line in TEN]), 10)
    S.add("trailing delimiter on header", file([line + ";" for line in TEN], D1_HEADER + ";"), 10)
    S.add("trailing delimiter on some", file([TEN[0] + ";", *TEN[1:]]), 10)
    S.of("two trailing delimiters", [*TEN, row(11) + ";;"], 10, refused={"FIELD_COUNT": 1})
    S.of("one cell less", [*TEN, row(11).rsplit(";", 1)[0]], 10, refused={"FIELD_COUNT": 1})
    S.of("one cell", [*TEN, "zqmotif"], 10, refused={"FIELD_COUNT": 1})
    S.bad("delimiter in a text", "FIELD_COUNT", reason1="toux; zqmotif")
    S.bad("two delimiters in a text", "FIELD_COUNT", reason1="toux;; zqmotif")
    S.kept("quoted delimiter", reason1='"toux; zqmotif"')
    S.kept("doubled quotes", reason1='"dit ""zqmotif"" au téléphone"')
    S.bad("quote opened", "QUOTE", reason1='"zqmotif')
    S.of(
        "line end in a text",
        [*TEN, row(11, reason1="zq\r\nmotif")],
        10,
        refused={"FIELD_COUNT": 2},
        code="lines_refused",
    )
    S.of(
        "line end in a quoted text",
        [*TEN, row(11, reason1='"zq\r\nmotif"')],
        10,
        refused={"QUOTE": 1, "FIELD_COUNT": 1},
        code="lines_refused",
    )
    S.of("column labels repeated in the middle", [*TEN[:5], D1_HEADER, *TEN[5:]], 10, refused={"DATE_UNREADABLE": 1})
    S.of("only delimiters", [*TEN, ";" * 16], 10, other=2)
    S.add("no end after last line", file(TEN)[:-2], 9, refused={"CUT_LINE": 1}, code="truncated")
    S.add("cut in last line", file(TEN)[:-30], 9, refused={"CUT_LINE": 1}, code="truncated")
    S.add("cut in first line", file(TEN[:1])[:-30], 0, refused={"CUT_LINE": 1}, code="truncated")
    S.whole("cut in header", "header_changed", D1_HEADER[:60].encode("cp1252"))
    S.add("cut at a line end", file(TEN[:7]), 7)
    accent = file([*TEN, row(11, city="ZQÉ")], encoding="utf-8")
    S.add(
        "cut in a character",
        accent[: accent.rindex("É".encode()) + 1],
        10,
        refused={"CUT_LINE": 1},
        code="truncated",
        notes=("encoding_drift",),
    )
    S.bad("65,000 characters", "LINE_TOO_LONG", reason1="zq" * 32_500)
    S.kept("600 characters", "TEXT_LONG", reason1="zqmotif " * 75)


def header() -> None:
    S.add("accents lost", file(TEN, D1_HEADER.replace("°", "")), 10)
    S.add("capitals", file(TEN, D1_HEADER.upper()), 10)
    S.add("blanks around names", file(TEN, D1_HEADER.replace(";", " ; ")), 10)
    S.add("quoted names", file(TEN, ";".join(f'"{name}"' for name in D1_HEADER.split(";"))), 10)
    turned = [";".join(reversed(line.split(";"))) for line in (D1_HEADER, *TEN)]
    S.add("reordered", file(turned[1:], turned[0]), 10)
    for name in (
        "N° dossier",
        "Date appel",
        "Heure appel",
        "Date visite",
        "Code postal",
        "Date naissance",
        "Sexe",
        "Motif appel 1",
        "Code diag",
        "Devenir",
        "Type acte",
    ):
        S.whole(f"{name} renamed", "header_changed", file(TEN, column(D1_HEADER, name, "Autre")), 11)
    short = [";".join(line.split(";")[:4] + line.split(";")[5:]) for line in (D1_HEADER, *TEN)]
    S.add("optional absent", file(short[1:], short[0]), 10, notes=("columns_absent",))
    S.whole("doubled", "header_changed", file(TEN, column(D1_HEADER, "Ville", "Sexe")), 11)
    S.add("unknown column", file([f"{line};zq" for line in TEN], D1_HEADER + ";Remarque"), 10, notes=("extra_columns",))
    S.add("column without a name", file([f"{line};zq;zq" for line in TEN], D1_HEADER + ";;Remarque"), 10)
    S.whole("no header", "header_changed", ("\r\n".join(TEN) + "\r\n").encode(), 10)
    merged = file(TEN).replace(b"Type acte\r\n", b"Typ,", 1)
    S.whole("first visit behind a header that lost its end", "header_changed", merged, 10)
    S.whole("commas", "header_changed", file([line.replace(";", ",") for line in TEN], D1_HEADER.replace(";", ",")), 11)
    S.whole("tabs", "header_changed", file([line.replace(";", "\t") for line in TEN], D1_HEADER.replace(";", "\t")), 11)
    S.whole("empty", "empty", b"", 0, other=0)
    S.whole("bom only", "empty", b"\xef\xbb\xbf", other=0)
    S.whole("blank lines only", "empty", b"\r\n\r\n\r\n", other=0)
    S.whole("blanks only", "empty", b"     ", other=0)
    S.whole("header only", "empty", file([]), 1)
    S.whole("header and total of none", "empty", file(["TOTAL;0"]), 2)
    S.whole("nuls only", "encoding", bytes(2000), other=0)


def totals() -> None:
    S.add("total", file([*TEN, "TOTAL;10"]), 10, other=2)
    S.add("total with delimiters", file([*TEN, "TOTAL;10;;;;;;;;;"]), 10, other=2)
    S.add("total too high", file([*TEN, "TOTAL;12"]), 10, other=2, code="truncated")
    S.add("total too low", file([*TEN, "TOTAL;9"]), 10, other=2, code="total_mismatch")
    S.add(
        "total counts a refused line", file([*TEN, row(11, id=""), "TOTAL;11"]), 10, other=2, refused={"ID_MISSING": 1}
    )
    S.of("total in the middle", [*TEN[:5], "TOTAL;5", *TEN[5:]], 10, refused={"FIELD_COUNT": 1})
    two = file([*TEN, "TOTAL;10", "TOTAL;10"])
    S.add("two totals", two, 10, other=2, refused={"FIELD_COUNT": 1}, code="total_mismatch")
    S.add("total then blank", file([*TEN, "TOTAL;10", ""]), 10, other=3)


def dates() -> None:
    both = lambda day: {"day": day, "call_day": day}  # noqa: E731
    S.kept("31/02 of the visit, call known", "START_UNREADABLE", day="31/02/2024")
    S.bad("31/02", "DATE_UNREADABLE", **both("31/02/2023"))
    S.bad("29/02 of no leap year", "DATE_UNREADABLE", **both("29/02/2023"))
    leap = [row(n, **both("29/02/2024")) for n in range(1, 11)]
    S.add("29/02 of a leap year", file(leap), 10, name="EXPORT_20240229.csv")
    S.bad("month first", "DATE_UNREADABLE", **both("01/14/2024"))
    S.whole("all month first", "date_order", file([row(n, **both("01/14/2024")) for n in range(1, 11)]), 11)
    S.bad("two digits", "DATE_UNREADABLE", **both("14/01/24"))
    S.bad("iso", "DATE_UNREADABLE", **both("2024-01-14"))
    S.bad("compact", "DATE_UNREADABLE", **both("14012024"))
    S.bad("in words", "DATE_UNREADABLE", **both("14 janvier 2024"))
    S.bad("year 0000", "DATE_UNREADABLE", **both("14/01/0000"))
    S.bad("serial", "DATE_UNREADABLE", **both("45305"))
    S.bad("tomorrow of the night", "DATE_FUTURE", **both("16/01/2024"))
    S.bad("year 9999", "DATE_FUTURE", **both("31/12/9999"))
    S.kept("day of the night", "SAME_DAY", **both("15/01/2024"))
    S.kept("400 days", "LATE", **both("11/12/2022"))
    S.bad("401 days", "DATE_OLD", **both("10/12/2022"))
    S.bad("1900", "DATE_OLD", **both("01/01/1900"))
    S.kept("15 days", "LATE", **both("31/12/2023"))
    S.kept("no visit day", "NO_START", day="", hour="")
    S.bad("no day", "DATE_MISSING", day="", call_day="")
    S.bad("days that mean missing", "DATE_MISSING", day="NA", call_day="?")
    S.kept("call unreadable", "CALL_UNREADABLE", call_day="00/00/0000")
    S.kept("25 hours", "TIME_UNREADABLE", hour="25h10")
    S.kept("24h00", "TIME_UNREADABLE", hour="24h00")
    S.kept("22.05", "TIME_UNREADABLE", hour="22.05")
    S.kept("hours with colon", hour="22:05", silent=("TIME_UNREADABLE",))
    S.kept("call after start", "CALL_AFTER_START", call="23h00", hour="21h00")
    hour = {"hour": "02h30", "call": "02h30"}
    S.add("hour that does not exist", file([row(1, **both("31/03/2024"), **hour)]), 1, name=MAR, notes=("DST_MISSING",))
    S.add("hour that is double", file([row(1, **both("27/10/2024"), **hour)]), 1, name=OCT, notes=("DST_AMBIG",))
    S.add(
        "Martinique knows no summer",
        file([row(1, **both("31/03/2024"), **hour, postal="97200")]),
        1,
        name=MAR,
        silent=("DST_MISSING", "DST_AMBIG"),
        member="97201",
    )
    S.add(
        "Martinique in October",
        file([row(1, **both("27/10/2024"), **hour, postal="97200")]),
        1,
        name=OCT,
        silent=("DST_MISSING", "DST_AMBIG"),
        member="97201",
    )
    S.add(
        "name of an earlier day",
        file(TEN),
        0,
        name="EXPORT_20240101.csv",
        refused={"DATE_FUTURE": 10},
        code="lines_refused",
    )
    S.add("name not agreed", file(TEN), 10, name="export du 14.csv", notes=("bad_name",))
    S.add("name with an impossible day", file(TEN), 10, name="EXPORT_20240231.csv", notes=("bad_name",))


def idents() -> None:
    S.of("zeros in front are another visit", [*TEN, row(11, id="0ZQ12"), row(12, id="00ZQ12")], 12)
    S.of("digits with zeros", [*TEN, row(11, id="000123"), row(12, id="123")], 12)
    S.bad("missing", "ID_MISSING", id="")
    S.bad("blank", "ID_MISSING", id="   ")
    S.bad("means missing", "ID_MISSING", id="NR")
    S.bad("65 characters", "ID_SHAPE", id="ZQ" + "1" * 63)
    S.kept("64 characters", id="ZQ" + "1" * 62)
    S.kept("looks like a number", id="1E+15")
    S.of("twice the same", [*TEN, TEN[3]], 10, refused={"DUPLICATE": 1}, notes=("repeated",))
    S.of("three times the same", [*TEN, TEN[3], TEN[3]], 10, refused={"DUPLICATE": 2})
    S.bad("twice, corrected", "DUPLICATE_ID", id=IDENT.format(4), outcome="SAMU")
    S.of("all twice", [*TEN, *TEN], 10, refused={"DUPLICATE": 10})
    S.of(
        "two bad of twelve", [*TEN, row(11, id=""), row(12, id="")], 10, refused={"ID_MISSING": 2}, code="lines_refused"
    )
    most = [row(n, id="") for n in range(11, 22)]
    S.of("most are bad", [*TEN, *most], 0, refused={"ID_MISSING": 11, "FILE_BLOCKED": 10}, code="lines_refused")
    S.of("half are bad", [*TEN, *most[:10]], 10, refused={"ID_MISSING": 10}, code="lines_refused")


def values() -> None:
    S.kept("born after the visit", "AGE_RANGE", birth="15/01/2024")
    S.kept("born on the day", birth="14/01/2024", silent=("AGE_RANGE",))
    S.kept("121 years", "AGE_RANGE", birth="13/01/1903")
    S.kept("120 years", birth="15/01/1903", silent=("AGE_RANGE",))
    S.kept("birth 31/02", "AGE_UNREADABLE", birth="31/02/1957")
    S.kept("birth of two digits", "AGE_UNREADABLE", birth="17/03/57")
    S.kept("birth unknown", birth="", silent=("AGE_UNREADABLE", "AGE_RANGE"))
    for sex in "MHF12":
        S.kept(f"sex {sex}", sex=sex, silent=("SEX_UNKNOWN",))
    for sex in ("9", "X", "Homme", "0", "zq"):
        S.kept(f"sex {sex}", "SEX_UNKNOWN", sex=sex)
    S.kept("sex f", sex="f", silent=("SEX_UNKNOWN",))
    for code in ("75999", "99109", "99999", "97200", "20000", "59000"):
        S.kept(f"postal {code}", postal=code, silent=("POSTAL_UNREADABLE", "POSTAL_UNKNOWN"))
    for code in ("2A004", "1000", "590000", "59 00", "ZQ590", "5900O"):
        S.kept(f"postal {code}", "POSTAL_UNREADABLE", postal=code)
    S.kept("diagnosis without accents or capitals", code="grippe", silent=("DIAG_UNKNOWN",))
    S.kept("diagnosis unknown", "DIAG_UNKNOWN", code="ZQ INCONNU")
    S.kept("no diagnosis", code="", silent=("DIAG_UNKNOWN",))
    S.kept("outcome unknown", "OUTCOME_UNKNOWN", outcome="zq parti")
    S.kept("outcome in capitals without accent", outcome="DECES", silent=("OUTCOME_UNKNOWN",))
    S.kept("act unknown", "ACT_UNKNOWN", act="zq")
    S.kept("cancelled", act="Annulé", silent=("ACT_UNKNOWN",))
    S.kept("formula", reason1="=cmd|'/C zq'!A0")
    S.kept("markup", reason1="<script>zq(1)</script> [red]zq[/red] {detail} %s")
    S.add("emoji and right to left", file([row(1, reason1="🤒 zq حمى שלום \u202e")], encoding="utf-8"), 1)
    far = [row(n, postal="13001") for n in range(1, 26)]
    S.of("from another région", far, 0, refused={"FILE_HELD": 25}, code="held")
    S.of("a few from another région", [*S.rows(25), *(row(n, postal="13001") for n in range(26, 36))], 35)


for build in (encodings, lines, header, totals, dates, idents, values):
    build()
CASES = S.cases
