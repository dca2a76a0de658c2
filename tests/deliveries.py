"""A small delivery as the daily file makes it, for the receiver's side to judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from surveillance.delivery.manifest import as_file, sign
from surveillance.files import gzip_fixed, sha256_hex
from surveillance.sftp.keys import key_from_seed

KEY = key_from_seed("delivery", "manifest")
COLUMNS = {"VIS": ["schema", "visit_uid", "assoc"], "AGG": ["schema", "n"]}
STEM = "SOS_TEST_20240115_000042"


def delivery(folder: Path, stem: str = STEM, rows: int = 3, **changes: Any) -> Path:
    """Write a data file and its signed manifest; gives the manifest's path."""
    body = "schema;visit_uid;assoc\n" + "".join(f"v1;{n:032x};5901\n" for n in range(rows))
    data = gzip_fixed(body.encode())
    name = f"{stem}_VIS.csv.gz"
    (folder / name).write_bytes(data)
    manifest = {
        "spec": "sursaud-sos-visits", "profile": "draft-0", "seq": int(stem[-6:]), "prev_seq": None,
        "supersedes": None, "env": "TEST", "created": "2024-01-15T05:31:07+01:00", "night": "2024-01-15",
        "window": {"from": "2024-01-08", "to": "2024-01-14"},
        "files": [{"name": name, "rows": rows, "sha256": sha256_hex(data), "bytes": len(data)}],
        "counts": [{"assoc": "5901", "date": "2024-01-14", "rows": rows, "coded": rows, "status": "final"}],
        "completeness": [{"association": "5901", "status": "received", "code": "ok", "detail": ""}],
        "maps": {}, "tool": "0.1.0", **changes,
    }  # fmt: skip
    path = folder / f"{stem}.manifest.json"
    path.write_bytes(as_file(sign(manifest, KEY)))
    return path
