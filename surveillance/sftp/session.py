"""What is done over an open session: list, fetch, put – each believed only when proven.

Measured with the library's own calls: `get` returned normally with half a file, `put` reported success on a full
disk, names such as `../../etc/x` came through unchanged. Hence own routines.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import stat
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_HANDLE, CMD_NAME, CMD_OPENDIR, CMD_READDIR

from surveillance.errors import SettingsError
from surveillance.files import sha256_hex
from surveillance.sftp.failures import SftpError, named
from surveillance.sftp.names import is_safe, shown
from surveillance.sftp.remote import Listing, Proof, RemoteFile, Writer

PIECE = 32_768
PREFETCH = 256  # requests under way; unbounded hangs with some servers (paramiko issues 1779, 1788)
MAX_BYTES = 50_000_000  # a lying size of 2**38 costs a gigabyte of memory before the first byte
SLOWEST = 200_000  # bytes a second that a file is granted beyond the session's own deadline


class Session:
    """An SFTP session; every method raises SftpError, with a code, and nothing else that the wire can cause."""

    def __init__(
        self,
        sftp: paramiko.SFTPClient,
        facts: dict[str, str | bool],
        expired: Callable[[], bool],
        extend: Callable[[float], None],
    ) -> None:
        self._sftp: Any = sftp  # the stubs do not know the requests we make ourselves
        self.facts = facts
        self._expired, self.grant = expired, extend

    def look(self, path: str, cap: int = 5000) -> Listing:
        """The regular files of a folder with safe names, sorted, and the refused names; else no_folder."""
        files: list[RemoteFile] = []
        refused: list[str] = []
        with named(self._expired):
            for count, entry in enumerate(self._entries(path)):
                if count >= cap:
                    raise SftpError("too_large", f"plus de {cap} fichiers dans le dossier")
                hidden = entry.filename.startswith(".") and is_safe(entry.filename[1:])
                if hidden or not stat.S_ISREG(entry.st_mode or 0):
                    continue
                if not is_safe(entry.filename):
                    refused.append(shown(entry.filename))
                elif entry.st_size is None or entry.st_mtime is None:
                    raise SftpError("protocol", "le serveur ne donne ni taille ni date")
                else:
                    files.append(RemoteFile(entry.filename, entry.st_size, entry.st_mtime))
        return Listing(tuple(sorted(files)), tuple(sorted(refused)))

    def listing(self, path: str, cap: int = 5000) -> list[RemoteFile]:
        """The regular files of a folder with safe names."""
        return list(self.look(path, cap).files)

    def _entries(self, path: str) -> Iterator[paramiko.SFTPAttributes]:
        # As the library's listdir_iter, but a name that is not UTF-8 must not hide the others.
        kind, answer = self._sftp._request(CMD_OPENDIR, path)
        if kind != CMD_HANDLE:
            raise SftpError("protocol", "réponse SFTP inattendue")
        handle = answer.get_string()
        attributes: Any = paramiko.SFTPAttributes
        with contextlib.suppress(EOFError):
            while True:
                kind, answer = self._sftp._request(CMD_READDIR, handle)
                if kind != CMD_NAME:
                    raise SftpError("protocol", "réponse SFTP inattendue")
                for _ in range(answer.get_int()):
                    name = answer.get_string().decode("utf-8", "backslashreplace")
                    answer.get_string()
                    yield attributes._from_msg(answer, name)
        self._sftp._request(CMD_CLOSE, handle)  # fails if that EOF was the connection's and not the folder's

    def size_of(self, path: str) -> int | None:
        """The size of a file, or None if there is none at that path."""
        with named(self._expired):
            try:
                size: int | None = self._sftp.stat(path).st_size
            except FileNotFoundError:
                return None
        return size

    def exists(self, path: str) -> bool:
        """Is there something at that path?"""
        return self.size_of(path) is not None

    def fetch(self, folder: str, file: RemoteFile, out: Writer, max_bytes: int = MAX_BYTES) -> str:
        """Write a remote file into `out` and give its SHA-256; size before = bytes = size after."""
        if file.size > max_bytes:
            raise SftpError("too_large", f"{file.name} : {file.size} octets annoncés, {max_bytes} admis")
        self.grant(file.size / SLOWEST)
        path = f"{folder.rstrip('/')}/{file.name}"
        with named(self._expired), _open(self._sftp, path, "rb") as remote:
            self._unchanged(remote, file)
            digest = _copy(remote, out, file)
            self._unchanged(remote, file)
        return digest

    def _unchanged(self, remote: paramiko.SFTPFile, file: RemoteFile) -> None:
        now = remote.stat()
        if (now.st_size, now.st_mtime) != (file.size, file.mtime):
            raise SftpError("incomplete", f"{file.name} change pendant la lecture")

    def read(self, path: str, max_bytes: int = MAX_BYTES) -> bytes:
        """The bytes of a remote file."""
        size = self.size_of(path)
        if size is None:
            raise SftpError("no_file", "fichier introuvable")
        out = _Bytes()
        folder, _, name = path.rpartition("/")
        with named(self._expired):
            mtime = self._sftp.stat(path).st_mtime
        self.fetch(folder, RemoteFile(name, size, mtime or 0), out, max_bytes)
        return b"".join(out.pieces)

    def make_folder(self, path: str) -> None:
        """Make the folder if it is not there; SftpError write_refused if that is not allowed."""
        if self.exists(path):
            return
        try:
            with named(self._expired):
                self._sftp.mkdir(path, 0o750)
        except SftpError as error:
            raise _refused(error) from error

    def put_proven(self, data: bytes, folder: str, name: str) -> Proof:
        """Put a file so that it is whole under its name or not there: temporary name, read back, plain rename.

        Never overwrites: the same bytes already there are a success, other bytes an error (code `exists`).
        The plain rename refuses an existing target, so of two racing senders exactly one wins.
        """
        final, digest = f"{folder.rstrip('/')}/{name}", sha256_hex(data)
        if self.exists(final):
            return self._already(final, name, len(data), digest)
        part = f"{folder.rstrip('/')}/.{name}.{secrets.token_hex(4)}.part"
        try:
            self._write(part, data)
            if sha256_hex(self.read(part, len(data))) != digest:
                raise SftpError("unproven", f"{name} relu différent de ce qui fut envoyé")
            if not self._rename(part, final):
                return self._already(final, name, len(data), digest)
        except SftpError:
            with contextlib.suppress(Exception):
                self._sftp.remove(part)
            raise
        return Proof(name, len(data), digest, already=False)

    def _write(self, part: str, data: bytes) -> None:
        try:
            with named(self._expired), _open(self._sftp, part, "wx") as remote:
                for start in range(0, len(data), PIECE):
                    remote.write(data[start : start + PIECE])
        except SftpError as error:
            raise _refused(error) from error

    def _rename(self, part: str, final: str) -> bool:
        with named(self._expired):
            try:
                self._sftp.rename(part, final)
            except OSError:
                if self.exists(final):
                    self._sftp.remove(part)
                    return False
                raise
        return True

    def _already(self, final: str, name: str, size: int, digest: str) -> Proof:
        if self.size_of(final) != size or sha256_hex(self.read(final, size)) != digest:
            detail = f"{name} est déjà là avec un autre contenu"
            raise SftpError("exists", detail, "nothing is overwritten: send under a new sequence number")
        return Proof(name, size, digest, already=True)


def _refused(error: SftpError) -> SftpError:
    """What a server answers that does not let us write: no folder, no right, or a failure without a reason."""
    if error.code in ("no_folder", "protocol"):
        return SftpError("write_refused", error.detail or "écriture refusée")
    return error


class _Bytes:
    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(data)


@contextlib.contextmanager
def _open(sftp: Any, path: str, mode: str) -> Iterator[paramiko.SFTPFile]:
    remote = sftp.open(path, mode)
    try:
        yield remote
    finally:
        with contextlib.suppress(Exception):
            remote.close()


def _hush(remote: Any) -> None:
    """The library asks for pieces in a thread that dies aloud when the session is cut; the reader tells that anyway."""
    ask = remote._prefetch_thread

    def quietly(*arguments: Any) -> None:
        with contextlib.suppress(Exception):
            ask(*arguments)

    remote._prefetch_thread = quietly


def _copy(remote: paramiko.SFTPFile, out: Writer | BinaryIO, file: RemoteFile) -> str:
    seen, whole = 0, hashlib.sha256()
    _hush(remote)
    remote.prefetch(file.size, PREFETCH)
    while piece := remote.read(PIECE):
        seen += len(piece)
        if seen > file.size:
            raise SftpError("incomplete", f"{file.name} dépasse la taille annoncée")
        whole.update(piece)
        _keep(out, piece)
    if seen != file.size:
        raise SftpError("incomplete", f"{file.name} : {seen} octets reçus, {file.size} annoncés")
    return whole.hexdigest()


def _keep(out: Writer | BinaryIO, piece: bytes) -> None:
    try:
        out.write(piece)
    except OSError as error:  # ours, not the wire's
        raise SettingsError("the inbox cannot be written", "is the disk of the state folder full?") from error
