"""The two CSV dialects, written: a Windows practice software (cp1252) and a web software (UTF-8, gzip)."""

from __future__ import annotations

from surveillance.files import gzip_fixed
from surveillance.simulation.stamps import birth
from surveillance.simulation.wording import Wording

FRENCH = (
    "N° dossier;Date appel;Heure appel;Date visite;Heure visite;Code postal;Ville;Date naissance;Sexe;"
    "Motif appel 1;Motif appel 2;Diag;Code diag;Diag 2;Code diag 2;Devenir;Type acte"
)
FRENCH_OUTCOMES = ("Domicile", "Hospitalisation", "Urgences", "SAMU", "Refus", "Décès", "Réorientation", "")
FRENCH_ACTS = ("Visite", "Consultation", "Téléconsultation", "Conseil", "Annulé")
FRENCH_SEXES = (("M", "F", ""), ("H", "F", ""), ("1", "2", ""))

ISO = (
    "visit_id,call_at,start_at,end_at,postal_code,age_years,age_months,sex,reason_code,reason_thesaurus,reason_text,"
    "diag1_cim10,diag2_cim10,diag3_cim10,outcome,act_type"
)
ISO_OUTCOMES = ("HOME", "HOSP", "ED", "SAMU", "REFUSED", "DEATH", "REDIRECTED", "NA")
ISO_ACTS = ("HV", "CC", "TC", "TA", "CANCELLED")
EPOCH = 730_000  # day numbers from here: identifiers stay short


def french_csv(texts: Wording, total: bool = False) -> bytes:
    """csv-fr-cp1252: semicolons, CRLF, French dates; about half of the senders end with a line of total."""
    visits = texts.visits
    columns = [
        [f"A{day:%y}-{day:%j}{number:05d}" for day, number in texts.serials()],
        texts.moments("day", visits.call),
        texts.moments("hour", visits.call),
        texts.moments("day", visits.start),
        texts.moments("hour", visits.start),
        texts.postal_codes(),
        texts.communes(),
        [birth(ordinal, "%d/%m/%Y") for ordinal in visits.birth.tolist()],
        texts.words(visits.sex, FRENCH_SEXES[texts.style % 3]),
        texts.phrases(visits.phrase1),
        texts.phrases(visits.phrase2),
        texts.diagnoses(visits.diag1, labels=True),
        texts.diagnoses(visits.diag1),
        texts.diagnoses(visits.diag2, labels=True),
        texts.diagnoses(visits.diag2),
        texts.words(visits.outcome, FRENCH_OUTCOMES),
        texts.words(visits.act, FRENCH_ACTS),
    ]
    lines = [FRENCH, *map(";".join, zip(*columns, strict=True))]
    if total or texts.style % 2:
        lines.append(f"TOTAL;{len(visits)}")
    return "".join(f"{line}\r\n" for line in lines).encode("cp1252")


def iso_csv(texts: Wording) -> bytes:
    """csv-utf8-iso, before compression: ages, CIM-10, dates with and without offset, BOM with some senders."""
    visits, naive = texts.visits, "iso" if texts.style % 3 else "offset"
    columns = [
        [f"{day.toordinal() - EPOCH}{number:05d}" for day, number in texts.serials()],
        texts.moments(naive, visits.call),
        texts.moments("offset", visits.start),
        texts.moments(naive, visits.end),
        texts.postal_codes(),
        texts.numbers(visits.years),
        texts.numbers(visits.months),
        texts.words(visits.sex, ("1", "2", "9")),
        texts.motifs(),
        [texts.association.thesaurus] * len(visits),
        texts.phrases(visits.phrase1),
        texts.diagnoses(visits.diag1, cim10=True),
        texts.diagnoses(visits.diag2, cim10=True),
        [code or "NA" for code in texts.diagnoses(visits.diag3, cim10=True)],
        texts.words(visits.outcome, ISO_OUTCOMES),
        texts.words(visits.act, ISO_ACTS),
    ]
    lines = [ISO, *map(",".join, zip(*columns, strict=True))]
    return "".join(f"{line}\n" for line in lines).encode("utf-8-sig" if texts.style % 4 == 0 else "utf-8")


def iso_csv_gz(texts: Wording) -> bytes:
    """csv-utf8-iso as it lies on the server."""
    return gzip_fixed(iso_csv(texts))
