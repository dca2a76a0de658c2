"""Taking what one association has laid out: which files are new, which are finished, and what they amount to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as hour

from surveillance.associations import Association
from surveillance.gathering.feednames import NightOf
from surveillance.gathering.inbox import SIDECAR, Inbox
from surveillance.gathering.known import Known
from surveillance.gathering.receptions import ReceivedFile, Reception
from surveillance.sftp.client import SftpError
from surveillance.sftp.remote import Listing, RemoteFile
from surveillance.sftp.session import Session
from surveillance.timetable import GatherRules

UNFINISHED = (".part", ".tmp", ".filepart", ".partial")  # names that transfer programs give while they write


@dataclass
class Desk:
    """Where the files of one association are taken in; remembers when each file was first seen as it is."""

    association: Association
    night: date
    inbox: Inbox
    known: Known
    night_of: NightOf
    rules: GatherRules
    seen: dict[RemoteFile, float] = field(default_factory=dict)
    later: set[str] = field(default_factory=set)
    twice: set[tuple[str, int, int]] = field(default_factory=set)

    def held(self, file: RemoteFile) -> bool:
        """Have we this very file, from this night or another?"""
        key = (file.name, file.size, file.mtime)
        return key in self.known.keys or key in self.twice or self.inbox.holds(key)

    def of_later(self, file: RemoteFile) -> bool:
        """Was it made for a night after this one? A night that is caught up leaves it: its visits are to come.

        The name says so and it was written after noon; written before, only the name is wrong.
        """
        night = self.night_of_file(file.name)
        if night is None or night <= self.night or file.mtime < datetime.combine(self.night, hour(12), UTC).timestamp():
            return False
        self.later.add(file.name)
        return True

    def night_of_file(self, name: str) -> date | None:
        """The night a file was made for, from its name."""
        return self.night_of(self.association.dialect, name)


def take(session: Session, desk: Desk, pause: Callable[[float], None] = time.sleep) -> Reception:
    """Fetch every new and finished file over an open session; SftpError if nothing could be had."""
    listing = session.look(desk.association.path)
    finished, unfinished = settled(session, desk, listing, pause)
    failed: list[SftpError] = []
    for file in sorted(finished, key=lambda item: _turn(desk, item)):
        try:
            fetch(session, desk, file)
        except SftpError as error:
            if error.code in ("timeout", "unreachable"):
                raise  # the session itself is over
            failed.append(error)
    return verdict(desk, listing.refused, unfinished, failed)


def _turn(desk: Desk, file: RemoteFile) -> tuple[bool, int, str]:
    """Tonight's own files first, then the newest: time may run out on a server that holds years of files."""
    return desk.night_of_file(file.name) != desk.night, -file.mtime, file.name


def settled(
    session: Session, desk: Desk, listing: Listing, pause: Callable[[float], None]
) -> tuple[list[RemoteFile], list[str]]:
    """The new files that are finished, and the names of those still being written.

    Finished: a marker lies beside the file, or size and time have stayed the same for `stable_seconds`.
    """
    new, unfinished = _new(desk, listing.files)
    marked = _marked(desk.rules.marker, listing.files)
    ready = [file for file in new if file.name in marked]
    waiting = [file for file in new if file.name not in marked]
    if not waiting:
        return ready, unfinished
    now = time.monotonic()
    first = [desk.seen.setdefault(file, now) for file in waiting]
    wait = max(0.0, max(first) + desk.rules.stable_seconds - time.monotonic())
    session.grant(wait)  # our waiting is not counted against the other side
    pause(wait)
    again = set(session.look(desk.association.path).files)
    ready += [file for file in waiting if file in again]
    return ready, unfinished + [file.name for file in waiting if file not in again]


def _new(desk: Desk, files: Iterable[RemoteFile]) -> tuple[list[RemoteFile], list[str]]:
    marker = desk.rules.marker
    data = [file for file in files if file.name != SIDECAR and not (marker and file.name.endswith(marker))]
    unfinished = [file.name for file in data if file.name.endswith(UNFINISHED)]
    new = [file for file in data if file.name not in unfinished and not desk.held(file)]
    return [file for file in new if not desk.of_later(file)], unfinished


def _marked(marker: str, files: Iterable[RemoteFile]) -> set[str]:
    return {file.name.removesuffix(marker) for file in files if marker and file.name.endswith(marker)}


def fetch(session: Session, desk: Desk, file: RemoteFile) -> None:
    """Fetch one file into the inbox; bytes we already have are not kept twice."""
    with desk.inbox.part(file.name) as out:
        digest = session.fetch(desk.association.path, file, out, desk.rules.max_bytes)
    accept(desk, ReceivedFile(file.name, file.size, file.mtime, digest))


def accept(desk: Desk, file: ReceivedFile) -> None:
    """Keep a fetched part, or drop it when its content is known."""
    if _repeats(desk, file):
        desk.inbox.drop(file.name)
        desk.twice.add(file.key)
    else:
        desk.inbox.keep(file)


def _repeats(desk: Desk, file: ReceivedFile) -> bool:
    """Is this a copy? Tonight's own file never is: without a visit, two nights' files are the same bytes."""
    tonight = desk.night_of_file(file.name) == desk.night
    same = desk.inbox.has_content(file.sha256)
    if same is not None and same != file.name:
        return not tonight or desk.night_of_file(same) == desk.night
    return file.sha256 in desk.known.hashes and not tonight


def verdict(desk: Desk, refused: Iterable[str], unfinished: list[str], failed: list[SftpError]) -> Reception:
    """What the files of the night amount to; SftpError when there is none."""
    files, refused = desk.inbox.listed(), list(refused)
    notes = [f"nom refusé : {name}" for name in refused] + [error.detail for error in failed]
    notes += [f"en cours d'écriture : {name}" for name in unfinished]
    if not files:
        raise _nothing(bool(refused), unfinished, failed, notes, desk)
    code, note = _kind(desk, files)
    if desk.twice:
        notes.append(f"{len(desk.twice)} fichier(s) au contenu déjà reçu")
    return Reception(desk.association.code, "received", code, " ; ".join([*note, *notes]), files)


def _nothing(refused: bool, unfinished: list[str], failed: list[SftpError], notes: list[str], desk: Desk) -> SftpError:
    detail = " ; ".join(notes)
    if failed:
        return SftpError(failed[0].code, detail)
    if unfinished:
        return SftpError("incomplete", detail)
    if refused:
        return SftpError("bad_name", detail)
    left = [f"{len(desk.later)} fichiers de nuits suivantes laissés"] if desk.later else []
    left += ["contenu déjà reçu une autre nuit"] if desk.twice else []
    return SftpError("no_file", " ; ".join(left) or "rien de nouveau")


def _kind(desk: Desk, files: Iterable[ReceivedFile]) -> tuple[str, list[str]]:
    """ok, resent or late, and what must be said about tonight's own file."""
    nights = {file.name: desk.night_of_file(file.name) for file in files}
    older = sorted(name for name, night in nights.items() if night is not None and night < desk.night)
    again = [name for name in older if name in desk.known.names]
    notes = [] if len(older) < len(nights) else ["le fichier de cette nuit n'est pas là"]
    if len(older) > len(again):
        return "late", [*notes, f"fichiers de nuits passées : {len(older) - len(again)}"]
    if again:
        return "resent", [*notes, f"renvoyés avec corrections : {len(again)}"]
    return "ok", notes
