"""Orders taken by id, past every window and penalty: the run of `orders pull` for them alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from amzsync.amazon.models.orders import CANCELLED
from amzsync.amazon.orders import ORDER_ID
from amzsync.errors import RecordError, RefusedError
from amzsync.flows import entry, orders_pull, runner
from amzsync.flows.flow import Context
from amzsync.flows.inbox_news import News, news_of, store
from amzsync.flows.inbox_rows import inbox_row
from amzsync.flows.order_links import NAME
from amzsync.flows.order_windows import channels
from amzsync.flows.runner import Result, outcome_of
from amzsync.http.overlap import overlap
from amzsync.ops.penalties import clear
from amzsync.state.channels import Channel
from amzsync.state.inbox import InboxRow


@dataclass(frozen=True, slots=True)
class Recovered:
    """What came of one order."""

    order_id: str
    told: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """The run, and what came of each order asked for, in the order they were asked for."""

    result: Result
    orders: list[Recovered]


def recover(ctx: Context, names: Sequence[str]) -> Recovery:
    """Take these orders from Amazon into Omnitron, as `orders pull` does. The lock is its own.

    A name is Amazon's order id, or the order's number in Omnitron where the inbox knows it. One
    that cannot be taken is a failure of the run and no penalty. Safe to repeat.
    """
    asked = list(dict.fromkeys(_order_id(ctx, name) for name in names))
    rows: dict[str, InboxRow] = {}
    refused: dict[str, RecordError] = {}
    for done in overlap(partial(_read, ctx), asked, ctx.in_flight):
        if isinstance(done.error, RecordError):
            refused[done.item] = done.error
        elif done.error is not None:
            raise done.error
        elif done.value is not None:
            rows[done.item] = _taken_in(ctx, done.value)
    if not ctx.options.dry_run:
        _lift(ctx, list(rows))
    ctx.options = replace(ctx.options, only=frozenset(rows), past_penalty=True)
    to_import = [row for row in rows.values() if row.state in ("new", "created")]
    flow = replace(orders_pull.FLOW, fetch=lambda _ctx: to_import)
    result = runner.run(entry(NAME), ctx, flow)
    if refused:
        result.failures += [outcome_of(order_id, error) for order_id, error in refused.items()]
        result.counts["failed"] += len(refused)
    told = {**_told(ctx, result, rows), **{key: str(error) for key, error in refused.items()}}
    return Recovery(result, [Recovered(order_id, told[order_id]) for order_id in asked])


def _order_id(ctx: Context, name: str) -> str:
    if ORDER_ID.fullmatch(name) and ctx.state.inbox.get(name) is not None:
        return name
    row = ctx.state.inbox.by_number(ctx.channel, name)
    return name if row is None else row.order_id


def _read(ctx: Context, order_id: str) -> InboxRow:
    """The order as a row of this channel, however long ago it was placed.

    Errors: RecordError when it is none of this channel's.
    """
    if not ORDER_ID.fullmatch(order_id):
        raise RecordError(
            "is no order id of Amazon's (such as 403-1234567-1234567), nor the number of an order "
            "the inbox knows",
            code="unknown_order",
        )
    try:
        raw = ctx.amazon.orders.get_order_raw(order_id)
    except RefusedError as error:
        if error.status != 404:
            raise
        raise RecordError(
            "Amazon knows no such order", code="unknown_order", request_id=error.request_id
        ) from error
    whose: dict[tuple[str, str], Channel] = {
        (row.marketplace_id, row.fulfilled_by): replace(row, order_start_date=None)
        for row in channels(ctx)
    }
    row = inbox_row(raw, whose, ctx.clock.now())
    if row is None:
        raise RecordError(
            "is sold in another marketplace, or shipped by others, than the account's channels here"
            " take orders of",
            code="other_channel",
        )
    if row.channel != ctx.channel:
        name = next((each.name for each in whose.values() if each.key == row.channel), "")
        raise RecordError(
            f"belongs to channel {row.channel} ({name}): recover it with that channel's config",
            code="other_channel",
        )
    return row


def _taken_in(ctx: Context, row: InboxRow) -> InboxRow:
    """The order put into the inbox, as far as it had come already; in a dry run only looked at."""
    news = news_of(ctx, [row])
    before = news.known.get(row.order_id)
    current = next(iter(news.rows), row)
    if before is not None:
        if not news.rows and before.state in ("pending", "ignored"):
            # The same version as before, of which something else is to become now.
            news = News([row], [], news.known)
        elif not news.rows:
            kept = row.payload if before.state == "new" else None
            current = replace(row, state=before.state, payload=kept)
        current = replace(
            current,
            attempted_at=before.attempted_at,
            omnitron_pk=before.omnitron_pk,
            number=before.number,
        )
    if not ctx.options.dry_run:
        with ctx.state.store.atomic():
            store(ctx, news)
            ctx.state.inbox.seen_anew(row.order_id, ctx.clock.now())
    return current


def _lift(ctx: Context, order_ids: list[str]) -> None:
    """No penalty, here or in Omnitron, and no waiting: the next failure is the first again."""
    cleared = clear(ctx, ctx.state.penalties.list(ctx.channel, NAME, order_ids))
    if cleared.error is not None:
        ctx.note(f"Omnitron's own penalty could not be lifted: {cleared.error}")
    ctx.state.waiting.release(ctx.channel, NAME, order_ids)


def _told(ctx: Context, result: Result, rows: dict[str, InboxRow]) -> dict[str, str]:
    """In a few words what came of each order that was read."""
    told = {line.partition(": ")[0]: line.partition(": ")[2] for line in result.planned}
    told |= {row.key: row.reason for row in (*result.failures, *result.waiting)}
    for order_id, row in rows.items():
        if order_id not in told:
            told[order_id] = _standing(ctx, result, row)
    return told


def _standing(ctx: Context, result: Result, row: InboxRow) -> str:
    now = ctx.state.inbox.get(row.order_id) if not ctx.options.dry_run else row
    now = now or row
    if now.state in ("pending", "ignored"):
        text = f"not imported: {now.reason}"
    else:
        events = ctx.state.runs.story(ctx.channel, row.order_id, 1)
        reasons = [event.reason for event in events if event.run_id == result.run_id]
        text = next(filter(None, reasons), f"is in Omnitron as {now.number}")
    if row.status == CANCELLED and now.state != "new":
        text += "; it is cancelled on Amazon: cancellations pull does the rest"
    return text
