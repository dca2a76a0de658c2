"""Is a syndrome gathered in neighbouring départements these days? The prospective space-time permutation scan.

Kulldorff et al. 2005 (PLoS Med 2:e59), on the visits of the last weeks by day and département of the patient.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from surveillance.content import Content
from surveillance.detection.judged import Array
from surveillance.detection.scan import scan
from surveillance.questions import Question, ask
from surveillance.store import Store

if TYPE_CHECKING:
    import pandas as pd

OUTLINES = "reports/map/departements.json"
MAINLAND, APART = "metropole", 1e6  # group of the map; how far the others are from everything
RADIUS = 250.0  # map units, about as many km
USUAL = 5.0  # acts a day from which a day without any is a feed that did not come
COLUMNS = ("since", "days", "visits", "expected", "ratio", "p", "departments")


@dataclass(frozen=True)
class Scanned:
    """visits: days × départements; silent: départements left out, whose feed lacked on a day looked at."""

    visits: Array
    departments: tuple[str, ...]
    silent: tuple[str, ...]
    last: date
    night: date


def read(store: Store, syndrome: str, as_of: date | None, history: int, days: int, basis: str) -> Scanned:
    """Visits of the last `history` days known of; the last `days` of them are those a cluster may hold."""
    night = min(as_of or date.max, store.value("SELECT max(night) FROM receptions") or date.min)
    if night == date.min:
        return Scanned(np.zeros((0, 0)), (), (), night, night)
    last, first = night - timedelta(days=1), night - timedelta(days=history)
    question = Question((syndrome,), ("day", "department"), since=first, until=last, as_of=as_of, basis=basis)
    table = ask(store, question).table[["day", "department", "visits", "visits_all"]].dropna()
    known = centres(store.content)
    names = sorted({str(code) for code in table["department"] if str(code) in known})
    found = np.zeros((2, history, len(names)))
    for day, code, *figures in table.itertuples(index=False):
        if str(code) in known:
            found[:, (date.fromisoformat(str(day)[:10]) - first).days, names.index(str(code))] += figures
    visits, acts = found
    here = (acts.mean(axis=0) < USUAL) | (acts[-days:] > 0).all(axis=0)
    kept = tuple(name for name, stays in zip(names, here, strict=True) if stays)
    gone = tuple(name for name, stays in zip(names, here, strict=True) if not stays)
    return Scanned(visits[:, here], kept, gone, last, night)


def table(found: Scanned, content: Content, days: int, replicates: int, seed: int, most: int) -> pd.DataFrame:
    """The likeliest clusters that last until the last day, the most improbable first: COLUMNS.

    visits, expected: of its days and départements; ratio: their quotient; p: Monte Carlo, against the largest excess
    anywhere under chance alone.
    """
    import pandas as pd

    place = centres(content)
    where = np.array([place[code] for code in found.departments]).reshape(-1, 2)
    clusters = scan(found.visits, where, days, radius=RADIUS, replicates=replicates, seed=seed, most=most)
    rows = [
        {
            "since": found.last - timedelta(days=one.days - 1),
            "days": one.days,
            "visits": round(one.cases),
            "expected": round(one.expected, 1),
            "ratio": round(one.ratio, 2),
            "p": one.pvalue,
            "departments": " ".join(sorted(found.departments[area] for area in one.areas)),
        }
        for one in clusters
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def centres(content: Content) -> dict[str, tuple[float, float]]:
    """Département → centre of the largest part of its outline, in map units; each one overseas far from all."""
    drawing = json.loads(content.text(OUTLINES))["departements"]
    found = {}
    for number, one in enumerate(drawing):
        x, y = _centre(one["d"])
        found[str(one["code"])] = (x, y) if one["group"] == MAINLAND else (APART * (number + 1), y)
    return found


def _centre(outline: str) -> tuple[float, float]:
    """Centre of area of the largest ring of a path of SVG."""
    best = (0.0, 0.0, 0.0)
    for ring in _rings(outline):
        x, y = np.array(ring).T
        cross = x * np.roll(y, -1) - np.roll(x, -1) * y
        area = float(cross.sum() / 2)
        if abs(area) > best[0]:
            middle = [float(((v + np.roll(v, -1)) * cross).sum() / (6 * area)) for v in (x, y)]
            best = (abs(area), middle[0], middle[1])
    return best[1], best[2]


def _rings(outline: str) -> list[list[tuple[float, float]]]:
    """Corners of each ring; of a curve its end."""
    rings: list[list[tuple[float, float]]] = []
    x = y = 0.0
    for command, text in re.findall(r"([A-Za-z])([^A-Za-z]*)", outline):
        numbers = [float(number) for number in re.findall(r"-?\d*\.?\d+", text)]
        if command in "zZ":
            x, y = rings[-1][0]
            continue
        size = {"h": 1, "v": 1, "c": 6, "s": 4}.get(command.lower(), 2)
        for at in range(0, len(numbers), size):
            end = numbers[at : at + size][-2:]
            from_x, from_y = (x, y) if command.islower() else (0.0, 0.0)
            if command in "hH":
                x = from_x + end[0]
            elif command in "vV":
                y = from_y + end[0]
            else:
                x, y = from_x + end[0], from_y + end[1]
            if command in "mM" and at == 0:
                rings.append([])
            rings[-1].append((x, y))
    return rings
