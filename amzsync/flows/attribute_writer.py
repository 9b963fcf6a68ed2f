"""Attribute sets into Omnitron: in bulk where it has the calls, else row by row.

The bulk call makes a set, its attributes, choices and links; what it cannot say (predefined fields,
pictures, which of an attribute's choices a set allows, what is gone) is set in its configs. Source:
omnitron-api.md §2.12, §5.11.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from amzsync.errors import AlreadyRunningError, AmzsyncError, RefusedError, RejectedError
from amzsync.flows.attribute_plans import SetPlan
from amzsync.flows.attribute_rows import make_attributes
from amzsync.flows.flow import Context, Item, Outcome
from amzsync.flows.runner import outcome_of
from amzsync.flows.set_writer import SetWriter
from amzsync.http.overlap import overlap
from amzsync.mapping.attributes import SetAttribute, united
from amzsync.omnitron.models.attributes import BulkAttribute, BulkValue
from amzsync.state.lock import flow_lock, locked

LOCK: Final = "attributes"  # of all that make attributes: they are shared by the channel's sets
_NODE: Final = "categorynode"


def send_sets(ctx: Context, items: Sequence[Item[SetPlan]]) -> Iterator[Sequence[Outcome]]:
    """Make the sets as planned. Repeating it makes nothing twice."""
    path = flow_lock(ctx.state.store, ctx.channel, LOCK)
    try:
        with locked(path, wait=0, deadline=ctx.deadline):
            yield from _send(ctx, _still_due(ctx, items))
    except AlreadyRunningError:
        ctx.note("another run is at the attributes; the next one goes on")


def bulk_attribute(wanted: SetAttribute) -> BulkAttribute:
    """The attribute as the bulk calls take it; Amazon's value is the remote id of a choice."""
    return BulkAttribute(
        name=wanted.name,
        remote_id=wanted.name,
        is_required=wanted.is_required,
        is_variant=wanted.is_variant,
        is_custom=wanted.is_custom,
        values=tuple(
            BulkValue(label=choice.label, value=choice.value, remote_id=choice.value)
            for choice in wanted.choices
        ),
    )


def _still_due(ctx: Context, items: Sequence[Item[SetPlan]]) -> list[SetPlan]:
    """The plans another run has not carried out since they were made."""
    now = ctx.state.category_nodes.of(ctx.channel, [item.key for item in items])
    return [
        item.payload
        for item in items
        if (found := now.get(item.key)) and found.attributes_sent != item.payload.wanted
    ]


def _send(ctx: Context, plans: Sequence[SetPlan]) -> Iterator[Sequence[Outcome]]:
    refused: list[Outcome] = []
    sent, in_bulk = [], True
    for plan in plans:  # one at a time: sets share attributes, and two calls could make one twice
        try:
            in_bulk = in_bulk and _in_bulk(ctx, plan)
            sent.append(plan)
        except RefusedError as error:
            refused.append(_refusal(plan, error))
    yield refused
    made: dict[str, int | RefusedError] = {}
    if not in_bulk:
        made = make_attributes(ctx, united(plan.changed for plan in sent))
    nodes = [plan.node for plan in sent]
    actions = ctx.omnitron.integration_actions.by_object_ids(_NODE, nodes)
    writer = SetWriter(ctx, made, {row.object_id: row.pk for row in actions if row.pk is not None})
    yield from _finish(ctx, sent, writer)


def _in_bulk(ctx: Context, plan: SetPlan) -> bool:
    """Whether Omnitron has taken the set's changed attributes in its bulk call."""
    attributes = [bulk_attribute(each) for each in plan.changed]
    return ctx.omnitron.bulk_attributes.create_category(
        plan.node, plan.category.node_id, plan.name, attributes
    )


def _finish(
    ctx: Context, plans: Sequence[SetPlan], writer: SetWriter
) -> Iterator[Sequence[Outcome]]:
    stop: AmzsyncError | None = None
    for number, done in enumerate(overlap(writer.finish, plans, ctx.in_flight), start=1):
        plan, error = done.item, done.error
        if error is None:
            node_id = plan.category.node_id
            ctx.state.category_nodes.attributes_sent(
                ctx.channel, node_id, plan.wanted, plan.looked_at
            )
            yield [Outcome(node_id, "sent", "", _told(plan))]
        elif isinstance(error, RefusedError):
            yield [_refusal(plan, error)]
        else:
            stop = stop or error
        ctx.progress(f"{number} of {len(plans)} attribute sets finished")
    if stop is not None:
        raise stop


def _refusal(plan: SetPlan, error: RefusedError) -> Outcome:
    refused = RejectedError(
        f"Omnitron refused the attributes of {plan.name}: {error.detail}",
        code="refused",
        request_id=error.request_id,
    )
    return outcome_of(plan.category.node_id, refused)


def _told(plan: SetPlan) -> str:
    gone = f", no longer asked for: {', '.join(plan.gone)}" if plan.gone else ""
    return f"{plan.category.name}: {len(plan.changed)} attributes{gone}"
