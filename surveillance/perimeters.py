"""Which associations a list of territories means; a code that is both a département and a région is never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from surveillance.associations import Association
from surveillance.errors import UsageError

KINDS = {"assoc": "association", "dep": "département", "reg": "région"}


def associations_in(territories: Iterable[str], members: Sequence[Association]) -> tuple[str, ...]:
    """Codes of the associations of some territories, each `44`, or `assoc:`, `dep:` or `reg:` and a code.

    UsageError where nobody is there, and where a bare code is two territories: 44 is Loire-Atlantique and Grand Est.
    """
    found: set[str] = set()
    for text in territories:
        found |= set(_inside(text, members))
    return tuple(sorted(found))


def _inside(text: str, members: Sequence[Association]) -> tuple[str, ...]:
    kind, _, code = text.rpartition(":")
    if kind and kind not in KINDS:
        raise UsageError(f"{text!r} is not a territory", f"write {', '.join(f'{name}:CODE' for name in KINDS)}")
    by_kind = {
        "assoc": tuple(item.code for item in members if item.code == code),
        "dep": tuple(item.code for item in members if item.department == code),
        "reg": tuple(item.code for item in members if item.region == code),
    }
    held = {name: codes for name, codes in by_kind.items() if codes and name in (kind or name)}
    if not held:
        raise UsageError(f"no association is in {text!r}", "codes are INSEE codes as text, e.g. dep:2A, reg:11, 5901")
    if len(set(held.values())) > 1:
        both = " and ".join(f"a {KINDS[name]}" for name in held)
        raise UsageError(f"{code} is {both}", f"write {' or '.join(f'{name}:{code}' for name in held)}")
    return next(iter(held.values()))
