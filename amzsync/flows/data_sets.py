"""The data sets of an order, asked for without those Amazon refuses to give at the moment.

One value of includedData can be refused with 400 for hours, in one region or for one account
(sp-api.md §6.1). The search then goes without it; what comes is marked and completed later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from amzsync.amazon.orders import INCLUDED_DATA, OrdersPage
from amzsync.errors import RefusedError
from amzsync.flows.flow import Context
from amzsync.flows.order_windows import has_searched

KEPT = timedelta(hours=1)  # then all data sets are asked for again
GUESSES = 2  # extra searches a run may spend when Amazon does not say what it refuses

_CURSOR = "orders.refused_data"

Search = Callable[[Sequence[str]], OrdersPage]


@dataclass(frozen=True, slots=True)
class _Memory:
    """What is left out since `at`, and which further guesses have been wrong since then."""

    left_out: tuple[str, ...]
    wrong: tuple[str, ...]
    at: str


class DataSets:
    """What one run asks Amazon for; `left_out` names what its last page came without."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._guesses = GUESSES
        self._last = _recalled(ctx)
        now = ctx.clock.now()
        if self._last and now - datetime.fromisoformat(self._last.at) >= KEPT:
            self._known = _Memory((), (), now.isoformat())
        else:
            self._known = self._last or _Memory((), (), now.isoformat())
        self.left_out = self._known.left_out

    def page(self, search: Search, *, first: bool) -> OrdersPage:
        """The page, without the data sets Amazon refuses. Errors: as the search.

        Which those are is guessed for the first page of a search only: a later one may be refused
        for its token.
        """
        left_out = self._known.left_out
        while True:
            try:
                page = search(_others(left_out))
            except RefusedError as error:
                left_out = self._fewer(error, left_out, first=first)
            else:
                self._found(left_out)
                return page

    def _fewer(
        self, error: RefusedError, left_out: tuple[str, ...], *, first: bool
    ) -> tuple[str, ...]:
        """What to leave out next. Errors: the one handed in when there is nothing to try."""
        if error.status != 400 or error.code != "InvalidInput":
            raise error
        asked = _others(left_out)
        named = [name for name in asked if re.search(rf"\b{name}\b", error.detail)]
        if named and len(named) < len(asked):
            return (*left_out, *named)
        if not first or not has_searched(self._ctx):
            raise error
        if extra := left_out[len(self._known.left_out) :]:
            self._remember(self._known.left_out, (*self._known.wrong, ",".join(extra)))
        guess = next(self._candidates(), None)
        if guess is None or self._guesses == 0:
            raise error
        self._guesses -= 1
        return (*self._known.left_out, *guess.split(","))

    def _candidates(self) -> Iterator[str]:
        """Guesses not yet found wrong, first what was right the last time."""
        likely = ",".join(self._last.left_out) if self._last else ""
        for guess in dict.fromkeys([likely, *INCLUDED_DATA]):
            taken = guess in self._known.wrong or set(guess.split(",")) & {*self._known.left_out}
            if guess and not taken:
                yield guess

    def _found(self, left_out: tuple[str, ...]) -> None:
        """Amazon answers without these."""
        self.left_out = left_out
        if self.left_out != self._known.left_out:
            self._remember(self.left_out, ())
        elif not left_out and self._last is not None and not self._ctx.options.dry_run:
            self._ctx.state.cursors.drop(_CURSOR)
            self._last = None

    def _remember(self, left_out: tuple[str, ...], wrong: tuple[str, ...]) -> None:
        now = self._ctx.clock.now().isoformat()
        self._known = _Memory(left_out, wrong, self._known.at if wrong else now)
        self._last = self._known
        if not self._ctx.options.dry_run:
            self._ctx.state.cursors.put(
                _CURSOR, json.dumps(asdict(self._known)), self._ctx.clock.now()
            )


def _others(left_out: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in INCLUDED_DATA if name not in left_out)


def _recalled(ctx: Context) -> _Memory | None:
    text = ctx.state.cursors.get(_CURSOR)
    if text is None:
        return None
    values = json.loads(text)
    return _Memory(tuple(values["left_out"]), tuple(values["wrong"]), values["at"])
