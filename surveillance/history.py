"""Putting a night's records into the store, and taking them out again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from surveillance.errors import AuditError
from surveillance.fates import FATES, settle
from surveillance.habits.findings import Finding, held
from surveillance.habits.keeping import keep_findings
from surveillance.habits.nights import Judge
from surveillance.habits.verdicts import held_files, overruled
from surveillance.intake.checks import load_checks
from surveillance.intake.visits import load_visit_rules
from surveillance.kept_counts import kept_in, settled_before
from surveillance.reasons.unknown_words import word_rows
from surveillance.store import OPEN, Store
from surveillance.visit_codes import code_nights

if TYPE_CHECKING:
    import pyarrow as pa

    from surveillance.coding.syndromes import Coder

AUDITED = 4  # parts in which every visit is looked at, so that ten years of them fit in memory
NO_LOSS: Mapping[str, list[str]] = MappingProxyType({})
BY_NIGHT = (
    "visit_syndromes", "visits", "counts", "reason_counts", "denominators", "brief_counts",
    "brief_reason_counts", "brief_denominators", "unknown_codes", "reason_words",
    "receptions", "files", "profiles", "findings", "data_events",
    "signal_events", "signal_alarms", "data_signals",
)  # fmt: skip


def nights_held(store: Store, since: date) -> list[date]:
    """The nights from `since` on that the store holds, oldest first."""
    found = store.rows("SELECT DISTINCT night FROM receptions WHERE night >= $since ORDER BY night", {"since": since})
    return [row[0] for row in found]


def take_out(store: Store, night: date) -> None:
    """Undo a night, which must be the last one held: its rows go, the versions it closed are in force again."""
    for table in BY_NIGHT:
        column = "from_night" if table.startswith("visit") else "night"
        store.run(f"DELETE FROM {table} WHERE {column} = $night", {"night": night})
    since = {"since": first_meant(store, night), "night": night}
    store.run(
        "UPDATE visits SET to_night = $open WHERE from_night >= $since AND to_night = $night", since | {"open": OPEN}
    )
    store.run(
        "UPDATE visits SET confirmed = NULL, confirmed_night = NULL "
        "WHERE from_night >= $since AND confirmed_night = $night",
        since,
    )


def first_meant(store: Store, night: date) -> date:
    """The first night whose visits a line of this night can mean: numbers last sent before stand for other visits.

    It also bounds what a night reads: ten years of history cost it no more than two.
    """
    return night - timedelta(days=load_visit_rules(store.content).limits.identity_days)


def load_night(
    store: Store,
    night: date,
    records: Path,
    findings: Sequence[Finding] = (),
    lossy: Mapping[str, list[str]] = NO_LOSS,
    since: date | None = None,
) -> dict[str, int]:
    """Load the records of a night (visits.parquet) but those held; counts by fate. Call inside a transaction.

    `lossy`: by thesaurus, the codes whose CIM-10 code says more or less than they: such visits are flagged MAP_LOSSY.
    `since`: the oldest night whose versions its lines meet, where that is known (see `oldest_met`).
    """
    kept = kept_in(store)
    whole = kept.before if kept and night <= kept.night else None
    incoming = store.parquet("incoming", records / "visits.parquet", "association", held(findings), whole)
    with store.sparing(), incoming, store.table("lossy", _lossy_table(lossy)):
        store.run(store.sql("met_versions"), {"since": max(since or date.min, first_meant(store, night))})
        store.run(store.sql("fates"))
        store.run(store.sql("close_versions"), {"night": night})
        store.run(store.sql("load_visits"), {"night": night})
        if store.value("SELECT count(*) FROM fates WHERE fate = 'duplicate'"):
            store.run(store.sql("confirm_versions"), {"night": night})
        store.run(store.sql("file_fates"), {"day": night - timedelta(days=1)})
    fates = ("loaded", "duplicate", "superseded")
    sums = ", ".join(f"coalesce(sum({fate}), 0)" for fate in fates)
    return dict(zip(fates, map(int, store.rows(f"SELECT {sums} FROM file_fates")[0]), strict=True))


def oldest_met(store: Store, records: Path, nights: Sequence[date]) -> dict[date, date]:
    """For each night about to be loaded, one after the other: the oldest night whose versions its lines can meet.

    Ten years of history are looked through once for many nights, instead of once for each.
    """
    files = {night: records / night.isoformat() / "visits.parquet" for night in nights}
    with store.parquets("incoming_nights", files, "visit_uid"):
        held = dict(store.rows(store.sql("oldest_met"), {"since": first_meant(store, nights[0])}))
    return {night: min(held.get(night, night), nights[0]) for night in nights}


def _lossy_table(lossy: Mapping[str, list[str]]) -> pa.Table:
    import pyarrow as pa

    schema = pa.schema([("thesaurus", pa.string()), ("codes", pa.list_(pa.string()))])
    return pa.table([list(lossy), list(lossy.values())], schema=schema)


def audit(store: Store, night: date, acts: tuple[str, ...]) -> None:
    """Run the audits of a night: each selects offenders and must return no row; else AuditError."""
    nights, since = {"first": night, "last": night}, {"since": first_meant(store, night)}
    _audit(store, "audit_lines", nights, night)
    _audit(store, "audit_versions", {"night": night} | since, night)
    _audit(store, "audit_counts", _countable(store, nights | since, acts), night)
    _audit(store, "audit_brief", nights, night)


def audit_nights(store: Store, first: date, last: date, acts: tuple[str, ...]) -> None:
    """The same for a store made anew from a night on, all at once."""
    nights, days = {"first": first, "last": last}, load_visit_rules(store.content).limits.identity_days
    _audit(store, "audit_lines", nights, last)
    for part in range(AUDITED):
        _audit(store, "audit_every_version", {"part": part, "parts": AUDITED, "identity_days": days}, last)
    _audit(store, "audit_counts", _countable(store, nights | {"since": first_meant(store, first)}, acts), last)
    _audit(store, "audit_brief", nights, last)


def _countable(store: Store, nights: dict[str, date], acts: tuple[str, ...]) -> dict[str, Any]:
    """What is counted again: these types of act, of the days that these nights touched and whose visits are there."""
    kept = kept_in(store)
    oldest = store.value(
        "SELECT min(event_date) FROM visits WHERE from_night >= $since "
        "AND (from_night BETWEEN $first AND $last OR to_night BETWEEN $first AND $last)",
        nights,
    )
    return nights | {"acts": list(acts), "whole": kept.before if kept else date.min, "oldest": oldest or nights["last"]}


def _audit(store: Store, name: str, parameters: Mapping[str, Any], night: date) -> None:
    if offenders := len(store.rows(store.sql(name), parameters)):
        raise AuditError(
            f"{name}: {offenders} rows do not add up in the night of {night}",
            f"surveillance sql shows them with indicators/sql/{name}.sql; surveillance replay rebuilds the store",
        )


def admit_night(
    store: Store, night: date, records: Path, coder: Coder, judge: Judge, coding: int = 1
) -> dict[str, int]:
    """Load and code the records of a night and settle what became of every line; call inside a transaction."""
    return enter_night(store, night, records, coder, judge) | code_nights(store, night, night, coder, coding)


def enter_night(
    store: Store, night: date, records: Path, coder: Coder, judge: Judge, since: date | None = None
) -> dict[str, int]:
    """The same, without coding the visits; `since`: see `load_night`.

    A night that was never held against the habits (replayed from feeds) is now, in the order of the nights.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    findings = judge.judged(records.parent, night)
    counts = load_night(store, night, records, findings, coder.lossy_codes(night), since)
    fates = {(row["association"], row["file_sha256"]): row for row in store.arrow("FROM file_fates").to_pylist()}
    nothing = dict.fromkeys((*FATES, "new_visits"), 0) | {"main_day": None}
    files = [
        file
        | {
            key: value
            for key, value in fates.get((file["association"], file["sha256"]), nothing).items()
            if key in nothing
        }
        for file in held_files(pq.read_table(records / "files.parquet").to_pylist(), findings)
    ]
    held = overruled(pq.read_table(records / "receptions.parquet").to_pylist(), findings, judge.members, night)
    settled = [item.row() for item in settle(night, held, files)]
    keep_findings(store, night, records, findings, judge)
    words = [{"night": night} | row for row in word_rows(records)]
    known = {"receptions": settled, "files": [{"night": night} | file for file in files], "reason_words": words}
    for table, rows in (known | settled_before(records)).items():
        if rows:
            columns = [row[0] for row in store.rows(f"SELECT column_name FROM (DESCRIBE {table})")]
            kept = [{name: row[name] for name in columns} for row in rows]
            with store.table("settled", pa.Table.from_pylist(kept)):
                store.run(f"INSERT INTO {table} BY NAME SELECT * FROM settled")
    return counts | withdraw(store, night)


def withdraw(store: Store, night: date) -> dict[str, int]:
    """Withdraw the visits that tonight's files should hold and do not: each gets a version that says so.

    A file that lacks more than `shares.withdrawn` (extracts/checks.toml) of what was held is not believed in this:
    nothing is withdrawn, its association's reception says mass_withdrawal.
    """
    if not store.value("SELECT count(*) FROM files WHERE len(replaced_days) > 0"):
        return {"withdrawn": 0}
    share = load_checks(store.content).shares.withdrawn
    since = first_meant(store, night)
    store.run(store.sql("lacking_visits"), {"night": night, "share": share, "since": since})
    doubted = store.rows("SELECT association, count(*) FROM lacking WHERE NOT believed GROUP BY ALL")
    for association, number in doubted:
        store.run(
            "UPDATE receptions SET status = 'partial', code = 'mass_withdrawal', detail = $detail "
            "WHERE night = $night AND association = $association AND status IN ('received', 'partial')",
            {"night": night, "association": association, "detail": f"{number} visites"},
        )
    store.run("DELETE FROM lacking WHERE NOT believed")
    gone = "to_night = DATE '9999-12-31' AND (visit_uid, rec_version) IN (SELECT visit_uid, rec_version FROM lacking)"
    store.run(f"UPDATE visits SET to_night = $night WHERE {gone}", {"night": night})
    store.run(store.sql("withdraw_visits"), {"night": night})
    counts = store.rows("SELECT association, count(*) FROM lacking GROUP BY ALL")
    for association, number in counts:
        store.run(
            "UPDATE receptions SET withdrawn = $number WHERE night = $night AND association = $association",
            {"night": night, "association": association, "number": number},
        )
    return {"withdrawn": sum(number for _, number in counts)}
