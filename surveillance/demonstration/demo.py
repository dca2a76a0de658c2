"""The demonstration: one night on one machine, with real servers on loopback and the very code that production runs.

Everything lies in the state folder: site/ (what a site would edit), keys/, simulated/ (feeds of every night), feeds/
(what stands on the associations' servers), agency/ (the drop box), servers/ (host keys and ports).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from surveillance.associations import FILE as REGISTRY
from surveillance.associations import Association, load_associations
from surveillance.clock import nights
from surveillance.content import Content
from surveillance.delivery.sending import FILE as AGENCY
from surveillance.demonstration.servers import FeedServer
from surveillance.files import make_folder, write_atomic
from surveillance.pseudonyms import demonstration_key
from surveillance.replay import replay
from surveillance.settings import FILE as SETTINGS
from surveillance.settings import Settings, load_settings
from surveillance.sftp.keys import fingerprint, key_from_seed, public_line, write_private
from surveillance.sftp.server import LOOPBACK, Account
from surveillance.simulation import Fault, default_trouble, parse_fault, simulate
from surveillance.simulation.earlier import csv_of, earlier_weeks
from surveillance.simulation.truth import read_truth
from surveillance.timetable import FILE as TIMETABLE

NIGHT = date(2024, 1, 16)  # Tuesday of week 3: influenza rises in every region, COVID-19 falls, the weekend is behind
WEEKS_BEFORE = 8
REHEARSAL_HOUR = "05:00"
YEARS_BEFORE = 4  # earlier seasons that the page can lay under the current one: three whole ones at least
LEFT_BEHIND = 2  # nights whose files still stand on the servers, as on a server that is cleaned once in a while
HISTORY = "indicators/history/simulated.csv"
Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Demo:
    """A demonstration in a state folder."""

    state: Path
    night: date = NIGHT
    seed: int = 1
    weeks: int = WEEKS_BEFORE

    @property
    def first(self) -> date:
        """The first night of the history."""
        return self.night - timedelta(weeks=self.weeks)

    @property
    def first_day(self) -> date:
        """The first visit day of the history."""
        return self.first - timedelta(days=1)

    @property
    def nights(self) -> int:
        """How many nights are simulated, the last included."""
        return (self.night - self.first).days + 1

    @property
    def simulated(self) -> Path:
        """Feeds of every night, as the simulator wrote them."""
        return self.state / "simulated"

    def content(self) -> Content:
        """The shipped content with the demonstration's site over it."""
        return Content(self.state / "site")

    def settings(self) -> Settings:
        """The settings of the demonstration's site."""
        return load_settings(self.content(), self.state)


def make_feeds(demo: Demo, advance: Advance) -> list[Fault]:
    """Simulate every night into `simulated`, with the usual trouble in the last one."""
    content = Content()
    faults = default_trouble(demo.night, demo.seed, load_associations(content))
    simulate(content, demo.first, demo.night, demo.simulated, demo.seed, faults=tuple(faults), progress=advance)
    return faults


def add_nights(demo: Demo, advance: Advance) -> bool:
    """Simulate the nights from the last one simulated to that of `demo`, without new trouble; True if there were any.

    A server that showed another host key still does: the truth says so for the new nights too.
    """
    truth = read_truth(demo.simulated)
    first = date.fromisoformat(truth.last) + timedelta(days=1)
    if demo.night < first:
        return False
    faults = [
        parse_fault(f"host_key:{code}@{night}") for code in faults_of(demo) for night in nights(first, demo.night)
    ]
    more = demo.state / "simulated.part"
    added = simulate(Content(), first, demo.night, more, demo.seed, faults=faults, progress=advance)
    for night in nights(first, demo.night):
        (more / night.isoformat()).rename(demo.simulated / night.isoformat())
    shutil.rmtree(more)
    truth.faults += added.faults
    truth.nights += added.nights
    truth.last = added.last
    truth.write(demo.simulated)
    return True


def faults_of(demo: Demo) -> list[str]:
    """The associations whose servers show another host key than the one pinned, by the truth of the simulation."""
    faults = read_truth(demo.simulated).faults
    return sorted({item["association"] for item in faults if item["fault"] == "host_key"})


def stand_servers(demo: Demo) -> FeedServer:
    """The servers of the 63 associations and of the agency, with the keys of the seed; earlier ports are kept."""
    members = load_associations(Content())
    wrong = set(faults_of(demo))
    ports = _earlier_ports(demo)
    accounts = [_account(demo, item, ports.get(item.code, 0), item.code in wrong) for item in members]
    drop = make_folder(demo.state / "agency" / "drop")
    key = key_from_seed(str(demo.seed), "agency host")
    accounts.append(
        Account(
            "agency",
            "sos-medecins",
            str(write_private(key, demo.state / "servers" / "agency")),
            public_line(key_from_seed(str(demo.seed), "client agency")),
            str(drop),
            "/drop",
            ports.get("agency", 0),
            True,
        )
    )
    contract = Content().path("reports/daily_file.toml")
    return FeedServer(accounts, {"drop": str(drop), "contract": str(contract)})


def _account(demo: Demo, item: Association, port: int, wrong: bool) -> Account:
    path = demo.state / "servers" / item.code
    if not path.is_file():
        role = f"host {item.code}" + (" after a change nobody announced" if wrong else "")
        write_private(key_from_seed(str(demo.seed), role), path)
    client = public_line(key_from_seed(str(demo.seed), f"client {item.code}"))
    feed = str(demo.state / "feeds" / item.code)
    return Account(item.code, item.user, str(path), client, feed, item.path, port, drop=item.receipts)


def _earlier_ports(demo: Demo) -> dict[str, int]:
    path = demo.state / "servers" / "ports.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_site(demo: Demo, ports: dict[str, int]) -> None:
    """Write the site folder and the private keys: what an operator would have edited by hand – and may have since."""
    shipped, site = Content(), demo.state / "site"
    if (site / REGISTRY).is_file() and ports == _earlier_ports(demo):
        return
    members = [_on_loopback(demo, item, ports[item.code]) for item in load_associations(shipped)]
    history = earlier_weeks(shipped, demo.first - timedelta(weeks=52 * YEARS_BEFORE), demo.first_day, demo.seed)
    write_atomic(demo.state / "servers" / "ports.json", json.dumps(ports, indent=1).encode())
    write_atomic(site / REGISTRY, registry_toml(members).encode())
    write_atomic(site / TIMETABLE, shipped.bytes("schedules/demo.toml"))
    write_atomic(site / SETTINGS, _settings_toml(demo).encode())
    write_atomic(site / HISTORY, csv_of(history).encode())
    write_atomic(site / AGENCY, _agency_toml(demo, ports["agency"]).encode())
    _write_keys(demo, members)


def _pin(demo: Demo, role: str) -> str:
    return fingerprint(public_line(key_from_seed(str(demo.seed), role)))


def _on_loopback(demo: Demo, item: Association, port: int) -> Association:
    """An association as its site entry says: the server of this machine, the key it has promised."""
    return item.model_copy(
        update={"host": LOOPBACK, "port": port, "host_key": _pin(demo, f"host {item.code}")},
    )


def _settings_toml(demo: Demo) -> str:
    return _toml(
        {
            "env": "TEST",
            "lang": "fr",
            "state": str(demo.state.absolute()),
            "keys": "keys",
            "sign": True,
            "rehearsal_hour": REHEARSAL_HOUR,
        }
    )


def _agency_toml(demo: Demo, port: int) -> str:
    return _toml(
        {
            "name": "Santé publique France (démonstration)",
            "host": LOOPBACK,
            "port": port,
            "user": "sos-medecins",
            "path": "/drop",
            "host_keys": [_pin(demo, "agency host")],
            "session_seconds": 30,
            "attempts": 2,
            "backoff_seconds": [0.5],
            "ack_seconds": 10,
        }
    )


def _write_keys(demo: Demo, members: Sequence[Association]) -> None:
    """The key of pseudonyms, and every private key that is not there yet."""
    keys = make_folder(demo.state / "keys")
    write_atomic(keys / "pseudonym.key", demonstration_key())
    roles = {"manifest.key": "manifest", "sftp_agency": "client agency"}
    roles |= {f"sftp_{item.code}": f"client {item.code}" for item in members}
    for name, role in roles.items():
        if not (keys / name).is_file():
            write_private(key_from_seed(str(demo.seed), role), keys / name)


def fill_history(demo: Demo, advance: Advance) -> None:
    """Put the nights before into the store, through the steps of the night, from the simulated feeds."""
    last = demo.night - timedelta(days=1)
    replay(demo.content(), demo.settings(), demo.first, last, demo.simulated, lambda: advance(0, 0))


def put_on_servers(demo: Demo) -> None:
    """Lay the files of tonight, and those of the nights just before, into the folders of the servers."""
    for back in range(LEFT_BEHIND, -1, -1):
        night = demo.simulated / (demo.night - timedelta(days=back)).isoformat()
        for item in load_associations(Content()):
            target = make_folder(demo.state / "feeds" / item.code)
            for file in sorted((night / item.code).glob("*")):
                shutil.copy2(file, target / file.name)


def registry_toml(members: Sequence[Association]) -> str:
    """A registry as TOML."""
    return "\n".join(
        "[[association]]\n" + _toml({k: v for k, v in item.model_dump().items() if v is not None}) for item in members
    )


def _toml(values: dict[str, object]) -> str:
    return "".join(f"{key} = {_toml_value(value)}\n" for key, value in values.items())


def _toml_value(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)
