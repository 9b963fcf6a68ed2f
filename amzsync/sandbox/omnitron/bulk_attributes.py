"""The two bulk calls: a category's attributes, or free ones, made in one go with their links.

What is there already is found by name, remote id or value and brought up to date; nothing is ever
taken away, so a long list of values may come in parts. The paths, the answer (the request's body)
and that no value config is made are assumptions. Source: omnitron-api §2.12, A-26.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.attribute_rows import (
    ATTRIBUTES,
    CONFIGS,
    SCHEMAS,
    SET_CONFIGS,
    SETS,
    VALUES,
    Kind,
    add,
    change,
)
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.replies import body_of, invalid, not_found
from amzsync.sandbox.omnitron.routing import channel_route
from amzsync.sandbox.omnitron.writing import check_lengths, related, require

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

MOST_ATTRIBUTES = 200
MOST_VALUES = 500
_FLAGS = ("is_required", "is_variant", "is_custom")
_Row = dict[str, Any]


def category_attributes(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The attribute set of a category node, its attributes, values and links.

    Errors: 400 above 200 attributes or 500 values of one; 404 where `world.no_bulk`.
    """
    body = _body(world, request, ("category_node_id", "remote_id", "attribute_set_name"))
    node = related(channel.tables["categorynode"], "category_node_id", body["category_node_id"])
    attribute_set = _put(
        channel,
        SETS,
        {"remote_id": body["remote_id"]},
        {"name": body["attribute_set_name"], "channel": channel.pk},
    )
    key = {"attribute_set": attribute_set["id"], "object_id": node.pk}
    if not _found(channel, SET_CONFIGS, key):
        add(channel, SET_CONFIGS, {**key, "content_type": "categorynode"})
    for each in body["attributes"]:
        attribute = _put_attribute(channel, each)
        flags = {name: each[name] for name in _FLAGS if name in each}
        _put(
            channel,
            CONFIGS,
            {"attribute_set": attribute_set["id"], "attribute": attribute["pk"]},
            {"attribute_remote_id": each["remote_id"], **flags},
        )
    return Reply(201, body)


def attributes(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Attributes of no category, their values and links. Errors: as `category_attributes`."""
    body = _body(world, request, ())
    for each in body["attributes"]:
        _put_attribute(channel, each)
    return Reply(201, body)


def _body(world: OmnitronWorld, request: Request, names: tuple[str, ...]) -> _Row:
    """The request's body, all of it checked before anything is made."""
    if world.no_bulk:
        not_found()
    body = body_of(request)
    require(body, names)
    check_lengths(body, {"remote_id": 255})
    for each in _listed(body, "attributes", MOST_ATTRIBUTES):
        _check_texts(each, ("name", "remote_id"))
        for name in _FLAGS:
            if not isinstance(each.get(name, False), bool):
                invalid(name, "Must be a valid boolean.")
        for value in _listed({"values": [], **each}, "values", MOST_VALUES):
            _check_texts(value, ("label", "value", "remote_id"))
    return body


def _check_texts(each: Mapping[str, Any], names: tuple[str, ...]) -> None:
    require(each, names)
    for name in names:
        if not isinstance(each[name], str):
            invalid(name, "Not a valid string.")
    check_lengths(each, {"remote_id": 255})


def _listed(body: Mapping[str, Any], name: str, limit: int) -> list[_Row]:
    rows = body.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        invalid(name, "Expected a list of items.", "not_a_list")
    if len(rows) > limit:
        message = f"Ensure this field has no more than {limit} elements."
        invalid(name, message, "max_length")
    return rows


def _put_attribute(channel: Channel, each: Mapping[str, Any]) -> _Row:
    """The attribute with its schema, its values and all links."""
    name = each["name"]
    attribute = _put(channel, ATTRIBUTES, {"name": name}, {"channel": channel.pk})
    _put(channel, SCHEMAS, {"name": f"{channel.pk} {name} Schema"}, {"channel": channel.pk})
    _link(channel, "marketplaceattribute", attribute, each["remote_id"])
    known = {row["value"]: row for row in _found(channel, VALUES, {"attribute": attribute["pk"]})}
    for value in each.get("values", []):
        row = known.get(value["value"])
        label = {"label": value["label"]}
        if row is None:
            key = {"channel": channel.pk, "attribute": attribute["pk"], "value": value["value"]}
            row = known[value["value"]] = add(channel, VALUES, key | label)
        elif row["label"] != value["label"]:
            change(channel, VALUES, row, label)
        _link(channel, "marketplaceattributevalue", row, value["remote_id"])
    return attribute


def _put(channel: Channel, kind: Kind, key: _Row, values: _Row) -> _Row:
    """The row of that key, made if there is none, with these values; its date moves only then."""
    for row in _found(channel, kind, key):
        if any(row[name] != value for name, value in values.items()):
            change(channel, kind, row, values)
        return row
    return add(channel, kind, {**key, **values})


def _found(channel: Channel, kind: Kind, key: _Row) -> list[_Row]:
    """The rows whose fields are those of the key; the first of them is indexed."""
    table, first = channel.attribute_tables[kind.path], next(iter(key))
    rows = table.find(first, key[first])
    return [row for row in rows if all(row[name] == value for name, value in key.items())]


def _link(channel: Channel, model: str, row: _Row, remote_id: str) -> None:
    """The row's integration action, as the channel itself would have made it."""
    action, date = channel.action_of(model, row["pk"]), row["modified_date"]
    if action is None:
        channel.add_action(model, row["pk"], date, remote_id=remote_id, synced=date)
    elif (action.remote_id, action.version_date) != (remote_id, date):
        moved = {"remote_id": remote_id, "version_date": date, "synced": date}
        channel.actions.change(action, **moved, modified_date=channel.timeline.tick())


ROUTES = [
    channel_route(
        "POST",
        "bulk_category_attributes/",
        "bulk_category_attributes.create",
        category_attributes,
    ),
    channel_route("POST", "bulk_attributes/", "bulk_attributes.create", attributes),
]
