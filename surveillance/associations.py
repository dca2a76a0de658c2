"""The associations: who sends, from where, in which dialect and thesaurus, and how much is usual."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from surveillance.content import Content, load
from surveillance.errors import ContentError, UsageError

FILE = "extracts/associations.toml"
CLOSURES = "extracts/closures.toml"


class Closure(BaseModel):
    """Visit days on which an association declared that it would send nothing (extracts/closures.toml)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    association: str
    first: date = Field(alias="from")
    last: date = Field(alias="until")
    reason: str
    who: str


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
        """The closure declared for the visit day of that night, if there is one."""
        day = night - timedelta(days=1)
        return next((item for item in self.closures if item.first <= day <= item.last), None)


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
    declared = load(content, CLOSURES, _Closures).closure
    unknown = [item.association for item in declared if item.association not in codes]
    if unknown:
        raise ContentError(CLOSURES, "closure.association", f"not in the registry: {', '.join(unknown)}")
    members = [
        item.model_copy(update={"closures": tuple(one for one in declared if one.association == item.code)})
        for item in found
    ]
    return tuple(sorted(members, key=lambda item: item.code))


def find_association(associations: tuple[Association, ...], code: str) -> Association:
    """The association of that code, or a usage error that says which are near."""
    for item in associations:
        if item.code == code:
            return item
    near = [f"{item.code} {item.name}" for item in associations if item.code[:2] == code[:2]][:5]
    raise UsageError(f"no association has the code {code!r}", f"perhaps: {'; '.join(near)}" if near else "")
