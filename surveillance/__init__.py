"""SOS surveillance: the engine of the nightly syndromic surveillance of SOS Médecins.

`surveillance.open(path)` reads the published copy of a state folder from Python (docs/analysts.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from surveillance.access.reader import Reader

__version__ = "0.1.0"


def open(path: Path | str, as_of: date | str | None = None, site: Path | str | None = None, **limits: Any) -> Reader:
    """The published copy of the state folder `path`, read-only, as known after the night `as_of` (none: the last one).

    `limits`: seconds=, memory="2GB". Every access is written to the log of the state folder before it is answered.
    """
    from surveillance.access.reader import open_reader  # here: `import surveillance` loads nothing heavy

    return open_reader(path, as_of, site, **limits)
