"""Writes the draft of a dialect as TOML, every open question in a comment; it holds no value of a patient."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable

from surveillance.dialect_parts import fold
from surveillance.errors import UsageError
from surveillance.guessing.forms import proven_forms, two_digit_years
from surveillance.guessing.knowledge import Knowledge
from surveillance.guessing.sample import Sample
from surveillance.intake.readers.header import is_name

NEEDS = {
    "date": ("call_date", "start_date", "birth_date"),
    "time": ("call_time", "start_time"),
    "datetime": ("call_at", "start_at", "end_at"),
}
FEWEST = 3  # fields whose names are known, for a first line to be believed a header
LISTED = ("sex", "outcome", "act_type")  # columns whose values may be shown: none of them is a person's own
DATES = ((re.compile(r"\d{4}-\d{2}-\d{2}"), "%Y-%m-%d", r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
         (re.compile(r"\d{8}"), "%Y%m%d", r"[0-9]{8}"))  # fmt: skip
CODE = re.compile(r"(?<![0-9])([0-9]{2}|2[AB]|97[0-9])[0-9]{2}(?![0-9])")


Ask = Callable[..., str]  # a sentence of reports/words.toml, in the language asked for


def write_draft(sample: Sample, file_name: str, known: Knowledge, ident: str, ask: Ask) -> str:
    """The draft of a dialect. Names of columns that do not look like names are left out; so are all values but those of
    sex, outcome and type of act that are few, short and seen more than once."""
    fields = known.fields_of(list(sample.columns))
    if len(fields) < FEWEST:  # nothing of a line that may be a visit goes into a draft
        raise UsageError(
            "the first line does not look like a header", "names that are known stand in extracts/guess.toml"
        )
    parts = [
        head(sample, file_name, known, ident, fields, ask),
        form_of(sample),
        f'[window]\ndays = 7\nmode = "adds"   # {ask("draft_window")}\n',
        fields_of(sample, fields, known, ask),
        forms_of(sample, known, fields, ask),
        *(values_of(sample.columns[fields[name][0]], name, known, ask) for name in LISTED if name in fields),
    ]
    return "\n".join(part for part in parts if part)


def head(
    sample: Sample, file_name: str, known: Knowledge, ident: str, fields: dict[str, list[str]], ask: Ask
) -> str:
    """Everything before the first table."""
    used = {name for names in fields.values() for name in names}
    ignored = [name for name in sample.columns if name not in used and is_name(name)]
    hidden = sum(not is_name(name) for name in sample.columns if name not in used)
    present = {text.strip() for values in sample.columns.values() for text in values}
    missing = [marker for marker in known.missing if not marker or marker in present]
    pattern, form = name_pattern(file_name)
    lines = [
        f"# {ask('draft_head')}",
        f"id = {quoted(ident)}",
        'version = "1"',
        'status = "draft"',
        'label = "?"',
        f"kind = {quoted(sample.kind)}",
        f"encodings = {quoted([sample.encoding])}",
        f"compression = {quoted(sample.compression)}",
        f"final_newline = {str(sample.ended and sample.kind == 'delimited').lower()}",
        f"file_name = '{pattern}'",
        f"file_date = {quoted(form)}",
        f'file_date_is = "visit_day"   # {ask("draft_file_date")}',
        f"missing = {quoted(missing)}   # {ask('draft_missing')}",
        f'thesaurus = "own"   # {ask("draft_thesaurus")}',
        f"ignored = {quoted(ignored)}   # {ask('draft_ignored')}",
        *([f"# {ask('draft_hidden', number=hidden)}"] if hidden else []),
    ]
    return "\n".join(lines) + "\n"


def name_pattern(name: str) -> tuple[str, str]:
    """A pattern for names like this one, and the form of its date."""
    for found, form, digits in DATES:
        if match := found.search(name):
            before, after = name[: match.start()], name[match.end() :]
            return f"^{with_code(before)}(?P<date>{digits}){with_code(after)}$", form
    return "^(?P<date>[0-9]{8}).*$", "%Y%m%d"


def with_code(text: str) -> str:
    """A part of a name, the code of an association in it left open, and any run of digits."""
    pieces = CODE.split(text, maxsplit=1) if CODE.search(text) else [text]
    plain = [re.sub(r"[0-9]+", "[0-9]+", re.escape(piece)).replace("'", ".") for piece in (pieces[0], pieces[-1])]
    return "(?P<association>[0-9AB]{4,5})".join(plain) if len(pieces) > 1 else plain[0]


def form_of(sample: Sample) -> str:
    """The table of the kind."""
    if sample.kind == "delimited":
        return (
            f"[delimited]\ndelimiter = {quoted(sample.delimiter)}\nquote = {quoted(chr(34))}\n"
            'trailing_delimiter = false\ntotal_line = ""\n'
        )
    if sample.kind == "xml":
        return (
            f"[records]\nroot = {quoted(sample.root)}\nrecord = {quoted(sample.record)}\n"
            'association = ""\n'
        )
    return ""


def fields_of(sample: Sample, fields: dict[str, list[str]], known: Knowledge, ask: Ask) -> str:
    """The table of fields; what is only near a known name, or was not found and is needed, as a question."""
    near = known.near([name for name in sample.columns if is_name(name)], fields)
    lines = ["[fields]"]
    for name in (*fields, *(name for name in dict.fromkeys(("visit_id", "start_at", *near)) if name not in fields)):
        if name == "start_at" and "start_date" in fields and name not in fields:
            continue
        if name in near:
            lines.append(f"# {name} = {{ columns = {quoted(near[name])} }}   # {ask('draft_near')}")
        elif name not in fields:
            lines.append(f'# {name} = {{ columns = ["?"] }}   # {ask("draft_not_found")}')
        else:
            lines.append(f"{name} = {{ columns = {quoted(fields[name])} }}")
    return "\n".join(lines) + "\n"


def forms_of(sample: Sample, known: Knowledge, fields: dict[str, list[str]], ask: Ask) -> str:
    """The table of forms; an order of day and month that nothing proves is a comment, to be chosen."""
    lines, blank = ["[forms]"], set(known.missing)
    for kind, names in NEEDS.items():
        columns = [sample.columns[fields[name][0]] for name in names if name in fields]
        if not columns:
            continue
        texts = [text for column in columns for text in column if text.strip() not in blank]
        proven, doubtful = proven_forms(texts, getattr(known.forms, kind))
        for form in doubtful:
            lines.append(f"# {kind} = {quoted([form])}   # {ask('draft_ambiguous')}")
        if two_digit_years(texts):
            lines.append(f"# {kind}: {ask('draft_two_digits')}")
        lines.append(f"{kind} = {quoted(proven)}" if proven else f"# {kind} = []   # {ask('draft_no_form')}")
    return "\n".join(lines) + "\n"


def values_of(column: Iterable[str], name: str, known: Knowledge, ask: Ask) -> str:
    """The table of values of a field, each to be filled in; a column that looks like texts lists none."""
    counts = Counter(text.strip() for text in column if text.strip() not in known.missing)
    small = len(counts) <= known.values_max and all(len(text) <= known.value_chars for text in counts)
    listed = {fold(text): text for text, count in counts.items() if count >= known.value_min} if small else {}
    lines = [f"[values.{name}]", *(f'{quoted(text)} = "?"' for text in listed.values())]
    left = sum(count < known.value_min for count in counts.values()) if small else len(counts)
    return "\n".join(lines + ([f"# {ask('draft_more_values', number=left)}"] if left else [])) + "\n"


def quoted(value: str | list[str]) -> str:
    """A text or a list of texts as TOML (its basic strings are those of JSON)."""
    return json.dumps(value, ensure_ascii=False)
