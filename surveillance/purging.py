"""Reducing old visits to what they added up to: the counts of every night stay, who and what was seen goes for good.

What is kept of the visit days before a limit are the rows of the ledgers, in records/purged: whatever is asked of those
days, as known after any night, has the answer it had. In this order, so that a purge cut short is gone on with:

1. the kept rows are written, then purged.json, which says that they stand for the visits of those days;
2. the store forgets the visits, and is written anew: rows deleted from a database file stay readable in it;
3. the records and the packages that were sent lose the lines of those visits.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from surveillance.clock import Clock
from surveillance.content import Content
from surveillance.delivery.package import load_contract
from surveillance.errors import AuditError, SettingsError, UsageError
from surveillance.files import make_folder, replace_atomic, sha256_file, write_atomic
from surveillance.intake.visits import load_visit_rules
from surveillance.journal import Journal
from surveillance.kept_counts import FOLDER, LEDGERS, Kept, forget_visits, settle
from surveillance.locking import check_owner, night_lock
from surveillance.settings import Settings
from surveillance.store import Store, publish, rewritten, store_path
from surveillance.timetable import load_timetable

PACKAGES = "????-??-??/*_VIS.csv.gz"
LATE = timedelta(days=31)  # that a visit can be told of after its day, and a night be run again


@dataclass(frozen=True)
class Plan:
    """What a purge would do: visits told of before a visit day, as known after a night, and what holds them.

    versions, visits: rows of the store, and visits they are of. lines: of records. packages: files sent that hold them.
    sums: ledger → (rows, net acts, a digest of the rows), the same before and after.
    """

    before: date
    night: date
    versions: int
    visits: int
    lines: int
    records: tuple[Path, ...]
    packages: tuple[Path, ...]
    sums: dict[str, tuple[int, int, str]]

    @property
    def nothing(self) -> bool:
        """Is there nothing to purge?"""
        return not (self.versions or self.records or self.packages)


def limit_of(content: Content, night: date) -> date | None:
    """The first visit day that stays whole after a night; None where visits are kept for ever.

    SettingsError where visits would go that a line of tomorrow can still mean.
    """
    months = load_timetable(content).visit_months
    if not months:
        return None
    place = night.year * 12 + night.month - 1 - months
    limit = date(place // 12, place % 12 + 1, 1)
    meant = night - timedelta(days=load_visit_rules(content).limits.identity_days) - LATE
    if limit > meant:
        raise SettingsError(
            f"visit_months = {months} in schedules/night.toml would reduce visits of after {meant}, still to be meant",
            "identity_days in extracts/visit.toml says for how long a line can mean an earlier visit: give more months",
        )
    return limit


def plan(store: Store, settings: Settings, before: date | None = None) -> Plan | None:
    """What there is to purge of the visit days before the limit, or an earlier day; None: they are kept for ever."""
    night = store.value("SELECT max(night) FROM receptions")
    if night is None:
        raise UsageError("the store holds no night yet", "run a night first: surveillance run")
    limit = limit_of(store.content, night)
    if limit is None:
        return None
    if before is not None and before > limit:
        raise UsageError(
            f"--before {before} is later than visit_months in schedules/night.toml says", f"--before {limit}"
        )
    limit = before or limit
    versions, visits = store.rows(
        "SELECT count(*), count(DISTINCT visit_uid) FROM visits WHERE event_date < $before", {"before": limit}
    )[0]
    records, lines = _records_with(settings.state / "records", limit)
    last = (limit + timedelta(days=load_contract(store.content).window_days)).isoformat()
    packages = tuple(path for path in sorted((settings.state / "outbox").glob(PACKAGES)) if path.parent.name < last)
    return Plan(limit, night, versions, visits, lines, records, packages, sums(store, limit))


def purge(content: Content, settings: Settings, before: date | None = None, clock: Clock | None = None) -> Plan | None:
    """Do it, under the lock of the night; gives what was done, None where visits are kept for ever.

    AuditError, with nothing erased, should the counts of the days not be the same without their visits.
    """
    check_owner(settings.state)
    database = store_path(settings.state)
    if not database.is_file():
        raise UsageError(f"there is no store in {settings.state}", "run a night first: surveillance run")
    with night_lock(settings.state, "purge"):
        with Store(database, content) as store:
            found = plan(store, settings, before)
            if found is None or found.nothing:
                return found
            for file in found.records:
                if not (file.parent / "files_settled.parquet").is_file():  # else of an earlier purge
                    settle(store, file.parent, date.fromisoformat(file.parent.name))
            keep(store, settings.state / "records", found)
            with store.bounded(), store.transaction():
                forget_visits(store, Kept(found.before, found.night))
                if sums(store, found.before) != found.sums:
                    raise AuditError(
                        f"the counts of before {found.before} are others without their visits: nothing was erased",
                        "surveillance replay rebuilds the store; then surveillance purge again",
                    )
        rewritten(database, content)
        with Store(database, content) as store:
            publish(store, settings.state)
        for file in found.records:
            _without(file, found.before)
        for file in found.packages:
            file.unlink()
        _tell(settings, found, clock or Clock())
    return found


def keep(store: Store, records: Path, found: Plan) -> None:
    """Write the rows of the ledgers that stand for the visits of the days, then the file that says so."""
    folder = make_folder(records / FOLDER)
    hashes = {}
    for ledger in LEDGERS:
        file = folder / f"{ledger}-{found.before}.parquet"
        temporary = file.with_name(f".{file.name}.part")
        _write_rows(store, ledger, found.before, temporary)
        replace_atomic(temporary, file)
        hashes[file.name] = sha256_file(file)
    said = {"before": found.before, "night": found.night, "files": hashes, "sums": found.sums}
    write_atomic(folder / "purged.json", json.dumps(said, default=str, indent=1).encode())
    for file in folder.glob("*.parquet"):
        if file.name not in hashes:
            file.unlink()


def sums(store: Store, before: date) -> dict[str, tuple[int, int, str]]:
    """Ledger → (rows, net acts, digest of the rows, in whatever order) of the visit days before a day."""
    found = {}
    for ledger in LEDGERS:
        acts = "visits_all" if ledger == "denominators" else "visits"
        rows, net, digest = store.rows(
            f"SELECT count(*), coalesce(sum({acts}), 0), coalesce(sum(md5_number_lower(l::VARCHAR)), 0)::VARCHAR "
            f"FROM {ledger} l WHERE visit_day < $before",
            {"before": before},
        )[0]
        found[ledger] = (int(rows), int(net), str(digest))
    return found


def _write_rows(store: Store, ledger: str, before: date, path: Path) -> None:
    import pyarrow.parquet as pq

    rows = store.arrow(f"FROM {ledger} WHERE visit_day < $before ORDER BY ALL", {"before": before})
    pq.write_table(rows, path, compression="zstd")


def _records_with(records: Path, before: date) -> tuple[tuple[Path, ...], int]:
    """The files of records that hold lines of visits before a day, and how many lines these are."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    found, lines = [], 0
    for path in sorted(records.glob("????-??-??/visits.parquet")):
        days = pq.read_table(path, columns=["event_date"]).column(0)
        old = int(pc.sum(pc.less(days, before)).as_py() or 0)
        if old:
            found.append(path)
            lines += old
    return tuple(found), lines


def _without(path: Path, before: date) -> None:
    """Write a file of records again without the lines of visits before a day."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    temporary = path.with_name(f".{path.name}.part")
    pq.write_table(table.filter(pc.greater_equal(table.column("event_date"), before)), temporary, compression="zstd")
    replace_atomic(temporary, path)


def _tell(settings: Settings, found: Plan, clock: Clock) -> None:
    """The journal of what is done between nights, under the last night: counts only."""
    facts = {
        key: value for key, value in asdict(found).items() if key in ("before", "versions", "visits", "lines", "sums")
    }
    Journal(settings.state / "journal" / "receive", found.night, clock).event(
        "visits purged", **facts, records=len(found.records), packages=len(found.packages)
    )
