"""Outlines: the SVG paths of the 101 départements, and where each stands in the one drawing of the report.

The paths come from the State design system's charts (npm `@gouvfr/dsfr-chart`, MIT) and are kept as they are; only
their boxes are computed here, so that the five overseas départements and Île-de-France (shown again, larger)
can be placed in the empty corners of the metropolitan map by a `transform`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

PATH = re.compile(r'class: "FR-(2[AB]|97[1-6]|\d\d)",(?:\s*style: [^\n]*,)?\s*d: "([^"]+)"')
TOKEN = re.compile(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)")
Slot = tuple[int, int, int, int]
PAIRS = {"m": 1, "l": 1, "c": 3, "s": 2, "q": 2, "t": 1}

VIEW_BOX = (-116, -6, 1132, 1046)
ILE_DE_FRANCE = ("75", "77", "78", "91", "92", "93", "94", "95")
INNER_SUBURBS = ("75", "92", "93", "94")
# Slots (x, y, width, height) in the empty corners around the metropolitan map (0..1010 both ways), chosen by eye.
SLOTS: dict[str, tuple[str, tuple[str, ...], Slot]] = {
    "idf": ("Île-de-France", ILE_DE_FRANCE, (-108, 4, 300, 188)),
    "petite-couronne": ("Paris et petite couronne", INNER_SUBURBS, (828, 4, 176, 150)),
    "971": ("Guadeloupe", ("971",), (-108, 918, 100, 94)),
    "972": ("Martinique", ("972",), (2, 918, 100, 94)),
    "973": ("Guyane", ("973",), (112, 918, 100, 94)),
    "974": ("La Réunion", ("974",), (222, 918, 100, 94)),
    "976": ("Mayotte", ("976",), (332, 918, 100, 94)),
}
LABEL_BELOW, MARGIN = 18, 6


@dataclass(frozen=True)
class Box:
    """Smallest upright rectangle around a shape."""

    x0: float
    y0: float
    x1: float
    y1: float

    def union(self, other: Box) -> Box:
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))


def read_paths(javascript: str) -> dict[str, str]:
    """Département code -> path data, for the first shape of each class `FR-xx` in the bundle of the maps."""
    found: dict[str, str] = {}
    for code, path in PATH.findall(javascript):
        found.setdefault(code, path)
    return found


def points(path: str) -> Iterable[tuple[float, float]]:
    """End points of a path's segments, in absolute coordinates (enough for a box: the paths are short steps)."""
    tokens = TOKEN.findall(path)
    x = y = start_x = start_y = 0.0
    command, at = "m", 0
    while at < len(tokens):
        if tokens[at].isalpha():
            command, at = tokens[at], at + 1
        kind, relative = command.lower(), command.islower()
        base_x, base_y = (x, y) if relative else (0.0, 0.0)
        if kind == "z":
            x, y = start_x, start_y
            continue
        if kind == "h":
            x, at = base_x + float(tokens[at]), at + 1
        elif kind == "v":
            y, at = base_y + float(tokens[at]), at + 1
        else:
            at += 2 * PAIRS[kind]
            x, y = base_x + float(tokens[at - 2]), base_y + float(tokens[at - 1])
        if kind == "m":
            start_x, start_y = x, y
            command = "l" if relative else "L"
        yield x, y


def box_of(path: str) -> Box:
    """Box of one path."""
    xs, ys = zip(*points(path), strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))


def placed(box: Box, slot: Slot) -> tuple[float, str]:
    """Scale and SVG transform that centre `box` in `slot`."""
    x, y, width, height = slot
    room_x, room_y = width - 2 * MARGIN, height - 2 * MARGIN
    scale = round(min(room_x / (box.x1 - box.x0), room_y / (box.y1 - box.y0)), 3)
    shift_x = round(x + width / 2 - scale * (box.x0 + box.x1) / 2, 1)
    shift_y = round(y + height / 2 - scale * (box.y0 + box.y1) / 2, 1)
    return scale, f"translate({shift_x:g} {shift_y:g}) scale({scale:g})"


def inset(name: str, paths: dict[str, str]) -> dict[str, object]:
    """One group of the drawing that stands in a frame of its own, its label centred below."""
    label, codes, slot = SLOTS[name]
    box = reduce(Box.union, (box_of(paths[code]) for code in codes))
    scale, transform = placed(box, slot)
    x, y, width, height = slot
    return {
        "id": name,
        "label": label,
        "label_at": [x + width // 2, y + height + LABEL_BELOW],
        "frame": list(slot),
        "transform": transform,
        "scale": scale,
        "codes": list(codes),
    }


def layout(paths: dict[str, str]) -> list[dict[str, object]]:
    """Groups of the drawing, the metropolitan map first: id, label, label_at, frame, transform, scale, codes.

    A template draws, for each group, `<g transform=…>` holding the path of each of its codes; a line width meant on
    screen is to be divided by `scale` (or drawn with `vector-effect: non-scaling-stroke`).
    """
    mainland = sorted(code for code in paths if not code.startswith("97"))
    metropole: dict[str, object] = {
        "id": "metropole",
        "label": "",
        "label_at": None,
        "frame": None,
        "transform": "translate(0 0)",
        "scale": 1,
        "codes": mainland,
    }
    return [metropole, *(inset(name, paths) for name in SLOTS)]
