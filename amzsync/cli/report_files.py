"""The files `amzsync report` writes."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from amzsync.cli.files import replace_file

if TYPE_CHECKING:
    from amzsync.ops.figures import Report

COLUMNS = ("sku", "kind", "omnitron", "amazon", "reason", "cure")


def write_csv(path: Path, report: Report) -> None:
    """The differences as CSV, with the mark by which Excel knows UTF-8."""
    replace_file(path, csv_text(report).encode("utf-8-sig"))


def write_page(path: Path, report: Report, now: datetime) -> None:
    """The report as one web page, which tells how old things are now."""
    from amzsync.ops.report_page import page  # its templates cost a run that writes none

    replace_file(path, page(report, now).encode())


def csv_text(report: Report) -> str:
    """The differences as CSV, a header first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(row, name) for name in COLUMNS] for row in report.differences)
    return text.getvalue()
