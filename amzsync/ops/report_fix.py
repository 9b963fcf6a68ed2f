"""Differences put right by the flows they belong to: their lock, guard, fences, penalties and all.

Before a value is sent it is marked as one to send again, as a read-back does that saw another: a
run killed then leaves it to the flow's next one, and nothing is sent twice but the same value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from amzsync.errors import AlreadyRunningError, GuardError
from amzsync.flows import changed_prices, changed_stocks, entry, prices_push, runner, stock_push
from amzsync.flows.changed_goods import Goods, Observed
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.listing_changes import QUANTITY, Change
from amzsync.flows.product_goods import prices_of, stocks_of
from amzsync.flows.runner import Result
from amzsync.ops.report_facts import DELETE_FLOW, amazon_shows
from amzsync.state.lock import flow_lock, locked
from amzsync.state.reports import Found

COMMAND = "report --fix"  # what a guard names as the way through

_PIECE = 100  # SKUs looked at once more at a time
_LOCK_WAIT = 60.0  # seconds for a run of the flow that goes on; most last two


@dataclass(frozen=True, slots=True)
class Repair:
    """How one kind of difference is put right. `change` finds the change in what the flow sends."""

    kind: str
    goods: Goods[Any]
    rows: Callable[[Context, Sequence[int]], Mapping[int, Any]]
    flow: Flow[Any, Any]
    guard: Callable[..., None]
    change: Callable[[Any], Change]


_REPAIRS = (
    Repair(
        "stock",
        changed_stocks.GOODS,
        stocks_of,
        stock_push.FLOW,
        stock_push.guard,
        lambda payload: payload,
    ),
    Repair(
        "price",
        changed_prices.GOODS,
        prices_of,
        prices_push.FLOW,
        prices_push.guard,
        lambda payload: payload.change,
    ),
)


def fix(ctx: Context, standing: Sequence[Found]) -> Iterator[tuple[str, Result]]:
    """(flow, its run) for every flow that had something to put right.

    Errors: GuardError when a flow's guard let nothing of it go, after the others did their part;
    and what the flows raise.
    """
    stopped: list[GuardError] = []
    fixable = [row for row in standing if row.fixable]
    withdrawn = ctx.state.listings.withdrawals(ctx.channel, [row.sku for row in fixable])
    _take_off_sale(ctx, [row for row in fixable if row.sku in withdrawn])
    for repair in _REPAIRS:
        held = ctx.state.penalties.held(ctx.channel, repair.goods.flow, ctx.clock.now())
        found = {
            row.sku: row.product_pk
            for row in fixable
            if row.kind == repair.kind and row.sku not in withdrawn and row.sku not in held
        }
        if found and _may_run(ctx, repair.goods.flow, len(found)):
            try:
                yield repair.goods.flow, _run(ctx, repair, found)
            except GuardError as error:
                stopped.append(error)
            except AlreadyRunningError:
                ctx.note(f"{repair.goods.flow} goes on: its differences are left for the next time")
    if stopped:
        raise stopped[0]


def _may_run(ctx: Context, flow: str, count: int) -> bool:
    off = entry(flow).why_off(ctx.config)
    if off:
        ctx.note(f"{off}: {count} differences of {entry(flow).command} are left as they are")
    return not off


def _run(ctx: Context, repair: Repair, found: Mapping[str, int]) -> Result:
    name = repair.goods.flow
    before = Counter(ctx.calls())
    own = replace(
        ctx,
        notes=[],
        postponed=[],
        differences=[],
        calls=lambda: dict(Counter(ctx.calls()) - before),
    )
    flow = replace(
        repair.flow,
        fetch=lambda each: _present(each, repair, found),
        refetch=None,
        guard=partial(repair.guard, command=COMMAND),
        send=partial(_send, repair),
    )
    path = flow_lock(ctx.state.store, ctx.channel, name)
    with locked(path, wait=_LOCK_WAIT, deadline=ctx.deadline):
        return runner.run(entry(name), own, flow)


def _present(ctx: Context, repair: Repair, found: Mapping[str, int]) -> Iterator[Observed[Any]]:
    """What Omnitron has of these SKUs now, and what Amazon shows of them now."""
    skus = sorted(found)
    for start in range(0, len(skus), _PIECE):
        chunk = {sku: found[sku] for sku in skus[start : start + _PIECE]}
        yield from _observed(ctx, repair, chunk)


def _observed(ctx: Context, repair: Repair, chunk: Mapping[str, int]) -> Iterator[Observed[Any]]:
    attribute = repair.goods.attribute
    rows = repair.rows(ctx, list(chunk.values()))
    shown = amazon_shows(ctx, list(chunk))
    known = ctx.state.listings.by_skus(ctx.channel, chunk, attribute)
    for sku, product_pk in chunk.items():
        row, seen, listing = rows.get(product_pk), shown.get(sku), known.get(sku)
        if row is None or seen is None or (listing is not None and listing.holder is not None):
            continue  # gone meanwhile, or somebody is at work on it: the next report tells
        live = seen.quantity if attribute == QUANTITY else seen.price
        yield Observed(
            sku=sku, row=row, sent=live, confirmed=live, known=live, is_older=False, dirty=False
        )


def _send(repair: Repair, ctx: Context, items: Sequence[Item[Any]]) -> Iterable[Sequence[Outcome]]:
    """See listing_writer.send: absolute values, so a repeat changes nothing."""
    changes = [repair.change(item.payload) for item in items]
    wrong = [change for change in changes if not change.unchanged]
    listings, attribute = ctx.state.listings, repair.goods.attribute
    with ctx.state.store.atomic():
        listings.know(ctx.channel, [(change.sku, change.product_pk) for change in wrong])
        listings.differs(ctx.channel, [(row.sku, row.before) for row in wrong], attribute)
    return repair.flow.send(ctx, items)


def _take_off_sale(ctx: Context, withdrawn: Sequence[Found]) -> None:
    """Have `products delete` send its zero again for what it took off sale before."""
    if not withdrawn or not _may_run(ctx, DELETE_FLOW, len(withdrawn)):
        return
    ctx.note(f"{len(withdrawn)} that left the catalog go to zero with the next products delete")
    if not ctx.options.dry_run:
        again = [(row.sku, row.amazon) for row in withdrawn]
        ctx.state.listings.differs(ctx.channel, again, QUANTITY)
