"""Connecting: own socket, allow-listed algorithms, pin checked before authentication, and a watchdog over it all.

The library's own time-outs do not protect a session (82 of 128 stalls hung for ever when tried): the watchdog
shuts the socket at the deadline, whatever the library is waiting for.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko

from surveillance.sftp.failures import NET_CODES, SftpError, classify, named
from surveillance.sftp.keys import load_private
from surveillance.sftp.remote import RemoteFile
from surveillance.sftp.session import Session
from surveillance.sftp.trust import check_host_key, restrict

__all__ = ["NET_CODES", "Endpoint", "RemoteFile", "Session", "SftpError", "connect", "quiet"]

CONNECT_SECONDS = 10.0  # a machine that is up answers in well under a second
KEEPALIVE_SECONDS = 20
LOG = "surveillance.sftp.wire"


@dataclass(frozen=True)
class Endpoint:
    """One server: `host_keys` are pins such as `ssh-ed25519 SHA256:…` (several while a key is being changed)."""

    host: str
    port: int
    user: str
    key_path: Path
    host_keys: tuple[str, ...]


class Watchdog:
    """Shuts the socket when the deadline passes; no wait of the library outlives that."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock, self._closing = sock, threading.Event()
        self._due = time.monotonic() + seconds
        self.fired = False
        self._thread = threading.Thread(target=self._watch, daemon=True, name="sftp-watchdog")
        self._thread.start()

    def extend(self, seconds: float) -> None:
        """Give a session more time, once the size of what it must carry is known."""
        self._due += seconds

    def expired(self) -> bool:
        """Has the deadline passed?"""
        return self.fired

    def stop(self) -> None:
        """The session is over."""
        self._closing.set()

    def _watch(self) -> None:
        while (left := self._due - time.monotonic()) > 0:
            if self._closing.wait(left):
                return
        self.fired = True
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


class Wire(paramiko.Transport):
    """A transport that remembers which key exchange was agreed (the library forgets it)."""

    agreed_kex = ""
    _engine: Any = None

    @property
    def kex_engine(self) -> Any:
        """The key exchange under way."""
        return self._engine

    @kex_engine.setter
    def kex_engine(self, engine: Any) -> None:
        self._engine = engine
        if engine is not None:
            known: dict[str, Any] = vars(paramiko.Transport)["_kex_info"]
            self.agreed_kex = next((name for name, kind in known.items() if kind is type(engine)), "")


def quiet() -> None:
    """Keep the library's own log off the terminal: it can hold what a server sent."""
    log = logging.getLogger(LOG)
    log.propagate, log.disabled = False, True
    if not log.handlers:
        log.addHandler(logging.NullHandler())


@contextlib.contextmanager
def connect(endpoint: Endpoint, deadline_seconds: float = 60.0, idle_seconds: float = 15.0) -> Iterator[Session]:
    """A session with `endpoint`, over at the deadline at the latest; SftpError with a code if it cannot be."""
    quiet()
    key = load_private(endpoint.key_path)
    sock = _dial(endpoint, min(CONNECT_SECONDS, deadline_seconds))
    watchdog = Watchdog(sock, deadline_seconds)
    transport: paramiko.Transport | None = None
    try:
        with named(watchdog.expired):
            transport = _transport(sock, endpoint, min(idle_seconds, deadline_seconds))
            session = _open(transport, endpoint, key, watchdog, idle_seconds)
        yield session
    finally:
        watchdog.stop()
        _close(transport, sock)


def _dial(endpoint: Endpoint, seconds: float) -> socket.socket:
    try:
        sock = socket.create_connection((endpoint.host, endpoint.port), timeout=seconds)
    except socket.gaierror as error:
        raise SftpError("unreachable", "nom de machine inconnu") from error
    except OSError as error:
        raise classify(error, expired=False) from error
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # 78 ms a session instead of 160
    return sock


def _transport(sock: socket.socket, endpoint: Endpoint, seconds: float) -> Wire:
    transport = Wire(sock)
    transport.set_log_channel(LOG)
    transport.daemon = True
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = seconds
    restrict(transport, endpoint.host_keys)
    transport.start_client(timeout=seconds)
    return transport


def _open(transport: Wire, endpoint: Endpoint, key: paramiko.PKey, watchdog: Watchdog, idle: float) -> Session:
    seen = check_host_key(transport.get_remote_server_key(), endpoint.host_keys)
    more = transport.auth_publickey(endpoint.user, key)
    if more:
        raise SftpError("auth", "le serveur demande plus qu'une clé")
    transport.set_keepalive(KEEPALIVE_SECONDS)
    channel = transport.open_session(timeout=idle)
    channel.settimeout(idle)  # before the subsystem is asked for: the first answer can stall too
    channel.invoke_subsystem("sftp")
    return Session(paramiko.SFTPClient(channel), _facts(transport, seen), watchdog.expired, watchdog.extend)


def _facts(transport: Wire, seen: str) -> dict[str, str | bool]:
    return {
        "host_key": seen,
        "kex": transport.agreed_kex,
        "cipher": str(transport.local_cipher),
        "mac": "" if "gcm" in str(transport.local_cipher) else str(transport.local_mac),
        "strict_kex": bool(vars(transport).get("agreed_on_strict_kex")),  # Terrapin, CVE-2023-48795
    }


def _close(transport: paramiko.Transport | None, sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    if transport is not None:
        with contextlib.suppress(Exception):
            transport.close()
    with contextlib.suppress(OSError):
        sock.close()
