"""An answer as the bytes of a file: csv, json, parquet, xlsx. Facts go with it, and no cell is ever a formula."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from surveillance.cli.common import Desk
from surveillance.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

Facts = Mapping[str, str]  # those of an answer
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes a text that begins so for a formula
ROWS = 1_048_575  # that a sheet holds below its header
CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - the same answer gives the same bytes


def as_csv(frame: pd.DataFrame, _: Facts, __: Desk) -> bytes:
    """One line per row, empty where nothing is known; the facts are on stderr."""
    texts = {name: frame[name].map(_harmless) for name in frame.columns if frame[name].dtype.kind not in "iufb"}
    return frame.assign(**texts).to_csv(index=False, lineterminator="\n", float_format="%.12g").encode()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_json(frame: pd.DataFrame, facts: Facts, _: Desk) -> bytes:
    """An object: `facts`, and `rows` with one object per row."""
    rows = frame.to_json(orient="records", force_ascii=False, date_format="iso", indent=1)
    return f'{{"facts": {json.dumps(facts, ensure_ascii=False)},\n"rows": {rows}}}\n'.encode()


def as_parquet(frame: pd.DataFrame, facts: Facts, _: Desk) -> bytes:
    """The rows; the facts as JSON in the metadata of the file, under `surveillance.facts`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    said = {b"surveillance.facts": json.dumps(facts, ensure_ascii=False).encode()}
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **said}), out, compression="zstd")
    return out.getvalue()


def as_xlsx(frame: pd.DataFrame, facts: Facts, desk: Desk) -> bytes:
    """A workbook of two sheets: the rows, and the facts. Codes stay texts: 01 does not become 1, nor 5-14 a date."""
    import xlsxwriter

    if len(frame) > ROWS:
        raise UsageError(f"{len(frame)} rows do not fit a sheet ({ROWS})", "csv or parquet, or a narrower question")
    out = io.BytesIO()
    never = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    with xlsxwriter.Workbook(out, {"constant_memory": True, **never}) as book:
        book.set_properties({"created": CREATED})
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet(desk.say("sheet_rows"))
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(frame.columns) - 1, 14)
        _write_row(sheet, 0, frame.columns, bold)
        for number, row in enumerate(frame.itertuples(index=False), start=1):
            _write_row(sheet, number, row)
        about = book.add_worksheet(desk.say("sheet_facts"))
        about.set_column(0, 1, 50)
        for number, (name, fact) in enumerate(facts.items()):
            _write_row(about, number, (desk.say(f"fact_{name}"), fact))
    return out.getvalue()


def _write_row(sheet: Any, number: int, values: Any, style: Any = None) -> None:
    import pandas as pd

    for place, value in enumerate(values):
        if isinstance(value, str):
            sheet.write_string(number, place, value, style)
        elif isinstance(value, bool):
            sheet.write_boolean(number, place, value, style)
        elif not pd.isna(value):
            sheet.write_number(number, place, value, style)


FORMS: Mapping[str, Callable[[Any, Facts, Desk], bytes]] = {
    "csv": as_csv,
    "json": as_json,
    "parquet": as_parquet,
    "xlsx": as_xlsx,
}
