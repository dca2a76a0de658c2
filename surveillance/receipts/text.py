"""A receipt as text: French, 78 columns, UTF-8, bounded whatever the file was; and its JSON twin, for a machine."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from surveillance.clock import PARIS
from surveillance.receipts.receipt import HELD, Group, NightFound, Receipt, Remark
from surveillance.receipts.words import ReceiptWords

JOIN = "\u00a0"  # a line never begins with a colon, nor ends with an opening quote
LABEL = 20


def body_text(receipt: Receipt, words: ReceiptWords) -> str:
    """The verdict and its reasons: the same bytes from `surveillance check` and from the night."""
    parts = [
        _identity(receipt, words),
        _verdict(receipt, words),
        _accounts(receipt, words),
        _days(receipt, words),
        _groups(words.refused_title, receipt.refused, receipt, words),
        _groups(words.kept_title, receipt.kept, receipt, words),
        _notes(receipt, words),
        _next(receipt, words),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def receipt_text(receipt: Receipt, words: ReceiptWords, received: datetime, found: NightFound | None = None) -> str:
    """The receipt put into the association's folder: the body, when it came, what only the night can find."""
    at = received.astimezone(PARIS).strftime("%d/%m/%Y à %H:%M (heure de Paris)")
    head = [words.title, "=" * len(words.title), *_labelled(words.received, at, words)]
    if found and found.held:  # the one verdict that counts is the night's: nothing of this file leaves yet
        receipt = replace(receipt, verdict="set_aside", cause=Remark(HELD, found.held, ""))
    parts = ["\n".join(head), body_text(receipt, words).rstrip("\n"), "\n".join(_night(found, words))]
    return "\n\n".join(parts) + "\n"


def _identity(receipt: Receipt, words: ReceiptWords) -> list[str]:
    number = f"{receipt.size:,}".replace(",", " ")
    rows = (
        (words.association, f"{receipt.association} {receipt.name}"),
        (words.file, receipt.file),
        (words.size, words.bytes.format(number=number)),
        (words.sha256, f"sha256 {receipt.sha256[:16]}"),
        (words.dialect, receipt.dialect),
        (words.night, receipt.night.strftime("%d/%m/%Y") if receipt.night else words.no_night),
    )
    return [line for label, value in rows for line in _labelled(label, value, words)]


def _labelled(label: str, value: str, words: ReceiptWords) -> list[str]:
    return _wrap(value, words, f"{label:<{LABEL}}", " " * LABEL)


def _verdict(receipt: Receipt, words: ReceiptWords) -> list[str]:
    said = words.verdicts[receipt.verdict]
    if receipt.verdict == "accepted" and receipt.ledger["refused"]:
        said += ", " + words.refused_lines.format(count=receipt.ledger["refused"])
    lines = _wrap(f"{words.verdict} : {said}", words)
    return lines + (_remark(receipt.cause, words) if receipt.cause else [])


def _remark(remark: Remark, words: ReceiptWords) -> list[str]:
    return _wrap(remark.sentence, words, "  ", "  ") + _repair(remark.repair, words)


def _repair(text: str, words: ReceiptWords) -> list[str]:
    return _wrap(f"{words.repair} : {text}", words, "  → ", "    ") if text else []


def _accounts(receipt: Receipt, words: ReceiptWords) -> list[str]:
    first, *others = words.ledger
    lines = [words.accounts, f"    {words.ledger[first]:<24}{receipt.ledger[first]:>12}"]
    for sign, name in zip(["=", *"+" * len(others)], others, strict=False):
        lines.append(f"  {sign} {words.ledger[name]:<24}{receipt.ledger[name]:>12}")
    return lines


def _days(receipt: Receipt, words: ReceiptWords) -> list[str]:
    if not receipt.days:
        return [words.days_title, f"    {words.no_days}"]
    told = receipt.days[: words.days]
    lines = [f"    {day:%d/%m/%Y}  {words.visits.format(count=count)}" for day, count in told]
    if len(told) < receipt.day_count:
        others = receipt.ledger["accepted"] - sum(count for _, count in told)
        lines.append("    " + words.more_days.format(count=receipt.day_count - len(told), visits=others))
    return [words.days_title, *lines]


def _groups(title: str, groups: Sequence[Group], receipt: Receipt, words: ReceiptWords) -> list[str]:
    if not groups:
        return []
    called = words.lines.get(receipt.kind, words.lines["other"])
    lines = [title]
    for group in groups:
        column = ", " + words.column.format(column=group.column) if group.column else ""
        lines += _wrap(f"{group.sentence} – {words.times.format(count=group.count)}{column}", words, "- ", "  ")
        lines += _repair(group.repair, words)
        lines += _wrap(f"{called} : {_numbers(group, words)}", words, "  ", "  ")
        lines += _wrap(f"{words.check} : {group.check}", words, "  ", "  ")
    return lines


def _numbers(group: Group, words: ReceiptWords) -> str:
    told = group.lines[: words.first_lines]
    more = group.count - len(told)
    return ", ".join(map(str, told)) + (" " + words.more_lines.format(count=more) if more else "")


def _notes(receipt: Receipt, words: ReceiptWords) -> list[str]:
    if not receipt.notes:
        return []
    lines = [words.notes_title]
    for note in receipt.notes:
        first, *others = _remark(note, words)
        lines += ["- " + first.strip(), *others]
    return lines


def _next(receipt: Receipt, words: ReceiptWords) -> list[str]:
    key = "accepted_but" if receipt.verdict == "accepted" and not receipt.clean else receipt.verdict
    said = (words.next[key].format(cut_off=words.cut_off), words.to_call(), words.footer)
    return [words.next_title, *(line for text in said for line in _wrap(text, words, "  ", "  "))]


def _night(found: NightFound | None, words: ReceiptWords) -> list[str]:
    lines = [words.night_title]
    if found is None:
        return lines + _wrap(words.night_later, words, "  ", "  ")
    if found.held:
        lines += _wrap(f"{words.verdicts['set_aside']} : {found.held}", words, "- ", "  ")
    if found.released:
        lines += _wrap(words.released, words, "- ", "  ")
    for name, sentence in words.found.items():
        if found.counts.get(name):
            lines += _wrap(sentence.format(count=found.counts[name]), words, "- ", "  ")
    for sentence in found.unusual:
        lines += _wrap(sentence, words, "- ", "  ")
    return lines + _wrap(words.night_only, words, "  ", "  ")


def _wrap(text: str, words: ReceiptWords, first: str = "", then: str = "") -> list[str]:
    kept = re.sub(r" ([:;?!»%])", JOIN + r"\1", text).replace("« ", "«" + JOIN)
    return textwrap.wrap(
        kept, words.width, initial_indent=first, subsequent_indent=then, break_on_hyphens=False
    ) or [first.rstrip()]  # fmt: skip


def body_json(receipt: Receipt) -> dict[str, Any]:
    """The body for a machine: the fields of Receipt, with up to `listed_lines` numbers of lines in all."""
    return asdict(receipt) | {
        "night": receipt.night.isoformat() if receipt.night else None,
        "days": {day.isoformat(): count for day, count in receipt.days},
    }


def receipt_json(receipt: Receipt, received: datetime, found: NightFound | None = None) -> bytes:
    """The twin of `receipt_text`: {"received_at" (UTC), "body", "night_found" (of NightFound) or null}."""
    whole = {
        "received_at": received.isoformat(timespec="seconds"),
        "body": body_json(receipt),
        "night_found": asdict(found) if found else None,
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()
