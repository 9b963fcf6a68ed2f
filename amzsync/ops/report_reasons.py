"""Why the two sides differ over a SKU, as far as the state knows, and what mends it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

from amzsync.amazon.models.listings import ERROR
from amzsync.flows import entry
from amzsync.flows.flow import Context
from amzsync.flows.listing_changes import QUANTITY
from amzsync.mapping.issues import told as issue_told
from amzsync.ops.report_facts import DELETE_FLOW, PRODUCT_FLOW, Facts, Shown
from amzsync.state.penalties import Penalty
from amzsync.state.store import to_moment


@dataclass(frozen=True, slots=True)
class Why:
    """A reason and its cure: a command, or what a person has to do."""

    reason: str
    cure: str


FIX: Final = "amzsync report --fix"
STOCK_MISSING: Final = Why("Stock data not found", "add the product's stock in Omnitron")
PRICE_MISSING: Final = Why("Price data not found", "add the product's price in Omnitron")
AMAZONS_STOCK: Final = Why(
    "Amazon fulfils it: the number is Amazon's", "take Amazon's stock over into Omnitron"
)


def not_on_sale(ctx: Context, facts: Facts) -> Why:
    """Why a sellable product cannot be bought."""
    penalty = facts.penalties.get(PRODUCT_FLOW)
    if penalty is not None:
        return of_penalty(penalty)
    if facts.waiting is not None:
        return Why(facts.waiting.reason, f"amzsync why {shlex.quote(facts.sku)}")
    if len(facts.nodes) > 1:
        names = ", ".join(sorted(node.name for node in facts.nodes))
        return Why(
            f"{len(facts.nodes)} categories instead of exactly one: {names}",
            "leave it in one category in Omnitron",
        )
    if facts.shown is None:
        return _not_listed(ctx, facts)
    return _not_buyable(ctx, facts, facts.shown)


def of_value(ctx: Context, facts: Facts, attribute: str, flow: str) -> Why:
    """Why a stock or price that was sent, or should have been, is not what Amazon shows."""
    penalty = facts.penalties.get(flow)
    if penalty is not None:
        return of_penalty(penalty)
    if off := entry(flow).why_off(ctx.config):
        return Why(off, f"set {entry(flow).flag} to true, or amzsync {entry(flow).command} --force")
    told = facts.told.get(attribute)
    if told is not None and told.sent is not None and told.sent_at is not None:
        at = f"{to_moment(told.sent_at):%Y-%m-%d %H:%M}Z"
        return Why(f"changed on Amazon: it took {told.sent} at {at}", FIX)
    if flow in facts.dirty:
        command = entry(flow).command
        return Why(f"{command} has not sent it yet", f"amzsync {command}")
    return Why("changed on Amazon, or never applied there", FIX)


def left_the_catalog(ctx: Context, facts: Facts) -> Why:
    """Why a product that is not in the catalog any more can still be bought."""
    penalty = facts.penalties.get(DELETE_FLOW)
    if penalty is not None:
        return of_penalty(penalty)
    if off := entry(DELETE_FLOW).why_off(ctx.config):
        return Why(f"it left the catalog, and {off}", "amzsync products delete --force")
    return Why("it left the catalog, and was put on sale on Amazon again", FIX)


def of_penalty(penalty: Penalty) -> Why:
    """What a penalty says; its own cure is `penalties explain`'s business."""
    key = shlex.quote(penalty.key)  # copied into a shell
    if penalty.stopped:
        return Why(f"stopped: {penalty.reason}", f"amzsync penalties clear --sku {key}")
    return Why(f"in penalty: {penalty.reason}", f"amzsync penalties explain {key}")


def _not_listed(ctx: Context, facts: Facts) -> Why:
    off = entry(PRODUCT_FLOW).why_off(ctx.config)
    was_sent = facts.goods.linked or (facts.sent is not None and facts.sent.version)
    if not was_sent:
        return Why(f"never sent: {off}" if off else "never sent", _send(ctx, facts))
    return Why(
        "it was sent, and Amazon has no such listing", "amzsync products touch, with a file of it"
    )


def _not_buyable(ctx: Context, facts: Facts, shown: Shown) -> Why:
    here = ctx.amazon.marketplace_id
    issues = [
        issue_told(issue)
        for issue in shown.item.issues
        if issue.severity == ERROR and here in (issue.marketplace_ids or (here,))
    ]
    if issues:
        return Why("; ".join(issues), f"amzsync why {shlex.quote(facts.sku)}")
    if not shown.by_amazon and shown.quantity in (None, "0"):
        return _out_of_stock(ctx, facts)
    if shown.by_amazon and shown.quantity == "0":
        return Why("Amazon's warehouses have none of it", "send stock to Amazon")
    if shown.price is None:
        return Why("it has no price on Amazon", FIX if facts.goods.linked else _send(ctx, facts))
    return Why("Amazon gives no reason", "look at the listing in Seller Central")


def _out_of_stock(ctx: Context, facts: Facts) -> Why:
    if facts.quantity == "0" and facts.stock is not None:
        return Why(
            f"its stock of {facts.stock.stock} is within buffer_stock ({ctx.config.buffer_stock})",
            "add stock, or lower buffer_stock",
        )
    if not facts.goods.linked:
        return Why("it is on Amazon without stock, and was never sent", _send(ctx, facts))
    told = facts.told.get(QUANTITY)
    since = " again" if told is not None and told.sent == "0" else ""
    return Why(f"its stock on Amazon is 0{since}", FIX)


def _send(ctx: Context, facts: Facts) -> str:
    if entry(PRODUCT_FLOW).why_off(ctx.config):
        return "set send_products to true"
    return f"amzsync products trigger {shlex.quote(facts.sku)}"
