"""A store whose visits come late, are corrected, withdrawn, doubled, recoded, moved; and a recount of it in Python."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from surveillance.ages import load_acts, load_ages
from surveillance.associations import load_associations
from surveillance.changes import Cell
from surveillance.coding.codings import Codings
from surveillance.content import Content
from surveillance.counting import count_nights
from surveillance.history import withdraw
from surveillance.ledgers import LATEST
from surveillance.perimeters import associations_in
from surveillance.store import Store, publish, store_path
from surveillance.visit_codes import adopt_nights, code_nights, coding_at, know_codings
from tests.coding_tools import AGES, CODES, CONCEPTS, FIRST, FOLDER, REASONS
from tests.test_history import admit, hold, line

NIGHTS, AFTER = 20, 450  # so many nights in a row, then two more so many days later: numbers are used again
BEGUN, ADOPTED = 6, 12  # nights that begin a coding: with the night only, and over history from FIRST + 2 on
LAST = FIRST + timedelta(days=AFTER + 1)
SEXES, ACTS, STATUSES = ("M", "F", "NR"), ("VISITE", "CENTRE", "CONSEIL_TEL"), ("active", "cancelled", "deleted")
KINDS = (
    "words",
    "age",
    "sex",
    "act",
    "status",
    "status",
    "status",
    "day",
    "place",
    "outcome",
    "words+age",
    "sex+status",
    "place+words",
)
Visit = dict[str, Any]


class Nights:
    """Nights of a few associations, drawn: the lines of each, whatever can happen to a visit among them."""

    def __init__(self, content: Content, seed: int) -> None:
        self.drawn, members = random.Random(seed), {one.code: one for one in load_associations(content)}
        codes = [code for code in sorted(members) if members[code].thesaurus in REASONS]
        self.members = [members[code] for code in codes[::19]]
        self.sent: dict[str, Visit] = {}
        self.number = 0

    def night(self, night: date) -> list[Visit]:
        """New visits, some of an older day, some twice under two numbers; older ones with other words."""
        lines = [self._new(night) for _ in range(26)]
        lines += [one | {"visit_uid": f"{one['visit_uid']}x"} for one in self.drawn.sample(lines, 4)]
        again = self.drawn.sample(sorted(self.sent), min(14, len(self.sent)))
        lines += [self._changed(self.sent[uid], self.drawn.choice(KINDS)) for uid in again]
        lines += [one | {"status": "cancelled"} for uid, one in self._some(3) if uid.endswith("x") and uid not in again]
        self.sent |= {one["visit_uid"]: one for one in lines}
        return [one | {"content_hash": str(sorted(one.items(), key=str))} for one in lines]

    def whole(self, night: date, lines: list[Visit]) -> tuple[str, date, list[Visit]] | None:
        """A file that holds everything of a day of an association but one visit: association, day, its lines."""
        tonight = {one["visit_uid"] for one in lines}
        day = night - timedelta(days=self.drawn.choice((1, 2, 3)))
        told = [one for one in self.sent.values() if one["event_date"] == day and one["status"] == "active"]
        whose = Counter(one["association"] for one in told)
        member = max(whose, key=lambda code: whose[code], default="")
        held = [one for one in told if one["association"] == member]
        kept = [one for one in held[1:] if one["visit_uid"] not in tonight]
        hashed = [one | {"content_hash": str(sorted(one.items(), key=str))} for one in kept]
        return (member, day, hashed) if len(held) >= 7 and held[0]["visit_uid"] not in tonight else None

    def _some(self, number: int) -> list[tuple[str, Visit]]:
        return self.drawn.sample(sorted(self.sent.items(), key=lambda item: item[0]), min(number, len(self.sent)))

    def _new(self, night: date) -> Visit:
        self.number += 1
        member = self.drawn.choice(self.members)
        day = night - timedelta(days=1 + self.drawn.choice((0, 0, 0, 0, 1, 2, 9)))
        if member is self.members[0] and night.day % 4 == 0:
            day = night - timedelta(days=3)  # this one sends nothing of its day, then all of it
        one = line(f"n{self.number % 520}", "", association=member.code, dep_care=member.department, event_date=day)
        del one["content_hash"], one["line_no"]
        words = self._words(member.thesaurus)
        hour = self.drawn.randrange(24)
        return one | words | self.drawn.choice(AGES) | {"sex": self.drawn.choice(SEXES), "hour": hour, **self._act()}

    def _act(self) -> Visit:
        return {"act_type": self.drawn.choice((*ACTS, "VISITE"))}

    def _words(self, own: str) -> Visit:
        thesaurus = self.drawn.choice((own, "CIM10"))
        return {
            "thesaurus": thesaurus,
            "diagnoses": self.drawn.sample(CODES[thesaurus][:6], self.drawn.choice((0, 1, 1, 2))),
            "reason_codes": self.drawn.sample(REASONS[own], self.drawn.choice((0, 0, 1))),
            "reason_concepts": self.drawn.sample(CONCEPTS, self.drawn.choice((0, 1, 2))),
        }

    def _changed(self, one: Visit, kinds: str) -> Visit:
        own = next(item.thesaurus for item in self.members if item.code == one["association"])
        for kind in kinds.split("+"):
            one = (
                one
                | {
                    "words": lambda: self._words(own),
                    "age": lambda: self.drawn.choice(AGES),
                    "sex": lambda: {"sex": self.drawn.choice(SEXES)},
                    "act": self._act,
                    "status": lambda: {"status": self.drawn.choice(STATUSES)},
                    "day": lambda day=one["event_date"]: {"event_date": day - timedelta(days=1)},
                    "place": lambda: {"association": self.drawn.choice(self.members).code},
                    "outcome": lambda: {"outcome": self.drawn.choice(("SAU", "NR", "DOMICILE"))},
                }[kind]()
            )
        return one


def past_state(state: Path, seed: int = 3) -> Content:
    """A state whose store lived through all that under four codings; gives the content in force at its end."""
    content, codings = Content(), Codings(state)
    nights = Nights(content, seed)
    dates = [FIRST + timedelta(days=number) for number in (*range(NIGHTS), AFTER, AFTER + 1)]
    with Store(store_path(state), content) as store:
        for number, night in enumerate(dates):
            if number == BEGUN:
                content = _edited(state / "site", '"1"', '"2"', '"J09-J11"', '"J09-J11", "J20"')
            if number == ADOPTED:
                content = _edited(state / "site", '"2"', '"3"', '"J09-J11", "J20"', '"J10", "J20", "R05"')
                coding = codings.draft(content, night, FIRST + timedelta(days=2), "A. B.", "a test")
                adopt_nights(store, codings, coding, date.min)
                codings.keep([coding])
            coding = codings.begin(content, night, night) or codings.in_force(night)
            know_codings(store, codings.all)
            lines = nights.night(night)
            whole = nights.whole(night, lines)
            admit(store, night, lines + (whole[2] if whole else []), state / "scratch" / str(number))
            with store.transaction():
                if whole:
                    hold(store, night, f"{night}T02:00:00Z a", [whole[1]], whole[0])
                    withdraw(store, night)
                code_nights(store, night, night, codings.coder(coding.digest), coding.number)
                store.run("INSERT INTO receptions (night, association) VALUES ($night, '1301')", {"night": night})
        know_codings(store, codings.all)
        count_nights(store, date.min, LATEST, load_acts(content).counted)
        publish(store, state)
    return content


def _edited(site: Path, *changes: str) -> Content:
    path = site / FOLDER / "grippe.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = (Content(site) if path.exists() else Content()).text(f"{FOLDER}/grippe.toml")
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return Content(site)


class Recount:
    """The whole store in lists, and what a cell gains and loses between two nights, visit by visit: no SQL."""

    def __init__(self, store: Store) -> None:
        self.store, self.acts = store, load_acts(store.content).counted
        self.lives: dict[tuple[str, int], list[Visit]] = {}
        lives: dict[str, int] = {}
        for row in store.arrow("FROM visits ORDER BY visit_uid, from_night, rec_version").to_pylist():
            uid = row["visit_uid"]
            lives[uid] = lives.get(uid, 0) + (row["rec_version"] == 1)
            self.lives.setdefault((uid, lives[uid]), []).append(row)
        self.read: dict[tuple[date, int, str, str], list[tuple[int, int]]] = {}
        for *counted, first, end in store.rows(
            "SELECT from_night, arrival, basis, syndrome, from_coding, to_coding FROM visit_syndromes"
        ):
            self.read.setdefault((*counted,), []).append((first, end))

    def cell(
        self, cell: Cell, nights: tuple[date, date]
    ) -> tuple[list[list[int]], dict[tuple[str, str, str], list[int]]]:
        """Per measure the acts before and after; and (measure, part, detail) → [in, out]."""
        places = associations_in(cell.territories, load_associations(self.store.content))
        bands = load_ages(self.store.content).scheme(cell.scheme).of_band
        codings = [coding_at(self.store, night) for night in nights]
        totals, moves = [[0, 0], [0, 0], [0, 0]], {}

        def has(one: Visit) -> dict[str, bool]:
            return {
                "status": one["status"] == "active",
                "day": cell.first <= one["event_date"] <= cell.last,
                "act": one["act_type"] in (cell.acts or self.acts),
                "age": not cell.ages or bands[one["age_band"]] in cell.ages,
                "sex": not cell.sexes or one["sex"] in cell.sexes,
                "place": not places or one["association"] in places,
            }

        def said(one: Visit, measure: int, coding: int) -> bool:
            if measure == 0:
                key = (one["from_night"], one["arrival"], cell.basis, cell.syndrome)
                return any(first <= coding < end for first, end in self.read.get(key, ()))
            words = one["diagnoses"] if cell.basis == "diagnosis" else one["reason_codes"] + one["reason_concepts"]
            return measure == 2 or bool(words)

        for versions in self.lives.values():
            known = [next((v for v in versions if v["from_night"] <= n < v["to_night"]), None) for n in nights]
            for measure, name in enumerate(("visits", "coded", "all")):
                counts = [
                    one is not None and all(has(one).values()) and said(one, measure, coding)
                    for one, coding in zip(known, codings, strict=True)
                ]
                for side in (0, 1):
                    totals[measure][side] += counts[side]
                if counts[0] != counts[1]:
                    part = self._part(cell, nights, known, has, lambda one, c, m=measure: said(one, m, c), codings)
                    moves.setdefault((name, *part), [0, 0])[counts[0]] += 1
        return totals, moves

    def _part(self, cell: Cell, nights: Any, known: Any, has: Any, said: Any, codings: list[int]) -> tuple[str, str]:
        old, new = known
        if old is None:
            if new["event_date"] + timedelta(days=1) > nights[0]:
                return "new", ""
            mine = (new["association"], new["event_date"])
            return ("late" if mine in self._told(nights[0]) else "absent"), ""
        if new["status"] != "active" and old["status"] == "active":
            if self._twice(old, nights[1]):
                return "double", ""
            return "withdrawn", "lacking" if (new["status"], new["line_no"]) == ("deleted", 0) else new["status"]
        words = ("diagnoses",) if cell.basis == "diagnosis" else ("reason_codes", "reason_concepts")
        same = [old["thesaurus"], *(old[name] for name in words)] == [new["thesaurus"], *(new[name] for name in words)]
        aged, moved = (
            (old[a], old[b]) != (new[a], new[b]) for a, b in (("age_y", "age_m"), ("event_date", "event_date"))
        )
        inside = [all(has(one).values()) for one in known]
        if inside[0] and said(old, codings[0]) != said(old, codings[1]):
            return "recoded", ""
        if all(inside) and same and not aged and not moved:
            return "recoded", ""
        differ = [name for name in has(old) if has(old)[name] != has(new)[name]]
        if "place" in differ:
            return "geography", ""
        if said(old, codings[1]) != said(new, codings[1]):
            by = ("diagnosis" if cell.basis == "diagnosis" else "reason") if not same else "age" if aged else "day"
            if by not in differ and (by != "day" or moved):
                differ.append(by)
        return "corrected", "+".join(differ)

    def _told(self, night: date) -> set[tuple[str, date]]:
        rows = (one for versions in self.lives.values() for one in versions if one["from_night"] <= night)
        return {(one["association"], one["event_date"]) for one in rows}

    def _twice(self, one: Visit, night: date) -> bool:
        same = ("association", "event_date", "hour", "age_y", "age_m", "sex", "act_type", "dep_res", "thesaurus",
                "diagnoses", "reason_codes", "reason_concepts")  # fmt: skip
        return one["age_y"] is not None and any(
            other["visit_uid"] != one["visit_uid"] and other["status"] == "active"
            and other["from_night"] <= night < other["to_night"] and all(other[name] == one[name] for name in same)
            for versions in self.lives.values() for other in versions
        )  # fmt: skip
