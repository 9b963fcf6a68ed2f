"""Records that are in order but have to wait for something else: held without penalty."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amzsync.redaction import mask
from amzsync.state.store import Store, to_moment, to_text

_REASON = 500  # characters


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that waits; `code` says for what, as in WaitingError, `since` from when on."""

    channel: str
    flow: str
    key: str
    code: str
    reason: str
    object_id: str | None
    since: datetime


class Waitings:
    """The waiting records of all channels."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def hold(
        self,
        channel: str,
        flow: str,
        key: str,
        *,
        code: str,
        reason: str,
        now: datetime,
        object_id: str | None = None,
    ) -> None:
        """Note that a record waits; the moment it began to stays. The reason is masked and cut."""
        self._store.execute(
            "INSERT INTO waiting (channel, flow, key, code, reason, object_id, since)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (channel, flow, key) DO UPDATE SET"
            " code = excluded.code, reason = excluded.reason,"
            " object_id = coalesce(excluded.object_id, object_id)",
            [channel, flow, key, code, mask(reason)[:_REASON], object_id, to_text(now)],
        )

    def release(self, channel: str, flow: str, keys: Iterable[str]) -> None:
        """These records wait no longer."""
        wanted = list(keys)
        if wanted:
            self._store.execute(
                "DELETE FROM waiting WHERE channel = ? AND flow = ?"
                " AND key IN (SELECT value FROM json_each(?))",
                [channel, flow, json.dumps(wanted)],
            )

    def keys(self, channel: str, flow: str, code: str | None = None) -> frozenset[str]:
        """Keys of a flow that wait, for one thing or for any."""
        rows = self._store.rows(
            "SELECT key FROM waiting WHERE channel = :channel AND flow = :flow"
            " AND (:code IS NULL OR code = :code)",
            {"channel": channel, "flow": flow, "code": code},
        )
        return frozenset(row["key"] for row in rows)

    def keys_of(self, channel: str, flow: str, object_ids: Iterable[str]) -> dict[str, str]:
        """Object id → key of those of these objects that wait."""
        rows = self._store.rows(
            "SELECT object_id, key FROM waiting WHERE channel = ? AND flow = ?"
            " AND object_id IN (SELECT value FROM json_each(?))",
            [channel, flow, json.dumps(list(object_ids))],
        )
        return {row["object_id"]: row["key"] for row in rows}

    def list(
        self,
        channel: str | None = None,
        flow: str | None = None,
        keys: Iterable[str] | None = None,
    ) -> AllWaiting:
        """Waiting records by channel, flow and key, None meaning any; the longest waiting first."""
        rows = self._store.rows(
            "SELECT * FROM waiting WHERE (:channel IS NULL OR channel = :channel)"
            " AND (:flow IS NULL OR flow = :flow)"
            " AND (:keys IS NULL OR key IN (SELECT value FROM json_each(:keys)))"
            " ORDER BY since, channel, flow, key",
            {
                "channel": channel,
                "flow": flow,
                "keys": None if keys is None else json.dumps([*keys]),
            },
        )
        return [_waiting(row) for row in rows]


AllWaiting = list[Waiting]  # inside the class `list` is the method


def _waiting(row: dict[str, Any]) -> Waiting:
    return Waiting(**{**row, "since": to_moment(row["since"])})
