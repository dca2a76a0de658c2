"""Issuing receipts: a file is read by the rules of the night, and what came of it is told; one way for all callers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from surveillance.associations import Association
from surveillance.content import Content
from surveillance.dialects import Dialect
from surveillance.intake.reading import FileResult, IntakeContext, build_context, read_file
from surveillance.receipts.receipt import Limits, Receipt, receipt_of
from surveillance.receipts.words import ReceiptWords, load_receipt_words


@dataclass(frozen=True)
class Issuer:
    """What it takes to read files and to tell what came of them."""

    context: IntakeContext
    words: ReceiptWords

    def read(
        self, path: Path, member: Association, night: date | None, dialect: Dialect | None = None
    ) -> tuple[FileResult, Receipt]:
        """Read a file as the night does, under the name it has; without a night, as the night after its own day."""
        member, corrected = (member, dialect) if dialect else self.context.as_read(member, night, path.name)
        spoken = dialect or corrected
        result = read_file(path, path.name, member, spoken, self.context, night)
        if night is None and result.visit_day is not None:
            night = result.visit_day + timedelta(days=1)
        limits = Limits(self.words.listed_lines, self.words.listed_days)
        file = (path.name, path.stat().st_size)
        return result, receipt_of(result, file, member, spoken, self.context.checks, night, limits)


def issuer(content: Content) -> Issuer:
    """An issuer of the content in force. Its visits are under a key of no use: they are never kept."""
    return Issuer(build_context(content, hashlib.sha256(b"check").digest()), load_receipt_words(content))
