"""Cancellation requests: a buyer wants one unit cancelled or refunded, the brand decides.

Nothing keeps a second request about the same unit away (A-34), so tests can see a doubled one.
Source: omnitron-api §2.9, §5.9; the path of a rejection is assumption A-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.plans import COMPLETED, REJECTED, close_plan, open_plan
from amzsync.sandbox.omnitron.query import Fields, dates, ints, texts
from amzsync.sandbox.omnitron.replies import body_of, invalid, refused
from amzsync.sandbox.omnitron.routing import channel_route, found, listing, waiting_listing
from amzsync.sandbox.omnitron.rows import shown
from amzsync.sandbox.omnitron.writing import related, require

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

FIELDS: Fields = {
    **ints(id="id", pk="id", order_item="order_item"),
    **texts("status", "cancellation_type", "remote_id"),
    **dates("created_date", "modified_date"),
}
_FREE = (
    *("remote_id", "description", "iban", "holder_name", "easy_return", "quantity"),
    "fully_refund_as_loyalty_money",
)


def request_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The channel's cancellation requests."""
    return listing(world, request, channel.cancellation_requests, FIELDS, shown)


def requests_waiting(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Linked requests whose status changed since they were last sent out."""
    return waiting_listing(world, channel, request, "cancellationrequest", FIELDS, shown)


def request_item(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One cancellation request."""
    return Reply(200, shown(found(channel.cancellation_requests, request)))


def request_create(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """A request about one item (one unit), and its plan.

    Errors: 400 with the field's name.
    """
    body = body_of(request)
    require(body, ("order_item", "reason", "cancellation_type"))
    kind = body["cancellation_type"]
    if kind not in ("cancel", "refund"):
        invalid("cancellation_type", f'"{kind}" is not a valid choice.', "invalid_choice")
    item = related(channel.order_items, "order_item", body["order_item"])
    reason = related(world.reasons, "reason", body["reason"])
    if reason["cancellation_type"] != kind:
        invalid("reason", f"The reason is not for a {kind}.")
    now = channel.timeline.tick()
    row = channel.cancellation_requests.add(
        {
            "id": channel.timeline.next_pk("cancellationrequest"),
            **{name: body[name] for name in ("order_item", "reason", "cancellation_type")},
            **{name: body.get(name) for name in _FREE},
            "fully_refund_as_loyalty_money": False,
            "status": "waiting_approval",
            "created_date": now,
            "modified_date": now,
        }
    )
    open_plan(channel, channel.orders.rows[item["order"]], kind, [item], row["id"])
    return Reply(201, shown(row))


def request_reject(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The brand's no. Errors: 406 for a request that is decided."""
    row = found(channel.cancellation_requests, request)
    if row["status"] in (COMPLETED, REJECTED):
        refused(f"The cancellation request is {row['status']}.")
    decide(channel, row, REJECTED)
    return Reply(200, shown(row))


def decide(channel: Channel, row: dict[str, Any], outcome: str) -> None:
    """Close the request's plan; `completed` refunds or cancels its unit.

    Errors: ValueError when it is decided already.
    """
    if row["status"] in (COMPLETED, REJECTED):
        raise ValueError(f"cancellation request {row['id']} is {row['status']}")
    for plan in channel.cancellation_plans.find("_request", row["id"]):
        close_plan(channel, plan, outcome)


_REQUESTS = "cancellation_requests/"
_ONE = f"{_REQUESTS}{{pk}}/"
ROUTES = [
    channel_route("GET", f"{_REQUESTS}updates/", "cancellation_requests.updates", requests_waiting),
    channel_route("GET", _REQUESTS, "cancellation_requests.list", request_list),
    channel_route("POST", _REQUESTS, "cancellation_requests.create", request_create),
    channel_route("GET", _ONE, "cancellation_requests.get", request_item),
    channel_route("POST", f"{_ONE}reject/", "cancellation_requests.reject", request_reject),
]
