"""One sweep between nights: ask every association once, take what is new and finished, put the receipts.

The files lie where the coming night would have put them, under the same rules: it fetches the rest and reads them all.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from surveillance.associations import Association, load_associations
from surveillance.clock import Clock, instant
from surveillance.content import Content
from surveillance.errors import SettingsError
from surveillance.gathering.feednames import NightOf, names_of
from surveillance.gathering.inbox import Inbox
from surveillance.gathering.known import Known, known_files
from surveillance.gathering.receptions import FILE, Reception
from surveillance.gathering.servers import Feed, Gathering, endpoint_of, gather_one, key_of
from surveillance.gathering.taking import Desk
from surveillance.journal import Journal
from surveillance.locking import check_owner, receiver_lock
from surveillance.receipts.issuing import Issuer, issuer
from surveillance.receipts.ledger import Ledger
from surveillance.receipts.letters import Letter, letters_for
from surveillance.receipts.putting import Post, put_letters, waiting
from surveillance.receiving.doorstep import Doorstep
from surveillance.receiving.halting import Halt, night_runs, watching
from surveillance.receiving.refusing import Refusing
from surveillance.settings import Settings
from surveillance.timetable import Timetable, load_timetable

GUARD = timedelta(minutes=2)  # no sweep is begun so shortly before the night: its sessions would still be open
GOOD = frozenset({"ok", "late", "resent", "no_file", "closed", "night"})


def coming_night(now: datetime, timetable: Timetable, inbox: Path) -> date:
    """The night that reads a file that comes now: today's, until it is gathered or past its deadline; then the next."""
    today = now.astimezone(timetable.zone).date()
    gathered = (inbox / today.isoformat() / FILE).is_file()
    over = now >= instant(today, timetable.deadline, timetable.zone)
    return today + timedelta(days=1) if gathered or over else today


@dataclass
class Receiver:
    """What every sweep needs; made once, kept from sweep to sweep."""

    content: Content
    settings: Settings
    clock: Clock
    night: date | None = None  # instead of the coming one, for a demonstration
    files: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        check_owner(self.settings.state)
        self.members = load_associations(self.content)
        self.timetable = load_timetable(self.content)
        self.night_of: NightOf = names_of(self.content)
        if not any(key_of(self.settings.keys, member).is_file() for member in self.members):
            raise SettingsError(f"there is no SSH key of this machine in {self.settings.keys}", "surveillance site DIR")

    @cached_property
    def issuer(self) -> Issuer:
        """Made when the first file comes: it reads every thesaurus."""
        return issuer(self.content)

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.settings.state

    def coming(self) -> date:
        """The night whose inbox is filled."""
        return self.night or coming_night(self.clock.now(), self.timetable, self.state / "inbox")

    def soon(self) -> bool:
        """Does a night begin in a moment?"""
        now = self.clock.now()
        start = instant(now.astimezone(self.timetable.zone).date(), self.timetable.gather.start, self.timetable.zone)
        return self.night is None and start - GUARD <= now < start


def sweep(receiver: Receiver) -> dict[str, int | str]:
    """One sweep; gives counts (files, put, kept, failed, unreachable) or {"skipped": why}: a night runs or is about to.

    BusyError when another receiver is at work.
    """
    with receiver_lock(receiver.state):
        if night_runs(receiver.state):
            return {"skipped": "night_running"}
        if receiver.soon():
            return {"skipped": "night_soon"}
        with watching(receiver.state) as halt:
            return _Sweep(receiver, halt).run()


class _Sweep:
    def __init__(self, receiver: Receiver, halt: Halt) -> None:
        self.receiver, self.halt, self.night = receiver, halt, receiver.coming()
        self.journal = Journal(receiver.state / "journal" / "receive", self.night, receiver.clock)
        self.refusing = Refusing(receiver.state, self.night)
        self.states: list[str] = []
        self.post = Post(receiver.state, receiver.timetable.receipts.session_seconds, self._told)

    def _told(self, kind: str, **fields: object) -> None:
        self.states.append(str(fields["state"]))
        self.journal.event(kind, **fields)

    def run(self) -> dict[str, int | str]:
        begun, rules = time.monotonic(), self.receiver.timetable
        feeds = list(self._feeds())
        counts: Counter[str] = Counter(files=0, put=0, kept=0, failed=0, unreachable=len(self.refusing.codes))
        with (
            ThreadPoolExecutor(rules.gather.parallel, thread_name_prefix="feed") as asking,
            ThreadPoolExecutor(rules.receipts.parallel, thread_name_prefix="receipts") as putting,
        ):
            asked = {asking.submit(self._ask, feed): feed.association for feed in feeds}
            puts = [put for put in self._answers(asked, counts, putting) if put]
        for put in puts:
            put.result()  # a bug is not hidden
        counts.update(self.states)
        self.journal.event("receive", **counts, seconds=round(time.monotonic() - begun, 1), stopped=self._stopped())
        return dict(counts) | ({"stopped": "night"} if self._stopped() else {})

    def _stopped(self) -> bool:
        return self.halt.begun.is_set()

    def _feeds(self) -> Iterator[Feed]:
        receiver = self.receiver
        known = known_files(receiver.state / "inbox", self.night.isoformat())
        for member in receiver.members:
            if member.open_on(self.night) and member.code not in self.refusing.codes:
                box = Doorstep(receiver.state, self.night.isoformat(), member.code, self.halt)
                had = known.get(member.code, Known())
                desk = Desk(member, self.night, box, had, receiver.night_of, receiver.timetable.gather)
                yield Feed(member, endpoint_of(member, key_of(receiver.settings.keys, member)), desk)

    def _ask(self, feed: Feed) -> tuple[Reception, int]:
        """One attempt; gives the reception and how many files are new."""
        before = len(feed.desk.inbox.files)
        rules = self.receiver.timetable.gather.model_copy(update={"attempts": 1})
        shared = Gathering(rules, self.receiver.clock, None, self._heard, self.halt.pause)
        if self._stopped():
            return Reception(feed.association.code, "absent", "night"), 0
        return gather_one(feed, shared), len(feed.desk.inbox.files) - before

    def _heard(self, kind: str, **fields: object) -> None:
        if kind == "bug":  # sessions and empty folders, every few minutes, would drown what matters
            self.journal.event(kind, **fields)

    def _answers(
        self,
        asked: dict[Future[tuple[Reception, int]], Association],
        counts: Counter[str],
        putting: ThreadPoolExecutor,
    ) -> Iterator[Future[None] | None]:
        """Reads and tells as answers come: a slow server keeps nobody else waiting for a receipt."""
        for answer in as_completed(asked):
            member, (reception, new) = asked[answer], answer.result()
            self.refusing.note(member.code, reception.code)
            counts["files"] += new
            counts["unreachable"] += reception.code not in GOOD
            if new:
                self.journal.event("received", association=member.code, files=new)
            letters = [] if self._stopped() else self._letters(member)
            yield putting.submit(self._put, member, letters) if letters else None

    def _letters(self, member: Association) -> list[Letter]:
        """New receipts; one that waits in the outbox is tried again with the next that is new, or by the night."""
        receiver, ledger = self.receiver, Ledger(self.receiver.state, member.code)
        had = {letter.sha256 for letter in waiting(member, self.post)}
        box = Inbox(receiver.state / "inbox" / self.night.isoformat() / member.code)
        known = {key.partition("/")[0] for key in ledger.put} | had
        if all(file.sha256 in known for file in box.listed()) or not member.receipts:
            return []  # nothing is read again
        found = letters_for(member, receiver.state / "inbox", self.night, ledger, receiver.issuer)
        return [letter for letter in found if letter.sha256 not in had]

    def _put(self, member: Association, letters: Sequence[Letter]) -> None:
        if not self._stopped():
            put_letters(letters, member, endpoint_of(member, key_of(self.receiver.settings.keys, member)), self.post)


def receive_for_ever(receiver: Receiver, every: float, told: Callable[[dict[str, int | str]], None]) -> None:
    """Sweep, tell, wait, for ever: the pause is counted from the beginning of a sweep."""
    while True:
        begun = time.monotonic()
        told(sweep(receiver))
        time.sleep(max(1.0, every - (time.monotonic() - begun)))
