"""The words and the limits of receipts (reports/receipt.toml), in French: it is the association that reads them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load
from surveillance.timetable import load_timetable

FILE = "reports/receipt.toml"


class ReceiptWords(BaseModel):
    """The file `reports/receipt.toml`; tables are by verdict, account, kind of dialect, or name of a count."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    who: str
    contact: str
    phone: str
    width: int = Field(ge=60, le=120)
    first_lines: int = Field(ge=1, le=100)
    listed_lines: int = Field(ge=100, le=10_000)
    days: int = Field(ge=1)
    listed_days: int = Field(ge=1, le=1000)
    title: str
    received: str
    association: str
    file: str
    size: str
    bytes: str
    sha256: str
    dialect: str
    night: str
    no_night: str
    verdict: str
    refused_lines: str
    repair: str
    accounts: str
    days_title: str
    no_days: str
    visits: str
    more_days: str
    refused_title: str
    kept_title: str
    notes_title: str
    column: str
    check: str
    times: str
    more_lines: str
    next_title: str
    call: str
    footer: str
    night_title: str
    night_only: str
    night_later: str
    released: str
    verdicts: dict[str, str]
    ledger: dict[str, str]
    lines: dict[str, str]
    next: dict[str, str]
    found: dict[str, str]
    cut_off: str = Field("", exclude=True)  # from the timetable: until when a file that comes again is still in time

    def to_call(self) -> str:
        """Whom to call, in one sentence."""
        return self.call.format(who=self.who, contact=" ".join(part for part in (self.contact, self.phone) if part))


def load_receipt_words(content: Content) -> ReceiptWords:
    """The words in force; ContentError names the file, the line and the key."""
    words = load(content, FILE, ReceiptWords)
    return words.model_copy(update={"cut_off": load_timetable(content).cut_off})
