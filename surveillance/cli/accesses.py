"""The log of accesses on the screen, and whether it is whole: `surveillance journal --accesses`, `--verify`."""

from __future__ import annotations

import json
from typing import Any

import typer

from surveillance.cli.common import Desk, write_table

SHOWN = ("at", "user", "command", "rows", "result", "asked")


def show_accesses(desk: Desk, form: str) -> None:
    """Every access, oldest first."""
    import pandas as pd

    from surveillance.access.log import read_log

    rows: list[dict[str, Any]] = []
    for entry in read_log(desk.settings.state):
        asked = entry.pop("question", {})
        if form == "table":
            entry = {"asked": _brief(asked), **entry, "at": entry["at"][:19]}
            rows.append({name: entry.get(name, "") for name in SHOWN})
        else:
            rows.append({**entry, "question": json.dumps(asked, ensure_ascii=False)})
    write_table(pd.DataFrame(rows, columns=SHOWN if form == "table" else None), form, desk)


def _brief(asked: dict[str, Any]) -> str:
    """What was asked, in one line."""
    told = asked.get("text") or " ".join(f"{key}={value}" for key, value in asked.items())
    line = " ".join(str(told).split())
    return line if len(line) <= 100 else f"{line[:99]}…"


def verify_accesses(desk: Desk, form: str) -> None:
    """Is the log whole? Exit 1 when it is not."""
    from surveillance.access.verify import verify

    found = verify(desk.settings.state)
    if form != "table":
        desk.out.print(json.dumps({"whole": not found.wrong, **vars(found)}), markup=False)
    else:
        values = {"lines": found.lines, "files": found.files, "torn": found.torn, "hash": found.last[:16] or "-"}
        said = desk.say(found.wrong or "chain_whole", where=found.where, **values)
        desk.out.print(said, markup=False)
    if found.wrong:
        raise typer.Exit(1)
