"""What a delivery says that does not come from the store: kept with its number, it can be made again as it was.

records/NIGHT/issued_NUMBER.json: the contract and its statements, versions and digests of the content, the tool, the
registry, what was said of the feeds, the checksums and the signature of what was sent. No visit is in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from surveillance import __version__
from surveillance.ages import load_acts
from surveillance.coding.syndromes import set_version
from surveillance.coding.thesauri import load_thesauri
from surveillance.content import DECISIONS, Content
from surveillance.delivery.package import Body, Contract, Number, load_contract
from surveillance.files import sha256_file, sha256_hex, write_atomic
from surveillance.reasons.coder import coder_version
from surveillance.visit_codes import coding_at

if TYPE_CHECKING:
    from surveillance.associations import Association
    from surveillance.store import Store

SHORT = 16  # characters of the digest of a content file


class Member(BaseModel):
    """What a delivery says of an association from the registry."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    department: str
    thesaurus: str


class Terms(BaseModel):
    """On what terms a delivery is made. `coding`: its number. `files`: content file → digest, to say what changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    contract: Contract
    statements: dict[str, str]
    acts: tuple[str, ...]
    coding: int
    issuer: dict[str, str]
    maps: dict[str, Any]
    content: str
    tool: str
    registry: dict[str, Member]
    files: dict[str, str] = {}

    def same_file(self, other: Terms) -> bool:
        """Do both ask for the same file: contract, statements, types of act, coding, issuer?"""
        mine, its = ((one.contract, one.statements, one.acts, one.coding, one.issuer) for one in (self, other))
        return mine == its


class Said(BaseModel):
    """What a delivery said of the feeds and of data events: judged by the rules, closures and names of that night."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    completeness: list[dict[str, Any]]
    data_events: list[dict[str, Any]]


class Issued(BaseModel):
    """A delivery that has a number. `files`: name → SHA-256 as sent; of a manifest without signature `sign` is None."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    night: date
    seq: int
    prev_seq: int | None
    supersedes: int | None
    created: str
    terms: Terms
    said: Said
    files: dict[str, str]
    public_key: str | None = None
    sign: str | None = None

    @property
    def number(self) -> Number:
        """Its number, and what was fixed with it."""
        return Number(self.seq, self.prev_seq, self.supersedes, self.created)

    @property
    def seal(self) -> dict[str, Any]:
        """The keys that signing adds to the manifest."""
        return {"public_key": self.public_key, "sign": self.sign} if self.sign else {"sign": None}


def terms_of(
    store: Store, content: Content, night: date, members: Sequence[Association], issuer: Mapping[str, str]
) -> Terms:
    """The terms in force; `issuer`: env, and the id of the pseudonym key."""
    contract = load_contract(content)
    return Terms(
        contract=contract,
        statements={item.statement: store.sql(item.statement) for item in contract.file},
        acts=load_acts(content).counted,
        coding=coding_at(store, night),
        issuer=dict(issuer),
        maps={
            "syndromes": set_version(content),
            "reasons": coder_version(content),
            "thesauri": {name: item.version for name, item in sorted(load_thesauri(content).items())},
        },
        content=content.decisions(),
        tool=__version__,
        registry={m.code: Member(name=m.name, department=m.department, thesaurus=m.thesaurus) for m in members},
        files=content_files(content),
    )


def content_files(content: Content) -> dict[str, str]:
    """The files of what makes a number, each with the beginning of its digest."""
    return {one.rel: sha256_file(one.path)[:SHORT] for one in content.files() if one.rel.startswith(DECISIONS)}


def issue(
    records: Path, night: date, body: Body, number: Number, terms: Terms, files: Mapping[str, bytes],
    manifest: Mapping[str, Any],
) -> None:  # fmt: skip
    """Keep a delivery's terms with its number, on disk before anything is sent."""
    made = Issued(
        night=night,
        **vars(number),
        terms=terms,
        said=Said(completeness=body.facts["completeness"], data_events=body.facts["data_events"]),
        files={name: sha256_hex(data) for name, data in files.items()},
        public_key=manifest.get("public_key"),
        sign=manifest.get("sign"),
    )
    path, data = records / f"issued_{number.seq:06d}.json", (made.model_dump_json(indent=1) + "\n").encode()
    if not path.is_file() or path.read_bytes() != data:
        write_atomic(path, data)


def issued_in(records: Path, env: str) -> list[Issued]:
    """The deliveries of a night (its folder of records) that were given a number, in their order."""
    found = [Issued.model_validate_json(path.read_bytes()) for path in sorted(records.glob("issued_*.json"))]
    return [one for one in found if one.terms.issuer["env"] == env]
