"""The account's state file for commands that only look into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from amzsync.clock import Clock
from amzsync.config import Config
from amzsync.state.state import State


@contextmanager
def looked_into(config: Config, clock: Clock) -> Iterator[State]:
    """The account's state; where no flow has run yet, an empty one stands in.

    Looking creates nothing: a state file made by whoever looks first would be theirs, and cron's
    user could not write to it. Errors: StateError, StateUnavailableError.
    """
    with ExitStack() as stack:
        path = config.state_path()
        if not path.exists():
            path = Path(stack.enter_context(TemporaryDirectory(prefix="amzsync-"))) / "empty.db"
        state = State.open(path, clock)
        stack.callback(state.close)
        yield state
