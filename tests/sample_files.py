"""Small invented files in the four dialects: nobody's visits, made by a formula."""

from __future__ import annotations

import gzip
import json
from datetime import date, timedelta
from typing import Any

from surveillance.associations import Association

NIGHT = date(2024, 1, 15)
DAY = date(2024, 1, 14)
KEY = b"a key for tests, not for any feed"

D1_HEADER = (
    "N° dossier;Date appel;Heure appel;Date visite;Heure visite;Code postal;Ville;Date naissance;Sexe;"
    "Motif appel 1;Motif appel 2;Diag;Code diag;Diag 2;Code diag 2;Devenir;Type acte"
)
D2_HEADER = (
    "visit_id,call_at,start_at,end_at,postal_code,age_years,age_months,sex,reason_code,reason_thesaurus,reason_text,"
    "diag1_cim10,diag2_cim10,diag3_cim10,outcome,act_type"
)
NAMES = {
    "csv-fr-cp1252": "EXPORT_20240114.csv",
    "csv-utf8-iso": "sos_5901_2024-01-14.csv.gz",
    "xml-rpu-like": "V5901_0_20240115003003.xml",
    "jsonl-fixed": "5901-2024-01-14.jsonl",
}
DIALECTS = tuple(NAMES)


def association(dialect: str, thesaurus: str = "exemple-libelles", **changes: Any) -> Association:
    """An invented association of Lille."""
    entry = {
        "code": "5901",
        "name": "SOS Médecins Exemple",
        "city": "Lille",
        "department": "59",
        "region": "32",
        "dialect": dialect,
        "thesaurus": thesaurus,
        "host": "sftp.example.org",
        "user": "sos",
        "usual_volume": 10.0,
        "since": date(2006, 1, 1),
        "verified": False,
    }
    return Association.model_validate(entry | changes)


def d1_line(n: int, **changes: str) -> str:
    """The n-th line of a csv-fr-cp1252 file."""
    cell = {
        "id": f"A24-{n:06d}",
        "call_day": "14/01/2024",
        "call": f"{8 + n % 12:02d}h{n % 60:02d}",
        "day": "14/01/2024",
        "hour": f"{9 + n % 12:02d}h{n % 60:02d}",
        "postal": "59000",
        "city": "LILLE",
        "birth": f"{1 + n % 28:02d}/05/{1940 + n % 80}",
        "sex": "FM"[n % 2],
        "reason1": "FIEVRE",
        "reason2": "toux++",
        "label": "GRIPPE",
        "code": "GRIPPE",
        "label2": "",
        "code2": "",
        "outcome": "Domicile",
        "act": "Visite",
    } | changes
    return ";".join(cell.values())


def d1(lines: list[str], header: str = D1_HEADER, end: str = "\r\n") -> bytes:
    """A csv-fr-cp1252 file."""
    return ("\r\n".join([header, *lines]) + end).encode("cp1252")


def d2_line(n: int, **changes: str) -> str:
    """The n-th line of a csv-utf8-iso file."""
    call, start = (
        f"2024-01-14T{8 + n % 12:02d}:{n % 60:02d}:00",
        f"2024-01-14T{9 + n % 12:02d}:{n % 60:02d}:00+01:00",
    )
    cell = {
        "id": f"{77000 + n}",
        "call": call,
        "start": start,
        "end": "",
        "postal": "59000",
        "years": str(n % 90),
        "months": "",
        "sex": "12"[n % 2],
        "reason": "FIEVRE",
        "list": "ASSO",
        "text": "fievre toux",
        "d1": "J11.1",
        "d2": "NA",
        "d3": '""',
        "outcome": "HOME",
        "act": "HV",
    } | changes
    return ",".join(cell.values())


def d2(lines: list[str], header: str = D2_HEADER, bom: bool = True) -> bytes:
    """A csv-utf8-iso file."""
    text = "\n".join([header, *lines]) + "\n"
    return gzip.compress(text.encode("utf-8-sig" if bom else "utf-8"), mtime=0)


def d3_patient(n: int, **changes: str) -> str:
    """The n-th patient of an xml-rpu-like file; every other one has its children in another order."""
    cell = {
        "DOSSIER": f"X{n}",
        "CP": "59999",
        "COMMUNE": "LILLE",
        "NAISSANCE": f"{1 + n % 28:02d}/05/{1940 + n % 80}",
        "SEXE": "FMI"[n % 3],
        "APPEL": f"14/01/2024 {8 + n % 12:02d}:{n % 60:02d}",
        "ENTREE": f"14/01/2024 {9 + n % 12:02d}:{n % 60:02d}",
        "MOTIF": "fièvre, toux",
        "DP": "GRIPPE",
        "LISTE_DA": "<DA>ASTHME</DA>",
        "MODE_SORTIE": "8",
        "TYPE_ACTE": "VISITE",
    } | changes
    items = list(cell.items())
    inside = "".join(f"<{tag}>{text}</{tag}>" for tag, text in (items if n % 2 else reversed(items)))
    return f"<PASSAGES><PATIENT>{inside}</PATIENT></PASSAGES>\n"


def d3(patients: list[str], code: str = "5901") -> bytes:
    """An xml-rpu-like file, with PASSAGES repeated for each patient."""
    head = f"<ASSOCIATION><CODE>{code}</CODE><ORDRE>0</ORDRE><EXTRACT>15/01/2024 00:30:03</EXTRACT></ASSOCIATION>\n"
    text = f'<?xml version="1.0" encoding="ISO-8859-1"?>\r\n<OSCOUR>{head}{"".join(patients)}</OSCOUR>\n'
    return text.encode("iso-8859-15")


def d4_object(n: int, **changes: object) -> dict[str, object]:
    """The n-th object of a jsonl-fixed file."""
    day, minute = "2024-01-14", f"{n % 60:02d}:00+01:00"
    return {
        "id": f"J-{n}",
        "call_at": f"{day}T{8 + n % 12:02d}:{minute}",
        "start_at": f"{day}T{9 + n % 12:02d}:{minute}",
        "end_at": None,
        "patient": {"age": n % 90, "age_months": None, "sex": "F", "birth_date": None},
        "place": {"postal_code": "59000", "insee": None},
        "reasons": [{"code": "FIEVRE", "system": "ASSO"}, {"text": "toux"}],
        "diagnoses": [{"code": "GRIPPE", "system": "exemple-libelles"}],
        "outcome": "HOME",
        "act_type": "HV",
        "status": "active",
    } | changes


def d4(objects: list[dict[str, object]]) -> bytes:
    """A jsonl-fixed file."""
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in objects).encode()


def sample(dialect: str, size: int = 10) -> bytes:
    """A sound file of `size` visits in a dialect."""
    numbers = range(1, size + 1)
    match dialect:
        case "csv-fr-cp1252":
            return d1([d1_line(n) for n in numbers])
        case "csv-utf8-iso":
            return d2([d2_line(n) for n in numbers])
        case "xml-rpu-like":
            return d3([d3_patient(n) for n in numbers])
        case _:
            return d4([d4_object(n) for n in numbers])


def days_before(day: date, count: int) -> str:
    """A French date `count` days before `day`."""
    return (day - timedelta(days=count)).strftime("%d/%m/%Y")
