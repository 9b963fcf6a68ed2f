"""Attribute sets, attributes, values and their configs. Source: omnitron-api §2.12."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request, Route
from amzsync.sandbox.omnitron.attribute_rows import CONFIGS, KINDS, Kind, add, change, fields_of
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.replies import body_of
from amzsync.sandbox.omnitron.routing import channel_route, found, listing
from amzsync.sandbox.omnitron.rows import shown

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld


def _routes(kind: Kind) -> list[Route]:
    """List, item, create and change of a kind."""
    path, fields = f"{kind.path}/", fields_of(kind)

    def rows(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
        return listing(world, request, channel.attribute_tables[kind.path], fields, shown)

    def item(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
        return Reply(200, shown(found(channel.attribute_tables[kind.path], request)))

    def create(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
        return Reply(201, shown(add(channel, kind, body_of(request))))

    def patch(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
        row = found(channel.attribute_tables[kind.path], request)
        change(channel, kind, row, body_of(request))
        return Reply(200, shown(row))

    return [
        channel_route("GET", path, f"{kind.path}.list", rows),
        channel_route("POST", path, f"{kind.path}.create", create),
        channel_route("GET", f"{path}{{pk}}/", f"{kind.path}.get", item),
        channel_route("PATCH", f"{path}{{pk}}/", f"{kind.path}.patch", patch),
    ]


def configs_detailed(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Attribute configs with their attribute and set in full."""
    sets = channel.attribute_tables["attribute_sets"].rows
    attributes = channel.attribute_tables["attributes"].rows

    def detailed(row: dict[str, Any]) -> dict[str, Any]:
        attribute = attributes[row["attribute"]]
        return {
            **shown(row),
            "attribute": {"pk": attribute["pk"], "name": attribute["name"]},
            "attribute_set": shown(sets[row["attribute_set"]]),
        }

    table = channel.attribute_tables[CONFIGS.path]
    return listing(world, request, table, fields_of(CONFIGS), detailed)


ROUTES = [
    channel_route("GET", f"{CONFIGS.path}/detailed/", f"{CONFIGS.path}.detailed", configs_detailed),
    *(route for kind in KINDS for route in _routes(kind)),
]
