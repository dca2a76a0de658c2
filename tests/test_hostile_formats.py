"""Any bytes in any dialect: a result or a verdict, accounts that add up, and no value of a visit in what is said."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import sample_files as files
from tests import sample_formats as formats
from tests.reading_tools import NAMES, result_of, said

SECRETS = ("ZZSECRETZZ", "EXEMPLE INVENTE")
ROUNDS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def secret(dialect: str) -> bytes:
    """A sound file whose texts, numbers and dates would be recognised in a sentence."""
    word = SECRETS[0]
    match dialect:
        case "csv-fr-cp1252":
            return files.d1([files.d1_line(n, id=f"{word}{n}", reason1=word, code=word) for n in range(6)])
        case "xml-rpu-like":
            return files.d3([files.d3_patient(n, DOSSIER=f"{word}{n}", MOTIF=word, DP=word) for n in range(6)])
        case "jsonl-fixed":
            return files.d4([files.d4_object(n, id=f"{word}{n}", outcome=word) for n in range(6)])
        case "hl7-phin-adt":
            return formats.hl7([formats.hl7_message(n, id=f"{word}{n}", reason=word, code=word) for n in range(6)])
        case "excel-fr":
            return formats.xlsx([formats.excel_row(n, id=f"{word}{n}", reason1=word, code=word) for n in range(6)])
        case "json-rs-eda":
            return formats.documents([formats.case_of(n, medicalNote=[{"freetext": word}]) for n in range(6)])
        case "xml-rpu-v2006":
            return formats.rpu([formats.rpu_patient(n, MOTIF=word, DP=word) for n in range(6)])
        case _:
            return files.d2([files.d2_line(n, id=f"{word}{n}", text=word, d1=word) for n in range(6)])


def check(dialect: str, data: bytes) -> None:
    """What holds for any bytes."""
    result = result_of(dialect, data)
    assert not [word for word in SECRETS if word in said(result)]


@pytest.mark.parametrize("dialect", NAMES)
@given(data=st.binary(max_size=400))
@ROUNDS
def test_random_bytes(dialect: str, data: bytes) -> None:
    check(dialect, data)


@pytest.mark.parametrize("dialect", NAMES)
@given(
    edits=st.lists(st.tuples(st.floats(0, 1), st.sampled_from([b"", b"\0", b"\r\n", b'"', b"<", b"|", b"^", b"\xff",
        b"{", b"]", b";;", b"MSH|", b"&x;", b"0" * 40])), min_size=1, max_size=6),
    keep=st.floats(0, 1),
    cut=st.booleans(),
)  # fmt: skip
@ROUNDS
def test_files_with_bytes_changed_added_and_lost(
    dialect: str, edits: list[tuple[float, bytes]], keep: float, cut: bool
) -> None:
    data = secret(dialect)
    for place, piece in edits:
        at = int(place * len(data))
        data = data[:at] + piece + data[at + (len(piece) == 0) :]
    check(dialect, data[: int(keep * len(data))] if cut else data)


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("other", NAMES)
def test_a_file_in_the_dialect_of_another(dialect: str, other: str) -> None:
    if dialect != other:
        result = result_of(dialect, secret(other))
        assert result.ledger["accepted"] == 0
        assert SECRETS[0] not in said(result)
