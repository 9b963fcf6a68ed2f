"""`amzsync smoke`: for CI jobs, whether both far sides still answer as amzsync reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, get_args

import typer

from amzsync.amazon.auth import REFUSAL_CAUSES, LoginError
from amzsync.amazon.client import user_agent
from amzsync.cli.app import Session
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.printing import out, print_json, table
from amzsync.cli.render import Voice
from amzsync.cli.wiring import channel_key
from amzsync.clock import Deadline
from amzsync.config import Config, load_config
from amzsync.errors import AuthError
from amzsync.ops.smoke import of_amazon, of_omnitron
from amzsync.ops.smoke_clients import open_clients, sandbox_url
from amzsync.ops.smoke_report import Row, Status, Tried, exit_code

app = typer.Typer(rich_markup_mode=None, add_completion=False)


def command(_name: str) -> Any:
    """The `smoke` command."""
    return typer.main.get_command(app)


@app.command()
def smoke(
    context: typer.Context,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> int:
    """Try every operation amzsync uses against Amazon's static sandbox, and read from Omnitron.

    Amazon: logs in and sends each case Amazon publishes for the static sandbox of the channel's
    region, never to production whatever base_url says. (A base_url on this machine is used as it
    is: it has to serve those cases, which "amzsync sandbox" does not.) Omnitron: logs in and reads
    channel, catalog and content types; it writes nothing.

    Neither reads nor writes a state file. Exit codes: 0 all ok, 1 findings, 3 configuration
    invalid, 4 credentials or permission, 5 a far side is down.
    """
    session = session_of(context)
    loaded = session.config = load_config(config)
    session.about = _about(loaded)
    voice = Voice(verbose=verbose, as_json=as_json)
    with voice.listening(session):
        rows = _tried(loaded, session, voice)
    code = exit_code(rows)
    if as_json:
        print_json({**session.about, **_as_json(rows), "exit_code": code, "error": None})
    else:
        _print(loaded, rows)
    return code


def _about(config: Config) -> dict[str, Any]:
    return {
        "channel": channel_key(config),
        "amazon": sandbox_url(config),
        "omnitron": config.omnitron.url,
    }


def _tried(config: Config, session: Session, voice: Voice) -> list[Row]:
    deadline = Deadline(session.clock)
    agent = user_agent("amzsync", version("amzsync"))
    with open_clients(config, deadline, agent) as (amazon, omnitron):
        voice.progress(f"trying {sandbox_url(config)}")
        rows = of_amazon(amazon, config, deadline)
        voice.progress(f"reading from {config.omnitron.url}")
        return [*rows, *of_omnitron(omnitron, config, deadline)]


def _print(config: Config, rows: Sequence[Row]) -> None:
    cells = [
        (
            row.side,
            row.operation,
            row.status,
            len(row.tried),
            f"{row.seconds:.2f}",
            row.message or _directly(row),
        )
        for row in rows
    ]
    title = f"Amazon's static sandbox at {sandbox_url(config)}, Omnitron at {config.omnitron.url}"
    table(title, ("side", "operation", "result", "tries", "seconds", ""), cells)
    out(", ".join(f"{count} {status}" for status, count in _counts(rows).items()))
    if any(_is_denied(row) for row in rows):
        out(f"Where Amazon refuses access: {REFUSAL_CAUSES}")


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    counted = Counter(row.status for row in rows)
    return {status: counted[status] for status in get_args(Status) if counted[status]}


def _directly(row: Row) -> str:
    """Why the client did not build those requests that are answered, where it did not."""
    cases = [tried.case for tried in row.tried if tried.case is not None]
    reasons = [case.direct for case in cases if case.direct and not case.refused]
    return f"asked without the client: {reasons[0]}" if reasons else ""


def _is_denied(row: Row) -> bool:
    error = row.fault.error if row.fault else None
    return (
        row.side == "amazon" and isinstance(error, AuthError) and not isinstance(error, LoginError)
    )


def _as_json(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "counts": _counts(rows),
        "operations": [
            {
                "side": row.side,
                "operation": row.operation,
                "status": row.status,
                "message": row.message or None,
                "seconds": round(row.seconds, 3),
                "tries": [_try_as_json(tried) for tried in row.tried],
            }
            for row in rows
        ],
    }


def _try_as_json(tried: Tried) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": tried.title or None,
        "status": tried.status,
        "message": tried.message or None,
        "seconds": round(tried.seconds, 3),
    }
    if tried.case is not None:
        found |= {
            "model": tried.case.model,
            "parameters": dict(tried.case.parameters),
            "expects": "a refusal" if tried.case.refused else "an answer",
            "without_client": tried.case.direct or None,
        }
    return found
