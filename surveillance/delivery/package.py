"""The daily package as bytes: the two data files of the contract, and the manifest that proves them.

The bytes are a function of the store, the number of the delivery and its terms, which are what does not come from the
store (`terms`): built twice, also years later, they are the same.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load
from surveillance.delivery.manifest import as_file, sign
from surveillance.files import gzip_fixed, sha256_hex
from surveillance.habits.keeping import events_of
from surveillance.known_counts import Counted, count_then

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from surveillance.delivery.terms import Member, Said, Terms
    from surveillance.store import Store

FILE = "reports/daily_file.toml"


class DataFile(BaseModel):
    """One data file of the contract."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: str = Field(pattern=r"^[A-Z]{3,6}$")
    statement: str
    grain: str
    columns: list[str]


class Contract(BaseModel):
    """The file reports/daily_file.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    spec: str
    profile: str
    window_days: int = Field(ge=1, le=60)
    replaces: str
    separator: str = Field(min_length=1, max_length=1)
    file: list[DataFile]

    def window(self, night: date) -> tuple[date, date]:
        """First and last visit day of the file of a night."""
        return night - timedelta(days=self.window_days), night - timedelta(days=1)


@dataclass(frozen=True)
class Table:
    """One data file: its kind, its number of rows (header not counted), its packed bytes."""

    kind: str
    rows: int
    data: bytes


@dataclass(frozen=True)
class Body:
    """What a delivery says, before it has a number."""

    tables: tuple[Table, ...]
    facts: dict[str, Any]  # the keys of the manifest that do not depend on the number

    def digest(self) -> str:
        """What tells two contents apart."""
        text = json.dumps(self.facts, sort_keys=True, ensure_ascii=False)
        return sha256_hex(text.encode() + b"".join(table.data for table in self.tables))


@dataclass(frozen=True)
class Number:
    """The number of a delivery and what was fixed with it, once and for ever."""

    seq: int
    prev_seq: int | None
    supersedes: int | None
    created: str


def load_contract(content: Content) -> Contract:
    """The contract in force."""
    return load(content, FILE, Contract)


def build_body(store: Store, night: date, terms: Terms, said: Said | None = None) -> Body:
    """Data files and facts of the night's delivery, from the store, on these terms.

    `said`: what a delivery said of the feeds and of data events, in place of what the store would say of them now.
    """
    contract = terms.contract
    first, last = contract.window(night)
    count_then(store, Counted(first, last, night=night))
    tables = tuple(_table(store, item, terms, night) for item in contract.file)
    facts = {
        "spec": contract.spec,
        "profile": contract.profile,
        **terms.issuer,
        "night": night.isoformat(),
        "window": {"from": first.isoformat(), "to": last.isoformat()},
        "replaces": contract.replaces,
        "counts": _counts(store, night, first, last),
        "completeness": said.completeness if said else completeness(store, night, terms),
        "data_events": said.data_events if said else events_of(store, night),
        "maps": terms.maps,
        "content": terms.content,
        "tool": terms.tool,
    }
    return Body(tables, facts)


def _table(store: Store, item: DataFile, terms: Terms, night: date) -> Table:
    contract = terms.contract
    first, last = contract.window(night)
    parameters: dict[str, Any] = {"first": first, "last": last}
    statement = terms.statements[item.statement]
    if "$night" in statement:
        parameters["night"] = night
    rows = store.arrow(statement, parameters)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=contract.separator, lineterminator="\n")
    writer.writerow(item.columns)
    columns = [rows.column(name).to_pylist() for name in item.columns]
    writer.writerows(zip(*columns, strict=True))
    return Table(item.kind, rows.num_rows, gzip_fixed(out.getvalue().encode()))


def _counts(store: Store, night: date, first: date, last: date) -> list[dict[str, Any]]:
    """Rows and coded rows of VIS by association and day; a day is final when nothing can arrive for it any more."""
    return [
        {
            "assoc": assoc,
            "date": day.isoformat(),
            "rows": rows,
            "coded": coded,
            "status": "final" if day + timedelta(days=14) <= night else "provisional",
        }
        for assoc, day, rows, coded in store.rows(
            store.sql("daily_totals"), {"night": night, "first": first, "last": last}
        )
    ]


def _thesauri(store: Store, night: date, first: date, last: date) -> dict[str, str]:
    """Association → the thesaurus in which the diagnoses of VIS are written (a dialect may send CIM-10 instead)."""
    rows = store.rows(
        "SELECT association, string_agg(DISTINCT thesaurus, '|' ORDER BY thesaurus) FROM visits "
        "WHERE from_night <= $night::DATE AND to_night > $night::DATE "
        "AND event_date BETWEEN $first::DATE AND $last::DATE AND len(diagnoses) > 0 GROUP BY association",
        {"night": night, "first": first, "last": last},
    )
    return {str(association): str(used) for association, used in rows}


def completeness(store: Store, night: date, terms: Terms) -> list[dict[str, Any]]:
    """One line per association: what was received of it, and what is lacking."""
    names: dict[str, Member] = terms.registry
    thesauri = _thesauri(store, night, *terms.contract.window(night))
    columns = (
        "association",
        "status",
        "code",
        "detail",
        "files",
        "lines_in",
        "loaded",
        "duplicate",
        "superseded",
        "refused",
        "other",
        "day_visits",
        "late_visits",
        "usual_volume",
    )
    found = store.rows(
        f"SELECT {', '.join(columns)} FROM receptions WHERE night = $night ORDER BY association", {"night": night}
    )
    lines = [dict(zip(columns, row, strict=True)) for row in found]
    waived = _waived(store, night)
    return [
        line
        | {
            "name": names[line["association"]].name,
            "department": names[line["association"]].department,
            "waivers": waived.get(line["association"], []),
            "thesaurus": thesauri.get(line["association"], names[line["association"]].thesaurus),
        }
        for line in lines
        if line["association"] in names
    ]


def _waived(store: Store, night: date) -> dict[str, list[str]]:
    """Association → the checks that found something and were waived, and by whom."""
    statement = "SELECT association, \"check\", waiver FROM findings WHERE night = $night AND waiver <> '' ORDER BY ALL"
    found: dict[str, list[str]] = {}
    for association, check, waiver in store.rows(statement, {"night": night}):
        found.setdefault(str(association), []).append(f"{check}: {waiver}")
    return found


def stem(body: Body, number: Number) -> str:
    """The name that the files of a delivery have in common."""
    return f"SOS_{body.facts['env']}_{body.facts['night'].replace('-', '')}_{number.seq:06d}"


def build_files(body: Body, number: Number, key: Ed25519PrivateKey | None) -> dict[str, bytes]:
    """The files of a delivery by name, in the order in which they are sent: the manifest is last."""
    manifest = manifest_of(body, number)
    return sealed_files(body, number, sign(manifest, key) if key else manifest | {"sign": None})


def manifest_of(body: Body, number: Number) -> dict[str, Any]:
    """What the manifest says, not signed."""
    name = stem(body, number)
    listed = [
        {
            "name": f"{name}_{table.kind}.csv.gz",
            "rows": table.rows,
            "sha256": sha256_hex(table.data),
            "bytes": len(table.data),
        }
        for table in body.tables
    ]
    return body.facts | {
        "seq": number.seq,
        "prev_seq": number.prev_seq,
        "supersedes": number.supersedes,
        "created": number.created,
        "files": listed,
        "absent": _absent(body.facts["completeness"]),
    }


def sealed_files(body: Body, number: Number, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a delivery by name, the manifest (signed, or saying that it is not) last."""
    name = stem(body, number)
    files = {f"{name}_{table.kind}.csv.gz": table.data for table in body.tables}
    return files | {f"{name}.manifest.json": as_file(manifest)}


def _absent(lines: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [
        {"assoc": line["association"], "status": line["status"], "reason": line["code"]}
        for line in lines
        if line["status"] in ("absent", "refused")
    ]
