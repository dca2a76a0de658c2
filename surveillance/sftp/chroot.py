"""One account's folder as its visitor sees it: nothing above it, no symbolic link, read-only where not told."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import Any

import paramiko
from paramiko import SFTPAttributes
from paramiko.sftp import SFTP_FAILURE, SFTP_NO_SUCH_FILE, SFTP_OK, SFTP_PERMISSION_DENIED

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Chroot(paramiko.SFTPServerInterface):
    """The files of `root`, shown under the path `mount`; renaming refuses an existing target.

    `writable`: all of it; `drop`: only in that folder below it, which the visitor may make.
    """

    def __init__(self, server: Any, root: Path, mount: str = "/", writable: bool = False, drop: str = "") -> None:
        super().__init__(server)
        self.root = root.resolve()
        self.mount = posixpath.normpath("/" + mount.strip("/"))
        self.writable = writable
        self.drop = self.root / drop if drop else None

    def may_write(self, found: Path) -> bool:
        """May the visitor write at that real path?"""
        return self.writable or (self.drop is not None and found.is_relative_to(self.drop))

    def local(self, path: str) -> Path | None:
        """The real path of a visitor's path, or None if it leads out of the folder."""
        asked = posixpath.normpath("/" + path.lstrip("/"))
        inside = posixpath.relpath(asked, self.mount)
        if inside.startswith("..") or "\0" in path:
            return None
        found = self.root / inside
        if found != self.root and (found.is_symlink() or not found.parent.resolve().is_relative_to(self.root)):
            return None
        return found

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        """The entries of a folder, symbolic links as what they are."""
        folder = self.local(path)
        if folder is None:
            return SFTP_NO_SUCH_FILE
        try:
            return [SFTPAttributes.from_stat(entry.lstat(), entry.name) for entry in sorted(folder.iterdir())]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def stat(self, path: str) -> SFTPAttributes | int:
        """Size, mode and time of a file."""
        found = self.local(path)
        if found is None:
            return SFTP_NO_SUCH_FILE
        try:
            return SFTPAttributes.from_stat(found.lstat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> paramiko.SFTPHandle | int:
        """A file; writing only where the account may."""
        found = self.local(path)
        if found is None:
            return SFTP_NO_SUCH_FILE
        if flags & WRITING and not self.may_write(found):
            return SFTP_PERMISSION_DENIED
        try:
            number = os.open(found, flags | os.O_NOFOLLOW, 0o600)
            return _handle(number, flags)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def rename(self, oldpath: str, newpath: str) -> int:
        """Give a file another name, never the name of another file (as OpenSSH's plain rename)."""
        old, new = self.local(oldpath), self.local(newpath)
        if old is None or new is None:
            return SFTP_NO_SUCH_FILE
        if not (self.may_write(old) and self.may_write(new)):
            return SFTP_PERMISSION_DENIED
        try:
            os.link(old, new, follow_symlinks=False)
            old.unlink()
        except FileExistsError:
            return SFTP_FAILURE
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return SFTP_OK

    def remove(self, path: str) -> int:
        """Delete a file, where the account may."""
        found = self.local(path)
        if found is None:
            return SFTP_NO_SUCH_FILE
        if not self.may_write(found):
            return SFTP_PERMISSION_DENIED
        try:
            found.unlink()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return SFTP_OK

    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        """Make a folder, where the account may."""
        found = self.local(path)
        if found is None:
            return SFTP_NO_SUCH_FILE
        if not self.may_write(found):
            return SFTP_PERMISSION_DENIED
        try:
            found.mkdir(mode=0o700)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return SFTP_OK


class _Handle(paramiko.SFTPHandle):
    """A handle whose `stat` asks the file itself, so that a file that grows is seen to grow."""

    def stat(self) -> SFTPAttributes:
        return SFTPAttributes.from_stat(os.fstat(vars(self)["readfile"].fileno()))


def _handle(number: int, flags: int) -> _Handle:
    handle = _Handle(flags)
    mode = "rb" if not flags & WRITING else ("r+b" if flags & os.O_RDWR else "wb")
    file = os.fdopen(number, mode)
    vars(handle).update(readfile=file, writefile=file)
    return handle
