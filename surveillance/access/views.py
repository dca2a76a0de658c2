"""The documented views that analysts read: indicators/sql/views/*.sql, made when the published copy is opened."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from surveillance.ages import load_acts, load_ages
from surveillance.associations import load_associations
from surveillance.content import Content
from surveillance.errors import ContentError, UsageError
from surveillance.store import Failed, Store
from surveillance.visit_codes import NOW, coding_at

FOLDER = "indicators/sql/views/"
FIRST = ("territories", "age_groups", "visits_now", "daily_counts", "daily_denominators")  # others are made from them


def make_views(store: Store, night: date | None) -> date | None:
    """Make the views, as known after a night (none: the last published one); gives that night, None in an empty store.

    They read `known_night()`, `known_coding()` and `counted_acts()`: constants, which the library carries into the
    scans. UsageError for a night that is not published.
    """
    first, last = store.rows("SELECT min(night), max(night) FROM receptions")[0]
    if night and (last is None or not first <= night <= last):
        raise UsageError(f"the night of {night} is not published", f"nights from {first} to {last} are" if last else "")
    known = night or last or date(1970, 1, 1)
    coding = coding_at(store, night) if night and night != last else NOW
    acts = ", ".join("'" + name.replace("'", "''") + "'" for name in load_acts(store.content).counted)
    store.run(f"CREATE TEMP MACRO known_night() AS DATE '{known.isoformat()}'")
    store.run(f"CREATE TEMP MACRO known_coding() AS {coding:d}")
    store.run(f"CREATE TEMP MACRO counted_acts() AS [{acts}]")
    files = {file.path.stem: file.rel for file in store.content.files(FOLDER) if file.rel.endswith(".sql")}
    with store.table("registry", _registry(store.content)), store.table("bands", _bands(store.content)):
        for name in sorted(files, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name)):
            try:
                store.run(store.content.text(files[name]))
            except Failed as error:
                raise ContentError(files[name], "", str(error).partition("\n")[0]) from None
    return night or last


def list_views(store: Store) -> list[dict[str, str]]:
    """One entry per column of a view: view, row (what one row is), column, type, meaning."""
    found = store.rows(
        """
        SELECT c.table_name, made.comment, c.column_name, c.data_type, coalesce(c.comment, '')
        FROM duckdb_columns() c JOIN (
            SELECT view_name AS name, comment FROM duckdb_views() WHERE temporary AND NOT internal
            UNION ALL SELECT table_name, comment FROM duckdb_tables() WHERE temporary
        ) made ON made.name = c.table_name
        WHERE c.database_name = 'temp' AND made.comment IS NOT NULL ORDER BY c.table_name, c.column_index
        """
    )
    return [dict(zip(("view", "row", "column", "type", "meaning"), row, strict=True)) for row in found]


def _registry(content: Content) -> pa.Table:
    rows: list[dict[str, Any]] = [
        {
            "association": one.code,
            "name": one.name,
            "department": one.department,
            "region": one.region,
            "since": one.since,
            "until": one.until or date(9999, 12, 31),
        }
        for one in load_associations(content)
    ]
    return pa.Table.from_pylist(rows)


def _bands(content: Content) -> pa.Table:
    schemes = load_ages(content).schemes
    return pa.Table.from_pylist(
        [
            {"scheme": name, "age_band": band, "age_group": group}
            for name, scheme in schemes.items()
            for band, group in scheme.of_band.items()
        ]
    )
