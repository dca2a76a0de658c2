"""Reads XML files in the shape of the RPU: streamed, without entities, network or DTD, children in any order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from lxml import etree

from surveillance.dialects import MULTIPLE, Dialect, Records
from surveillance.intake.checks import Limits
from surveillance.intake.readers.decoding import Texts
from surveillance.intake.readers.raw import ITEM, Columns, FileRefused, RawTable, Refusal, joined

DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
TAG = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
FEED = 1 << 16
PART = 20_000  # records of one part
TAIL = 200  # characters: the end of a file, and the longest word that two pieces may cut
Record = dict[str, list[str]]


def read_rpu_xml(texts: Texts, dialect: Dialect, limits: Limits) -> Iterator[RawTable]:
    """The patients of a file, part by part, as columns of text; a file that stops early keeps those that were whole.

    A required element that no patient has refuses the file.
    """
    assert dialect.records is not None
    paper = Paper(texts.pieces())
    walk = Walk(dialect.records, limits)
    broken: etree.XMLSyntaxError | None = None
    records: list[Record] = []
    try:
        for record in walk.records(paper.pieces()):
            records.append(record)
            if len(records) == PART:
                yield to_table(records, walk.closed, dialect, walk.longest)
                records = []
    except etree.XMLSyntaxError as error:
        broken = error
    paper.read_on()
    last = to_table(records, walk.closed, dialect, walk.longest)
    last.lines_in += walk.opened - walk.closed
    if broken is not None:
        note_break(paper, walk, last, broken)
    finish(last, walk, dialect, texts)
    yield last


class Paper:
    """The text of an XML file on its way to the parser: without its declaration, never with a DTD; its end is kept."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces, self.end, self._begun = pieces, "", False

    def pieces(self) -> Iterator[str]:
        """Pieces small enough to have their records read before the next."""
        for piece in self._pieces:
            if not self._begun:
                piece = DECLARATION.sub("", piece, count=1)
                self._begun = bool(piece.strip())
                if self._begun and not piece.lstrip().startswith("<"):
                    raise FileRefused("unreadable", "le contenu n'est pas du XML")
            self._keep(piece)
            for start in range(0, len(piece) if self._begun else 0, FEED):
                yield piece[start : start + FEED]
        if not self._begun:
            raise FileRefused("empty", "aucun élément")

    def read_on(self) -> None:
        """Reads the rest of a file that the parser gave up."""
        for piece in self._pieces:
            self._keep(piece)

    def closes(self, root: str) -> bool:
        """Does the file end with the closing tag of its root?"""
        return self.end.rstrip().endswith(f"</{root}>")

    def _keep(self, piece: str) -> None:
        if any(word in part for part in (self.end + piece[:TAIL], piece) for word in ("<!DOCTYPE", "<!ENTITY")):
            raise FileRefused("unreadable", "une DTD est déclarée : elle est refusée")
        self.end = (self.end + piece.rstrip() + " ")[-TAIL:] if len(piece) < TAIL else piece.rstrip()[-TAIL:]


def note_break(paper: Paper, walk: Walk, raw: RawTable, error: etree.XMLSyntaxError) -> None:
    """A file without its closing tag was cut; with it, the XML is malformed and nothing in it is believed."""
    if "depth" in (error.msg or ""):  # libxml2 stops at 256 levels, before we look
        raise FileRefused("unreadable", "trop d'éléments emboîtés", walk.opened) from None
    if paper.closes(walk.form.root):
        raise FileRefused("unreadable", f"XML mal formé, ligne {error.lineno or 0}", walk.opened) from None
    raw.truncated = f"après {walk.closed} visites"
    raw.problems += [Refusal(number, "CUT_LINE") for number in range(walk.closed + 1, walk.opened + 1)]


def finish(raw: RawTable, walk: Walk, dialect: Dialect, texts: Texts) -> None:
    """The verdict when there is no visit in the file, or none as agreed; what its end tells."""
    raw.association = walk.association
    if walk.root is not None and walk.root.tag != walk.form.root:
        raise FileRefused("header_changed", "l'élément racine n'est pas celui convenu", walk.opened)
    if not walk.opened and not raw.truncated:
        raise FileRefused("empty", "aucune visite")
    missing = lacking(walk.present, dialect)
    if walk.closed and missing:
        raise FileRefused("header_changed", change(missing, walk.present, dialect), walk.opened)
    raw.notes += texts.notes()
    if extra := unknown(walk.present, dialect):
        raw.notes.append(("extra_columns", ", ".join(extra)))


def lacking(present: set[str], dialect: Dialect) -> list[str]:
    """The needed elements that no record has."""
    return [
        names[0]
        for spec in dialect.fields.values()
        if not spec.optional and (spec.joined or not present & set(spec.columns))
        for names in (spec.names if spec.joined else spec.names[:1])
        if not present & set(names)
    ]


class Walk:
    """One pass over the elements: counts the records opened and closed, checks depth and size of texts."""

    def __init__(self, form: Records, limits: Limits) -> None:
        self.form, self.limits, self.longest = form, limits, limits.line_chars
        self.opened = self.closed = 0
        self.association = ""
        self.present: set[str] = set()  # the elements that some record has
        self.root: etree._Element | None = None

    def records(self, pieces: Iterator[str]) -> Iterator[Record]:
        """Each record as texts by path; XMLSyntaxError where the file breaks, after the records before it."""
        code = self.form.association.rpartition(".")[2] or self.form.record
        parser = etree.XMLPullParser(
            events=("start", "end"), tag=(self.form.record, code), resolve_entities=False, no_network=True,
            load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        for piece in pieces:
            broken: etree.XMLSyntaxError | None = None
            try:
                parser.feed(piece)
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
                record = self._record(element)
                self.present.update(record)
                yield record
                self._forget(element)

    def _record(self, element: etree._Element) -> Record:
        """The texts of a record by path; `LISTE_DA.DA` may have several, an empty element has one empty text."""
        found: Record = {}
        for child in element:
            if len(child):
                self._check_rest(child)
                for inner in child:
                    found.setdefault(f"{child.tag}.{inner.tag}", []).append(inner.text or "")
            else:
                found.setdefault(str(child.tag), []).append(child.text or "")
        return found

    def _forget(self, element: etree._Element) -> None:
        """Frees a record that was read, and what stands before it: its siblings, and those of its parent."""
        element.clear()
        parent = element.getparent()
        while element is not None and parent is not None:
            while element.getprevious() is not None:
                self._check_rest(parent[0])
                del parent[0]
            element, parent = parent, parent.getparent()

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


def to_table(records: list[Record], closed: int, dialect: Dialect, longest: int) -> RawTable:
    """The last records of those that were closed, as columns by canonical field; those with too long a text apart."""
    columns, size = Columns(), len(records)
    long = [n for n, record in enumerate(records) if max(map(len, chain(*record.values())), default=0) > longest]
    numbers: Sequence[int] = range(closed - size + 1, closed + 1)
    problems = [Refusal(numbers[n], "LINE_TOO_LONG") for n in long]
    if long:
        kept = sorted(set(range(size)) - set(long))
        records, numbers = [records[n] for n in kept], [numbers[n] for n in kept]
    for name, spec in dialect.fields.items() if records else ():
        every = spec.names
        if name in MULTIPLE:
            columns[name] = [join(record, spec.columns) for record in records]
        elif spec.joined:
            columns[name] = [joined([first(record, names) for names in every]) for record in records]
        else:
            columns[name] = [first(record, every[0]) for record in records]
    return RawTable(columns, numbers, problems, lines_in=size)


def first(record: Record, tags: tuple[str, ...]) -> str | None:
    """The first text of the first of these elements that is there."""
    return next((record[tag][0] for tag in tags if tag in record), None)


def join(record: Record, tags: list[str]) -> str | None:
    """The texts of several elements in order, joined."""
    items = [text for tag in tags for text in record.get(tag, ()) if text]
    return ITEM.join(items) if items else None


def unknown(present: set[str], dialect: Dialect) -> list[str]:
    """Elements of records that nobody agreed, the first five; the list that holds agreed ones may be empty."""
    known = {name for spec in dialect.fields.values() for names in spec.names for name in names} | set(dialect.ignored)
    lists = {name.rpartition(".")[0] for name in known}
    return sorted(tag for tag in present - known - lists if TAG.fullmatch(tag))[:5]


def change(missing: list[str], present: set[str], dialect: Dialect) -> str:
    """Which agreed elements no record has, and which new ones it has."""
    extra = unknown(present, dialect)
    text = f"élément attendu absent : {', '.join(missing)}"
    return text + (f" ; élément inattendu : {', '.join(extra)}" if extra else "")
