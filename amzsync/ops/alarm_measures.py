"""The rules of alarms: each looks at the state and gives what it finds wrong, a line a finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from amzsync.amazon.operations import OPERATIONS
from amzsync.config import Config
from amzsync.flows import FLOWS, Entry, entry
from amzsync.flows.order_intake import BUYER_DATA_KEPT
from amzsync.flows.runner import starvation_cursor
from amzsync.http.operation import THROTTLED
from amzsync.state.alarms import Rule
from amzsync.state.evidence import WELL, Ending, Evidence
from amzsync.state.state import State

SHOWN = 5  # keys named in a finding
FEWEST_429 = 3  # answers; below it a share is chance
TOLD_OF_LOSS = timedelta(days=1)  # how long lost buyer data keeps its alarm raised
_DAILY = 24 * 60  # minutes
_MORE = 50  # runs beyond the threshold that are looked at
_ERROR = 200  # characters


@dataclass(frozen=True, slots=True)
class Look:
    """What the rules look at. `on`: the flows that are on, and since when that is known."""

    config: Config
    state: State
    channel: str
    now: datetime
    on: dict[str, datetime]

    @property
    def evidence(self) -> Evidence:
        """The channel's counts."""
        return Evidence(self.state.store, self.channel)

    def flows(self, rule: Rule) -> Iterator[Entry]:
        """The flows that are on and meant by the rule."""
        return (flow for flow in FLOWS if flow.name in self.on and rule.flow in ("", flow.name))


def failures(look: Look, rule: Rule) -> Iterator[str]:
    """Flows whose latest runs failed one after the other."""
    for flow in look.flows(rule):
        endings = look.evidence.endings(flow.name, rule.threshold + _MORE)
        if endings and endings[0].exit_code is None:
            endings = endings[1:]  # goes on still; an older one without an end was killed
        # A signal says nothing of the flow: somebody stopped that run.
        told = [ending for ending in endings if not _stopped(ending)]
        failed = list(takewhile(lambda ending: ending.exit_code not in WELL, told))
        if len(failed) >= rule.threshold:
            yield f"{flow.command}: {len(failed)} runs in a row failed, the last {_why(failed[0])}"


def no_success(look: Look, rule: Rule) -> Iterator[str]:
    """Flows none of whose runs has ended well for so long, be it that none was ever begun."""
    if look.evidence.inactive():
        return
    for flow in look.flows(rule):
        if not (flow.cron or rule.flow):
            continue  # on demand
        least = rule.minutes if rule.flow else max(rule.minutes, patience(flow))
        ended = look.evidence.last_success(flow.name)
        since = max(look.on[flow.name], ended or look.on[flow.name])
        if look.now - since >= timedelta(minutes=least):
            last = f"the last ended {_moment(ended)}" if ended else "none is in the journal"
            yield f"{flow.command}: no run has succeeded for {lasted(look.now - since)}; {last}"


def penalties(look: Look, rule: Rule) -> Iterator[str]:
    """Too many records in penalty."""
    held = {name: row.penalised for name, row in look.evidence.held().items()}
    yield from _too_many(rule, held, "in penalty")


def stopped(look: Look, rule: Rule) -> Iterator[str]:
    """Too many records whose tries are used up."""
    held = {name: row.stopped for name, row in look.evidence.held().items() if row.stopped}
    yield from _too_many(rule, held, "stopped")


def waiting(look: Look, rule: Rule) -> Iterator[str]:
    """Too many records that have waited too long."""
    found: Counter[str] = Counter()
    since = look.now - timedelta(minutes=rule.minutes)
    for (flow, code), count in look.evidence.waiting(since).items():
        if rule.flow in ("", flow):
            found[f"{_command(flow)} ({code})"] += count
    if found.total() > rule.threshold:
        age = lasted(timedelta(minutes=rule.minutes))
        yield f"{found.total()} records have waited for over {age}: {_counted(found)}"


def expiring_orders(look: Look, rule: Rule) -> Iterator[str]:
    """Orders that could not be imported, and whose buyer data has to go soon or went lately."""
    if entry("orders.pull").name not in look.on:
        return
    left = timedelta(days=rule.threshold)
    if orders := look.evidence.not_imported(look.now - (BUYER_DATA_KEPT - left)):
        yield (
            f"{len(orders)} orders could not be imported and lose their buyer data within"
            f" {rule.threshold} days: {_some(orders)}"
        )
    if orders := look.evidence.given_up(look.now - (BUYER_DATA_KEPT + TOLD_OF_LOSS)):
        yield f"{len(orders)} orders were not imported and lost their buyer data: {_some(orders)}"


def differences(look: Look, rule: Rule) -> Iterator[str]:
    """Too many differences in the newest report that nothing was sent for since."""
    standing = Counter(row.kind for row in look.state.reports.standing(look.channel))
    if standing.total() > rule.threshold:
        told = f"by the report of {_moment(look.state.reports.history(look.channel)[-1].at)}"
        yield f"{standing.total()} differences {told}: {_counted(standing)}"


def throttled(look: Look, rule: Rule) -> Iterator[str]:
    """Too large a part of Amazon's answers is 429."""
    calls = look.evidence.calls(look.now - timedelta(minutes=rule.minutes))
    sent = sum(calls[name] for name in OPERATIONS)
    refused = Counter({name: calls[name + THROTTLED] for name in OPERATIONS})
    if refused.total() >= FEWEST_429 and refused.total() * 100 > rule.threshold * sent:
        share = refused.total() * 100 / sent
        yield f"{share:.1f} % of {sent} requests to Amazon were throttled: {_counted(+refused)}"


def credentials(look: Look, rule: Rule) -> Iterator[str]:
    """Amazon's client secret is over soon."""
    ends = look.config.amazon.client_secret_ends_on
    if ends is None:
        return
    left = (ends - look.now.astimezone(UTC).date()).days
    if left <= rule.threshold:
        how = f"ends in {left} days" if left >= 0 else f"has been over for {-left} days"
        yield (
            f"the client secret {how} ({ends}): rotate it in Amazon's developer console, put the"
            " new one where client_secret leads, and set client_secret_created_on under [amazon]"
        )


def starvation(look: Look, rule: Rule) -> Iterator[str]:
    """Flows that could do nothing at all for want of a token of Amazon's quota."""
    for flow in look.flows(rule):
        text = look.state.cursors.get(starvation_cursor(look.channel, flow.name))
        if text is None:
            continue
        length = look.now - datetime.fromisoformat(text)
        if length >= timedelta(minutes=rule.minutes):
            yield f"{flow.command}: Amazon's quota has let it do nothing for {lasted(length)}"


def patience(flow: Entry) -> int:
    """The minutes without a success that are no news: half as long again as its schedule takes."""
    minute, hour = flow.cron.split()[:2] if flow.cron else ("0", "0")
    hourly_or_daily = 60 if hour == "*" else _DAILY
    interval = int(minute[2:] or 1) if minute.startswith("*") else hourly_or_daily
    return interval * 3 // 2


def lasted(duration: timedelta) -> str:
    """A duration in days, hours and minutes."""
    minutes = int(duration.total_seconds() // 60)
    parts: Iterable[tuple[int, str]] = (
        (minutes // _DAILY, "d"),
        (minutes // 60 % 24, "h"),
        (minutes % 60, "min"),
    )
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"


def _too_many(rule: Rule, held: dict[str, int], what: str) -> Iterator[str]:
    meant = {_command(flow): n for flow, n in held.items() if rule.flow in ("", flow)}
    if (count := sum(meant.values())) > rule.threshold:
        yield f"{count} records {what}: {_counted(Counter(meant))}"


def _stopped(ending: Ending) -> bool:
    return ending.exit_code is not None and ending.exit_code > 128


def _why(ending: Ending) -> str:
    if ending.exit_code is None:
        return "was killed before its end"
    return f"with exit {ending.exit_code}: {ending.error[:_ERROR]}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"


def _command(flow: str) -> str:
    return flow.replace(".", " ")


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def _some(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more
