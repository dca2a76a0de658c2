"""Pages: Jinja templates of reports/templates into one self-contained HTML file; nobody else knows Jinja."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound
from markupsafe import Markup

from surveillance.content import Content
from surveillance.errors import ContentError
from surveillance.files import sync_folder, write_atomic
from surveillance.reporting import french

TEMPLATES = "reports/templates/"
STYLE = "reports/style.css"
PAGE = "rapport.html"
FILTERS: dict[str, Callable[..., str]] = {
    "number": french.number,
    "signed": french.signed,
    "percent": french.percent,
    "share": french.share_text,
    "signed_percent": french.signed_percent,
    "day_long": french.day_long,
    "day_short": french.day_short,
    "day_month": french.day_month,
    "week": french.week_number,
    "week_span": french.week_span,
    "moment": french.moment,
    "hour": french.hour,
}


class ContentLoader(BaseLoader):
    """Templates through the content, so that a site's template takes the place of the shipped one."""

    def __init__(self, content: Content) -> None:
        self.content = content

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        rel = TEMPLATES + template
        try:
            return self.content.text(rel), str(self.content.path(rel)), lambda: True
        except ContentError as error:
            raise TemplateNotFound(template) from error


def environment(content: Content) -> Environment:
    """Jinja with everything escaped and nothing undefined; `svg` lets through what charts.py has drawn.

    A template of Markdown escapes what it prints with `md`.
    """
    made = Environment(
        loader=ContentLoader(content),
        autoescape=lambda name: not (name or "").endswith(".md"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    made.filters["md"] = markdown_text
    made.filters["svg"] = lambda drawing: Markup(drawing)
    return made


def markdown_text(value: object) -> str:
    """Text that Markdown shows as it is, on one line, in a table too."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", re.sub(r"\s*\n\s*", " ", str(value)))


def render(content: Content, template: str, context: Mapping[str, Any]) -> str:
    """The text of a page. ContentError names the template when it is broken or asks for what is not there."""
    try:
        page = environment(content).get_template(template)
        return page.render(**context, style=Markup(content.text(STYLE)))
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        name = getattr(error, "name", None) or template
        raise ContentError(f"{TEMPLATES}{name}", "", f"{type(error).__name__}: {error.message}", line=line) from error


def write_page(folder: Path, text: str, name: str = PAGE) -> Path:
    """Write a page of a night, whole or not at all."""
    path = folder / name
    write_atomic(path, text.encode())
    return path


def switch_latest(pages: Path, night: date) -> None:
    """Point `pages/latest` at the folder of a night; an older night never takes its place."""
    point_to(pages / "latest", night.isoformat())


def point_to(link: Path, target: str) -> None:
    """Rename a symbolic link over `link`; a target that begins with an older night than the one there is left out."""
    if link.is_symlink() and str(link.readlink()) > target:
        return
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)
    sync_folder(link.parent)
