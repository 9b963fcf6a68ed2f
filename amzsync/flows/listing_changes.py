"""A change of one listing, and what its ways to Amazon (PATCH, PUT and feed) all need."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from amzsync.flows.flow import Context
from amzsync.state.jobs import FeedItem, ObjectRef
from amzsync.state.listings import PRICE, QUANTITY, Value

if TYPE_CHECKING:
    from amzsync.omnitron.batch_requests import BatchObject

__all__ = ["PRICE", "QUANTITY", "Change", "ObjectRef", "Patch", "Update", "Value", "Writes"]

BATCH = 100  # changes of one Omnitron batch request
FEED = "listings_feed"  # the kind of job a feed is

# What Amazon said of a change; undone: neither yes nor no, for it was in trouble itself.
Ended = Literal["taken", "refused", "undone"]


@dataclass(frozen=True, slots=True)
class Writes:
    """Whose changes they are: the flow, and the content type of its batch requests.

    `withdraws`: its SKUs are out of the catalog once their change is taken. `mapped`: what it sends
    comes from Omnitron's Mapper, and so does what mends it.
    """

    flow: str
    content_type: str
    withdraws: bool = False
    mapped: bool = False


@dataclass(frozen=True, slots=True)
class Patch:
    """Some attributes of a listing, the others stay: JSON Patches of whole attributes."""

    patches: Sequence[Mapping[str, Any]]
    product_type: str


@dataclass(frozen=True, slots=True)
class Update:
    """A listing as a whole; attributes left out are removed from it."""

    attributes: Mapping[str, Any]
    product_type: str
    requirements: str = "LISTING"


@dataclass(frozen=True, slots=True)
class Change:
    """What one SKU is to become; `product_pk` is 0 for one that is no product of Omnitron's.

    `objects` are the Omnitron objects it answers for, the flow's own first; none means that no
    batch request hears of it. `values` are the attributes the state keeps count of, as they will be
    live. `message` is what Amazon is told, None for a PATCH of just these values. `before` is what
    Amazon was last told (None: unknown). `unchanged`: Amazon has it already. `dirty`: Omnitron
    waits to hear that these versions arrived. `lift`: it keeps penalties of its own that have to go
    first. `seen_at` is when the waiting lists of Omnitron that showed it began to be read, None for
    what was fetched by key: only those lists tell that a product is in the catalog.
    """

    sku: str
    product_pk: int
    objects: tuple[ObjectRef, ...]
    values: tuple[Value, ...]
    message: Patch | Update | None = None
    before: str | None = None
    unchanged: bool = False
    dirty: bool = True
    lift: bool = False
    seen_at: datetime | None = None

    @property
    def in_batch(self) -> bool:
        """Whether a batch request is to hear of it."""
        return self.dirty and bool(self.objects)

    @property
    def object_id(self) -> str | None:
        """The flow's own object, as a penalty names it."""
        return str(self.objects[0].pk) if self.objects else None

    @property
    def shown(self) -> str:
        """Its values in words."""
        return shown(self.values)


def shown(values: Sequence[Value]) -> str:
    """Values in words: one by itself, several with their names."""
    if len(values) == 1:
        return values[0].text
    return ", ".join(f"{value.attribute} {value.text}" for value in values)


def is_older(version: str, than: str) -> bool:
    """Whether one modified_date lies before another."""
    return datetime.fromisoformat(version) < datetime.fromisoformat(than)


def message_of(ctx: Context, change: Change) -> Patch | Update:
    """What Amazon is told of the change."""
    if change.message is not None:
        return change.message
    from amzsync.amazon.assumptions import OFFER_PRODUCT_TYPE
    from amzsync.mapping.values import value_patches

    values = {value.attribute: value.text for value in change.values}
    return Patch(value_patches(values, ctx.config.marketplace), OFFER_PRODUCT_TYPE)


def feed_message(message: Patch | Update) -> str:
    """The message's part of a feed document, as JSON: all but its number and the SKU."""
    from amzsync.amazon.documents import plain_numbers

    body: dict[str, Any]
    if isinstance(message, Patch):
        body = {"operationType": "PATCH", "patches": message.patches}
    else:
        body = {
            "operationType": "UPDATE",
            "requirements": message.requirements,
            "attributes": message.attributes,
        }
    body = plain_numbers({"productType": message.product_type, **body})
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def feed_in_flight(ctx: Context) -> bool:
    """Whether the account has a listings feed under way, whichever channel's."""
    return bool(ctx.state.jobs.in_flight(FEED))


def chunks(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """The changes in pieces of one batch request each."""
    for start in range(0, len(changes), BATCH):
        yield changes[start : start + BATCH]


def batch_objects(
    ctx: Context,
    writes: Writes,
    rows: Iterable[Change | FeedItem],
    ended: Callable[[Change | FeedItem], Ended] | None = None,
) -> list[BatchObject]:
    """The batch objects of these changes; `ended` tells, at the end, what came of each.

    Of a refused change the flow's own object is marked so. What travelled with it, the stock and
    price of a product, is not to blame: it counts as never sent, and so its own flow takes it up.
    So does all of a change that is undone. Until its first change was taken a SKU is not listed,
    and no object is linked to it.
    """
    from amzsync.omnitron.assumptions import TOUCH_DATE
    from amzsync.omnitron.batch_requests import BatchObject

    rows = list(rows)
    listed = ctx.state.listings.by_skus(ctx.channel, [row.sku for row in rows])
    found = []
    for row in rows:
        end = ended(row) if ended else None
        linked = row.sku in listed or end == "taken"
        for ref in row.objects:
            blamed = end == "refused" and ref.content_type == writes.content_type
            again = end in ("refused", "undone") and not blamed
            found.append(
                BatchObject(
                    pk=ref.pk,
                    content_type=ref.content_type,
                    version_date=TOUCH_DATE if again else ref.version,
                    remote_id=row.sku if linked else None,
                    failed_reason_type="remote" if blamed else None,
                )
            )
    return found


def check_time(ctx: Context) -> datetime:
    """When what is accepted now is read back."""
    return ctx.clock.now() + timedelta(minutes=ctx.config.stock.read_back_minutes)


def doubt(ctx: Context, rows: Iterable[Change | FeedItem]) -> None:
    """Amazon may have applied these or not: no value of theirs is known any more."""
    with ctx.state.store.atomic():
        for row in rows:
            for value in row.values:
                ctx.state.listings.doubt([row.sku], value.attribute)


def accept(ctx: Context, writes: Writes, taken: Iterable[Change | FeedItem]) -> None:
    """Amazon took these: their values are what it was last told, and their SKUs are listed."""
    taken = list(taken)
    listings, now = ctx.state.listings, ctx.clock.now()
    with ctx.state.store.atomic():
        # The parent of a family of variations is no product of Omnitron's.
        listings.know(ctx.channel, [(row.sku, row.product_pk) for row in taken if row.product_pk])
        values = ((row.sku, value) for row in taken for value in row.values)
        listings.accepted(ctx.channel, values, now, check_time(ctx))
        if writes.withdraws:
            listings.withdraw(ctx.channel, [row.sku for row in taken], now)
