"""A file tried against a dialect: what was understood of each field, counted; names of columns, no value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from surveillance.dialects import Dialect, fold
from surveillance.intake.readers.header import NEAR, is_name, likeness, wanted_names
from surveillance.intake.reading import FileResult
from surveillance.intake.refusals import COLUMN

FILLED = {  # column of the record -> the canonical fields it comes from, and what stands there for "not known"
    "hour": (("start_at", "start_time"), None),
    "dep_res": (("postal_code", "insee_code"), None),
    "age_y": (("birth_date", "age", "age_years", "age_months"), None),
    "sex": (("sex",), "NR"),
    "act_type": (("act_type",), "AUTRE"),
    "outcome": (("outcome",), "NR"),
    "diagnoses": (("diagnoses",), ()),
    "reason_codes": (("reason_codes",), ()),
    "reason_concepts": (("reason_texts",), ()),
}


class Match(NamedTuple):
    """A line of the header's comparison: `=` as agreed, `~` looks like it, `−` agreed and absent, `+` nobody agreed."""

    sign: str
    agreed: str
    found: str


def compare_header(found: Sequence[str], dialect: Dialect) -> list[Match]:
    """The agreed columns beside those found; a found name that does not look like a name is counted, not shown."""
    wanted, names = wanted_names(dialect), {fold(name): name.strip() for name in found}
    known = {*wanted, *map(fold, dialect.ignored)}
    free = [name for key, name in names.items() if key not in known]
    header = len(free) * 2 <= max(len(found), 1)  # else the first line may be a visit: nothing of it is shown
    lines: list[Match] = []
    for agreed in dict.fromkeys(wanted.values()):
        here = next((names[key] for key, column in wanted.items() if column == agreed and key in names), "")
        near = max(
            (name for name in free if is_name(name) and header), key=lambda name: likeness(agreed, name), default=""
        )
        if not here and near and likeness(agreed, near) >= NEAR:
            free.remove(near)
            lines.append(Match("~", agreed, near))
        else:
            lines.append(Match("=" if here else "−", agreed, here))
    shown = [name for name in free if is_name(name) and header]
    others = len(free) - len(shown)
    return lines + [Match("+", "", name) for name in shown] + ([Match("+", "", f"({others})")] if others else [])


def filled(visits: pa.Table, dialect: Dialect) -> list[tuple[str, float, int]]:
    """(column of the record, share of the visits where it is known, lines with a flag about it), of declared fields."""
    flags = Counter(COLUMN.get(check, "") for checks in visits["dq"].to_pylist() for check in set(checks))
    found = []
    for column, (fields, unknown) in FILLED.items():
        if not set(fields) & set(dialect.fields) or not visits.num_rows:
            continue
        values = visits[column]
        if unknown == ():
            known = pc.greater(pc.list_value_length(values), 0)
        else:
            known = pc.is_valid(values) if unknown is None else pc.not_equal(values, unknown)
        about = {name for name in flags if name in fields or (name == "age" and column == "age_y")}
        found.append((column, float(pc.mean(known).as_py()), sum(flags[name] for name in about)))
    return found


def refused_lines(result: FileResult, shown: int = 5) -> list[tuple[str, str, int, str]]:
    """(check, its sentence, how many lines, the first of them) of the lines that were refused."""
    lines: dict[tuple[str, str], list[int]] = {}
    for row in result.refusals.to_pylist():
        if row["line_no"]:
            lines.setdefault((row["check"], row["sentence_fr"]), []).append(row["line_no"])
    return [
        (check, sentence, len(found), ", ".join(map(str, found[:shown])) + (" …" if len(found) > shown else ""))
        for (check, sentence), found in sorted(lines.items())
    ]
