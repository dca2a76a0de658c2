"""Files of many rows, mutated by cells, bytes, lines, columns and encodings; every value of a patient is a canary."""

from __future__ import annotations

import gzip
import json
import random
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.corpus import csv_fr, csv_iso, excel, hl7, jsonl, rs_eda, xml_rpu, xml_sos
from tests.corpus.cases import Shelf
from tests.sample_formats import ERROR

SHELVES = {
    module.S.dialect: module.S for module in (csv_fr, csv_iso, xml_sos, xml_rpu, jsonl, hl7, excel, rs_eda)
}  # fmt: skip
ODD = (
    "", " ", "NA", "?", "zq", "ZQ" * 40, "31/02/2024", "2024-02-30T25:00:00", "01/14/2024", "14/01/24", "16/01/2024",
    "-1", "121", "3,5", "1e400", "9" * 40, "=cmd|'/C zq'!A0", "&lt;zq&amp;", "zq‮حمى🤒", "zq;zq",
    "zq,zq", 'zq"zq', "zq\nzq", "zq\r\nzq", "zq\rzq", "zq\x1fzq", "zq|^~\\&", "M", "F", "1", "59000", "2A004",
    "99999", "13001", "J11.1", "R53.+1", "GRIPPE", "zq" * 6000, "%s{detail}zq", "\\u0000", "null", "é", "Ã©",
    "17/03/1957",
)  # fmt: skip
WRITABLE = tuple(text for text in ODD if not {"\x1f", "|"} & set(text))  # in XML, which holds neither \x1f nor a bare &
SHARP = ("zq\0zq", "<b>zq</b>", "zq&zq;", "</PATIENT>", "zq\x1azq")  # some refuse a whole file, so they are rare
VALUES: tuple[Any, ...] = (None, True, 0, -3, 10**30, 1.5, [], {}, ["zq"], {"zq": "zq"}, *ODD)
CELLS: tuple[Any, ...] = (None, True, 0, -3, 45305, 1.5, ERROR, *(text for text in ODD if text.isprintable()))
PIECES = (b"", b"\0", b"\n", b"\r", b"\r\n", b'"', b"<", b">", b"&", b"|", b"^", b"\xff", b"\xc3", b"{", b"}", b"]",
          b";", b",", b"MSH|", b"&x;", b"<!--", b"]]>", b"0" * 40, b"\x1e", b"\x81", b"\\")  # fmt: skip
FIELDS = {
    "csv-fr-cp1252": "id call_day call day hour postal city birth sex reason1 reason2 label code code2 outcome act",
    "csv-utf8-iso": "id call start end postal years months sex reason list text d1 d2 d3 outcome act",
    "xml-rpu-like": "DOSSIER CP COMMUNE NAISSANCE SEXE APPEL ENTREE MOTIF DP LISTE_DA MODE_SORTIE TYPE_ACTE",
    "xml-rpu-v2006": "CP COMMUNE NAISSANCE SEXE ENTREE MOTIF DP LISTE_DA SORTIE MODE_SORTIE ORIENT",
    "hl7-phin-adt": "event start id sex postal age unit reason code system outcome kind birth more",
    "excel-fr": "id call day hour postal city birth sex reason1 reason2 label code code2 outcome act",
}


@dataclass(frozen=True)
class Mutant:
    """A file, and how many of its rows were changed on purpose."""

    data: bytes
    rows: int


def mutant(dialect: str, seed: int, size: int = 100) -> Mutant:
    """The file of a seed."""
    dice, shelf = random.Random(f"{dialect} {seed}"), SHELVES[dialect]
    rate = dice.choice((0.1, 1.0, 1.0, 1.0))
    numbers = [dice.randrange(2_000) if dice.random() < 0.1 else 1_000 * (seed % 50) + n for n in range(size)]
    changed = [dice.random() < rate for _ in numbers]
    rows = [mutated(shelf, n, dice) if change else shelf.row(n) for n, change in zip(numbers, changed, strict=True)]
    data = written(shelf, rows)
    if dice.random() < 0.3:
        data = spoiled(data, dialect, dice)
    return Mutant(data, sum(changed))


def mutated(shelf: Shelf, n: int, dice: random.Random) -> Any:
    """A row with one to three values that nobody agreed."""
    if shelf.dialect in FIELDS:
        names = FIELDS[shelf.dialect].split()
        plain = CELLS if shelf.dialect == "excel-fr" else WRITABLE if shelf.dialect.startswith("xml") else ODD
        pool = SHARP if dice.random() < 0.002 else plain
        return shelf.row(n, **{dice.choice(names): dice.choice(pool) for _ in range(dice.choice((1, 1, 2, 3)))})
    record = json.loads(json.dumps(shelf.row(n)))
    for _ in range(dice.choice((1, 1, 2, 3))):
        replace_somewhere(record, dice)
    return record


def replace_somewhere(record: Any, dice: random.Random) -> None:
    """Another value at some place of a JSON object."""
    while True:
        keys = list(record) if isinstance(record, dict) else list(range(len(record)))
        if not keys:
            return
        key = dice.choice(keys)
        if isinstance(record[key], dict | list) and record[key] and dice.random() < 0.7:
            record = record[key]
            continue
        record[key] = deepcopy(dice.choice(VALUES))  # the next mutation may change it
        return


def written(shelf: Shelf, rows: list[Any]) -> bytes:
    """The file of these rows; letters that its encoding lacks are lost, as software loses them."""
    match shelf.dialect:
        case "csv-fr-cp1252":
            return csv_fr.text(rows).encode("cp1252", "replace")
        case "xml-rpu-like" | "xml-rpu-v2006":
            plain = [row.encode("iso-8859-15", "replace").decode("iso-8859-15") for row in rows]
            return shelf.file(plain)
        case _:
            return shelf.file(rows)


def spoiled(data: bytes, dialect: str, dice: random.Random) -> bytes:
    """One thing done to the file as a whole: bytes, lines, columns, encoding, its end, its container."""
    packed = dialect == "csv-utf8-iso" and dice.random() < 0.8
    body = gzip.decompress(data) if packed else data
    body = dice.choice((bytes_changed, lines_changed, header_changed, encoded_otherwise, cut, wrapped))(body, dice)
    return gzip.compress(body, 1, mtime=0) if packed else body


def bytes_changed(data: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.choice((1, 2, 8))):
        at = dice.randrange(len(data) + 1)
        data = data[:at] + dice.choice(PIECES) + data[at + dice.choice((0, 1, 1, 30)) :]
    return data


def lines_changed(data: bytes, dice: random.Random) -> bytes:
    end = b"\n" if b"\n" in data else b"\r"
    lines = data.split(end)
    for _ in range(dice.choice((1, 3, 9))):
        at = dice.randrange(len(lines))
        change = dice.randrange(4)
        if change == 0:
            lines.insert(at, dice.choice(lines))
        elif change == 1 and len(lines) > 1:
            lines.pop(at)
        elif change == 2 and at + 1 < len(lines):
            lines[at : at + 2] = [lines[at] + lines[at + 1]]
        else:
            lines.insert(at, dice.choice((b"", b"  ", b"TOTAL;99", b";;;", b"{}", b"BTS|9")))
    return end.join(lines)


def header_changed(data: bytes, dice: random.Random) -> bytes:
    """A word of the first line, or of all of it, written otherwise."""
    end = data.find(b"\n") % (len(data) + 1)
    at, size = dice.randrange(max(end, 1)), dice.choice((1, 1, 5, 30))
    return data[:at] + dice.choice((b"", b"x", b"Nom", b";", b",", b'"')) + data[at + size :]


def encoded_otherwise(data: bytes, dice: random.Random) -> bytes:
    text = data.decode("latin-1")
    kind = dice.choice(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-7", "mojibake", "cp500"))
    if kind == "mojibake":
        return text.encode("utf-8").decode("latin-1").encode("utf-8")
    return text.encode(kind, "replace")


def cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def wrapped(data: bytes, dice: random.Random) -> bytes:
    kind = dice.randrange(5)
    if kind == 0:
        return gzip.compress(data, 1, mtime=0)
    return (data + data, data + bytes(300), b"\xef\xbb\xbf" + data, b"\x0b" + data + b"\x1c\r")[kind - 1]
