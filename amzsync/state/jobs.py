"""Slow far-side work, a row each: one run submits, a later one collects; and what feeds carry."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import uuid4

from amzsync.redaction import mask
from amzsync.state.listings import Value
from amzsync.state.store import Store, to_moment, to_text

NO_BATCH: Final = 0

JobState = Literal["staging", "submitting", "submitted", "settling"]


@dataclass(frozen=True, slots=True)
class Job:
    """One feed or report.

    `state`: staging (its content is being put together), submitting (Amazon may or may not have it:
    look before repeating), submitted (`remote_id` is Amazon's id), settling (answered; outcomes are
    being written back). A report has no staging, and no settling: taking it in ends it. `detail` is
    what it was asked for with (JSON).
    """

    id: str
    channel: str
    flow: str
    kind: str
    state: JobState
    remote_id: str | None
    created_at: datetime
    submitted_at: datetime | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An Omnitron object a message answers for; `version` is its modified_date exactly as read."""

    pk: int
    content_type: str
    version: str


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One message of a listings feed, and the Omnitron objects it answers for.

    `message` is what the feed says of the SKU, as JSON; "" for values Amazon has already: they fill
    the batch but not the feed. `values` are what will be live. `batch_id` is NO_BATCH for a message
    that answers for no object. `state`: open, accepted, refused.
    """

    job_id: str
    message_id: int
    sku: str
    product_pk: int
    message: str
    objects: tuple[ObjectRef, ...]
    values: tuple[Value, ...]
    batch_id: int | None = None
    state: Literal["open", "accepted", "refused"] = "open"
    code: str = ""
    reason: str = ""

    @property
    def sent(self) -> bool:
        """Whether it is in the feed."""
        return self.message != ""


_JOB = "id, channel, flow, kind, state, remote_id, created_at, submitted_at, detail"
_ITEM = (
    "job_id, message_id, sku, product_pk, message, sent, objects, told, batch_id, state, code, "
    "reason"
)


class Jobs:
    """The tables `jobs` and `feed_items`; rows go when every outcome has been written back."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self, channel: str, flow: str, kind: str, now: datetime) -> str:
        """A new job in staging; its id."""
        job_id = str(uuid4())
        self._store.execute(
            """INSERT INTO jobs (id, channel, flow, kind, state, created_at)
            VALUES (?, ?, ?, ?, 'staging', ?)""",
            [job_id, channel, flow, kind, to_text(now)],
        )
        return job_id

    def ask(self, channel: str, flow: str, kind: str, detail: str, now: datetime) -> str:
        """A new job of which Amazon is about to be asked; its id."""
        job_id = str(uuid4())
        self._store.execute(
            """INSERT INTO jobs
            (id, channel, flow, kind, state, created_at, submitted_at, detail)
            VALUES (?, ?, ?, ?, 'submitting', ?, ?, ?)""",
            [job_id, channel, flow, kind, to_text(now), to_text(now), detail],
        )
        return job_id

    def get(self, job_id: str) -> Job | None:
        """The job, while it is under way."""
        rows = self._select("id = ?", [job_id])
        return rows[0] if rows else None

    def under_way(self, channel: str, flow: str) -> list[Job]:
        """The flow's jobs, oldest first."""
        return self._select("channel = ? AND flow = ?", [channel, flow])

    def in_flight(self, kind: str) -> list[Job]:
        """The account's jobs of a kind, whichever channel's."""
        return self._select("kind = ?", [kind])

    def submitting(self, job_id: str, now: datetime) -> None:
        """Amazon is about to be asked; `submitted_at` is when."""
        self._store.execute(
            "UPDATE jobs SET state = 'submitting', submitted_at = ? WHERE id = ?",
            [to_text(now), job_id],
        )

    def staging(self, job_id: str) -> None:
        """Amazon has not got it after all."""
        self._store.execute(
            "UPDATE jobs SET state = 'staging', submitted_at = NULL WHERE id = ?", [job_id]
        )

    def submitted(self, job_id: str, remote_id: str) -> None:
        """Amazon has it under this id."""
        self._store.execute(
            "UPDATE jobs SET state = 'submitted', remote_id = ? WHERE id = ?", [remote_id, job_id]
        )

    def settling(self, job_id: str) -> None:
        """Amazon has answered; every item has its outcome."""
        self._store.execute("UPDATE jobs SET state = 'settling' WHERE id = ?", [job_id])

    def close(self, job_id: str) -> None:
        """All is written back: the job and its items go."""
        with self._store.atomic():
            self._store.execute("DELETE FROM feed_items WHERE job_id = ?", [job_id])
            self._store.execute("DELETE FROM jobs WHERE id = ?", [job_id])

    def remote_ids(self, kind: str) -> set[str]:
        """Amazon's ids of the jobs of a kind that are under way."""
        rows = self._store.rows(
            "SELECT remote_id FROM jobs WHERE kind = ? AND remote_id IS NOT NULL", [kind]
        )
        return {row["remote_id"] for row in rows}

    def add_items(self, items: Iterable[FeedItem]) -> None:
        """Stage messages."""
        self._store.execute_many(
            f"INSERT INTO feed_items ({_ITEM}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constant columns
            (
                (
                    item.job_id,
                    item.message_id,
                    item.sku,
                    item.product_pk,
                    item.message,
                    item.sent,
                    _json(astuple(row) for row in item.objects),
                    _json(astuple(value) for value in item.values),
                    item.batch_id,
                    item.state,
                    item.code,
                    item.reason,
                )
                for item in items
            ),
        )

    def items(self, job_id: str, batch_id: int | None = None) -> Iterator[FeedItem]:
        """The job's messages in order, or those of one of its batches; read lazily."""
        where = "job_id = ?"
        params: list[object] = [job_id]
        if batch_id is not None:
            where, params = f"{where} AND batch_id = ?", [job_id, batch_id]
        after = 0
        while True:
            rows = self._store.rows(
                f"""SELECT {_ITEM} FROM feed_items WHERE {where} AND message_id > ?
                ORDER BY message_id LIMIT 1000""",  # noqa: S608 - constant conditions
                [*params, after],
            )
            if not rows:
                return
            for row in rows:
                yield _feed_item(row)
            after = rows[-1]["message_id"]

    def unbatched(self, job_id: str, limit: int) -> list[FeedItem]:
        """The first messages whose objects are in no batch yet."""
        rows = self._store.rows(
            f"""SELECT {_ITEM} FROM feed_items WHERE job_id = ? AND batch_id IS NULL
            ORDER BY rowid LIMIT ?""",  # noqa: S608 - constant columns; rowids follow message ids
            [job_id, limit],
        )
        return [_feed_item(row) for row in rows]

    def sent_count(self, job_id: str) -> int:
        """How many of the job's messages are in the feed."""
        rows = self._store.rows(
            "SELECT count(*) AS n FROM feed_items WHERE job_id = ? AND sent = 1", [job_id]
        )
        return int(rows[0]["n"])

    def drop_batch(self, job_id: str, batch_id: int) -> None:
        """Forget the messages of a batch whose outcomes are told."""
        self._store.execute(
            "DELETE FROM feed_items WHERE job_id = ? AND batch_id = ?", [job_id, batch_id]
        )

    def batched(self, job_id: str, message_ids: Iterable[int], batch_id: int) -> None:
        """These messages' objects are in that batch."""
        self._store.execute_many(
            "UPDATE feed_items SET batch_id = ? WHERE job_id = ? AND message_id = ?",
            [(batch_id, job_id, message_id) for message_id in message_ids],
        )

    def accept_open(self, job_id: str) -> None:
        """Everything not refused has been accepted."""
        self._store.execute(
            "UPDATE feed_items SET state = 'accepted' WHERE job_id = ? AND state = 'open'", [job_id]
        )

    def refuse_open(self, job_id: str, code: str, reason: str) -> None:
        """Everything without an answer is refused for this reason, which is masked."""
        self._store.execute(
            """UPDATE feed_items SET state = 'refused', code = ?, reason = ?
            WHERE job_id = ? AND state = 'open' AND sent = 1""",
            [mask(code), mask(reason), job_id],
        )

    def refuse(self, job_id: str, refusals: Iterable[tuple[int, str, str]]) -> None:
        """(message id, code, reason) of messages Amazon refused; the texts are masked."""
        self._store.execute_many(
            """UPDATE feed_items SET state = 'refused', code = ?, reason = ?
            WHERE job_id = ? AND message_id = ?""",
            [(mask(code), mask(text), job_id, number) for number, code, text in refusals],
        )

    def _select(self, where: str, params: list[object]) -> list[Job]:
        rows = self._store.rows(
            f"SELECT {_JOB} FROM jobs WHERE {where} ORDER BY created_at, id",  # noqa: S608 - constant conditions
            params,
        )
        return [
            Job(
                **{
                    **row,
                    "created_at": to_moment(row["created_at"]),
                    "submitted_at": row["submitted_at"] and to_moment(row["submitted_at"]),
                }
            )
            for row in rows
        ]


def _feed_item(row: dict[str, Any]) -> FeedItem:
    return FeedItem(
        job_id=row["job_id"],
        message_id=row["message_id"],
        sku=row["sku"],
        product_pk=row["product_pk"],
        message=row["message"],
        objects=tuple(ObjectRef(*each) for each in json.loads(row["objects"])),
        values=tuple(Value(*each) for each in json.loads(row["told"])),
        batch_id=row["batch_id"],
        state=row["state"],
        code=row["code"],
        reason=row["reason"],
    )


def _json(rows: Iterable[tuple[object, ...]]) -> str:
    return json.dumps(list(rows), ensure_ascii=False)
