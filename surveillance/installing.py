"""Setting up a site: the folder a site edits, its private keys, and the units that start the night."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from surveillance.content import Content
from surveillance.files import make_folder, write_atomic
from surveillance.pseudonyms import new_key
from surveillance.settings import Settings
from surveillance.sftp.keys import public_line, write_private
from surveillance.timetable import load_timetable

TO_EDIT = ("schedules/settings.toml", "schedules/night.toml", "schedules/agency.toml", "extracts/associations.toml")
WATCH_MINUTES = 10  # before the deadline: time to act by hand


def begin_site(content: Content, settings: Settings, folder: Path) -> list[str]:
    """Copy what a site must edit, make the keys that are not there yet; gives what was done, line by line."""
    done = []
    for rel in TO_EDIT:
        target = folder / rel
        if not target.exists():
            write_atomic(target, content.bytes(rel))
            done.append(f"{target}: edit this")
    make_folder(settings.keys)
    if not settings.key("pseudonym.key").exists():
        write_atomic(settings.key("pseudonym.key"), new_key())
        done.append(
            f"{settings.key('pseudonym.key')}: new; keep a copy apart, without it no visit can be matched again"
        )
    for name, use in (
        ("manifest.key", "its public half goes to the agency"),
        ("sftp", "install its public half at every association"),
        ("sftp_agency", "its public half goes to the agency"),
    ):
        if not settings.key(name).exists():
            key = Ed25519PrivateKey.generate()
            write_private(key, settings.key(name))
            done.append(f"{settings.key(name)}: new; {use}:\n  {public_line(key)}")
    return [*done, f"then: surveillance check --site {folder}"]


def write_units(content: Content, settings: Settings, folder: Path) -> list[Path]:
    """Write the systemd units and the crontab, filled in for this machine, into `folder`."""
    values = _values(content, settings)
    written = []
    for file in [*content.files("schedules/systemd/"), *content.files("schedules/crontab")]:
        path = folder / Path(file.rel).name
        write_atomic(path, content.text(file.rel).format(**values).encode())
        path.chmod(0o644)
        written.append(path)
    return written


def _values(content: Content, settings: Settings) -> dict[str, str]:
    timetable = load_timetable(content)
    start = timetable.gather.start
    due = datetime.strptime(timetable.deadline, "%H:%M")  # noqa: DTZ007 - only an hour of the day
    watch = (due - timedelta(minutes=WATCH_MINUTES)).strftime("%H:%M")
    return {
        "command": shutil.which("surveillance") or f"{sys.executable} -m surveillance",
        "site": str((content.site or Path("/etc/surveillance")).absolute()),
        "state": str(settings.state),
        "timezone": timetable.timezone,
        "start": start,
        "watch": watch,
        "every": str(timetable.receipts.every_minutes),
        "cron_start": _cron(start),
        "cron_watch": _cron(watch),
    }


def _cron(hour: str) -> str:
    hours, minutes = hour.split(":")
    return f"{int(minutes)} {int(hours)}"
