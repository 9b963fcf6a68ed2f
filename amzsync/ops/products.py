"""Products by hand: sent now, past a penalty that has stopped them, or made to be sent anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from amzsync.errors import AmzsyncError, UsageError
from amzsync.flows import entry, runner
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.product_goods import NOT_SELLABLE
from amzsync.flows.runner import Result
from amzsync.http.overlap import overlap
from amzsync.omnitron.models.sync import IntegrationAction
from amzsync.ops.csv_keys import SKU_COLUMNS, Line, read_lines
from amzsync.ops.penalties import clear

NAME = "products.push"
NOT_IN_QUEUE = (
    "The relevant record is not in queue. The item may have been penalized or check product is"
    " saleable"
)
_UNDER_WAY = "processing"  # the status of a product that a batch request holds
_SENT = "success"


@dataclass(frozen=True, slots=True)
class Triggered:
    """The run, and what came of each SKU that was sent, in the order they were asked for."""

    result: Result
    sent: dict[str, str]


def trigger(ctx: Context, names: Sequence[str]) -> Triggered:
    """Send these new products now, those with a stopped penalty too. The lock is the caller's.

    What is no new product in the queue is a failure of the run with the manual's sentence; a
    penalty comes of it only where it was tried and is not sellable. Safe to repeat.
    """
    asked = list(dict.fromkeys(names))
    refused = _not_in_queue(ctx, asked)
    queue = [sku for sku in asked if sku not in refused]
    stopped = ctx.state.penalties.list(ctx.channel, NAME, queue)
    if stopped and not ctx.options.dry_run:
        cleared = clear(ctx, stopped)
        if cleared.error is not None:
            raise cleared.error
    ctx.options = replace(ctx.options, only=frozenset(queue), past_penalty=True)
    flow = runner.load(entry(NAME))
    if not queue:  # for then the flow would look at all products
        flow = replace(flow, fetch=lambda _ctx: (), refetch=None)
    result = runner.run(entry(NAME), ctx, flow)
    for row in [row for row in (*result.failures, *result.waiting) if row.key in queue]:
        if row.status == "waiting" or row.code == NOT_SELLABLE:
            refused[row.key] = row.reason
    others = [row for row in result.failures if row.key not in refused]
    told = [
        Outcome(sku, "failed", "not_in_queue", f"{NOT_IN_QUEUE} ({why})")
        for sku, why in refused.items()
    ]
    result.failures = [*others, *told]
    if result.failures:
        result.counts["failed"] = len(result.failures)
    failed = {row.key for row in result.failures}
    return Triggered(result, {sku: _told(ctx, result, sku) for sku in queue if sku not in failed})


def _not_in_queue(ctx: Context, skus: Sequence[str]) -> dict[str, str]:
    """Those of the SKUs that are no new products waiting to be sent, and why."""
    products = {row.sku: row for row in ctx.omnitron.products.by_skus(skus)}
    known = ctx.state.products.by_skus(ctx.channel, skus)
    penalties = {row.key: row for row in ctx.state.penalties.list(ctx.channel, NAME, skus)}
    actions = _actions(ctx, [product.pk for product in products.values()])
    found: dict[str, str] = {}
    for sku in skus:
        product, penalty = products.get(sku), penalties.get(sku)
        action = actions.get(product.pk) if product else None
        if product is None:
            found[sku] = "the catalog has no such product"
        elif action is not None and action.status == _UNDER_WAY:
            found[sku] = "it is on its way to Amazon"
        elif (action is not None and action.status == _SENT and action.remote_id) or (
            sku in known and known[sku].version
        ):
            found[sku] = "it was sent before: products touch has it sent anew"
        elif penalty and not penalty.stopped and penalty.next_try_at > ctx.clock.now():
            found[sku] = f"in penalty: {penalty.reason}"
    return found


def _told(ctx: Context, result: Result, sku: str) -> str:
    """In a few words what came of a SKU."""
    planned = {line.partition(": ")[0]: line.partition(": ")[2] for line in result.planned}
    if sku in planned:
        return planned[sku]
    events = ctx.state.runs.story(ctx.channel, sku, 1)
    told = [f"{row.status} {row.reason}".strip() for row in events if row.run_id == result.run_id]
    return told[0] if told else result.pending or "another run is at work on it"


def touch(ctx: Context, path: Path) -> list[str]:
    """Set the version date of all products of a CSV file back (A-30); their SKUs.

    The next run sends them anew. The lock is the caller's. Safe to repeat. Errors: UsageError
    naming every line that is not fit, before anything is changed.
    """
    lines = read_lines(path, SKU_COLUMNS)
    asked = [line.key for line in lines if not line.problem]
    products = {row.sku: row.pk for row in ctx.omnitron.products.by_skus(asked)}
    actions = _actions(ctx, list(products.values()))
    if problems := list(_problems(lines, products, actions)):
        raise UsageError(
            "\n".join([f"{path}: nothing was touched", *(f"  {problem}" for problem in problems)])
        )
    skus = [line.key for line in lines]
    if not ctx.options.dry_run:
        _set_back(ctx, [actions[products[sku]] for sku in skus])
    return skus


def _problems(
    lines: Sequence[Line],
    products: dict[str, int],
    actions: dict[int, IntegrationAction],
) -> Iterator[str]:
    first: dict[str, int] = {}
    for line in lines:
        sku, number = line.key, line.number
        action = actions.get(products.get(sku, 0))
        if line.problem:
            yield f"line {number}: {line.problem}: {line.text}"
            continue
        if sku in first:
            yield f"line {number}: {sku} stands in line {first[sku]} already"
        elif sku not in products:
            yield f"line {number}: the catalog has no product {sku}"
        elif action is None or action.pk is None:
            yield f"line {number}: {sku} was never sent: products push sends it by itself"
        elif action.status == _UNDER_WAY:
            yield f"line {number}: {sku} is on its way to Amazon: try again when it has arrived"
        first.setdefault(sku, number)


def _set_back(ctx: Context, actions: Sequence[IntegrationAction]) -> None:
    stopped: AmzsyncError | None = None
    done = 0
    pks = [action.pk for action in actions if action.pk is not None]
    for each in overlap(ctx.omnitron.integration_actions.touch, pks, ctx.in_flight):
        done += each.error is None
        stopped = stopped or each.error
    if stopped is not None:
        ctx.note(f"{done} of {len(pks)} products touched; running it again does no harm")
        raise stopped


def _actions(ctx: Context, pks: Sequence[int]) -> dict[int, IntegrationAction]:
    if not pks:
        return {}
    found = ctx.omnitron.integration_actions.by_object_ids("product", pks)
    return {row.object_id: row for row in found}
