"""The numbers of the deliveries: one line for each, on disk before it is used, never used for another content."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from surveillance.delivery.package import Body, Number
from surveillance.files import append_line, make_folder

NAME = "numbers.jsonl"
WHOLE = {"env", "night", "content", "seq", "prev_seq", "supersedes", "created"}


def number_for(outbox: Path, body: Body, created: str, above: int = 0) -> Number:
    """The number of this content, `above` another: the one it was given before, else the next (reserved on disk)."""
    night, env, digest = body.facts["night"], body.facts["env"], body.digest()
    lines = [line for line in _read(outbox / NAME) if line["env"] == env]
    if known := known_number(outbox, body, above):
        return known
    same_night = [line["seq"] for line in lines if line["night"] == night]
    last = max([line["seq"] for line in lines] + _used(outbox, env), default=0)
    number = Number(last + 1, last or None, same_night[-1] if same_night else None, created)
    _append(outbox / NAME, {"env": env, "night": night, "content": digest, **asdict(number)})
    return number


def known_number(outbox: Path, body: Body, above: int = 0) -> Number | None:
    """The first number above another that this content was given, if any."""
    night, env, digest = body.facts["night"], body.facts["env"], body.digest()
    for line in _read(outbox / NAME):
        if (line["env"], line["night"], line["content"]) == (env, night, digest) and line["seq"] > above:
            return _number(line)
    return None


def _used(outbox: Path, env: str) -> list[int]:
    """The numbers that packages in the outbox bear, should the ledger have lost them."""
    found = (re.search(r"_(\d+)\.manifest$", path.stem) for path in outbox.glob(f"*/SOS_{env}_*.manifest.json"))
    return [int(number[1]) for number in found if number]


def _number(line: dict[str, Any]) -> Number:
    return Number(line["seq"], line["prev_seq"], line["supersedes"], line["created"])


def _read(path: Path) -> list[dict[str, Any]]:
    """The lines of the ledger; one cut by a crash was never used and is left out."""
    if not path.is_file():
        return []
    out = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):
            out.append(json.loads(line))
    return [line for line in out if isinstance(line, dict) and line.keys() >= WHOLE]


def _append(path: Path, line: dict[str, Any]) -> None:
    make_folder(path.parent)
    append_line(path, json.dumps(line, sort_keys=True))
