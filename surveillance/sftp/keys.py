"""Ed25519 keys: made from a seed for the demonstration, written as OpenSSH does, read with their mode checked."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from surveillance.errors import SettingsError
from surveillance.files import write_atomic
from surveillance.sftp.trust import fingerprint_of


class KeyUnusable(SettingsError):
    """A private key of this machine is missing, unreadable or open to others."""


def key_from_seed(seed: str, role: str) -> Ed25519PrivateKey:
    """The key of a role in a demonstration. Whoever knows the seed knows the key: never for a real exchange."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"demo key\0{seed}\0{role}".encode()).digest())


def write_private(key: Ed25519PrivateKey, path: Path) -> Path:
    """Write the private half in OpenSSH's format, mode 0600, without a passphrase.

    OpenSSH's format holds a random check number: the bytes differ from one writing to the next, the key does not.
    """
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    write_atomic(path, text)
    return path


def public_line(key: Ed25519PrivateKey) -> str:
    """The public half as a line of `authorized_keys`: `ssh-ed25519 AAAA…`."""
    form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    return key.public_key().public_bytes(*form).decode()


def fingerprint(public: str) -> str:
    """The pin of a public line: `ssh-ed25519 SHA256:…`, as `ssh-keygen -lf` prints the hash."""
    found = paramiko.PKey.from_type_string(public.split()[0], _blob(public))
    return fingerprint_of(found.get_name(), found.asbytes())


def _blob(public: str) -> bytes:
    return base64.b64decode(public.split()[1])


def load_private(path: Path) -> paramiko.PKey:
    """The private key of this machine; KeyUnusable if it is missing, unreadable or open to others."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise KeyUnusable(f"the SSH key {path.name} is missing", f"put it in {path.parent}") from error
    if mode & 0o077:
        raise KeyUnusable(f"the SSH key {path.name} is readable by others", f"chmod 600 {path}")
    try:
        return paramiko.PKey.from_path(path)
    except (paramiko.SSHException, ValueError, TypeError, OSError) as error:
        raise KeyUnusable(f"the SSH key {path.name} cannot be read", "it must have no passphrase") from error
