"""The case definitions that a page shows: those by which its night was coded, whatever the content says since."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from surveillance.coding.codings import Codings
from surveillance.coding.syndromes import Syndrome, load_syndromes, set_version
from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.visit_codes import coding_at

if TYPE_CHECKING:
    from surveillance.night import Night


def content_then(night: Night) -> Content:
    """The files that decided in the night, as they were kept; the content in force where none can be read."""
    codings, number = Codings(night.settings.state), coding_at(night.store, night.date)
    for one in codings.all:
        if one.number == number:
            kept = Content.only(codings.kept(one.digest))
            with suppress(ContentError):  # lacking, or written for another version of this tool
                return kept if load_syndromes(kept) and set_version(kept) else night.content
    return night.content


def definitions_then(night: Night) -> list[Syndrome]:
    """The case definitions in force on the visit day, as they were written that night."""
    day = night.visit_day
    return [s for s in load_syndromes(content_then(night)) if s.since <= day and (s.until is None or day <= s.until)]


def version_then(night: Night) -> str:
    """The version of the set of definitions of that night."""
    return set_version(content_then(night))
