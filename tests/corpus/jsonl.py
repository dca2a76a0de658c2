"""jsonl-fixed: one JSON object a line."""

from __future__ import annotations

import gzip
import json
from typing import Any

from tests.corpus.cases import TEXT, Shelf
from tests.sample_files import d4_object


def row(n: int, **changes: Any) -> dict[str, Any]:
    """An object whose values would be recognised."""
    patient = {"age": 40, "sex": "F", "birth_date": "1957-03-17"} | changes.pop("patient", {})
    marked = {"id": f"ZQ{n:04d}", "reasons": [{"text": TEXT}], "patient": patient}
    return d4_object(n, **(marked | changes))


def file(rows: Any, end: str = "\n") -> bytes:
    """Objects, or texts of lines, as a file."""
    texts = [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in rows]
    return "".join(text + end for text in texts).encode()


S = Shelf("jsonl-fixed", row, file)
TEN = S.rows()
LINE = json.dumps(row(11))


def shapes() -> None:
    S.add("sound", file(TEN), 10)
    S.add("bom", b"\xef\xbb\xbf" + file(TEN), 10)
    S.add("crlf", file(TEN, "\r\n"), 10)
    S.add("no last end", file(TEN)[:-1], 10)
    S.add("blank lines", file([*TEN, "", "  "]), 10, other=2)
    S.add("cut in an object", file(TEN)[:-40], 9, refused={"CUT_LINE": 1}, code="truncated")
    S.add("cut in the only object", file(TEN[:1])[:-40], 0, refused={"CUT_LINE": 1}, code="truncated")
    accent = file([*TEN, row(11, outcome="zqé")])
    S.add(
        "cut in a character", accent[: accent.rindex("é".encode()) + 1], 10, refused={"CUT_LINE": 1}, code="truncated"
    )
    S.whole("empty", "empty", b"")
    S.whole("blanks only", "empty", b"\n\n  \n")
    S.whole("utf-16", "encoding", file(TEN).decode().encode("utf-16"))
    S.whole("latin", "encoding", file([row(1, outcome="zqé")]).decode().encode("latin-1"))
    S.whole("gzip", "unreadable", gzip.compress(file(TEN)))
    for name, text in {
        "nan": LINE.replace('"age": 40', '"age": NaN'),
        "infinity": LINE.replace('"age": 40', '"age": -Infinity'),
        "trailing comma": LINE[:-1] + ",}",
        "single quotes": LINE.replace('"', "'"),
        "comment": LINE + " // zq",
        "two objects": LINE + LINE,
        "array": f"[{LINE}]",
        "number": "157035935012345",
        "text": '"zqmotif"',
        "null": "null",
        "words": "zqmotif",
        "key twice": LINE[:-1] + ', "id": "ZQ9999"}',
        "deep": '{"id": ' + "[" * 4000 + "]" * 4000 + "}",
        "lone surrogate": LINE.replace("zqmotif", "zq\\ud800"),
        "surrogate in the id": LINE.replace("ZQ0011", "ZQ\\ud800"),
        "control in a text": LINE.replace("zqmotif", "zq\tmotif"),
        "half an escape": LINE.replace("zqmotif", "zq\\u12"),
        "braces": "{}{",
    }.items():
        S.of(name, [*TEN, text], 10, refused={"NOT_JSON": 1})
    S.of("too long", [*TEN, row(11, reasons=[{"text": "zq" * 30_000}])], 10, refused={"LINE_TOO_LONG": 1})
    S.of("comma after the object", [*TEN, LINE + ","], 10, refused={"NOT_JSON": 1})
    pretty = json.dumps(TEN, indent=1)
    S.add(
        "one document over lines",
        pretty.encode(),
        0,
        refused={"NOT_JSON": pretty.count("\n"), "CUT_LINE": 1},
        code="lines_refused",
    )


def values() -> None:
    S.bad("no id", "ID_MISSING", id=None)
    S.of(
        "id absent",
        [*TEN, {key: value for key, value in row(11).items() if key != "id"}],
        10,
        refused={"ID_MISSING": 1},
    )
    S.kept("id is a number", id=157035935012345)
    S.of("empty object", [*TEN, "{}"], 10, refused={"ID_MISSING": 1})
    S.bad("id too long", "ID_SHAPE", id="ZQ" * 40)
    S.bad("no day", "DATE_MISSING", start_at=None, call_at=None)
    S.kept("no start", "NO_START", start_at=None)
    S.bad("french days", "DATE_UNREADABLE", start_at="14/01/2024 10:00", call_at=None)
    S.bad("epoch", "DATE_UNREADABLE", start_at=1705226400, call_at=None)
    S.bad("future", "DATE_FUTURE", start_at="2030-01-01T00:00:00", call_at=None)
    S.kept("zulu", start_at="2024-01-14T10:00:00Z")
    S.kept("place is a text", "POSTAL_UNREADABLE", place="zqplace")
    S.kept("reasons is a text", reasons="zqmotif")
    S.kept("diagnoses is an object", "DIAG_UNKNOWN", diagnoses={"code": "GRIPPE", "system": "exemple-libelles"})
    S.kept("diagnosis of the cim-10", diagnoses=[{"code": "J11.1", "system": "CIM10"}], silent=("DIAG_UNKNOWN",))
    S.kept("diagnosis unknown", "DIAG_UNKNOWN", diagnoses=[{"code": "ZQ", "system": "exemple-libelles"}])
    S.kept(
        "two systems",
        "DIAG_SYSTEM",
        diagnoses=[{"code": "J11.1", "system": "CIM10"}, {"code": "GRIPPE", "system": "exemple-libelles"}],
    )
    S.kept("age -3", "AGE_RANGE", patient={"age": -3, "birth_date": None})
    S.kept("age 121", "AGE_RANGE", patient={"age": 121, "birth_date": None})
    S.kept("age 3.5", "AGE_UNREADABLE", patient={"age": 3.5, "birth_date": None})
    S.kept("age of 300 digits", patient={"age": 10**300, "birth_date": None})
    S.kept("age 1e400", patient={"age": "1e400", "birth_date": None})
    S.kept("age true", "AGE_UNREADABLE", patient={"age": True, "birth_date": None})
    S.kept("months contradict", "AGE_MONTHS", patient={"age": 6, "age_months": 3, "birth_date": None})
    S.kept("sex unknown", "SEX_UNKNOWN", patient={"sex": "zq"})
    S.kept("sex is 1", "SEX_UNKNOWN", patient={"sex": 1})
    S.kept("outcome unknown", "OUTCOME_UNKNOWN", outcome="zq")
    S.kept("act unknown", "ACT_UNKNOWN", act_type=["zq"])
    S.kept("status unknown", "STATUS_UNKNOWN", status="zq")
    S.kept("cancelled", status="cancelled", silent=("STATUS_UNKNOWN",))
    S.kept("postal number", place={"postal_code": 59000}, silent=("POSTAL_UNREADABLE",))
    S.kept("postal lost its zero", "POSTAL_UNREADABLE", place={"postal_code": 1000})
    S.of("deep, beside what is read", [*TEN, LINE[:-1] + ', "autre": ' + "[" * 30 + "]" * 30 + "}"], 11)
    S.bad("id is a list", "ID_SHAPE", id=["ZQ1"])
    S.bad("start is an object", "DATE_UNREADABLE", start_at={"zq": 1}, call_at=None)
    S.of("nul in the id", [*TEN, LINE.replace("ZQ0011", "ZQ\\u0000")], 10, refused={"ID_SHAPE": 1})
    S.of("twice the same", [*TEN, TEN[0]], 10, refused={"DUPLICATE": 1})
    S.bad("twice, corrected", "DUPLICATE_ID", id="ZQ0001", outcome="HOSP")
    S.kept("unknown keys", "extra_columns", remarque="zq", telephone="0612345678")
    S.kept("a value as a key", "extra_columns", **{"0612345678": "zq"})
    S.kept("long text", "TEXT_LONG", reasons=[{"text": "zq fievre " * 100}])
    S.kept("emoji", reasons=[{"text": "🤒 zq ‮ حمى"}])
    S.add("name of another", file(TEN), 0, name="7501-2024-01-14.jsonl", code="wrong_association")
    S.add("name not agreed", file(TEN), 10, name="export.json", notes=("bad_name",))


for build in (shapes, values):
    build()
CASES = S.cases
