"""Evaluations of methods as text: for a terminal, for programs, for docs/evaluation.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from surveillance.evaluation.contenders import PUBLISHED, Contender
from surveillance.evaluation.running import Evaluation, Trial

Results = Sequence[tuple[Contender, Evaluation]]
MAIN_K = 5.0  # of which a short table shows what needs a k
PARTS = (
    ("method", "fpr_clean", "fpr", "fpr_worst", "tested", "microseconds"),
    ("method", "k", "pod", "pod_first", "delay", "timeliness"),
    ("method", "k", "sensitivity", "specificity", "ppv", "npv", "f1"),
)
SHORT = {"microseconds": "µs"}


def rows(results: Results) -> list[dict[str, Any]]:
    """One a method and k: `fpr` and the like do not depend on k, the rest does."""
    return [
        {
            "method": contender.name, "k": k, "fpr_clean": found.fpr_clean, "fpr": found.fpr,
            "fpr_worst": found.fpr_worst, **asdict(measured), "tested": found.tested,
            "microseconds": 1e6 * found.seconds,
        }
        for contender, found in results
        for k, measured in found.by_k.items()
    ]  # fmt: skip


def as_tables(results: Results) -> list[list[dict[str, str]]]:
    """The same as people read it, in tables of 80 columns: false alarms, outbreaks found, weeks told rightly."""
    told = [{name: _cell(name, value) for name, value in row.items()} for row in rows(results)]
    tables = [[{SHORT.get(name, name): row[name] for name in part} for row in told] for part in PARTS]
    return [[row for place, row in enumerate(table) if row not in table[:place]] for table in tables]


def as_csv(results: Results, trial: Trial) -> str:
    """A line a method and k; empty: nothing to divide by."""
    lines = [
        [_quoted(value) if name == "method" else _plain(value) for name, value in row.items()] for row in rows(results)
    ]
    return "\n".join(",".join(line) for line in [list(rows(results)[0]), *lines])


def as_json(results: Results, trial: Trial) -> str:
    """The trial, the settings of each method and the rows; null: nothing to divide by."""
    plain = [
        {name: None if isinstance(value, float) and not isfinite(value) else value for name, value in row.items()}
        for row in rows(results)
    ]
    settings = {contender.name: {"method": contender.method, **contender.settings} for contender, _ in results}
    return json.dumps({"trial": asdict(trial), "settings": settings, "rows": plain}, ensure_ascii=False, indent=1)


def as_markdown(results: Results, trial: Trial) -> str:
    """A line a method, and below it what R says, where it does."""
    main = MAIN_K if MAIN_K in trial.ks else trial.ks[0]
    pods = [f"POD k={k:g}" for k in trial.ks]
    last = [f"{name} k={main:g}" for name in ("POD week 1", "sens", "spec", "PPV", "NPV", "F1", "delay", "timeliness")]
    head = ["method", "FPR clean", "FPR", "worst", *pods, *last, "µs"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for contender, found in results:
        lines.append(_line(contender.name, _figures(found, trial, main)))
        if contender.published:
            told = dict(zip(PUBLISHED, contender.published, strict=True))
            lines.append(_line("*R*", [told.get(name) for name in _names(trial, main)]))
    return "\n".join(lines)


def _names(trial: Trial, main: float) -> list[str]:
    of_main = [f"{name}_{main:g}" for name in ("first", "sens", "spec", "ppv", "npv", "f1", "delay", "time")]
    return ["fpr_clean", "fpr", "worst", *(f"pod_{k:g}" for k in trial.ks), *of_main, "microseconds"]


def _figures(found: Evaluation, trial: Trial, main: float) -> list[float]:
    one = found.by_k[main]
    return [
        found.fpr_clean, found.fpr, found.fpr_worst, *(found.by_k[k].pod for k in trial.ks), one.pod_first,
        one.sensitivity, one.specificity, one.ppv, one.npv, one.f1, one.delay, one.timeliness, 1e6 * found.seconds,
    ]  # fmt: skip


def _line(name: str, figures: Sequence[float | None]) -> str:
    """False positive rates with four places, times with two, the rest with three."""
    places = [4, 4, 4, *[3] * (len(figures) - 4), 2]
    cells = ["" if value is None else f"{value:.{at}f}" for at, value in zip(places, figures, strict=True)]
    return f"| {' | '.join([name, *cells])} |"


def _cell(name: str, value: Any) -> str:
    if name == "method":
        return str(value)
    if value != value:
        return "–"
    places = 4 if name.startswith("fpr") else 2 if name in ("delay", "microseconds") else 3
    return f"{value:g}" if name == "k" else f"{value:.{places}f}"


def _plain(value: float) -> str:
    return f"{value:.6g}" if isfinite(value) else ""


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text


FORMS: Mapping[str, Callable[[Results, Trial], str]] = {"csv": as_csv, "json": as_json, "markdown": as_markdown}
