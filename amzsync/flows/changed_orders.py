"""Orders Omnitron has changed, with all that decides what Amazon is told of them.

They come from Omnitron's dirty list, and by key: those that wait, those with an invoice answered
meanwhile, those whose penalty is over. None of these is awaited in the dirty list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from amzsync.errors import RecordError, RefusedError
from amzsync.flows.flow import Context, Outcome
from amzsync.http.overlap import overlap
from amzsync.mapping import lines
from amzsync.mapping.packages import AmazonPackage
from amzsync.omnitron.models.orders import SHIPPED, STATUS_CODES, Order, OrderItem
from amzsync.omnitron.paging import Page
from amzsync.state.inbox import InboxRow
from amzsync.state.invoices import InvoiceRow
from amzsync.state.packages import Package

NAME = "orders.push"
CONTENT_TYPE = "order"
PAGE = 100
_CANCELED = STATUS_CODES["canceled"]
_OUT = frozenset(STATUS_CODES[name] for name in ("cancellation_waiting", "canceled", "refunded"))
_UNREADABLE = "order "  # before the pk: what an order is called whose Amazon id cannot be told


@dataclass(frozen=True, slots=True)
class AmazonSide:
    """What Amazon shows of an order: its packages, the standing units of each line, its time."""

    packages: tuple[AmazonPackage, ...] = ()
    standing: Mapping[str, int] = field(default_factory=dict)
    placed: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChangedOrder:
    """An order as read: its units, what Amazon shows of it, and what Amazon was told before.

    `order_id` is "" where Omnitron does not know Amazon's. `dirty`: Omnitron waits to hear that
    this version arrived. `lift`: it keeps a penalty of its own that has to go first. `problem` is
    why it cannot be worked on. `forgotten`: it is so old that it is not known any more what Amazon
    was told of it.
    """

    order: Order
    order_id: str
    units: tuple[OrderItem, ...] = ()
    amazon: AmazonSide = AmazonSide()
    packages: tuple[Package, ...] = ()
    invoices: tuple[InvoiceRow, ...] = ()
    dirty: bool = True
    lift: bool = False
    problem: RecordError | None = None
    forgotten: bool = False

    @property
    def key(self) -> str:
        """What a penalty is charged to."""
        return self.order_id or f"{_UNREADABLE}{self.order.pk}"


def confirms(ctx: Context) -> bool:
    """Whether shipments are told at all: not where Amazon ships."""
    return ctx.config.send_shipping_info and not ctx.config.is_fba_channel


def sends_invoices(ctx: Context) -> bool:
    """Whether invoices are sent at all."""
    return ctx.config.invoices.strategy != "none"


def is_shipped(unit: OrderItem) -> bool:
    """Whether the unit has left; a cancelled or refunded one does not count."""
    known = unit.status.isdigit() and unit.status not in _OUT
    return known and int(unit.status) >= int(SHIPPED)


def fetch(ctx: Context) -> Iterator[ChangedOrder | Outcome]:
    """The dirty list, then what is re-read by key although Omnitron may have heard of it."""
    seen: set[int] = set()
    for page in _updates(ctx, seen):
        yield from _observed(ctx, page)
    waiting = ctx.state.waiting.list(ctx.channel, NAME)
    again = {row.key: int(row.object_id) for row in waiting if row.object_id is not None}
    again |= {row.order_id: row.order_pk for row in ctx.state.invoices.untold(ctx.channel)}
    again |= _set_free(ctx)
    yield from _by_pk(ctx, {key: pk for key, pk in again.items() if pk not in seen}, dirty=False)


def _set_free(ctx: Context) -> dict[str, int]:
    """Orders with a refused invoice whose penalty was cleared by hand: id → Omnitron's key.

    Omnitron does not bring these: the order is as it was when it was told of last.
    """
    refused = ctx.state.invoices.refused(ctx.channel) if sends_invoices(ctx) else []
    if not refused:
        return {}
    held = {row.key for row in ctx.state.penalties.list(ctx.channel, NAME)}
    return {row.order_id: row.order_pk for row in refused if row.order_id not in held}


def refetch(ctx: Context, keys: Sequence[str]) -> Iterator[ChangedOrder | Outcome]:
    """These orders as they are now, whatever Omnitron's dirty list says.

    Where an invoice is under way its answer comes first, unless the order was asked for by hand.
    """
    if not ctx.options.only:
        travelling = {row.order_id for row in ctx.state.invoices.under_way(ctx.channel)}
        keys = [key for key in keys if key not in travelling]
    for start in range(0, len(keys), PAGE):
        yield from _by_pk(ctx, _pks(ctx, keys[start : start + PAGE]), lift=True)


def _updates(ctx: Context, seen: set[int]) -> Iterator[Page[Order]]:
    """The dirty list; orders seen before are left out and their keys noted in `seen`.

    What is sent leaves the list, so a page is asked for again until it shows nothing new.
    """
    number, more = 1, True
    while more:
        page = ctx.omnitron.orders.updates(number)
        fresh = page.keep(lambda order: order.pk not in seen)
        seen.update(order.pk for order in fresh)
        malformed = tuple(row for row in page.malformed if row.pk not in seen)
        seen.update(row.pk for row in malformed if row.pk is not None)
        yield replace(fresh, malformed=malformed)
        more = page.more
        number += len(fresh) == 0


def _pks(ctx: Context, keys: Sequence[str]) -> dict[str, int]:
    """Omnitron's key of each order, by what it is called; 0 where Omnitron has none."""
    found: dict[str, int] = {}
    for row in ctx.state.penalties.list(ctx.channel, NAME, keys):
        if (row.object_id or "").isdigit():
            found[row.key] = int(row.object_id or 0)
    for order_id, known in ctx.state.inbox.known(keys).items():
        if known.omnitron_pk is not None:
            found[order_id] = known.omnitron_pk
    missing = [key for key in keys if key not in found]
    if missing:
        from amzsync.flows.order_links import already_linked

        found |= already_linked(ctx, missing)
    return {key: found.get(key, 0) for key in keys}


def _by_pk(
    ctx: Context, wanted: Mapping[str, int], *, dirty: bool = True, lift: bool = False
) -> Iterator[ChangedOrder | Outcome]:
    """The orders of these keys; those that are not there are not ours to send."""
    pks = sorted({pk for pk in wanted.values() if pk})
    there: set[int] = set()
    for start in range(0, len(pks), PAGE):
        page = ctx.omnitron.orders.by_pks(pks[start : start + PAGE])
        there |= {order.pk for order in page} | {row.pk for row in page.malformed if row.pk}
        yield from _observed(ctx, page, dirty=dirty, lift=lift)
    for key, pk in wanted.items():
        if pk not in there:
            yield Outcome(key, "skipped", "no_order", "Omnitron has no such order on this channel")


def _observed(
    ctx: Context, page: Page[Order], *, dirty: bool = True, lift: bool = False
) -> Iterator[ChangedOrder | Outcome]:
    """The page's orders with all that is known of them; a held one is not looked into."""
    for broken in page.malformed:
        pk = None if broken.pk is None else str(broken.pk)
        yield Outcome(f"{_UNREADABLE}{pk}", "failed", "malformed", broken.problem, object_id=pk)
    found = [ChangedOrder(order, order.remote_id or "", dirty=dirty, lift=lift) for order in page]
    held = ctx.state.penalties.held(ctx.channel, NAME, ctx.clock.now())
    ids = [changed.order_id for changed in found]
    rows = ctx.state.inbox.known(ids)
    packages = ctx.state.packages.of_orders(ctx.channel, ids)
    invoices = ctx.state.invoices.of_orders(ctx.channel, ids)
    to_read = []
    for changed in found:
        known = replace(
            changed,
            packages=tuple(packages.get(changed.order_id, ())),
            invoices=tuple(invoices.get(changed.order_id, ())),
        )
        row = rows.get(changed.order_id)
        if _is_forgotten(ctx, changed, row):
            yield replace(known, forgotten=True)
        elif changed.key in held or not _may_send(ctx, changed):
            yield known
        else:
            to_read.append((known, row))
    for done in overlap(partial(_read, ctx), to_read, ctx.in_flight):
        if done.error is not None:
            raise done.error
        if done.value is not None:
            yield done.value


def _may_send(ctx: Context, changed: ChangedOrder) -> bool:
    """Whether the order can have anything to send.

    Its status says little: it is that of its least advanced unit, and another may have been
    shipped.
    """
    if not changed.order_id or changed.order.status == _CANCELED:
        return False
    return confirms(ctx) or sends_invoices(ctx)


def _is_forgotten(ctx: Context, changed: ChangedOrder, row: InboxRow | None) -> bool:
    """Whether the state has dropped what Amazon was told of the order, or would have by now."""
    kept = timedelta(days=ctx.config.state.retention_order_days)
    placed = changed.order.date_placed
    return row is None and placed is not None and placed < ctx.clock.now() - kept


def _read(ctx: Context, work: tuple[ChangedOrder, InboxRow | None]) -> ChangedOrder:
    changed, row = work
    units = tuple(ctx.omnitron.order_items.of_order(changed.order.pk))
    changed = replace(changed, units=units)
    told = {pk for package in changed.packages for pk in package.units}
    new = any(is_shipped(unit) and unit.pk not in told for unit in units)
    unknown = row is None or "PACKAGES" in row.missing
    if confirms(ctx) and new and unknown:
        # The inbox does not say what has been confirmed already.
        try:
            return replace(changed, amazon=_asked(ctx, changed.order_id))
        except RecordError as error:
            return replace(changed, problem=error)
    return changed if row is None else replace(changed, amazon=_known(row))


def _known(row: InboxRow) -> AmazonSide:
    facts: dict[str, Any] = json.loads(row.facts)
    packages = [
        AmazonPackage(
            each["reference"],
            each["tracking_number"],
            _quantities((item["order_item_id"], item["quantity"]) for item in each["items"]),
        )
        for each in facts.get("packages", ())
        if each["status"] != "CANCELLED"
    ]
    return AmazonSide(tuple(packages), lines.of_text(row.lines), row.created_time)


def _asked(ctx: Context, order_id: str) -> AmazonSide:
    """What Amazon shows of an order the inbox knows too little of."""
    try:
        order = ctx.amazon.orders.get_order(
            order_id, included_data=("FULFILLMENT", "CANCELLATION", "PACKAGES")
        )
    except RefusedError as error:
        raise RecordError(
            f"Amazon does not give the order: {error.detail}",
            code="amazon_order",
            request_id=error.request_id,
        ) from error
    packages = [
        AmazonPackage(
            each.package_reference_id,
            each.tracking_number,
            _quantities((item.order_item_id, item.quantity) for item in each.package_items),
        )
        for each in order.packages
        if each.package_status is None or each.package_status.status != "CANCELLED"
    ]
    return AmazonSide(tuple(packages), lines.standing(order), order.created_time)


def _quantities(rows: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line, quantity in rows:
        found[line] = found.get(line, 0) + quantity
    return found
