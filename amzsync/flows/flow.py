"""What a flow is made of: plain functions and policy in one literal, and what they work with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from amzsync.amazon.client import AmazonClient
    from amzsync.clock import Clock, Deadline
    from amzsync.config import Config
    from amzsync.errors import AmzsyncError
    from amzsync.omnitron.client import OmnitronClient
    from amzsync.state.channels import Channel
    from amzsync.state.state import State

S = TypeVar("S")
T = TypeVar("T")

Status = Literal["sent", "submitted", "unchanged", "waiting", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record in one run.

    `failed` is penalised, `waiting` is held without penalty and tried every run, `submitted` has
    left but has no answer yet, `skipped` is not ours to send. `object_id` is the Omnitron object a
    penalty is also known by there.
    """

    key: str
    status: Status
    code: str = ""
    reason: str = ""
    request_id: str | None = None
    object_id: str | None = None


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One record on its way: what it is called, and as it will be sent."""

    key: str
    payload: T


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks of one run.

    `sweep`: look over the last twelve hours now. `past_penalty`: records in penalty are tried too.
    `amazon_validate`: Amazon is asked first whether it would take a listing. `exit_code`:
    differences found end the run with exit 9.
    """

    dry_run: bool = False
    limit: int | None = None
    only: frozenset[str] = frozenset()
    override_guard: bool = False
    sweep: bool = False
    past_penalty: bool = False
    amazon_validate: bool = False
    exit_code: bool = False


@dataclass(slots=True)
class Context:
    """Everything a flow works with; nothing in it is global.

    `channel` is the key its rows go by, `seller_channel` the same channel as the intake knows it,
    `run_id` the run's number in the journal. `differences`: what the flow found otherwise than the
    last time, as --json lists it.
    """

    channel: str
    seller_channel: Channel
    config: Config
    clock: Clock
    deadline: Deadline
    state: State
    amazon: AmazonClient
    omnitron: OmnitronClient
    calls: Callable[[], dict[str, int]]
    options: Options = field(default_factory=Options)
    progress: Callable[[str], None] = lambda _text: None
    notes: list[str] = field(default_factory=list)
    postponed: list[AmzsyncError] = field(default_factory=list)
    differences: list[dict[str, Any]] = field(default_factory=list)
    run_id: int = 0

    @property
    def in_flight(self) -> int:
        """How many requests may be under way at once."""
        return self.config.http.in_flight

    def postpone(self, error: AmzsyncError) -> None:
        """Have the run end with this error, after it has done what it can do all the same."""
        self.postponed.append(error)
        self.note(f"{error}; the rest of the run goes on")

    def note(self, text: str) -> None:
        """Say something about the run as a whole: shown on a terminal, with -v and in --json."""
        self.notes.append(text)
        self.progress(text)


def nothing_to_collect(_ctx: Context) -> Iterator[Sequence[Outcome]]:
    """For flows without far-side jobs."""
    return iter(())


def nothing_to_tidy(_ctx: Context) -> None:
    """For flows that leave nothing behind."""


def no_guard(_ctx: Context, _items: Sequence[Item[Any]]) -> None:
    """For flows that cannot do sudden harm."""


@dataclass(frozen=True, slots=True)
class Flow(Generic[S, T]):
    """One flow, as data.

    `fetch` reads lazily; what it yields as Outcome is recorded as it is (a record that is malformed
    or has to wait). `key` is what a penalty is charged to. `transform` is pure and raises
    RecordError where it cannot. `guard` raises GuardError before anything is sent; it also runs in
    a dry run. `send` is the only writer; its docstring says what a repeat does. `collect` brings in
    what earlier runs left under way. `refetch` brings records by key whose penalty is over; a flow
    whose `fetch` sees them anyway needs none. `describe` is the line a dry run shows of an item.
    `tidy` runs last, also after an error, and touches the state only.
    `batches` bounds how many batches one run sends; None means until nothing is left.
    """

    fetch: Callable[[Context], Iterable[S | Outcome]]
    key: Callable[[S], str]
    transform: Callable[[Context, S], T]
    send: Callable[[Context, Sequence[Item[T]]], Iterable[Sequence[Outcome]]]
    describe: Callable[[T], str]
    collect: Callable[[Context], Iterable[Sequence[Outcome]]] = nothing_to_collect
    refetch: Callable[[Context, Sequence[str]], Iterable[S | Outcome]] | None = None
    guard: Callable[[Context, Sequence[Item[T]]], None] = no_guard
    tidy: Callable[[Context], None] = nothing_to_tidy
    batch_size: int = 100
    batches: int | None = None
