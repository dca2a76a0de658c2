"""The daily file of a past night, made again from the store and the terms of then, and held against what was sent."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from surveillance.ages import load_acts
from surveillance.content import Content
from surveillance.delivery.ledger import known_number
from surveillance.delivery.manifest import check_signature
from surveillance.delivery.package import Body, build_body, completeness, load_contract, manifest_of, sealed_files
from surveillance.delivery.terms import Issued, Member, Said, Terms, content_files, issued_in
from surveillance.errors import UsageError
from surveillance.files import sha256_hex
from surveillance.habits.keeping import events_of
from surveillance.store import Store
from surveillance.visit_codes import coding_at

EQUAL = "equal"
MAX_UNPACKED = 1_000_000_000  # bytes; a week of the whole country is some 10 MB


@dataclass(frozen=True)
class Verdict:
    """A file of a delivery made again. code: equal; packed (the same lines, packed by another library); rows, keys
    (`what` differs from the copy in the outbox); other (nothing to compare it with); SIGNATURE; outbox (what lies there
    is not what was sent)."""

    name: str
    code: str
    what: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True)
class Rebuilt:
    """A delivery made again. notes: code → what is not as then, though the file may be (for a person to read)."""

    issued: Issued
    files: dict[str, bytes]
    verdicts: tuple[Verdict, ...]
    notes: dict[str, tuple[str, ...]]

    @property
    def equal(self) -> bool:
        """Is every file, byte for byte, what was sent?"""
        return all(one.code == EQUAL for one in self.verdicts)


def deliveries_of(store: Store, state: Path, night: date, env: str) -> list[Issued]:
    """The deliveries of a night, oldest first; of one made before terms were kept, what its manifest says."""
    kept = issued_in(state / "records" / night.isoformat(), env)
    known = {one.seq for one in kept}
    paths = sorted((state / "outbox" / night.isoformat()).glob(f"SOS_{env}_*.manifest.json"))
    older = [_from_manifest(store, night, path) for path in paths if _seq(path) not in known]
    return sorted([*kept, *older], key=lambda one: one.seq)


def nights_delivered(state: Path) -> list[date]:
    """The nights of which something was delivered, oldest first."""
    paths = [*(state / "records").glob("*/issued_*.json"), *(state / "outbox").glob("????-??-??/*.manifest.json")]
    return sorted({date.fromisoformat(path.parent.name) for path in paths})


def rebuild(store: Store, state: Path, issued: Issued) -> Rebuilt:
    """Make a delivery again from the store; nothing is sent, nothing is written."""
    if not store.value("SELECT count(*) FROM receptions WHERE night = $night", {"night": issued.night}):
        raise UsageError(f"the store does not hold the night of {issued.night}", "surveillance replay FROM TO")
    body = build_body(store, issued.night, issued.terms, issued.said)
    manifest = manifest_of(body, issued.number) | issued.seal
    files = sealed_files(body, issued.number, manifest)
    outbox = state / "outbox"
    verdicts = tuple(_verdict(outbox, issued, name, data) for name, data in files.items())
    lost = sorted(issued.files.keys() - files.keys())
    verdicts += tuple(Verdict(name, "other") for name in lost)
    if issued.sign and all(one.code == EQUAL for one in verdicts) and (code := check_signature(manifest)):
        verdicts += (Verdict(next(reversed(list(files))), code),)
    return Rebuilt(issued, files, verdicts, _notes(store, outbox, issued, body))


def _verdict(outbox: Path, issued: Issued, name: str, data: bytes) -> Verdict:
    path = outbox / issued.night.isoformat() / name
    sent = path.read_bytes() if path.is_file() else None
    whole = sent is not None and sha256_hex(sent) == issued.files.get(name)
    if sha256_hex(data) == issued.files.get(name):
        return Verdict(name, EQUAL if sent is None or whole else "outbox")
    if sent is None or not whole:
        return Verdict(name, "other")
    return _keys(name, data, sent) if name.endswith(".json") else _rows(name, data, sent)


def _keys(name: str, data: bytes, sent: bytes) -> Verdict:
    """Which keys of the manifest differ (its signature does when anything does)."""
    mine, its = json.loads(data), json.loads(sent)
    differ = tuple(sorted(key for key in mine.keys() | its.keys() if mine.get(key) != its.get(key)))
    return Verdict(name, "keys", tuple(key for key in differ if key != "sign") or differ)


def _rows(name: str, data: bytes, sent: bytes) -> Verdict:
    """How many lines differ, and of whom (association, or département): no value of a visit is told."""
    mine, its = _lines(data), _lines(sent)
    if mine == its:
        return Verdict(name, "packed")
    head = its[0].split(";") if its else []
    place = next((head.index(key) for key in ("assoc", "dep") if key in head), None)
    differ = set(mine) ^ set(its)
    whose = sorted({line.split(";")[place] for line in differ} - {head[place]}) if place is not None else []
    return Verdict(name, "rows", tuple(whose), len(differ))


def _lines(data: bytes) -> list[str]:
    unpacked = zlib.decompressobj(wbits=31).decompress(data, MAX_UNPACKED)
    return unpacked.decode("utf-8", "backslashreplace").splitlines()


def _notes(store: Store, outbox: Path, issued: Issued, body: Body) -> dict[str, tuple[str, ...]]:
    """What the store or the content would say otherwise today."""
    terms, night = issued.terms, issued.night
    now = {line["association"]: line for line in completeness(store, night, terms)}
    then = {line["association"]: line for line in issued.said.completeness}
    feeds = tuple(sorted(code for code in now.keys() | then.keys() if now.get(code) != then.get(code)))
    events = () if events_of(store, night) == issued.said.data_events else (night.isoformat(),)
    notes = {"feeds": feeds, "events": events, "changed": tuple(_changed(store.content, terms))}
    if known_number(outbox, body, issued.seq - 1) != issued.number:
        notes["ledger"] = (str(issued.seq),)
    return {key: told for key, told in notes.items() if told}


def _changed(content: Content, terms: Terms) -> Iterator[str]:
    """The files of what makes a number that are others now than they were."""
    now = content_files(content) if terms.files else {}
    yield from sorted(rel for rel in now.keys() | terms.files.keys() if now.get(rel) != terms.files.get(rel))


def _seq(path: Path) -> int:
    return int(path.name.split("_")[3].removesuffix(".manifest.json"))


def _from_manifest(store: Store, night: date, path: Path) -> Issued:
    """A delivery made before terms were kept: its manifest has most of them, the contract in force has the rest."""
    sent = path.read_bytes()
    manifest: Mapping[str, Any] = json.loads(sent)
    content = store.content
    same = {key: manifest[key] for key in ("spec", "profile", "replaces")}
    days = (night - date.fromisoformat(manifest["window"]["from"])).days
    contract = load_contract(content).model_copy(update={**same, "window_days": days})
    facts = ("name", "department", "thesaurus")
    return Issued(
        night=night,
        **{key: manifest[key] for key in ("seq", "prev_seq", "supersedes", "created")},
        terms=Terms(
            contract=contract,
            statements={item.statement: store.sql(item.statement) for item in contract.file},
            acts=load_acts(content).counted,
            coding=coding_at(store, night),
            issuer={key: manifest[key] for key in ("env", "pseudonym_key")},
            **{key: manifest[key] for key in ("maps", "content", "tool")},
            registry={
                line["association"]: Member(**{key: line[key] for key in facts}) for line in manifest["completeness"]
            },
        ),
        said=Said(completeness=manifest["completeness"], data_events=manifest["data_events"]),
        files={item["name"]: item["sha256"] for item in manifest["files"]} | {path.name: sha256_hex(sent)},
        public_key=manifest.get("public_key"),
        sign=manifest.get("sign"),
    )
