"""GET_XML_BROWSE_TREE_DATA: the subtree a report asks for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from amzsync.sandbox.amazon.account import TURKIYE
from amzsync.sandbox.amazon.browsexml import document
from amzsync.sandbox.amazon.reportcontent import StreamedContent

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.reportbook import Report
    from amzsync.sandbox.amazon.world import AmazonWorld

BROWSE_TREE = "GET_XML_BROWSE_TREE_DATA"
_TYPE = "text/xml; charset=UTF-8"


def browse_tree(world: AmazonWorld, report: Report) -> StreamedContent:
    """The nodes asked for; a report without nodes for an unknown id or another marketplace.

    The options win over marketplaceIds, and RootNodesOnly over BrowseNodeId.
    """
    options = report.options
    if options.get("MarketplaceId", report.marketplace_ids[0]) != TURKIYE.id:
        return StreamedContent(partial(document, iter(())), _TYPE)
    if options.get("RootNodesOnly", "").lower() == "true":
        return StreamedContent(partial(document, world.browse.roots()), _TYPE)
    top = options.get("BrowseNodeId", "")
    return StreamedContent(
        partial(document, world.browse.walk(top)), _TYPE, world.browse.packed(top)
    )
