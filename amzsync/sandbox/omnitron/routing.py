"""Routes with what they share: the token check, the channel, errors as replies, lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from amzsync.sandbox.http import Reply, Request, Route
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.query import (
    Fields,
    conditions,
    ordered,
    page,
    passing,
    query_key,
    select,
)
from amzsync.sandbox.omnitron.replies import RefusedError, not_found, pk_of, unauthorized
from amzsync.sandbox.omnitron.rows import Table

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld  # the world imports the handlers' data

WorldHandler: TypeAlias = "Callable[[OmnitronWorld, Request], Reply]"
ChannelHandler: TypeAlias = "Callable[[OmnitronWorld, Channel, Request], Reply]"
Show: TypeAlias = Callable[[Any], Any]

PREFIX = "/api/v1/"


def open_route(method: str, path: str, operation: str, handler: WorldHandler) -> Route:
    """A route that asks for no token."""

    def answer(world: OmnitronWorld, request: Request) -> Reply:
        try:
            return handler(world, request)
        except RefusedError as error:
            return error.reply

    return Route(method, PREFIX + path, operation, answer)


def route(method: str, path: str, operation: str, handler: WorldHandler) -> Route:
    """A route for a logged-in user."""

    def signed(world: OmnitronWorld, request: Request) -> Reply:
        check_token(world, request)
        return handler(world, request)

    return open_route(method, path, operation, signed)


def channel_route(method: str, path: str, operation: str, handler: ChannelHandler) -> Route:
    """A route below `channel/{channel}/`."""

    def in_channel(world: OmnitronWorld, request: Request) -> Reply:
        channel = world.channels.get(pk_of(request, "channel"))
        if channel is None:
            not_found()
        return handler(world, channel, request)

    return route(method, f"channel/{{channel}}/{path}", operation, in_channel)


def check_token(world: OmnitronWorld, request: Request) -> None:
    """Refuse a request without `Authorization: Token <key>` or with a revoked key."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Token":
        unauthorized("Authentication credentials were not provided.", "not_authenticated")
    if key not in world.tokens:
        unauthorized("Invalid token.", "authentication_failed")


def found(table: Table[Any], request: Request) -> Any:
    """The row the path names, or 404."""
    row = table.get(pk_of(request))
    if row is None:
        not_found()
    return row


def listing(
    world: OmnitronWorld,
    request: Request,
    table: Table[Any],
    fields: Fields,
    show: Show,
    where: Callable[[Any], bool] | None = None,
) -> Reply:
    """The page of a table a request asks for; `where` is the view's own condition."""
    wanted = conditions(request, fields)

    def build() -> list[Any]:
        rows: Iterable[Any] = select(table, wanted)
        return ordered([row for row in rows if where is None or where(row)], request, fields)

    if where is not None:  # it may look at more than the table
        return page(request, build(), show, bare=_bare(world, request))
    rows = world.memory.recall(query_key(request), table.revision, build)
    return page(request, rows, show, bare=_bare(world, request))


def waiting_listing(
    world: OmnitronWorld,
    channel: Channel,
    request: Request,
    model: str,
    fields: Fields,
    show: Show,
) -> Reply:
    """The page of a dirty list (`…/inserts/`, `…/updates/`) a request asks for."""
    view = request.path.rstrip("/").rpartition("/")[2]

    def build() -> list[Any]:
        rows = passing(channel.waiting(model, view), conditions(request, fields))
        return ordered(rows, request, fields)

    stamp = (channel.tables[model].revision, channel.dirty[model].revision)
    # A penalty ends by itself as time goes by: then nothing may be remembered.
    fleeting = bool(channel.penalties.get(model))
    rows = build() if fleeting else world.memory.recall(query_key(request), stamp, build)
    return page(request, rows, show, bare=_bare(world, request))


def _bare(world: OmnitronWorld, request: Request) -> bool:
    """Whether the world answers this resource with a bare array."""
    return not world.bare_lists.isdisjoint(request.path.split("/"))
