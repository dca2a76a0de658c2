"""The catalogue of case definitions: everything that a reader wants to know of each, as a page and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from surveillance.age_words import Say, age_said, limits_said
from surveillance.coding.case_definitions import Diagnoses, Example, Syndrome
from surveillance.coding.syndromes import Coder, load_groups, load_syndromes, set_digest, set_version
from surveillance.coding.thesauri import Entry, fold_label, load_thesauri
from surveillance.content import Content
from surveillance.files import make_folder, write_atomic
from surveillance.reporting.french import JOIN
from surveillance.reporting.pages import render
from surveillance.words import FILE, say

TEMPLATES = ("definitions.html", "definitions.md")
PREFIX = "catalogue_"


def write_catalogue(content: Content, lang: str, folder: Path) -> list[Path]:
    """Write the page and the Markdown into a folder; the same content gives the same bytes."""
    context = catalogue_context(content, lang)
    paths = [make_folder(folder) / name for name in TEMPLATES]
    for path in paths:
        write_atomic(path, render(content, path.name, context).encode())
    return paths


def catalogue_context(content: Content, lang: str) -> dict[str, Any]:
    """Everything the two templates print, by name."""
    def speak(key: str, **values: object) -> str:
        sentence = say(content, lang, key, **values)
        return re.sub(r" (?=[;:?!»])|(?<=«) ", JOIN, sentence) if lang == "fr" else sentence

    coder = Coder(load_syndromes(content), load_thesauri(content))
    sheets = [sheet(one, coder, lang, speak) for one in coder.syndromes]
    names = {name: group.en if lang == "en" else group.fr for name, group in load_groups(content).items()}
    order = [*names, *sorted({one.group for one in coder.syndromes} - set(names))]
    keys = [key for key in content.toml(FILE)["fr"] if key.startswith(PREFIX) and not key.endswith("_of")]
    return {
        "lang": lang,
        "words": {key.removeprefix(PREFIX): speak(key) for key in keys},
        "version": set_version(content),
        "digest": set_digest(content),
        "number": len(sheets),
        "groups": [
            {"id": name, "name": names.get(name, name), "sheets": inside}
            for name in order
            if (inside := [one for one in sheets if one["group"] == name])
        ],
    }


def sheet(one: Syndrome, coder: Coder, lang: str, speak: Say) -> dict[str, Any]:
    """What is said of one definition."""
    days = {"since": one.since, "until": one.until}
    holders = [other for other in coder.syndromes if one.id in other.umbrella]
    return {
        "anchor": _anchor(one, coder.syndromes),
        "group": one.group,
        "id": one.id,
        "label": one.label(lang),
        "other": one.label("fr" if lang == "en" else "en"),
        "other_lang": "fr" if lang == "en" else "en",
        "version": one.version,
        "days": speak(f"{PREFIX}{'between' if one.until else 'since'}_of", **days),
        "status": one.status,
        "status_word": speak(f"{PREFIX}status_{one.status}"),
        "status_means": speak(f"{PREFIX}means_{one.status}"),
        "source": " ".join(one.source.split()),
        "ages": limits_said(speak, one.age_min_months, one.age_max_months),
        "bounded": (one.age_min_months, one.age_max_months) != (None, None),
        "diagnoses": _diagnoses(one, one.diagnoses, coder) if one.diagnoses else None,
        "reasons": {"concepts": one.reasons.concepts, "tables": _tables(one, coder, "motif")} if one.reasons else None,
        "members": _links((other for other in coder.syndromes if other.id in one.umbrella), coder, lang),
        "umbrellas": _links(holders, coder, lang),
        "examples": [_example(example, speak) for example in one.examples],
    }


def _anchor(one: Syndrome, every: Iterable[Syndrome]) -> str:
    """Where the page has it: the id, with the first day where the definition is not the last of its id."""
    later = any(other.id == one.id and other.since > one.since for other in every)
    return f"{one.id}-{one.since}" if later else one.id


def _links(found: Iterable[Syndrome], coder: Coder, lang: str) -> list[tuple[str, str]]:
    last = {other.id: other for other in found}
    return [(_anchor(other, coder.syndromes), other.label(lang)) for other in last.values()]


def _diagnoses(one: Syndrome, says: Diagnoses, coder: Coder) -> dict[str, Any]:
    return {
        "cim10": says.cim10,
        "without": says.not_cim10,
        "position": says.position,
        "only_listed": says.only_listed,
        "tables": _tables(one, coder, "diag"),
    }


def _tables(one: Syndrome, coder: Coder, kind: str) -> list[dict[str, Any]]:
    """For each thesaurus its codes that count, and those taken out although their CIM-10 code counts."""
    found = []
    for name, thesaurus in sorted(coder.thesauri.items()):
        unwanted = one.diagnoses.not_thesaurus.get(name, ()) if one.diagnoses and kind == "diag" else ()
        out = set(map(thesaurus.normalise, unwanted))
        entries = [entry for group in thesaurus.entries.values() for entry in group if entry.kind == kind]
        counted = [_code(entry) for entry in entries if coder.counts(one, name, entry)]
        without = [_code(entry) for entry in entries if entry.code in out]
        if counted or without:
            found.append(
                {"id": name, "example": thesaurus.status == "example", "codes": counted, "without": without}
            )
    return found


def _code(entry: Entry) -> dict[str, Any]:
    """A code; its label where that says more, its nearest CIM-10 code where that is another and decides, its days."""
    days = [f"{mark} {day}" for mark, day in (("≥", entry.valid_from), ("≤", entry.valid_to)) if day]
    return {
        "code": entry.code,
        "label": "" if fold_label(entry.label) == entry.code else entry.label,
        "cim10": "" if entry.kind == "motif" or entry.cim10 == entry.code else entry.cim10,
        "lossy": entry.lossy,
        "days": " ".join(days),
    }


def _example(example: Example, speak: Say) -> dict[str, Any]:
    kind = "codes" if example.codes else "reasons" if example.reasons else "text"
    return {
        "kind": speak(f"{PREFIX}example_{kind}"),
        "what": example.text or " + ".join(example.codes or example.reasons),
        "quoted": kind == "text",
        "thesaurus": "" if example.text else example.thesaurus,
        "age": "" if example.age_months is None else age_said(speak, example.age_months),
        "counts": example.counts,
        "why": example.why,
    }
