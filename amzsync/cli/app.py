"""The root command, and the one place where errors become words and exit codes."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import typer
from typer.core import TyperGroup

from amzsync import redaction
from amzsync.clock import Clock
from amzsync.errors import AlreadyRunningError, AmzsyncError
from amzsync.flows import FLOWS

log = logging.getLogger(__name__)

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
    """A command outside the flows: its words, its line in the help, and where it lives."""

    words: str
    summary: str
    module: str


@dataclass
class Session:
    """What one invocation of the command line carries; tests hand in a clock of their own."""

    clock: Clock = field(default_factory=Clock)
    verbose: int = 0


SECTIONS: dict[str, tuple[Command, ...]] = {
    "Flows": tuple(Command(entry.command, entry.summary, "amzsync.cli.flows") for entry in FLOWS),
    "When something is stuck": (
        Command("why", "Tell the story of one SKU or order", "amzsync.cli.why"),
        Command("status", "Show cursors, jobs, penalties and the last runs", "amzsync.cli.status"),
        Command("penalties list", "List records held back or stopped", "amzsync.cli.penalties"),
        Command("penalties explain", "Explain one record's penalty", "amzsync.cli.penalties"),
        Command("penalties clear", "Let records go again", "amzsync.cli.penalties"),
        Command("quota", "Show Amazon's quota as this account has left it", "amzsync.cli.status"),
        Command("doctor", "Check credentials, marketplace and channel", "amzsync.cli.doctor"),
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
    ),
}


def _commands() -> list[Command]:
    return [command for commands in SECTIONS.values() for command in commands]


class Root(TyperGroup):
    """Groups and commands by name; a module is imported when one of its commands is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The first words of all commands."""
        return list(dict.fromkeys(command.words.split()[0] for command in _commands()))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The group or command of that name, from its module's `app`."""
        for command in _commands():
            if command.words.split()[0] == cmd_name:
                module = importlib.import_module(command.module)
                return module.command(cmd_name)
        return None

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
            "\namzsync COMMAND --help tells a command's options; amzsync --version the version.\n"
            "amzsync --install-completion sets up completion for your shell.\n"
        )
        formatter.write(f"\n{EXIT_CODES}\n")


app = typer.Typer(
    cls=Root,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"amzsync {version('amzsync')}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Bridge between Amazon's Selling Partner API and Akinon Omnitron."""


def run(argv: Sequence[str], clock: Clock | None = None) -> int:
    """Run one command line; the exit code. Nothing is raised and nobody exits.

    The one error boundary: each of our errors becomes one line on stderr and its exit code, any
    other exception a short notice, a masked traceback with -v, and 70.
    """
    redaction.forget()
    session = Session(clock or Clock())
    try:
        result = app(list(argv), standalone_mode=False, obj=session, prog_name="amzsync")
        return result if isinstance(result, int) else 0
    except typer.Exit as end:
        return int(end.exit_code)
    except AlreadyRunningError as error:
        # Long runs may outlast a minutely cron job: nothing to write a mail about.
        if session.verbose:
            _say(str(error))
        return error.exit_code
    except AmzsyncError as error:
        if error.exit_code == BUG:
            return _bug(error, session)
        _say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader went away (`amzsync … | head`): not our failure, and nothing more to say.
        sys.stderr.close()
        return 0
    except Exception as error:  # noqa: BLE001 - the boundary: whatever it is, nobody sees buyer data
        if hasattr(error, "exit_code") and hasattr(error, "format_message"):
            _say(f"{error.format_message()}\nTry 'amzsync --help'.")
            return 2
        return _bug(error, session)


def _say(text: str) -> None:
    typer.echo(f"amzsync: {redaction.mask(text)}", err=True)


def _bug(error: Exception, session: Session) -> int:
    """A fault of ours: what it was without what it was about; the rest masked, on demand."""
    import traceback

    _say(f"internal error: {type(error).__name__}; run it again with -v and report what it prints")
    if session.verbose:
        text = "".join(traceback.format_exception(error))
        typer.echo(redaction.mask(text), err=True)
    return BUG
