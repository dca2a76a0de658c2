"""The associations: who sends, from where, in which dialect and thesaurus, and how much is usual."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from surveillance.content import Content, find_line, load
from surveillance.errors import ContentError, UsageError

FILE = "extracts/associations.toml"
CLOSURES = "extracts/closures.toml"


class Closure(BaseModel):
    """Visit days declared to be unlike the others (extracts/closures.toml), for one association, a place, or all.

    closure, holiday, move: nothing comes, nobody is asked. strike: what comes is taken, little or nothing is no outage.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    association: str = ""
    region: str = ""
    department: str = ""
    kind: Literal["closure", "strike", "holiday", "move"] = "closure"
    first: date = Field(alias="from")
    last: date = Field(alias="until")
    reason: str = Field(min_length=1)
    who: str = Field(min_length=1)

    @model_validator(mode="after")
    def sound(self) -> Closure:
        """Days in order, and exactly one scope."""
        if self.last < self.first:
            raise ValueError("until is before from")
        if sum(map(bool, (self.association, self.region, self.department))) != 1:
            raise ValueError("exactly one of association, region, department")
        return self

    def touches(self, member: Association) -> bool:
        """Does it hold for that association?"""
        if self.association:
            return self.association in ("*", member.code)
        return self.region == member.region if self.region else self.department == member.department


class _Closures(BaseModel):
    model_config = ConfigDict(extra="forbid")
    closure: list[Closure] = []


class Association(BaseModel):
    """One sender. `usual_volume` is in visits a day; an empty `host_key` means that none is pinned yet.

    `receipts`: the folder below `path` in which it wants a receipt of every file; empty: it wants none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=r"^(\d\d|2[AB]|97\d)\d\d$")
    name: str
    city: str
    department: str
    region: str
    timezone: str = "Europe/Paris"
    dialect: str
    thesaurus: str
    host: str
    port: int = Field(22, ge=1, le=65535)
    user: str
    path: str = "/"
    receipts: str = Field("", pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*)?$")
    host_key: str = Field(
        "",
        pattern=r"^(|(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|rsa-sha2-512|ssh-rsa) SHA256:[A-Za-z0-9+/]{43})$",
    )
    contact: str = ""
    phone: str = ""
    usual_volume: float = Field(gt=0)
    since: date
    until: date | None = None
    verified: bool
    note: str = ""
    closures: tuple[Closure, ...] = Field((), exclude=True)

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        """A zone of the IANA database."""
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}") from error
        return value

    def open_on(self, night: date) -> bool:
        """Is a file expected in that night: a member, and no closure declared for the day before?"""
        member = self.since <= night and (self.until is None or night <= self.until)
        return member and self.closure_on(night) is None

    def closure_on(self, night: date) -> Closure | None:
        """The closure declared for the visit day of that night; not a strike: some work all the same."""
        day = night - timedelta(days=1)
        return next((one for one in self.closures if one.kind != "strike" and one.first <= day <= one.last), None)

    def declared_on(self, day: date) -> Closure | None:
        """What was declared for a visit day, a strike too."""
        return next((one for one in self.closures if one.first <= day <= one.last), None)


class Registry(BaseModel):
    """The file `extracts/associations.toml`."""

    model_config = ConfigDict(extra="forbid")
    association: list[Association]


def load_associations(content: Content) -> tuple[Association, ...]:
    """Every association in force, in order of code; a code given twice is a content error."""
    found = load(content, FILE, Registry).association
    codes = [item.code for item in found]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ContentError(FILE, "association.code", f"given twice: {', '.join(twice)}")
    declared = load_closures(content, found)
    members = [
        item.model_copy(update={"closures": tuple(one for one in declared if one.touches(item))}) for item in found
    ]
    return tuple(sorted(members, key=lambda item: item.code))


def load_closures(content: Content, members: Sequence[Association]) -> list[Closure]:
    """The declared days; ContentError when one names an association or a place that has none."""
    declared = load(content, CLOSURES, _Closures).closure
    known = {
        "association": {"*", *(item.code for item in members)},
        "region": {item.region for item in members},
        "department": {item.department for item in members},
    }
    for number, item in enumerate(declared):
        for key, values in known.items():
            if (given := getattr(item, key)) and given not in values:
                line = find_line(content.text(CLOSURES), ["closure", str(number), key])
                raise ContentError(CLOSURES, f"closure.{key}", f"not in the registry: {given}", line=line)
    return declared


def find_association(associations: tuple[Association, ...], code: str) -> Association:
    """The association of that code, or a usage error that says which are near."""
    for item in associations:
        if item.code == code:
            return item
    near = [f"{item.code} {item.name}" for item in associations if item.code[:2] == code[:2]][:5]
    raise UsageError(f"no association has the code {code!r}", f"perhaps: {'; '.join(near)}" if near else "")
