"""An SFTP server on loopback, for demonstrations and tests: many accounts, each with its port, host key and folder.

It never listens beyond 127.0.0.1.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from surveillance.sftp.chroot import Chroot
from surveillance.sftp.client import quiet
from surveillance.sftp.trust import CIPHERS, KEX, MACS

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Account:
    """One server of the demonstration: who may come in with which public key, and what they see under `mount`."""

    name: str
    user: str
    host_key: str  # path of the private host key
    authorized: str  # `ssh-ed25519 AAAA…`
    root: str
    mount: str = "/depot"
    port: int = 0  # 0: any free port
    writable: bool = False
    drop: str = ""  # the one folder in which the visitor may write when the account is not writable


class Door(paramiko.ServerInterface):
    """Lets in one user with one key, to the sftp subsystem only."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def get_allowed_auths(self, username: str) -> str:
        """Keys only."""
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """The account's own user and key."""
        right = username == self.account.user and key.get_base64() == self.account.authorized.split()[1]
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Sessions only."""
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


def serve_one(sock: socket.socket, account: Account, host_key: paramiko.PKey) -> None:
    """Give one visitor their session; returns at once, the session lives in its own threads."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = paramiko.Transport(sock)
    transport.set_log_channel("surveillance.sftp.wire")
    options = transport.get_security_options()
    options.kex = tuple(name for name in KEX if name in options.kex)
    options.ciphers, options.digests = CIPHERS, MACS
    transport.add_server_key(host_key)
    transport.set_subsystem_handler(
        "sftp", paramiko.SFTPServer, Chroot, Path(account.root), account.mount, account.writable, account.drop
    )
    with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
        transport.start_server(event=threading.Event(), server=Door(account))


class Listeners:
    """One listening socket an account; a single thread accepts for all."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        quiet()
        self._selector = selectors.DefaultSelector()
        self.ports: dict[str, int] = {}
        for account in accounts:
            if account.writable:  # a feed's folder that is gone stays gone: the night must see it
                Path(account.root).mkdir(mode=0o700, parents=True, exist_ok=True)
            listener = _listen(account.port)
            key = paramiko.PKey.from_path(account.host_key)
            self.ports[account.name] = listener.getsockname()[1]
            self._selector.register(listener, selectors.EVENT_READ, (account, key))

    def run(self, ended: Callable[[], bool]) -> None:
        """Accept until `ended` says so."""
        while not ended():
            for event, _ in self._selector.select(0.2):
                with contextlib.suppress(OSError):
                    visitor, _ = event.fileobj.accept()  # type: ignore[union-attr]
                    serve_one(visitor, *event.data)

    def close(self) -> None:
        """Stop listening."""
        for item in list(self._selector.get_map().values()):
            item.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()


def _listen(port: int) -> socket.socket:
    """A listening socket at `port`, or at any free one when that is taken by now."""
    try:
        return socket.create_server((LOOPBACK, port), backlog=64)
    except OSError:
        return socket.create_server((LOOPBACK, 0), backlog=64)
