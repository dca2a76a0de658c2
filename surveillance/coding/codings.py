"""The codings of a state folder: which definitions, thesauri and nomenclatures decided from which night on, all kept.

codings/codings.jsonl has one line per coding, numbered from 1; codings/DIGEST/ the files that decided. With them the
store can be built again as it was, whatever the definitions say today.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from surveillance.associations import load_associations
from surveillance.coding.case_definitions import Syndrome
from surveillance.coding.syndromes import (
    DECIDING,
    Coder,
    definition_files,
    load_syndromes,
    set_digest,
    set_version,
)
from surveillance.coding.thesauri import load_thesauri
from surveillance.content import Content, find_line, load
from surveillance.errors import ContentError
from surveillance.files import make_folder, sync_folder, write_atomic

FOLDER = "codings"
FILE = "codings.jsonl"
OWN, MEANINGS = "associations.json", "meanings.json"
SHORT = 16  # characters of a digest that name its folder


@dataclass(frozen=True)
class Coding:
    """One state of what decides, in force from a night on. `recoded_since`: the first visit day whose history was
    coded again with it (date.min: all of it); None when a night began it, which codes only what is new."""

    number: int
    digest: str
    version: str
    from_night: date
    recoded_since: date | None = None
    who: str = ""
    why: str = ""


class Codings:
    """The codings of a state folder, oldest first; the numbers and the nights only grow."""

    def __init__(self, state: Path) -> None:
        self.folder = state / FOLDER
        path = self.folder / FILE
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        self.all = [_coding(json.loads(line)) for line in lines if line.strip()]
        self._coders: dict[str, Coder] = {}

    @property
    def last(self) -> Coding | None:
        """The newest."""
        return self.all[-1] if self.all else None

    @property
    def adoptions(self) -> list[Coding]:
        """Those with which history was coded again, in order."""
        return [one for one in self.all if one.recoded_since is not None]

    def in_force(self, night: date) -> Coding:
        """The coding of what a night brings: the newest that had begun, else the first of all."""
        return next((one for one in reversed(self.all) if one.from_night <= night), self.all[0])

    def begin(self, content: Content, night: date, free_from: date) -> Coding | None:
        """Begin a coding with that night, and give it, if the content is another than the last; else None.

        Nights before `free_from` have been coded: they keep the coding that they had. The first of all always begins.
        """
        if self.last and (night < free_from or self.digest(content) == self.last.digest):
            return None
        problems = version_problems(content, self)
        if problems:
            raise problems[0]
        begun = self.draft(content, night)
        self.keep([begun])
        return begun

    def draft(
        self, content: Content, night: date, since: date | None = None, who: str = "", why: str = ""
    ) -> Coding:
        """The coding that would come next; the files that decide are kept, nothing is said of it yet."""
        last, digest = self.last, self.digest(content)
        self._copy(content, digest)
        begins = max(night, last.from_night) if last else night
        return Coding(last.number + 1 if last else 1, digest, set_version(content), begins, since, who, why)

    def keep(self, more: list[Coding]) -> None:
        """Add codings to the list on disk, at once or not at all."""
        self.all += more
        lines = (json.dumps(asdict(one), ensure_ascii=False, default=str) for one in self.all)
        write_atomic(self.folder / FILE, "".join(f"{line}\n" for line in lines).encode())

    def own(self, content: Content) -> dict[str, str]:
        """Association → its thesaurus, as the registry says; those that have left it keep the one they had."""
        earlier = self._read(self.last.digest, OWN) if self.last else {}
        return dict(sorted({**earlier, **{item.code: item.thesaurus for item in load_associations(content)}}.items()))

    def digest(self, content: Content) -> str:
        """One SHA-256 over everything that decides which visit counts for what."""
        return hashlib.sha256((set_digest(content) + json.dumps(self.own(content))).encode()).hexdigest()

    def kept(self, digest: str, name: str = "") -> Path:
        """The folder of the files that decided, or one of them."""
        return self.folder / digest[:SHORT] / name

    def coder(self, digest: str) -> Coder:
        """The coder made of the files that were kept; ContentError when they are lacking or no longer read."""
        if digest not in self._coders:
            own, content = self._read(digest, OWN), Content.only(self.kept(digest))
            self._coders[digest] = Coder(load_syndromes(content), load_thesauri(content), own)
        return self._coders[digest]

    def known(self) -> dict[str, dict[str, Any]]:
        """`ID VERSION` of every definition ever in force → its meaning."""
        found: dict[str, dict[str, Any]] = {}
        for digest in dict.fromkeys(one.digest for one in self.all):
            found |= self._read(digest, MEANINGS)
        return found

    def _read(self, digest: str, name: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.kept(digest, name).read_text("utf-8"))
        except FileNotFoundError as error:
            raise ContentError(
                str(self.kept(digest)), "", "the files of this coding are missing", "restore them from a backup"
            ) from error
        return found

    def _copy(self, content: Content, digest: str) -> None:
        """Keep the files that decide, whole or not at all."""
        folder = self.kept(digest)
        if folder.is_dir():
            return
        part = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        files = {file.rel: file.path.read_bytes() for prefix in DECIDING for file in content.files(prefix)}
        files[OWN] = json.dumps(self.own(content)).encode()
        meanings = {f"{one.id} {one.version}": meaning(one) for one in load_syndromes(content)}
        files[MEANINGS] = json.dumps(meanings, ensure_ascii=False).encode()
        for rel, data in files.items():
            write_atomic(part / rel, data, durable=False)
        for path in [part, *part.rglob("*")]:
            if path.is_dir():
                sync_folder(path)
        part.rename(folder)
        sync_folder(make_folder(self.folder))


def _coding(said: Mapping[str, Any]) -> Coding:
    since = said["recoded_since"]
    days = {"from_night": date.fromisoformat(said["from_night"])}
    return Coding(**{**said, **days, "recoded_since": date.fromisoformat(since) if since else None})


def meaning(one: Syndrome) -> dict[str, Any]:
    """What makes a visit count: codes, reasons, ages, position; in one order, without what is empty.

    Not labels, sources, examples; nor the days it is for, which a version that follows may end.
    """
    said = one.model_dump(include={"age_min_months", "age_max_months", "diagnoses", "reasons"}, mode="json")
    if said.get("diagnoses") and said["diagnoses"]["position"] == "any":
        del said["diagnoses"]["position"]
    found: dict[str, Any] = _tidy(said)
    return found


def _tidy(value: Any) -> Any:
    if isinstance(value, dict):
        found = {key: _tidy(item) for key, item in sorted(value.items())}
        return {key: item for key, item in found.items() if item not in (None, [], {})}
    return sorted(set(value)) if isinstance(value, list) else value


def version_problems(content: Content, codings: Codings) -> list[ContentError]:
    """Definitions that mean something else than under the same version before, or twice under one version."""
    known, problems = codings.known(), []
    for rel in definition_files(content):
        one = load(content, rel, Syndrome)
        name = f"{one.id} {one.version}"
        if one.enabled and known.setdefault(name, meaning(one)) != meaning(one):
            problems.append(
                ContentError(
                    rel,
                    "version",
                    f"version {one.version!r} of {one.id} is known with other codes, reasons, ages or position",
                    "give it a new version: a figure says which version of a definition made it",
                    find_line(content.text(rel), ["version"]),
                )
            )
    return problems
