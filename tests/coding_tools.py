"""A small store with everything that coding must get right, and a recount of it in plain Python."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from surveillance.ages import load_acts
from surveillance.associations import load_associations
from surveillance.coding.case_definitions import Example, Syndrome
from surveillance.coding.cim10_codes import load_codes
from surveillance.coding.codings import Codings
from surveillance.coding.proofs import Tools, failure
from surveillance.coding.syndromes import Coder, load_syndromes
from surveillance.coding.thesauri import load_thesauri
from surveillance.content import Content, parse
from surveillance.counting import count_nights
from surveillance.ledgers import LATEST
from surveillance.reasons.coder import ReasonCoder
from surveillance.store import Store, publish, store_path
from surveillance.visit_codes import code_nights, know_codings
from tests.test_history import admit, line

FIRST = date(2024, 1, 8)
NIGHTS = 24
FOLDER = "indicators/syndromes"
CODES = {
    "CIM10": ["J11.1", "J21.9", "J21", "J20.9", "R05", "U07.1", "R50.9", "J45.9", "J23"],
    "exemple-cim10": ["J11.1", "J21.9", "J20.9", "R05", "R50.9", "U07.11"],
    "exemple-cisp": ["R80", "R78", "R05", "A03", "R96", "R83"],
    "exemple-libelles": ["SYNDROME GRIPPAL", "BRONCHIOLITE", "TOUX", "SIFFLEMENTS DU NOURRISSON", "FIEVRE"],
}
REASONS = {
    "exemple-cim10": ["J11.1", "R50.9", "R05"],
    "exemple-cisp": ["R08", "A01", "R05"],
    "exemple-libelles": ["SYNDROME GRIPPAL", "FIEVRE", "TOUX"],
}
CONCEPTS = ["grippe", "fievre", "toux", "bronchiolite", "covid"]
AGES: list[dict[str, int | str | None]] = [
    {"age_y": None, "age_m": None, "age_band": "NR"},
    {"age_y": 0, "age_m": 5, "age_band": "0"},
    {"age_y": 0, "age_m": 11, "age_band": "0"},
    {"age_y": 1, "age_m": 23, "age_band": "1"},
    {"age_y": 2, "age_m": None, "age_band": "02-04"},
    {"age_y": 14, "age_m": None, "age_band": "05-14"},
    {"age_y": 70, "age_m": None, "age_band": "65-74"},
]
TRIAL = {
    "cim10": ("J21", "J09-J11"),
    "not_cim10": (),
    "age_min_months": None,
    "age_max_months": None,
    "position": "any",
    "only_listed": (),
    "thesaurus": {},
    "not_thesaurus": {},
    "concepts": ("grippe",),
    "reasons": {"exemple-cisp": ("R08",)},
    "since": date(2006, 1, 1),
    "until": None,
}


def visits(content: Content, seed: int) -> list[list[dict[str, Any]]]:
    """The lines of NIGHTS nights: visits of seven associations, some late, some sent again with other words."""
    drawn, members = random.Random(seed), {one.code: one for one in load_associations(content)}
    codes = [code for code in sorted(members) if members[code].thesaurus in REASONS][::9]
    sent: list[dict[str, Any]] = []
    nights = []
    for number in range(NIGHTS):
        again = drawn.sample(sent, min(6, len(sent)))
        lines = [one | {"content_hash": f"{number}"} | _words(drawn, one["own"]) for one in again]
        for place in range(24):
            member = members[drawn.choice(codes)]
            day = FIRST + timedelta(days=number - 1 - drawn.choice((0, 0, 0, 1, 9)))
            one = line(f"{number}-{place}", "0", association=member.code, dep_care=member.department, event_date=day)
            one |= _words(drawn, member.thesaurus) | {"own": member.thesaurus}
            lines.append(one)
        sent += lines
        nights.append(lines)
    return nights


def _words(drawn: random.Random, own: str) -> dict[str, Any]:
    thesaurus = drawn.choice((own, own, "CIM10"))
    return {
        "thesaurus": thesaurus,
        "diagnoses": drawn.sample(CODES[thesaurus], drawn.choice((0, 1, 1, 2, 3))),
        "reason_codes": drawn.sample(REASONS[own], drawn.choice((0, 0, 1))),
        "reason_concepts": drawn.sample(CONCEPTS, drawn.choice((0, 1, 2))),
        "status": drawn.choice(("active", "active", "active", "cancelled")),
        "act_type": drawn.choice(("VISITE", "VISITE", "CENTRE", "CONSEIL_TEL")),
        "sex": drawn.choice("MF"),
        **drawn.choice(AGES),
    }


def small_state(state: Path, content: Content, seed: int = 5) -> None:
    """A state whose store holds these visits, coded night by night, counted and published."""
    codings = Codings(state)
    with Store(store_path(state), content) as store:
        for number, lines in enumerate(visits(content, seed)):
            night = FIRST + timedelta(days=number)
            coding = codings.begin(content, night, night) or codings.in_force(night)
            rows = [{key: value for key, value in one.items() if key != "own"} for one in lines]
            admit(store, night, rows, state / "scratch" / str(number))
            code_nights(store, night, night, codings.coder(coding.digest), coding.number)
            store.run("INSERT INTO receptions (night, association) VALUES ($night, '5901')", {"night": night})
        know_codings(store, codings.all)
        count_nights(store, date.min, LATEST, load_acts(content).counted)
        publish(store, state)


def recounted(store: Store, coder: Coder, ident: str, basis: str) -> Counter[tuple[date, str, str, str]]:
    """The acts in force that count in a definition, visit by visit: (day, association, age band, sex) → acts."""
    found: Counter[tuple[date, str, str, str]] = Counter()
    rows = store.rows(
        "SELECT event_date, association, age_band, sex, thesaurus, diagnoses, reason_codes, reason_concepts, age_y, "
        "age_m FROM visits WHERE to_night = DATE '9999-12-31' AND status = 'active' AND list_contains($acts, act_type)",
        {"acts": list(load_acts(store.content).counted)},
    )
    for day, association, band, sex, thesaurus, diagnoses, reasons, concepts, years, months in rows:
        age = months if months is not None else None if years is None else 12 * years
        own = thesaurus if thesaurus != "CIM10" else coder.own[association]
        if basis == "diagnosis":
            counts = coder.syndromes_of(thesaurus, diagnoses, day, age)
        else:
            counts = coder.reasons_for(own, reasons, concepts, day, age)
        found[day, association, band, sex] += ident in counts
    return +found


def definition(version: str, **says: Any) -> str:
    """The text of a definition `essai` that says this, TRIAL otherwise; with no example yet."""
    given = TRIAL | says
    head = {"id": "essai", "version": version, "since": given["since"], "until": given["until"], "label_fr": "Essai",
            "label_en": "Trial", "group": "general", "status": "inferred", "source": "made for a test",
            "age_min_months": given["age_min_months"], "age_max_months": given["age_max_months"]}  # fmt: skip
    diagnoses = {key: given[key] for key in ("cim10", "not_cim10", "only_listed", "position")}
    tables = {
        "diagnoses": diagnoses,
        "diagnoses.thesaurus": given["thesaurus"],
        "diagnoses.not_thesaurus": given["not_thesaurus"],
        "reasons": {"concepts": given["concepts"]},
        "reasons.thesaurus": given["reasons"],
    }
    parts = (f"\n[{name}]\n" + "\n".join(_lines(table)) for name, table in tables.items())
    return "\n".join([*_lines(head), *parts, ""])


def _lines(table: dict[str, Any]) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in table.items() if value is not None]


def _toml(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def put(site: Path, text: str, name: str = "essai") -> Path:
    """Write a definition into a site folder; gives its path."""
    path = site / FOLDER / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def proven(content: Content, text: str) -> str:
    """The same definition with examples that it passes; "" when no visit counts in a part of it, or every one does."""
    one = parse(text, "essai", Syndrome)
    coder = Coder([*load_syndromes(content), one], load_thesauri(content))
    tools = Tools(coder, ReasonCoder(content), load_codes(content), ())
    tried = [
        Example(codes=(code,), thesaurus=name, age_months=age, counts=True, why="tried")
        for name, codes in CODES.items()
        for code in codes
        for age in (None, 5, 300)
        if coder.entry(name, code, FIRST)
    ]
    texts = [(concept, age) for concept in CONCEPTS for age in (5, 300)]
    tried += [Example(text=concept, age_months=age, counts=True, why="tried") for concept, age in texts]
    held = [(example, not failure(one, example, tools)) for example in tried]
    proven_by = {example.by_reason for example, found in held if found}
    if proven_by != {False, True} or all(found for _, found in held):
        return ""
    rows = [f"  {_example(example, found)}," for example, found in held]
    return text.replace("\n[diagnoses]", "\n".join(["examples = [", *rows, "]", "", "[diagnoses]"]), 1)


def _example(example: Example, counts: bool) -> str:
    said = f'text = "{example.text}"'
    if example.codes:
        said = f'codes = ["{example.codes[0]}"], thesaurus = "{example.thesaurus}"'
    age = "" if example.age_months is None else f", age_months = {example.age_months}"
    return f'{{ {said}{age}, counts = {str(counts).lower()}, why = "tried" }}'
