"""The trial: what all files of a rehearsal amount to – visits, days, known fields, checks that ran and found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from surveillance.associations import Association
from surveillance.dialects import Dialect
from surveillance.receipts.issuing import Issuer
from surveillance.receipts.receipt import Receipt

if TYPE_CHECKING:
    from surveillance.intake.reading import FileResult

ID_CHECKS = ("ID_MISSING", "ID_SHAPE")
DAY = "DATE_"  # how the checks begin that set a line aside because its day is not known
REPEATED = ("DUPLICATE", "DUPLICATE_ID")  # lines that are read and good, but come again further down


@dataclass
class Trial:
    """Counts over all files. `known`: visits in which a field is known; `ran`: checks of lines that were looked at."""

    receipts: list[Receipt] = field(default_factory=list)
    visits: int = 0
    known: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    days: set[date] = field(default_factory=set)
    ran: set[str] = field(default_factory=set)
    resent: bool = False
    cancelled: bool = False
    _seen: set[str] = field(default_factory=set, repr=False)

    def add(self, result: FileResult, receipt: Receipt) -> None:
        """One more file."""
        self.receipts.append(receipt)
        self.days |= result.dates.keys()
        self.ran |= result.ran
        for group in (*receipt.refused, *receipt.kept):
            self.found[group.check] += group.count
        self.noted.update(check for check, _ in result.notes)
        if receipt.cause:
            self.noted[receipt.cause.check] += 1
        uids = set()
        for batch in result.kept.tables():
            self._count(batch)
            uids |= set(batch["visit_uid"].to_pylist())
        self.resent |= not uids.isdisjoint(self._seen)
        self._seen |= uids

    def _count(self, batch: pa.RecordBatch) -> None:
        self.visits += batch.num_rows
        known = {
            "age": pc.is_valid(batch["age_y"]),
            "sex": pc.not_equal(batch["sex"], "NR"),
            "reason": pc.or_(_any(batch["reason_codes"]), _any(batch["reason_concepts"])),
            "diagnosis": _any(batch["diagnoses"]),
            "outcome": pc.not_equal(batch["outcome"], "NR"),
            "act_type": pc.not_equal(batch["act_type"], "AUTRE"),
            "postal_code": pc.is_valid(batch["dep_res"]),
        }
        self.known.update({name: int(pc.sum(there).as_py() or 0) for name, there in known.items()})
        self.cancelled |= bool(pc.any(pc.equal(batch["status"], "cancelled")).as_py())

    def share(self, name: str) -> float:
        """The share of visits in which a core field is known (0 without any visit)."""
        if name in ("visit_id", "visit_day"):
            of_day = [check for check in self.found if check.startswith(DAY)]
            lacking = sum(self.found[check] for check in (ID_CHECKS if name == "visit_id" else of_day))
            return self.visits / (self.visits + lacking) if self.visits else 0.0
        return self.known[name] / self.visits if self.visits else 0.0

    def refused_share(self) -> float:
        """The share of lines that were refused; repeated visits are not counted."""
        lines = sum(receipt.ledger["accepted"] + receipt.ledger["refused"] for receipt in self.receipts)
        again = sum(self.found[check] for check in REPEATED)
        refused = sum(receipt.ledger["refused"] for receipt in self.receipts) - again
        return refused / (lines - again) if lines > again else 0.0


def _any(lists: pa.Array) -> pa.Array:
    return pc.greater(pc.list_value_length(lists), 0)


def run_trial(
    paths: Iterable[Path], member: Association, dialect: Dialect, issuer: Issuer, night: date | None
) -> Trial:
    """Read trial files in the order given; nothing is written."""
    trial = Trial()
    for path in paths:
        trial.add(*issuer.read(path, member, night, dialect))
    return trial
