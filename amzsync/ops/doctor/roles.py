"""Which operations the application may call: tried with reads and previews, never with a change.

A role shows only when an operation is called (403 when it is missing). Some can only be called by
changing something: of those nothing is known until a flow calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from amzsync.amazon.feeds import JSON_LISTINGS_FEED
from amzsync.amazon.operations import (
    CONFIRM_SHIPMENT,
    CREATE_FEED,
    CREATE_FEED_DOCUMENT,
    CREATE_REPORT,
    GET_FEEDS,
    GET_INVENTORY_SUMMARIES,
    GET_LISTINGS_ITEM,
    GET_ORDER,
    GET_REPORTS,
    PATCH_LISTINGS_ITEM,
    SEARCH_DEFINITIONS_PRODUCT_TYPES,
    SEARCH_LISTINGS_ITEMS,
    SEARCH_ORDERS,
)
from amzsync.errors import AuthError, RefusedError, ThrottledError
from amzsync.flows.flow import Context
from amzsync.http.operation import Operation
from amzsync.http.overlap import overlap
from amzsync.ops.doctor.finding import Finding, ok, problem, unusable

RESERVE: Final = 5  # tokens of a scarce bucket that are left for the flows
_SCARCE: Final = 0.1  # tokens a second; below that a flow waits minutes for one
_MINUTE: Final = timedelta(minutes=1)  # what is read of lists: hardly anything, on one page
# Nothing can be read of them, and nothing changed, were a preview taken for more than that.
_NO_SKU, _NO_ORDER = "amzsync-doctor", "000-0000000-0000000"

UNKNOWN: Final = (CONFIRM_SHIPMENT, CREATE_FEED_DOCUMENT, CREATE_FEED, CREATE_REPORT)

_LISTING, _TRACKING = "Product Listing", "Inventory and Order Tracking"


@dataclass(frozen=True, slots=True)
class Probe:
    """An operation, the role that gives access to it, and how it is tried.

    Source of the roles: developer-docs.amazon.com/sp-api, "Role Mappings for SP-API Operations".
    """

    operation: Operation
    role: str
    ask: Callable[[Context], object]


def _search_orders(ctx: Context) -> object:
    return ctx.amazon.orders.search_orders(
        marketplace_ids=[ctx.amazon.marketplace_id],
        last_updated_after=ctx.clock.now() - 10 * _MINUTE,
        included_data=(),
        max_results_per_page=1,
        reserve=RESERVE,
        max_wait=0,
    )


def _preview(ctx: Context) -> object:
    patch = {
        "op": "replace",
        "path": "/attributes/condition_type",
        "value": [{"value": "new_new", "marketplace_id": ctx.amazon.marketplace_id}],
    }
    return ctx.amazon.listings.patch_listings_item(_NO_SKU, [patch], "PRODUCT", preview=True)


_PRODUCT_TYPES: Final = Probe(
    SEARCH_DEFINITIONS_PRODUCT_TYPES,
    _LISTING,
    lambda ctx: ctx.amazon.product_types.search_definitions_product_types(keywords=["shirt"]),
)
# The three that name the seller, who is otherwise told by the token.
_ITEMS: Final = {GET_LISTINGS_ITEM, SEARCH_LISTINGS_ITEMS, PATCH_LISTINGS_ITEM}

PROBES: Final = (
    Probe(SEARCH_ORDERS, _TRACKING, _search_orders),
    Probe(
        GET_ORDER,
        _TRACKING,
        lambda ctx: ctx.amazon.orders.get_order_raw(_NO_ORDER, included_data=("FULFILLMENT",)),
    ),
    Probe(
        GET_LISTINGS_ITEM,
        _LISTING,
        lambda ctx: ctx.amazon.listings.get_listings_item(_NO_SKU, included_data=("summaries",)),
    ),
    Probe(
        SEARCH_LISTINGS_ITEMS,
        _LISTING,
        lambda ctx: ctx.amazon.listings.search_listings_items(
            [_NO_SKU], included_data=("summaries",)
        ),
    ),
    Probe(PATCH_LISTINGS_ITEM, _LISTING, _preview),
    _PRODUCT_TYPES,
    Probe(
        GET_FEEDS,
        _LISTING,
        lambda ctx: ctx.amazon.feeds.get_feeds([JSON_LISTINGS_FEED], ctx.clock.now() - _MINUTE),
    ),
    Probe(
        GET_REPORTS,
        _LISTING,
        lambda ctx: ctx.amazon.reports.get_reports(
            ["GET_MERCHANT_LISTINGS_ALL_DATA"], ctx.clock.now() - _MINUTE
        ),
    ),
)


INVENTORY: Final = Probe(
    GET_INVENTORY_SUMMARIES,
    "Amazon Fulfillment",
    lambda ctx: next(ctx.amazon.inventory.summaries([_NO_SKU]), None),
)


def is_spare(ctx: Context, operation: Operation) -> bool:
    """Whether the operation's bucket can spare a token; a scarce one keeps some for the flows."""
    if operation.rate is None or operation.rate >= _SCARCE:
        return True
    rows = {row.bucket: row.tokens for row in ctx.state.ledger.rows()}
    return rows.get(operation.bucket_name, operation.burst) >= RESERVE + 1


def of_roles(ctx: Context) -> Iterator[Finding]:
    """What became of each probe."""
    probes = (*PROBES, INVENTORY) if ctx.config.is_fba_channel else PROBES
    asked = [probe for probe in probes if is_spare(ctx, probe.operation)]
    errors = {
        done.item.operation.name: done.error
        for done in overlap(lambda probe: probe.ask(ctx), asked, ctx.in_flight)
    }
    refused = [p for p in asked if isinstance(errors[p.operation.name], AuthError)]
    if refused and len(refused) == len(asked):
        yield _shut_out(ctx)
        return
    if {probe.operation for probe in refused} >= _ITEMS and _PRODUCT_TYPES not in refused:
        yield _other_seller(ctx)
    else:
        yield from (_missing(probe) for probe in refused)
    open_, unknown = [], [probe for probe in probes if probe not in asked]
    for probe in (probe for probe in asked if probe not in refused):
        error = errors[probe.operation.name]
        if isinstance(error, ThrottledError):
            unknown.append(probe)
        elif error is not None and not isinstance(error, RefusedError):
            yield unusable(probe.operation.name, error, ctx.config.base_url)
        else:  # that there is no such SKU or order is an answer
            open_.append(probe)
    if open_:
        yield ok("roles", f"Amazon answers to {_names(open_)}")
    if unknown:
        yield ok("roles without quota", f"unknown: {_names(unknown)} have no token to spare")
    untried = ", ".join(operation.name for operation in UNKNOWN)
    yield ok("roles not tried", f"unknown: {untried} can only be tried by changing something")


def _missing(probe: Probe) -> Finding:
    name = probe.operation.name
    cure = (
        f'give the application the role "{probe.role}" in Developer Central, then have the seller'
        " authorise it again: a role counts only for authorisations given after it"
    )
    return problem(name, "Amazon refuses it (HTTP 403), while it answers to others", cure)


def _other_seller(ctx: Context) -> Finding:
    message = (
        f"Amazon refuses every operation on the listings of {ctx.config.seller_id} (HTTP 403),"
        " though not those that only need the same role"
    )
    cure = "set seller_id to the merchant token of the seller the refresh token is of"
    return problem("seller_id", message, cure)


def _shut_out(ctx: Context) -> Finding:
    message = f"{ctx.config.base_url} refuses every operation (HTTP 403), with a new access token"
    cure = (
        "check that seller_id and refresh_token are of one seller in the region of base_url, and"
        " have the seller authorise the application again in Seller Central"
    )
    return problem("authorisation", message, cure)


def _names(probes: list[Probe]) -> str:
    return ", ".join(probe.operation.name for probe in probes)
