"""`amzsync doctor`: whether everything a channel needs is there, on both far sides."""

from __future__ import annotations

from typing import Any

import typer

from amzsync.cli.app import Session
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.printing import out, print_json
from amzsync.cli.render import Voice
from amzsync.cli.wiring import channel_key, open_context
from amzsync.clock import Deadline
from amzsync.config import Config, load_config
from amzsync.errors import AmzsyncError
from amzsync.flows.flow import Options
from amzsync.ops.checks import Finding, of_config, of_far_sides, unusable

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
    """Check credentials, marketplace, channel and reference ids; exit 1 if there is a problem."""
    session = session_of(context)
    loaded = session.config = load_config(config)
    voice = Voice(verbose=verbose, as_json=as_json)
    with voice.listening():
        findings = [*of_config(loaded), *_looked_at(loaded, session, voice)]
    code = 1 if any(finding.level == "problem" for finding in findings) else 0
    if as_json:
        rows = [
            {
                "subject": row.subject,
                "level": row.level,
                "message": row.message,
                "cure": row.cure or None,
            }
            for row in findings
        ]
        print_json({"channel": channel_key(loaded), "exit_code": code, "findings": rows})
    else:
        for finding in findings:
            out(_line(finding))
    return code


def _looked_at(config: Config, session: Session, voice: Voice) -> list[Finding]:
    # As a dry run: no request leaves that would change anything.
    options = Options(dry_run=True)
    deadline = Deadline(session.clock)
    try:
        with open_context(config, session.clock, deadline, options, voice.progress) as ctx:
            here = Finding("state file", "ok", f"{config.state_path()} can be used")
            return [here, *of_far_sides(ctx)]
    except AmzsyncError as error:
        return [unusable("state file", error)]


def _line(finding: Finding) -> str:
    cure = f" -> {finding.cure}" if finding.cure else ""
    return f"{finding.level:<8} {finding.subject}: {finding.message}{cure}"
