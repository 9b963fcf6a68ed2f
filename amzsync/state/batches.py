"""Omnitron batch requests under way, so that one left behind by a killed run is found again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from amzsync.state.store import Store, to_moment, to_text

BatchState = Literal["new", "initialized", "commit", "sent_to_remote"]


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch request. `pk` is None until Omnitron has answered its creation."""

    id: int
    channel: str
    flow: str
    content_type: str
    pk: int | None
    local_batch_id: str | None
    state: BatchState
    job_id: str | None
    created_at: datetime


class Batches:
    """The table `batches`; rows go when the batch has reached done or fail."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, channel: str, flow: str, content_type: str, job_id: str | None, now: datetime
    ) -> int:
        """Note that a batch is about to be opened; its id here."""
        rows = self._store.rows(
            """INSERT INTO batches (channel, flow, content_type, state, job_id, created_at)
            VALUES (?, ?, ?, 'new', ?, ?) RETURNING id""",
            [channel, flow, content_type, job_id, to_text(now)],
        )
        return int(rows[0]["id"])

    def opened(self, batch_id: int, pk: int, local_batch_id: str | None) -> None:
        """Omnitron has made it."""
        self._store.execute(
            "UPDATE batches SET pk = ?, local_batch_id = ?, state = 'initialized' WHERE id = ?",
            [pk, local_batch_id, batch_id],
        )

    def moved(self, batch_id: int, state: BatchState) -> None:
        """It has reached this state."""
        self._store.execute("UPDATE batches SET state = ? WHERE id = ?", [state, batch_id])

    def drop(self, batch_id: int) -> None:
        """It has ended."""
        self._store.execute("DELETE FROM batches WHERE id = ?", [batch_id])

    def of_job(self, job_id: str) -> list[Batch]:
        """The batches whose objects travel with that job, in the order they were opened."""
        return self._select("job_id = ?", [job_id])

    def left_behind(self, channel: str, flow: str) -> list[Batch]:
        """The flow's open batches that belong to no job and that Omnitron has named."""
        return self._select(
            "channel = ? AND flow = ? AND job_id IS NULL AND pk IS NOT NULL", [channel, flow]
        )

    def unanswered(self, channel: str) -> list[Batch]:
        """Batches of any flow that Omnitron was asked for and has not named yet."""
        return self._select("channel = ? AND pk IS NULL", [channel])

    def holders(self, channel: str) -> dict[int, str]:
        """Which flow holds each open batch, by Omnitron's key."""
        rows = self._store.rows(
            "SELECT pk, flow FROM batches WHERE channel = ? AND pk IS NOT NULL", [channel]
        )
        return {row["pk"]: row["flow"] for row in rows}

    def any_open(self, channel: str) -> bool:
        """Whether there is a batch to be seen to, in whatever state and of whichever flow."""
        row = self._store.row("SELECT 1 FROM batches WHERE channel = ? LIMIT 1", [channel])
        return row is not None

    def _select(self, where: str, params: list[object]) -> list[Batch]:
        rows = self._store.rows(
            f"""SELECT id, channel, flow, content_type, pk, local_batch_id, state, job_id,
                created_at
            FROM batches WHERE {where} ORDER BY id""",  # noqa: S608 - constant conditions
            params,
        )
        return [Batch(**{**row, "created_at": to_moment(row["created_at"])}) for row in rows]
