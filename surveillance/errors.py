"""What can go wrong, for whom, and the exit code each cause has (the README lists the same table)."""

from __future__ import annotations

import errno
import os
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    COMPLETE = 0
    CHECK_FOUND = 1
    USAGE = 2
    PARTIAL = 3
    CONTENT = 10
    SETTINGS = 11
    FEEDS = 12
    AUDIT = 13
    DELIVERY = 14
    DEADLINE = 15
    BUSY = 16
    BUG = 70


EXIT_MEANING: dict[Exit, str] = {
    Exit.COMPLETE: "complete",
    Exit.CHECK_FOUND: "a check found something",
    Exit.USAGE: "usage",
    Exit.PARTIAL: "delivered, but something was not done or is missing",
    Exit.CONTENT: "content (a file of the four content folders is wrong)",
    Exit.SETTINGS: "settings",
    Exit.FEEDS: "too few feeds",
    Exit.AUDIT: "audit (the night does not add up)",
    Exit.DELIVERY: "delivery",
    Exit.DEADLINE: "past the deadline",
    Exit.BUSY: "another night is running",
    Exit.BUG: "a bug, with its traceback",
}


class SurveillanceError(Exception):
    """An error for a person who can act on it: one sentence, perhaps a hint, and an exit code."""

    exit_code: Exit = Exit.BUG

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(SurveillanceError):
    """The command was asked for something it cannot mean."""

    exit_code = Exit.USAGE


class ContentError(SurveillanceError):
    """A content file is wrong: says which file, which key, which line where it is known.

    `others`: what else is wrong with the same file, when it was read as a whole; the hint tells the first of them.
    """

    exit_code = Exit.CONTENT
    others: tuple[ContentError, ...] = ()

    def __init__(self, file: str, key: str, message: str, hint: str = "", line: int | None = None) -> None:
        where = file if line is None else f"{file}:{line}"
        super().__init__(f"{where}: {key}: {message}" if key else f"{where}: {message}", hint)
        self.file, self.key, self.line, self.message = file, key, line, message

    def each(self) -> list[ContentError]:
        """This one and the others, each on its own."""
        if not self.others:
            return [self]
        return [ContentError(self.file, self.key, self.message, line=self.line), *self.others]


class SettingsError(SurveillanceError):
    """The settings of this machine are wrong or incomplete."""

    exit_code = Exit.SETTINGS


class FeedsError(SurveillanceError):
    """Too few associations were received for the night to mean anything."""

    exit_code = Exit.FEEDS


class AuditError(SurveillanceError):
    """The night does not add up: a line or a visit is unaccounted for."""

    exit_code = Exit.AUDIT


class DeliveryError(SurveillanceError):
    """The daily file could not be proven to be at the agency."""

    exit_code = Exit.DELIVERY


class NumberTaken(DeliveryError):
    """The agency holds other bytes under this number: nothing was overwritten, another number is needed."""


class BusyError(SurveillanceError):
    """Another night holds the lock of this state folder."""

    exit_code = Exit.BUSY


# What the machine refuses, and its administrator can grant: no bug of ours.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
RIGHTS = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def as_machine_error(error: BaseException) -> SettingsError | None:
    """A full disk or a missing right as an error for a person; None for anything else."""
    if not isinstance(error, OSError) or error.errno not in FULL | RIGHTS:
        return None
    hint = "the user who runs this must own the state folder and read the site folder"
    if error.errno in FULL:
        hint = "make room there (df -h, du -sh, ulimit -f), then run the same again: nothing is lost"
    return SettingsError(f"{error.filename or 'the disk'}: {os.strerror(error.errno)}", hint)


def as_known(error: BaseException) -> SurveillanceError | None:
    """The error as one that a person can be told, if it is one."""
    return error if isinstance(error, SurveillanceError) else as_machine_error(error)


def said(error: BaseException) -> str:
    """What a journal may hold of an error: its sentence when it is ours, else only its kind."""
    known = as_known(error)
    return str(known) if known else type(error).__name__
