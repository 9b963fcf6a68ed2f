"""The story of one record, from what the state remembers of it; nothing is asked of anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from amzsync.ops.order_story import OrderStory, order_story
from amzsync.state.jobs import FeedItem, Job
from amzsync.state.known_keys import Seen
from amzsync.state.listings import PRICE, QUANTITY, Listing
from amzsync.state.penalties import Penalty
from amzsync.state.products import SentProduct
from amzsync.state.runs import Event
from amzsync.state.state import State
from amzsync.state.store import to_moment
from amzsync.state.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Happening:
    """One moment of the story. `flow` and `run_id` where a run of ours was the one to act."""

    at: datetime
    text: str
    flow: str = ""
    run_id: int | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Travelling:
    """A SKU in a feed that is under way, and the Omnitron batch request its objects are in."""

    job: Job
    item: FeedItem | None
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the state knows of a key: what happened, oldest first, and how it stands.

    `values` is the listing once for each attribute it was ever told of, `product` what was sent of
    it as a product, `seen` what Amazon's report says of it. `live_at` is when it was last seen to
    be as it should, `sending` the flow of which a run has it in hand.
    """

    key: str
    happenings: list[Happening] = field(default_factory=list)
    order: OrderStory | None = None
    values: dict[str, Listing] = field(default_factory=dict)
    product: SentProduct | None = None
    seen: Seen | None = None
    live_at: datetime | None = None
    sending: str = ""
    travelling: list[Travelling] = field(default_factory=list)
    penalties: list[Penalty] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything at all is known."""
        of_order = (self.happenings, self.order, self.penalties, self.waiting)
        return any(of_order) or any((self.values, self.product, self.seen))


def story_of(state: State, channel: str, key: str) -> Story:
    """The story of a SKU, an Amazon order id or an Omnitron order number on one channel.

    Nothing of it is buyer data.
    """
    order = order_story(state, channel, key)
    if order is not None:
        key = order.row.order_id
    values = {
        attribute: row
        for attribute in (QUANTITY, PRICE)
        for row in state.listings.by_skus(channel, [key], attribute).values()
    }
    # What happened in one moment stays in this order: taken in, worked on, remembered.
    happenings = [
        *(Happening(at, text) for at, text in (order.moments() if order else ())),
        *map(_told, state.runs.story(channel, key)),
        *(moment for name, row in values.items() for moment in _of_listing(row, name)),
    ]
    holder = state.fences.held(channel, [key]).get(key, "")
    job = state.jobs.get(holder) if holder else None
    return Story(
        key,
        sorted(happenings, key=lambda happening: happening.at),
        order,
        values,
        product=state.products.by_skus(channel, [key]).get(key),
        seen=state.known_keys.seen(channel, key),
        live_at=state.known_keys.last_outcome(channel, "products.push", key, "live"),
        sending=holder if job is None else "",
        travelling=[_travelling(state, job, key)] if job is not None else [],
        penalties=state.penalties.list(channel, keys=[key]),
        waiting=state.waiting.list(channel, keys=[key]),
    )


def _told(event: Event) -> Happening:
    code = f" ({event.code})" if event.code else ""
    reason = f": {event.reason}" if event.reason else ""
    text = f"{event.status}{code}{reason}"
    return Happening(event.at, text, event.flow, event.run_id, event.request_id)


def _of_listing(listing: Listing, attribute: str) -> Iterator[Happening]:
    if listing.sent_at is not None:
        doubtful = listing.sent is None
        what = (
            f"a {attribute} that is in doubt since" if doubtful else f"{attribute} {listing.sent}"
        )
        yield Happening(to_moment(listing.sent_at), f"Amazon was last told {what}")


def _travelling(state: State, job: Job, key: str) -> Travelling:
    item = next((item for item in state.jobs.items(job.id) if item.sku == key), None)
    batches = {batch.id: batch.pk for batch in state.batches.of_job(job.id)}
    return Travelling(job, item, batches.get(item.batch_id or 0) if item else None)
