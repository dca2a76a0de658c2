"""Validate: every file of the inbox is read; what it says becomes records, the rest is refused and counted.

What the records say of raw files that are gone is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from surveillance.ages import load_acts
from surveillance.associations import Association
from surveillance.dialects import Dialect
from surveillance.errors import UsageError
from surveillance.files import make_folder
from surveillance.gathering.inbox import Inbox
from surveillance.gathering.receptions import ReceivedFile, Reception, read_receptions
from surveillance.habits.nights import Judge, tell
from surveillance.habits.past import FILE as PROFILES
from surveillance.habits.past import FINDINGS
from surveillance.habits.profiles import profile_of
from surveillance.habits.profiles import schema as profile_schema
from surveillance.intake.reading import FileResult, IntakeContext, build_context, read_file
from surveillance.night import Counts, Night
from surveillance.pseudonyms import load_key
from surveillance.reasons.coder import coder_version, load_nomenclature
from surveillance.reasons.unknown_words import FILE as WORDS
from surveillance.reasons.unknown_words import frequent
from surveillance.reasons.unknown_words import to_table as words_table
from surveillance.records import Part, RowsFile, kept_parts, records_schema, sent_at, with_place, write_rows

if TYPE_CHECKING:
    import pyarrow as pa

WORST = {"refused": 0, "partial": 1, "received": 2}


def validate(night: Night) -> Counts:
    """Write records/NIGHT: visits, refusals, files and receptions, from the inbox of the night."""
    context = build_context(night.content, load_key(night.settings.key("pseudonym.key")))
    for earlier in unfinished(night):
        night.journal.event("night read late", night=earlier, reason="gathered, but never read")
        late = Night(earlier, night.content, night.settings, night.clock)
        validate_with(late, context)
        _judge(late)
    counts = validate_with(night, context)
    _judge(night)
    return counts


def unfinished(night: Night) -> list[date]:
    """Earlier nights that were gathered and died before they were read: later nights take their files for known."""
    inbox, records = night.settings.state / "inbox", night.settings.state / "records"
    gathered = [path.parent.name for path in sorted(inbox.glob("????-??-??/receptions.json"))]
    return [
        date.fromisoformat(name)
        for name in gathered
        if name < night.date.isoformat()
        and not (records / name / "receptions.parquet").is_file()
        and any(item.files for item in read_receptions(inbox / name))
    ]


def validate_with(night: Night, context: IntakeContext) -> Counts:
    """The same with a context made before: many nights share one."""
    receptions = {item.association: item for item in read_receptions(night.folder("inbox"))}
    members = {item.code: item for item in night.associations}
    folder = night.folder("inbox")
    there = {code: {file.name for file in Inbox(folder / code).listed()} for code in members}
    kept = kept_parts(night.folder("records"), there)
    if not receptions and not kept:
        raise UsageError(f"the night of {night.date} has not been gathered", f"surveillance run {night.date}")
    if kept:
        night.journal.event("records kept", associations=sorted(kept), reason="raw files are gone")
    parts = [
        kept.get(code) or _part(night, receptions[code], members[code], context)
        for code in sorted({*receptions, *kept})
    ]
    if not all(part.kept for part in parts):
        _write(night, parts)
    (night.folder("records") / FINDINGS).unlink(missing_ok=True)  # judged anew
    return {
        "files": sum(len(part.files) for part in parts),
        **{name: sum(file[name] for part in parts for file in part.files) for name in ("accepted", "refused")},
    }


def _judge(night: Night) -> None:
    """Hold the night against the habits of each association; what was found, and what did not run, is told."""
    judge = Judge(night.content, night.associations)
    for member in night.associations:
        for check, who in judge.exceptions.waived(member.code, night.date).items():
            night.journal.event("waiver", association=member.code, check=check, who=who)
    found = judge.night(night.settings.state / "records", night.date)
    for kind, fields in tell(found or []):
        night.journal.event(kind, **fields)


def _part(night: Night, reception: Reception, member: Association, context: IntakeContext) -> Part:
    """What the files of one association say; those that are not in order are told to the journal."""
    read = list(_read_files(night, reception, member, context))
    results = [result for _, result in read]
    for file, result in read:
        if result.code != "ok" or result.notes:
            night.journal.event(
                "file",
                association=member.code,
                name=file.name,
                status=result.status,
                code=result.code,
                detail=result.detail,
                notes=[code for code, _ in result.notes],
            )
    settled = _reception(reception, member, results)
    good = [result for result in results if result.status != "refused"]
    visits = (table for result in good for table in result.kept.tables())
    arrival = max((file.mtime for file in Inbox(night.folder("inbox") / member.code).listed()), default=-1)
    acts = load_acts(night.content).counted
    return Part(
        [(sent_at(file.mtime, file.name), result.kept) for file, result in read],
        [result.aside for result in results],
        [_file(member.code, *item, context.as_read(member, night.date)[1], night.date) for item in read],
        settled,
        profile_of(visits, member.code, night.visit_day, acts, settled["status"], len(good), arrival).row(),
        sum((Counter(result.words) for result in good), Counter()),
    )


def _read_files(
    night: Night, reception: Reception, member: Association, context: IntakeContext
) -> Iterable[tuple[ReceivedFile, FileResult]]:
    folder = night.folder("inbox") / member.code
    scratch = make_folder(night.settings.state / "store")
    for file in Inbox(folder).listed():
        owner, dialect = context.as_read(member, night.date)
        yield file, read_file(folder / file.name, file.name, owner, dialect, context, night.date, scratch)


def _reception(reception: Reception, member: Association, results: list[FileResult]) -> dict[str, Any]:
    """The row of receptions.parquet: the gathering's word, unless a file that came says worse."""
    status, code, detail = reception.status, reception.code, reception.detail
    if results and status == "received":
        worst = min(results, key=lambda result: WORST[result.status])
        if worst.status != "received":
            good = any(result.status != "refused" for result in results)
            status = "partial" if good else "refused"
            code, detail = worst.code, worst.detail
    return {
        "association": member.code,
        "status": status,
        "code": code,
        "detail": detail,
        "usual_volume": member.usual_volume,
    }


def _write(night: Night, parts: list[Part]) -> None:
    """The files of the records; the receptions last: with them the night counts as read."""
    import pyarrow as pa

    from surveillance.intake.refusals import REFUSALS
    from surveillance.intake.visits import SCHEMA

    folder = night.folder("records")
    with RowsFile(folder / "visits.parquet", records_schema(SCHEMA, coder_version(night.content))) as visits:
        for sent, spool in (item for part in parts for item in part.visits):
            for table in spool.tables():
                visits.add(with_place(table, sent, visits.rows, visits.schema))
    with RowsFile(folder / "refusals.parquet", REFUSALS) as refusals:
        for spool in (item for part in parts for item in part.refusals):
            for table in spool.tables():
                refusals.add(table)
    files = [file for part in parts for file in part.files]
    write_rows(folder / "files.parquet", pa.Table.from_pylist(files, schema=_files_schema()))
    found = {part.reception["association"]: part.words for part in parts}
    words = frequent(found, load_nomenclature(night.content).unknown_words)
    write_rows(folder / WORDS, words_table(words))
    profiles = [part.profile for part in parts if part.profile]
    write_rows(folder / PROFILES, pa.Table.from_pylist(profiles, schema=profile_schema()))
    receptions = pa.Table.from_pylist([part.reception for part in parts], schema=_receptions_schema())
    write_rows(folder / "receptions.parquet", receptions)


def _file(
    association: str, file: ReceivedFile, result: FileResult, dialect: Dialect, night: date
) -> dict[str, Any]:
    ledger = result.ledger
    return {
        "association": association,
        "name": file.name,
        "sha256": result.sha256,
        "bytes": result.size,
        "sent": sent_at(file.mtime, file.name),
        "replaced_days": replaced_days(result, dialect, night),
        "dialect": result.dialect,
        "status": result.status,
        "code": result.code,
        "detail": result.detail,
        "lines_in": ledger["lines_in"],
        "accepted": ledger["accepted"],
        "refused": ledger["refused"],
        "other": ledger["header"] + ledger["blank"] + ledger["total"],
    }


def replaced_days(result: FileResult, dialect: Dialect, night: date) -> list[date]:
    """The days of which a file that came whole holds everything: those it has visits of, in its dialect's window."""
    if dialect.window.mode != "replaces" or result.status != "received":
        return []
    last = result.visit_day or night - timedelta(days=1)
    first = last - timedelta(days=dialect.window.days - 1)
    return [day for day in result.dates if first <= day <= last]


def _files_schema() -> pa.Schema:
    import pyarrow as pa

    texts = ("association", "name", "sha256", "sent", "dialect", "status", "code", "detail")
    return pa.schema(
        [(name, pa.string()) for name in texts]
        + [(name, pa.int64()) for name in ("bytes", "lines_in", "accepted", "refused", "other")]
        + [("replaced_days", pa.list_(pa.date32()))]
    )


def _receptions_schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [(name, pa.string()) for name in ("association", "status", "code", "detail")] + [("usual_volume", pa.float64())]
    )
