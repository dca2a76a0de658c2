"""The screen of `explain visit`: a visit, its codes and its definitions, in lines of 80 columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from surveillance.age_words import Say, age_said, limits_said
from surveillance.cli.terminal import wrapped
from surveillance.coding.readings import Element, Reading, Verdict, judge
from surveillance.coding.thesauri import fold_label
from surveillance.explaining import BASES, Explanation, Row, months_of
from surveillance.store import OPEN

if TYPE_CHECKING:
    from surveillance.coding.case_definitions import Syndrome
    from surveillance.coding.syndromes import Coder


class Screen:
    """An explanation in the reader's language."""

    def __init__(self, say: Say, lang: str, found: Explanation, coder: Coder) -> None:
        self.say, self.lang, self.found, self.coder = say, lang, found, coder
        self.months = months_of(found.visit)

    def visit(self) -> list[str]:
        """The visit: versions, codes, what counts it, what keeps it out, whether the store says something else."""
        return [*self._head(), *self._codes(), *self._counting(), *self._notes()]

    @property
    def counted(self) -> bool:
        """Is the version in the numbers, if its codes are?"""
        return not self.found.obstacles

    def syndrome(self, one: Syndrome, in_force: bool) -> list[str]:
        """One definition: for each diagnosis, then for the call reason, why the visit counts there or does not."""
        lines = ["", *wrapped("", self._name(one) + self.say("explain_colon"))]
        if not in_force:
            day, until = self.found.visit["event_date"], one.until or self.say("explain_open")
            lines += wrapped("  ", self.say("explain_not_in_force", day=day, since=one.since, until=until))
        for basis, elements in zip(BASES, (self.found.diagnoses, self.found.reasons), strict=True):
            verdict = judge(self.coder, one, elements, self.months)
            lines += wrapped("  ", self._verdict(verdict, basis, in_force))
            lines += [line for reading in verdict.readings for line in wrapped("    ", self._reading(one, reading))]
        return lines

    def _head(self) -> list[str]:
        visit, acts = self.found.visit, self.found.acts
        labels = acts.labels_en if self.lang == "en" else acts.labels_fr
        lines = wrapped("", self.say("explain_visit", uid=visit["visit_uid"], association=visit["association"]))
        for row in self.found.versions:
            lines += wrapped("  > " if row == visit else "    ", self._version(row))
        unknown = self.say("explain_unknown")
        hour = unknown if visit["hour"] is None else self.say("explain_hour", hour=visit["hour"])
        act = labels.get(visit["act_type"], visit["act_type"])
        places = {"care": visit["dep_care"], "home": visit["dep_res"] or unknown}
        age = self.say("explain_no_age") if self.months is None else age_said(self.say, self.months)
        values = {"day": visit["event_date"], "hour": hour, "act": act, "age": age, "sex": visit["sex"], **places}
        lines += wrapped("  ", self.say("explain_when", **values))
        if visit["dq"]:
            lines += wrapped("  ", self.say("explain_dq", checks=", ".join(visit["dq"])))
        return lines

    def _version(self, row: Row) -> str:
        sent, _, name = str(row["sent"]).partition(" ")
        key = "last" if row["to_night"] == OPEN else "never" if row["to_night"] <= row["from_night"] else "past"
        nights = self.say(f"explain_nights_{key}", first=row["from_night"], last=row["to_night"])
        status = self.say(f"explain_status_{row['status']}")
        line = row["line_no"] or "–"
        values = {"version": row["rec_version"], "nights": nights, "status": status, "file": name, "line": line}
        return self.say("explain_version", sent=sent.replace("T", " "), **values)

    def _codes(self) -> list[str]:
        visit, found = self.found.visit, self.found
        lines = wrapped("", self.say("explain_diagnoses", thesaurus=visit["thesaurus"]))
        lines += [line for one in found.diagnoses for line in wrapped("  ", f"{one.rank}. {self._meaning(one)}")]
        lines += [] if found.diagnoses else wrapped("  ", self.say("explain_no_diagnosis"))
        coded = [one for one in found.reasons if one.kind == "motif"]
        concepts = [one.code for one in found.reasons if one.kind == "concept"]
        lines += wrapped("", self.say("explain_reasons"))
        for one in coded:
            lines += wrapped("  ", self.say("explain_coded", thesaurus=one.thesaurus, meaning=self._meaning(one)))
        if concepts:
            lines += wrapped("  ", self.say("explain_concepts", concepts=", ".join(concepts)))
        return lines if found.reasons else [*lines, *wrapped("  ", self.say("explain_no_reason"))]

    def _meaning(self, one: Element) -> str:
        """A code as sent, its label and its nearest CIM-10 code; whether that is lossy; or that it is unknown."""
        if one.entry is None:
            return self.say("explain_code_unknown", code=one.code)
        label = f" {one.entry.label}" if fold_label(one.entry.label) not in ("", one.entry.code) else ""
        if one.entry.cim10 == one.code:
            return f"{one.code}{label}"
        key = ("lossy" if one.entry.lossy else "exact") if one.entry.cim10 else "no_map"
        return self.say(f"explain_code_{key}", code=f"{one.code}{label}", cim10=one.entry.cim10)

    def _counting(self) -> list[str]:
        lines: list[str] = []
        for basis in BASES:
            counted = [one for one in self.found.verdicts[basis] if one.counts]
            lines += wrapped("", self.say(f"explain_{'counts' if self.counted else 'would'}_{basis}"))
            lines += [line for one in counted for line in wrapped("  ", self._why(one))]
            lines += [] if counted else wrapped("  ", self.say("explain_nowhere"))
        return lines

    def _why(self, verdict: Verdict) -> str:
        """A definition that counts it, and the rules that do."""
        rules = [self._rule(one) for one in verdict.readings if one.counts]
        return f"{self._name(verdict.syndrome)}{self.say('explain_colon')} {' ; '.join(rules)}{self._limits(verdict)}"

    def _rule(self, one: Reading) -> str:
        return self.say(f"explain_rule_{one.cause}", **self._values(one))

    def _values(self, one: Reading) -> dict[str, str]:
        """What sentences about a reading may name."""
        element = one.element
        return {
            "at": self.say(f"explain_at_{element.kind}", rank=element.rank, code=element.code),
            "cim10": element.entry.cim10 if element.entry else "",
            "thesaurus": element.thesaurus,
            **one.values,
        }

    def _limits(self, verdict: Verdict) -> str:
        """The ages and the position, where the definition bounds them."""
        one = verdict.syndrome
        bounded = (one.age_min_months, one.age_max_months) != (None, None)
        told = [limits_said(self.say, one.age_min_months, one.age_max_months)] if bounded else []
        if one.diagnoses and one.diagnoses.position == "principal" and verdict.readings[0].element.kind == "diag":
            told.append(self.say("explain_principal"))
        return f" ({', '.join(told)})" if told else ""

    def _verdict(self, verdict: Verdict, basis: str, in_force: bool) -> str:
        says = ("yes" if in_force and self.counted else "would") if verdict.counts else "no"
        if not verdict.readings:
            says = "empty"
        return self.say(f"explain_verdict_{says}_{basis}")

    def _reading(self, one: Syndrome, reading: Reading) -> str:
        if reading.counts:
            return self._rule(reading)
        ages = limits_said(self.say, one.age_min_months, one.age_max_months)
        age = "" if self.months is None else age_said(self.say, self.months)
        return self.say(f"explain_why_{reading.cause}", ages=ages, age=age, **self._values(reading))

    def _notes(self) -> list[str]:
        told = [self._out(key) for key in self.found.obstacles]
        for row in self.found.held[:2]:
            told.append(self.say("explain_held", night=row["night"], file=row["name"], reason=row["detail"]))
        for basis in BASES:
            lost, new = self.found.differs(basis)
            if lost or new:
                told.append(self.say(f"explain_differs_{basis}", lost=_listed(lost), new=_listed(new)))
        return [line for text in told for line in wrapped("! ", text)]

    def _out(self, key: str) -> str:
        act = self.found.visit["act_type"]
        acts = self.found.acts
        label = (acts.labels_en if self.lang == "en" else acts.labels_fr).get(act, act)
        return self.say(f"explain_out_{key}", act=label, night=self.found.visit["to_night"])

    def _name(self, one: Syndrome) -> str:
        return self.say("explain_definition", id=one.id, version=one.version)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "–"
