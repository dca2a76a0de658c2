"""The manifest of a delivery as bytes that can be signed: canonical JSON, Ed25519, keys as short text."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from surveillance.errors import SettingsError

PREFIX = "ed25519:"  # then the 32 bytes of the key, or the 64 of the signature, in base64


def canonical(manifest: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: every key but `sign`, sorted, no spaces, UTF-8 as it is."""
    unsigned = {key: value for key, value in manifest.items() if key != "sign"}
    text = json.dumps(unsigned, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def as_file(manifest: Mapping[str, Any]) -> bytes:
    """The bytes of a manifest file: readable, keys sorted, one last newline."""
    return (json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half of a signing key as it stands in a manifest: `ed25519:…`."""
    form = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    return PREFIX + base64.b64encode(key.public_key().public_bytes(*form)).decode()


def sign(manifest: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """The same manifest with `public_key` and `sign`; Ed25519 signatures are deterministic, so are the bytes."""
    named = {**manifest, "public_key": public_text(key)}
    return {**named, "sign": PREFIX + base64.b64encode(key.sign(canonical(named))).decode()}


def check_signature(manifest: Mapping[str, Any], trusted: Collection[str] = ()) -> str:
    """What is wrong with the signature ("" if nothing); `trusted` are the public keys that may sign, if known.

    Codes: UNSIGNED, KEY_UNKNOWN, SIGNATURE. Without `trusted` a good signature only proves that the manifest is
    whole, not who made it.
    """
    public, signature = manifest.get("public_key"), manifest.get("sign")
    if not isinstance(public, str) or not isinstance(signature, str) or not signature:
        return "UNSIGNED"
    if trusted and public not in trusted:
        return "KEY_UNKNOWN"
    try:
        key = Ed25519PublicKey.from_public_bytes(_bytes(public))
        key.verify(_bytes(signature), canonical(manifest))
    except (InvalidSignature, ValueError, RecursionError):
        return "SIGNATURE"
    return ""


def _bytes(text: str) -> bytes:
    if not text.startswith(PREFIX):
        raise ValueError("not an ed25519 text")
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """The signing key of this machine (OpenSSH or PKCS#8 text, no passphrase, mode 0600)."""
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"the signing key {path.name} is readable by others", f"chmod 600 {path}")
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"the signing key {path.name} is missing", f"put it in {path.parent}") from error
    load = serialization.load_ssh_private_key if b"OPENSSH" in data else serialization.load_pem_private_key
    try:
        key = load(data, password=None)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"the signing key {path.name} cannot be read", "it must have no passphrase") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"the signing key {path.name} is not an Ed25519 key")
    return key
