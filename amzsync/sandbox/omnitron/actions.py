"""Integration actions and failed integrations, read and changed by hand.

Source: omnitron-api §2.4, §2.5; the list of failed integrations is assumption A-13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.content_types import CONTENT_TYPES, id_of, model_of
from amzsync.sandbox.omnitron.penalties import lift
from amzsync.sandbox.omnitron.query import PK, Field, Fields, boolean, dates, ints, texts
from amzsync.sandbox.omnitron.replies import RefusedError, body_of, invalid, pk_of
from amzsync.sandbox.omnitron.routing import channel_route, found, listing
from amzsync.sandbox.omnitron.rows import Action, moment_of, shown
from amzsync.sandbox.omnitron.writing import related

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

FIELDS: Fields = {
    **PK,
    **ints(channel="channel", channel_id="channel", object_id="object_id"),
    **texts("remote_id", "local_batch_id", "status"),
    **dates("version_date", "created_date", "modified_date"),
    "content_type_name": Field("model"),
    "content_type__model": Field("model"),
    "model": Field("model"),
}
FAILED_FIELDS: Fields = {
    **PK,
    **ints(channel="channel", content_type="content_type", object_id="object_id"),
    **texts("reason_type"),
    "is_active": Field("is_active", boolean),
}


def action_wire(action: Action) -> dict[str, Any]:
    """An integration action as the wire shows it."""
    return {
        "pk": action.pk,
        "channel": action.channel,
        "content_type": CONTENT_TYPES[action.model],
        "object_id": action.object_id,
        "remote_id": action.remote_id,
        "version_date": action.version_date,
        "state": action.state or {},
        "local_batch_id": action.local_batch_id,
        "status": action.status,
        "modified_date": action.modified_date,
        "created_date": action.created_date,
    }


def action_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The channel's integration actions."""
    return listing(world, request, channel.actions, FIELDS, action_wire)


def deleted(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Actions of objects whose product left the catalog, unless locked or under a penalty."""
    if not channel.gone:
        return listing(world, request, channel.actions, FIELDS, action_wire, lambda _: False)

    def left(action: Action) -> bool:
        hidden = channel.penalised("integrationaction", action.pk)
        link = channel.action_of("integrationaction", action.pk)
        locked = link is not None and link.status == "processing"
        return (
            action.model == "product"
            and action.object_id in channel.gone
            and not (hidden or locked)
        )

    return listing(world, request, channel.actions, FIELDS, action_wire, left)


def create(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """A link made by hand; the object counts as sent up to `version_date`.

    Errors: 400 for no such object, and when it has an action already (INF: one an object).
    """
    body = body_of(request)
    model, object_id = model_of(body.get("content_type_id")), body.get("object_id")
    if model is None:
        invalid("content_type_id", "This field is required.", "required")
    if not isinstance(object_id, int):
        invalid("object_id", "This field is required.", "required")
    if model in channel.tables:
        related(channel.tables[model], "object_id", object_id)
    if channel.action_of(model, object_id) is not None:
        invalid("non_field_errors", "The integration action exists already.", "unique")
    version = _version(body)
    action = channel.add_action(
        model,
        object_id,
        version,
        remote_id=_remote_id(body),
        synced=version,
        state=body.get("state"),
    )
    channel.refresh(model, object_id)
    return Reply(201, action_wire(action))


def change(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Another version date (an older one makes the object dirty again), remote id or state."""
    action: Action = found(channel.actions, request)
    body = body_of(request)
    values: dict[str, Any] = {}
    if "version_date" in body:
        values["version_date"] = values["synced"] = _version(body)
    if "remote_id" in body:
        values["remote_id"] = _remote_id(body)
    if "state" in body:
        values["state"] = body["state"]
    channel.actions.change(action, **values, modified_date=channel.timeline.tick())
    channel.refresh(action.model, action.object_id)
    return Reply(200, action_wire(action))


def delete(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Forget the link: the object is an insert again."""
    action: Action = found(channel.actions, request)
    channel.actions.remove(action)
    channel.refresh(action.model, action.object_id)
    return Reply(204)


def action_item(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One integration action."""
    return Reply(200, action_wire(found(channel.actions, request)))


def _version(body: dict[str, Any]) -> str:
    try:
        return moment_of(str(body.get("version_date")))
    except ValueError:
        invalid("version_date", "Datetime has wrong format.")


def _remote_id(body: dict[str, Any]) -> str | None:
    remote_id = body.get("remote_id")
    if remote_id is None:
        return None
    if not isinstance(remote_id, str) or len(remote_id) > 255:
        invalid("remote_id", "Ensure this field has no more than 255 characters.", "max_length")
    return remote_id


def failed_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The channel's failed integrations, lifted ones included."""
    return listing(world, request, channel.failed, FAILED_FIELDS, shown)


def failed_item(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One failed integration."""
    return Reply(200, shown(found(channel.failed, request)))


def failed_put(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Replace the writable fields; `is_active: false` lifts the penalty."""
    row, body = found(channel.failed, request), body_of(request)
    for name in ("channel", "version_date", "reason_type", "content_type", "object_id"):
        if name not in body:
            invalid(name, "This field is required.", "required")
    if (body["content_type"], body["object_id"]) != (id_of(row["_model"]), row["object_id"]):
        raise RefusedError(400, {"object_id": ["The object can not be changed."]})
    names = ("reason_type", "retry_count", "max_retry_count", "retry_interval")
    channel.failed.change(row, **{name: body[name] for name in names if name in body})
    if not body.get("is_active", True):
        lift(channel, row["_model"], row["object_id"])
    return Reply(200, shown(row))


def failed_delete(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """Remove the row and with it the penalty."""
    row = found(channel.failed, request)
    lift(channel, row["_model"], row["object_id"])
    channel.failed.remove(channel.failed.rows[pk_of(request)])
    return Reply(204)


_ACTIONS = "integration_actions/"
_FAILED = "failed_integrations/"
ROUTES = [
    channel_route("GET", f"{_ACTIONS}deleted/", "integration_actions.deleted", deleted),
    channel_route("GET", _ACTIONS, "integration_actions.list", action_list),
    channel_route("POST", _ACTIONS, "integration_actions.create", create),
    channel_route("GET", f"{_ACTIONS}{{pk}}/", "integration_actions.get", action_item),
    channel_route("PATCH", f"{_ACTIONS}{{pk}}/", "integration_actions.patch", change),
    channel_route("DELETE", f"{_ACTIONS}{{pk}}/", "integration_actions.delete", delete),
    channel_route("GET", _FAILED, "failed_integrations.list", failed_list),
    channel_route("GET", f"{_FAILED}{{pk}}/", "failed_integrations.get", failed_item),
    channel_route("PUT", f"{_FAILED}{{pk}}/", "failed_integrations.put", failed_put),
    channel_route("DELETE", f"{_FAILED}{{pk}}/", "failed_integrations.delete", failed_delete),
]
