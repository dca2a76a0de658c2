"""Validate: every file of the inbox is read; what it says becomes records, the rest is refused and counted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surveillance.associations import Association
from surveillance.coding.reasons import coder_version
from surveillance.files import replace_atomic
from surveillance.gathering.inbox import Inbox
from surveillance.gathering.receptions import Reception, read_receptions
from surveillance.intake.reading import FileResult, IntakeContext, build_context, read_file
from surveillance.night import Counts, Night
from surveillance.pseudonyms import load_key

if TYPE_CHECKING:
    import pyarrow as pa

WORST = {"refused": 0, "partial": 1, "received": 2}


def validate(night: Night) -> Counts:
    """Write records/NIGHT: visits, refusals, files and receptions, from the inbox of the night."""
    key = night.pseudonym_key or load_key(night.settings.key("pseudonym.key"))
    return validate_with(night, build_context(night.content, key))


def validate_with(night: Night, context: IntakeContext) -> Counts:
    """The same with a context made before: many nights share one."""
    receptions = read_receptions(night.folder("inbox"))
    members = {item.code: item for item in night.associations}
    results: list[tuple[str, str, int, FileResult]] = []
    settled = []
    for reception in receptions:
        member = members[reception.association]
        read = list(_read_files(night, reception, member, context))
        results += [(member.code, name, size, result) for name, size, result in read]
        settled.append(_reception(reception, member, [result for _, _, result in read]))
    _write(night, results, settled)
    for association, name, _, result in results:
        if result.code != "ok" or result.notes:
            night.journal.event(
                "file",
                association=association,
                name=name,
                status=result.status,
                code=result.code,
                detail=result.detail,
                notes=[code for code, _ in result.notes],
            )
    accepted = sum(result.ledger["accepted"] for *_, result in results)
    refused = sum(result.ledger["refused"] for *_, result in results)
    return {"files": len(results), "accepted": accepted, "refused": refused}


def _read_files(
    night: Night, reception: Reception, member: Association, context: IntakeContext
) -> Iterable[tuple[str, int, FileResult]]:
    folder = night.folder("inbox") / member.code
    for file in Inbox(folder).listed():
        data = (folder / file.name).read_bytes()
        yield (
            file.name,
            file.size,
            read_file(data, file.name, member, context.dialect_of(member), context, night.date),
        )


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


def _write(night: Night, results: list[tuple[str, str, int, FileResult]], settled: list[dict[str, Any]]) -> None:
    import pyarrow as pa

    from surveillance.intake.refusals import REFUSALS
    from surveillance.intake.visits import SCHEMA

    folder = night.folder("records")
    visits = pa.concat_tables([SCHEMA.empty_table(), *(result.visits for *_, result in results)])
    arrival = pa.array(range(visits.num_rows), pa.int32())
    visits = visits.append_column("arrival", arrival).replace_schema_metadata(
        {"reason_coder": coder_version(night.content)}
    )
    write_parquet(folder / "visits.parquet", visits)
    write_parquet(
        folder / "refusals.parquet", pa.concat_tables([REFUSALS.empty_table(), *(r.refusals for *_, r in results)])
    )
    write_parquet(
        folder / "files.parquet", pa.Table.from_pylist([_file(*item) for item in results], schema=_files_schema())
    )
    write_parquet(folder / "receptions.parquet", pa.Table.from_pylist(settled, schema=_receptions_schema()))


def _file(association: str, name: str, size: int, result: FileResult) -> dict[str, Any]:
    ledger = result.ledger
    return {
        "association": association,
        "name": name,
        "sha256": result.sha256,
        "bytes": size,
        "dialect": result.dialect,
        "status": result.status,
        "code": result.code,
        "detail": result.detail,
        "lines_in": ledger["lines_in"],
        "accepted": ledger["accepted"],
        "refused": ledger["refused"],
        "other": ledger["header"] + ledger["blank"] + ledger["total"],
    }


def _files_schema() -> pa.Schema:
    import pyarrow as pa

    texts = ("association", "name", "sha256", "dialect", "status", "code", "detail")
    return pa.schema(
        [(name, pa.string()) for name in texts]
        + [(name, pa.int64()) for name in ("bytes", "lines_in", "accepted", "refused", "other")]
    )


def _receptions_schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [(name, pa.string()) for name in ("association", "status", "code", "detail")] + [("usual_volume", pa.float64())]
    )


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a Parquet file whole or not at all, the same bytes for the same table."""
    import pyarrow.parquet as pq

    temporary = path.with_name(f".{path.name}.part")
    pq.write_table(table.combine_chunks(), temporary, compression="zstd")
    replace_atomic(temporary, path)
