"""The settings of one machine: where the state lies, where the keys lie, for whom it runs."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load

FILE = "schedules/settings.toml"
MACHINE_SITE = Path("/etc/surveillance")  # where the README sets a site up


class Settings(BaseModel):
    """The file `schedules/settings.toml`; a relative folder is relative to the state folder."""

    model_config = ConfigDict(extra="forbid")

    env: str = Field(pattern=r"^(TEST|PROD)$")
    lang: str = Field("fr", pattern=r"^(fr|en)$")
    state: Path
    keys: Path
    sign: bool = True
    rehearsal_hour: str = Field("", pattern=r"^(\d\d:\d\d)?$")

    def key(self, name: str) -> Path:
        """Where the key of that name lies (`pseudonym.key`, `manifest.key`, `sftp_5901`, `sftp_agency`)."""
        return self.keys / name

    def feed_key(self, association: str) -> Path:
        """The private key for an association: `sftp_CODE`, else the one key `sftp` for all."""
        own = self.keys / f"sftp_{association}"
        return own if own.is_file() else self.keys / "sftp"


def default_site(state: Path | None) -> Path | None:
    """The site when none is named: $SURVEILLANCE_SITE, else `site` in the state folder, else /etc/surveillance."""
    if named := os.environ.get("SURVEILLANCE_SITE"):
        return Path(named)
    if state and (state / "site").is_dir():
        return state / "site"
    return MACHINE_SITE if MACHINE_SITE.is_dir() else None


def load_settings(content: Content, state: Path | None = None) -> Settings:
    """Settings in force; `state` (the option, else $SURVEILLANCE_STATE) replaces the folder in the file."""
    settings = load(content, FILE, Settings).model_copy()  # the one read is kept, for other states too
    chosen = state or (Path(os.environ["SURVEILLANCE_STATE"]) if "SURVEILLANCE_STATE" in os.environ else settings.state)
    settings.state = chosen.expanduser().absolute()
    settings.keys = settings.state / settings.keys.expanduser()
    return settings
