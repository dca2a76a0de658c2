"""The published copy as analysts' statements meet it: read-only, and locked against files, extensions and settings."""

from __future__ import annotations

from pathlib import Path

from surveillance.content import Content
from surveillance.store import Store, connect, must_be_published, opening, published_path


class Apart(Store):
    """The published copy, attached read-only to a database of its own in memory, under the name `surveillance`.

    What is set or locked here is set nowhere else in this process, and two readers of two nights never meet. Nothing
    goes to the disk: what does not fit in the memory given fails.
    """

    def __init__(self, state: Path, content: Content, memory: int, threads: int) -> None:
        self.path, self.content, self.load_memory = published_path(state), content, f"{memory}B"
        must_be_published(self.path)
        limits: dict[str, str | bool | int] = {"memory_limit": f"{memory}B", "threads": threads, "temp_directory": ""}
        self.connection = connect(Path(":memory:"), False, {**limits, "python_enable_replacements": False})
        self.connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        quoted = str(self.path).replace("'", "''")
        with opening(self.path):
            self.connection.execute(f"ATTACH '{quoted}' AS surveillance (READ_ONLY); USE surveillance")
        self._of_this_version()

    def lock(self) -> None:
        """From here on a statement touches no file, loads no extension and changes no setting, these neither."""
        self.connection.execute("SET enable_external_access = false; SET lock_configuration = true")
