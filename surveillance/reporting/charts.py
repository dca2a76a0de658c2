"""Charts: a Vega-Lite specification of reports/charts and its data, made into SVG that a page can carry offline.

The same data give the same bytes. Colours are CSS variables, so a chart follows the page into dark mode and onto
paper; the roles Vega writes for each mark are taken out (they have no label and readers stumble over them), the
`description` of a mark becomes a tooltip.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import vl_convert
from lxml import etree

from surveillance.content import Content
from surveillance.errors import ContentError

SVG = "{http://www.w3.org/2000/svg}"
VEGA_LITE = "6.4"
DECIMALS = re.compile(r"-?\d+\.\d{3,}")
GEOMETRY = ("d", "transform", "x", "y", "x2", "y2", "width", "height")
Rows = Sequence[Mapping[str, Any]]


def render(
    content: Content,
    name: str,
    datasets: Mapping[str, Rows],
    uid: str,
    title: str,
    desc: str,
    params: Mapping[str, Any] | None = None,
) -> str:
    """The chart reports/charts/`name`.vl.json with its named data sets and parameters, as one `<svg>` element.

    `uid` makes the identifiers inside unique on a page. ContentError when the specification is not one.
    """
    file = f"reports/charts/{name}.vl.json"
    spec = specification(content, file, datasets, params or {})
    try:
        raw = vl_convert.vegalite_to_svg(
            spec, vl_version=VEGA_LITE, format_locale="fr-FR", time_format_locale="fr-FR", allowed_base_urls=[]
        )
    except ValueError as error:
        raise ContentError(file, "", f"Vega-Lite: {str(error).splitlines()[0]}") from error
    return clean(raw, uid, title, desc)


def specification(
    content: Content, file: str, datasets: Mapping[str, Rows], params: Mapping[str, Any]
) -> dict[str, Any]:
    """The specification with its data: every data set it declares is filled, and no other; same for parameters."""
    try:
        spec: dict[str, Any] = json.loads(content.text(file))
    except json.JSONDecodeError as error:
        raise ContentError(file, "", error.msg, line=error.lineno) from error
    declared = set(spec.get("datasets", {}))
    if declared != set(datasets):
        raise ContentError(file, "datasets", f"declares {sorted(declared)}, the page gives {sorted(datasets)}")
    spec["datasets"] = {key: [dict(row) for row in rows] for key, rows in datasets.items()}
    known = {param["name"]: param for param in spec.get("params", [])}
    for key, value in params.items():
        if key not in known:
            raise ContentError(file, "params", f"does not declare {key!r}")
        known[key]["value"] = value
    return spec


def clean(raw: str, uid: str, title: str, desc: str) -> str:
    """Vega's SVG made light, labelled, scalable and free of identifiers that another chart could have too."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    root = etree.fromstring(raw.encode(), parser)
    _rename_ids(root, uid)
    for element in list(root.iter(etree.Element)):
        _strip(element)
    _label(root, uid, title, desc)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="unicode")


def _rename_ids(root: Any, uid: str) -> None:
    names = {item.get("id"): f"{uid}-{n}" for n, item in enumerate(root.iterfind(".//*[@id]"))}
    for element in root.iter(etree.Element):
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, names[value])
            elif value.startswith("url(#"):
                element.set(key, f"url(#{names.get(value[5:-1], value[5:-1])})")


def _strip(element: Any) -> None:
    tip = element.get("aria-label") if element.get("aria-roledescription") in ("point", "bar", "circle") else None
    for key in (
        "role",
        "aria-roledescription",
        "aria-label",
        "aria-hidden",
        "class",
        "pointer-events",
        "font-family",
    ):
        element.attrib.pop(key, None)
    for key in GEOMETRY:
        if key in element.attrib:
            element.set(key, DECIMALS.sub(lambda found: f"{float(found[0]):.2f}", element.get(key)))
    if element.tag == f"{SVG}path" and (element.get("display") == "none" or _frame(element)):
        element.getparent().remove(element)
    elif tip:
        etree.SubElement(element, f"{SVG}title").text = tip


def _frame(element: Any) -> bool:
    """A background or foreground path that paints nothing."""
    return not any(element.get(key) for key in ("fill", "stroke"))


def _label(root: Any, uid: str, title: str, desc: str) -> None:
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{uid}-t {uid}-d")
    for key, text in (("d", desc), ("t", title)):
        child = etree.Element(f"{SVG}{'title' if key == 't' else 'desc'}", id=f"{uid}-{key}")
        child.text = text
        root.insert(0, child)
