"""Sending a package: each file proven there before the next, the manifest last, then the acknowledgement."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load
from surveillance.errors import DeliveryError, NumberTaken
from surveillance.settings import Settings
from surveillance.sftp.client import NET_CODES, Endpoint, Session, SftpError, connect

FILE = "schedules/agency.toml"
State = Callable[..., None]
HINT = "surveillance deliver sends it again (always safe); the package lies in the outbox"
PIN = "do not accept it: compare the fingerprint by telephone, then host_keys in schedules/agency.toml"
HINTS = {
    "host_key": PIN,
    "no_pin": "ask the agency for its fingerprint and write it into schedules/agency.toml (host_keys)",
    "auth": "the agency must install our public key again (surveillance site prints it)",
    "exists": "the agency holds other bytes under this name; nothing was overwritten",
}
ACK_BYTES = 1_000_000


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
                kind = NumberTaken if error.code == "exists" else DeliveryError
                message = f"the file could not be proven at {agency.name}: {error.code} {error.detail}"
                raise kind(message, HINTS.get(error.code, HINT)) from error
            time.sleep(agency.backoff_seconds[min(attempt, len(agency.backoff_seconds)) - 1])
    return None


def _send_once(endpoint: Endpoint, agency: Agency, files: Mapping[str, bytes], state: State) -> dict[str, Any] | None:
    with connect(endpoint, agency.session_seconds, agency.session_seconds) as session:
        for name, data in files.items():
            proof = session.put_proven(data, agency.path, name)
            state("sent", name=name, already=proof.already)
        state("read_back")
        return _await_ack(session, agency, next(reversed(list(files))), state)


def _await_ack(session: Session, agency: Agency, manifest: str, state: State) -> dict[str, Any] | None:
    """The acknowledgement; one that cannot be read (or is half written) is as none: the files are proven already."""
    path = f"{agency.path.rstrip('/')}/{manifest.removesuffix('.manifest.json')}.ack.json"
    until = time.monotonic() + agency.ack_seconds
    while True:
        unread = ""
        try:
            if session.exists(path):
                return _read_ack(session.read(path, max_bytes=ACK_BYTES))
        except (SftpError, ValueError, RecursionError) as error:
            unread = type(error).__name__
        if time.monotonic() >= until:
            if unread:
                state("ack_unreadable", cause=unread)
            return None
        time.sleep(0.1)


def _read_ack(data: bytes) -> dict[str, Any]:
    """An acknowledgement as deliver takes it: `refused` (bool), `step`, `errors` (of objects); else ValueError."""
    ack = json.loads(data)
    if not isinstance(ack, dict) or not isinstance(ack.get("step"), str):
        raise ValueError("not an acknowledgement")
    errors = ack.get("errors")
    kept = [item for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []
    return ack | {"refused": ack.get("refused") is True or ack["step"] == "ERREUR", "errors": kept}
