"""The report types served: one function each, entered in REPORT_TYPES at the foot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from amzsync.sandbox.amazon.browsereport import BROWSE_TREE, browse_tree
from amzsync.sandbox.amazon.listingsreport import LISTINGS, merchant_listings
from amzsync.sandbox.amazon.reportcontent import Content, StreamedContent
from amzsync.sandbox.amazon.returnreports import RETURN_REPORTS

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.reportbook import Report
    from amzsync.sandbox.amazon.world import AmazonWorld


REPORT_TYPES: dict[str, Callable[[AmazonWorld, Report], Content | StreamedContent | None]] = {
    BROWSE_TREE: browse_tree,
    LISTINGS: merchant_listings,
    **RETURN_REPORTS,
}
