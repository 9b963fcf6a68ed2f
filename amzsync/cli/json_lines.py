"""Log lines for machines: one JSON object a line, to stderr or appended to a file, masked.

Several processes may write one file: each line is one write to a file opened for appending, which
the kernel does not mix. Every run opens it anew, so that logrotate may rename or truncate it. What
cannot be written is lost, and said once: a log is no reason for a run to fail.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from amzsync.cli.printing import masked, say
from amzsync.errors import AlreadyRunningError, AmzsyncError

if TYPE_CHECKING:
    from amzsync.cli.app import Session
    from amzsync.config import Config

STDERR: Final = "stderr"
# What a line may tell beside its message, as the modules that log pass it.
FIELDS: Final = (
    *("key", "code", "reason", "operation", "method", "status", "request_id", "duration_ms"),
    *("attempt", "wait_s", "result", "exit_code", "counts", "calls", "notes", "error"),
)


def handler_for(session: Session, config: Config) -> JsonLines:
    """The handler the config asks for."""
    from amzsync.cli.wiring import channel_key

    def about() -> dict[str, Any]:
        run = session.running.run_id if session.running else 0
        return {
            "run": run or None,  # none has begun
            "channel": channel_key(config),
            "flow": session.about.get("flow"),
        }

    to = config.logs.json_to
    target = None if to == STDERR else config.path.parent / Path(to).expanduser()
    handler = JsonLines(target, about, session.clock.now)
    handler.setLevel(config.logs.level.upper())
    return handler


class JsonLines(logging.Handler):
    """A log handler. `about` tells whose lines they are: run, channel and flow as known by now."""

    def __init__(
        self, target: Path | None, about: Callable[[], dict[str, Any]], now: Callable[[], datetime]
    ) -> None:
        super().__init__()
        self._about = about
        self._now = now
        self._target = target
        self._descriptor: int | None = None
        self._cut = False
        self._said = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line; at most once a run, say that it cannot be done."""
        try:
            self._write(f"{self.format(record)}\n")
        except OSError as error:
            if not self._said:
                self._said = True
                say(f"amzsync: no log lines are written to {self._target or STDERR}: {error}")

    @property
    def on_stderr(self) -> bool:
        """Whether stderr is where they go."""
        return self._target is None

    def fault(self, error: BaseException) -> None:
        """What ended the command; of a fault of ours only the kind, it may hold anything."""
        if isinstance(error, AmzsyncError):
            level = logging.INFO if isinstance(error, AlreadyRunningError) else logging.ERROR
            facts = {name: getattr(error, name, None) for name in FIELDS}
            facts |= {"exit_code": error.exit_code, "error": type(error).__name__}
            message = str(error)
        elif isinstance(error, Exception) and not hasattr(error, "exit_code"):
            level, message = logging.ERROR, "internal error"
            facts = {"exit_code": AmzsyncError.exit_code, "error": type(error).__name__}
        else:
            return
        if level >= self.level:
            self.handle(
                logging.makeLogRecord(
                    {
                        "name": __package__,
                        "msg": message,
                        "levelno": level,
                        "levelname": logging.getLevelName(level),
                        **facts,
                    }
                )
            )

    def format(self, record: logging.LogRecord) -> str:
        """The line's JSON, each text in it masked."""
        facts = {
            name: value for name in FIELDS if (value := getattr(record, name, None)) is not None
        }
        line = {
            "ts": self._now().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            **self._about(),
            "logger": record.name,
            "message": record.getMessage(),
            **facts,
        }
        return json.dumps(masked(line), ensure_ascii=False, default=str)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        super().close()

    def _write(self, line: str) -> None:
        if self._target is None:
            sys.stderr.write(line)
            sys.stderr.flush()
            return
        if self._descriptor is None:
            # Not to hang where somebody put a pipe there that nobody reads.
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK
            self._descriptor = os.open(self._target, flags, 0o600)
        content = line.encode(errors="backslashreplace")
        # A disk that was full amid a line has left half of it: the next one begins anew.
        done = os.write(self._descriptor, b"\n" + content if self._cut else content)
        self._cut = done < len(content)
        if self._cut:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
