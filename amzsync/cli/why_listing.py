"""How `amzsync why` words how a SKU stands, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from amzsync.cli.printing import moment, relative
from amzsync.ops.sale import Sale
from amzsync.ops.story import Story, Travelling
from amzsync.state.jobs import FeedItem
from amzsync.state.known_keys import Seen
from amzsync.state.listings import QUANTITY, Listing
from amzsync.state.products import SentProduct
from amzsync.state.store import to_moment

_ON_SALE = {True: "on sale", False: "not on sale", None: "whether it is on sale is not known here"}


def told(story: Story, sale: Sale, now: datetime) -> Iterator[str]:
    """How the SKU stands, a line a fact."""
    yield f"{_ON_SALE[sale.on_sale]}: {sale.why}"
    if sale.fix:
        yield f"  cure: {sale.fix}"
    yield from (f"  {command}" for command in sale.commands)
    if story.product is not None:
        yield _product(story.product)
    for attribute, listing in story.values.items():
        yield from _value(attribute, listing, now)
    if story.seen is not None:
        yield _seen(story.seen, now)
    yield from map(_feed, story.travelling)
    if story.sending:
        yield (
            f"a run of {story.sending.replace('.', ' ')} has it in hand, or was killed before it"
            " knew what Amazon made of it: the next one looks"
        )


def as_json(story: Story, sale: Sale | None) -> dict[str, Any]:
    """The same as data; keys are never taken away."""
    return {
        "sale": sale
        and {
            "on_sale": sale.on_sale,
            "why": sale.why,
            "fix": sale.fix or None,
            "commands": list(sale.commands),
        },
        "product": story.product and _product_json(story.product, story.live_at),
        "listing": _listing(story.values),
        "amazon_report": story.seen
        and {
            "at": story.seen.at.isoformat(),
            "status": story.seen.status,
            "quantity": story.seen.quantity,
            "price": story.seen.price,
        },
        "sending": story.sending or None,
        "feeds": [
            {
                "feed_id": row.job.remote_id,
                "state": row.job.state,
                "batch": row.batch,
                "values": {value.attribute: value.text for value in row.item.values}
                if row.item
                else {},
            }
            for row in story.travelling
        ],
    }


def _product(product: SentProduct) -> str:
    words = {
        "sending": "handed to Amazon, not answered",
        "accepted": "taken by Amazon, not seen to be buyable yet",
        "live": "as it should be when last looked at",
        "refused": "refused by Amazon, to be sent again",
    }
    at = f", last sent {moment(product.sent_at)}" if product.sent_at else ""
    look = f", looked at again {moment(product.check_at)}" if product.check_at else ""
    return f"listing of type {product.product_type}: {words[product.state]}{at}{look}"


def _value(attribute: str, listing: Listing, now: datetime) -> Iterator[str]:
    known = listing.sent_at or listing.confirmed
    if attribute != QUANTITY and not known:
        return
    seen = f"{listing.confirmed} when last read back" if listing.confirmed else "not read back yet"
    yield f"live {attribute}: {seen}"
    if listing.sent_at is not None and listing.sent is None:
        yield f"the {attribute} told last is in doubt: what is live decides"
    if listing.check_at is not None:
        yield f"to be read back {relative(to_moment(listing.check_at), now)}"
    if listing.resend:
        what = "stock" if attribute == QUANTITY else attribute
        yield f"its present {what} is sent again in the next run"
    if attribute == QUANTITY and listing.withdrawn_at is not None:
        since = moment(to_moment(listing.withdrawn_at))
        yield f"its product left the catalog, its stock is kept at 0 since {since}"


def _seen(seen: Seen, now: datetime) -> str:
    quantity = "unknown" if seen.quantity is None else seen.quantity
    return (
        f"Amazon's report of {relative(seen.at, now)}: {seen.status}, quantity {quantity}, price"
        f" {seen.price or 'unknown'}"
    )


def _feed(travelling: Travelling) -> str:
    job, item = travelling.job, travelling.item
    value = f", {_values(item)}" if item else ""
    name = f"feed {job.remote_id}" if job.remote_id else "a feed"
    batch = f"; batch request {travelling.batch}" if travelling.batch else ""
    return f"travels with {name} ({job.state}{value}), begun {moment(job.created_at)}{batch}"


def _values(item: FeedItem) -> str:
    return ", ".join(f"{value.attribute} {value.text}" for value in item.values)


def _product_json(product: SentProduct, live_at: datetime | None) -> dict[str, Any]:
    return {
        "product_pk": product.product_pk,
        "product_type": product.product_type,
        "theme": product.theme or None,
        "state": product.state,
        "sent_at": product.sent_at and product.sent_at.isoformat(),
        "check_at": product.check_at and product.check_at.isoformat(),
        "live_at": live_at and live_at.isoformat(),
    }


def _listing(values: dict[str, Listing]) -> dict[str, Any] | None:
    listing = values.get(QUANTITY)
    if listing is None:
        return None
    return {
        "product_pk": listing.product_pk,
        "withdrawn_at": listing.withdrawn_at,
        "values": {
            attribute: {
                "sent": row.sent,
                "sent_at": row.sent_at,
                "confirmed": row.confirmed,
                "check_at": row.check_at,
                "resend": row.resend,
            }
            for attribute, row in values.items()
        },
    }
