"""Report: draw the page of the night and point `pages/latest` at it."""

from __future__ import annotations

from surveillance.night import Counts, Night
from surveillance.reporting import page_context
from surveillance.reporting.pages import render, switch_latest, write_page
from surveillance.reporting.reading import read_report_data
from surveillance.reporting.rules import load_rules


def report(night: Night) -> Counts:
    """Write pages/NIGHT/rapport.html; counts of bytes, charts and sentences."""
    data = read_report_data(night, load_rules(night.content))
    context = page_context(night.content, data)
    page = render(night.content, "report.html", context)
    write_page(night.folder("pages"), page)
    switch_latest(night.settings.state / "pages", night.date)
    charts = 1 + sum(len(figures) for _, figures in context["figures"])
    return {"bytes": len(page.encode()), "charts": charts, "sentences": len(context["points"])}
