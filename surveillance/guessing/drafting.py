"""From the bytes of a sample to the draft of a dialect."""

from __future__ import annotations

import re
from functools import partial

from surveillance.content import Content
from surveillance.dialects import FOLDER
from surveillance.guessing.draft import write_draft
from surveillance.guessing.knowledge import load_knowledge
from surveillance.guessing.sample import look
from surveillance.intake.checks import load_checks
from surveillance.words import say

# Standards name their fields themselves: the draft is the shipped example, to be compared with what the sender fills.
STANDARDS = {"hl7": "hl7-phin-adt", "json": "json-rs-eda"}


def draft_of(data: bytes, file_name: str, content: Content, ident: str, lang: str = "fr") -> str:
    """The draft as TOML, its questions in that language; UsageError when the sample cannot be looked at."""
    sample = look(data, load_checks(content).limits)
    if sample.kind not in STANDARDS:
        return write_draft(sample, file_name, load_knowledge(content), ident, partial(say, content, lang))
    text = content.text(f"{FOLDER}{STANDARDS[sample.kind]}.toml")
    text = re.sub(r'^id = ".*?"', f'id = "{ident}"', text, count=1, flags=re.MULTILINE)
    return re.sub(r'^status = ".*?"', 'status = "draft"', text, count=1, flags=re.MULTILINE)
