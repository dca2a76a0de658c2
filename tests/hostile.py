"""Servers that lie, stall, cut and overflow: what a compromised or broken association can do to the client."""

from __future__ import annotations

import contextlib
import socket
import stat
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
from paramiko.sftp import SFTP_EOF, SFTP_FAILURE, SFTP_OK

from surveillance.sftp.client import Endpoint, quiet
from surveillance.sftp.keys import fingerprint, key_from_seed, public_line, write_private
from surveillance.sftp.server import Account, Door

CLIENT, HOST = key_from_seed("hostile", "client"), key_from_seed("hostile", "host")
PIN = fingerprint(public_line(HOST))


@dataclass
class Lies:
    """What the server pretends: one file `f.csv` of `stated` bytes that gives `given` bytes (None: for ever)."""

    stated: int | None = 1000
    given: int | None = 1000
    after: int | None = None  # the size stated once reading has begun
    names: tuple[str, ...] = ("f.csv",)
    stall_at: int | None = None  # an offset at which nothing is answered any more
    writes: str = "kept"  # kept | lost (OK, but nothing stored) | cut (OK, 64 kB stored) | failed
    stored: dict[str, bytearray] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)


class Liar(paramiko.SFTPServerInterface):
    def __init__(self, server: Any, lies: Lies, ended: threading.Event) -> None:
        super().__init__(server)
        self.lies, self.ended, self.begun = lies, ended, False

    def attributes(self, name: str = "f.csv", size: int | None = None) -> paramiko.SFTPAttributes:
        found = paramiko.SFTPAttributes()
        found.st_mode, found.st_mtime, found.st_atime, found.filename = stat.S_IFREG | 0o600, 1_700_000_000, 0, name
        stated = self.lies.after if self.begun and self.lies.after is not None else self.lies.stated
        found.st_size = stated if size is None else size
        return found

    def list_folder(self, path: str) -> Any:
        return [self.attributes(name) for name in self.lies.names]

    def stat(self, path: str) -> Any:
        name = path.rsplit("/", 1)[-1]
        if name in self.lies.stored:
            return self.attributes(name, len(self.lies.stored[name]))
        return self.attributes() if name in self.lies.names else paramiko.sftp.SFTP_NO_SUCH_FILE

    lstat = stat

    def open(self, path: str, flags: int, attr: Any) -> Any:
        return LiarsFile(self, path.rsplit("/", 1)[-1], flags)

    def mkdir(self, path: str, attr: Any) -> int:
        return SFTP_OK

    def remove(self, path: str) -> int:
        self.lies.removed.append(path.rsplit("/", 1)[-1])
        return SFTP_OK

    def rename(self, oldpath: str, newpath: str) -> int:
        old, new = oldpath.rsplit("/", 1)[-1], newpath.rsplit("/", 1)[-1]
        self.lies.stored[new] = self.lies.stored.pop(old)
        return SFTP_OK


class LiarsFile(paramiko.SFTPHandle):
    def __init__(self, owner: Liar, name: str, flags: int) -> None:
        super().__init__(flags)
        self.owner, self.name = owner, name
        if flags:
            owner.lies.stored[name] = bytearray()

    def stat(self) -> Any:
        stored = self.owner.lies.stored.get(self.name)
        return self.owner.attributes(self.name, None if stored is None else len(stored))

    def read(self, offset: int, length: int) -> Any:
        lies = self.owner.lies
        self.owner.begun = True
        if self.name in lies.stored:
            return bytes(lies.stored[self.name][offset : offset + length]) or SFTP_EOF
        if lies.stall_at is not None and offset >= lies.stall_at:
            self.owner.ended.wait(600)
        left = length if lies.given is None else min(length, lies.given - offset)
        return b"x" * left if left > 0 else SFTP_EOF

    def write(self, offset: int, data: bytes) -> int:
        lies = self.owner.lies
        if lies.writes == "failed" and offset > 0:
            return SFTP_FAILURE
        room = {"kept": 2**40, "failed": 2**40, "lost": 0, "cut": 65_536}[lies.writes]
        held = lies.stored[self.name]
        held.extend(data[: max(0, room - len(held))])
        return SFTP_OK


class Hostile:
    """A loopback server in this process that tells `lies`."""

    def __init__(self, lies: Lies, folder: Path) -> None:
        quiet()
        self.lies, self.ended = lies, threading.Event()
        self.client_key = write_private(CLIENT, folder / "client")
        self.host_key = paramiko.PKey.from_path(write_private(HOST, folder / "host"))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.logins = 0
        self.transports: list[paramiko.Transport] = []
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Hostile:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)
        for transport in self.transports:
            transport.close()

    def endpoint(self, port: int = 0) -> Endpoint:
        return Endpoint("127.0.0.1", port or self.port, "sos", self.client_key, (PIN,))

    def _run(self) -> None:
        account = Account("a", "sos", "", public_line(CLIENT), "")
        while True:
            try:
                visitor, _ = self.listener.accept()
            except OSError:
                return
            self.logins += 1
            transport = paramiko.Transport(visitor)
            transport.set_log_channel("surveillance.sftp.wire")
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Liar, self.lies, self.ended)
            self.transports.append(transport)
            with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
                transport.start_server(event=threading.Event(), server=Door(account))


class Valve:
    """Passes bytes to and from `port`, until `limit` bytes came back: then it stalls, or cuts."""

    def __init__(self, port: int, limit: int, cut: bool) -> None:
        self.port_behind, self.limit, self.cut = port, limit, cut
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open: list[socket.socket] = []
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Valve:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for sock in (*self.open, self.listener):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self.thread.join(5)

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            visitor, _ = self.listener.accept()
            with visitor, socket.create_connection(("127.0.0.1", self.port_behind)) as server:
                self.open += [visitor, server]
                threads = [
                    threading.Thread(target=self._pass, args=(visitor, server, None), daemon=True),
                    threading.Thread(target=self._pass, args=(server, visitor, self.limit), daemon=True),
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()

    def _pass(self, source: socket.socket, target: socket.socket, left: int | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096 if left is None else min(4096, left)):
                target.sendall(data)
                if left is not None and (left := left - len(data)) <= 0:
                    if self.cut:
                        for sock in (source, target):
                            sock.shutdown(socket.SHUT_RDWR)
                    return
