"""A real OpenSSH server on loopback, without privileges: the peer that the client meets in production."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from surveillance.sftp.client import Endpoint
from surveillance.sftp.keys import fingerprint, key_from_seed, public_line, write_private

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")


def need_sshd() -> None:
    """Skip without OpenSSH; on a machine that calls itself CI, fail."""
    if SSHD is None:
        if os.environ.get("CI"):
            pytest.fail("sshd is not installed")
        pytest.skip("sshd is not installed")


@dataclass
class Sshd:
    """One server; `options` are lines of sshd_config, `host_kind` the type of its host key."""

    options: tuple[str, ...] = ()
    host_kind: str = "ed25519"
    port: int = 0
    pin: str = ""
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="sshd-")))
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Sshd:
        need_sshd()
        # As root, sshd wants a system folder: it then runs as a system user, and serves only that one.
        self.user = pwd.getpwnam("daemon") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self.client_key = write_private(key_from_seed("sshd", "client"), self.folder / "client")
        self.depot = self.folder / "depot"
        self.depot.mkdir()
        self.pin = self._host_key()
        for attempt in range(3):
            self._start(attempt)
            if self._answers():
                return self
        raise RuntimeError((self.folder / "log").read_text())

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def endpoint(self, **changes: object) -> Endpoint:
        """How to reach it."""
        given = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": self.user.pw_name,
            "key_path": self.client_key,
            "host_keys": (self.pin,),
        }
        return Endpoint(**{**given, **changes})  # type: ignore[arg-type]

    def _host_key(self) -> str:
        path = self.folder / "host"
        if self.host_kind == "ed25519":
            key = key_from_seed("sshd", "host")
            write_private(key, path)
            return fingerprint(public_line(key))
        kind, _, bits = self.host_kind.partition("-")
        command = ["ssh-keygen", "-q", "-t", kind, *(["-b", bits] if bits else []), "-N", "", "-f", str(path)]
        subprocess.run(command, check=True)
        return fingerprint(path.with_suffix(".pub").read_text())

    def _start(self, attempt: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        authorized = self.folder / "authorized"
        authorized.write_text(public_line(key_from_seed("sshd", "client")) + "\n")
        config = self.folder / "config"
        config.write_text("\n".join([
            *self.options, f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {self.folder}/host",
            f"AuthorizedKeysFile {authorized}", "PidFile none", "StrictModes no", "UsePAM no",
            "PasswordAuthentication no", "KbdInteractiveAuthentication no", "Subsystem sftp internal-sftp",
            "ForceCommand internal-sftp",
        ]) + "\n")  # fmt: skip
        root = os.geteuid() == 0
        if root:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, self.user.pw_uid, self.user.pw_gid)
        command = [str(SSHD), "-D", "-f", str(config), "-E", str(self.folder / "log")]
        who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if root else {}
        self.process = subprocess.Popen(command, **who)  # type: ignore[call-overload]

    def _answers(self) -> bool:
        assert self.process
        log, until = self.folder / "log", time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < until:
            if log.is_file() and f"Server listening on 127.0.0.1 port {self.port}." in log.read_text():
                return True
            time.sleep(0.02)
        self.process.kill()
        self.process.wait()
        return False
