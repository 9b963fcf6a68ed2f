"""`amzsync logs`: the journal's runs and records, and those that come."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from amzsync.cli import log_words as words
from amzsync.cli.account import looked_into
from amzsync.cli.durations import duration
from amzsync.cli.flows import signals
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.printing import is_read, out, print_json, say, stream, table
from amzsync.cli.render import Voice
from amzsync.cli.wiring import channel_key
from amzsync.clock import Clock, Deadline
from amzsync.config import Config, load_config
from amzsync.errors import InterruptedRunError, UsageError
from amzsync.ops.logs import POLL, Portion, StateFile, Wish, follow, look
from amzsync.ops.records import entry_of, ids_of
from amzsync.state.journal import RECORD_RESULTS, RUN_RESULTS, Sought
from amzsync.state.state import State

_RUNS, _RECORDS, _BACKLOG = 20, 50, 10  # shown unless --limit says otherwise
_RESULTS = tuple(dict.fromkeys((*RUN_RESULTS, *RECORD_RESULTS)))

Run_ = Annotated[
    int | None,
    typer.Option("--run", min=1, metavar="N", help="One run with its calls and records."),
]
Records = Annotated[
    bool, typer.Option("--records", help="Show what became of records, not the runs.")
]
Flows = Annotated[
    list[str] | None,
    typer.Option("--flow", metavar="FLOW", help='Of this flow, as "stock push"; may be repeated.'),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="WHEN", help="From then on: 2h, 3d or 2026-01-31T08:00 (UTC, or +03:00)."
    ),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="WHEN", help="Before then; written as --since.")
]
Result = Annotated[
    list[str] | None,
    typer.Option(
        "--result",
        metavar="RESULT",
        help="Runs: ok, failed, open (goes on, or was killed). Records: sent, submitted, unchanged,"
        " skipped, failed. May be repeated.",
    ),
]
Failed = Annotated[bool, typer.Option("--failed", help="What failed; the same as --result failed.")]
ExitCodes = Annotated[
    list[int] | None,
    typer.Option("--exit-code", metavar="CODE", help="Runs that ended so; may be repeated."),
]
Skus = Annotated[
    list[str] | None,
    typer.Option("--sku", metavar="SKU", help="Records of this SKU; may be repeated."),
]
Orders = Annotated[
    list[str] | None,
    typer.Option(
        "--order",
        metavar="ID",
        help="Records of this order, by Amazon's id or its number in Omnitron; may be repeated.",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=1,
        metavar="N",
        help=f"At most so many: {_RUNS} runs, {_RECORDS} records, {_BACKLOG} before --follow.",
    ),
]
Follow = Annotated[
    bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
]


def command(_name: str) -> Any:
    """The `logs` command."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command("logs")(logs)
    return typer.main.get_command(app)


def logs(
    context: typer.Context,
    run: Run_ = None,
    records: Records = False,
    flow: Flows = None,
    since: Since = None,
    until: Until = None,
    result: Result = None,
    failed: Failed = False,
    exit_code: ExitCodes = None,
    sku: Skus = None,
    order: Orders = None,
    limit: Limit = None,
    following: Follow = False,
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> int:
    """Show the journal: runs, newest first, or what became of records in them.

    --sku, --order, --records and a result only records have show records. A record that failed
    shows the request id of the side that refused it. --follow shows both, oldest first, each run
    when it has ended; with --json an object a line. No call is made to either side.
    """
    session = session_of(context)
    now = session.clock.now()
    sought = Sought(
        flows=[entry_of(name).name for name in flow or ()],
        since=_when(since, now),
        until=_when(until, now),
        results=_results([*(result or ()), *(["failed"] if failed else [])]),
        exit_codes=exit_code or (),
        run_id=run,
    )
    keys = [*(sku or ()), *(order or ())]
    if following and (run is not None or until is not None):
        raise UsageError("--follow goes on for ever: it takes neither --run nor --until")
    loaded = session.config = load_config(config)
    channel = channel_key(loaded)
    with looked_into(loaded, session.clock) as state:
        sought = _with_keys(sought, state, channel, keys)
        wish = _wish(sought, records=records or bool(keys), both=following)
        found = Portion() if following else look(state, channel, wish, limit or _default(wish))
    if following:
        return _follow(loaded, session.clock, wish, limit or _BACKLOG, as_json=as_json)
    if as_json:
        print_json({"channel": channel, **_as_json(found, wish)})
    elif run is not None:
        _show_run(found, run, channel, loaded)
    else:
        _show(found, wish)
    return 1 if run is not None and not found.runs else 0


def _when(text: str | None, now: datetime) -> datetime | None:
    """The moment an option names: so long ago, or by ISO 8601, in UTC unless it says otherwise."""
    if text is None:
        return None
    with suppress(UsageError, OverflowError):
        return now - duration(text)
    from dateutil.parser import isoparse

    try:
        found = isoparse(text.strip())
    except ValueError:
        raise UsageError(
            f"{text!r} is no time; write how long ago (2h, 3d) or 2026-01-31T08:00 (UTC)"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _results(asked: list[str]) -> list[str]:
    for result in asked:
        if result not in _RESULTS:
            raise UsageError(f"there is no result {result!r}; there are: {', '.join(_RESULTS)}")
    return asked


def _with_keys(sought: Sought, state: State, channel: str, keys: list[str]) -> Sought:
    return replace(sought, keys=list(ids_of(state, channel, keys).values())) if keys else sought


def _wish(sought: Sought, *, records: bool, both: bool) -> Wish:
    """Runs, records or both, as what is asked for makes sense. Errors: UsageError."""
    of_runs = set(sought.results) - set(RECORD_RESULTS)
    of_records = set(sought.results) - set(RUN_RESULTS)
    if of_runs and (of_records or records or sought.run_id is not None):
        raise UsageError(
            f"{' and '.join(sorted(of_runs))} is a result of runs, and records were asked for"
        )
    if sought.run_id is not None:
        return Wish(Sought(run_id=sought.run_id), sought)
    if records or of_records:
        return Wish(None, sought)
    if both and not of_runs and not sought.exit_codes:
        return Wish(sought, sought)
    return Wish(sought, None)


def _default(wish: Wish) -> int:
    return _RUNS if wish.records is None else _RECORDS


def _show(found: Portion, wish: Wish) -> None:
    if wish.runs is not None:
        if found.runs:
            table(
                "Runs, newest first", words.RUN_COLUMNS, [words.run_row(run) for run in found.runs]
            )
    elif found.records:
        # Lines, not a table: eight columns would be a finger wide each on a terminal.
        out("\n".join(map(words.line, found.records)))
    if not found.runs and not found.records:
        say("nothing of that is in the journal")
    if found.more:
        shown = len(found.runs) or len(found.records)
        say(f"these are the newest {shown}; --limit N shows more")


def _show_run(found: Portion, number: int, channel: str, config: Config) -> None:
    if not found.runs:
        say(
            f"there is no run {number} of channel {channel} in the journal, which goes back"
            f" {config.state.retention_days} days"
        )
        return
    (run,) = found.runs
    out("\n".join(words.run_lines(run)))
    if run.calls:
        table("Calls", ("operation", "calls"), sorted(run.calls.items()))
    if found.records:
        rows = [f"  {words.record_words(row)}" for row in found.records]
        out("\n".join(["Records, newest first", *rows]))
    if found.more:
        say(f"these are the newest {len(found.records)} records; --limit N shows more")


def _follow(config: Config, clock: Clock, wish: Wish, backlog: int, *, as_json: bool) -> int:
    """Line by line until a signal, quietly: 128+N, as tail -f. 0 when nobody reads any more."""
    deadline = Deadline(clock)
    file = StateFile(config.state_path(), clock)

    def wait() -> None:
        if not is_read():
            raise BrokenPipeError
        deadline.sleep(POLL)

    try:
        with closing(file), signals(deadline, Voice()):
            for found in follow(file, clock, channel_key(config), wish, backlog, wait):
                deadline.check()
                if not stream(words.line_json(found) if as_json else words.line(found)):
                    return 0
    except BrokenPipeError:
        return 0
    except InterruptedRunError as stopped:
        return stopped.exit_code
    return 0


def _as_json(found: Portion, wish: Wish) -> dict[str, Any]:
    runs = [words.run_json(run) for run in found.runs]
    records = [words.record_json(row) for row in found.records]
    if wish.runs is None:
        return {"records": records, "more": found.more}
    if wish.records is None:
        return {"runs": runs, "more": found.more}
    run = {**runs[0], "records": records} if runs else None
    return {"run": run, "more": found.more, "exit_code": 0 if runs else 1}
