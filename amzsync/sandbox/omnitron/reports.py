"""Error reports: what the channel tells the operators. Source: omnitron-api §2.10, §2.13."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.content_types import model_of
from amzsync.sandbox.omnitron.replies import body_of, missing_object
from amzsync.sandbox.omnitron.routing import channel_route
from amzsync.sandbox.omnitron.writing import check_lengths, require

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

_REPORT = (
    *("action_content_type", "action_object_id", "target_content_type", "target_object_id"),
    *("error_code", "error_desc"),
)
_PLACE = ("remote_code", "integration_type", "err_code", "err_desc")


def report(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """A report about one object, shown to operators as a marketplace log."""
    body = body_of(request)
    require(body, _REPORT)
    for name in ("action_content_type", "target_content_type"):
        if model_of(body[name]) is None:
            missing_object(name, body[name])
    return _record(world, channel, "object", body)


def country_report(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """A country that is not known; it has no error code."""
    body = body_of(request)
    require(body, ("country_code", "name"))
    return _record(world, channel, "country", body)


def place_report(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """A city, township or district that is not mapped; it shows up for mapping."""
    level = request.path.rstrip("/").rpartition("/")[2]
    body = body_of(request)
    require(body, (*_PLACE, "country_id", *(() if level == "city" else ("city_id",))))
    check_lengths(body, {"remote_code": 255})
    return _record(world, channel, level, body)


def _record(world: OmnitronWorld, channel: Channel, kind: str, body: dict[str, Any]) -> Reply:
    row = {
        "id": world.timeline.next_pk("errorreport"),
        "channel": channel.pk,
        "kind": kind,
        **body,
        "created_date": world.timeline.tick(),
    }
    world.error_reports.append(row)
    return Reply(201, row)


ROUTES = [
    channel_route("POST", "error_reports/", "error_reports.create", report),
    channel_route("POST", "error_reports/country/", "error_reports.country", country_report),
    *(
        channel_route("POST", f"error_reports/{level}/", f"error_reports.{level}", place_report)
        for level in ("city", "township", "district")
    ),
]
