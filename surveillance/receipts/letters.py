"""Letters: receipts ready to be put, for files of an association that had none yet, or kept since an earlier try."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from surveillance.associations import Association
from surveillance.files import write_atomic
from surveillance.gathering.inbox import Inbox
from surveillance.receipts.issuing import Issuer
from surveillance.receipts.ledger import Ledger
from surveillance.receipts.receipt import NightFound
from surveillance.receipts.text import receipt_json, receipt_text

Found = Mapping[str, NightFound]  # by the SHA-256 of a file
ASIDE = "set_aside"


@dataclass(frozen=True)
class Letter:
    """One receipt: name and hash of the file it is about, verdict, its text, its JSON twin."""

    file: str
    sha256: str
    verdict: str
    text: bytes
    twin: bytes
    released: bool = False

    @property
    def key(self) -> str:
        """What the ledger knows it by: who was told "accepted" is told once more when a night sets the file aside, and
        once more when it is released."""
        return self.sha256 + ("/held" if self.verdict == ASIDE else "/released" if self.released else "")

    def named(self, copy: int = 1) -> dict[str, bytes]:
        """The two files by name; a second receipt of that name, with other content, is numbered."""
        stem = f"{self.file}.recu" + (f"-{copy}" if copy > 1 else "")
        return {f"{stem}.json": self.twin, f"{stem}.txt": self.text}  # who sees the text sees the twin too

    def write(self, folder: Path) -> None:
        """Keep it in a folder of its own."""
        for name, data in self.named().items():
            write_atomic(folder / self.sha256[:16] / name, data)


def key_of(twin: bytes) -> str:
    """The key of the receipt that a JSON twin belongs to; "" for anything else."""
    try:
        verdict, sha256, released = _said(twin)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    return Letter("", sha256, verdict, b"", b"", released).key


def _said(twin: bytes) -> tuple[str, str, bool]:
    """Verdict, hash of the file, and whether it was released."""
    whole = json.loads(twin)
    body, found = whole["body"], whole["night_found"]
    verdict = ASIDE if found and found["held"] else str(body["verdict"])
    return verdict, str(body["sha256"]), bool(found and found.get("released"))


def read_letter(folder: Path) -> Letter | None:
    """A letter that was kept, or none if it is not whole."""
    texts = sorted(folder.glob("*.recu.txt"))
    twin = texts[0].with_suffix(".json") if texts else folder
    if not twin.is_file():
        return None
    data = twin.read_bytes()
    verdict, sha256, released = _said(data)
    return Letter(texts[0].name.removesuffix(".recu.txt"), sha256, verdict, texts[0].read_bytes(), data, released)


def letters_for(
    member: Association, inbox: Path, night: date, ledger: Ledger, issuer: Issuer, found: Found | None = None
) -> list[Letter]:
    """One letter for each new content in `inbox`/NIGHT/CODE; empty if the association wants none.

    A file is said to have come when it was written there: a receipt made again has the same bytes.
    """
    folder = inbox / night.isoformat() / member.code
    once = {file.sha256: file for file in Inbox(folder).listed() if member.receipts}
    new = [file for sha256, file in once.items() if not _told(sha256, ledger, found or {})]
    if found is not None:
        found = {sha256: replace(one, released=_released(sha256, ledger, one)) for sha256, one in found.items()}
    return [_letter(folder / file.name, member, night, issuer, found) for file in new]


def _told(sha256: str, ledger: Ledger, found: Found) -> bool:
    """Does the association know all there is to tell of these bytes?"""
    if sha256 in found and _released(sha256, ledger, found[sha256]):
        return ledger.had(f"{sha256}/released")
    aside = found[sha256].held if sha256 in found else ""
    return ledger.had(f"{sha256}/held") or (ledger.had(sha256) and not aside)


def _released(sha256: str, ledger: Ledger, found: NightFound) -> bool:
    """Was it told that the file is set aside, and is it now counted?"""
    return ledger.had(f"{sha256}/held") and not found.held


def _letter(path: Path, member: Association, night: date, issuer: Issuer, found: Found | None) -> Letter:
    _, receipt = issuer.read(path, member, night)
    came = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    own = found.get(receipt.sha256, NightFound()) if found is not None else None
    text = receipt_text(receipt, issuer.words, came, own).encode()
    verdict = ASIDE if own and own.held else receipt.verdict
    twin = receipt_json(receipt, came, own)
    return Letter(receipt.file, receipt.sha256, verdict, text, twin, bool(own and own.released))
