"""Failed integrations: Omnitron's own penalty rows. Source: omnitron-api §2.5, §4.3.

A failure hides the object for RETRY_INTERVAL seconds. When its retries (MAX_RETRY_COUNT after the
first failure) or its time (EXPIRATION_DATE seconds after the first failure) are used up, it stays
hidden until somebody lifts the row. A newer `modified_date` lifts nothing (A-31).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.content_types import id_of
from amzsync.sandbox.omnitron.rows import moment_text


def record_failure(channel: Channel, model: str, pk: int, reason: str, version_date: str) -> None:
    """Create or bump the object's failed integration with the settings valid now."""
    old = channel.penalties.get(model, {}).get(pk)
    row = old or _blank(channel, model, pk)
    now = channel.timeline.now()
    first: datetime = old["_first"] if old else now
    setting = _setting(channel, model)
    interval = int(setting.get("RETRY_INTERVAL", 0))
    retries = int(setting.get("MAX_RETRY_COUNT", 1))
    lasts = setting.get("EXPIRATION_DATE")
    expires = None if lasts is None else first + timedelta(seconds=int(lasts))
    count = old["retry_count"] + 1 if old else 1
    next_try = now + timedelta(seconds=interval)
    over = count > retries or (expires is not None and next_try >= expires)
    action = channel.action_of(model, pk)
    channel.failed.change(
        row,
        integration_action=action.pk if action else None,
        reason_type=reason,
        version_date=version_date,
        is_active=True,
        expiration_date=None if expires is None else moment_text(expires),
        retry_count=count,
        max_retry_count=retries,
        retry_interval=interval,
        _first=first,
        _until=None if over else moment_text(next_try),
    )
    channel.penalties.setdefault(model, {})[pk] = row


def lift(channel: Channel, model: str, pk: int) -> None:
    """Make the object's failed integration inactive; nothing happens without one."""
    row = channel.penalties.get(model, {}).pop(pk, None)
    if row is not None:
        channel.failed.change(row, is_active=False)


def _blank(channel: Channel, model: str, pk: int) -> dict[str, Any]:
    for row in channel.failed.find("object_id", pk):
        if row["_model"] == model:
            return row
    return channel.failed.add(
        {
            "pk": channel.timeline.next_pk("failedintegration"),
            "channel": channel.pk,
            "content_type": id_of(model),
            "object_id": pk,
            "log_id": None,
            "_model": model,
        }
    )


def _setting(channel: Channel, model: str) -> dict[str, Any]:
    settings: dict[str, dict[str, Any]] = channel.row["conf"].get("FAILED_INTEGRATION", {})
    return settings.get(model) or settings.get("DEFAULT") or {}
