"""`amzsync status` and `amzsync quota`: how the channel stands, and what is left of the quota."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import typer

from amzsync.cli.account import looked_into
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.printing import out, print_json, relative, say, table
from amzsync.cli.wiring import channel_key
from amzsync.config import load_config
from amzsync.ops.overview import FlowStatus, Overview, UnderWay, overview
from amzsync.state.quota import BucketRow
from amzsync.state.runs import Run


def command(name: str) -> Any:
    """The `status` or the `quota` command."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(name)({"status": status, "quota": quota}[name])
    return typer.main.get_command(app)


def status(
    context: typer.Context,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Show how far each flow is: last run, jobs under way, penalties, waiting records, inbox."""
    session = session_of(context)
    loaded = load_config(config)
    channel, now = channel_key(loaded), session.clock.now()
    with looked_into(loaded, session.clock) as state:
        found = overview(loaded, state, channel)
    if as_json:
        print_json({"channel": channel, "at": now.isoformat(), **_as_json(found)})
        return
    columns = ("flow", "flag", "last run", "came to", "in penalty", "stopped", "waiting")
    table(f"Channel {channel}", columns, [_row(flow, now) for flow in found.flows])
    out("\n".join(_lines(found, now)))


def quota(
    context: typer.Context,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Show the token bucket of every Amazon operation this account has called."""
    session = session_of(context)
    loaded = load_config(config)
    with looked_into(loaded, session.clock) as state:
        rows = state.ledger.rows()
    if as_json:
        print_json({"account": loaded.account, "operations": [_bucket_json(row) for row in rows]})
    elif rows:
        columns = ("operation", "tokens now", "rate per s", "burst", "per hour", "rate from")
        table("Quota", columns, [_bucket(row) for row in rows])
    else:
        say("no call has been made to Amazon yet")


def _row(flow: FlowStatus, now: datetime) -> tuple[str | int, ...]:
    run = flow.last_run
    return (
        flow.entry.command,
        "on" if flow.enabled else "off",
        relative(run.started_at, now) if run else "never",
        _came_to(run) if run else "",
        flow.held,
        flow.stopped,
        ", ".join(f"{count} {code}" for code, count in sorted(flow.waiting.items())),
    )


def _came_to(run: Run) -> str:
    if run.exit_code is None:
        return "goes on, or was killed"
    counts = ", ".join(f"{count} {status}" for status, count in sorted(run.counts.items()))
    return f"exit {run.exit_code}" + (f": {counts}" if counts else "")


def _lines(found: Overview, now: datetime) -> Iterator[str]:
    for flow in found.flows:
        if flow.last_run is not None and flow.last_run.error:
            yield f"{flow.entry.command}: {flow.last_run.error}"
        for under_way in flow.jobs:
            yield f"{flow.entry.command}: {_job(under_way, now)}"
    until = "no search yet" if found.orders_until is None else relative(found.orders_until, now)
    yield f"Amazon's orders are known until: {until}"
    counts = ", ".join(f"{count} {state}" for state, count in sorted(found.inbox.items()))
    yield f"order inbox: {counts or 'empty'}"


def _job(under_way: UnderWay, now: datetime) -> str:
    job = under_way.job
    name = f" {job.remote_id}" if job.remote_id else ""
    begun = relative(job.created_at, now)
    return f"{job.kind}{name} with {under_way.size} changes is {job.state}, begun {begun}"


def _as_json(found: Overview) -> dict[str, Any]:
    return {
        "flows": [_flow_json(flow) for flow in found.flows],
        "orders_until": found.orders_until and found.orders_until.isoformat(),
        "inbox": found.inbox,
    }


def _flow_json(flow: FlowStatus) -> dict[str, Any]:
    run = flow.last_run
    return {
        "flow": flow.entry.name,
        "enabled": flow.enabled,
        "last_run": run
        and {
            "run": run.id,
            "started_at": run.started_at.isoformat(),
            "ended_at": run.ended_at and run.ended_at.isoformat(),
            "exit_code": run.exit_code,
            "counts": run.counts,
            "calls": run.calls,
            "error": run.error,
        },
        "jobs": [
            {
                "kind": row.job.kind,
                "remote_id": row.job.remote_id,
                "state": row.job.state,
                "created_at": row.job.created_at.isoformat(),
                "changes": row.size,
            }
            for row in flow.jobs
        ],
        "in_penalty": flow.held,
        "stopped": flow.stopped,
        "waiting": flow.waiting,
    }


def _bucket(row: BucketRow) -> tuple[str | int, ...]:
    source = "Amazon's answer" if row.stated else "the documents"
    per_hour = f"{row.rate * 3600:.0f}"
    return row.bucket, f"{row.tokens:.1f}", f"{row.rate:g}", row.burst, per_hour, source


def _bucket_json(row: BucketRow) -> dict[str, Any]:
    return {
        "operation": row.bucket,
        "tokens": round(row.tokens, 3),
        "rate": row.rate,
        "burst": row.burst,
        "per_hour": round(row.rate * 3600, 1),
        "stated_by_amazon": row.stated,
        "updated_at": row.updated_at.isoformat(),
    }
