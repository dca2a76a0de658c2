"""json-rs-eda: cases of the SAMU hub, one document or an array."""

from __future__ import annotations

import gzip
import json
from typing import Any

from tests.corpus.cases import TEXT, Shelf
from tests.sample_formats import case_of, documents, envelope


def patient(**changes: Any) -> list[dict[str, Any]]:
    """One patient whose values would be recognised."""
    features = {"sex": "F", "birthDate": "1957-03-17"} | changes.pop("features", {})
    hypothesis = {"mainDiagnosis": {"code": "J11.1", "label": "zqlabel"}} | changes.pop("hypothesis", {})
    identity = {"strictFeatures": features, "nonStrictFeatures": {"complete": "ZQNOM ZQPRENOM"}}
    return [{"identity": identity, "detail": {"age": "P66Y"}, "hypothesis": hypothesis} | changes]


def row(n: int, **changes: Any) -> dict[str, Any]:
    """A case whose values would be recognised."""
    marked = {"caseId": f"fr.health.zq.DR{n:06d}", "patient": patient(), "medicalNote": [{"freetext": TEXT}]}
    return case_of(n, **(marked | changes))


def file(rows: Any) -> bytes:
    """Cases as an array."""
    return documents(list(rows))


S = Shelf("json-rs-eda", row, file)
TEN = S.rows()
DATA = file(TEN)


def shapes() -> None:
    S.add("array", DATA, 10)
    S.add("envelope", documents(envelope(TEN)), 10)
    S.add("array of envelopes", documents([envelope(TEN[:5]), envelope(TEN[5:])]), 10)
    S.add("one case", documents(TEN[0]), 1)
    S.add("bom", b"\xef\xbb\xbf" + DATA, 10)
    S.add("one line", json.dumps(TEN).encode(), 10)
    S.whole("empty", "empty", b"")
    S.whole("blanks only", "empty", b" \n ")
    S.whole("empty array", "empty", b"[]")
    for name, data in {
        "words": b"zqmotif",
        "deep and closed": b"[" * 3000 + b"]" * 3000,
        "two documents": DATA + DATA,
        "jsonl": "\n".join(map(json.dumps, TEN)).encode(),
        "gzip": gzip.compress(DATA),
    }.items():
        S.whole(name, "unreadable", data)
    S.add("cut", DATA[:-50], 9, refused={"CUT_LINE": 1}, code="truncated")
    S.add("opened and never closed", b"[" * 100_000, 0, refused={"CUT_LINE": 1}, code="truncated")
    S.add("comma after the last case", DATA.rstrip()[:-1] + b",]", 10)
    S.add("nan", DATA.replace(b'"P66Y"', b"NaN", 1), 9, refused={"NOT_JSON": 1})
    S.add("key twice", DATA.replace(b'"caseId"', b'"caseId": "zq", "caseId"', 1), 9, refused={"NOT_JSON": 1})
    S.whole("utf-16", "encoding", DATA.decode().encode("utf-16"))
    S.whole("latin", "encoding", DATA.replace(b"zqmotif", b"zq\xe9"))
    S.of("a number among cases", [*TEN, 157035935012345], 10, refused={"NOT_JSON": 1})
    S.of("a text among cases", [*TEN, "zqmotif"], 10, refused={"NOT_JSON": 1})
    S.of("null among cases", [*TEN, None], 10, refused={"NOT_JSON": 1})
    S.of("a list among cases", [*TEN, [row(11)]], 10, refused={"NOT_JSON": 1})
    S.of("an empty case", [*TEN, {}], 10, refused={"ID_MISSING": 1})
    S.of("another message of the hub", [*TEN, {"resourcesInfo": {"zq": "zq"}}], 10, refused={"ID_MISSING": 1})


def values() -> None:
    S.bad("no id", "ID_MISSING", caseId="")
    S.bad("id of another shape", "ID_SHAPE", caseId="zq")
    S.bad("id with blanks", "ID_SHAPE", caseId="fr.health. zq.1")
    S.bad("id too long", "ID_SHAPE", caseId="fr.health.zq." + "1" * 64)
    S.bad("zulu", "DATE_UNREADABLE", creation="2024-01-14T10:00:00Z")
    S.bad("no offset", "DATE_UNREADABLE", creation="2024-01-14T10:00:00")
    S.bad("offset without colon", "DATE_UNREADABLE", creation="2024-01-14T10:00:00+0100")
    S.bad("no creation", "DATE_MISSING", creation=None)
    S.bad("future", "DATE_FUTURE", creation="2025-01-14T10:00:00+01:00")
    S.bad("creation is a number", "DATE_UNREADABLE", creation=1705226400)
    for age in ("P34Y", "P8M", "P3W", "P10D"):
        S.kept(
            f"age {age}", patient=patient(features={"birthDate": None}, detail={"age": age}), silent=("AGE_UNREADABLE",)
        )
    for age in ("34", "P3,5Y", "P1Y2M", "zq", "PT3H"):
        S.kept(f"age {age}", "AGE_UNREADABLE", patient=patient(features={"birthDate": None}, detail={"age": age}))
    S.kept("age 130", "AGE_RANGE", patient=patient(features={"birthDate": None}, detail={"age": "P130Y"}))
    S.kept("sex UN", patient=patient(features={"sex": "UN"}), silent=("SEX_UNKNOWN",))
    S.kept("sex H", "SEX_UNKNOWN", patient=patient(features={"sex": "H"}))
    S.kept("no patient", patient=[])
    S.kept("patient null", patient=None)
    S.kept("patient is a text", patient="zqnom")
    S.kept("two patients", patient=[*patient(), *patient()])
    S.kept("motive of the samples", "REASON_UNKNOWN", qualification={"healthMotive": {"code": "M17.03.01"}})
    S.kept("motive of another shape", "REASON_UNKNOWN", qualification={"healthMotive": {"code": "zq"}})
    S.kept("motive is a number", qualification={"healthMotive": 3})
    S.kept("diagnosis unknown", "DIAG_UNKNOWN", patient=patient(hypothesis={"mainDiagnosis": {"code": "zq"}}))
    S.kept("orientation unknown", "OUTCOME_UNKNOWN", decision=[{"decisionType": "CONSEIL", "orientationType": "zq"}])
    S.kept("decision unknown", "ACT_UNKNOWN", decision=[{"decisionType": "zq"}])
    S.kept("commune unreadable", "COMMUNE_UNREADABLE", location={"city": {"inseeCode": "zq"}})
    S.kept(
        "commune of Corsica",
        location={"city": {"inseeCode": "2A004"}},
        silent=("COMMUNE_UNREADABLE", "COMMUNE_UNKNOWN"),
    )
    S.kept("commune unknown", "COMMUNE_UNKNOWN", location={"city": {"inseeCode": "59998"}})
    S.kept("location is a list", location=[])
    S.of("twice the same", [*TEN, TEN[0]], 10, refused={"DUPLICATE": 1})
    S.of(
        "twice, corrected", [*TEN, row(1, decision=[{"orientationType": "URGENCES"}])], 10, refused={"DUPLICATE_ID": 1}
    )
    S.kept("note of 600 characters", "TEXT_LONG", medicalNote=[{"freetext": "zqmotif " * 75}])
    S.kept("unknown keys", zq={"telephone": "0612345678"})
    S.add("name of another", DATA, 0, name="RS-EDA_7501_20240114.json", code="wrong_association")


for build in (shapes, values):
    build()
CASES = S.cases
