"""Operational events, the channel's newer log. Source: omnitron-api §2.13, A-27."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.content_types import CONTENT_TYPES
from amzsync.sandbox.omnitron.query import conditions, ints, page, passing, texts
from amzsync.sandbox.omnitron.replies import body_of, invalid, not_found
from amzsync.sandbox.omnitron.routing import channel_route
from amzsync.sandbox.omnitron.writing import require

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

EVENT_TYPES = (
    *("product_error", "product_price_error", "product_stock_error", "product_image_error"),
    *("order_error", "cancellation_request_error", "category_error", "batch_request_error"),
    "unknown_error",
)
LEVELS = ("info", "error")
_FIELDS = {
    **ints(id="id", pk="id", action_object_id="action_object_id"),
    **texts("event_type", "level", "action_content_type"),
}


def create(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """An event about one object. Errors: 404 where `world.no_events`."""
    _check_there(world)
    body = body_of(request)
    require(body, ("event_type", "level", "source", "message", "action_content_type"))
    choices = {"event_type": EVENT_TYPES, "level": LEVELS, "action_content_type": CONTENT_TYPES}
    for name, known in choices.items():
        if body[name] not in known:
            invalid(name, f'"{body[name]}" is not a valid choice.', "invalid_choice")
    row: dict[str, Any] = {
        "id": world.timeline.next_pk("operationalevent"),
        "channel": channel.pk,
        "action_object_id": None,
        **body,
        "created_date": world.timeline.tick(),
    }
    world.operational_events.append(row)
    return Reply(201, row)


def listed(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The channel's events, oldest first. Errors: 404 where `world.no_events`."""
    _check_there(world)
    own = [row for row in world.operational_events if row["channel"] == channel.pk]
    return page(request, passing(own, conditions(request, _FIELDS)), lambda row: row)


def _check_there(world: OmnitronWorld) -> None:
    if world.no_events:
        not_found()


ROUTES = [
    channel_route("GET", "operational_events/", "operational_events.list", listed),
    channel_route("POST", "operational_events/", "operational_events.create", create),
]
