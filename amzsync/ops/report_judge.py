"""Which of a SKU's differences are differences: what is in flight is none, the rest has a reason.

A difference younger than the six hours Amazon's report may be behind is not called one: what was
sent within them, and what changed within them and has yet to be sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from amzsync.flows import entry
from amzsync.flows.flow import Context
from amzsync.flows.listing_changes import PRICE, QUANTITY
from amzsync.flows.listing_snapshot import CACHED
from amzsync.mapping.prices import price_fault
from amzsync.ops import report_reasons as reasons
from amzsync.ops.report_facts import (
    DELETE_FLOW,
    PRICE_FLOW,
    PRODUCT_FLOW,
    STOCK_FLOW,
    Facts,
    is_buyable,
)
from amzsync.ops.report_reasons import Why
from amzsync.state.reports import Found
from amzsync.state.store import to_moment

_FLOWS: Final = {QUANTITY: STOCK_FLOW, PRICE: PRICE_FLOW}


@dataclass(frozen=True, slots=True)
class InFlight:
    """A difference that may be gone by itself, and so is not called one."""

    sku: str
    kind: str


def judge(ctx: Context, facts: Facts) -> Iterator[Found | InFlight]:
    """The differences of a SKU as it stands now."""
    if facts.product is None:
        yield from _left_behind(ctx, facts)
        return
    if facts.sellable and not is_buyable(facts.shown):
        yield _not_on_sale(ctx, facts)
    if facts.shown is None or not facts.goods.linked:
        return
    if facts.price != facts.shown.price:
        yield _of_price(ctx, facts)
    if _stock_differs(ctx, facts):
        yield _of_stock(ctx, facts)


def _not_on_sale(ctx: Context, facts: Facts) -> Found | InFlight:
    kind = "not on sale"
    if facts.holder or _is_on_its_way(ctx, facts):
        return InFlight(facts.sku, kind)
    why = reasons.not_on_sale(ctx, facts)
    stock = facts.stock
    return Found(
        sku=facts.sku,
        kind=kind,
        omnitron=f"{stock.stock if stock else 0} in stock, {facts.price or ''}".rstrip(", "),
        amazon="no listing" if facts.shown is None else "not buyable",
        reason=why.reason,
        cure=why.cure,
        product_pk=facts.goods.product_pk,
        stock=stock.stock if stock else 0,
    )


def _of_price(ctx: Context, facts: Facts) -> Found | InFlight:
    row, shown = facts.price_row, facts.shown
    if _is_in_flight(ctx, facts, PRICE, row.modified_date if row else None):
        return InFlight(facts.sku, "price")
    fault = price_fault(row.price, row.currency_type, ctx.config.marketplace) if row else ""
    if row is None:
        why = reasons.PRICE_MISSING
    elif fault:
        why = Why(f"the price {fault}", "mend the price in Omnitron")
    else:
        why = reasons.of_value(ctx, facts, PRICE, PRICE_FLOW)
    amazon = (shown.price if shown else None) or ""
    return _found(facts, "price", facts.price or "", amazon, why, bool(row and not fault))


def _of_stock(ctx: Context, facts: Facts) -> Found | InFlight:
    row, shown = facts.stock, facts.shown
    fba = ctx.config.is_fba_channel
    modified = row.modified_date if row else None
    if facts.ordered or (not fba and _is_in_flight(ctx, facts, QUANTITY, modified)):
        return InFlight(facts.sku, "stock")
    if row is None:
        why = reasons.STOCK_MISSING
    elif fba:
        why = reasons.AMAZONS_STOCK
    else:
        why = reasons.of_value(ctx, facts, QUANTITY, STOCK_FLOW)
    amazon = (shown.quantity if shown else None) or ""
    return _found(facts, "stock", facts.quantity or "", amazon, why, bool(row and not fba))


def _left_behind(ctx: Context, facts: Facts) -> Iterator[Found | InFlight]:
    """What left the catalog and can still be bought."""
    shown = facts.shown
    if shown is None or shown.by_amazon or shown.quantity in (None, "0"):
        return
    told = facts.told.get(QUANTITY)
    withdrawn = told is not None and told.withdrawn_at is not None
    if facts.holder or _was_sent(ctx, facts, QUANTITY) or (told is not None and told.resend):
        yield InFlight(facts.sku, "stock")
    elif not withdrawn and _runs(ctx, DELETE_FLOW) and DELETE_FLOW not in facts.penalties:
        yield InFlight(facts.sku, "stock")  # its next run takes it off sale
    else:
        why = reasons.left_the_catalog(ctx, facts)
        yield _found(facts, "stock", "0", shown.quantity or "", why, withdrawn)


def _found(facts: Facts, kind: str, omnitron: str, amazon: str, why: Why, fixable: bool) -> Found:
    pk = facts.goods.product_pk
    return Found(facts.sku, kind, omnitron, amazon, why.reason, why.cure, pk, fixable=fixable)


def _stock_differs(ctx: Context, facts: Facts) -> bool:
    """Whether stock is to be compared at all, and differs: Amazon's own number only where it is
    the channel's.
    """
    shown = facts.shown
    if shown is None or shown.by_amazon != ctx.config.is_fba_channel:
        return False
    return (facts.quantity or "0") != (shown.quantity or "0")


def _is_on_its_way(ctx: Context, facts: Facts) -> bool:
    """Whether a product that is not on sale may soon be, by what is known here."""
    if PRODUCT_FLOW in facts.penalties or facts.waiting is not None:
        return False
    sent = facts.sent
    if sent is not None and sent.state != "refused" and _is_young(ctx, sent.sent_at):
        return True
    product = facts.product
    if not facts.goods.linked and sent is None:
        changed = product.modified_at if product else None
        return _runs(ctx, PRODUCT_FLOW) and _is_young(ctx, changed)
    rows = {QUANTITY: facts.stock, PRICE: facts.price_row}
    # Without stock or price nobody can buy it: whichever is on its way brings it back.
    return facts.ordered or any(
        _is_in_flight(ctx, facts, name, row.modified_date)
        for name, row in rows.items()
        if row is not None
    )


def _is_in_flight(ctx: Context, facts: Facts, attribute: str, modified: str | None) -> bool:
    """Whether the value was sent lately, or is about to be."""
    flow = _FLOWS[attribute]
    if facts.holder:
        return True
    if flow in facts.penalties:
        return False
    if _was_sent(ctx, facts, attribute):
        return True
    told = facts.told.get(attribute)
    if not _runs(ctx, flow):
        return False
    if told is not None and told.resend:
        return True
    moment = None if modified is None else datetime.fromisoformat(modified)
    return flow in facts.dirty and _is_young(ctx, moment)


def _was_sent(ctx: Context, facts: Facts, attribute: str) -> bool:
    told = facts.told.get(attribute)
    return told is not None and told.sent_at is not None and _is_young(ctx, to_moment(told.sent_at))


def _is_young(ctx: Context, moment: datetime | None) -> bool:
    return moment is not None and ctx.clock.now() - moment < CACHED


def _runs(ctx: Context, flow: str) -> bool:
    return not entry(flow).why_off(ctx.config)
