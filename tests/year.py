"""Nights replayed with faults of known truth: what they do to the feeds, and what the night says of it everywhere.

A night goes through the very steps of production, from a folder of feeds to the manifest and the receipts. The habits
of the associations are those of the ten weeks before, taken from the simulator (test_backtest proves them the same).
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from surveillance.ages import load_acts
from surveillance.associations import Association, load_associations
from surveillance.board import load_board_rules, make_board
from surveillance.clock import Clock, nights
from surveillance.content import Content
from surveillance.delivery.package import Number, build_body, build_files
from surveillance.delivery.terms import terms_of
from surveillance.files import make_folder, write_atomic
from surveillance.habits.backtest import profiles_of
from surveillance.habits.profiles import to_table
from surveillance.journal import read_journal
from surveillance.night import Night, take_step
from surveillance.pseudonyms import demonstration_key
from surveillance.receipts.issuing import issuer
from surveillance.receipts.ledger import Ledger
from surveillance.receipts.letters import letters_for
from surveillance.settings import load_settings
from surveillance.simulation.faults import KINDS, OLD, Fault
from surveillance.simulation.nights import WITHDRAWN, Nights
from surveillance.simulation.run import write_night
from surveillance.simulation.truth import Truth
from surveillance.simulation.world import load_world
from surveillance.status import journal_path, read_status
from surveillance.steps.receipts import found_by_night

HABITS = 70  # nights before the first, as extracts/checks.toml looks back
STEPS = ("gather", "validate", "code", "aggregate")
ONLY_SERVERS = ("host_key",)  # a folder of feeds has no host key: tests/test_gather.py, tests/test_sftp_hostile.py
BY_HABIT = ("zero_day", "doubled", "tripled", "lost_diagnoses", "lost_sex", "lost_ages", "unknown_codes")
CERTAIN_OF_LARGE = (*BY_HABIT, "foreign")
LARGE, VERY_LARGE = (
    150,
    300,
)  # visits a day; of smaller ones nobody can be certain: they double by chance (docs/checks.md)
REST = 3  # nights between two faults of one association
LATE = 2  # nights that a `late` catches up
STRIKE = date(2023, 2, 14)
DECLARED = ("8902", "5101", "2101")  # closed for a day; on strike, declared; doubled, and released by a waiver


def pairs(members: Sequence[Association]) -> list[tuple[str, str]]:
    """Every fault with every dialect that it can strike."""
    dialects = sorted({item.dialect for item in members})
    return [
        (kind, dialect)
        for kind, what in KINDS.items()
        if kind not in (*ONLY_SERVERS, "strike")
        for dialect in dialects
        if not what.dialects or dialect in what.dialects
    ]


def plan(first: date, last: date, members: Sequence[Association], each: int, start: int = 0) -> list[Fault]:
    """`each` faults a night, every fault and dialect in turn; who cannot have it tonight keeps its turn."""
    wanted = pairs(members)
    queue = [*wanted[start % len(wanted) :], *wanted[: start % len(wanted)]]
    busy = {item.code: [last if item.code in DECLARED else first - timedelta(days=1)] for item in members}
    declared = first + timedelta(days=5)
    faults = [Fault("strike", "", STRIKE + timedelta(days=1))]
    faults += [Fault("zero_day", DECLARED[1], declared), Fault("doubled", DECLARED[2], declared)]
    for night in nights(first, last):
        for kind, dialect in queue[: 3 * each]:
            when = night + timedelta(days=LATE if kind == "late" else 0)
            able = (item for item in members if item.dialect == dialect)
            free = [item for item in able if suits(kind, item, when, last, busy[item.code])]
            if free and len([fault for fault in faults if fault.night == night]) < each:
                chosen = min(free, key=lambda item: (item.usual_volume >= LARGE, busy[item.code][-1], item.code))
                busy[chosen.code].append(when)
                faults.append(Fault(kind, chosen.code, when, nights=LATE if kind == "late" else 0))
                queue.remove((kind, dialect))
                queue.append((kind, dialect))
    return faults


def suits(kind: str, item: Association, when: date, last: date, busy: list[date]) -> bool:
    """Can this association, `busy` with faults in other nights, have this one so that what is to be said is certain?"""
    if when > last or (when - busy[-1]).days < REST or not item.open_on(when):
        return False
    withheld = when - timedelta(days=OLD)
    if kind == "old" and any(abs((night - withheld).days) <= REST for night in busy):
        return False  # what was sent or damaged then is not what is sent now
    if 1 <= (when - STRIKE).days <= REST:
        return False  # the strike strikes everybody, and rests as long
    if kind == "month_first" and (when - timedelta(days=1)).day == (when - timedelta(days=1)).month:
        return False  # 5 May is 5 May
    return item.usual_volume >= (VERY_LARGE if kind == "doubled" else LARGE if kind in CERTAIN_OF_LARGE else 0)


@dataclass
class Agreement:
    """What was compared: (fault, dialect) → association-nights; and every difference, in words."""

    compared: Counter[tuple[str, str]] = field(default_factory=Counter)
    sound: int = 0
    alarms: list[str] = field(default_factory=list)  # of sound feeds that were not simply received
    differences: list[str] = field(default_factory=list)
    nights: int = 0
    files: int = 0
    said: Counter[str] = field(default_factory=Counter)  # notes on habits of sound feeds, by check

    def table(self) -> str:
        """One line a fault."""
        kinds = sorted({kind for kind, _ in self.compared})
        lines = [f"{kind:20} {sum(n for (k, _), n in self.compared.items() if k == kind):6}" for kind in kinds]
        wrong = (
            f"{len(self.differences)} differences, {len(self.alarms)} of {self.sound} sound feeds not simply received"
        )
        heard = [*self.differences, *self.alarms]
        return "\n".join([f"{self.nights} nights, {self.files} files", *lines, wrong, *heard])


class Year:
    """Nights in a state folder of their own."""

    def __init__(self, state: Path, first: date, last: date, each: int, seed: int = 1, start: int = 0) -> None:
        self.state, self.first, self.last = state, first, last
        write_site(state, first)
        self.content = Content(state / "site")
        self.settings = load_settings(self.content, state)
        self.members = load_associations(self.content)
        world = load_world(self.content, seed)
        self.faults = plan(first, last, self.members, each, start)
        self.nights = Nights(world, self.faults)
        self.issuer = issuer(self.content)
        self.rules = load_board_rules(self.content)
        self.truth = Truth(seed, first.isoformat(), last.isoformat(), "weekly figures")
        self.in_force: Counter[str] = Counter()
        self.found = Agreement()

    def learn(self) -> None:
        """The profiles of the nights before the first one."""
        acts = load_acts(self.content).counted
        for night in nights(self.first - timedelta(days=HABITS), self.first - timedelta(days=1)):
            profiles = profiles_of(self.nights.visits(night), self.nights, night, acts)
            folder = make_folder(self.state / "records" / night.isoformat())
            pq.write_table(to_table(profiles), folder / "profiles.parquet")

    def run(self) -> Agreement:
        """All the nights, each compared with its truth."""
        self.learn()
        for night in nights(self.first, self.last):
            self.one(night)
            write_atomic(self.state / "so-far.txt", self.report().encode())
        self.truth.write(make_folder(self.state / "feeds"))
        return self.found

    def report(self) -> str:
        """What was found so far."""
        said = ", ".join(f"{check} {number}" for check, number in self.found.said.most_common())
        return f"{self.found.table()}\nnotes on sound feeds: {said}"

    def one(self, night: date) -> None:
        """One night: its files, its steps, its manifest, its receipts; the files are erased after it."""
        made = self.nights.files(night)
        line = write_night(made, self.state / "feeds" / night.isoformat())
        self.truth.faults += line.pop("faults")
        self.truth.nights.append(line)
        clock = Clock(lambda: datetime.combine(night, time(3), UTC))
        one = Night(night, self.content, self.settings, clock, feeds=self.state / "feeds")
        one.journal.durable = False
        one.journal.event("night begun", night=night)
        for step in STEPS:
            take_step(one, step)
        told = Told(self, one)
        one.close()
        self.found.nights += 1
        self.found.files += line["files"]
        faults = {fault["association"]: fault for fault in made.faults}
        for member in self.members:
            compare(self.found, told, member, faults.get(member.code), made.sent.get(member.code, 0), self)
        if night == STRIKE + timedelta(days=1) and "national" not in {
            item["scope"] for item in told.manifest["data_events"]
        }:
            self.found.differences.append(f"{night}: the strike is no national event in the manifest")
        if night != STRIKE + timedelta(days=1):
            self.found.differences += [
                f"{night}: a national event nobody caused: {item['check']}"
                for item in told.manifest["data_events"]
                if item["scope"] == "national"
            ]
        shutil.rmtree(self.state / "feeds" / night.isoformat())
        self._erase(night)

    def _erase(self, night: date) -> None:
        for path in (self.state / "inbox" / night.isoformat()).glob("*/*"):
            if path.is_file() and not path.name.startswith("."):
                path.unlink()


class Told:
    """What a night said: on the board, in the manifest, in the receipts, in the store."""

    def __init__(self, year: Year, night: Night) -> None:
        status = read_status(read_journal(journal_path(year.state, night.date)))
        board = make_board(night.date, year.members, status, {}, year.rules, night.clock.now())
        self.night, self.status = night.date, status
        self.board = {row.code: row for row in board.rows}
        issued = {"env": "TEST", "pseudonym_key": "simulated"}
        body = build_body(
            night.store, night.date, terms_of(night.store, year.content, night.date, year.members, issued)
        )
        *_, manifest = build_files(body, Number(1, None, None, "2000-01-01T00:00:00+00:00"), None).values()
        self.manifest: dict[str, Any] = json.loads(manifest)
        self.lines = {line["association"]: line for line in self.manifest["completeness"]}
        self.receipts = {code: list(letters) for code, letters in self._letters(year, night)}
        rows = night.store.rows(
            "SELECT association, count(*) FROM visits WHERE to_night = DATE '9999-12-31' GROUP BY association"
        )
        self.in_force = {str(code): int(number) for code, number in rows}
        gone = night.store.rows(
            "SELECT association, count(*) FROM visits WHERE from_night = $night AND status = 'cancelled' "
            "AND rec_version > 1 GROUP BY association",
            {"night": night.date},
        )
        self.cancelled = {str(code): int(number) for code, number in gone}
        self.habits = night.store.rows(
            "SELECT association, \"check\" FROM findings WHERE night = $night AND state = 'found'",
            {"night": night.date},
        )

    @staticmethod
    def _letters(year: Year, night: Night) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        found = found_by_night(night)
        for member in year.members:
            ledger = Ledger(year.state, member.code)
            letters = letters_for(
                member, year.state / "inbox", night.date, ledger, year.issuer, found.get(member.code, {})
            )
            yield member.code, [json.loads(letter.twin)["body"] | {"verdict": letter.verdict} for letter in letters]


def _as_sent(visits: int) -> dict[str, int]:
    return {"accepted": visits, "fresh": visits, "refused": 0}


def expected(
    fault: dict[str, Any] | None, sent: int, year: Year, member: Association, night: date, line: dict[str, Any]
) -> dict[str, Any]:
    """The truth of one association in one night; of a doubled file, that which goes with the manifest's `line`.

    Twice the usual is within what real days can be: such a file may be let in, but then everywhere.
    """
    if not member.open_on(night):
        return {"fault": "closed", "status": "closed", "code": "closed", "accepted": 0, "fresh": 0, "refused": 0}
    if fault is None:
        return {"fault": "", "status": "received", "code": "ok", "accepted": sent, "fresh": sent, "refused": 0}
    if (member.code, night) == (DECLARED[1], year.first + timedelta(days=5)):
        return fault | {"fault": "declared_zero_day", "status": "received", "code": "ok"}
    if (member.code, night) == (DECLARED[2], year.first + timedelta(days=5)):
        return fault | {"fault": "waived", "status": "received", "code": "ok", "accepted": 2 * sent, "fresh": 2 * sent}
    if fault and fault["fault"] == "doubled" and line["code"] != "held":
        return fault | {"fault": "doubled, let in", "status": "received", "code": "ok"} | _as_sent(2 * sent)
    return fault


def compare(
    found: Agreement, told: Told, member: Association, fault: dict[str, Any] | None, sent: int, year: Year
) -> None:
    """The truth against the board, the manifest, the receipts and the store."""
    true = expected(fault, sent, year, member, told.night, told.lines[member.code])
    kind, code = true["fault"], member.code
    year.in_force[code] += true["fresh"]
    line, row, letters = told.lines[code], told.board[code], told.receipts[code]
    aside = "set_aside" if true["code"] == "held" else ""
    verdicts = {"received": "accepted", "partial": "partial", "refused": aside or "refused"}
    wrong = [
        f"{what}: {said!r} for {truth!r}"
        for what, said, truth in (
            ("board", (row.status, row.cause), board_of(true, row.cause)),
            ("manifest", (line["status"], line["code"]), (true["status"], true["code"])),
            ("lines", line["loaded"] + line["duplicate"] + line["superseded"], true["accepted"]),
            ("receipts accepted", sum(one["ledger"]["accepted"] for one in letters), receipts_of(true, sent, letters)),
            ("in force", told.in_force.get(code, 0), year.in_force[code]),
        )
        if said != truth
    ]
    if true["status"] not in ("refused", "absent", "closed"):
        said = line["refused"], sum(one["ledger"]["refused"] for one in letters)
        if said != (true["refused"], true["refused"]):
            wrong.append(f"refused: {said!r} for {true['refused']}")
    if (
        letters
        and kind not in ("zero_day",)
        and verdicts.get(true["status"]) not in {one["verdict"] for one in letters}
    ):
        wrong.append(f"receipts: {[one['verdict'] for one in letters]} for {true['status']} {true['code']}")
    if kind == "withdrawn" and told.cancelled.get(code) != WITHDRAWN:
        wrong.append(f"withdrawn: {told.cancelled.get(code)}")
    if true["status"] not in ("absent", "closed") and not letters:
        wrong.append("no receipt")
    if (note := true.get("note")) and note not in {one["check"] for letter in letters for one in letter["notes"]}:
        wrong.append(f"receipt without the note {note}")
    text = f"{told.night} {code} {member.dialect} {kind or 'sound'}: {'; '.join(wrong)}"
    if kind:
        found.compared[kind, member.dialect] += 1
    else:
        found.sound += 1
        found.said.update(check for one, check in told.habits if one == code)
        if (line["status"], line["code"]) != ("received", "ok"):
            found.alarms.append(text)
    year.in_force[code] = told.in_force.get(code, 0)  # a difference is told once
    if wrong:
        found.differences.append(text)


def board_of(true: dict[str, Any], cause: str) -> tuple[str, str]:
    """Status and cause on the board; few visits are said of what is received in order."""
    if true["code"] == "held":
        return "held", "held"
    few = true["status"] == "received" and cause == "few_visits"
    return true["status"], cause if few else true["code"]


def receipts_of(true: dict[str, Any], sent: int, letters: list[dict[str, Any]]) -> int:
    """Accepted lines that the receipts tell: of a file that the night set aside, what can be read of it."""
    if true["code"] == "held":
        return sum(one["ledger"]["accepted"] for one in letters)
    return int(true["accepted"])


def write_site(state: Path, first: date) -> None:
    """A site with a declared closure, a declared strike, a waiver, and the key of simulated feeds."""
    day = first + timedelta(days=4)
    closures = "".join(
        f'[[closure]]\nassociation = "{code}"\nkind = "{kind}"\nfrom = {day}\nuntil = {day}\n'
        'reason = "essai"\nwho = "essai"\n'
        for code, kind in ((DECLARED[0], "closure"), (DECLARED[1], "strike"))
    )
    night = day + timedelta(days=1)
    waiver = (
        f'[[waiver]]\nassociation = "{DECLARED[2]}"\ncheck = "volume"\nfrom = {night}\nuntil = {night}\n'
        'who = "essai"\nwhy = "essai"\n'
    )
    write_atomic(make_folder(state / "site" / "extracts") / "closures.toml", closures.encode())
    write_atomic(state / "site" / "extracts" / "waivers.toml", waiver.encode())
    key = make_folder(state / "keys") / "pseudonym.key"
    key.write_bytes(demonstration_key())
    key.chmod(0o600)
