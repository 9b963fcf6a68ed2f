"""How a run is told: data to stdout, talk to stderr, nothing at all under cron when all is well.

The JSON of `--json` is documented in the README; keys are only ever added.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from amzsync.errors import AmzsyncError
from amzsync.flows import Entry
from amzsync.redaction import MaskingFormatter, mask

if TYPE_CHECKING:
    from amzsync.flows.flow import Context, Outcome
    from amzsync.flows.runner import Result

SHOWN = 20  # failures listed one by one; --json lists all

_COUNTED = {
    "planned": "would be sent",
    "sent": "sent",
    "submitted": "submitted",
    "unchanged": "unchanged",
    "skipped": "skipped",
    "waiting": "waiting",
    "held": "in penalty",
    "failed": "failed",
}


@dataclass
class Voice:
    """What one invocation says, and how loud: -v, -q, --json, a terminal or cron."""

    verbose: int = 0
    quiet: bool = False
    as_json: bool = False

    def __post_init__(self) -> None:
        """Nothing is shown yet."""
        self._status: Any = None

    @property
    def talks(self) -> bool:
        """Whether a run that went well is worth a line."""
        return not self.quiet and (self.verbose > 0 or sys.stderr.isatty())

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Log lines with -v, a live line on a terminal, for as long as the run goes on."""
        handler = self._log_handler()
        root = logging.getLogger("amzsync")
        before = root.level
        root.addHandler(handler)
        root.setLevel({0: logging.ERROR, 1: logging.INFO}.get(self.verbose, logging.DEBUG))
        live = sys.stderr.isatty() and not self.quiet and not self.as_json and not self.verbose
        try:
            if live:
                from rich.console import Console

                console = Console(stderr=True)
                with console.status("…") as self._status:
                    yield
            else:
                yield
        finally:
            self._status = None
            root.removeHandler(handler)
            root.setLevel(before)

    def progress(self, text: str) -> None:
        """What the run is at."""
        if self._status is not None:
            self._status.update(mask(text))

    def idle(self, entry: Entry, reason: str) -> int:
        """The flow had no business to run; exit 0."""
        if self.as_json:
            _print_json({"flow": entry.name, "exit_code": 0, "notes": [reason]})
        elif self.talks:
            _say(f"{entry.command}: {reason}")
        return 0

    def result(self, entry: Entry, ctx: Context, result: Result) -> None:
        """What the run did."""
        if self.as_json:
            _print_json(_as_json(entry, ctx, result))
            return
        for line in result.planned:
            typer.echo(mask(line))
        if self.talks:
            for note in result.notes:
                _say(f"{entry.command}: {note}")
            _say(f"{entry.command}: {_summary(result)}")
        if result.failures and not self.quiet:
            if not self.talks:
                _say(f"{entry.command}: {_summary(result)}")
            _say_failures(result.failures)

    def error(self, entry: Entry, ctx: Context, error: AmzsyncError) -> None:
        """The run ended with an error; the boundary says which, this gives it to machines."""
        if self.as_json:
            _print_json(
                {
                    "flow": entry.name,
                    "channel": ctx.channel,
                    "dry_run": ctx.options.dry_run,
                    "exit_code": error.exit_code,
                    "notes": ctx.notes,
                    "calls": ctx.calls(),
                    "error": {"type": type(error).__name__, "message": str(error)},
                }
            )

    def _log_handler(self) -> logging.Handler:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        return handler


def _as_json(entry: Entry, ctx: Context, result: Result) -> dict[str, Any]:
    return {
        "flow": entry.name,
        "channel": ctx.channel,
        "run": result.run_id,
        "dry_run": ctx.options.dry_run,
        "exit_code": result.exit_code,
        "counts": dict(result.counts),
        "failures": [_row(outcome) for outcome in result.failures],
        "waiting": [_row(outcome) for outcome in result.waiting],
        "planned": result.planned,
        "notes": result.notes,
        "calls": result.calls,
        "pending": result.pending or None,
        "error": None,
    }


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        "key": outcome.key,
        "code": outcome.code,
        "reason": outcome.reason,
        "request_id": outcome.request_id,
    }


def _summary(result: Result) -> str:
    counted = [
        f"{result.counts[key]} {text}" for key, text in _COUNTED.items() if result.counts[key]
    ]
    return ", ".join(counted) or "nothing to do"


def _say_failures(failures: list[Outcome]) -> None:
    for outcome in failures[:SHOWN]:
        request = f" (request {outcome.request_id})" if outcome.request_id else ""
        _say(f"  {outcome.key}: {outcome.reason}{request}")
    if len(failures) > SHOWN:
        _say(f"  and {len(failures) - SHOWN} more; amzsync penalties list shows all")


def _say(text: str) -> None:
    typer.echo(mask(text), err=True)


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(mask(json.dumps(value, ensure_ascii=False)))
