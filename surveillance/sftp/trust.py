"""Whom we talk to and how: the algorithms admitted, and the pinned host key that must match first.

Allow-list: ANSSI guide on OpenSSH (DAT-NT-007: AES-CTR, no CBC, no DSA) and PG-083 (no SHA-1, 128-bit blocks, RSA
of 3072 bits or more). The library's own defaults still hold CBC, 3DES, HMAC-MD5 and HMAC-SHA1 (seen in 5.1.0).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

import paramiko

from surveillance.sftp.failures import SftpError

KEX = (
    "mlkem768x25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
)
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr")
MACS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
RSA_BITS = 3072
PIN = re.compile(r"(?P<kind>[a-z0-9-]+) SHA256:(?P<hash>[A-Za-z0-9+/]{43})")


def restrict(transport: paramiko.Transport, pins: Sequence[str] = ()) -> None:
    """Leave nothing but the allow-list; ask first for the kind of host key that is pinned."""
    options = transport.get_security_options()
    options.kex = tuple(name for name in KEX if name in options.kex)  # the first needs a recent cryptography
    options.ciphers = CIPHERS
    options.digests = MACS
    pinned = {pin.split(" ", 1)[0] for pin in pins}
    options.key_types = tuple(sorted(KEYS, key=lambda name: _family(name) not in {_family(p) for p in pinned}))
    vars(transport)["_preferred_pubkeys"] = KEYS  # the kinds of signature our own key may make


def _family(name: str) -> str:
    return "ssh-rsa" if "rsa" in name else name


def fingerprint_of(kind: str, blob: bytes) -> str:
    """A public key as people compare it: `ssh-ed25519 SHA256:…`, the same as `ssh-keygen -lf` prints."""
    return f"{kind} SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"


def check_host_key(key: paramiko.PKey, pins: Sequence[str]) -> str:
    """The fingerprint of the server's key when it is pinned; no_pin, host_key or weak_crypto otherwise."""
    seen = fingerprint_of(key.get_name(), key.asbytes())
    if not any(PIN.fullmatch(pin) for pin in pins):
        raise SftpError("no_pin", f"empreinte vue : {seen}")
    if seen not in {_same_kind(pin) for pin in pins}:
        raise SftpError("host_key", f"empreinte vue : {seen}")
    if key.get_name() == "ssh-rsa" and key.get_bits() < RSA_BITS:
        raise SftpError("weak_crypto", f"clé RSA de {key.get_bits()} bits")
    return seen


def _same_kind(pin: str) -> str:
    kind, _, rest = pin.partition(" ")
    return f"{_family(kind)} {rest}"
