"""Answers given out: to stdout, or to a file that is there whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from surveillance.cli.common import Desk, people_table, write_table

if TYPE_CHECKING:
    import pandas as pd

PLAN = ["explain_key", "explain_value"]  # what the library answers to EXPLAIN

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write the answer to this file, whole or not at all.", metavar="FILE"),
]


def can_be(output: Path | None) -> None:
    """UsageError for a file that cannot be, before anything is asked."""
    from surveillance.errors import UsageError

    if output and not output.absolute().parent.is_dir():
        raise UsageError(f"--output {output}: there is no such folder")


def give(answer: IO[bytes], output: Path | None) -> None:
    """The bytes of an answer to stdout, or to a file: whole or not at all, for this user only."""
    from surveillance.files import replace_atomic

    if output is None:
        sys.stdout.flush()
        shutil.copyfileobj(answer, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    temporary = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as out:
            shutil.copyfileobj(answer, out)
        replace_atomic(temporary, output)
    finally:
        temporary.unlink(missing_ok=True)


def show_table(desk: Desk, answer: IO[bytes], output: Path | None) -> None:
    """An answer in Arrow as a table for people."""
    import pyarrow as pa

    from surveillance.access.answers import with_lists_joined

    with pa.ipc.open_stream(answer) as stream:
        rows = stream.read_all()
    if rows.column_names == PLAN:
        plan = "\n".join(map(str, rows.column(1).to_pylist()))
        give(BytesIO(plan.encode()), output)
        return
    frame = with_lists_joined(rows)
    if output is None:
        write_table(frame, "table", desk)
        return
    give(BytesIO("".join(f"{line}\n" for line in people_table(frame)).encode()), output)


def give_frame(desk: Desk, frame: pd.DataFrame, form: str, output: Path | None) -> None:
    """A frame to stdout as a table or in a form for machines, or to a file."""
    if output is None:
        write_table(frame, form, desk)
        return
    import pyarrow as pa

    from surveillance.access.answers import write_answer
    from surveillance.access.session import Batches

    out = BytesIO()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    write_answer(Batches(table.schema, iter(table.to_batches())), form, out, None)
    out.seek(0)
    show_table(desk, out, output) if form == "table" else give(out, output)
