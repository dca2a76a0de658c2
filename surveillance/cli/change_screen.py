"""The screen of `explain change`: what a count was, what led from it, what it is; and the same as a table."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from surveillance.age_words import Say
from surveillance.changes import MEASURES, Change, Key
from surveillance.cli.terminal import WIDTH, cut, wrapped
from surveillance.coding.rules import DIAGNOSIS

if TYPE_CHECKING:
    import pandas as pd

WIDTHS = (8, 8, 8, 10, 10)  # came in, went out, net; coded acts, all acts
LABEL = WIDTH - sum(WIDTHS)


def change_table(found: Change, share: bool) -> pd.DataFrame:
    """One row for what was known before, one for each part, one for what is known after.

    Columns: part (`before`, `after` or the cause), detail; visits, visits_in, visits_out (acts counted), and the
    same of coded acts (by reason: visits_reason) and of all. With `share`: the share at the two ends, and what each
    part does to it as numerator and as denominator (they add up to the difference).
    """
    import pandas as pd

    rows = [_end(found, "before"), *(_row(found, key) for key in found.parts()), _end(found, "after")]
    if share:
        below = "coded" if found.cell.basis == DIAGNOSIS else "reason"
        effects = found.effects("coded") or {}
        for row in rows:
            up, down = effects.get((str(row["part"]), str(row["detail"])), (None, None))
            end = found.share("coded", str(row["part"])) if row["part"] in ("before", "after") else None
            row |= {f"share_{below}": _float(end)}
            row |= {"share_by_numerator": _float(up), "share_by_denominator": _float(down)}
    return pd.DataFrame(rows)


def _row(found: Change, key: Key) -> dict[str, object]:
    row: dict[str, object] = {"part": key[0], "detail": key[1]}
    for measure in MEASURES:
        came, went = found.moved(measure)[key]
        row |= dict(zip(_columns(found, measure), (came - went, came, went), strict=True))
    return row


def _end(found: Change, side: str) -> dict[str, object]:
    held = found.before if side == "before" else found.after
    row: dict[str, object] = {"part": side, "detail": ""}
    for measure in MEASURES:
        row |= dict(zip(_columns(found, measure), (held[measure], None, None), strict=True))
    return row


def _columns(found: Change, measure: str) -> tuple[str, str, str]:
    """Named as in an answer to a question."""
    coded = "visits_coded" if found.cell.basis == DIAGNOSIS else "visits_reason"
    name = {"visits": "visits", "coded": coded, "all": "visits_all"}[measure]
    return name, f"{name}_in", f"{name}_out"


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


class ChangeScreen:
    """A change in the reader's language."""

    def __init__(self, say: Say, found: Change) -> None:
        self.say, self.found = say, found

    def lines(self, share: bool) -> list[str]:
        """The cell; its count after the first night, the parts, its count after the second; what the share does."""
        found = self.found
        heads = [self.say(f"moved_head_{name}") for name in ("in", "out", "net", f"coded_{found.cell.basis}", "all")]
        lines = [*wrapped("", self._cell()), "", _line("", heads)]
        lines.append(self._end("before", 0))
        lines += [line for key in found.parts() for line in self._part(key)]
        lines += [] if found.parts() else wrapped("  ", self.say("moved_nothing"))
        lines.append(self._end("after", 1))
        if found.codings[0] != found.codings[1]:
            lines += ["", *wrapped("", self.say("moved_codings", first=found.codings[0], last=found.codings[1]))]
        return [*lines, *(["", *self._share()] if share else [])]

    def _cell(self) -> str:
        cell = self.found.cell
        filters = [*cell.territories, *(self.say("moved_age", age=age) for age in cell.ages)]
        filters += [*(self.say("moved_sex", sex=sex) for sex in cell.sexes), *cell.acts]
        days = self.say("moved_day" if cell.first == cell.last else "moved_days", first=cell.first, last=cell.last)
        where = "; ".join(filters) or self.say("moved_everything")
        return self.say(f"moved_cell_{cell.basis}", syndrome=cell.syndrome, days=days, where=where)

    def _end(self, side: str, number: int) -> str:
        held = self.found.before if side == "before" else self.found.after
        told = self.say("moved_known", night=self.found.nights[number])
        return _line(told, ["", "", *(str(held[measure]) for measure in MEASURES)])

    def _part(self, key: Key) -> Iterator[str]:
        came, went = self.found.moved("visits")[key]
        others = [self.found.moved(measure)[key] for measure in MEASURES[1:]]
        net = [f"{up - down:+d}" if up or down else "·" for up, down in others]
        cells = [f"+{came}" if came else "·", f"-{went}" if went else "·", f"{came - went:+d}" if came or went else "·"]
        first, *more = wrapped("  ", self._name(key))
        if len(first) < LABEL and not more:
            yield _line(first, [*cells, *net])
        else:
            yield from (
                first,
                *more[:-1],
                *([_line(more[-1], [*cells, *net])] if more else [_line("", [*cells, *net])]),
            )

    def _name(self, key: Key) -> str:
        part, detail = key
        told = self.say(f"moved_part_{part}")
        return told + (self.say("moved_colon") + ", ".join(map(self._detail, detail.split("+"))) if detail else "")

    def _detail(self, name: str) -> str:
        return self.say(f"moved_detail_{name}")

    def _share(self) -> list[str]:
        """The two shares, and what each part does to it: as numerator, at the denominator before; as denominator."""
        before, after = (self.found.share("coded", side) for side in ("before", "after"))
        effects = self.found.effects("coded")
        if before is None or after is None or effects is None:
            return wrapped("", self.say("moved_no_share"))
        told = {"before": _percent(before), "after": _percent(after), "difference": _percent(after - before, "+")}
        lines = wrapped("", self.say(f"moved_share_{self.found.cell.basis}", **told))
        lines.append(_line("", ["", "", "", self.say("moved_head_up"), self.say("moved_head_down")]))
        for key, sides in effects.items():
            lines.append(
                _line(cut(f"  {self._name(key)}", LABEL + 23), ["", "", "", *(_percent(one, "+") for one in sides)])
            )
        sums = [_percent(sum((pair[side] for pair in effects.values()), Fraction(0)), "+") for side in (0, 1)]
        lines.append(_line(f"  {self.say('moved_sum')}", ["", "", "", *sums]))
        return [*lines, *wrapped("  ", self.say("moved_formula"))]


def _line(label: str, cells: list[str]) -> str:
    """A label and five cells set to the right, in 80 columns; a long label takes the room of empty cells."""
    text = "".join(cell.rjust(width) for cell, width in zip(cells, WIDTHS, strict=True))
    return (label + text[max(0, len(label) - LABEL) :] if len(label) > LABEL else label.ljust(LABEL) + text).rstrip()


def _percent(value: Fraction, sign: str = "") -> str:
    """In per cent or points, three places."""
    return f"{100 * float(value):{sign}.3f}"
