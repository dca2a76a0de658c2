"""Sending a package: each file proven there before the next, the manifest last, then the acknowledgement."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load
from surveillance.errors import DeliveryError
from surveillance.settings import Settings
from surveillance.sftp.client import NET_CODES, Endpoint, Session, SftpError, connect

FILE = "schedules/agency.toml"
State = Callable[..., None]


class Agency(BaseModel):
    """The file schedules/agency.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    host: str
    port: int = Field(22, ge=1, le=65535)
    user: str
    path: str = "/"
    host_keys: list[str] = []
    key: str = "sftp_agency"
    session_seconds: float = Field(120, gt=0)
    attempts: int = Field(4, ge=1, le=10)
    backoff_seconds: list[float] = [5, 20, 60]
    ack_seconds: float = Field(0, ge=0)


def load_agency(content: Content) -> Agency:
    """The agency in force."""
    return load(content, FILE, Agency)


def send(agency: Agency, settings: Settings, files: Mapping[str, bytes], state: State) -> dict[str, Any] | None:
    """Put every file and prove it there; gives the acknowledgement, if it came in time.

    `state(name, **facts)` is told `sent` and `read_back`. Safe to repeat: what is there already is left alone.
    """
    endpoint = Endpoint(agency.host, agency.port, agency.user, settings.key(agency.key), tuple(agency.host_keys))
    for attempt in range(1, agency.attempts + 1):
        try:
            return _send_once(endpoint, agency, files, state)
        except SftpError as error:
            state("attempt_failed", attempt=attempt, code=error.code, detail=error.detail)
            if error.code not in NET_CODES or attempt == agency.attempts:
                raise DeliveryError(
                    f"the file could not be proven at {agency.name}: {error.code} {error.detail}",
                    "surveillance deliver sends it again (always safe); the package lies in the outbox",
                ) from error
            time.sleep(agency.backoff_seconds[min(attempt, len(agency.backoff_seconds)) - 1])
    return None


def _send_once(endpoint: Endpoint, agency: Agency, files: Mapping[str, bytes], state: State) -> dict[str, Any] | None:
    with connect(endpoint, agency.session_seconds, agency.session_seconds) as session:
        for name, data in files.items():
            proof = session.put_proven(data, agency.path, name)
            state("sent", name=name, already=proof.already)
        state("read_back")
        return _await_ack(session, agency, next(reversed(list(files))))


def _await_ack(session: Session, agency: Agency, manifest: str) -> dict[str, Any] | None:
    path = f"{agency.path.rstrip('/')}/{manifest.removesuffix('.manifest.json')}.ack.json"
    until = time.monotonic() + agency.ack_seconds
    while True:
        if session.exists(path):
            ack: dict[str, Any] = json.loads(session.read(path, max_bytes=1_000_000))
            return ack
        if time.monotonic() >= until:
            return None
        time.sleep(0.1)
