"""Faults that are injected on purpose: queued per operation, or drawn at random.

Kinds, before the effect: `throttle` (429) · `server_error_before` (options: status 503, html false)
· `cut_before` (connection closed without a reply) · `html` (HTML error page, status 502) ·
`expired_token` (the presented token is revoked first) · `repeated_page` (the operation's previous
reply once more).
After the effect: `server_error_after` (status 502, html true) · `cut_after` · `hang_after` (silent
for `seconds` 30, then cut) · `slow` (the reply comes `seconds` 1 late) · `truncated` (half of the
body, with `length` "half", which is broken JSON, or "full", which is a body that ends too soon).
For the handlers: `half_refused_feed` (createFeed: every second message is refused) · `ignored_sku`
(createFeed, patchListingsItem, putListingsItem: accepted, never applied; option `sku`, else all).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from amzsync.sandbox.seeds import seeded

KINDS = (
    "throttle",
    "server_error_before",
    "server_error_after",
    "cut_before",
    "cut_after",
    "hang_after",
    "slow",
    "html",
    "truncated",
    "expired_token",
    "repeated_page",
    "half_refused_feed",
    "ignored_sku",
)


@dataclass(slots=True)
class Fault:
    """One queued fault: skips the first `after` matching calls, then strikes `times` times.

    An `operation` of "*" matches every operation of the side.
    """

    kind: str
    operation: str
    side: str = "amazon"
    times: int = 1
    after: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a kind nobody implements: a misspelt fault would be a test that proves nothing."""
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(KINDS)}")
        if self.side not in ("amazon", "omnitron"):
            raise ValueError(f"unknown side {self.side!r}")

    def matches(self, side: str, operation: str) -> bool:
        """Whether the fault is meant for this call."""
        return self.side == side and self.operation in (operation, "*")


class Faults:
    """The queue. `struck` counts what came out of it, per kind.

    `operations` are those each side has: a fault of any other would never strike.
    """

    def __init__(self, operations: Mapping[str, Collection[str]]) -> None:
        self._operations = operations
        self.clear()

    def clear(self) -> None:
        """Drop every fault, queued or random."""
        self._queue: list[Fault] = []
        self._rate = 0.0
        self._kinds: tuple[str, ...] = ()
        self._random = seeded("faults")
        self.struck: dict[str, int] = {}

    def add(
        self,
        kind: str,
        operation: str,
        side: str = "amazon",
        *,
        times: int = 1,
        after: int = 0,
        **options: Any,
    ) -> Fault:
        """Queue a fault. Errors: ValueError for an unknown kind, side or operation."""
        fault = Fault(kind, operation, side, times, after, options)
        if operation != "*" and operation not in self._operations[side]:
            raise ValueError(f"{side} has no operation {operation!r}")
        self._queue.append(fault)
        return fault

    def chance(self, rate: float, kinds: Sequence[str], seed: int) -> None:
        """Strike any call with that probability, with one of these kinds; repeatable by `seed`."""
        for kind in kinds:
            Fault(kind, "*")
        self._rate, self._kinds = rate, tuple(kinds)
        self._random = seeded("faults", seed)

    def take(self, side: str, operation: str) -> Fault | None:
        """The fault this call meets, if any; a call meets at most one."""
        for fault in self._queue:
            if not fault.matches(side, operation):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self._queue.remove(fault)
            return self._struck(fault)
        if self._rate and self._random.random() < self._rate:
            return self._struck(Fault(self._random.choice(self._kinds), operation, side))
        return None

    def pending(self) -> list[dict[str, Any]]:
        """What is still queued, for the control endpoint."""
        return [
            {
                "kind": fault.kind,
                "operation": fault.operation,
                "side": fault.side,
                "times": fault.times,
                "after": fault.after,
                **fault.options,
            }
            for fault in self._queue
        ]

    def _struck(self, fault: Fault) -> Fault:
        self.struck[fault.kind] = self.struck.get(fault.kind, 0) + 1
        return fault
