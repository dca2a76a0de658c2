"""One received file, from bytes to pseudonymised visits: its verdict, its accounts, nothing it must not keep."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
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
from surveillance.intake.notes import notes_of
from surveillance.intake.readers import FileRefused, RawTable, Refusal, read_raw
from surveillance.intake.refusals import REFUSALS, blocked, file_refusal, judge, refusal_table, verdict_of
from surveillance.intake.visit_reader import Tables, VisitReader
from surveillance.intake.visits import SCHEMA, Origin, content_hashes, load_visit_rules, to_table
from surveillance.pseudonyms import Pseudonymiser
from surveillance.territories import load_communes, load_departments, load_postal_codes

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
    content: Content, key: bytes, code_reason: Callable[[str], tuple[str, ...]] | None = None
) -> IntakeContext:
    """The context of a night; a worker process builds its own from the same content and key.

    `code_reason` reads a call reason as concepts; the coder of the content in force when not given.
    """
    from surveillance.coding.reasons import ReasonCoder  # its dictionary is only needed here

    rules, ages = load_visit_rules(content), load_ages(content)
    tables = Tables(
        limits=rules.limits,
        thesauri=load_thesauri(content),
        postal_codes=load_postal_codes(content),
        communes=cache(lambda: {item.insee: item.department for item in load_communes(content)}),
        departments=frozenset(load_departments(content)),
        bands=ages.years,
        unknown_band=ages.unknown,
        code_reason=code_reason or ReasonCoder(content),
        pseudonyms=Pseudonymiser(key),
    )
    return IntakeContext(load_dialects(content), load_checks(content), tables, load_exceptions(content))


@dataclass(frozen=True)
class FileResult:
    """What became of one file.

    status, code: as receptions (received/ok; partial/truncated, lines_refused; refused/header_changed, encoding,
    unreadable, too_large, wrong_association, empty, lines_refused). `detail` and `notes` hold no value of a visit.
    ledger: lines_in = accepted + refused + header + blank + total, data_lines = accepted + refused (for XML, a line
    is a patient). dates: visits kept by visit day. visit_day: what the file's name tells, None if not as agreed.
    """

    status: str
    code: str
    detail: str
    sentence_fr: str
    sha256: str
    dialect: str
    visit_day: date | None
    visits: pa.Table
    refusals: pa.Table
    ledger: dict[str, int]
    dates: dict[date, int]
    notes: tuple[tuple[str, str], ...] = ()


def read_file(
    data: bytes,
    name: str,
    association: Association,
    dialect: Dialect,
    ctx: IntakeContext,
    night: date | None = None,
) -> FileResult:
    """Reads a received file. Pure: no disk, no clock; the same bytes always give the same result.

    `night` bounds the visit days; without it, the night after the day in the file's name; without either, no bound.
    Never raises for what a sender can have done to a file.
    """
    day, named = dialect.read_name(name)
    if night is None and day is not None:
        night = day + timedelta(days=1)
    origin = Origin(association.code, association.department, dialect.name, hashlib.sha256(data).hexdigest())
    checks = ctx.checks_for(association, night)
    try:
        raw = read_raw(data, dialect, checks.limits)
        check_sender(raw, named, association)
        return accept(raw, origin, association, dialect, ctx, (day, night))
    except FileRefused as verdict:
        return refuse_file(verdict, origin, checks, day)


def check_sender(raw: RawTable, named: str, association: Association) -> None:
    """The code inside the file decides whose it is; the code in its name only where there is none inside."""
    found = raw.association or named
    if found and found != association.code:
        told = found if re.fullmatch(CODE, found, re.ASCII) else "autre chose"
        where = "le contenu" if raw.association else "le nom"
        raise FileRefused("wrong_association", f"{where} dit {told}, attendu {association.code}", raw.lines_in)
    if named and named != found:
        raw.notes.append(("name_association", ""))


def accept(
    raw: RawTable, origin: Origin, association: Association, dialect: Dialect, ctx: IntakeContext, days: Days
) -> FileResult:
    """Types, pseudonymises and judges the lines that were read."""
    checks, named_day = ctx.checks_for(association, days[1]), days[0]
    starts = raw.columns.get("start_at", raw.columns.get("start_date", ()))
    check_order(starts, dialect, *days, checks.shares.swapped_block, raw.lines_in)
    typed = ctx.reader(association, dialect).read(raw, association.code, days[1])
    hashes = content_hashes(typed, origin)
    keep, flags, refused = judge(typed, hashes, raw, checks)
    problems = sorted([*raw.problems, *refused])
    code, detail = verdict_of(raw, problems, sum(keep), checks)
    if code == "lines_refused" and blocked(problems, sum(keep), checks):
        others = (Refusal(line, "FILE_BLOCKED") for line, kept in zip(raw.line_no, keep, strict=True) if kept)
        problems, keep = sorted([*problems, *others]), [False] * len(keep)
    visits = to_table(typed, flags, keep, hashes, raw, origin)
    return FileResult(
        status="received" if code == "ok" else "partial" if visits.num_rows else "refused",
        code=code,
        detail=detail,
        sentence_fr="" if code == "ok" else checks.sentence(code, detail),
        sha256=origin.sha256,
        dialect=origin.dialect,
        visit_day=named_day,
        visits=visits,
        refusals=refusal_table(problems, origin, dialect, checks),
        ledger=ledger_of(raw, visits.num_rows, len(problems)),
        dates=dict(sorted(Counter(visits["event_date"].to_pylist()).items())),
        notes=notes_of(raw, visits, problems, association, checks, *days, dialect.window),
    )


def ledger_of(raw: RawTable, accepted: int, refused: int) -> dict[str, int]:
    """The accounts of a file: every line is in exactly one of them."""
    aside = (raw.header_lines, raw.blank_lines, raw.total_lines)
    return dict(zip(LEDGER, (raw.lines_in, accepted + refused, accepted, refused, *aside), strict=True))


def refuse_file(verdict: FileRefused, origin: Origin, checks: Checks, day: date | None) -> FileResult:
    """The result of a file that is refused as a whole: no visit, one refusal on line 0 that says why."""
    sentence = checks.sentence(verdict.code, verdict.detail)
    refusals = file_refusal(verdict.code, sentence, origin)
    ledger = dict.fromkeys(LEDGER, 0) | dict.fromkeys(("lines_in", "data_lines", "refused"), verdict.lines)
    return FileResult(
        status="refused", code=verdict.code, detail=verdict.detail, sentence_fr=sentence, sha256=origin.sha256,
        dialect=origin.dialect, visit_day=day, visits=SCHEMA.empty_table(), refusals=refusals, ledger=ledger,
        dates={},
    )  # fmt: skip


def check_file(path: Path, association: Association, content: Content, night: date | None = None) -> FileResult:
    """A file against exactly the rules of the night, before it is sent; under a key of no use."""
    ctx = build_context(content, hashlib.sha256(b"check").digest())
    return read_file(path.read_bytes(), path.name, *ctx.as_read(association, night, path.name), ctx, night)
