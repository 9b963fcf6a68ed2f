"""Latency is overlapped, effects are not: many records in flight, one thread records them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from amzsync.errors import AmzsyncError

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[S, T]):
    """What became of one piece of work: its value, or the error it ended with."""

    item: S
    value: T | None = None
    error: AmzsyncError | None = None


def overlap(work: Callable[[S], T], items: Iterable[S], in_flight: int) -> Iterator[Done[S, T]]:
    """Do the work for every item, at most `in_flight` at once; results as they come in.

    Our own errors come back as results, so that what others achieved is recorded before the caller
    raises one. Anything else is a bug and is raised at once, after the rest has ended.
    """
    if in_flight <= 1:
        for item in items:
            yield _attempt(work, item)
        return
    with ThreadPoolExecutor(in_flight, thread_name_prefix="amzsync") as pool:
        waiting: set[Future[Done[S, T]]] = set()
        try:
            for item in items:
                waiting.add(pool.submit(_attempt, work, item))
                if len(waiting) >= in_flight:
                    finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in finished:
                        yield future.result()
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
        finally:
            for future in waiting:
                future.cancel()


def _attempt(work: Callable[[S], T], item: S) -> Done[S, T]:
    try:
        return Done(item, value=work(item))
    except AmzsyncError as error:
        return Done(item, error=error)
