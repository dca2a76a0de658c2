"""The agency of a demonstration: receives deliveries in a folder, verifies each once, and acknowledges it.

The acknowledgement says INTEGRE, or ERREUR with what is wrong; the real one's form is not public (this one follows
the receipts of the French emergency data hub).
"""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from surveillance.clock import Clock
from surveillance.delivery.verify import Problem, Verification, verify_delivery
from surveillance.files import write_atomic

MANIFEST, ACK = ".manifest.json", ".ack.json"
Columns = Mapping[str, Sequence[str]]


def watch(
    drop: Path,
    ended: Callable[[], bool],
    contract: Path | None = None,
    trusted: Collection[str] = (),
    clock: Clock | None = None,
    seconds: float = 0.1,
) -> None:
    """Acknowledge what arrives in `drop` until `ended` says so; `contract` is a daily_file.toml."""
    columns = columns_of(contract) if contract else None
    while not ended():
        receive(drop, clock or Clock(), columns, trusted)
        time.sleep(seconds)


def columns_of(contract: Path) -> dict[str, list[str]]:
    """The header of each kind of file, from a contract."""
    found = tomllib.loads(contract.read_text(encoding="utf-8"))
    return {item["kind"]: list(item["columns"]) for item in found["file"]}


def receive(
    drop: Path, clock: Clock, columns: Columns | None = None, trusted: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Verify and acknowledge every delivery that has no acknowledgement yet; gives the new acknowledgements."""
    found = []
    for path in sorted(drop.glob(f"[!.]*{MANIFEST}")):
        target = path.with_name(path.name.removesuffix(MANIFEST) + ACK)
        if target.exists():
            continue
        result = verify_delivery(path, columns, trusted)
        result.problems += _used_before(path, result)
        ack = acknowledgement(path, result, clock)
        write_atomic(target, (json.dumps(ack, ensure_ascii=False, indent=1) + "\n").encode())
        found.append(ack)
    return found


def _used_before(path: Path, result: Verification) -> list[Problem]:
    """A sequence number names one content for ever, in each environment."""
    parts = path.name.removesuffix(MANIFEST).split("_")
    others = path.parent.glob(f"{'_'.join(parts[:2])}_*_{parts[-1]}{ACK}") if len(parts) == 4 else []
    if any(other.name != "_".join(parts) + ACK for other in others):
        return [Problem("SEQ", f"the sequence number {result.facts.get('seq')} was used by another delivery")]
    return []


def acknowledgement(path: Path, result: Verification, clock: Clock) -> dict[str, Any]:
    """The acknowledgement of a delivery: step, what was seen of its file of visits, errors by code."""
    seen: dict[str, Any] = next((file for file in result.facts.get("files", []) if "_VIS." in file["name"]), {})
    return {
        "ref": path.name.removesuffix(MANIFEST),
        "received": clock.now().isoformat(timespec="seconds"),
        "step": "INTEGRE" if result.ok else "ERREUR",
        "refused": not result.ok,
        "sha256_seen": seen.get("sha256"),
        "rows_seen": seen.get("rows"),
        "errors": [
            {"code": item.code, "file": item.file or None, "line": item.line, "cause": item.cause}
            for item in result.problems
        ],
    }
