"""The servers of a demonstration, in a process of their own: 63 feeds and the agency.

The process (`python -m surveillance.demonstration.servers`, configuration on standard input) says on standard output
when it is ready, and ends when standard input is closed: also when the process that started it dies.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from surveillance.demonstration.agency import watch
from surveillance.errors import SettingsError
from surveillance.sftp.server import Account, Listeners

READY_SECONDS = 60.0
END_SECONDS = 30.0


@dataclass
class FeedServer:
    """The servers of a demonstration, in another process; `ports` is filled once they are ready."""

    accounts: Sequence[Account]
    agency: dict[str, str] = field(default_factory=dict)  # {"drop": folder, "contract": file or ""}
    ports: dict[str, int] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None

    def __enter__(self) -> FeedServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and wait until every port listens."""
        command = [sys.executable, "-m", "surveillance.demonstration.servers"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(self._configuration()) + "\n")
        self._process.stdin.flush()
        alarm = threading.Timer(READY_SECONDS, self._process.kill)
        alarm.start()
        answer = self._process.stdout.readline()
        alarm.cancel()
        if not answer:
            self.stop()
            raise SettingsError("the SFTP servers of the demonstration did not start")
        self.ports = json.loads(answer)["ports"]

    def _configuration(self) -> dict[str, Any]:
        return {"accounts": [asdict(account) for account in self.accounts], "agency": self.agency}

    def stop(self) -> None:
        """End the process; harmless when it has ended."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> None:
    """Serve the configuration given on standard input until that input is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command that started us: it closes our input
    configuration = json.loads(sys.stdin.readline())
    listeners = Listeners([Account(**item) for item in configuration["accounts"]])
    ended = threading.Event()
    if configuration["agency"]:
        given = configuration["agency"]
        contract = Path(given["contract"]) if given.get("contract") else None
        threading.Thread(target=watch, args=(Path(given["drop"]), ended.is_set, contract), daemon=True).start()
    sys.stdout.write(json.dumps({"ready": True, "ports": listeners.ports}) + "\n")
    sys.stdout.flush()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    listeners.run(ended.is_set)
    listeners.close()


if __name__ == "__main__":
    main()
