"""Gathering from a folder of feeds (NIGHT/ASSOCIATION/file) instead of the servers: replays and simulations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from surveillance.associations import Association
from surveillance.files import sha256_hex
from surveillance.gathering.feednames import NightOf, night_in_name
from surveillance.gathering.inbox import Inbox
from surveillance.gathering.known import Known
from surveillance.gathering.receptions import STATUS, ReceivedFile, Reception, write_receptions
from surveillance.gathering.servers import closed
from surveillance.gathering.taking import Desk, accept, verdict
from surveillance.sftp.client import SftpError
from surveillance.sftp.names import is_safe, shown
from surveillance.timetable import GatherRules


def gather_folder(
    associations: Sequence[Association],
    night: date,
    source: Path,
    inbox: Path,
    known: Mapping[str, Known] | None = None,
    night_of: NightOf = night_in_name,
    on_event: Callable[..., None] = lambda kind, **fields: None,
) -> list[Reception]:
    """The receptions a server holding `source`/NIGHT/ASSOCIATION/* would give, with the same inbox and sidecars.

    A folder that is not there is `no_file`: the simulator makes none for an association that is silent.
    """
    folder = inbox / night.isoformat()
    receptions = []
    for association in associations:
        if not association.open_on(night):
            receptions.append(closed(association, night))
            continue
        before = (known or {}).get(association.code, Known())
        desk = Desk(
            association, night, Inbox(folder / association.code, durable=False), before, night_of, GatherRules()
        )
        reception = _take(source / night.isoformat() / association.code, desk)
        on_event(
            "feed",
            association=reception.association,
            status=reception.status,
            code=reception.code,
            detail=reception.detail,
            files=len(reception.files),
        )
        receptions.append(reception)
    write_receptions(folder, receptions)
    return receptions


def _take(source: Path, desk: Desk) -> Reception:
    refused = []
    for path in sorted(source.iterdir()) if source.is_dir() else []:
        if path.is_symlink() or not path.is_file() or path.name.startswith("."):
            continue
        if is_safe(path.name):
            _copy(path, desk)
        else:
            refused.append(shown(path.name))
    try:
        return verdict(desk, refused, [], [])
    except SftpError as error:
        return Reception(desk.association.code, STATUS[error.code], error.code, error.detail)


def _copy(path: Path, desk: Desk) -> None:
    data, mtime = path.read_bytes(), int(path.stat().st_mtime)
    file = ReceivedFile(path.name, len(data), mtime, sha256_hex(data))
    if file.key in desk.known.keys or desk.inbox.holds(file.key):
        return
    with desk.inbox.part(file.name) as out:
        out.write(data)
    accept(desk, file)
