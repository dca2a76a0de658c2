"""Counts of visit days whose visits were purged: ledger rows that no visit of the store makes any more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from surveillance.errors import SettingsError
from surveillance.files import replace_atomic, sha256_file
from surveillance.store import Store

LEDGERS = ("counts", "reason_counts", "denominators")
SETTLED = ("receptions", "files")
FACT = FOLDER = "purged"


@dataclass(frozen=True)
class Kept:
    """Visits of days before `before`, as known after `night`, are counts only. Lines told later are counted as ever."""

    before: date
    night: date


def kept_in(store: Store) -> Kept | None:
    """What was purged of a store; None for one that holds every visit it was ever told of."""
    said = store.fact(FACT)
    return Kept(*map(date.fromisoformat, said.split())) if said else None


def forget_visits(store: Store, kept: Kept) -> None:
    """Keep the ledger rows of the days as they are, take the visits out; call inside a transaction."""
    for ledger in LEDGERS:
        store.run(
            f"CREATE OR REPLACE TABLE kept_{ledger} AS FROM {ledger} WHERE visit_day < $before", {"before": kept.before}
        )
    store.run(
        "DELETE FROM visit_syndromes WHERE (from_night, arrival) IN "
        "(SELECT (from_night, arrival) FROM visits WHERE event_date < $before)",
        {"before": kept.before},
    )
    store.run("DELETE FROM visits WHERE event_date < $before", {"before": kept.before})
    store.keep_fact(FACT, f"{kept.before} {kept.night}")


def load_kept(store: Store, kept: Kept, files: Mapping[str, Path]) -> None:
    """Give a store made anew the rows that purges left in the records; call inside a transaction."""
    for ledger in LEDGERS:
        with store.parquet("kept_rows", files[ledger], "association"):
            store.run(f"CREATE OR REPLACE TABLE kept_{ledger} AS FROM kept_rows")
    store.keep_fact(FACT, f"{kept.before} {kept.night}")


def kept_records(records: Path) -> tuple[Kept, dict[str, Path]] | None:
    """What purges left in the records: the limit, the file of each ledger; SettingsError for files changed since."""
    path = records / FOLDER / "purged.json"
    if not path.is_file():
        return None
    said = json.loads(path.read_bytes())
    files = {name: path.with_name(name) for name in said["files"]}
    for name, file in files.items():
        if not file.is_file() or sha256_file(file) != said["files"][name]:
            raise SettingsError(
                f"{file} is not what the purge of {said['before']} wrote", "put it back from the backup"
            )
    kept = Kept(date.fromisoformat(said["before"]), date.fromisoformat(said["night"]))
    return kept, {name.rsplit("-", 3)[0]: file for name, file in files.items()}


def settle(store: Store, records: Path, night: date) -> None:
    """Keep what became of the lines of a night, some of which are about to be purged, beside its records."""
    import pyarrow.parquet as pq

    for table in SETTLED:
        rows = store.arrow(f"FROM {table} WHERE night = $night", {"night": night})
        temporary = records / f".{table}_settled.part"
        pq.write_table(rows, temporary, compression="zstd")
        replace_atomic(temporary, records / f"{table}_settled.parquet")


def settled_before(records: Path) -> dict[str, list[dict[str, Any]]]:
    """Table → its rows of a night as they were before lines of it were purged; nothing for a night that is whole."""
    import pyarrow.parquet as pq

    files = {table: records / f"{table}_settled.parquet" for table in SETTLED}
    return {table: pq.read_table(path).to_pylist() for table, path in files.items() if path.is_file()}


def count_kept(store: Store, first: date, last: date) -> None:
    """Add what nights changed in the counts of purged days to the ledgers."""
    if kept_in(store):
        for ledger in LEDGERS:
            store.run(
                f"INSERT INTO {ledger} BY NAME FROM kept_{ledger} WHERE night BETWEEN $first AND $last",
                {"first": first, "last": last},
            )
