"""The header of a table: where each canonical field is, and in words what is not as agreed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher

from surveillance.dialects import MULTIPLE, Delimited, Dialect, fold
from surveillance.intake.readers.raw import ITEM, FileRefused, RawTable, joined

HEADER_WORD = re.compile(r"(?!.*\d{3})[^\W\d_][\w °'./()-]{0,39}")
SHOWN = 5  # unexpected columns named in a sentence
SEPARATORS = {";": ";", ",": ",", "\t": "tabulation", "|": "|"}  # and what they are called
NEAR = 0.75  # share of letters in common (difflib) from which a name looks like another one


def match_header(names: Sequence[str], dialect: Dialect, raw: RawTable) -> dict[str, list[int]]:
    """Where each canonical field is: positions of its columns in order, none for an optional one that is absent.

    FileRefused when a needed column is absent or one is there twice. Names are only repeated in a sentence when the
    line is surely a header.
    """
    folded = [fold(name) for name in names]
    wanted = wanted_names(dialect)
    known = {*wanted, *map(fold, dialect.ignored)}
    missing = missing_columns(folded, dialect)
    extra = [name for name, key in zip(names, folded, strict=True) if key not in known]
    if missing:
        raise FileRefused("header_changed", header_change(missing, extra, len(names)), raw.lines_in)
    columns = [wanted[key] for key in folded if key in wanted]
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise FileRefused("header_changed", f"colonne en double : {', '.join(twice)}", raw.lines_in)
    if extra:
        raw.notes.append(("extra_columns", f"{len(extra)} ({shown(extra)})"))
    absent = [column for column in dict.fromkeys(wanted.values()) if column not in columns]
    if absent:
        raw.notes.append(("columns_absent", ", ".join(absent)))
    return {name: places_of(spec.names, folded) for name, spec in dialect.fields.items()}


def wanted_names(dialect: Dialect) -> dict[str, str]:
    """Every name that a column may have, folded, and the column as agreed."""
    every = (names for spec in dialect.fields.values() for names in spec.names)
    return {fold(name): names[0] for names in every for name in names}


def missing_columns(folded: Sequence[str], dialect: Dialect) -> list[str]:
    """The needed columns of which no name is in the header."""
    present = set(folded)
    return [
        names[0]
        for spec in dialect.fields.values()
        for names in spec.names
        if names[0] in spec.needed and not present & set(map(fold, names))
    ]


def places_of(names: Iterable[tuple[str, ...]], folded: list[str]) -> list[int]:
    """The position of each column that is there."""
    found = (next((folded.index(fold(name)) for name in column if fold(name) in folded), -1) for column in names)
    return [place for place in found if place >= 0]


def combine(name: str) -> Callable[[Sequence[str | None]], str | None]:
    """How the columns of a field become one text: items of a list, or parts of one value."""
    return items if name in MULTIPLE else joined


def items(texts: Sequence[str | None]) -> str | None:
    """The items of a list, joined."""
    return ITEM.join(text or "" for text in texts)


def header_change(missing: list[str], extra: list[str], width: int) -> str:
    """`colonne attendue absente : Sexe ; colonne inattendue : Sex ; « Sexe » attendu, « Sex » trouvé ?`

    A first line that is data, or has the first visit behind it since its end was lost, is not repeated.
    """
    if len(extra) * 2 > max(width, 1):
        return "la première ligne n'est pas l'en-tête convenu"
    plural = "s" if len(missing) > 1 else ""
    text = f"colonne{plural} attendue{plural} absente{plural} : {', '.join(missing)}"
    plural = "s" if len(extra) > 1 else ""
    text += f" ; colonne{plural} inattendue{plural} : {shown(extra)}" if extra else ""
    pairs = near_names(missing, extra) if all_names(extra) else []
    return "".join([text, *(f" ; « {one} » attendu, « {other} » trouvé ?" for one, other in pairs)])


def other_separator(line: str, form: Delimited, dialect: Dialect) -> str:
    """`le séparateur n'est plus celui convenu : « ; » attendu, « , » trouvé`, when the agreed names stand in the line
    between other separators; "" otherwise."""
    wanted = wanted_names(dialect)
    if form.delimiter in line or len(wanted) < 2:
        return ""
    for other in SEPARATORS:
        found = {fold(name) for name in line.replace(form.quote, "").split(other)} & set(wanted)
        if len(found) * 2 > len(wanted):
            agreed = SEPARATORS.get(form.delimiter, form.delimiter)
            return f"le séparateur n'est plus celui convenu : « {agreed} » attendu, « {SEPARATORS[other]} » trouvé"
    return ""


def near_names(missing: list[str], extra: list[str]) -> list[tuple[str, str]]:
    """(agreed, found) where a found name looks like an agreed one that is absent; each name once."""
    free, pairs = [name.strip() for name in extra if is_name(name)], []
    for one in missing:
        best = max(free, key=lambda other: likeness(one, other), default="")
        if best and likeness(one, best) >= NEAR:
            free.remove(best)
            pairs.append((one, best))
    return pairs


def likeness(one: str, other: str) -> float:
    """Between 0 (nothing in common) and 1 (the same name, but for case and accents)."""
    return SequenceMatcher(None, fold(one), fold(other), autojunk=False).ratio()


def is_name(text: str) -> bool:
    """Does it look like the name of a column, and not like a value?"""
    return HEADER_WORD.fullmatch(text.strip()) is not None


def all_names(texts: Iterable[str]) -> bool:
    """Do all look like names of columns? One value among them, and the others may be values too: words are."""
    return all(is_name(text) for text in texts if text.strip())


def shown(names: list[str]) -> str:
    """Names that look like names of columns; only counted when one of them does not."""
    clean = [name.strip() for name in names if name.strip()][:SHOWN] if all_names(names) else []
    others = len(names) - len(clean)
    return ", ".join(clean + ([f"{others} de plus" if clean else f"{others} sans nom lisible"] if others else []))
