"""Penalties explained and cleared. Clearing lifts Omnitron's own penalty of the record as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from amzsync.config import Config
from amzsync.errors import AmzsyncError
from amzsync.flows.flow import Context
from amzsync.flows.reference_data import content_type_id
from amzsync.http.overlap import overlap
from amzsync.state.penalties import Penalty, PenaltySettings

# The next failure is the record's first again; until then it is due.
_DUE_AT_ONCE = PenaltySettings(retry_interval=0, expiration_date=0, max_retry_count=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """The Failed Integration settings of a penalty, and the table they stand in."""

    table: str
    retry_interval: int
    expiration_date: int
    max_retry_count: int


@dataclass(frozen=True, slots=True)
class Explained:
    """A penalty, what applies to it now, and when its time is up."""

    penalty: Penalty
    rules: Rules
    time_up_at: datetime

    @property
    def tries(self) -> int:
        """How many tries the record has altogether."""
        return 1 + self.rules.max_retry_count


@dataclass(frozen=True, slots=True)
class Cleared:
    """What clearing came to.

    `due` are penalties Omnitron could not be asked about, for the reason in `error`: their records
    are tried in the next run, which lifts them there first.
    """

    freed: tuple[Penalty, ...]
    due: tuple[Penalty, ...]
    error: AmzsyncError | None


def explained(config: Config, penalty: Penalty) -> Explained:
    """What there is to say of a penalty."""
    settings = config.failed_integration.settings_for(penalty.content_type)
    own = getattr(config.failed_integration, penalty.content_type, None) is settings
    rules = Rules(
        penalty.content_type if own else "DEFAULT",
        settings.retry_interval,
        settings.expiration_date,
        settings.max_retry_count,
    )
    end = penalty.first_failed_at + timedelta(seconds=settings.expiration_date)
    return Explained(penalty, rules, end)


def clear(ctx: Context, penalties: Sequence[Penalty]) -> Cleared:
    """Let these records go again, here and in Omnitron.

    Where Omnitron cannot be used the record becomes due instead: a run fetches due records by key
    and lifts Omnitron's penalty first, so it goes out all the same. A repeat does no harm.
    Errors: StateError, StateUnavailableError.
    """
    known_there = [row for row in penalties if (row.object_id or "").isdigit()]
    freed = [row for row in penalties if row not in known_there]
    error: AmzsyncError | None = None
    for done in overlap(lambda row: _lift(ctx, row), known_there, ctx.in_flight):
        if done.error is not None:
            error = done.error
            break  # the others would fare no better, and each would take its time
        freed.append(done.item)
    due = [row for row in known_there if row not in freed]
    with ctx.state.store.atomic():
        for row in (*freed, *due):
            ctx.state.penalties.clear(row.channel, row.flow, [row.key])
        for row in due:
            _make_due(ctx, row)
    return Cleared(tuple(freed), tuple(due), error)


def _lift(ctx: Context, penalty: Penalty) -> None:
    content_type = content_type_id(ctx, penalty.content_type)
    for row in ctx.omnitron.failed_integrations.of(content_type, int(penalty.object_id or 0)):
        ctx.omnitron.failed_integrations.lift(row.pk)


def _make_due(ctx: Context, penalty: Penalty) -> None:
    ctx.state.penalties.fail(
        penalty.channel,
        penalty.flow,
        penalty.key,
        settings=_DUE_AT_ONCE,
        now=ctx.clock.now(),
        content_type=penalty.content_type,
        code=penalty.code,
        reason=penalty.reason,
        object_id=penalty.object_id,
        request_id=penalty.request_id,
    )
