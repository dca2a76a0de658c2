"""Small invented files in the other dialects: HL7 messages, workbooks, RS-EDA documents, RPU. Nobody's visits."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from xml.sax.saxutils import escape

NAMES = {
    "hl7-phin-adt": "ADT_5901_20240114.hl7",
    "excel-fr": "visites_5901_2024-01-14.xlsx",
    "json-rs-eda": "RS-EDA_5901_20240114.json",
    "xml-rpu-v2006": "O590000099_0_20240115003003.xml",
}
SENDER = "590000016"  # the identifier that the shipped dialects map to 5901


# --- HL7 -----------------------------------------------------------------------------------------------------


def hl7_message(n: int, **changes: str) -> str:
    """The n-th message of a file, segments ended by CR."""
    cell = {
        "event": "A04",
        "start": f"20240114{9 + n % 12:02d}{n % 60:02d}",
        "id": f"V{n:05d}",
        "sex": "FM"[n % 2],
        "postal": "59000",
        "age": str(n % 90),
        "unit": "a",
        "reason": "fievre, toux",
        "code": "J11.1",
        "system": "I10",
        "outcome": "01",
        "kind": "O",
        "birth": "",
        "more": "",
    } | changes
    visit = f"PV1|1|{cell['kind']}{'|' * 17}{cell['id']}^^^^VN{'|' * 17}{cell['outcome']}{'|' * 8}{cell['start']}"
    segments = [
        f"MSH|^~\\&||SOS EXEMPLE^{SENDER}^FINESS|||202401142359||ADT^{cell['event']}^ADT_A01|M{n}|P|2.5.1",
        f"EVN||202401142359|||||SOS EXEMPLE^{SENDER}^FINESS",
        f"PID|1||P{n}^^^^MR||^^^^^^~^^^^^^S||{cell['birth']}|{cell['sex']}|||^^^^{cell['postal']}^^^^59350",
        visit,
        f"DG1|1||{cell['code']}^^{cell['system']}|||F",
        f"OBX|1|NM|21612-7^^LN||{cell['age']}|{cell['unit']}^^UCUM|||||F",
        f"OBX|2|CWE|8661-1^^LN||^^^^^^^^{cell['reason']}||||||F",
        *cell["more"].split("\r"),
    ]
    return "".join(f"{segment}\r" for segment in segments if segment)


def hl7(messages: Sequence[str], batch: bool = False, announced: int | None = None) -> bytes:
    """A file of messages, in a batch or not."""
    body = "".join(messages)
    if batch:
        count = len(messages) if announced is None else announced
        body = f"FHS|^~\\&|A|B\rBHS|^~\\&|A|B\r{body}BTS|{count}\rFTS|1\r"
    return body.encode()


# --- workbooks -----------------------------------------------------------------------------------------------

Maker = Callable[[Sequence[Sequence["Cell"]]], bytes]
Cell = str | int | float | bool | date | datetime | time | None
HEADER: tuple[Cell, ...] = (
    "N° dossier", "Date et heure d'appel", "Date visite", "Heure visite", "Code postal", "Ville", "Date naissance",
    "Sexe", "Motif appel 1", "Motif appel 2", "Diagnostic", "Code diag", "Code diag 2", "Devenir", "Type acte",
)  # fmt: skip
STYLES = {date: 1, datetime: 2, time: 3}
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
XML = '<?xml version="1.0" encoding="UTF-8"?>'
ERROR = "#REF!"


def excel_row(n: int, **changes: Cell) -> tuple[Cell, ...]:
    """The n-th row of a sheet."""
    cell: dict[str, Cell] = {
        "id": f"{n:06d}",
        "call": datetime(2024, 1, 14, 8 + n % 12, n % 60),  # noqa: DTZ001 - a sheet knows no zone
        "day": date(2024, 1, 14),
        "hour": time(9 + n % 12, n % 60),
        "postal": 59000,
        "city": "LILLE",
        "birth": date(1940 + n % 80, 5, 1 + n % 28),
        "sex": "FM"[n % 2],
        "reason1": "FIEVRE",
        "reason2": "toux++",
        "label": "GRIPPE",
        "code": "GRIPPE",
        "code2": None,
        "outcome": "Domicile",
        "act": "Visite",
    } | changes
    return tuple(cell.values())


def serial(value: date | datetime | time) -> float:
    """Days since the last day of 1899, as a sheet counts."""
    if isinstance(value, time):
        return (value.hour * 60 + value.minute) / 1440
    days = value.toordinal() - date(1899, 12, 30).toordinal()
    return days + (serial(value.time()) if isinstance(value, datetime) else 0)


def letters(column: int) -> str:
    """`A`, `Z`, `AA` of a column from 1."""
    return (letters((column - 1) // 26) if column > 26 else "") + chr(65 + (column - 1) % 26)


def xlsx_cell(value: Cell, place: str) -> str:
    """A cell of an xlsx."""
    if value is None:
        return ""
    if value == ERROR:
        return f'<c r="{place}" t="e"><v>{value}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    if isinstance(value, date | time):
        return f'<c r="{place}" s="{STYLES[type(value)]}"><v>{serial(value)!r}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def xlsx_sheet(rows: Sequence[Sequence[Cell]]) -> str:
    """A sheet of an xlsx."""
    lines = [
        f'<row r="{y}">{"".join(xlsx_cell(value, f"{letters(x)}{y}") for x, value in enumerate(row, 1))}</row>'
        for y, row in enumerate(rows, 1)
    ]
    return f'{XML}<worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """An archive of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def xlsx_parts(sheets: dict[str, str], hidden: Sequence[str] = ()) -> dict[str, str | bytes]:
    """The parts of an xlsx with these sheets, some of them hidden."""
    names = list(sheets)
    state = {name: ' state="hidden"' if name in hidden else "" for name in names}
    declared = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}"{state[name]} r:id="r{n}"/>' for n, name in enumerate(names, 1)
    )
    related = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    relations = f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    return {
        "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{kind}"/></Types>',
        "_rels/.rels": f'{relations}<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{declared}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{relations}{related}<Relationship Id="s" Type="{OFFICE}/styles" '
        'Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'{XML}<styleSheet xmlns="{MAIN}"><cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14"/>'
        '<xf numFmtId="22"/><xf numFmtId="20"/></cellXfs></styleSheet>',
        **{f"xl/worksheets/s{n}.xml": sheet for n, sheet in enumerate(sheets.values(), 1)},
    }


def xlsx(rows: Sequence[Sequence[Cell]], header: Sequence[Cell] = HEADER) -> bytes:
    """A workbook of one sheet."""
    return zipped(xlsx_parts({"Visites": xlsx_sheet([header, *rows])}))


def ods_cell(value: Cell) -> str:
    """A cell of an ods."""
    if value is None:
        return "<table:table-cell/>"
    if value == ERROR:
        return (
            '<table:table-cell table:formula="of:=[.Z1]" office:value-type="string"><text:p>#REF!</text:p>'
            "</table:table-cell>"
        )
    if isinstance(value, datetime | date):
        kind, at = "date", f'office:date-value="{value.isoformat()}"'
    elif isinstance(value, time):
        kind, at = "time", f'office:time-value="PT{value.hour:02d}H{value.minute:02d}M00S"'
    elif isinstance(value, int | float):
        kind, at = "float", f'office:value="{value}"'
    else:
        kind, at = "string", ""
    return f'<table:table-cell office:value-type="{kind}" {at}><text:p>{escape(str(value))}</text:p></table:table-cell>'


def ods_rows(rows: Sequence[Sequence[Cell]]) -> str:
    """Rows of an ods."""
    return "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)


def ods_of(rows: str) -> bytes:
    """An ods of one sheet, from its rows."""
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    wide = '<table:table-cell table:number-columns-repeated="16384"/>'
    empty = f'<table:table-row table:number-rows-repeated="1048000">{wide}</table:table-row>'
    body = f'<table:table table:name="Visites">{rows}{empty}</table:table>'
    return zipped({
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": f'{XML}<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        "content.xml": f"{XML}<office:document-content{names}><office:body><office:spreadsheet>{body}"
        "</office:spreadsheet></office:body></office:document-content>",
    })  # fmt: skip


def ods(rows: Sequence[Sequence[Cell]]) -> bytes:
    """A workbook of LibreOffice."""
    return ods_of(ods_rows([HEADER, *rows]))


# --- RS-EDA --------------------------------------------------------------------------------------------------


def case_of(n: int, **changes: object) -> dict[str, object]:
    """The n-th case of a file."""
    return {
        "caseId": f"fr.health.samu590.DRFR15590240140{n:04d}",
        "creation": f"2024-01-14T{9 + n % 12:02d}:{n % 60:02d}:00+01:00",
        "qualification": {"healthMotive": {"code": "M03.14", "label": "Fièvre"}, "details": {"priority": "P2"}},
        "location": {"city": {"name": "Lille", "inseeCode": "59350"}},
        "patient": [
            {
                "identity": {"strictFeatures": {"sex": "F"}, "nonStrictFeatures": {"complete": "EXEMPLE INVENTE"}},
                "detail": {"age": "P34Y"},
                "hypothesis": {"mainDiagnosis": {"code": "J11.1", "label": "Grippe"}},
            }
        ],
        "medicalNote": [{"freetext": "fievre toux"}],
        "decision": [{"decisionType": "CONSEIL", "orientationType": "DOMICILE"}],
    } | changes


def envelope(cases: Sequence[object]) -> dict[str, object]:
    """Cases in the envelope of the hub."""
    content = [{"jsonContent": {"embeddedJsonContent": {"message": {"createCaseHealth": item}}}} for item in cases]
    return {"distributionID": "fr.health.samu590_1", "senderID": "fr.health.samu590", "content": content}


def documents(value: object) -> bytes:
    """A JSON file."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


# --- RPU -----------------------------------------------------------------------------------------------------


def rpu_patient(n: int, **changes: str | None) -> str:
    """The n-th patient of an RPU file; None leaves an element out."""
    cell: dict[str, str | None] = {
        "CP": "59000",
        "COMMUNE": "LILLE",
        "NAISSANCE": f"{1 + n % 28:02d}/05/{1940 + n % 80}",
        "SEXE": "FM"[n % 2],
        "ENTREE": f"14/01/2024 {9 + n % 12:02d}:{n % 60:02d}",
        "MODE_ENTREE": "8",
        "PROVENANCE": "5",
        "TRANSPORT": "PERSO",
        "TRANSPORT_PEC": "AUCUN",
        "MOTIF": "fièvre",
        "GRAVITE": "2",
        "DP": "J111",
        "LISTE_DA": "<DA>R05</DA>",
        "LISTE_ACTES": "",
        "SORTIE": f"14/01/2024 {10 + n % 12:02d}:{n % 60:02d}",
        "MODE_SORTIE": "8",
        "DESTINATION": "",
        "ORIENT": "",
    } | changes
    inside = "".join(
        f"<{tag}>{text}</{tag}>" if text else f"<{tag}/>" for tag, text in cell.items() if text is not None
    )
    return f"<PATIENT>{inside}</PATIENT>"


def rpu(patients: Sequence[str], finess: str = SENDER, declared: str = "ISO-8859-1") -> bytes:
    """An RPU file, in ISO-8859-15 whatever it declares."""
    head = (
        f"<ETABLISSEMENT><FINESS>{finess}</FINESS><ORDRE>0</ORDRE><EXTRACT>15/01/2024 00:30:03</EXTRACT>"
        "<DATEDEBUT>15/01/2024</DATEDEBUT><DATEFIN>15/01/2024</DATEFIN></ETABLISSEMENT>"
    )
    body = f"<PASSAGES>\n{chr(10).join(patients)}\n</PASSAGES>"
    text = f'<?xml version="1.0" encoding="{declared}"?>\n<OSCOUR>\n{head}\n{body}\n</OSCOUR>\n'
    return text.encode("iso-8859-15")


def sample(dialect: str, size: int = 10) -> bytes:
    """A sound file of `size` visits in a dialect."""
    numbers = range(1, size + 1)
    match dialect:
        case "hl7-phin-adt":
            return hl7([hl7_message(n) for n in numbers])
        case "excel-fr":
            return xlsx([excel_row(n) for n in numbers])
        case "json-rs-eda":
            return documents([case_of(n) for n in numbers])
        case _:
            return rpu([rpu_patient(n) for n in numbers])
