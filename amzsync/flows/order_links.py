"""Orders in Omnitron linked to their Amazon ids, so that later flows find them and their units.

A link is an integration action, made by a batch request of the flow's content type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from amzsync.errors import RecordError, RefusedError
from amzsync.flows.batch_lifecycle import end, finish, let_go, open_batch, recover
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.runner import outcome_of
from amzsync.http.overlap import overlap
from amzsync.omnitron.batch_requests import BatchObject
from amzsync.omnitron.models.orders import Order

NAME = "orders.pull"
CONTENT_TYPE = "order"
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Unlinked:
    """An order in Omnitron that is still to be linked to its Amazon id; `order` if just read.

    `fresh`: it is as it was created a moment ago.
    """

    order_id: str
    order_pk: int
    order: Order | None = None
    fresh: bool = False


def already_linked(ctx: Context, order_ids: Iterable[str]) -> dict[str, int]:
    """Omnitron pk of those that are linked there already: one call for fifty orders."""
    actions = ctx.omnitron.integration_actions.by_remote_ids(CONTENT_TYPE, order_ids)
    return {action.remote_id: action.object_id for action in actions if action.remote_id}


def link(ctx: Context, links: Sequence[Unlinked]) -> Iterator[Sequence[Outcome]]:
    """Commit the orders and their units, so that later flows find them by Amazon's ids.

    Gives the outcome of orders an earlier run created, and of those that are gone since.
    """
    for start in range(0, len(links), _PAGE):
        found: list[Unlinked] = []
        objects: list[BatchObject] = []
        outcomes: list[Outcome] = []
        for done in overlap(partial(_objects, ctx), links[start : start + _PAGE], ctx.in_flight):
            if isinstance(done.error, RecordError):
                outcomes.append(outcome_of(done.item.order_id, done.error))
            elif done.error is not None:
                raise done.error
            else:
                found.append(done.item)
                objects.extend(done.value or ())
        if found:
            finish(ctx, open_batch(ctx, NAME, CONTENT_TYPE, objects), objects)
            ctx.state.inbox.imported([row.order_id for row in found], ctx.clock.now())
        outcomes += [
            Outcome(row.order_id, "unchanged", "linked") for row in found if row.order is None
        ]
        yield outcomes


def _objects(ctx: Context, link: Unlinked) -> list[BatchObject]:
    """The order and its units as batch objects.

    An order that has been there for a while is linked as it was created: what the ERP has told of
    it since still has to reach Amazon, and a link at its present version would hide that.
    Errors: RecordError when somebody has deleted the order since.
    """
    order = link.order or _read(ctx, link.order_pk)
    version = None if link.fresh else order.created_date
    units = ctx.omnitron.order_items.of_order(link.order_pk)
    return [
        BatchObject(
            pk=order.pk,
            content_type="order",
            version_date=version or order.modified_date,
            remote_id=link.order_id,
        ),
        *(
            BatchObject(
                pk=unit.pk,
                content_type="orderitem",
                version_date=unit.modified_date,
                remote_id=unit.remote_id,
            )
            for unit in units
        ),
    ]


def _read(ctx: Context, pk: int) -> Order:
    try:
        return ctx.omnitron.orders.get(pk)
    except RefusedError as error:
        if error.status != 404:
            raise
        raise RecordError(
            f"order {pk} was created in Omnitron and is no longer there", code="order_gone"
        ) from error


def end_left_behind(ctx: Context) -> Iterator[Sequence[Outcome]]:
    """End batch requests a killed run left open: what they committed are facts, so: done."""
    for batch in recover(ctx, NAME):
        if batch.state == "commit" and batch.local_batch_id and batch.pk is not None:
            actions = ctx.omnitron.integration_actions.by_batch(
                batch.local_batch_id, status="processing"
            )
            objects = [
                BatchObject(
                    pk=action.object_id,
                    content_type=action.content_type.model or CONTENT_TYPE,
                    version_date=action.version_date,
                    remote_id=action.remote_id,
                )
                for action in actions
                if action.version_date is not None
            ]
            end(ctx, batch.pk, objects)  # what it did not link is linked anew
            ctx.state.batches.drop(batch.id)
        else:
            let_go(ctx, batch)
    yield []
