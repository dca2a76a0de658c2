"""The report of a night before it is a page: typed frames in, sentences, charts and tables out."""

from __future__ import annotations

from surveillance.reporting.context import page_context
from surveillance.reporting.data import COLUMNS, Delivery, ReportData, ReportMeta, empty_frame

__all__ = ["COLUMNS", "Delivery", "ReportData", "ReportMeta", "empty_frame", "page_context"]
