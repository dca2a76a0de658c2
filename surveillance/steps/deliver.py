"""Deliver: build the package, send it, read it back, and say truthfully how far it got."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from surveillance.delivery.ledger import known_number, number_for
from surveillance.delivery.manifest import load_signing_key
from surveillance.delivery.package import Body, Number, build_body, build_files
from surveillance.delivery.sending import load_agency, send
from surveillance.delivery.terms import Terms, issue, issued_in, terms_of
from surveillance.errors import DeliveryError, Exit, NumberTaken
from surveillance.files import make_folder, write_atomic
from surveillance.night import Counts, Night
from surveillance.pseudonyms import key_id, load_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NEW_NUMBERS = 5  # times another number is taken when the agency holds other bytes under ours (a restored machine)


def deliver(night: Night) -> Counts:
    """States, each in the journal and the store: planned → built → sent → read_back → acknowledged, or refused."""
    key = load_signing_key(night.settings.key("manifest.key")) if night.settings.sign else None
    pseudonyms = key_id(load_key(night.settings.key("pseudonym.key")))
    issuer = {"env": night.settings.env, "pseudonym_key": pseudonyms}
    terms, body = _body(night, terms_of(night.store, night.content, night.date, night.associations, issuer))
    outbox, created = night.settings.state / "outbox", night.started.isoformat(timespec="seconds")
    number = number_for(outbox, body, created)
    for _ in range(NEW_NUMBERS):
        try:
            return _deliver_as(night, terms, body, number, key)
        except NumberTaken as error:
            night.journal.event("number taken at the agency", seq=number.seq, error=str(error))
            number = number_for(outbox, body, created, above=number.seq)
    return _deliver_as(night, terms, body, number, key)


def _body(night: Night, terms: Terms) -> tuple[Terms, Body]:
    """The content of the delivery and its terms: those of the last one where that can be said again word for word.

    The content in force and the version of the tool that stand in a file are then those of its night.
    """
    for last in issued_in(night.folder("records"), night.settings.env)[-1:]:
        if last.terms.same_file(terms):
            body = build_body(night.store, night.date, last.terms)
            if known_number(night.settings.state / "outbox", body):
                return last.terms, body
    return terms, build_body(night.store, night.date, terms)


def _deliver_as(night: Night, terms: Terms, body: Body, number: Number, key: Ed25519PrivateKey | None) -> Counts:
    said = Said(night, number.seq)
    said.state("planned")
    files = build_files(body, number, key)
    manifest = next(reversed(list(files)))
    issue(night.folder("records"), night.date, body, number, terms, files, json.loads(files[manifest]))
    _write(night, files)
    said.state("built", name=manifest)
    try:
        ack = send(load_agency(night.content), night.settings, files, said.progress)
    except DeliveryError:
        said.state("failed", name=manifest)
        raise
    said.state("read_back", name=manifest)
    if ack is not None:
        said.acknowledged(ack, manifest)
        write_atomic(night.folder("outbox") / f"{manifest.removesuffix('.manifest.json')}.ack.json", _ack_bytes(ack))
    _in_time(night, number.seq)
    return _counts(body, number.seq)


class Said:
    """Tells the journal and the store the states of one delivery."""

    def __init__(self, night: Night, seq: int) -> None:
        self.night, self.seq = night, seq

    def state(self, state: str, name: str = "", detail: str = "") -> None:
        """One state of the delivery."""
        at = self.night.clock.now().isoformat(timespec="seconds")
        self.night.journal.event("delivery", state=state, seq=self.seq, name=name, detail=detail)
        self.night.tell("delivery", {"state": state, "seq": self.seq})
        self.night.store.run(
            "INSERT INTO deliveries VALUES ($night, $seq, $state, $at, $name, $detail)",
            {"night": self.night.date, "seq": self.seq, "state": state, "at": at, "name": name, "detail": detail},
        )

    def progress(self, kind: str, **facts: Any) -> None:
        """What happens while sending: every file sent is a state; a failed attempt is an event."""
        if kind == "sent":
            self.state("sent", name=facts["name"], detail="already there" if facts["already"] else "")
        elif kind != "read_back":
            self.night.journal.event("delivery " + kind, seq=self.seq, **facts)

    def acknowledged(self, ack: dict[str, Any], manifest: str) -> None:
        """The agency's word: integrated, or refused with its reasons."""
        if ack.get("refused"):
            codes = ", ".join(str(item.get("code")) for item in ack.get("errors", []))
            self.state("refused", name=manifest, detail=codes)
            raise DeliveryError(f"the agency refused the file: {codes}", "surveillance verify on the manifest says why")
        self.state("acknowledged", name=manifest, detail=str(ack.get("step", "")))


def _write(night: Night, files: dict[str, bytes]) -> None:
    folder = make_folder(night.folder("outbox"))
    for name, data in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != data:
            write_atomic(path, data)


def _ack_bytes(ack: dict[str, Any]) -> bytes:
    return (json.dumps(ack, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _in_time(night: Night, seq: int) -> None:
    """Was this content proven at the agency, now or by an earlier run, before the deadline?"""
    deadline = night.at(night.timetable.deadline)
    first = night.store.value(
        "SELECT min(happened_at) FROM deliveries WHERE night = $night AND seq = $seq AND state = 'read_back'",
        {"night": night.date, "seq": seq},
    )
    if datetime.fromisoformat(first) > deadline:
        night.journal.event("deadline passed", deadline=deadline.isoformat())
        night.verdict = Exit.DEADLINE


def _counts(body: Body, seq: int) -> Counts:
    return {"seq": seq, **{f"rows_{table.kind.lower()}": table.rows for table in body.tables}}
