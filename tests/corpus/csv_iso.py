"""csv-utf8-iso: the web software with commas, ISO dates and gzip."""

from __future__ import annotations

import gzip
from typing import Any

from tests.corpus.cases import TEXT, Shelf
from tests.sample_files import D2_HEADER, d2_line

PRINTED = (  # as published with the dialect
    "visit_id,call_at,start_at,end_at,postal_code,age_years,sex,reason_code,reason_thesaurus,diag1_cim10,diag2_cim10,"
    "outcome,act_type\n"
    "77123,2026-01-04T22:05:00,2026-01-04T22:51:00+01:00,,13008,34,1,FIEV,ASSO-A,J11.1,,HOME,HV\n"
)


def row(n: int, **changes: str) -> str:
    """A line whose values would be recognised."""
    return d2_line(n, **({"id": f"ZQ{n:04d}", "text": TEXT} | changes))


def plain(rows: Any, header: str = D2_HEADER, end: str = "\n") -> str:
    """The text of a file."""
    return end.join([header, *rows]) + end


def file(rows: Any, header: str = D2_HEADER, encoding: str = "utf-8", end: str = "\n") -> bytes:
    """The bytes of a file, compressed."""
    return gzip.compress(plain(rows, header, end).encode(encoding), mtime=0)


S = Shelf("csv-utf8-iso", row, file, other=1)
TEN = S.rows()


def containers() -> None:
    data = file(TEN)
    S.add("printed example", gzip.compress(PRINTED.encode()), 1, name="sos_5901_2026-01-04.csv.gz")
    S.add("sound", data, 10)
    S.add("bom", file(TEN, encoding="utf-8-sig"), 10, silent=("encoding_drift",))
    S.add("crlf", file(TEN, end="\r\n"), 10)
    S.whole("not compressed", "unreadable", plain(TEN).encode())
    S.whole("gzip of gzip", "unreadable", gzip.compress(data))
    S.whole("two members", "unreadable", data + file(TEN))
    S.whole("garbage behind", "unreadable", data + b"zq garbage")
    S.whole("zeros behind", "unreadable", data + bytes(512))
    S.whole("wrong checksum", "unreadable", data[:-8] + b"\0\0\0\0" + data[-4:])
    S.whole("byte changed inside", "unreadable", data[:60] + bytes([data[60] ^ 255]) + data[61:])
    S.whole("only the magic", "truncated", data[:2])
    S.whole("packed stream cut early", "truncated", data[:40])
    S.whole("empty", "empty", b"", other=0)
    S.whole("gzip of nothing", "empty", gzip.compress(b""), other=0)
    S.whole("gzip of blanks", "empty", gzip.compress(b"\n\n \n"), other=0)
    S.whole("bomb of nuls", "encoding", gzip.compress(bytes(30_000_000), mtime=0))
    S.whole("bomb of blanks", "too_large", gzip.compress(b" " * 30_000_000, mtime=0))
    S.whole(
        "bomb of lines", "too_large", gzip.compress(plain(TEN).encode() + b"a" * 9000 + b"\n" * 20_000_000, mtime=0)
    )
    S.whole("utf-16", "encoding", file(TEN, encoding="utf-16"))
    S.whole("latin", "encoding", file([row(1, text="zq fièvre")], encoding="latin-1"))
    S.whole("one latin byte", "encoding", gzip.compress(plain(TEN).encode().replace(b"zqmotif", b"zq\xe9", 1)))
    S.whole("overlong utf-8", "encoding", gzip.compress(plain(TEN).encode().replace(b"zqmotif", b"zq\xc0\xaf", 1)))
    S.whole(
        "surrogate in utf-8", "encoding", gzip.compress(plain(TEN).encode().replace(b"zqmotif", b"zq\xed\xa0\x80", 1))
    )
    S.add("cut before packing", gzip.compress(plain(TEN).encode()[:-20]), 9, refused={"CUT_LINE": 1}, code="truncated")
    S.add("no last end", gzip.compress(plain(TEN).encode()[:-1]), 9, refused={"CUT_LINE": 1}, code="truncated")
    S.add(
        "mojibake",
        file([row(n, text="fièvre élevée zq".encode().decode("cp1252")) for n in range(1, 11)]),
        10,
        notes=("mojibake",),
    )
    S.add("name of another association", data, 0, name="sos_7501_2024-01-14.csv.gz", code="wrong_association")
    S.add("name not agreed", data, 10, name="export.csv.gz", notes=("bad_name",))


def columns() -> None:
    S.add("age in older versions", file(TEN, D2_HEADER.replace("age_years", "age")), 10)
    S.whole("header only", "empty", file([]), 1)
    for name in (
        "visit_id",
        "call_at",
        "start_at",
        "postal_code",
        "sex",
        "diag1_cim10",
        "outcome",
        "act_type",
        "age_years",
    ):
        S.whole(f"{name} renamed", "header_changed", file(TEN, D2_HEADER.replace(name, "autre")), 11)
    for name in ("end_at", "age_months", "reason_code", "reason_text", "diag2_cim10"):
        S.add(
            f"{name} renamed",
            file(TEN, D2_HEADER.replace(name, "autre")),
            10,
            notes=("columns_absent", "extra_columns"),
        )
    S.whole("doubled", "header_changed", file(TEN, D2_HEADER.replace("reason_thesaurus", "sex")), 11)
    S.whole("both names of the age", "header_changed", file([f"{r},1" for r in TEN], D2_HEADER + ",age"), 11)
    S.whole("no header", "header_changed", gzip.compress("\n".join([*TEN, ""]).encode()), 10)
    S.whole("semicolons", "header_changed", file([r.replace(",", ";") for r in TEN], D2_HEADER.replace(",", ";")), 11)
    S.of("trailing delimiter", [*TEN, row(11) + ","], 10, refused={"FIELD_COUNT": 1})
    S.bad("comma in a text", "FIELD_COUNT", text="zq, toux")
    S.bad("decimal comma", "FIELD_COUNT", years="3,5")
    S.kept("quoted comma", text='"zq, toux"')
    S.bad("quote opened", "QUOTE", text='"zq toux')
    S.bad("line too long", "LINE_TOO_LONG", text="zq" * 20_000)
    S.bad("separator characters", "CONTROL", text="zq\x1etoux")


def values() -> None:
    S.bad("no id", "ID_MISSING", id="")
    S.bad("id NA", "ID_MISSING", id="NA")
    S.bad("no day", "DATE_MISSING", start="", call="")
    S.kept("no start", "NO_START", start="")
    S.kept("start unreadable", "START_UNREADABLE", start="14/01/2024 10:00")
    S.bad("nothing readable", "DATE_UNREADABLE", start="14/01/2024 10:00", call="14/01/2024 10:00")
    S.bad("a day only", "DATE_UNREADABLE", start="2024-01-14", call="2024-01-14")
    S.bad("blank for T", "DATE_UNREADABLE", start="2024-01-14 10:00:00", call="2024-01-14 10:00:00")
    S.bad("24:00", "DATE_UNREADABLE", start="2024-01-14T24:00:00", call="2024-01-14T24:00:00")
    S.bad("future", "DATE_FUTURE", start="2024-01-16T00:00:00")
    S.kept("last minute of the night's day", "SAME_DAY", start="2024-01-15T23:59:00")
    S.kept("utc", start="2024-01-14T09:00:00Z", silent=("START_UNREADABLE",))
    S.kept("offset of another zone", start="2024-01-14T23:30:00-04:00")
    S.bad("old", "DATE_OLD", start="2022-01-14T09:00:00", call="2022-01-14T08:00:00")
    S.kept("end before start", "DURATION", end="2024-01-14T01:00:00+01:00")
    S.kept("end seven hours later", "DURATION", start="2024-01-14T09:00:00+01:00", end="2024-01-14T16:00:01+01:00")
    S.kept(
        "end six hours later",
        start="2024-01-14T09:00:00+01:00",
        call="",
        end="2024-01-14T15:00:00+01:00",
        silent=("DURATION",),
    )
    S.kept("end unreadable", "END_UNREADABLE", end="zq")
    S.kept("age -1", "AGE_RANGE", years="-1")
    S.kept("age 121", "AGE_RANGE", years="121")
    S.kept("age 120", years="120", silent=("AGE_RANGE",))
    S.kept("age 0", years="0", months="5", silent=("AGE_RANGE", "AGE_MONTHS"))
    S.kept("age quoted 3,5", "AGE_UNREADABLE", years='"3,5"')
    S.kept("age 3.5", "AGE_UNREADABLE", years="3.5")
    S.kept("age in words", "AGE_UNREADABLE", years="zq ans")
    S.kept("age of 400 digits", years="9" * 400)
    S.kept("months contradict", "AGE_MONTHS", years="5", months="7")
    S.kept("no age", years="NA", silent=("AGE_UNREADABLE",))
    S.kept("sex 9", sex="9", silent=("SEX_UNKNOWN",))
    S.kept("sex M", "SEX_UNKNOWN", sex="M")
    for code in ("J11.1", "J111", "R53.+1", "U07.1", "U07.1.0", "j11.1", "M79.59"):
        S.kept(f"diagnosis {code}", d1=code, silent=("DIAG_UNKNOWN",))
    for code in ("GRIPPE", "ZQ9", "J", "11.1", "J1"):
        S.kept(f"diagnosis {code}", "DIAG_UNKNOWN", d1=code)
    S.kept("outcome unknown", "OUTCOME_UNKNOWN", outcome="zq")
    S.kept("act unknown", "ACT_UNKNOWN", act="zq")
    S.kept("reason unknown", "REASON_UNKNOWN", reason="ZQCODE")
    S.kept("postal of four", "POSTAL_UNREADABLE", postal="1000")
    S.of("twice the same", [*TEN, TEN[0]], 10, refused={"DUPLICATE": 1})
    S.bad("twice, corrected", "DUPLICATE_ID", id="ZQ0001", outcome="HOSP")
    S.kept("emoji", text="🤒 zq ‮ حمى")


for build in (containers, columns, values):
    build()
CASES = S.cases
