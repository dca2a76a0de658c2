"""The receiver's side: does a delivery prove itself? Nothing but the manifest and the files beside it is asked."""

from __future__ import annotations

import csv
import io
import json
import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from surveillance.delivery.manifest import check_signature
from surveillance.files import sha256_file
from surveillance.sftp.names import is_safe

MAX_MANIFEST = 5_000_000
MAX_UNPACKED = 1_000_000_000  # bytes; a week of the whole country is some 10 MB
NEEDED = ("spec", "profile", "seq", "env", "created", "night", "window", "files", "counts", "completeness", "tool")
STEM = re.compile(r"SOS_(?P<env>TEST|PROD)_(?P<day>\d{8})_(?P<seq>\d{6})")
DATA = re.compile(STEM.pattern + r"_(?P<kind>[A-Z]{3,6})\.csv\.gz")


@dataclass(frozen=True)
class Problem:
    """One thing that does not hold: a code, the file it is about, the line if there is one, a sentence."""

    code: str
    cause: str
    file: str = ""
    line: int | None = None


@dataclass
class Verification:
    """The outcome: `facts` holds what was seen (seq, night, env, and for each file rows, sha256, bytes)."""

    problems: list[Problem] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Does everything hold?"""
        return not self.problems

    def add(self, code: str, cause: str, file: str = "", line: int | None = None) -> None:
        """One more problem."""
        self.problems.append(Problem(code, cause, file, line))


def verify_delivery(
    manifest_path: Path,
    columns: Mapping[str, Sequence[str]] | None = None,
    trusted: Collection[str] = (),
    signed: bool = True,
) -> Verification:
    """Check a delivery; `columns` gives the header of each kind (VIS, AGG), `trusted` the keys that may sign."""
    result = Verification()
    manifest = _read_manifest(manifest_path, result)
    if manifest is None:
        return result
    if (signed or manifest.get("sign")) and (code := check_signature(manifest, trusted)):
        result.add(code, "the signature of the manifest does not hold", manifest_path.name)
    _check_name(manifest_path, manifest, result)
    rows = {}
    for entry in manifest["files"]:
        rows[str(entry.get("name"))] = _check_file(manifest_path, entry, columns, result)
    _check_counts(manifest, rows, result)
    result.facts |= {key: manifest.get(key) for key in ("spec", "profile", "env", "seq", "prev_seq", "night")}
    result.facts["completeness"] = len(manifest["completeness"])
    return result


def _read_manifest(path: Path, result: Verification) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > MAX_MANIFEST:
            raise ValueError("too large")
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        result.add("MANIFEST", "the manifest cannot be read", path.name)
        return None
    if not isinstance(manifest, dict) or (missing := [key for key in NEEDED if key not in manifest]):
        lacking = ", ".join(missing) if isinstance(manifest, dict) else "everything"
        result.add("MANIFEST", f"the manifest lacks: {lacking}", path.name)
        return None
    for key in ("files", "counts", "completeness"):
        if not isinstance(manifest[key], list) or not all(isinstance(item, dict) for item in manifest[key]):
            result.add("MANIFEST", f"{key} is not a list of objects", path.name)
            return None
    return manifest


def _check_name(path: Path, manifest: Mapping[str, Any], result: Verification) -> None:
    found = STEM.fullmatch(path.name.removesuffix(".manifest.json"))
    night = str(manifest["night"]).replace("-", "")
    if not found:
        result.add("NAME", "the manifest's name is not SOS_<env>_<date>_<seq>.manifest.json", path.name)
    elif (found["env"], found["day"], int(found["seq"])) != (manifest["env"], night, manifest["seq"]):
        result.add("NAME", "name and manifest differ in environment, night or sequence number", path.name)


def _check_file(
    manifest_path: Path, entry: Mapping[str, Any], columns: Mapping[str, Sequence[str]] | None, result: Verification
) -> int | None:
    """Check one data file; gives its number of rows when it could be read."""
    name = str(entry.get("name"))
    found = DATA.fullmatch(name)
    if not is_safe(name) or not found or not manifest_path.name.startswith(name[: found.end("seq")]):
        result.add("NAME", "a file listed is not of this delivery", name if is_safe(name) else "")
        return None
    path = manifest_path.with_name(name)
    if path.is_symlink() or not path.is_file():
        result.add("MISSING", "a file listed is not there", name)
        return None
    size, digest = path.stat().st_size, sha256_file(path)
    if size != entry.get("bytes"):
        result.add("SIZE", f"{size} bytes there, {entry.get('bytes')} in the manifest", name)
    if digest != entry.get("sha256"):
        result.add("CHECKSUM", "the SHA-256 is not that of the manifest", name)
    header, rows, trouble = read_table(path)
    if trouble:
        result.add("READ", trouble, name)
        return None
    if rows != entry.get("rows"):
        result.add("ROWS", f"{rows} rows there, {entry.get('rows')} in the manifest", name)
    if columns and list(columns.get(found["kind"], header)) != header:
        result.add("HEADER", "the columns are not those of the contract", name, 1)
    result.facts.setdefault("files", []).append({"name": name, "rows": rows, "sha256": digest, "bytes": size})
    return rows


def read_table(path: Path) -> tuple[list[str], int, str]:
    """Header, number of rows and trouble ("" if none) of a packed table: one member, UTF-8, rows of one width."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        text = unpack.decompress(path.read_bytes(), MAX_UNPACKED)
        if not unpack.eof:
            return [], 0, "the gzip stream is cut or too large"
        if unpack.unused_data:
            return [], 0, "something follows the gzip member"
        lines = io.StringIO(text.decode("utf-8"), newline="")
    except (zlib.error, UnicodeDecodeError):
        return [], 0, "not gzip, or not UTF-8 inside"
    if not text.endswith(b"\n"):
        return [], 0, "the last line is cut"
    return _count(csv.reader(lines, delimiter=";", strict=True))


def _count(reader: Any) -> tuple[list[str], int, str]:
    header: list[str] = []
    rows = 0
    try:
        header = next(reader)
        for rows, row in enumerate(reader, 1):
            if len(row) != len(header):
                return header, rows, f"line {reader.line_num} does not have {len(header)} fields"
    except csv.Error:
        return header, rows, f"line {reader.line_num} is not well quoted"
    return header, rows, ""


def _check_counts(manifest: Mapping[str, Any], rows: Mapping[str, int | None], result: Verification) -> None:
    given = [item.get("rows") for item in manifest["counts"]]
    total = sum(count for count in given if isinstance(count, int))
    for name, seen in rows.items():
        if "_VIS." in name and seen is not None and seen != total:
            result.add("COUNTS", f"the counts of the manifest add up to {total}, the file has {seen} rows", name)
    if not any("_VIS." in name for name in rows):
        result.add("MISSING", "no file of visits is listed")
