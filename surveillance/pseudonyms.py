"""Pseudonyms: a visit number becomes a keyed code that cannot be undone or guessed without the key."""

from __future__ import annotations

import hashlib
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from surveillance.errors import SettingsError

MINIMUM = 32  # bytes: as long as the hash, so that trying keys is no shorter than trying hashes (RFC 2104 §3)
BLOCK = 64  # bytes of a SHA-256 block


class Pseudonymiser:
    """HMAC-SHA-256 under one secret key, cut to 128 bits.

    Never unkeyed: the visit numbers of an association are few enough to be tried one by one in a second.
    The two halves of the HMAC (RFC 2104) are prepared once: three times as fast as `hmac.digest` for short texts.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < MINIMUM:
            raise SettingsError(
                f"the pseudonym key has fewer than {MINIMUM} bytes" if key else "there is no pseudonym key",
                "make one with: head -c 32 /dev/urandom, in a file only this user can read",
            )
        block = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def uid(self, association: str, visit_id: str) -> str:
        """The 32 hexadecimal digits that stand for a visit, the same each time it is sent."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(f"{association}\x1f{visit_id}".encode())
        outer.update(inner.digest())
        return outer.hexdigest()[:32]

    def digests(self, association: str, visit_ids: Sequence[bytes]) -> bytes:
        """The pseudonyms of many visits of one association (numbers in UTF-8), 16 bytes each, one after the other."""
        begun, ended, found = self._inner.copy(), self._outer.copy, []
        begun.update(f"{association}\x1f".encode())
        begin = begun.copy
        for visit_id in visit_ids:
            inner, outer = begin(), ended()
            inner.update(visit_id)
            outer.update(inner.digest())
            found.append(outer.digest()[:16])
        return b"".join(found)


def load_key(path: Path) -> bytes:
    """The key of a file that only its owner may read; SettingsError otherwise, without a byte of it."""
    try:
        mode = path.stat().st_mode
        key = path.read_bytes()
    except OSError:
        raise SettingsError(f"the pseudonym key {path} cannot be read", "surveillance site DIR makes one") from None
    if not stat.S_ISREG(mode) or mode & 0o077:
        raise SettingsError(f"the pseudonym key {path} can be read by others", f"chmod 600 {path}")
    if len(key) < MINIMUM:
        raise SettingsError(f"the pseudonym key {path} has fewer than {MINIMUM} bytes")
    return key


def key_id(key: bytes) -> str:
    """A name for a key that tells nothing of it: a receiver sees where pseudonyms stop matching."""
    return hashlib.sha256(b"pseudonym key id\0" + key).hexdigest()[:12]


def new_key() -> bytes:
    """A fresh secret key, as the text of a key file."""
    return secrets.token_hex(MINIMUM).encode()


def demonstration_key() -> bytes:
    """The key of simulated feeds: known to everybody, so that a simulation has the same pseudonyms everywhere."""
    return hashlib.sha256(b"demonstration: simulated visits only").hexdigest().encode()
