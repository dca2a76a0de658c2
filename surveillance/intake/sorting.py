"""The lines of one file on their way: kept, or set aside with a reason; what the whole file says decides at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from surveillance.intake.checks import Checks
from surveillance.intake.notes import Tally
from surveillance.intake.readers import RawTable, Refusal
from surveillance.intake.refusals import COLUMN, REFUSALS, judge, refusal_table
from surveillance.intake.repeats import ONLY, SAME, Repeats
from surveillance.intake.visits import SCHEMA, Origin, Typed, content_hashes, to_table
from surveillance.spool import Spool


class Sorting:
    """Takes the parts of a file one after the other.

    accounts: what the parts say, added up. refused: lines set aside, by check. ran: checks that were looked at.
    words: words of call reasons that nobody knows, and how often they stand in the lines read.
    """

    def __init__(self, origin: Origin, names: Mapping[str, str], checks: Checks, scratch: Path | None = None) -> None:
        self.origin, self.names, self.checks, self.scratch = origin, names, checks, scratch
        self.accounts = RawTable()
        self.refused: Counter[str] = Counter()
        self.ran: set[str] = set()
        self.kept, self.aside = Spool(SCHEMA, scratch), Spool(REFUSALS, scratch)
        self.words: Counter[str] = Counter()
        self._repeats = Repeats(scratch)

    def take(self, raw: RawTable, type_lines: Callable[[RawTable], Typed]) -> None:
        """One part: its accounts, its broken lines, its visits."""
        whole = self.accounts
        for name in ("lines_in", "header_lines", "blank_lines", "total_lines"):
            setattr(whole, name, getattr(whole, name) + getattr(raw, name))
        whole.announced = raw.announced if raw.announced is not None else whole.announced
        whole.truncated, whole.association = raw.truncated or whole.truncated, raw.association or whole.association
        whole.notes += raw.notes
        problems = list(raw.problems)
        if len(raw.line_no):
            typed = type_lines(raw)
            self.ran |= typed.ran
            self._count_words(typed)
            keep, notes, failed = judge(typed, raw, self.checks)
            problems += failed
            hashes = content_hashes(typed, self.origin)
            self._repeats.add(typed.keys[keep], hashes[keep])
            self.kept.add(to_table(typed, notes, keep, hashes, raw, self.origin))
        self._set_aside(sorted(problems))

    def _count_words(self, typed: Typed) -> None:
        uses = np.bincount(typed.reasons.codes, minlength=len(typed.reasons.values))
        for reason, times in zip(typed.reasons.values, uses.tolist(), strict=True):
            for word in reason.unknown if times else ():
                self.words[word] += times

    def settle_repeats(self) -> None:
        """Of a visit that the file holds several times the last stays."""
        verdicts, start = self._repeats.verdicts(), 0
        if not verdicts.any():
            return

        def last(visits: pa.Table) -> tuple[pa.Table, list[Refusal]]:
            nonlocal start
            here = verdicts[start : start + visits.num_rows]
            start += visits.num_rows
            lines = visits["line_no"].to_numpy()
            again = [
                Refusal(int(lines[row]), check, COLUMN[check])
                for row in np.flatnonzero(here != ONLY).tolist()
                for check in ["DUPLICATE" if here[row] == SAME else "DUPLICATE_ID"]
            ]
            return visits.filter(pa.array(here == ONLY)), again

        self._again(last)

    def set_all_aside(self, check: str) -> None:
        """None of the lines that were sound is kept."""
        self._again(lambda visits: (visits.slice(0, 0), [Refusal(n, check) for n in visits["line_no"].to_pylist()]))

    def tally(self) -> Tally:
        """What is counted over the visits kept."""
        found = Tally()
        for visits in self.kept.tables():
            found.add(visits)
        return found

    def in_order(self) -> Spool:
        """The refusals by line, when they are few enough to be put in order."""
        if len(tables := list(self.aside.tables())) < 2:
            return self.aside
        ordered = Spool(REFUSALS, self.scratch)
        ordered.add(pa.concat_tables(tables).sort_by([("line_no", "ascending"), ("check", "ascending")]))
        return ordered

    def _again(self, split: Callable[[pa.Table], tuple[pa.Table, list[Refusal]]]) -> None:
        kept = Spool(SCHEMA, self.scratch)
        for visits in self.kept.tables():
            stay, leave = split(visits)
            kept.add(stay)
            self._set_aside(leave)
        self.kept = kept

    def _set_aside(self, problems: list[Refusal]) -> None:
        if problems:
            self.refused.update(problem.check for problem in problems)
            self.aside.add(refusal_table(problems, self.origin, self.names, self.checks))
