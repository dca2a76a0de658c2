"""The JSON Lines dialect, written: one object a visit, keys left out when there is nothing to say."""

from __future__ import annotations

import json

from surveillance.simulation.csv_feeds import ISO_ACTS, ISO_OUTCOMES
from surveillance.simulation.stamps import birth
from surveillance.simulation.visits import CANCELLED, NO
from surveillance.simulation.wording import Wording

SEXES = ("M", "F", "NR")


def json_lines(texts: Wording) -> bytes:
    """jsonl-fixed: UTF-8, LF; codes come with the system they belong to."""
    visits, system = texts.visits, texts.association.thesaurus
    own = [texts.diagnoses(column) for column in (visits.diag1, visits.diag2, visits.diag3)]
    columns = zip(
        texts.serials(),
        texts.moments("offset", visits.call),
        texts.moments("offset", visits.start),
        texts.moments("offset", visits.end),
        visits.years.tolist(),
        visits.months.tolist(),
        visits.birth.tolist(),
        texts.words(visits.sex, SEXES),
        texts.postal_codes(),
        texts.motifs(),
        texts.phrases(visits.phrase1),
        texts.phrases(visits.phrase2),
        zip(*own, strict=True),
        visits.outcome.tolist(),
        visits.act.tolist(),
        visits.kind.tolist(),
        strict=True,
    )
    lines = []
    for (
        day,
        number,
    ), call, start, end, years, months, born, sex, postal, motif, one, two, codes, outcome, act, kind in columns:
        patient: dict[str, object] = {"age": None if years == NO else years, "sex": sex}
        if months != NO:
            patient["age_months"] = months
        if number % 3 == 0:
            patient["birth_date"] = birth(born, "%Y-%m-%d") or None
        reasons = [{"code": motif, "system": system}] if motif else []
        reasons += [{"text": text} for text in (one, two) if text]
        found: dict[str, object] = {
            "id": f"{day.toordinal():x}-{number:x}",
            "call_at": call,
            "start_at": start,
            "end_at": end if number % 5 else None,
            "patient": patient,
            "place": {"postal_code": postal},
            "reasons": reasons,
            "act_type": ISO_ACTS[act],
            "diagnoses": [{"code": code, "system": system} for code in codes if code],
            "status": "cancelled" if kind == CANCELLED else "active",
        }
        if ISO_OUTCOMES[outcome] != "NA":
            found["outcome"] = ISO_OUTCOMES[outcome]
        lines.append(json.dumps(found, ensure_ascii=False, separators=(",", ":")))
    return "".join(f"{line}\n" for line in lines).encode()
