"""Putting receipts into an association's own folder: proven, never half, never over another file.

What cannot be put (a read-only server, a full disk, a server that is gone) is kept in outbox/receipts/CODE and tried
again by the next nights for a month; it is no error of the night.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from surveillance.associations import Association
from surveillance.errors import SurveillanceError
from surveillance.receipts.ledger import Ledger
from surveillance.receipts.letters import Letter, key_of, read_letter
from surveillance.sftp.client import Endpoint, Session, SftpError, connect

TWIN_BYTES = 8 << 20  # a larger twin is none of ours
COPIES = 50  # receipts of one file name with different contents; beyond that somebody plays
KEPT_SECONDS = 31 * 86_400  # a receipt that could not be put for a month helps nobody any more
Tell = Callable[..., None]


@dataclass(frozen=True)
class Post:
    """Where receipts go when they cannot be put (`state`), how long a session may last, and who is told."""

    state: Path
    seconds: float
    tell: Tell

    def outbox(self, member: Association) -> Path:
        """Where the receipts of an association wait."""
        return self.state / "outbox" / "receipts" / member.code

    def said(self, member: Association, letter: Letter, name: str, state: str, code: str = "") -> None:
        """Tell what became of a letter: put, kept (in the outbox) or failed (not even there)."""
        facts = {"file_sha256": letter.sha256[:16], "verdict": letter.verdict}
        self.tell("receipt", association=member.code, name=name, state=state, code=code, **facts)


def put_letters(new: Sequence[Letter], member: Association, endpoint: Endpoint, post: Post) -> None:
    """Put new letters, then those that are waiting, in one session; raises for nothing the other side does."""
    kept = waiting(member, post)
    left = [*new, *(letter for letter in kept if letter.sha256 not in {item.sha256 for item in new})]
    try:
        with connect(endpoint, post.seconds, post.seconds) as session:
            folder = _folder(session, member)
            while left:
                name = _first_free(session, folder, left[0])
                Ledger(post.state, member.code).note(left[0].key, name)
                shutil.rmtree(post.outbox(member) / left[0].sha256[:16], ignore_errors=True)
                post.said(member, left.pop(0), name, "put")
    except SurveillanceError as error:  # of the wire, or a private key that cannot be used
        keep(
            [item for item in left if item in new], member, post, error.code if isinstance(error, SftpError) else "key"
        )


def keep(letters: Sequence[Letter], member: Association, post: Post, code: str) -> None:
    """Let letters wait in the outbox; `code` says why."""
    for letter in letters:
        name = next(reversed(letter.named()))
        try:
            letter.write(post.outbox(member))
            post.said(member, letter, name, "kept", code)
        except OSError as error:  # our own disk
            post.said(member, letter, name, "failed", type(error).__name__)


def waiting(member: Association, post: Post) -> list[Letter]:
    """The letters in the outbox, oldest first; those older than a month are erased."""
    found = []
    folders = post.outbox(member).glob("*") if member.receipts else iter(())
    for folder in sorted(folders, key=lambda path: path.stat().st_mtime):
        letter = read_letter(folder)
        if letter is None or folder.stat().st_mtime < time.time() - KEPT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            found.append(letter)
    return found


def _folder(session: Session, member: Association) -> str:
    """The folder of receipts, made if it is not there."""
    path = member.path.rstrip("/")
    for part in member.receipts.split("/"):
        path = f"{path}/{part}"
        session.make_folder(path)
    return path


def _told_there(session: Session, folder: str, letter: Letter, copy: int) -> bool:
    """Was the association told the same of the same bytes already, by a run killed before it noted that?

    What lies there is another's server: it is believed only where the twin is one of ours. A run killed between the two
    files left the twin alone: its text is put beside it.
    """
    twin, text = letter.named(copy)
    size = session.size_of(f"{folder}/{twin}")
    if size is None or size > TWIN_BYTES or key_of(session.read(f"{folder}/{twin}", size)) != letter.key:
        return False
    if not session.exists(f"{folder}/{text}"):
        session.put_proven(letter.text, folder, text)
    return True


def _first_free(session: Session, folder: str, letter: Letter) -> str:
    """Put the two files under the first number at which nothing else lies; gives the name of the text."""
    for copy in range(1, COPIES + 1):
        try:
            for name, data in letter.named(copy).items():
                session.put_proven(data, folder, name)
            return name
        except SftpError as error:
            if error.code != "exists":
                raise
            if _told_there(session, folder, letter, copy):
                return next(reversed(letter.named(copy)))
    raise SftpError("exists", f"{COPIES} reçus de ce nom")
