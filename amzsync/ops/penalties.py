"""Penalties found, explained, grouped and cleared.

Clearing lifts Omnitron's own penalty of a record as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from amzsync.config import Config
from amzsync.errors import AmzsyncError
from amzsync.flows.flow import Context
from amzsync.flows.reference_data import content_type_id
from amzsync.http.overlap import overlap
from amzsync.ops.cure import Cure
from amzsync.ops.cures import cures_of
from amzsync.state.penalties import Penalty

_TOLD_EVERY = 100  # lifted records between two words about it


@dataclass(frozen=True, slots=True)
class Rules:
    """The Failed Integration settings of a penalty, and the table they stand in."""

    table: str
    retry_interval: int
    expiration_date: int
    max_retry_count: int


@dataclass(frozen=True, slots=True)
class Explained:
    """A penalty, what applies to it now, when its time is up, and what mends it.

    `tries_left`: how often it will still be tried, by count and by time, as the settings are now.
    """

    penalty: Penalty
    rules: Rules
    time_up_at: datetime
    tries_left: int
    cures: tuple[Cure, ...]

    @property
    def tries(self) -> int:
        """How many tries the record has altogether."""
        return 1 + self.rules.max_retry_count


@dataclass(frozen=True, slots=True)
class Group:
    """Penalties of one flow and one cause, oldest first, and what mends them."""

    flow: str
    code: str
    cures: tuple[Cure, ...]
    rows: tuple[Explained, ...]

    @property
    def stopped(self) -> int:
        """How many of them are not tried any more."""
        return sum(row.penalty.stopped for row in self.rows)


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
    cures = cures_of(penalty.flow, penalty.code, penalty.reason)
    return Explained(penalty, rules, end, _tries_left(penalty, rules, end), cures)


def grouped(rows: Iterable[Explained]) -> list[Group]:
    """The penalties by cause, the cause of the most records first; each record is in one group."""
    found: dict[tuple[str, str, tuple[Cure, ...]], list[Explained]] = defaultdict(list)
    for row in rows:
        found[row.penalty.flow, row.penalty.code, row.cures].append(row)
    groups = [
        Group(*name, tuple(sorted(members, key=lambda row: row.penalty.first_failed_at)))
        for name, members in found.items()
    ]
    return sorted(groups, key=lambda group: -len(group.rows))


def clear(ctx: Context, penalties: Sequence[Penalty]) -> Cleared:
    """Let these records go again, here and in Omnitron.

    Where Omnitron cannot be used the record becomes due instead: a run fetches due records by key
    and lifts Omnitron's penalty first, so it goes out all the same. A repeat does no harm.
    Errors: StateError, StateUnavailableError.
    """
    known_there = [row for row in penalties if (row.object_id or "").isdigit()]
    freed = [row for row in penalties if not (row.object_id or "").isdigit()]
    lifted, error = _lift_all(ctx, known_there)
    freed += lifted
    done = set(lifted)
    due = [row for row in known_there if row not in done]
    with ctx.state.store.atomic():
        ctx.state.penalties.remove(freed)
        ctx.state.penalties.make_due(due, ctx.clock.now())
    return Cleared(tuple(freed), tuple(due), error)


def _tries_left(penalty: Penalty, rules: Rules, end: datetime) -> int:
    """The next try is certain, whatever the settings say by now; others may follow."""
    if penalty.stopped:
        return 0
    by_count = 1 + rules.max_retry_count - penalty.failures
    if penalty.next_try_at > end:
        return 1
    left = (end - penalty.next_try_at) // timedelta(seconds=rules.retry_interval)
    return max(1, min(by_count, 1 + left))


def _lift_all(
    ctx: Context, penalties: Sequence[Penalty]
) -> tuple[list[Penalty], AmzsyncError | None]:
    """Those whose penalty in Omnitron is lifted, and what stopped the others."""

    @cache
    def number_of(model: str) -> int:
        return content_type_id(ctx, model)

    def lift(penalty: Penalty) -> None:
        there, number = ctx.omnitron.failed_integrations, number_of(penalty.content_type)
        for row in there.of(number, int(penalty.object_id or 0)):
            there.lift(row.pk)

    lifted: list[Penalty] = []
    for done in overlap(lift, penalties, ctx.in_flight):
        if done.error is not None:
            return lifted, done.error  # the others would fare no better, and each takes its time
        lifted.append(done.item)
        if len(lifted) % _TOLD_EVERY == 0:
            ctx.progress(f"{len(lifted)} of {len(penalties)} penalties lifted in Omnitron")
    return lifted, None
