"""The last run of every flow that is on: never, failed, or too long ago."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from amzsync.config import Config
from amzsync.flows import FLOWS, Entry
from amzsync.ops.doctor.finding import Finding, ok, problem, warning
from amzsync.state.runs import Run
from amzsync.state.state import State

_LOOKED_AT = 20  # runs by hand in dry run lie between those of cron
_PATIENCE = timedelta(hours=1)  # longer than any run, and than an ordinary outage
_FINE = (0, 7, 9, 10)  # done; another run went on; differences were asked for; the time was over

_CURES = {
    1: "amzsync penalties list --flow '{command}' names them",
    4: "mend the credentials or the permission doctor names, then run amzsync {command}",
    5: "run amzsync {command} by hand; if it fails again, see the message",
    6: "amzsync {command} --dry-run shows what it would do; --override-guard lets it through",
    8: "mend the state file",
}


def scheduled(config: Config) -> list[Entry]:
    """The flows the channel runs by itself."""
    return [entry for entry in FLOWS if entry.cron and not entry.why_off(config)]


def interval(cron: str) -> timedelta:
    """How far apart the runs of a schedule of ours are: `*/5 * * * *` is five minutes."""
    minute, hour, *_ = cron.split()
    if hour != "*":
        return timedelta(days=1)
    return timedelta(minutes=int(minute.removeprefix("*/")) if minute.startswith("*/") else 1)


def of_runs(config: Config, state: State, channel: str, now: datetime) -> Iterator[Finding]:
    """How the flows that are on have run."""
    entries = scheduled(config)
    last = {entry: _last(state, channel, entry) for entry in entries}
    if never := [entry.command for entry, run in last.items() if run is None]:
        cure = "run each by hand once, then see to cron: amzsync cron print shows the lines"
        yield warning("first runs", f"{', '.join(never)} never ran, though on", cure)
    found = [_of_run(entry, run, now) for entry, run in last.items() if run is not None]
    yield from (finding for finding in found if finding.level != "ok")
    well = [finding.subject for finding in found if finding.level == "ok"]
    if well:
        yield ok("last runs", f"{', '.join(well)} went well")
    if not entries:
        yield ok("last runs", "no flag is on, so nothing has to run")


def lately(state: State, channel: str, entry: Entry, now: datetime) -> bool:
    """Whether the flow has run as its schedule wants it."""
    run = _last(state, channel, entry)
    return run is not None and not _is_late(entry, run, now)


def _last(state: State, channel: str, entry: Entry) -> Run | None:
    runs = state.runs.history(channel, entry.name, _LOOKED_AT)
    return next((run for run in runs if not run.dry_run), None)


def _is_late(entry: Entry, run: Run, now: datetime) -> bool:
    return now - run.started_at > interval(entry.cron) + _PATIENCE


def _of_run(entry: Entry, run: Run, now: datetime) -> Finding:
    by_hand = f"run amzsync {entry.command} by hand"
    at = f"{run.started_at:%Y-%m-%d %H:%M}Z"
    subject = f"last run of {entry.command}"
    if run.exit_code is None and now - run.started_at > _PATIENCE:
        return warning(subject, f"begun {at}, it was killed before it ended", by_hand)
    if _is_late(entry, run, now):
        cure = "see to cron: amzsync cron print shows its line"
        return warning(subject, f"the last one began {at}, though it is on", cure)
    code = run.exit_code or 0
    if code in _FINE:
        return ok(entry.command, "went well")
    cure = _CURES.get(code, by_hand).format(command=entry.command)
    message = f"exit {code} at {at}" + (f": {run.error}" if run.error else "")
    if code == 1:
        failed = run.counts.get("failed", 0)
        return warning(subject, f"{failed} records failed at {at}", cure)
    return warning(subject, message, cure) if code == 5 else problem(subject, message, cure)
