"""How far the night's delivery got, from the store's table of states and the manifest in the outbox."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from surveillance.reporting.data import Delivery

if TYPE_CHECKING:
    from surveillance.night import Night

QUERY = "reports/queries/delivery.sql"
# How far a delivery got, the furthest first.
STATES = ("acknowledged", "refused", "read_back", "failed", "sent", "built", "planned")


def read_delivery(night: Night) -> tuple[Delivery, int]:
    """Where the night's delivery stands (the furthest state), and its sequence number (0: none)."""
    text = night.content.text(QUERY)
    rows = {state: (seq, at, name) for seq, state, at, name in night.store.rows(text, {"night": night.date})}
    state = next((state for state in STATES if state in rows), None)
    if state is None:
        return Delivery("not_sent"), 0
    seq, at, _ = rows[state]
    manifest = next((name for _, _, name in rows.values() if str(name).endswith(".manifest.json")), "")
    when = datetime.fromisoformat(at)
    file = _visits_file(night, str(manifest))
    return Delivery(
        state,
        file.get("name", ""),
        int(file.get("rows", 0)),
        file.get("sha256", ""),
        when if when.tzinfo else when.replace(tzinfo=UTC),
    ), int(seq)


def _visits_file(night: Night, manifest: str) -> dict[str, Any]:
    path = night.folder("outbox") / manifest
    if not manifest or not path.is_file():
        return {}
    files: list[dict[str, Any]] = json.loads(path.read_bytes())["files"]
    return next((file for file in files if "_VIS." in file["name"]), {})
