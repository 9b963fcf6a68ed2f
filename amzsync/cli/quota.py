"""`amzsync quota`: what is left of Amazon's quota, and what of the cron would not fit in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import typer

from amzsync.cli.account import looked_into
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.printing import out, print_json, span, table
from amzsync.cli.wiring import channel_key
from amzsync.config import load_config
from amzsync.ops.quota_plan import Excess, Plan, excesses, plans

FITS = "everything cron starts fits: no flow needs more of an operation than Amazon allows"


def command(name: str) -> Any:
    """The `quota` command."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(name)(quota)
    return typer.main.get_command(app)


def quota(
    context: typer.Context,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Show what is left of Amazon's quota, operation by operation, and whether the cron fits.

    The quota is the account's: all its channels share it. The columns:

    \b
    now    calls that may leave at once, of how many that gather
    next   when the next call may leave
    /hour  calls an hour that Amazon allows in the long run
    cron   calls an hour that the flows ask for at least, as often as they start
    used   calls of the last hour
    from   who told the rate: Amazon in an answer, or its documents

    An operation of which cron needs more than there is, is told with its flow and the cure.
    """
    session = session_of(context)
    loaded = load_config(config)
    channel, now = channel_key(loaded), session.clock.now()
    with looked_into(loaded, session.clock) as state:
        found = plans(loaded, state, channel, now)
    too_much = excesses(found)
    if as_json:
        print_json(
            {
                "account": loaded.account,
                "at": now.isoformat(),
                "operations": [_as_json(plan) for plan in found],
                "findings": [_finding_json(each) for each in too_much],
                "exit_code": 0,
                "error": None,
            }
        )
        return
    columns = ("operation", "now", "next", "/hour", "cron", "used", "from")
    table("Quota", columns, [_row(plan, now) for plan in found])
    for each in too_much:
        out(_finding(each))
    if not too_much:
        out(FITS)


def _row(plan: Plan, now: datetime) -> tuple[str | int, ...]:
    wait = plan.next_call_at - now
    return (
        plan.operation,
        f"{plan.tokens:.1f}/{plan.burst}",
        f"in {span(wait)}" if wait else "now",
        f"{plan.per_hour:.0f}",
        _needed(plan),
        plan.used,
        "Amazon" if plan.stated else "docs",
    )


def _needed(plan: Plan) -> str:
    if not plan.needed:
        return "-"
    return f"{plan.needed_per_hour:.1f}" if plan.needed_per_hour >= 0.1 else "<0.1"


def _finding(each: Excess) -> str:
    return (
        f"does not fit: {each.operation}. {each.flow} and whatever else cron starts need"
        f" {each.needed_per_hour:.1f} calls an hour, Amazon allows {each.per_hour:.1f}; the burst"
        f" makes up for it for {span(each.burst_lasts)} -> {each.cure}"
    )


def _as_json(plan: Plan) -> dict[str, Any]:
    return {
        "operation": plan.operation,
        "tokens": round(plan.tokens, 3),
        "rate": plan.rate,
        "burst": plan.burst,
        "per_hour": round(plan.per_hour, 1),
        "next_call_at": plan.next_call_at.isoformat(),
        "needed_per_hour": round(plan.needed_per_hour, 2),
        "needed_by_flow": {flow: round(count, 2) for flow, count in plan.needed.items()},
        "called_last_hour": plan.used,
        "stated_by_amazon": plan.stated,
        "updated_at": plan.updated_at and plan.updated_at.isoformat(),
    }


def _finding_json(each: Excess) -> dict[str, Any]:
    return {
        "operation": each.operation,
        "flow": each.flow,
        "needed_per_hour": round(each.needed_per_hour, 2),
        "allowed_per_hour": round(each.per_hour, 2),
        "burst_lasts_seconds": round(each.burst_lasts.total_seconds()),
        "cure": each.cure,
    }
