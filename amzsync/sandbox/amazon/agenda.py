"""What happens over here later: a queue of actions, each at its moment of sandbox time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime

Action = Callable[[datetime], None]


class Agenda:
    """Actions in the order they are due. Nothing runs by itself: `settle` catches up."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Action]] = []
        self._count = 0

    def at(self, due: datetime, action: Action) -> None:
        """Have the action run at `due`, with that moment as its argument."""
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, action))

    def settle(self, now: datetime) -> None:
        """Run all that is due; actions may plan further ones."""
        while self._heap and self._heap[0][0] <= now:
            due, _, action = heapq.heappop(self._heap)
            action(due)
