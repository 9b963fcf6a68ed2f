"""How a run is told: data to stdout, talk to stderr, nothing at all under cron when all is well.

The JSON of `--json` is documented in the README; keys are only ever added.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amzsync.cli.printing import out, print_json, say
from amzsync.errors import AmzsyncError, RemoteError
from amzsync.flows import Entry
from amzsync.redaction import MaskingFormatter, mask

if TYPE_CHECKING:
    from amzsync.cli.app import Session
    from amzsync.cli.json_lines import JsonLines
    from amzsync.config import Config
    from amzsync.flows.flow import Outcome
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
        self._in_lines = False

    @property
    def talks(self) -> bool:
        """Whether a run that went well is worth a line."""
        heard = self.verbose > 0 or sys.stderr.isatty()
        return heard and not self.quiet and not self._in_lines

    @contextmanager
    def listening(self, session: Session) -> Iterator[None]:
        """Log lines with -v, JSON lines where the config says so, a live line on a terminal.

        For as long as the run goes on. Print results after it: a live line takes stdout over too.
        """
        with self._logging(session), self._live():
            yield

    @contextmanager
    def _logging(self, session: Session) -> Iterator[None]:
        lines = self._json_lines(session)
        self._in_lines = lines is not None and lines.on_stderr
        level = {0: logging.ERROR, 1: logging.INFO}.get(self.verbose, logging.DEBUG)
        handlers: list[logging.Handler] = [] if lines is None else [lines]
        if lines is not None and self._in_lines:
            lines.setLevel(min(lines.level, level))  # -v is heard in the one voice there is
        else:
            handlers.append(_text_lines(session, level))
        root = logging.getLogger("amzsync")
        before = root.level
        for handler in handlers:
            root.addHandler(handler)
        root.setLevel(min(handler.level for handler in handlers))
        try:
            yield
        except BaseException as error:
            if lines is not None:
                lines.fault(error)
                session.told = self._in_lines
            raise
        finally:
            for handler in handlers:
                root.removeHandler(handler)
                handler.close()
            root.setLevel(before)

    def _json_lines(self, session: Session) -> JsonLines | None:
        if session.config is None or not session.config.logs.json_to:
            return None
        from amzsync.cli.json_lines import handler_for  # here, because few ask for them

        return handler_for(session, session.config)

    @contextmanager
    def _live(self) -> Iterator[None]:
        live = sys.stderr.isatty() and not self.quiet and not self.as_json and not self.verbose
        live = live and not self._in_lines
        try:
            if live:
                from rich.console import Console

                with Console(stderr=True).status("…") as self._status:
                    yield
            else:
                yield
        finally:
            self._status = None

    def progress(self, text: str) -> None:
        """What the run is at."""
        if self._status is not None:
            from rich.text import Text

            self._status.update(Text(mask(text)))  # as Text: a SKU with [brackets] is no markup

    def last_word(self, text: str) -> None:
        """A line right before the process ends without tidying up, from a signal handler."""
        # No stream: this may have interrupted one amid a write. A live line hid the cursor.
        tidied = "\r\x1b[K\x1b[?25h" if self._status is not None else ""
        with suppress(OSError):
            os.write(2, f"{tidied}amzsync: {text}\n".encode())

    def idle(self, entry: Entry, about: dict[str, Any], reason: str) -> int:
        """The flow had no business to run; exit 0."""
        if self.as_json:
            print_json({**about, "exit_code": 0, "notes": [reason]})
        elif self.talks:
            say(f"{entry.command}: {reason}")
        return 0

    def result(self, entry: Entry, about: dict[str, Any], result: Result) -> int:
        """What the run did; its exit code."""
        if self.as_json:
            print_json({**about, **result_json(result)})
            return result.exit_code
        for line in result.planned:
            out(line)
        if self.talks or (result.differs and not self._in_lines):
            for note in result.notes:
                say(f"{entry.command}: {note}")
        if self.talks or (result.failures and not self._in_lines):
            say(f"{entry.command}: {_summary(result)}")
            _say_failures(result.failures)
        return result.exit_code


def _text_lines(session: Session, level: int) -> logging.Handler:
    """Log lines for people on stderr, each with the number of its run in the journal."""

    def number(record: logging.LogRecord) -> bool:
        record.run = session.running.run_id or "-" if session.running else "-"
        return True

    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level)
    handler.addFilter(number)
    handler.setFormatter(
        MaskingFormatter("%(asctime)s %(levelname)s run %(run)s %(name)s: %(message)s")
    )
    return handler


def blank(entry: Entry, *, dry_run: bool) -> dict[str, Any]:
    """The JSON of a run of which nothing is known yet: every key, whatever becomes of the run."""
    return {
        "flow": entry.name,
        "channel": None,
        "run": None,
        "dry_run": dry_run,
        "exit_code": None,
        "counts": {},
        "failures": [],
        "waiting": [],
        "planned": [],
        "notes": [],
        "differences": [],
        "calls": {},
        "pending": None,
        "error": None,
    }


def worded(error: AmzsyncError, config: Config | None) -> str:
    """The error in one line; of a far side also which it was, its address, and what to do next."""
    if not isinstance(error, RemoteError) or config is None:
        return str(error)
    side = _far_side(error.operation, config)
    return f"{side} could not be used: {error}; nothing is lost, rerunning is safe"


def _far_side(operation: str, config: Config) -> str:
    """The side an operation is of, with its address."""
    from amzsync.amazon.operations import OPERATIONS
    from amzsync.omnitron.operations import ALL

    if operation in {known.name for known in ALL}:
        return f"Omnitron ({config.omnitron.url})"
    if operation == "token":
        return f"Login with Amazon ({config.amazon.lwa_url})"
    if operation in OPERATIONS:
        return f"Amazon ({config.base_url})"
    return "Amazon's document store"


def result_json(result: Result) -> dict[str, Any]:
    """What --json tells of a run, besides which flow's it was."""
    return {
        "run": result.run_id,
        "exit_code": result.exit_code,
        "counts": dict(result.counts),
        "failures": [_row(outcome) for outcome in result.failures],
        "waiting": [_row(outcome) for outcome in result.waiting],
        "planned": result.planned,
        "notes": result.notes,
        "differences": result.differences,
        "calls": result.calls,
        "pending": result.pending or None,
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
        say(f"  {outcome.key}: {outcome.reason}{request}")
    if len(failures) > SHOWN:
        say(f"  and {len(failures) - SHOWN} more; amzsync penalties list shows all")
