"""What every call to Amazon passes: token, quota, user agent; and the headers of every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amzsync.sandbox.amazon import (
    auth,
    definitions,
    documents,
    feeds,
    inventory,
    listings,
    orders,
    reports,
    sellers,
)
from amzsync.sandbox.amazon.quotas import Quotas
from amzsync.sandbox.amazon.replies import ApiError, denied, invalid
from amzsync.sandbox.http import Reply, Request, Route

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

ROUTES: list[Route] = [
    *auth.ROUTES,
    *orders.ROUTES,
    *listings.ROUTES,
    *definitions.ROUTES,
    *feeds.ROUTES,
    *reports.ROUTES,
    *inventory.ROUTES,
    *sellers.ROUTES,
    *documents.ROUTES,
]

# The token service and the document store are no SP-API operations.
_OPEN = {route.operation for route in (*auth.ROUTES, *documents.ROUTES)}
# The rate header is best effort: on 20x, 400 and 404 only.
_STATES_RATE = (200, 201, 202, 204, 400, 404)


def serve(world: AmazonWorld, route: Route, request: Request) -> Reply:
    """Answer one request."""
    world.settle()
    try:
        if route.operation not in _OPEN:
            _admit(world, route, request)
        reply = route.handler(world, request)
    except ApiError as error:
        reply = error.reply()
    return dress(world, route.operation, reply)


def dress(world: AmazonWorld, operation: str, reply: Reply) -> Reply:
    """Put on the headers Amazon sends."""
    reply.headers["x-amzn-requestid"] = world.request_id()
    stated = Quotas.stated(operation)
    if stated is not None and reply.status in _STATES_RATE:
        reply.headers["x-amzn-ratelimit-limit"] = stated
    return reply


def unknown_path() -> Reply:
    """The answer to a path no operation has."""
    return ApiError(404, "NotFound", "The requested resource doesn't exist.").reply()


def fault_reply(status: int) -> Reply:
    """What Amazon itself says when it is at fault or overrun."""
    code, message = {
        429: ("QuotaExceeded", "You exceeded your quota for the requested resource."),
        503: ("ServiceUnavailable", "Service is temporarily unavailable. Please try again."),
    }.get(status, ("InternalFailure", "We encountered an internal error. Please try again."))
    return ApiError(status, code, message).reply()


def _admit(world: AmazonWorld, route: Route, request: Request) -> None:
    world.tokens.check(request.headers.get("x-amz-access-token", ""))
    if route.operation in world.missing_roles:
        raise denied("The application lacks a role this operation requires.")
    world.quotas.take(route.operation)
    agent = request.headers.get("user-agent", "")
    if not agent or len(agent) > 500:
        raise invalid("The user-agent header is required, with at most 500 characters.")
