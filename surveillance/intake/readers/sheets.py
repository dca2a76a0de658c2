"""What the workbook library does not tell of a sheet: which rows hold an error, and how far its cells reach."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator

from lxml import etree

from surveillance.intake.checks import Limits
from surveillance.intake.readers.archives import open_archive
from surveillance.intake.readers.raw import FileRefused

REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
ODS_ERROR = re.compile(r"(#REF!|#N/A|#VALUE!|#DIV/0!|#NAME\?|#NUM!|#NULL!|Err:[0-9]{3})")


def error_rows(data: bytes, sheet: str, limits: Limits) -> frozenset[int]:
    """The rows (from 1) of a sheet with a cell in error; FileRefused when its cells reach too far to be opened.

    An old workbook (xls) does not say: an error is an empty cell there.
    """
    if not data.startswith(b"PK"):
        return frozenset()
    with open_archive(data, limits) as archive:
        try:
            names = set(archive.namelist())
            if "xl/workbook.xml" in names:
                return xlsx_errors(archive, sheet, limits)
            if "content.xml" in names:
                return ods_errors(archive, sheet, limits)
        except (etree.XMLSyntaxError, zipfile.BadZipFile, KeyError, ValueError):
            raise FileRefused("unreadable", "le classeur est incomplet ou corrompu") from None
    raise FileRefused("unreadable", "le fichier n'est pas un classeur xlsx, ods ou xls")


def check_reach(data: bytes, limits: Limits) -> None:
    """FileRefused when the cells of any sheet of an ods reach too far: its sheets are all read when it is opened."""
    if data.startswith(b"PK"):
        with open_archive(data, limits) as archive:
            if "content.xml" in archive.namelist():
                try:
                    ods_errors(archive, "", limits)
                except (etree.XMLSyntaxError, zipfile.BadZipFile, ValueError):
                    raise FileRefused("unreadable", "le classeur est incomplet ou corrompu") from None


def elements(archive: zipfile.ZipFile, name: str, *tags: str) -> Iterator[etree._Element]:
    """The elements of a part of the workbook, by local name, as they close; without entities, DTD or network."""
    events = etree.iterparse(
        io.BytesIO(archive.read(name)), events=("end",), tag=[f"{{*}}{tag}" for tag in tags],
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False,
    )  # fmt: skip
    for _, element in events:
        yield element
        element.clear()


def xlsx_errors(archive: zipfile.ZipFile, sheet: str, limits: Limits) -> frozenset[int]:
    """The rows with an error of a sheet of an xlsx, found through its relations."""
    found: set[int] = set()
    row = width = height = 0
    for cell in elements(archive, xlsx_part(archive, sheet), "c", "row"):
        if etree.QName(cell).localname == "row":
            row = int(cell.get("r") or row + 1)
            continue
        column, row_of_cell = place_of(cell.get("r") or "", row + 1)
        width, height = max(width, column), max(height, row_of_cell)
        if width * height > limits.cells:
            raise FileRefused("too_large", "la feuille a trop de cellules")
        if cell.get("t") == "e":
            found.add(row_of_cell)
    return frozenset(found)


def xlsx_part(archive: zipfile.ZipFile, sheet: str) -> str:
    """The part of an xlsx that holds a sheet."""
    ids = [(item.get("name"), item.get(RELATION)) for item in elements(archive, "xl/workbook.xml", "sheet")]
    wanted = next((key for name, key in ids if name == sheet), None)
    relations = elements(archive, "xl/_rels/workbook.xml.rels", "Relationship")
    targets = {item.get("Id"): str(item.get("Target")) for item in relations}
    return posixpath.normpath(posixpath.join("/xl", targets[wanted])).lstrip("/")


def place_of(reference: str, row: int) -> tuple[int, int]:
    """Column and row of `AB12`, from 1; a cell without a reference is in the row that is being read."""
    match = REFERENCE.fullmatch(reference)
    if match is None:
        return 1, row
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return column, int(match[2])


def ods_errors(archive: zipfile.ZipFile, sheet: str, limits: Limits) -> frozenset[int]:
    """The rows with an error of a sheet of an ods, whose rows and cells may say how often they are repeated."""
    found: set[int] = set()
    number, widest, inside = 0, 0, False
    events = etree.iterparse(
        io.BytesIO(archive.read("content.xml")), events=("start", "end"), tag=(f"{TABLE}table", f"{TABLE}table-row"),
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False,
    )  # fmt: skip
    for event, element in events:
        if element.tag == f"{TABLE}table":
            inside = event == "start" and sheet in ("", element.get(f"{TABLE}name"))
            number = widest = 0
        elif event == "end":
            if inside:
                times = int(element.get(f"{TABLE}number-rows-repeated") or 1)
                width, error = ods_row(element)
                number, widest = number + times, max(widest, width)
                if width and number * widest > limits.cells:
                    raise FileRefused("too_large", "la feuille a trop de cellules")
                if error:
                    found.update(range(number - times + 1, number + 1))
            element.clear()
    return frozenset(found)


def ods_row(row: etree._Element) -> tuple[int, bool]:
    """How far the cells of a row reach (0: nothing in it), and whether one is an error."""
    place, width, error = 0, 0, False
    for cell in row:
        place += int(cell.get(f"{TABLE}number-columns-repeated") or 1)
        text = "".join(str(part) for part in cell.itertext()).strip()
        if text or cell.get(f"{OFFICE}value-type"):
            width = place
        error = error or (cell.get(f"{TABLE}formula") is not None and ODS_ERROR.fullmatch(text) is not None)
    return width, error
