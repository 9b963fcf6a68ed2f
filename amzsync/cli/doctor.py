"""`amzsync doctor`: whether everything a channel needs is there, and the cure of what is not."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer

from amzsync.cli.app import Session
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.printing import out, print_json, say
from amzsync.cli.render import Voice
from amzsync.cli.wiring import channel_key, open_context
from amzsync.clock import Deadline
from amzsync.config import Config, load_config
from amzsync.errors import AmzsyncError, ConfigError
from amzsync.flows.flow import Options
from amzsync.ops.doctor.examination import of_far_sides, of_schedule
from amzsync.ops.doctor.finding import Finding, unusable, warning
from amzsync.ops.doctor.settings import of_config, of_error
from amzsync.ops.doctor.state_file import of_disks, of_state_file

_PATIENCE = 60.0  # seconds a far side that does not answer may hold it up

app = typer.Typer(rich_markup_mode=None, add_completion=False)


def command(_name: str) -> Any:
    """The `doctor` command."""
    return typer.main.get_command(app)


@app.command()
def doctor(
    context: typer.Context,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> int:
    """Examine a channel: config, state file, cron, Amazon, Omnitron. Exit 1 if there is a problem.

    Each line is ok, a warning (works, but not as it should) or a problem, with its cure after the
    arrow. Nothing is changed on either side: roles are tried with reads and previews only, and
    scarce quota is left to the flows.
    """
    session = session_of(context)
    try:
        session.config = load_config(config)
    except ConfigError as error:
        findings = [*of_error(error), _cut_short()]
    else:
        voice = Voice(verbose=verbose, as_json=as_json)
        with voice.listening(session):
            findings = list(_examined(session.config, session, voice))
    code = 1 if any(finding.level == "problem" for finding in findings) else 0
    if as_json:
        channel = channel_key(session.config) if session.config else None
        rows = [
            {
                "subject": row.subject,
                "level": row.level,
                "message": row.message,
                "cure": row.cure or None,
            }
            for row in findings
        ]
        print_json({"channel": channel, "exit_code": code, "findings": rows})
    else:
        for finding in findings:
            out(_line(finding))
        if sys.stdout.isatty():
            say(_summary(findings))
    return code


def _examined(config: Config, session: Session, voice: Voice) -> Iterator[Finding]:
    path = config.state_path().absolute()
    yield from of_config(config, session.clock.now().date())
    found, usable = of_state_file(path, session.clock)
    yield from found
    yield from of_disks(path)
    deadline = Deadline(session.clock, _PATIENCE)
    with ExitStack() as stack:
        if not usable:
            config = _with_state_in(stack.enter_context(TemporaryDirectory()), config)
        try:
            # As a dry run: no request leaves that would change anything.
            opened = open_context(
                config, session.clock, deadline, Options(dry_run=True), voice.progress
            )
            ctx = stack.enter_context(opened)
        except AmzsyncError as error:
            yield unusable("state file", error, str(path))
            return
        if usable or not path.exists():
            yield from of_schedule(ctx)
        yield from of_far_sides(ctx)


def _with_state_in(folder: str, config: Config) -> Config:
    """The config with an empty state: one that is made by whoever looks first would be theirs."""
    elsewhere = config.state.model_copy(update={"path": str(Path(folder) / "empty.db")})
    return config.model_copy(update={"state": elsewhere})


def _cut_short() -> Finding:
    message = "nothing else was looked at: the config cannot be used"
    return warning("examination", message, "mend the config, then run doctor again")


def _line(finding: Finding) -> str:
    cure = f" -> {finding.cure}" if finding.cure else ""
    return f"{finding.level:<8} {finding.subject}: {finding.message}{cure}"


def _summary(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.level for finding in findings)
    problems, warnings = counts["problem"], counts["warning"]
    return (
        f"{problems} problem{'s' if problems != 1 else ''},"
        f" {warnings} warning{'s' if warnings != 1 else ''}"
    )
