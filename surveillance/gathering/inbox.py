"""The inbox of one association in one night: raw files that are whole or not there, and the list that proves them.

inbox/NIGHT/ASSOCIATION/ holds the files under the names they had, and received.json (name, size, mtime, sha256,
order).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from surveillance.files import make_folder, sha256_file, sync_folder, write_atomic
from surveillance.gathering.receptions import ReceivedFile

SIDECAR = "received.json"


class Inbox:
    """The raw files of one association in one night; one thread at a time. Not `durable`: a mere copy."""

    def __init__(self, folder: Path, durable: bool = True) -> None:
        self.folder, self.durable = folder, durable
        self.files: dict[str, ReceivedFile] = {file.name: file for file in _read_sidecar(folder)}

    def holds(self, key: tuple[str, int, int]) -> bool:
        """Has this very file (name, size, mtime) been fetched this night?"""
        return key[0] in self.files and self.files[key[0]].key == key

    def has_content(self, sha256: str) -> str | None:
        """The name under which these bytes were fetched this night, if they were."""
        return next((file.name for file in self.files.values() if file.sha256 == sha256), None)

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[BinaryIO]:
        """A private new file for the bytes of `name`, on disk when the block ends, gone if it fails."""
        make_folder(self.folder)
        path = self._part(name)
        path.unlink(missing_ok=True)  # of a run that was killed
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(number, "wb") as out:
                yield out
                out.flush()
                if self.durable:
                    os.fsync(out.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def keep(self, file: ReceivedFile) -> None:
        """Give a fetched part its name and list it; one of that name fetched earlier in the night is set aside."""
        final = self.folder / file.name
        if final.exists() and sha256_file(final) != file.sha256:
            final.rename(self.folder / f".{file.name}.{sha256_file(final)[:8]}")
        self._part(file.name).rename(final)
        if self.durable:
            sync_folder(self.folder)
        self.files[file.name] = file
        self._write_sidecar()

    def set_aside(self, keys: Collection[tuple[str, int, int]]) -> None:
        """Hide the files that another night has: one that came between nights and was read by that night after all."""
        away = [file for file in self.files.values() if file.key in keys]
        for file in away:
            (self.folder / file.name).rename(self.folder / f".{file.name}.{file.sha256[:8]}")
            del self.files[file.name]
        if away:
            self._write_sidecar()

    def drop(self, name: str) -> None:
        """Forget a fetched part."""
        self._part(name).unlink(missing_ok=True)

    def listed(self) -> tuple[ReceivedFile, ...]:
        """The files of the night, in the order of their time on the server."""
        return tuple(sorted(self.files.values(), key=lambda file: (file.mtime, file.name)))

    def _part(self, name: str) -> Path:
        return self.folder / f".{name}.part"

    def _write_sidecar(self) -> None:
        entries = [
            {"order": order, "name": f.name, "size": f.size, "mtime": f.mtime, "sha256": f.sha256}
            for order, f in enumerate(self.listed(), 1)
        ]
        text = json.dumps({"association": self.folder.name, "files": entries}, ensure_ascii=False, indent=1)
        write_atomic(self.folder / SIDECAR, (text + "\n").encode(), self.durable)


def _read_sidecar(folder: Path) -> list[ReceivedFile]:
    """The files a sidecar lists and that are still there with that size."""
    path = folder / SIDECAR
    if not path.is_file():
        return []
    entries = json.loads(path.read_text(encoding="utf-8"))["files"]
    files = [ReceivedFile(e["name"], e["size"], e["mtime"], e["sha256"]) for e in entries]
    return [file for file in files if _is_there(folder / file.name, file.size)]


def _is_there(path: Path, size: int) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size == size
