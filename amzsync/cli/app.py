"""The root command, and the one place where errors become words and exit codes."""

from __future__ import annotations

import errno
import importlib
import io
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from amzsync import redaction
from amzsync.clock import Clock
from amzsync.errors import (
    AlreadyRunningError,
    AmzsyncError,
    InterruptedRunError,
    UsageError,
)
from amzsync.flows import FLOWS

if TYPE_CHECKING:
    from amzsync.config import Config
    from amzsync.flows.flow import Context

BUG = 70
EXIT_CODES = """\
Exit codes:
  0  done, or nothing to do        6  a safety guard stopped the run
  1  some records failed           7  another run of this flow goes on
  2  wrong usage                   8  state database corrupt or too new
  3  configuration invalid         9  differences found (--exit-code)
  4  credentials or permission    10  --max-runtime over, work remains
  5  temporary, rerun is safe     70  a bug    128+N  ended by signal N"""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its words, its line in the help, and where it lives."""

    words: str
    summary: str
    module: str

    @property
    def first_word(self) -> str:
        """The group's name, or the command's own."""
        return self.words.split()[0]


@dataclass
class Session:
    """What one invocation of the command line carries; tests hand in a clock of their own.

    `about` is what is known of the run so far: the JSON of an error starts with it. `running` is
    what it works with. `told`: its error is on stderr already, as a line for machines.
    """

    clock: Clock = field(default_factory=Clock)
    verbose: int = 0
    as_json: bool = False
    config: Config | None = None
    running: Context | None = None
    told: bool = False
    about: dict[str, Any] = field(default_factory=dict)


class DiskFullError(AmzsyncError):
    """A disk this run writes to is full: that of its output, or of a temporary file."""

    exit_code = 5

    def __init__(self) -> None:
        super().__init__(
            "no space left on the device it writes to; nothing is lost, rerunning is safe, and "
            "amzsync status shows how far the run came"
        )


SECTIONS: dict[str, tuple[Command, ...]] = {
    "Flows": tuple(Command(entry.command, entry.summary, "amzsync.cli.flows") for entry in FLOWS),
    "When something is stuck": (
        Command("why", "Tell the story of one SKU or order", "amzsync.cli.why"),
        Command("orders recover", "Take orders by id past every window", "amzsync.cli.recover"),
        Command("products trigger", "Send new products now by SKU", "amzsync.cli.products"),
        Command("products touch", "Have products sent anew by CSV", "amzsync.cli.products"),
        Command("status", "Show runs, backlog, penalties and alarms", "amzsync.cli.status"),
        Command("logs", "Show runs and what became of records", "amzsync.cli.logs"),
        Command("report", "Tell the dashboard figures and differences", "amzsync.cli.report"),
        Command("penalties list", "List records held back or stopped", "amzsync.cli.penalties"),
        Command("penalties explain", "Explain a record, cause or message", "amzsync.cli.penalties"),
        Command("penalties clear", "Let records go again", "amzsync.cli.penalties"),
        Command("quota", "Show Amazon's quota, and whether the cron fits", "amzsync.cli.quota"),
        Command("doctor", "Examine a channel; name the cure of each fault", "amzsync.cli.doctor"),
        Command("alarms", "Look whether something is wrong, and tell it", "amzsync.cli.alarms"),
        Command("alarms list", "List the alarms and how they stand", "amzsync.cli.alarms"),
        Command("alarms create", "Create an alarm", "amzsync.cli.alarms"),
        Command("alarms change", "Change what raises an alarm", "amzsync.cli.alarms"),
        Command("alarms remove", "Remove an alarm", "amzsync.cli.alarms"),
        Command("alarms test", "Send a test message to all who are told", "amzsync.cli.alarms"),
    ),
    "Setting up": (
        Command("config init", "Write a config file with every setting", "amzsync.cli.config"),
        Command("config check", "Tell every problem of a config file", "amzsync.cli.config"),
        Command("config show", "Show the settings in force, redacted", "amzsync.cli.config"),
        Command("cron print", "Print the crontab lines of a channel", "amzsync.cli.cron"),
    ),
    "Trying it out": (
        Command("demo", "Run the product against both far sides, simulated", "amzsync.cli.demo"),
        Command("sandbox", "Serve both far sides on this machine", "amzsync.cli.sandbox"),
        Command("smoke", "Try Amazon's own sandbox in a CI job", "amzsync.cli.smoke"),
    ),
}


SEE_EXIT_CODES = "Exit codes: amzsync --help lists them."


def _ending(command: Any) -> Any:
    """The command or group, whose help ends with where the exit codes are told."""
    for one in (command, *getattr(command, "commands", {}).values()):
        one.epilog = one.epilog or SEE_EXIT_CODES
    return command


def _commands() -> list[Command]:
    return [command for commands in SECTIONS.values() for command in commands]


class Root(TyperGroup):
    """Groups and commands by name; a module is imported when one of its commands is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The first words of all commands."""
        return list(dict.fromkeys(command.first_word for command in _commands()))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The group or command of that name, from its module."""
        for command in _commands():
            if command.first_word == cmd_name:
                return _ending(importlib.import_module(command.module).command(cmd_name))
        return None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command the words name. Errors: UsageError with the nearest name."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise UsageError(f"there is no command {args[0]!r}{_nearest(args[0])}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a second Ctrl-C ends it as the signal it is, not as an exception."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise InterruptedRunError(stop.args[0] if stop.args else signal.SIGINT) from None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """All commands at one glance, a line each."""
        formatter.write("Usage: amzsync COMMAND [OPTIONS]\n\n")
        formatter.write(
            "Bridge between Amazon's Selling Partner API and Akinon Omnitron. Each call\n"
            "does one batch and exits; cron calls it again.\n"
        )
        for title, commands in SECTIONS.items():
            formatter.write(f"\n{title}:\n")
            for command in commands:
                formatter.write(f"  {command.words:<20} {command.summary}\n")
        formatter.write(
            "\namzsync COMMAND --help tells a command's options; amzsync --version the\n"
            "version; amzsync --install-completion sets up your shell's completion.\n"
        )
        formatter.write(f"\n{EXIT_CODES}\n")


def _nearest(typed: str) -> str:
    """`; did you mean …?` for a word that is like a command, or is one's second word."""
    import difflib  # here, because only a mistake needs it and every run would pay

    commands = [command.words for command in _commands()]
    second = [words for words in commands if typed in words.split()[1:]]
    firsts = list(dict.fromkeys(words.split()[0] for words in commands))
    near = second or difflib.get_close_matches(typed, firsts)
    *others, last = near or [""]
    return f"; did you mean {', '.join(others)}{' or ' if others else ''}{last}?" if near else ""


app = typer.Typer(
    cls=Root,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"amzsync {version('amzsync')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Bridge between Amazon's Selling Partner API and Akinon Omnitron."""
    if context.invoked_subcommand is None:
        # Exit 2: a cron line that lost its command must not look like success.
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)


def run(argv: Sequence[str], clock: Clock | None = None) -> int:
    """Run one command line; the exit code. Nothing is raised and nobody exits.

    The one error boundary: each of our errors becomes one line on stderr and its exit code, any
    other exception a short notice, a masked traceback with -v, and 70. With --json the error is
    also the one JSON object on stdout.
    """
    redaction.forget()
    _accept_every_letter()
    session = Session(clock or Clock())
    try:
        result = app(list(argv), standalone_mode=False, obj=session, prog_name="amzsync")
        return result if isinstance(result, int) else 0
    except AmzsyncError as error:
        return _bug(error, session) if error.exit_code == BUG else _told(error, session)
    except typer.Abort:
        return 128 + signal.SIGINT  # Ctrl-C at a question
    except SystemExit as end:
        # Shell completion ends so, and so does help whose reader went away.
        return end.code if isinstance(end.code, int) and not end.__context__ else 0
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _told(DiskFullError(), session)
        return _bug(error, session)
    except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, nobody sees buyer data
        if hasattr(error, "format_message"):
            session.as_json = "--json" in argv
            return _misused(error, session)
        return _bug(error, session)


def _accept_every_letter() -> None:
    """A SKU of letters the terminal's encoding lacks is shown escaped; it is no reason to fail."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _told(error: AmzsyncError, session: Session) -> int:
    from amzsync.cli.printing import say
    from amzsync.cli.render import worded

    text = worded(error, session.config)
    # Long runs may outlast a minutely cron job: no mail about another run that goes on.
    if not session.told and (session.verbose or not isinstance(error, AlreadyRunningError)):
        say(f"amzsync: {text}")
    return _ended(error, text, error.exit_code, session)


def _misused(error: Any, session: Session) -> int:
    """A usage error of the command line's own: what it says, and where help is."""
    from amzsync.cli.printing import say

    text = str(error.format_message())
    if text.lstrip().startswith("Usage:"):
        typer.echo(text, err=True)  # a group without a command: its help says it all
    else:
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "amzsync"
        say(f"amzsync: {text} Try '{path} --help'.")
    return _ended(error, text, UsageError.exit_code, session)


def _bug(error: Exception, session: Session) -> int:
    """A fault of ours: what it was without what it was about; the rest masked, on demand."""
    import traceback

    from amzsync.cli.printing import say

    text = f"internal error: {type(error).__name__}; run it again with -v and report what it prints"
    if not session.told:
        say(f"amzsync: {text}")
    if session.verbose:
        say("".join(traceback.format_exception(error)))
    return _ended(error, text, BUG, session)


def _ended(error: Exception, text: str, code: int, session: Session) -> int:
    if session.as_json:
        from amzsync.cli.printing import print_json

        fault = {"type": type(error).__name__, "message": text}
        with suppress(OSError):  # the first error is the one to tell
            print_json({**session.about, "exit_code": code, "error": fault})
    return code
