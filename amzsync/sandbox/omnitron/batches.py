"""Batch requests: the state machine, the commit lock, and what they do to integration actions.

Commit puts each object's action to `processing`, which locks the object. Done turns it into
`success` (remote id and version date from the object) or, with a `failed_reason_type`, into `error`
and a failed integration. An object committed but not listed in done stays locked (A-12). Fail puts
everything back. Source: omnitron-api §2.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.content_types import CONTENT_TYPES
from amzsync.sandbox.omnitron.penalties import lift, record_failure
from amzsync.sandbox.omnitron.query import PK, Fields, dates, ints, texts
from amzsync.sandbox.omnitron.replies import body_of, invalid, missing_object, refused
from amzsync.sandbox.omnitron.routing import channel_route, found, listing
from amzsync.sandbox.omnitron.rows import moment_of, shown

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

STATUSES = ("initialized", "commit", "sent_to_remote", "ongoing", "done", "fail")
REASONS = ("mapping", "remote", "channel_app")
_OPEN = ("initialized", "commit", "sent_to_remote", "ongoing")
# Which statuses each may be entered from; ongoing to ongoing is not drawn.
_FROM: dict[str, tuple[str, ...]] = {
    "initialized": (),
    "commit": ("initialized", "commit"),
    "sent_to_remote": ("commit",),
    "ongoing": ("sent_to_remote",),
    "done": _OPEN,
    "fail": _OPEN,
}
FIELDS: Fields = {
    **PK,
    **ints(channel="channel"),
    **texts("status", "content_type", "local_batch_id", "remote_batch_id"),
    **dates("created_date", "modified_date"),
}


def create(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """A batch that is bound to no model yet."""
    if body_of(request).get("channel") != channel.pk:
        invalid("channel", "This field is required.", "required")
    now = channel.timeline.tick()
    row = {
        "pk": channel.timeline.next_pk("batchrequest"),
        "channel": channel.pk,
        "local_batch_id": channel.timeline.new_uuid(),
        "remote_batch_id": None,
        "content_type": None,
        "status": "initialized",
        "objects": None,
        "log_file": None,
        "created_date": now,
        "modified_date": now,
        "_held": {},  # (model, pk) of each object locked -> its action's state before
        "_failed": set(),  # (model, pk) of each failure counted: once a batch
    }
    return Reply(201, shown(channel.batches.add(row)))


def change(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One transition of the state machine, or a log file alone.

    Errors: 406 for a transition that is not drawn and while another batch of the type commits.
    """
    batch, body = found(channel.batches, request), body_of(request)
    status = body.get("status")
    if status is not None or batch["status"] not in _OPEN:
        _enter(channel, batch, status or batch["status"], body)
    free = {name: body[name] for name in ("remote_batch_id", "log_file") if name in body}
    channel.batches.change(batch, **free, modified_date=channel.timeline.tick())
    return Reply(200, shown(batch))


def _enter(channel: Channel, batch: dict[str, Any], status: Any, body: dict[str, Any]) -> None:
    if status not in STATUSES:
        invalid("status", f'"{status}" is not a valid choice.', "invalid_choice")
    if batch["status"] not in _FROM[status]:
        refused(
            f"Batch request status can not be changed from {batch['status']} to {status}.",
            "batch_request_status_100_1",
        )
    objects = [_checked(channel, each) for each in body.get("objects") or []]
    if status == "commit":
        _commit(channel, batch, body.get("content_type"), objects)
    elif status == "done":
        _done(channel, batch, objects)
    elif status == "fail":
        _fail(channel, batch, objects)
    channel.batches.change(batch, status=status)
    if status not in _OPEN:
        batch.update(_held={}, _failed=set())
    if "objects" in body:
        channel.batches.change(batch, objects=body["objects"])


def _checked(channel: Channel, each: Any) -> dict[str, Any]:
    """One member of `objects` with its version date in our spelling."""
    if not isinstance(each, dict) or not isinstance(each.get("pk"), int):
        invalid("objects", "A valid pk is required.", "required")
    if each.get("content_type") not in CONTENT_TYPES:
        invalid("objects", f'"{each.get("content_type")}" is not a content type.', "invalid_choice")
    if each.get("failed_reason_type") not in (None, *REASONS):
        invalid("objects", "failed_reason_type is not a valid choice.", "invalid_choice")
    if len(each.get("remote_id") or "") > 255:
        invalid("objects", "Ensure remote_id has no more than 255 characters.", "max_length")
    try:
        version = moment_of(str(each.get("version_date")))
    except ValueError:
        invalid("objects", "version_date has wrong format.")
    return {**each, "version_date": version}


def _commit(
    channel: Channel, batch: dict[str, Any], content_type: Any, objects: list[dict[str, Any]]
) -> None:
    bound = batch["content_type"]
    if content_type not in CONTENT_TYPES or bound not in (None, content_type):
        invalid("content_type", f'"{content_type}" is not a valid choice.', "invalid_choice")
    for other in channel.batches.find("status", "commit"):
        if other is not batch and other["content_type"] == content_type:
            refused(
                f"The batch request with {other['local_batch_id']} is in commit status for "
                f"content type {content_type}."
            )
    for each in objects:
        table = channel.tables.get(each["content_type"])
        if table is not None and table.get(each["pk"]) is None:
            missing_object("objects", each["pk"])
    channel.batches.change(batch, content_type=content_type)
    for each in objects:
        _hold(channel, batch, each)
        if each.get("failed_reason_type"):
            _failed(channel, batch, each)


def _hold(channel: Channel, batch: dict[str, Any], each: dict[str, Any]) -> None:
    """Lock an object: its action, made if there is none, is processing in this batch."""
    model, pk = each["content_type"], each["pk"]
    action = channel.action_of(model, pk)
    before = None
    if action is None:
        action = channel.add_action(model, pk, each["version_date"])
    else:
        before = (action.status, action.version_date, action.remote_id, action.local_batch_id)
    batch["_held"].setdefault((model, pk), before)
    channel.actions.change(
        action,
        status="processing",
        local_batch_id=batch["local_batch_id"],
        version_date=each["version_date"],
        remote_id=each.get("remote_id") or action.remote_id,
        modified_date=channel.timeline.tick(),
    )
    channel.refresh(model, pk)


def _done(channel: Channel, batch: dict[str, Any], objects: list[dict[str, Any]]) -> None:
    for each in objects:
        if each.get("failed_reason_type"):
            _failed(channel, batch, each)
        else:
            _succeeded(channel, batch, each)


def _succeeded(channel: Channel, batch: dict[str, Any], each: dict[str, Any]) -> None:
    model, pk, version = each["content_type"], each["pk"], each["version_date"]
    if _vanished(channel, model, pk):
        return
    action = channel.action_of(model, pk) or channel.add_action(model, pk, version)
    channel.actions.change(
        action,
        status="success",
        local_batch_id=batch["local_batch_id"],
        version_date=version,
        synced=version,
        remote_id=each.get("remote_id") or action.remote_id,
        modified_date=channel.timeline.tick(),
    )
    lift(channel, model, pk)
    channel.refresh(model, pk)


def _failed(channel: Channel, batch: dict[str, Any], each: dict[str, Any]) -> None:
    model, pk = each["content_type"], each["pk"]
    if _vanished(channel, model, pk):
        return
    action = channel.action_of(model, pk) or channel.add_action(model, pk, each["version_date"])
    channel.actions.change(
        action,
        status="error",
        local_batch_id=batch["local_batch_id"],
        version_date=action.synced or each["version_date"],
        modified_date=channel.timeline.tick(),
    )
    if (model, pk) not in batch["_failed"]:
        batch["_failed"].add((model, pk))
        record_failure(channel, model, pk, each["failed_reason_type"], each["version_date"])
    channel.refresh(model, pk)


def _fail(channel: Channel, batch: dict[str, Any], objects: list[dict[str, Any]]) -> None:
    """Put every held object back; failures of single objects are kept."""
    for (model, pk), before in batch["_held"].items():
        action = channel.action_of(model, pk)
        if action is None or action.local_batch_id != batch["local_batch_id"]:
            continue
        if action.status != "processing":
            continue
        if before is None:
            channel.actions.remove(action)
        else:
            status, version, remote_id, local = before
            channel.actions.change(
                action,
                status=status,
                version_date=version,
                remote_id=remote_id,
                local_batch_id=local,
            )
        channel.refresh(model, pk)
    for each in objects:
        if each.get("failed_reason_type"):
            _failed(channel, batch, each)


def _vanished(channel: Channel, model: str, pk: int) -> bool:
    table = channel.tables.get(model)
    return table is not None and table.get(pk) is None


def batch_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The channel's batches."""
    return listing(world, request, channel.batches, FIELDS, shown)


def batch_item(_world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """One batch."""
    return Reply(200, shown(found(channel.batches, request)))


ROUTES = [
    channel_route("GET", "batch_requests/", "batch_requests.list", batch_list),
    channel_route("POST", "batch_requests/", "batch_requests.create", create),
    channel_route("GET", "batch_requests/{pk}/", "batch_requests.get", batch_item),
    channel_route("PATCH", "batch_requests/{pk}/", "batch_requests.patch", change),
    channel_route("PUT", "batch_requests/{pk}/", "batch_requests.put", change),
]
