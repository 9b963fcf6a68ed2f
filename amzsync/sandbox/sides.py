"""The two far sides, as the dispatcher uses them: routes, handlers, and their words for faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from amzsync.sandbox.amazon import gateway
from amzsync.sandbox.http import Reply, Request, Route
from amzsync.sandbox.omnitron import ROUTES as OMNITRON_ROUTES
from amzsync.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Side:
    """One far side.

    `dress` puts the headers of every answer on a reply no handler made; `expire` makes the token a
    request presents invalid.
    """

    name: str
    routes: Sequence[Route]
    serve: Callable[[World, Route, Request], Reply]
    unknown_path: Callable[[], Reply]
    fault_reply: Callable[[int], Reply]
    dress: Callable[[World, str, Reply], Reply]
    expire: Callable[[World, Request], None]


def _revoke_omnitron(world: World, _request: Request) -> None:
    world.omnitron.revoke_tokens()


def _omnitron_fault(status: int) -> Reply:
    if status == 429:
        detail = "Request was throttled. Expected available in 60 seconds."
        return Reply(429, {"detail": detail}, {"retry-after": "60"})
    return Reply(status, {"detail": "A server error occurred."})


AMAZON = Side(
    name="amazon",
    routes=gateway.ROUTES,
    serve=lambda world, route, request: gateway.serve(world.amazon, route, request),
    unknown_path=gateway.unknown_path,
    fault_reply=gateway.fault_reply,
    dress=lambda world, operation, reply: gateway.dress(world.amazon, operation, reply),
    expire=lambda world, request: world.amazon.tokens.revoke(
        request.headers.get("x-amz-access-token", "")
    ),
)

OMNITRON = Side(
    name="omnitron",
    routes=OMNITRON_ROUTES,
    serve=lambda world, route, request: route.handler(world.omnitron, request),
    unknown_path=lambda: Reply(404, {"detail": "Not found."}),
    fault_reply=_omnitron_fault,
    dress=lambda _world, _operation, reply: reply,
    expire=_revoke_omnitron,
)
