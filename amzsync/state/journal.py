"""The journal searched: runs and what became of records, by flow, time, result and key.

Writing it is `state.runs`' business; nothing here is needed by a run.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amzsync.state.runs import Run, run_of
from amzsync.state.store import Store, to_moment, to_text

RUN_RESULTS: Final = ("ok", "failed", "open")
RECORD_RESULTS: Final = ("sent", "submitted", "unchanged", "skipped", "failed")

_DIRECTION: Final = {False: "DESC", True: "ASC"}

_RESULT = """ AND CASE WHEN r.exit_code IS NULL THEN 'open'
    WHEN r.exit_code = 0 THEN 'ok' ELSE 'failed' END IN (SELECT value FROM json_each(:results))"""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which runs or records are looked for; what is empty or None narrows nothing.

    `results` are RUN_RESULTS of runs, RECORD_RESULTS of records; `exit_codes` those of the run.
    """

    flows: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    results: Collection[str] = ()
    exit_codes: Collection[int] = ()
    keys: Collection[str] = ()
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one record in a run; `request_id` is that of the far side that refused it."""

    id: int
    at: datetime
    run_id: int
    flow: str
    key: str
    status: str
    code: str
    reason: str
    request_id: str | None


class Journal:
    """The tables `runs` and `outcomes`, read; of one channel each time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def runs(
        self, channel: str, sought: Sought, limit: int, after: int = 0, *, oldest: bool = False
    ) -> list[Run]:
        """The newest runs, newest first, of those numbered above `after`; keys narrow nothing.

        `oldest`: instead the oldest of them, oldest first.
        """
        where, params = _where("r", channel, sought, indexed=bool(sought.since or sought.until))
        if sought.results:
            where += _RESULT
        if sought.exit_codes:
            where += " AND r.exit_code IN (SELECT value FROM json_each(:codes))"
        rows = self._store.rows(
            f"SELECT r.* FROM runs AS r {where} ORDER BY r.id {_DIRECTION[oldest]} LIMIT :limit",  # noqa: S608 - constant conditions
            {**params, "limit": limit, "after": after},
        )
        return [run_of(row) for row in rows]

    def records(
        self, channel: str, sought: Sought, limit: int, after: int = 0, *, oldest: bool = False
    ) -> list[Record]:
        """As `runs`, what became of records, by the order it was noted in."""
        where, params = _where("o", channel, sought, indexed=bool(sought.keys))
        if sought.keys:
            where += " AND o.key IN (SELECT value FROM json_each(:keys))"
        if sought.results:
            where += " AND o.status IN (SELECT value FROM json_each(:results))"
        if sought.exit_codes:
            where += """ AND (SELECT exit_code FROM runs WHERE runs.id = o.run_id)
                IN (SELECT value FROM json_each(:codes))"""
        rows = self._store.rows(
            f"""SELECT o.id, o.at, o.run_id, o.flow, o.key, o.status, o.code, o.reason, o.request_id
            FROM outcomes AS o {where} ORDER BY o.id {_DIRECTION[oldest]} LIMIT :limit""",  # noqa: S608 - constant conditions
            {**params, "limit": limit, "after": after},
        )
        return [Record(**{**row, "at": to_moment(row["at"])}) for row in rows]

    def of(self, ids: Collection[int]) -> list[Run]:
        """The runs of these numbers that are still there, by number."""
        rows = self._store.rows(
            "SELECT * FROM runs WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
            [json.dumps(list(ids))],
        )
        return [run_of(row) for row in rows]

    def ends(self, at: datetime | None = None) -> tuple[int, int]:
        """The numbers of the last run and the last record there are, or were at that moment."""
        until = at and to_text(at)
        (row,) = self._store.rows(
            """SELECT
            (SELECT max(id) FROM runs WHERE :at IS NULL OR started_at <= :at) AS run,
            (SELECT max(id) FROM outcomes WHERE :at IS NULL OR at <= :at) AS record""",
            {"at": until},
        )
        return row["run"] or 0, row["record"] or 0


def _where(
    table: str, channel: str, sought: Sought, *, indexed: bool
) -> tuple[str, dict[str, Any]]:
    """What both tables are narrowed by; only what is asked for, so that SQLite finds its index.

    Where that is none (`indexed` is false) it must not take the one that begins with the channel:
    it would sort all there is instead of reading from the end until there is enough.
    """
    run, at = {"r": ("r.id", "r.started_at"), "o": ("o.run_id", "o.at")}[table]
    conditions = [f"{'' if indexed else '+'}{table}.channel = :channel", f"{table}.id > :after"]
    if sought.flows:
        conditions.append("flow IN (SELECT value FROM json_each(:flows))")
    if sought.since is not None:
        conditions.append(f"{at} >= :since")
    if sought.until is not None:
        conditions.append(f"{at} < :until")
    if sought.run_id is not None:
        conditions.append(f"{run} = :run")
    return f"WHERE {' AND '.join(conditions)}", {
        "channel": channel,
        "flows": json.dumps(list(sought.flows)),
        "since": sought.since and to_text(sought.since),
        "until": sought.until and to_text(sought.until),
        "results": json.dumps(list(sought.results)),
        "codes": json.dumps(list(sought.exit_codes)),
        "keys": json.dumps(list(sought.keys)),
        "run": sought.run_id,
    }
