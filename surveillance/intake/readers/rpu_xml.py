"""Reads XML files in the shape of the RPU: streamed, without entities, network or DTD, children in any order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from surveillance.dialects import MULTIPLE, Dialect, Records
from surveillance.intake.checks import Limits
from surveillance.intake.readers.decoding import Body
from surveillance.intake.readers.raw import ITEM, Columns, FileRefused, RawTable, Refusal, joined

DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
TAG = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
FEED = 1 << 16
Record = dict[str, list[str]]


def read_rpu_xml(body: Body, dialect: Dialect, limits: Limits) -> RawTable:
    """The patients of a file as columns of text; a file that stops early keeps those that were whole."""
    form = dialect.records
    assert form is not None
    text = DECLARATION.sub("", body.text, count=1)
    if not text.strip():
        raise FileRefused("empty", "aucun élément")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise FileRefused("unreadable", "une DTD est déclarée : elle est refusée")
    raw, walk, records = RawTable(), Walk(form, limits), []
    try:
        for record in walk.records(text):
            records.append(record)
    except etree.XMLSyntaxError as error:
        note_break(text, form, walk, raw, error)
    finish(raw, walk, records, body)
    raw.columns = to_columns(records, dialect, walk.opened)
    return raw


def note_break(text: str, form: Records, walk: Walk, raw: RawTable, error: etree.XMLSyntaxError) -> None:
    """A file without its closing tag was cut; with it, the XML is malformed and nothing in it is believed."""
    if text.rstrip().endswith(f"</{form.root}>"):
        raise FileRefused("unreadable", f"XML mal formé, ligne {error.lineno or 0}", walk.opened) from None
    raw.truncated = f"après {walk.closed} visites"
    raw.problems += [Refusal(number, "CUT_LINE") for number in range(walk.closed + 1, walk.opened + 1)]


def finish(raw: RawTable, walk: Walk, records: list[Record], body: Body) -> None:
    """The accounts of the file, and its verdict when there is no visit in it."""
    raw.lines_in, raw.association = walk.opened, walk.association
    raw.line_no = list(range(1, len(records) + 1))
    if walk.root is not None and walk.root.tag != walk.form.root:
        raise FileRefused("header_changed", "l'élément racine n'est pas celui convenu", walk.opened)
    if not walk.opened and not raw.truncated:
        raise FileRefused("empty", "aucune visite")
    if body.windows:
        raw.notes.append(("windows_bytes", f"{body.windows}"))


class Walk:
    """One pass over the elements: counts the records opened and closed, checks depth and size of texts."""

    def __init__(self, form: Records, limits: Limits) -> None:
        self.form, self.limits = form, limits
        self.opened = self.closed = 0
        self.association = ""
        self.root: etree._Element | None = None

    def records(self, text: str) -> Iterator[Record]:
        """Each record as texts by path; XMLSyntaxError where the file breaks, after the records before it."""
        code = self.form.association.rpartition(".")[2] or self.form.record
        parser = etree.XMLPullParser(
            events=("start", "end"), tag=(self.form.record, code), resolve_entities=False, no_network=True,
            load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        for start in range(0, len(text), FEED):
            broken: etree.XMLSyntaxError | None = None
            try:
                parser.feed(text[start : start + FEED])
            except etree.XMLSyntaxError as error:
                broken = error
            yield from self._events(parser)
            if broken is not None:
                raise broken
        self.root = parser.close()
        self._check_rest(self.root)

    def _events(self, parser: etree.XMLPullParser) -> Iterator[Record]:
        for event, element in parser.read_events():
            if not isinstance(element, etree._Element):  # a comment or an instruction: the parser removes both
                continue
            if element.tag != self.form.record:
                if event == "end" and path_of(element) == self.form.association:
                    self.association = (element.text or "").strip()
            elif event == "start":
                self.opened += 1
            else:
                self.closed += 1
                yield self._record(element)
                forget(element)

    def _record(self, element: etree._Element) -> Record:
        """The texts of a record by path; `LISTE_DA.DA` may have several, an empty element has one empty text."""
        found: Record = {}
        longest = self.limits.line_chars
        for child in element:
            if len(child):
                self._check_rest(child)
                for inner in child:
                    found.setdefault(f"{child.tag}.{inner.tag}", []).append(inner.text or "")
            else:
                text = child.text or ""
                if len(text) > longest:
                    raise FileRefused("unreadable", "un texte dépasse la longueur admise", self.opened)
                found.setdefault(str(child.tag), []).append(text)
        return found

    def _check_rest(self, top: etree._Element) -> None:
        """Depth and texts of elements that are not records (libxml2 itself stops at 256 levels and 10 MB)."""
        level = [top]
        for _ in range(self.limits.depth):
            if any(item.text and len(item.text) > self.limits.line_chars for item in level):
                raise FileRefused("unreadable", "un texte dépasse la longueur admise", self.opened)
            level = [child for item in level for child in item]
            if not level:
                return
        raise FileRefused("unreadable", "trop d'éléments emboîtés", self.opened)


def path_of(element: etree._Element) -> str:
    """`ASSOCIATION.CODE`: the element and its ancestors below the root."""
    tags = [str(element.tag), *(str(item.tag) for item in element.iterancestors())]
    return ".".join(reversed(tags[:-1]))


def forget(element: etree._Element) -> None:
    """Frees a record that was read, and the empty elements before it."""
    parent = element.getparent()
    element.clear()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def to_columns(records: list[Record], dialect: Dialect, lines: int) -> Columns:
    """Columns by canonical field; a required element that no record has refuses the file."""
    columns: Columns = {}
    present = {tag for record in records for tag in record}
    missing = [
        names[0]
        for spec in dialect.fields.values()
        if not spec.optional and (spec.joined or not present & set(spec.columns))
        for names in (spec.names if spec.joined else spec.names[:1])
        if not present & set(names)
    ]
    if records and missing:
        raise FileRefused("header_changed", change(missing, present, dialect), lines)
    for name, spec in dialect.fields.items():
        if name in MULTIPLE:
            columns[name] = [join(record, spec.columns) for record in records]
        elif spec.joined:
            columns[name] = [joined([first(record, names) for names in spec.names]) for record in records]
        else:
            columns[name] = [first(record, spec.names[0]) for record in records]
    return columns


def first(record: Record, tags: tuple[str, ...]) -> str | None:
    """The first text of the first of these elements that is there."""
    return next((record[tag][0] for tag in tags if tag in record), None)


def join(record: Record, tags: list[str]) -> str | None:
    """The texts of several elements in order, joined."""
    items = [text for tag in tags for text in record.get(tag, ()) if text]
    return ITEM.join(items) if items else None


def change(missing: list[str], present: set[str], dialect: Dialect) -> str:
    """Which agreed elements no record has, and which new ones it has."""
    known = {name for spec in dialect.fields.values() for names in spec.names for name in names} | set(dialect.ignored)
    extra = sorted(tag for tag in present - known if TAG.fullmatch(tag))[:5]
    text = f"élément attendu absent : {', '.join(missing)}"
    return text + (f" ; élément inattendu : {', '.join(extra)}" if extra else "")
