"""The rules of reports/disclosure.toml: thresholds for each kind of reader, and who is exempt by whose decision."""

from __future__ import annotations

import datetime

from pydantic import BaseModel, ConfigDict, Field, model_validator

from surveillance.content import Content, WrongKey, load
from surveillance.errors import ContentError, UsageError

FILE = "reports/disclosure.toml"


class Profile(BaseModel):
    """A kind of reader. `reads`: the profiles whose exports these readers may have, their own among them.

    late: is a small number of visits that came or went between two exports a small count itself? If not, what is hidden
    stays hidden from whoever has both, but a cell shown in both is not hidden because it grew by two.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    threshold: int = Field(ge=2, le=100)
    source: str = Field(min_length=1)
    reads: tuple[str, ...]
    late: bool = True


class Exemption(BaseModel):
    """One recipient who is given every count: decided by whom, when, on which legal ground, until when."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    recipient: str = Field(min_length=1)
    author: str = Field(min_length=1)
    date: datetime.date
    reference: str = Field(min_length=1)
    until: datetime.date | None = None


class Rules(BaseModel):
    """The file reports/disclosure.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    default: str
    profiles: dict[str, Profile]
    exempt: dict[str, Exemption] = {}

    @model_validator(mode="after")
    def consistent(self) -> Rules:
        """The default exists; every profile reads itself, and only profiles that exist."""
        if self.default not in self.profiles:
            raise WrongKey(f"no profile is called {self.default!r}", "default")
        for name, one in self.profiles.items():
            if name not in one.reads or set(one.reads) - set(self.profiles):
                raise WrongKey(f"must name {name} and only profiles that exist", "profiles", name, "reads")
        if both := set(self.exempt) & set(self.profiles):
            raise WrongKey("is the name of a profile too", "exempt", min(both))
        return self

    def readers(self, profile: str) -> list[str]:
        """The profiles whose readers see an export of this profile, the strictest first."""
        found = [name for name, one in self.profiles.items() if profile in one.reads]
        return sorted(found, key=lambda name: -self.profiles[name].threshold)

    def exemption(self, name: str, night: datetime.date) -> Exemption | None:
        """The exemption of that name, None where it is a profile; errors for a name unknown, an exemption ended."""
        if name in self.profiles:
            return None
        if name not in self.exempt:
            known = ", ".join([*self.profiles, *self.exempt])
            raise UsageError(f"no disclosure profile is called {name!r}", f"{FILE} has: {known}")
        found = self.exempt[name]
        if found.until is not None and night > found.until:
            raise ContentError(
                FILE, f"exempt.{name}.until", f"the exemption ended on {found.until}", "renew it by whom it takes"
            )
        return found


def load_rules(content: Content) -> Rules:
    """The rules in force; ContentError when the file is wrong, or an exemption has no reference."""
    return load(content, FILE, Rules)
