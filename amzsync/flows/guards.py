"""Safety guards of the flows that could close the shop or give it away (design: exit 6).

They look at a whole run before anything of it is sent, and name the command that lets it through.
"""

from __future__ import annotations

from collections.abc import Sequence

from amzsync.errors import GuardError
from amzsync.flows.flow import Context

_SHOWN = 5  # records a message names


def check_zeroing(ctx: Context, going: int, live: int, what: str, command: str) -> None:
    """Stop when too many live SKUs would go to zero. `what` ends the sentence about them."""
    limits = ctx.config.guards
    if going < limits.zeroing_minimum or going * 100 <= limits.zeroing_percent * live:
        return
    raise GuardError(
        f"{going} of {live} live SKUs {what}, more than {limits.zeroing_percent} %; nothing was"
        f" sent. If that is right: {_override(ctx, command)}"
    )


def stop(ctx: Context, found: Sequence[str], what: str, advice: str, command: str) -> None:
    """Stop because of these records, the first few of them named."""
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    raise GuardError(
        f"{len(found)} {what}: {'; '.join(found[:_SHOWN])}{more}; nothing was sent. {advice}"
        f" {_override(ctx, command)}"
    )


def _override(ctx: Context, command: str) -> str:
    return f"amzsync {command} --override-guard --config {ctx.config.path}"
