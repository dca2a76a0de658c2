"""Erasing what may not be kept: raw files hold identifiers and leave the inbox after `raw_days`."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path


def erase_raw(inbox: Path, night: date, raw_days: int) -> int:
    """Erase the raw files of the nights older than `raw_days`; what was received stays known (receptions.json).

    Gives the number of files erased.
    """
    limit = (night - timedelta(days=raw_days)).isoformat()
    erased = 0
    for folder in sorted(inbox.glob("????-??-??")):
        if folder.name < limit:
            for raw in [path for path in folder.iterdir() if path.is_dir()]:
                erased += sum(path.is_file() for path in raw.rglob("*"))
                shutil.rmtree(raw)
    return erased
