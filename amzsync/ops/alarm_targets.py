"""Who can be told: the webhook, the command, and the dead man's switch that is called each time."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit, urlunsplit

from amzsync.clock import Clock
from amzsync.config import Config
from amzsync.http.notice import Answer, get, post
from amzsync.redaction import mask

COMMAND_TIMEOUT = 10.0  # seconds
_SHOWN = 200  # bytes of what a failing command says
# The environment a command gets. Everything else stays here: secrets are in it.
_KEPT = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER")


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody who is told of every alarm; `send` takes the message, a JSON document."""

    name: str
    send: Callable[[bytes], Answer]


def targets(config: Config, clock: Clock) -> list[Target]:
    """Those [monitoring] names."""
    found = []
    settings = config.monitoring
    if settings.webhook_url is not None:
        url = settings.webhook_url.get_secret_value()
        found.append(Target("webhook", lambda document: post(url, document, clock)))
    if settings.command:
        found.append(
            Target("command", partial(started, settings.command, config.path.absolute().parent))
        )
    return found


def ping(config: Config, clock: Clock, *, well: bool) -> Answer | None:
    """Call the dead man's switch, at /fail if all is not well; None if there is none."""
    url = config.monitoring.ping_url
    if url is None:
        return None
    parts = urlsplit(url.get_secret_value())
    path = parts.path if well else f"{parts.path.rstrip('/')}/fail"
    return get(urlunsplit(parts._replace(path=path)), clock)


def started(command: str, folder: Path, document: bytes) -> Answer:
    """Start the operator's command, and hand it the message; it and its children may take 10 s."""
    try:
        words = shlex.split(command)
    except ValueError:
        return Answer(ok=False, text="its quotes do not close", reached=False)
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with TemporaryFile() as said:
        try:
            process = subprocess.Popen(  # noqa: S603 - the operator's own command; no shell reads it
                words,
                cwd=folder,
                env={"PATH": os.defpath, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,  # so that its children can be ended with it
            )
        except (OSError, ValueError) as error:  # not there, not executable; a NUL in its name
            why = error.strerror if isinstance(error, OSError) else "no such command"
            return Answer(ok=False, text=f"cannot be started: {why}", reached=False)
        try:
            process.communicate(document + b"\n", timeout=COMMAND_TIMEOUT)
        except subprocess.TimeoutExpired:
            return Answer(ok=False, text=f"took longer than {COMMAND_TIMEOUT:.0f} s and was ended")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if process.returncode == 0:
            return Answer(ok=True, text="exit 0")
        said.seek(0)
        words_said = mask(said.read(_SHOWN).decode(errors="replace")).split()
        return Answer(ok=False, text=" ".join([f"exit {process.returncode}", *words_said]))
