"""`amzsync alarms`: look whether something is wrong and tell it; list, create, change, remove."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from amzsync.cli import alarm_words as words
from amzsync.cli.account import looked_into
from amzsync.cli.app import Session
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.printing import out, print_json, relative, say, table
from amzsync.cli.render import Voice
from amzsync.cli.wiring import channel_key
from amzsync.clock import Deadline
from amzsync.config import Config, load_config
from amzsync.errors import UsageError
from amzsync.ops import alarms
from amzsync.ops.alarm_delivery import deliver
from amzsync.ops.alarm_messages import test_message
from amzsync.ops.alarm_rules import EVERY_FLOW, KINDS, changed, rule
from amzsync.ops.alarm_rules import Kind as RuleKind
from amzsync.ops.alarm_targets import ping, targets
from amzsync.state.lock import flow_lock, locked
from amzsync.state.state import State

LOCK_WAIT = 30.0  # seconds a change waits for a look, which tells targets that take their time

app = typer.Typer(name="alarms", rich_markup_mode=None, add_completion=False)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The alarm's name.")]
Kind = Annotated[str, typer.Option("--rule", metavar="RULE", help="What it watches; see above.")]
Flow = Annotated[
    str | None,
    typer.Option("--flow", metavar="FLOW", help=f'One flow, as "stock push", or {EVERY_FLOW}.'),
]
Threshold = Annotated[
    int | None, typer.Option("--threshold", metavar="N", help="The rule's N; see its sentence.")
]
Minutes = Annotated[
    int | None, typer.Option("--minutes", metavar="M", help="The rule's M; see its sentence.")
]

_CREATE = """Create an alarm. The rules, and what raises an alarm of each:

\b
{rules}

In brackets what N and M are without --threshold and --minutes. Without --flow it is about all.
"""


def _usual(kind: RuleKind) -> str:
    numbers = {"N": kind.threshold, "M": kind.minutes}
    return f"({', '.join(f'{name} {n}' for name, n in numbers.items() if n is not None)})"


def command(_name: str) -> Any:
    """The `alarms` group."""
    return typer.main.get_command(app)


@app.callback(invoke_without_command=True)
def look(
    context: typer.Context,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> int:
    """Look whether something is wrong, and tell it: once when it starts, once when it ends.

    Cron calls it every five minutes. Exit 1 while an alarm is raised, 5 when the end of one could
    not be told yet.
    """
    if context.invoked_subcommand is not None:
        _refuse_lost_options(context)
        return 0
    session = session_of(context)
    loaded = session.config = load_config(config)
    now = session.clock.now()
    told_to = targets(loaded, session.clock)
    with _alone(loaded, session, wait=0) as state:
        channel = channel_key(loaded)
        seen = alarms.look(loaded, state, channel, [target.name for target in told_to], now)
        sent = deliver(loaded, state, channel, told_to, session.clock)
        untold = alarms.untold(state, channel)
    pinged = ping(loaded, session.clock, well=not seen.raised)
    failed = [delivery for delivery in sent if not delivery.ok]
    code = 1 if seen.raised else 5 if untold else 0
    if as_json:
        print_json(words.look_json(channel, seen, sent, pinged, now) | {"exit_code": code})
        return code
    if Voice(verbose=verbose).talks:
        words.say_look(seen, sent, pinged, loaded, now)
    else:
        for delivery in failed:
            if delivery.failures == 1:  # cron's mail is what is left; one, not one a look
                say(f"amzsync alarms: {words.failed(delivery)}")
    return code


@app.command("list")
def list_(
    context: typer.Context,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """List the alarms: what raises each, how it stands since when, who was told and when."""
    session = session_of(context)
    loaded = load_config(config)
    channel, now = channel_key(loaded), session.clock.now()
    with looked_into(loaded, session.clock) as state:
        found = alarms.watched(state, channel)
        told = state.alarms.told(channel)
        looked_at = alarms.last_look(state, channel)
    if as_json:
        at = looked_at and looked_at.isoformat()
        rows = [words.alarm_json(alarm) | {"told": words.told_json(alarm, told)} for alarm in found]
        print_json({"channel": channel, "looked_at": at, "alarms": rows})
        return
    columns = ("alarm", "raised when", "stands", "last told")
    table(
        f"Alarms of channel {channel}",
        columns,
        [words.row(alarm, told, now) for alarm in found],
    )
    for alarm in found:
        for finding in alarm.standing.findings if alarm.standing.raised else ():
            out(f"{alarm.rule.name}: {finding}")
    for row in told:
        if row.failures:
            out(f"{row.alarm}: {row.target} could not be told: {row.fault}")
    out(
        f"last looked at: {relative(looked_at, now)}"
        if looked_at
        else f"never looked at; {words.CRON}"
    )
    if not words.has_target(loaded):
        say(words.NOBODY)


@app.command(
    help=_CREATE.format(
        rules="\n".join(
            f"{name:<16} {kind.when.format(threshold='N', minutes='M min')} {_usual(kind)}"
            for name, kind in KINDS.items()
        )
    )
)
def create(
    context: typer.Context,
    name: Name,
    kind: Kind,
    flow: Flow = None,
    threshold: Threshold = None,
    minutes: Minutes = None,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Create an alarm."""
    session = session_of(context)
    made = rule(name, kind, flow, threshold, minutes)
    loaded = load_config(config)
    with _alone(loaded, session) as state:
        alarms.create(state, channel_key(loaded), made)
    words.tell_rule(loaded, made, as_json=as_json)


@app.command()
def change(
    context: typer.Context,
    name: Name,
    flow: Flow = None,
    threshold: Threshold = None,
    minutes: Minutes = None,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Change an alarm's numbers or flow; the next look judges by them."""
    session = session_of(context)
    if (flow, threshold, minutes) == (None, None, None):
        raise UsageError("say what to change: --flow, --threshold or --minutes")
    loaded = load_config(config)
    with _alone(loaded, session) as state:
        channel = channel_key(loaded)
        made = changed(alarms.named(state, channel, name), flow, threshold, minutes)
        state.alarms.put(channel, made)
    words.tell_rule(loaded, made, as_json=as_json)


@app.command()
def remove(
    context: typer.Context,
    name: Name,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Remove an alarm. If it is raised, the next look tells that it is over."""
    session = session_of(context)
    loaded = load_config(config)
    with _alone(loaded, session) as state:
        removed = alarms.named(state, channel_key(loaded), name)
        state.alarms.remove(channel_key(loaded), name)
    words.tell_rule(loaded, removed, as_json=as_json, removed=True)


@app.command()
def test(
    context: typer.Context,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> int:
    """Send a message marked as a test to everybody who would be told; exit 1 if one fails.

    The ping is the real one: it says how the alarms stood when they were last looked at.
    """
    session = session_of(context)
    loaded = session.config = load_config(config)
    channel = channel_key(loaded)
    with looked_into(loaded, session.clock) as state:
        well = not any(alarm.standing.raised for alarm in alarms.watched(state, channel))
    document = test_message(loaded, channel)
    answers = {target.name: target.send(document) for target in targets(loaded, session.clock)}
    if (pinged := ping(loaded, session.clock, well=well)) is not None:
        answers["ping"] = pinged
    code = 0 if answers and all(answer.ok for answer in answers.values()) else 1
    if as_json:
        rows = [{"target": name, **words.answer_json(answer)} for name, answer in answers.items()]
        print_json({"channel": channel, "exit_code": code, "targets": rows, "error": None})
        return code
    for name, answer in answers.items():
        out(f"{name}: {'told' if answer.ok else 'FAILED'}, {answer.text}")
    if not answers:
        say(words.NOBODY)
    return code


@contextmanager
def _alone(config: Config, session: Session, wait: float = LOCK_WAIT) -> Iterator[State]:
    """The account's state, with no other look at this channel's alarms going on.

    Errors: AlreadyRunningError, StateError, StateUnavailableError.
    """
    state = State.open(config.state_path(), session.clock)
    try:
        path = flow_lock(state.store, channel_key(config), "alarms")
        with locked(path, wait=wait, deadline=Deadline(session.clock)):
            yield state
    finally:
        state.close()


def _refuse_lost_options(context: typer.Context) -> None:
    """Options before the subcommand's name would be lost, and another channel be meant."""
    given = [
        name
        for name in context.params
        if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    ]
    if given:
        options = ", ".join(f"--{name.removeprefix('as_')}" for name in given)
        raise UsageError(f"write {options} behind alarms {context.invoked_subcommand}")
