"""One command per flow of the registry, all with the same options."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from amzsync.cli import render
from amzsync.cli.app import Session
from amzsync.clock import Deadline
from amzsync.config import Config, load_config
from amzsync.errors import AlreadyRunningError, AmzsyncError
from amzsync.flows import FLOWS, Entry
from amzsync.flows.flow import Context, Options

ConfigPath = Annotated[
    Path, typer.Option("--config", envvar="AMZSYNC_CONFIG", help="The channel's config file.")
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", envvar="AMZSYNC_DRY_RUN", help="Show what would be sent."),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", min=1, envvar="AMZSYNC_LIMIT", help="At most so many records."),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", help="Only this record (SKU or order id); may be repeated."),
]
AsJson = Annotated[
    bool, typer.Option("--json", envvar="AMZSYNC_JSON", help="Print the result as JSON.")
]
Force = Annotated[
    bool, typer.Option("--force", envvar="AMZSYNC_FORCE", help="Run although the flag is false.")
]
OverrideGuard = Annotated[
    bool, typer.Option("--override-guard", help="Send although a safety guard objects.")
]
LockWait = Annotated[
    float,
    typer.Option(
        "--lock-wait",
        min=0,
        envvar="AMZSYNC_LOCK_WAIT",
        help="Seconds to wait for another run of this flow.",
    ),
]
MaxRuntime = Annotated[
    float | None,
    typer.Option(
        "--max-runtime", min=1, envvar="AMZSYNC_MAX_RUNTIME", help="Seconds the run may take."
    ),
]
Verbose = Annotated[
    int,
    typer.Option(
        "-v",
        "--verbose",
        count=True,
        envvar="AMZSYNC_VERBOSE",
        help="Say more; twice: every request.",
    ),
]
Quiet = Annotated[
    bool, typer.Option("-q", "--quiet", envvar="AMZSYNC_QUIET", help="Say only what went wrong.")
]

DEFAULT_PATH = Path("amzsync.toml")


def command(name: str) -> Any:
    """The command group of that name, such as `orders`, with the flows in it."""
    group = typer.Typer(name=name, rich_markup_mode=None, no_args_is_help=True)
    group.callback()(_group(name))
    for entry in FLOWS:
        if entry.name.split(".")[0] == name:
            group.command(entry.name.split(".")[1], help=f"{entry.summary}.")(_command(entry))
    return typer.main.get_command(group)


def _group(name: str) -> Callable[[], None]:
    def group() -> None:
        """The group itself does nothing."""

    group.__doc__ = f"Flows of {name}."
    return group


def _command(entry: Entry) -> Callable[..., int]:
    def flow(
        context: typer.Context,
        config: ConfigPath = DEFAULT_PATH,
        dry_run: DryRun = False,
        limit: Limit = None,
        only: Only = None,
        as_json: AsJson = False,
        force: Force = False,
        override_guard: OverrideGuard = False,
        lock_wait: LockWait = 0,
        max_runtime: MaxRuntime = None,
        verbose: Verbose = 0,
        quiet: Quiet = False,
    ) -> int:
        session: Session = context.obj
        session.verbose = verbose
        options = Options(
            dry_run=dry_run,
            limit=limit,
            only=frozenset(only or ()),
            override_guard=override_guard,
        )
        voice = render.Voice(verbose=verbose, quiet=quiet, as_json=as_json)
        deadline = Deadline(session.clock, max_runtime)
        return _run(entry, load_config(config), session, options, deadline, voice, force, lock_wait)

    return flow


def _run(
    entry: Entry,
    config: Config,
    session: Session,
    options: Options,
    deadline: Deadline,
    voice: render.Voice,
    force: bool,
    lock_wait: float,
) -> int:
    """Flag, state, lock, channel, run; what it came to is rendered here."""
    from amzsync.cli.wiring import open_context

    if not config.flag(entry.flag) and not force:
        return voice.idle(entry, f"{entry.flag} is false: nothing done (--force runs it by hand)")
    with (
        _signals(deadline),
        voice.listening(),
        open_context(config, session.clock, deadline, options, voice.progress) as ctx,
    ):
        try:
            return _locked(entry, ctx, voice, lock_wait)
        except AlreadyRunningError:
            raise
        except AmzsyncError as error:
            voice.error(entry, ctx, error)
            raise


def _locked(entry: Entry, ctx: Context, voice: render.Voice, lock_wait: float) -> int:
    from amzsync.flows import runner
    from amzsync.flows.reference_data import channel_is_active
    from amzsync.state.lock import locked

    path = ctx.state.store.lock_path(f"{ctx.channel}.{entry.name}")
    with locked(path, wait=lock_wait, deadline=ctx.deadline):
        if not channel_is_active(ctx):
            return voice.idle(entry, "the channel is inactive in Omnitron: nothing done")
        result = runner.run(entry, ctx)
    voice.result(entry, ctx, result)
    return result.exit_code


@contextmanager
def _signals(deadline: Deadline) -> Iterator[None]:
    """The first SIGINT or SIGTERM ends the run after the step at hand, a second one at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def stop(signum: int, _frame: object) -> None:
        if caught:
            raise KeyboardInterrupt
        caught.append(signum)
        deadline.interrupt(signum)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
