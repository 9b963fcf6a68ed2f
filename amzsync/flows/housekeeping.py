"""Once a day, at the end of a run: what is past its time goes, and the state file gives room back.

What bounds which table, and why no far side can bring up what is dropped, stands in
`amzsync.state.retention`.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from amzsync.errors import DeadlineError, InterruptedRunError, StateUnavailableError
from amzsync.flows import FLOWS
from amzsync.flows.flow import Context

log = logging.getLogger(__name__)


def keep_house(ctx: Context) -> None:
    """Drop and give back, as long as the run may go on; what is left is tomorrow's.

    The run has done its work by now: a disk too full to delete anything is no failure of it.
    """
    now, settings, state = ctx.clock.now(), ctx.config.state, ctx.state
    long_ago = now - timedelta(days=settings.retention_order_days)
    catalogue = [entry.name for entry in FLOWS if entry.content_type != "order"]
    rows = settings.retention_rows
    chores = (
        lambda: state.runs.prune(now - timedelta(days=settings.retention_days), rows),
        state.lookups.prune,
        lambda: state.retention.drop_records(long_ago, catalogue),
        lambda: state.retention.drop_orders(long_ago),
        lambda: state.retention.drop_withdrawn(long_ago),
        state.retention.give_back,
    )
    try:
        for chore in chores:
            ctx.deadline.check()
            chore()
    except (DeadlineError, InterruptedRunError):
        return  # tomorrow is another day
    except StateUnavailableError as error:
        log.warning("the state file was not tidied up: %s", error)
