"""How the journal's runs and records are worded, and what --json tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from amzsync.cli.printing import moment, span
from amzsync.ops.logs import result_of
from amzsync.state.journal import Record
from amzsync.state.runs import Run

RUN_COLUMNS: Final = ("run", "flow", "started", "took", "exit", "counts, error")


def run_lines(run: Run) -> Iterator[str]:
    """All there is to say of a run, but for its calls and records."""
    dry = ", a dry run" if run.dry_run else ""
    yield f"Run {run.id} of {run.flow} on channel {run.channel}{dry}"
    yield f"  started {moment(run.started_at)}"
    if run.ended_at is None:
        yield "  not ended: it still goes on, or was killed"
    else:
        yield f"  ended   {moment(run.ended_at)} with exit {run.exit_code}, {_took(run)} later"
    yield f"  records {_counts(run) or 'none'}"
    if run.error:
        yield f"  error   {run.error}"


def run_row(run: Run) -> tuple[int, str, str, str, str, str]:
    """A run under RUN_COLUMNS."""
    code = "-" if run.exit_code is None else str(run.exit_code)
    dry = " (dry run)" if run.dry_run else ""
    return (run.id, run.flow + dry, moment(run.started_at), _took(run), code, _came_to(run))


def line(found: Run | Record) -> str:
    """A run that has ended, or a record, in a line."""
    if isinstance(found, Record):
        return f"{moment(found.at)} run {found.run_id} {found.flow} {record_words(found)}"
    told = _came_to(found)
    return (
        f"{moment(found.ended_at or found.started_at)} run {found.id} {found.flow} ended with exit"
        f" {found.exit_code} after {_took(found)}" + (f": {told}" if told else "")
    )


def record_words(row: Record) -> str:
    """What became of a record; of one that failed also the request that was refused."""
    code = f" {row.code}" if row.code else ""
    reason = f": {row.reason}" if row.reason else ""
    request = f" (request {row.request_id})" if row.request_id else ""
    return f"{row.status} {row.key}{code}{reason}{request}"


def run_json(run: Run) -> dict[str, Any]:
    """A run as --json tells it."""
    took = None if run.ended_at is None else (run.ended_at - run.started_at).total_seconds()
    return {
        "run": run.id,
        "flow": run.flow,
        "channel": run.channel,
        "started_at": run.started_at.isoformat(),
        "ended_at": run.ended_at and run.ended_at.isoformat(),
        "took_seconds": took,
        "dry_run": run.dry_run,
        "result": result_of(run),
        "exit_code": run.exit_code,
        "counts": run.counts,
        "calls": run.calls,
        "error": run.error,
    }


def record_json(row: Record) -> dict[str, Any]:
    """A record as --json tells it."""
    return {
        "run": row.run_id,
        "flow": row.flow,
        "at": row.at.isoformat(),
        "key": row.key,
        "result": row.status,
        "code": row.code,
        "reason": row.reason,
        "request_id": row.request_id,
    }


def line_json(found: Run | Record) -> dict[str, Any]:
    """The same for machines."""
    if isinstance(found, Record):
        return {"type": "record", **record_json(found)}
    return {"type": "run", **run_json(found)}


def _took(run: Run) -> str:
    return "-" if run.ended_at is None else span(run.ended_at - run.started_at)


def _counts(run: Run) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(run.counts.items()) if count)


def _came_to(run: Run) -> str:
    return "; ".join(filter(None, (_counts(run), run.error)))
