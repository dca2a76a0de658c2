"""hl7-phin-adt: messages of syndromic surveillance."""

from __future__ import annotations

from typing import Any

from tests.corpus.cases import TEXT, Shelf
from tests.sample_formats import hl7, hl7_message

NIST = (
    "\r".join(
        [  # abridged sample of the guide, with our sender
            "MSH|^~\\&||LakeMichMC^590000016^NPI|||201204020040||ADT^A03^ADT_A03|NIST-SS-003.32|P|2.5.1|||||||||"
            "PH_SS-NoAck^SS Sender^2.16.840.1.114222.4.10.3^ISO",
            "EVN||201204020030|||||LakeMichMC^590000016^NPI",
            "PID|1||33333^^^^MR||^^^^^^~^^^^^^S|||F||2106-3^^CDCREC|^^^^53217^^^^55089",
            "PV1|1||||||||||||||||||33333_001^^^^VN|||||||||||||||||09||||||||201204012130",
            "DG1|3||78791^Diarrhea^I9CDX|||F",
            "OBX|1|CWE|SS003^^PHINQUESTION||261QE0002X^Emergency Care^NUCC||||||F",
            "OBX|2|NM|21612-7^^LN||45|a^^UCUM|||||F",
            "OBX|3|CWE|8661-1^^LN||^^^^^^^^Diarrhea, stomach pain, dehydration||||||F",
        ]
    )
    + "\r"
)


def row(n: int, **changes: str) -> str:
    """A message whose values would be recognised."""
    return hl7_message(n, **({"id": f"ZQ{n:05d}", "birth": "19570317", "reason": TEXT} | changes))


def file(rows: Any, **options: Any) -> bytes:
    """Messages as a file."""
    return hl7(list(rows), **options)


S = Shelf("hl7-phin-adt", row, file)
TEN = S.rows()
DATA = file(TEN)


def messages() -> None:
    S.add("sample of the guide", NIST.encode(), 1, name="ADT_5901_20120401.hl7")
    S.add("sound", DATA, 10)
    S.add("lf", DATA.replace(b"\r", b"\n"), 10)
    S.add("crlf", DATA.replace(b"\r", b"\r\n"), 10)
    S.add("batch", file(TEN, batch=True), 10)
    S.add("batch that announces more", file(TEN, batch=True, announced=12), 10, code="truncated")
    S.add("batch that announces fewer", file(TEN, batch=True, announced=8), 10, code="total_mismatch")
    S.add("mllp", b"".join(b"\x0b" + item.encode() + b"\x1c\r" for item in TEN), 10)
    own = [item.replace("^~\\&", "#%@$").replace("|", "!") for item in TEN]
    S.add("own delimiters", file([item.replace("^", "#") for item in own]), 10)
    S.add("escapes", file([*TEN, row(11, reason="zq \\T\\ toux \\F\\ \\E\\ \\.br\\ \\X0D\\")]), 11)
    S.add("wrong escape", file([*TEN, row(11, reason="zq \\Q9\\ \\")]), 11)
    S.add("repeated identifiers", file([item.replace("^^^^VN", "^^^^VN~ZQOTHER^^^^MR") for item in TEN]), 10)
    S.add("latin letters", file(TEN).replace(b"zqmotif", b"zq\xe9"), 10)
    S.add("windows byte", file(TEN).replace(b"zqmotif", b"zq\x81"), 10)
    S.whole("empty", "empty", b"")
    S.whole("blanks only", "empty", b"\r\n \r\n")
    S.whole("words", "unreadable", b"zqmotif is no message\r")
    S.whole("batch of none", "empty", file([], batch=True))
    S.whole("utf-16", "encoding", DATA.decode().encode("utf-16"))
    S.whole("sender unknown", "wrong_association", DATA.replace(b"590000016", b"999999999"))
    S.whole("two senders", "wrong_association", DATA.replace(b"590000016", b"999999999", 2))
    S.whole("no sender", "wrong_association", DATA.replace(b"SOS EXEMPLE^590000016^FINESS", b""))
    S.add("no end of the last segment", DATA[:-1], 9, refused={"CUT_LINE": 1}, code="truncated")
    S.add("cut", DATA[:-60], 9, refused={"CUT_LINE": 1}, code="truncated")
    oru = TEN[0].replace("ADT^A04^ADT_A01", "ORU^R01^ORU_R01").replace("ZQ00001", "ZQ00099")
    S.of("other kind of message", [*TEN, oru], 10, refused={"NOT_HL7": 1})
    S.of(
        "no PV1",
        [*TEN, "\r".join(s for s in row(11).split("\r") if not s.startswith("PV1"))],
        10,
        refused={"ID_MISSING": 1},
    )
    S.of("no PID", [*TEN, "\r".join(s for s in row(11).split("\r") if not s.startswith("PID"))], 11)
    S.of("header alone", [*TEN, row(11).split("\r")[0] + "\r"], 10, refused={"ID_MISSING": 1})
    S.of("segment of words", [*TEN, row(11) + "zqmotif\r"], 10, refused={"NOT_HL7": 1})
    S.of("header too short", [*TEN, "MSH|^~\r" + row(11).split("\r", 1)[1]], 10, refused={"NOT_HL7": 1})


def values() -> None:
    S.bad("no id", "ID_MISSING", id="")
    S.bad("null id", "ID_MISSING", id='""')
    S.bad("id too long", "ID_SHAPE", id="ZQ" * 40)
    S.bad("no start", "DATE_MISSING", start="")
    S.bad("start of a day only", "DATE_UNREADABLE", start="20240114")
    S.bad("start unreadable", "DATE_UNREADABLE", start="14/01/2024")
    S.bad("30 February", "DATE_UNREADABLE", start="202302301000")
    S.bad("future", "DATE_FUTURE", start="202412311000")
    S.bad("old", "DATE_OLD", start="201012311000")
    S.kept("seconds and offset", start="20240114100000+0100", silent=("DATE_UNREADABLE",))
    S.kept("fraction", start="20240114100000.123+0100")
    S.kept("months", age="8", unit="mo", birth="", silent=("AGE_UNREADABLE",))
    S.kept("weeks", age="3", unit="wk", birth="", silent=("AGE_UNREADABLE",))
    S.kept("age of no unit", "AGE_UNREADABLE", age="45", unit="zq", birth="")
    S.kept("age 3,5", "AGE_UNREADABLE", age="3,5", birth="")
    S.kept("age 130", "AGE_RANGE", age="130", birth="")
    S.kept("age -1", "AGE_UNREADABLE", age="-1", birth="")
    S.kept("sex U", sex="U", silent=("SEX_UNKNOWN",))
    S.kept("sex X", "SEX_UNKNOWN", sex="X")
    S.kept("icd-9", "DIAG_UNKNOWN", code="78791", system="I9CDX")
    S.kept("icd-9 that looks like a code", "DIAG_UNKNOWN", code="E812", system="I9CDX")
    S.kept("icd-10-cm", code="J11.1", system="I10C", silent=("DIAG_UNKNOWN",))
    S.kept("disposition unknown", "OUTCOME_UNKNOWN", outcome="zq")
    S.kept("class unknown", "ACT_UNKNOWN", kind="Z")
    S.kept("cancelled", event="A11", silent=("STATUS_UNKNOWN",))
    S.kept("discharge cancelled", event="A13", silent=("STATUS_UNKNOWN",))
    S.kept("event unknown", "STATUS_UNKNOWN", event="A40")
    S.of(
        "three messages of a visit",
        [*TEN, row(11, id="ZQ00001", event="A08"), row(12, id="ZQ00001", event="A03")],
        10,
        refused={"DUPLICATE_ID": 2},
    )
    S.kept("postal unreadable", "POSTAL_UNREADABLE", postal="5900")
    S.bad("too long", "LINE_TOO_LONG", reason="zq" * 40_000)
    S.kept("emoji", reason="🤒 zq ‮")
    S.add("name of another", DATA, 10, name="ADT_7501_20240114.hl7", notes=("name_association",))


for build in (messages, values):
    build()
CASES = S.cases
