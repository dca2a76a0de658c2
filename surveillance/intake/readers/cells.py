"""What a cell of a workbook says, as text: what its type says, no more and no less."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

DATES = frozenset({"call_date", "start_date", "birth_date"})
MOMENTS = frozenset({"call_at", "start_at", "end_at"})


def cell_text(cell: object, field: str, pad: int = 0) -> str:
    """A cell as the text of a canonical field.

    A date is ISO (with its hour for a moment, without for a date whose hour is midnight), an hour HH:MM:SS, a whole
    number has no decimals, text stays as it is, leading zeros included. A number that stands for a text lost its own:
    it gains them back up to `pad` digits, where the dialect says so, and never otherwise.
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return moment_text(cell, field)
    if isinstance(cell, date):
        return f"{cell.isoformat()}T00:00:00" if field in MOMENTS else cell.isoformat()
    if isinstance(cell, time):
        return cell.strftime("%H:%M:%S")
    if isinstance(cell, timedelta):
        return duration_text(cell)
    return number_text(cell, pad) if isinstance(cell, int | float) else ""


def moment_text(moment: datetime, field: str) -> str:
    """`2024-01-14T22:05:00`, to the nearest second: a serial number of days has no exact seconds."""
    whole = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
    return whole.date().isoformat() if field in DATES and whole.time() == time() else whole.isoformat()


def duration_text(lasted: timedelta) -> str:
    """Hours as a spreadsheet counts them: `22:05:00`; above a day, what no form of hours reads."""
    seconds = round(lasted.total_seconds())
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}" if seconds >= 0 else f"{seconds} s"


def number_text(number: float, pad: int) -> str:
    """`12`, `38.7`; nothing that is not a number."""
    if isinstance(number, float) and not number.is_integer():
        return repr(number)
    return f"{int(number):0{pad}d}" if number >= 0 else str(int(number))
