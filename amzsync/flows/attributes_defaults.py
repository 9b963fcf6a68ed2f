"""Default attributes: the predefined fields, made ready for mapping, in no attribute set.

Which they are, and why: mapping.attributes.PREDEFINED. They are due after `attributes fetch`, which
brings the choices Amazon offers for them. Source: omnitron-api.md §2.12, §5.12.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from amzsync.errors import AlreadyRunningError, RefusedError, RejectedError
from amzsync.flows.attribute_rows import make_attributes
from amzsync.flows.attribute_writer import LOCK, bulk_attribute
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.runner import outcome_of
from amzsync.flows.type_definitions import LISTING
from amzsync.mapping.attributes import (
    SetAttribute,
    digest_of,
    predefined_attributes,
    read_facts,
)
from amzsync.state.lock import flow_lock, locked

NAME: Final = "attributes.defaults"
_MADE_OF: Final = ""  # the key of the schemas all fields were made of, among what was sent


def fetch(ctx: Context) -> Iterator[SetAttribute]:
    """The predefined fields that differ from what Omnitron was told of them."""
    types = ctx.state.product_types.checksums(ctx.channel, LISTING)
    if not types:
        ctx.note("no product type is known yet: attributes fetch comes first")
        return
    sent, made_of = _sent(ctx), digest_of(json.dumps(types))
    if sent.get(_MADE_OF) == made_of:
        return
    rows = ctx.state.product_types.all(ctx.channel, LISTING)
    wanted = predefined_attributes(read_facts(row.facts) for row in rows)
    differing = [each for each in wanted if sent.get(each.name) != each.digest]
    yield from differing
    if not differing and not ctx.options.dry_run:
        _remember(ctx, sent | {_MADE_OF: made_of})


def send(ctx: Context, items: Sequence[Item[SetAttribute]]) -> Iterator[Sequence[Outcome]]:
    """Make the attributes with schema and choices. Repeating it makes nothing twice."""
    path = flow_lock(ctx.state.store, ctx.channel, LOCK)
    try:
        with locked(path, wait=0, deadline=ctx.deadline):
            yield _send(ctx, [item.payload for item in items])
    except AlreadyRunningError:
        ctx.note("another run is at the attributes; the next one goes on")


def _send(ctx: Context, wanted: Sequence[SetAttribute]) -> list[Outcome]:
    refused: Mapping[str, RefusedError] = {}
    if not _in_bulk(ctx, wanted):
        made = make_attributes(ctx, wanted)
        refused = {name: row for name, row in made.items() if isinstance(row, RefusedError)}
    sent = {each.name: each.digest for each in wanted if each.name not in refused}
    _remember(ctx, _sent(ctx) | sent)
    return [
        _refusal(each.name, refused[each.name])
        if each.name in refused
        else Outcome(each.name, "sent")
        for each in wanted
    ]


def _in_bulk(ctx: Context, wanted: Sequence[SetAttribute]) -> bool:
    """Whether the bulk call took them; one refused among them is found by going one by one."""
    try:
        return ctx.omnitron.bulk_attributes.create([bulk_attribute(each) for each in wanted])
    except RefusedError:
        return False


def _refusal(name: str, error: RefusedError) -> Outcome:
    refused = RejectedError(
        f"Omnitron refused the attribute {name}: {error.detail}",
        code="refused",
        request_id=error.request_id,
    )
    return outcome_of(name, refused)


def _sent(ctx: Context) -> dict[str, str]:
    """Attribute -> digest, of what Omnitron was told; and what all of it was made of."""
    return dict(json.loads(ctx.state.cursors.get(_cursor(ctx)) or "{}"))


def _remember(ctx: Context, sent: Mapping[str, str]) -> None:
    ctx.state.cursors.put(_cursor(ctx), json.dumps(sent), ctx.clock.now())


def _cursor(ctx: Context) -> str:
    return f"default_attributes:{ctx.channel}"


FLOW: Flow[SetAttribute, SetAttribute] = Flow(
    fetch=fetch,
    key=lambda each: each.name,
    transform=lambda _ctx, each: each,
    send=send,
    describe=lambda each: f"{each.name}: {len(each.choices)} choices",
)
