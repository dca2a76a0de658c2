"""The XML dialect, written: the shape of the emergency departments' files (RPU), with its usual quirks."""

from __future__ import annotations

from datetime import datetime
from xml.sax.saxutils import escape

from surveillance.simulation.stamps import birth
from surveillance.simulation.wording import Wording

OUTCOMES = ("8 domicile", "6 mutation", "7 transfert", "7 transfert", "8 domicile", "9 décès", "8 domicile", "")
ACTS = ("VISITE", "CONSULTATION", "TELECONSULTATION", "CONSEIL", "ANNULE")
ORDERS = (
    (
        "DOSSIER",
        "CP",
        "COMMUNE",
        "NAISSANCE",
        "SEXE",
        "APPEL",
        "ENTREE",
        "MOTIF",
        "DP",
        "LISTE_DA",
        "MODE_SORTIE",
        "TYPE_ACTE",
    ),
    (
        "ENTREE",
        "DOSSIER",
        "TYPE_ACTE",
        "NAISSANCE",
        "SEXE",
        "CP",
        "COMMUNE",
        "APPEL",
        "DP",
        "LISTE_DA",
        "MOTIF",
        "MODE_SORTIE",
    ),
)


def rpu_xml(texts: Wording, made_at: datetime) -> bytes:
    """xml-rpu-like: ISO-8859-15; some repeat PASSAGES, change the order of children or leave dots out of codes."""
    visits = texts.visits
    days = sorted({day for day, _ in texts.serials()})
    first, last = (f"{day:%d/%m/%Y}" for day in (days[0], days[-1])) if days else ("", "")
    head = (
        f"<ASSOCIATION><CODE>{texts.association.code}</CODE><ORDRE>0</ORDRE>"
        f"<EXTRACT>{made_at:%d/%m/%Y %H:%M:%S}</EXTRACT>"
        f"<DATEDEBUT>{first}</DATEDEBUT><DATEFIN>{last}</DATEFIN></ASSOCIATION>"
    )
    reasons = [
        f"{one} / {two}" if two else one
        for one, two in zip(texts.phrases(visits.phrase1), texts.phrases(visits.phrase2), strict=True)
    ]
    columns = {
        "DOSSIER": [f"0{day:%y%j}{number:05d}" for day, number in texts.serials()],
        "CP": texts.postal_codes(),
        "COMMUNE": texts.communes(),
        "NAISSANCE": [birth(ordinal, "%d/%m/%Y") for ordinal in visits.birth.tolist()],
        "SEXE": texts.words(visits.sex, ("M", "F", "I")),
        "APPEL": texts.moments("both", visits.call),
        "ENTREE": texts.moments("both", visits.start),
        "MOTIF": reasons,
        "DP": _codes(texts, 1),
        "LISTE_DA": [
            "".join(f"<DA>{code}</DA>" for code in pair if code)
            for pair in zip(_codes(texts, 2), _codes(texts, 3), strict=True)
        ],
        "MODE_SORTIE": texts.words(visits.outcome, OUTCOMES),
        "TYPE_ACTE": texts.words(visits.act, ACTS),
    }
    for name in ("COMMUNE", "MOTIF"):
        columns[name] = [escape(text) for text in columns[name]]
    names = ORDERS[texts.style % 2]
    patients = [
        "<PATIENT>"
        + "".join(f"<{name}>{value}</{name}>" for name, value in zip(names, values, strict=True))
        + "</PATIENT>"
        for values in zip(*(columns[name] for name in names), strict=True)
    ]
    if texts.style % 3 == 0:
        body = "\n".join(f"<PASSAGES>{patient}</PASSAGES>" for patient in patients)
    else:
        body = "<PASSAGES>\n" + "\n".join(patients) + "\n</PASSAGES>"
    text = f'<?xml version="1.0" encoding="ISO-8859-15"?>\n<OSCOUR>\n{head}\n{body}\n</OSCOUR>\n'
    return text.encode("iso-8859-15")


def _codes(texts: Wording, rank: int) -> list[str]:
    codes = texts.diagnoses(getattr(texts.visits, f"diag{rank}"))
    if texts.style % 4 == 1 and texts.association.thesaurus == "exemple-cim10":
        codes = [code.replace(".", "") for code in codes]
    return [escape(code) for code in codes]
