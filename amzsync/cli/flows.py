"""One command per flow of the registry, all with the same options."""

from __future__ import annotations

import importlib
import inspect
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amzsync.cli import render
from amzsync.cli.app import SECTIONS, Session
from amzsync.cli.options import (
    DEFAULT_PATH,
    AsJson,
    ConfigPath,
    Sweep,
    Verbose,
    group,
    session_of,
)
from amzsync.clock import Deadline
from amzsync.errors import AmzsyncError
from amzsync.flows import FLOWS, Entry

if TYPE_CHECKING:
    from amzsync.flows.flow import Context, Options
    from amzsync.flows.runner import Result

DryRun = Annotated[
    bool,
    typer.Option("--dry-run", envvar="AMZSYNC_DRY_RUN", help="Show what would be sent."),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", min=1, metavar="N", envvar="AMZSYNC_LIMIT", help="At most so many records."
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="KEY",
        envvar="AMZSYNC_ONLY",
        help="Only this record (SKU or order id); may be repeated.",
    ),
]
Force = Annotated[
    bool, typer.Option("--force", envvar="AMZSYNC_FORCE", help="Run although the flag is false.")
]
OverrideGuard = Annotated[
    bool, typer.Option("--override-guard", help="Send although a safety guard objects.")
]
ExitCode = Annotated[
    bool, typer.Option("--exit-code", help="Exit 9 when there are differences, for CI jobs.")
]
AmazonValidate = Annotated[
    bool,
    typer.Option("--amazon-validate", help="Ask Amazon first whether it would take a listing."),
]
Wait = Annotated[
    bool, typer.Option("--wait", help="Stay until Amazon's report is there and taken in.")
]
LockWait = Annotated[
    float,
    typer.Option(
        "--lock-wait",
        min=0,
        metavar="SECONDS",
        envvar="AMZSYNC_LOCK_WAIT",
        help="Seconds to wait for another run of this flow.",
    ),
]
MaxRuntime = Annotated[
    float | None,
    typer.Option(
        "--max-runtime",
        min=1,
        metavar="SECONDS",
        envvar="AMZSYNC_MAX_RUNTIME",
        help="Seconds the run may take.",
    ),
]
Quiet = Annotated[
    bool, typer.Option("-q", "--quiet", envvar="AMZSYNC_QUIET", help="Say only what went wrong.")
]

# A record as it is named in an example.
_KEYS = {"SKU": "TSHIRT-RED-M", "order id": "404-1234567-1234567"}

REPORT_PAUSE = 20.0  # seconds between two looks at a report; Amazon takes minutes for it


def command(name: str) -> Any:
    """The command group of that name, such as `orders`: its flows, and what else goes by it."""
    flows = [entry for entry in FLOWS if entry.name.split(".")[0] == name]
    made = group(name, "; ".join(f"{entry.summary}" for entry in flows) + ".")
    for entry in flows:
        made.command(entry.name.split(".")[1], help=_help(entry))(_command(entry))
    rows = [row for section in SECTIONS.values() for row in section if row.first_word == name]
    for module in dict.fromkeys(row.module for row in rows if row.module != __name__):
        importlib.import_module(module).add_to(made)
    return typer.main.get_command(made)


def _help(entry: Entry) -> str:
    """What the flow does, when it runs, and how it is tried by hand."""
    flag = f"while {entry.flag} is true" if entry.flag else "while category_ids names a category"
    started = f"; cron starts it at {entry.cron}" if entry.cron else ", by hand"
    key = _KEYS.get(entry.key)
    examples = [f"amzsync {entry.command} --config tr.toml --dry-run"]
    examples += [f"amzsync {entry.command} --config tr.toml --only {key} -v"] if key else []
    return (
        f"{entry.summary}.\n\n"
        f"One batch, then it exits. It runs {flag}{started}. A record that fails is held in penalty"
        f" and tried again later, the others go on: amzsync penalties list shows it. A run that"
        f" went well prints nothing unless somebody is at a terminal.\n\n"
        "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples)
    )


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
        sweep: Sweep = False,
        exit_code: ExitCode = False,
        amazon_validate: AmazonValidate = False,
        wait: Wait = False,
        verbose: Verbose = 0,
        quiet: Quiet = False,
    ) -> int:
        session = session_of(context)
        deadline = Deadline(session.clock, max_runtime)
        session.about = render.blank(entry, dry_run=dry_run)
        voice = render.Voice(verbose=verbose, quiet=quiet, as_json=as_json)

        from amzsync.config import load_config  # after the options: wrong usage should cost little
        from amzsync.flows.flow import Options

        session.config = load_config(config)
        options = Options(
            dry_run=dry_run,
            limit=limit,
            only=frozenset(only or ()),
            override_guard=override_guard,
            sweep=sweep,
            exit_code=exit_code,
            amazon_validate=amazon_validate,
        )
        with signals(deadline, voice):
            if (off := entry.why_off(session.config)) and not force:
                found: Result | str = f"{off}: nothing done (--force runs it)"
            else:
                work = partial(_run, wait=wait and not dry_run)
                found = run_locked(entry, session, options, deadline, voice, lock_wait, work)
        if isinstance(found, str):
            return voice.idle(entry, session.about, found)
        return voice.result(entry, session.about, found)

    meant = {
        "wait": entry.reports,
        "sweep": entry.intake,
        "exit_code": entry.compares,
        "amazon_validate": entry.previews,
    }
    return _without(
        flow, {option for option, means_something in meant.items() if not means_something}
    )


def _without(command: Any, options: Collection[str]) -> Callable[..., int]:
    """The command without options that mean nothing to it."""
    signature = inspect.signature(command, eval_str=True)
    kept = [row for name, row in signature.parameters.items() if name not in options]
    command.__signature__ = signature.replace(parameters=kept)
    shown: Callable[..., int] = command
    return shown


def run_locked(
    entry: Entry,
    session: Session,
    options: Options,
    deadline: Deadline,
    voice: render.Voice,
    lock_wait: float,
    work: Callable[[Entry, Context], Result],
) -> Result | str:
    """State, the flow's lock, channel, work: what it came to, or why there was nothing to do."""
    from amzsync.cli.wiring import open_context

    config = session.config
    if config is None:
        raise AmzsyncError("a flow needs a config")
    with (
        voice.listening(session),
        open_context(config, session.clock, deadline, options, voice.progress) as ctx,
    ):
        session.about["channel"] = ctx.channel
        session.running = ctx
        try:
            return _locked(entry, ctx, lock_wait, work)
        except AmzsyncError:
            session.about |= {
                "run": ctx.run_id or None,
                "notes": ctx.notes,
                "calls": ctx.calls(),
            }
            raise


def _locked(
    entry: Entry, ctx: Context, lock_wait: float, work: Callable[[Entry, Context], Result]
) -> Result | str:
    from amzsync.flows.reference_data import channel_is_active
    from amzsync.state.lock import flow_lock, locked

    path = flow_lock(ctx.state.store, ctx.channel, entry.name)
    with locked(path, wait=lock_wait, deadline=ctx.deadline):
        try:
            active = channel_is_active(ctx)
        except AmzsyncError as error:
            from amzsync.flows.runner import unstarted  # here, because it is seldom needed

            unstarted(entry, ctx, error)
            raise
        if not active:
            return "the channel is inactive in Omnitron: nothing done"
        return work(entry, ctx)


def _run(entry: Entry, ctx: Context, *, wait: bool) -> Result:
    """One run of the flow, with a word on each key of --only it never came across.

    With `wait` it is run again until no report of it is under way.
    """
    from amzsync.flows import runner

    result = runner.run(entry, ctx)
    while wait and ctx.state.jobs.under_way(ctx.channel, entry.name):
        ctx.deadline.sleep(REPORT_PAUSE)
        result = runner.run(entry, ctx)
    for key in sorted(_unmet(entry, ctx, result)):
        result.notes.append(
            f"{key} is not among the records this flow found: done already, unknown, or spelt"
            f" differently; amzsync why {key} tells more"
        )
    return result


def _unmet(entry: Entry, ctx: Context, result: Result) -> set[str]:
    """The keys of --only that the run never came across."""
    wanted = set(ctx.options.only)
    wanted -= {outcome.key for outcome in (*result.failures, *result.waiting)}
    wanted -= {row.key for row in ctx.state.penalties.list(ctx.channel, entry.name, wanted)}
    wanted -= {key for key in wanted for line in result.planned if line.startswith(f"{key}: ")}
    return {
        key
        for key in wanted
        if all(event.run_id != result.run_id for event in ctx.state.runs.story(ctx.channel, key, 1))
    }


@contextmanager
def signals(deadline: Deadline, voice: render.Voice) -> Iterator[None]:
    """The first SIGINT or SIGTERM ends the run after the step at hand, a second one at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def stop(signum: int, _frame: object) -> None:
        if caught:
            voice.last_word(f"stopped at once by signal {signum}; the next run goes on from there")
            # Threads amid a request would be waited for, by the interpreter's end too. What is left
            # is what kill -9 leaves, and every flow copes with that.
            os._exit(128 + signum)
        caught.append(signum)
        deadline.interrupt(signum)
        voice.progress("stopping after the step at hand; once more stops at once")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
