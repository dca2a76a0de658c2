"""A real browser for the tests of pages: what a page asks the network for, what it complains of, what it shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import PATIENCE

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--hide-scrollbars", "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
# Hosts the browser calls for itself, whatever the page (seen when it opens an empty one).
ITS_OWN = {"clients2.google.com", "update.googleapis.com", "accounts.google.com"}


@dataclass(frozen=True)
class Visit:
    """What came of opening a page: requests that are not for its own file, console lines, the document."""

    requests: tuple[str, ...]
    console: tuple[str, ...]
    dom: str


def browser() -> str:
    """The path of a Chromium; without one the test is skipped, and fails where CI is set."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no chromium on this machine")
        pytest.skip("no chromium on this machine")
    return found


def open_page(page: Path, folder: Path) -> Visit:
    """Open a file with an empty profile and a network log in `folder`."""
    log = folder / "net.json"
    done = _run(folder, f"--log-net-log={log}", "--dump-dom", page.as_uri())
    requests = sorted(url for url in asked_by_page(log) if urlsplit(url).hostname not in ITS_OWN)
    console = tuple(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return Visit(tuple(requests), console, done.stdout)


def asked_by_page(log: Path) -> set[str]:
    """The addresses in a network log but files and those that no document asked for: the longer a browser runs, the
    more it asks for itself."""
    asked: set[str] = set()
    own: set[str] = set()
    for event in log.read_text(encoding="utf-8").splitlines():
        itself = '"initiator":"not an origin"' in event and "file:" not in event
        (own if itself else asked).update(re.findall(r'"url":"([a-z]+:[^"]*)"', event))
    return {url for url in asked - own if not url.startswith("file:")}


def print_page(page: Path, folder: Path) -> bytes:
    """The page as a PDF."""
    target = folder / "page.pdf"
    _run(folder, f"--print-to-pdf={target}", "--no-pdf-header-footer", page.as_uri())
    return target.read_bytes()


def measure(page: Path, folder: Path, width: int) -> dict[str, int]:
    """Width of the window and of the document (a page that overflows is wider), by a probe in a copy."""
    probe = folder / f"probe-{width}.html"
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", text)
    script = "document.title = JSON.stringify({inner: innerWidth, scroll: document.documentElement.scrollWidth})"
    probe.write_text(text.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    done = _run(folder, f"--window-size={width},900", "--dump-dom", probe.as_uri())
    found = re.search(r"<title>(\{.*?\})</title>", done.stdout)
    assert found, done.stderr[-500:]
    sizes: dict[str, int] = json.loads(found[1])
    return sizes


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [browser(), *FLAGS, f"--user-data-dir={folder / 'profile'}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
