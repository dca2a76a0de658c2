"""What can go wrong with a feed, asked for on purpose: which fault, of which association, on which night."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from surveillance.associations import Association
from surveillance.errors import UsageError

FRENCH, ISO, XML, JSONL = "csv-fr-cp1252", "csv-utf8-iso", "xml-rpu-like", "jsonl-fixed"
CSV = (FRENCH, ISO)
OLD = 40  # days that an `old` file comes late
FORM = "absent:5901@2024-01-15, absent:2, late:3:5901@2024-01-15, truncated:3301"


@dataclass(frozen=True)
class Kind:
    """What the night should say of a fault, and the dialects it can strike (empty = all).

    `note`: the check that the file's notes name. `but`: (status, code) in a dialect where the file tells less.
    """

    status: str
    code: str
    dialects: tuple[str, ...] = ()
    note: str = ""
    but: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def said(self, dialect: str) -> tuple[str, str]:
        """Status and code in that dialect."""
        return self.but.get(dialect, (self.status, self.code))


KINDS = {
    "absent": Kind("absent", "no_file"),
    "truncated": Kind("partial", "truncated"),
    "resent": Kind("received", "resent"),
    "late": Kind("received", "late"),
    "old": Kind("received", "late"),
    "header": Kind("refused", "header_changed", CSV),
    "host_key": Kind("refused", "host_key"),
    "encoding": Kind("refused", "encoding", (*CSV, JSONL)),
    "total_line": Kind("received", "ok", (FRENCH,)),
    "total_mismatch": Kind("partial", "total_mismatch", (FRENCH,)),
    "duplicate": Kind("received", "ok"),
    "repeated": Kind("received", "ok", note="repeated"),
    "empty": Kind("refused", "empty"),
    "wrong_association": Kind("refused", "wrong_association", (ISO, XML, JSONL)),
    "foreign": Kind("refused", "wrong_association", but={FRENCH: ("refused", "held")}),
    "yesterdays_name": Kind("received", "misnamed", (*CSV, JSONL)),
    "withdrawn": Kind("received", "resent", (JSONL,)),
    "month_first": Kind("refused", "date_order", (FRENCH, XML)),
    "mojibake": Kind("received", "ok", note="mojibake"),
    "utf8_drift": Kind("received", "ok", (FRENCH,), note="encoding_drift"),
    # against the habits of the association: known after four weeks
    "zero_day": Kind("partial", "zero_day"),
    "doubled": Kind("refused", "held"),  # or received, where chance may double it: docs/checks.md
    "tripled": Kind("refused", "held"),
    "lost_diagnoses": Kind("refused", "held"),
    "lost_sex": Kind("refused", "held"),
    "lost_ages": Kind("refused", "held"),
    "unknown_codes": Kind("refused", "held"),
    "strike": Kind("received", "ok"),
}
EVERYBODY = ("strike",)  # strikes all associations when none is named


@dataclass(frozen=True)
class Fault:
    """One fault. Without association, `count` are picked by the seed; without night, it strikes every night
    (`late`: the last night of a simulation, which is when the files come).
    `nights`: for `late`, how many earlier files come at once."""

    kind: str
    association: str = ""
    night: date | None = None
    count: int = 1
    nights: int = 0

    def suits(self, item: Association) -> bool:
        """Can this fault strike that association's dialect?"""
        dialects = KINDS[self.kind].dialects
        return not dialects or item.dialect in dialects

    def text(self) -> str:
        """The fault as parse_fault reads it."""
        number = str(self.nights) if self.kind == "late" else "" if self.association else str(self.count)
        where = ":".join(part for part in (self.kind, number, self.association) if part)
        return f"{where}@{self.night}" if self.night else where


def parse_fault(text: str) -> Fault:
    """A fault written as in FORM: kind, a number (associations; nights for `late`), a code, or both; @night."""
    what, _, when = text.partition("@")
    kind, *parts = what.split(":")
    try:
        night = date.fromisoformat(when) if when else None
        numbers = [int(part) for part in parts if len(part) < 4]
        codes = [part for part in parts if len(part) >= 4]
        if kind not in KINDS or len(numbers) > 1 or len(codes) > 1 or any(number < 1 for number in numbers):
            raise ValueError(f"the kinds are {', '.join(KINDS)}")
    except ValueError as error:
        raise UsageError(f"not a fault: {text!r} ({error})", f"write it like {FORM}") from error
    number = numbers[0] if numbers else 1
    late = kind == "late"
    return Fault(kind, codes[0] if codes else "", night, 1 if late else number, number if late else 0)


@dataclass(frozen=True)
class Case:
    """A fault that strikes one association in one night."""

    kind: str
    association: str
    nights: int = 0


def cases_of(faults: Sequence[Fault], night: date, associations: Sequence[Association], seed: int) -> list[Case]:
    """The faults of a night, with the associations picked by the seed where none was named: each at most once."""
    tonight = [fault for fault in faults if fault.night in (None, night)]
    taken = {fault.association for fault in tonight}
    found = []
    for fault in tonight:
        if fault.kind in EVERYBODY and not fault.association:
            codes = [item.code for item in associations if item.open_on(night) and item.code not in taken]
        else:
            codes = [fault.association] if fault.association else _pick(fault, night, associations, seed, taken)
        taken |= set(codes)
        found += [Case(fault.kind, code, fault.nights) for code in codes]
    return found


def silent_before(faults: Sequence[Fault], night: date, associations: Sequence[Association], seed: int) -> list[Case]:
    """Associations whose file of this night comes only later (the nights before a `late`, the night of an `old`)."""
    found = []
    for fault in faults:
        if fault.kind == "old" and fault.night == night + timedelta(days=OLD):
            found += [Case("absent", case.association) for case in cases_of([fault], fault.night, associations, seed)]
    for coming in sorted(
        {fault.night for fault in faults if fault.kind == "late" and fault.night and fault.night > night}
    ):
        for case in cases_of(faults, coming, associations, seed):
            if case.kind == "late" and coming - timedelta(days=case.nights) <= night:
                found.append(Case("absent", case.association))
    return found


def _pick(fault: Fault, night: date, associations: Sequence[Association], seed: int, taken: set[str]) -> list[str]:
    codes = [item.code for item in associations if item.code not in taken and fault.suits(item) and item.open_on(night)]
    rng = np.random.default_rng([seed, 6, night.toordinal(), zlib.crc32(fault.text().encode())])
    if len(codes) < fault.count:
        raise UsageError(f"{fault.text()}: only {len(codes)} associations left for it on {night}")
    return sorted(str(code) for code in rng.choice(codes, fault.count, replace=False))


def check_faults(faults: Sequence[Fault], associations: Sequence[Association]) -> None:
    """A usage error when a fault names an association that does not exist or whose dialect cannot have it."""
    known = {item.code: item for item in associations}
    for fault in faults:
        if not fault.association:
            continue
        if fault.association not in known:
            raise UsageError(f"{fault.text()}: no association has the code {fault.association!r}")
        if not fault.suits(known[fault.association]):
            raise UsageError(f"{fault.text()}: a feed in {known[fault.association].dialect} cannot have this fault")


def default_trouble(night: date, seed: int, associations: Sequence[Association]) -> list[Fault]:
    """An ordinary bad night: seven associations, each with one fault (two are absent); never Martinique."""
    wanted = ["header", "truncated", "resent", "late", "host_key", "absent", "absent"]
    rng = np.random.default_rng([seed, 7, night.toordinal()])
    open_now = [item for item in associations if item.open_on(night) and item.department != "972"]
    found: list[Fault] = []
    for kind in wanted:
        fault = Fault(kind, "", night, nights=3 if kind == "late" else 0)
        dialects = (*CSV, "jsonl-fixed") if kind == "truncated" else KINDS[kind].dialects
        taken = {other.association for other in found}
        codes = [
            item.code for item in open_now if item.code not in taken and (not dialects or item.dialect in dialects)
        ]
        found.append(Fault(kind, str(rng.choice(codes)), night, nights=fault.nights))
    return sorted(found, key=lambda fault: (wanted.index(fault.kind), fault.association))
