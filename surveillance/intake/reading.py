"""One received file, from bytes to pseudonymised visits: its verdict, its accounts, nothing it must not keep."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from surveillance.ages import load_ages
from surveillance.associations import Association
from surveillance.coding.thesauri import load_thesauri
from surveillance.content import Content
from surveillance.dialects import FILLED, FOLDER, Dialect, load_dialects
from surveillance.errors import ContentError
from surveillance.intake.checks import Checks, load_checks
from surveillance.intake.date_order import check_order
from surveillance.intake.exceptions import Exceptions, load_exceptions
from surveillance.intake.notes import elsewhere, notes_of
from surveillance.intake.readers import FileRefused, RawTable, Source, Undecodable, encodings_of, read_parts
from surveillance.intake.refusals import REFUSALS, blocking, column_names, file_refusal, verdict_of
from surveillance.intake.sorting import Sorting
from surveillance.intake.visit_reader import Tables, VisitReader
from surveillance.intake.visits import SCHEMA, Origin, load_visit_rules
from surveillance.pseudonyms import Pseudonymiser
from surveillance.spool import Spool
from surveillance.territories import load_communes, load_departments, load_postal_codes

if TYPE_CHECKING:
    from surveillance.reasons.coder import ReasonReading

__all__ = ["REFUSALS", "FileResult", "IntakeContext", "build_context", "check_file", "read_file"]

Days = tuple[date | None, date | None]  # the visit day the file's name tells, the night of reception
CODE = r"([0-9]{2}|2[AB]|97[0-9])[0-9]{2}"  # nothing else that a file gives as its code is repeated
LEDGER = ("lines_in", "data_lines", "accepted", "refused", "header", "blank", "total")


@dataclass
class IntakeContext:
    """All that reading a file takes, built once for a night; `readers` remembers what they have read."""

    dialects: dict[str, Dialect]
    checks: Checks
    tables: Tables
    exceptions: Exceptions = field(default_factory=Exceptions)
    readers: dict[tuple[str, str, str], VisitReader] = field(default_factory=dict, repr=False)

    def dialect_of(self, association: Association) -> Dialect:
        """The dialect the register declares for an association."""
        if association.dialect not in self.dialects:
            where, known = f"{association.code}.dialect", f"there are: {', '.join(self.dialects)}"
            raise ContentError("extracts/associations.toml", where, f"no dialect {association.dialect!r}", known)
        dialect = self.dialects[association.dialect]
        if dialect.status == "draft":
            raise ContentError(f"{FOLDER}{dialect.id}.toml", "status", "no night reads a file by a draft", FILLED)
        return dialect

    def as_read(self, association: Association, night: date | None, name: str = "") -> tuple[Association, Dialect]:
        """The association and the dialect by which its files are read that night, corrections applied.

        Without a night, that after the day the file's name tells, if it does.
        """
        day = self.dialect_of(association).read_name(name)[0] if night is None and name else None
        night = day + timedelta(days=1) if day else night
        member = self.exceptions.corrected(association, night)
        return member, self.exceptions.corrected_dialect(self.dialect_of(member), member.code, night)

    def checks_for(self, association: Association, night: date | None) -> Checks:
        """The checks in force for an association in a night, with those that are waived."""
        return self.exceptions.checks_for(self.checks, association.code, night)

    def reader(self, association: Association, dialect: Dialect) -> VisitReader:
        """The reader of its dialect, time zone and thesaurus."""
        key = (dialect.name, association.timezone, association.thesaurus)
        if key not in self.readers:
            own = self.tables.thesauri.get(association.thesaurus)
            if own is None:
                where = f"{association.code}.thesaurus"
                raise ContentError("extracts/associations.toml", where, f"no thesaurus {association.thesaurus!r}")
            self.readers[key] = VisitReader(dialect, ZoneInfo(association.timezone), own, self.tables)
        return self.readers[key]


def build_context(
    content: Content, key: bytes, read_reason: Callable[[str], ReasonReading] | None = None
) -> IntakeContext:
    """The context of a night; a worker process builds its own from the same content and key.

    `read_reason` reads a call reason; the coder of the content in force when not given.
    """
    from surveillance.reasons.coder import ReasonCoder  # its dictionary is only needed here

    rules, ages = load_visit_rules(content), load_ages(content)
    tables = Tables(
        limits=rules.limits,
        thesauri=load_thesauri(content),
        postal_codes=load_postal_codes(content),
        communes=cache(lambda: {item.insee: item.department for item in load_communes(content)}),
        regions={code: place.region for code, place in load_departments(content).items()},
        bands=ages.years,
        unknown_band=ages.unknown,
        read_reason=read_reason or ReasonCoder(content).read,
        pseudonyms=Pseudonymiser(key),
    )
    return IntakeContext(load_dialects(content), load_checks(content), tables, load_exceptions(content))


@dataclass(frozen=True)
class FileResult:
    """What became of one file.

    status, code: as receptions (received/ok; partial/truncated, total_mismatch, lines_refused; refused/header_changed,
    encoding, unreadable, too_large, wrong_association, empty, lines_refused, line_blocks, held). `detail` and `notes`
    hold no value of a visit. ledger: lines_in = accepted + refused + header + blank + total, data_lines = the first two
    (for XML, a line is a patient). dates: visits kept by visit day. visit_day: what the file's name tells, None if not
    as agreed. kept, aside: the visits (SCHEMA) and the refusals (REFUSALS), which may be too many for memory.
    ran: the checks of a line that were looked at, whatever they found. words: words of call reasons that nobody knows,
    and their uses; only those that are frequent enough to be nobody's own may be kept.
    """

    status: str
    code: str
    detail: str
    sentence_fr: str
    sha256: str
    size: int
    dialect: str
    visit_day: date | None
    kept: Spool
    aside: Spool
    ledger: dict[str, int]
    dates: dict[date, int]
    notes: tuple[tuple[str, str], ...] = ()
    ran: frozenset[str] = frozenset()
    words: Mapping[str, int] = field(default_factory=dict)

    @property
    def visits(self) -> pa.Table:
        """The visits kept, all at once."""
        return self.kept.table()

    @property
    def refusals(self) -> pa.Table:
        """The lines set aside, all at once."""
        return self.aside.table()


def read_file(
    data: bytes | Path,
    name: str,
    association: Association,
    dialect: Dialect,
    ctx: IntakeContext,
    night: date | None = None,
    scratch: Path | None = None,
) -> FileResult:
    """Reads a received file. Pure: no clock; the same bytes always give the same result, whatever their number.

    `night` bounds the visit days; without it, the night after the day in the file's name; without either, no bound.
    `scratch`: a private folder for the rows of a file that is too large for memory (the system's own when not given).
    Never raises for what a sender can have done to a file.
    """
    day, named = dialect.read_name(name)
    if night is None and day is not None:
        night = day + timedelta(days=1)
    with Source(data) as source:
        origin = Origin(association.code, association.department, dialect.name, source.sha256, source.size)
        checks = ctx.checks_for(association, night)
        try:
            sorting = Reading(source, origin, association, dialect, ctx, checks, (day, night), scratch).sorted()
            check_sender(sorting.accounts, named, association)
            return settle(sorting, association, dialect, ctx.tables.regions, (day, night))
        except FileRefused as verdict:
            return refuse_file(verdict, origin, checks, day)


@dataclass(frozen=True)
class Reading:
    """One file, whose it is, and the rules it is read by."""

    source: Source
    origin: Origin
    association: Association
    dialect: Dialect
    ctx: IntakeContext
    checks: Checks
    days: Days
    scratch: Path | None

    def sorted(self) -> Sorting:
        """Its lines, read in the first of its dialect's encodings in which every byte is possible."""
        line = 0
        for encoding in encodings_of(self.dialect):
            try:
                return self._sorted_in(encoding)
            except Undecodable as error:
                line = error.line
        raise FileRefused("encoding", f"octet impossible en {encodings_of(self.dialect)[-1]}, ligne {line}")

    def _sorted_in(self, encoding: str) -> Sorting:
        reader, ordered = self.ctx.reader(self.association, self.dialect), False
        sorting = Sorting(self.origin, column_names(self.dialect), self.checks, self.scratch)
        for raw in read_parts(self.source, self.dialect, encoding, self.checks.limits):
            if len(raw.line_no) and not ordered:
                self._check_order(raw, sorting.accounts.lines_in + raw.lines_in)
                ordered = True
            sorting.take(raw, lambda raw: reader.read(raw, self.association.code, self.days[1]))
        return sorting

    def _check_order(self, raw: RawTable, lines: int) -> None:
        """Are day and month exchanged? The first part, up to some 30,000 lines, tells."""
        starts: Any = raw.columns.get("start_at", raw.columns.get("start_date", ()))
        texts = starts.to_pylist() if isinstance(starts, pa.Array) else starts
        check_order(texts, self.dialect, *self.days, self.checks.shares.swapped_block, lines)


def check_sender(accounts: RawTable, named: str, association: Association) -> None:
    """The code inside the file decides whose it is; the code in its name only where there is none inside."""
    found = accounts.association or named
    if found and found != association.code:
        told = found if re.fullmatch(CODE, found, re.ASCII) else "autre chose"
        where = "le contenu" if accounts.association else "le nom"
        raise FileRefused("wrong_association", f"{where} dit {told}, attendu {association.code}", accounts.lines_in)
    if named and named != found:
        accounts.notes.append(("name_association", ""))


def settle(
    sorting: Sorting, association: Association, dialect: Dialect, regions: Mapping[str, str], days: Days
) -> FileResult:
    """The verdict on a file whose lines have been read, and what follows for them."""
    checks, whole, (day, night) = sorting.checks, sorting.accounts, days
    sorting.settle_repeats()
    blocked, detail = blocking(sorting.refused, sorting.kept.num_rows, checks)
    if blocked:
        code = blocked
        sorting.set_all_aside("FILE_BLOCKED")
    else:
        lines = whole.lines_in - whole.header_lines - whole.blank_lines - whole.total_lines
        kept = sorting.kept.num_rows
        code, detail = verdict_of(sorting.refused, kept, whole.truncated, whole.announced, lines, checks)
    tally = sorting.tally()
    strangers = elsewhere(tally, association, regions, checks)
    if strangers and checks.file["elsewhere"].severity != "note":
        code, detail = "held", checks.sentence("elsewhere", strangers)
        sorting.set_all_aside("FILE_HELD")
    elif strangers:
        whole.notes.append(("elsewhere", strangers))
    visits, origin = sorting.kept.num_rows, sorting.origin
    return FileResult(
        status="received" if code == "ok" else "partial" if visits else "refused",
        code=code,
        detail=detail,
        sentence_fr="" if code == "ok" else checks.sentence(code, detail),
        sha256=origin.sha256,
        size=origin.size,
        dialect=origin.dialect,
        visit_day=day,
        kept=sorting.kept,
        aside=sorting.in_order(),
        ledger=ledger_of(whole, visits, sum(sorting.refused.values())),
        dates=dict(sorted(tally.days.items())) if visits else {},
        notes=notes_of(whole.notes, tally, sorting.refused, association, checks, day, night, dialect.window),
        ran=frozenset(sorting.ran),
        words=sorting.words,
    )


def ledger_of(whole: RawTable, accepted: int, refused: int) -> dict[str, int]:
    """The accounts of a file: every line is in exactly one of them."""
    aside = (whole.header_lines, whole.blank_lines, whole.total_lines)
    return dict(zip(LEDGER, (whole.lines_in, accepted + refused, accepted, refused, *aside), strict=True))


def refuse_file(verdict: FileRefused, origin: Origin, checks: Checks, day: date | None) -> FileResult:
    """The result of a file that is refused as a whole: no visit, one refusal on line 0 that says why."""
    sentence = checks.sentence(verdict.code, verdict.detail)
    aside = Spool(REFUSALS)
    aside.add(file_refusal(verdict.code, sentence, origin))
    ledger = dict.fromkeys(LEDGER, 0) | dict.fromkeys(("lines_in", "data_lines", "refused"), verdict.lines)
    return FileResult(
        status="refused", code=verdict.code, detail=verdict.detail, sentence_fr=sentence, sha256=origin.sha256,
        size=origin.size, dialect=origin.dialect, visit_day=day, kept=Spool(SCHEMA), aside=aside, ledger=ledger,
        dates={},
    )  # fmt: skip


def check_file(path: Path, association: Association, content: Content, night: date | None = None) -> FileResult:
    """A file against exactly the rules of the night, before it is sent; under a key of no use."""
    ctx = build_context(content, hashlib.sha256(b"check").digest())
    return read_file(path, path.name, *ctx.as_read(association, night, path.name), ctx, night)
