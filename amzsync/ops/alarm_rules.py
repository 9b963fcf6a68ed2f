"""The kinds of alarm rule there are, the rules every channel starts with, and what makes one fit.

What is counted is raised above its threshold, what comes in a row or draws near is raised at it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from difflib import get_close_matches

from amzsync.errors import UsageError
from amzsync.flows import entry
from amzsync.ops import alarm_measures as measure
from amzsync.ops.alarm_measures import Look
from amzsync.ops.records import entry_of
from amzsync.state.alarms import Rule

EVERY_FLOW = "all"  # the word for it on the command line
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule.

    `when` is what raises it, in words. `threshold` and `minutes` are what a rule without its own
    has; None: it takes no such number. `by_flow`: it can be of one flow. `look` is the command that
    shows what is behind it.
    """

    measure: Callable[[Look, Rule], Iterable[str]]
    when: str
    threshold: int | None = None
    minutes: int | None = None
    by_flow: bool = True
    look: str = "status"


KINDS: dict[str, Kind] = {
    "failures": Kind(measure.failures, "{threshold} runs in a row fail", threshold=3),
    "no-success": Kind(measure.no_success, "no run succeeds for {minutes}", minutes=120),
    "penalties": Kind(
        measure.penalties,
        "over {threshold} records are in penalty",
        threshold=100,
        look="penalties list",
    ),
    "stopped": Kind(
        measure.stopped,
        "over {threshold} records are stopped",
        threshold=20,
        look="penalties list",
    ),
    "waiting": Kind(
        measure.waiting,
        "over {threshold} records wait for over {minutes}",
        threshold=100,
        minutes=3 * 24 * 60,
    ),
    "expiring-orders": Kind(
        measure.expiring_orders,
        "an unimported order loses its buyer data in {threshold} days",
        threshold=5,
        by_flow=False,
        look="penalties list",
    ),
    "differences": Kind(
        measure.differences,
        "over {threshold} differences stand in the report",
        threshold=50,
        by_flow=False,
        look="report",
    ),
    "throttled": Kind(
        measure.throttled,
        "over {threshold} % of Amazon's answers in {minutes} are 429",
        threshold=5,
        minutes=60,
        by_flow=False,
        look="quota",
    ),
    "credentials": Kind(
        measure.credentials,
        "the client secret ends within {threshold} days",
        threshold=30,
        by_flow=False,
        look="doctor",
    ),
    "starvation": Kind(
        measure.starvation,
        "the quota lets a flow do nothing for {minutes}",
        minutes=30,
        look="quota",
    ),
}


def rule(
    name: str,
    kind: str,
    flow: str | None = None,
    threshold: int | None = None,
    minutes: int | None = None,
) -> Rule:
    """A rule of that kind; None is the kind's own. Errors: UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for an alarm: letters, digits, points, - and _, 64 at most"
        )
    if kind not in KINDS:
        near = get_close_matches(kind, KINDS, 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise UsageError(f"there is no rule {kind!r}{hint}; the rules are: {', '.join(KINDS)}")
    made = Rule(name, kind, "", KINDS[kind].threshold or 0, KINDS[kind].minutes or 0)
    made = changed(made, flow, threshold, minutes)
    if made.flow and kind == "no-success" and minutes is None:
        # A daily flow cannot succeed twice an hour.
        made = replace(made, minutes=max(made.minutes, measure.patience(entry(made.flow))))
    return made


def changed(before: Rule, flow: str | None, threshold: int | None, minutes: int | None) -> Rule:
    """The rule with another flow or other numbers. Errors: UsageError."""
    kind = KINDS[before.kind]
    if flow is not None and not kind.by_flow:
        raise UsageError(f"the rule {before.kind} is not about flows; leave --flow out")
    return replace(
        before,
        flow=before.flow if flow is None else _flow(flow),
        threshold=_number(before.kind, "threshold", kind.threshold, threshold, before.threshold),
        minutes=_number(before.kind, "minutes", kind.minutes, minutes, before.minutes),
    )


def worded(one: Rule) -> str:
    """What raises the alarm, in words."""
    age = measure.lasted(timedelta(minutes=one.minutes))
    return KINDS[one.kind].when.format(threshold=one.threshold, minutes=age)


def flow_words(one: Rule) -> str:
    """The flow it watches as it is typed; "" for a rule that is not about flows."""
    if not KINDS[one.kind].by_flow:
        return ""
    return one.flow.replace(".", " ") or EVERY_FLOW


def _flow(text: str) -> str:
    return "" if text == EVERY_FLOW else entry_of(text).name


def _number(kind: str, name: str, usual: int | None, wanted: int | None, before: int) -> int:
    if wanted is None:
        return before
    if usual is None:
        other = "minutes" if name == "threshold" else "threshold"
        raise UsageError(f"the rule {kind} takes no --{name}; it takes --{other}")
    least = 1 if name == "minutes" or kind == "failures" else 0
    if not least <= wanted <= _LARGEST:
        raise UsageError(f"--{name} of the rule {kind} is at least {least}, at most {_LARGEST}")
    return wanted


# What nobody should have to think of. Orders are money: one of them that is stuck is news.
DEFAULTS: tuple[Rule, ...] = (
    *(rule(kind, kind) for kind in KINDS),
    rule("stopped-orders", "stopped", "orders.pull", threshold=0),
    rule("waiting-shipments", "waiting", "orders.push", threshold=0, minutes=24 * 60),
)
