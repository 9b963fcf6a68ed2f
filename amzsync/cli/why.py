"""`amzsync why`: the story of one SKU or order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import typer

from amzsync.cli import why_order
from amzsync.cli.account import looked_into
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.printing import moment, out, print_json, relative, say
from amzsync.cli.wiring import channel_key
from amzsync.config import Config, load_config
from amzsync.ops.records import clearing_command
from amzsync.ops.story import Happening, Story, Travelling, story_of
from amzsync.state.jobs import FeedItem
from amzsync.state.listings import QUANTITY, Listing
from amzsync.state.store import to_moment

app = typer.Typer(rich_markup_mode=None, add_completion=False)


def command(_name: str) -> Any:
    """The `why` command."""
    return typer.main.get_command(app)


@app.command()
def why(
    context: typer.Context,
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY", help="A SKU, an Amazon order id or an order number in Omnitron."
        ),
    ],
    config: ConfigPath = DEFAULT_PATH,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> int:
    """Tell what became of a SKU or an order, newest last; exit 1 if nothing is known of it."""
    session = session_of(context)
    loaded = load_config(config)
    with looked_into(loaded, session.clock) as state:
        story = story_of(state, channel_key(loaded), key)
    if as_json:
        print_json({"channel": channel_key(loaded), "key": story.key, **_as_json(story)})
    elif story:
        out(
            "\n".join(
                [
                    story.key,
                    *map(_line, story.happenings),
                    "",
                    *_now(story, loaded, session.clock.now()),
                ]
            )
        )
    else:
        say(
            f"nothing is known of {key} on channel {channel_key(loaded)}; SKUs and Amazon's order"
            " ids are told as Amazon spells them, and the journal goes back"
            f" {loaded.state.retention_days} days"
        )
    return 0 if story else 1


def _line(happening: Happening) -> str:
    by = f"{happening.flow.replace('.', ' ')}: " if happening.flow else ""
    request = f" (request {happening.request_id})" if happening.request_id else ""
    return f"  {moment(happening.at)}  {by}{happening.text}{request}"


def _now(story: Story, config: Config, now: datetime) -> Iterator[str]:
    """How it stands, a line a fact."""
    if story.order is not None:
        yield from why_order.told(story.order)
    for attribute, listing in story.values.items():
        yield from _value(attribute, listing, now)
    for travelling in story.travelling:
        yield _feed(travelling)
    for row in story.waiting:
        yield f"waits since {moment(row.since)} ({row.code}): {row.reason}"
    for penalty in story.penalties:
        flow = penalty.flow.replace(".", " ")
        if penalty.stopped:
            yield f"{flow}: stopped after {penalty.failures} tries; set it free with"
        else:
            at = relative(penalty.next_try_at, now)
            yield f"{flow}: in penalty, next try at {at}; or now with"
        yield f"  {clearing_command(config, penalty)}"


def _value(attribute: str, listing: Listing, now: datetime) -> Iterator[str]:
    known = listing.sent_at or listing.confirmed
    if attribute != QUANTITY and not known:
        return
    seen = f"{listing.confirmed} when last read back" if listing.confirmed else "not read back yet"
    yield f"live {attribute}: {seen}"
    if listing.check_at is not None:
        yield f"to be read back {relative(to_moment(listing.check_at), now)}"
    if listing.resend:
        what = "stock" if attribute == QUANTITY else attribute
        yield f"its present {what} is sent again in the next run"
    if attribute == QUANTITY and listing.withdrawn_at is not None:
        since = moment(to_moment(listing.withdrawn_at))
        yield f"its product left the catalog, its stock is kept at 0 since {since}"


def _feed(travelling: Travelling) -> str:
    job, item = travelling.job, travelling.item
    value = f", {_values(item)}" if item else ""
    name = f"feed {job.remote_id}" if job.remote_id else "a feed"
    return f"travels with {name} ({job.state}{value}), begun {moment(job.created_at)}"


def _values(item: FeedItem) -> str:
    return ", ".join(f"{value.attribute} {value.text}" for value in item.values)


def _as_json(story: Story) -> dict[str, Any]:
    order = story.order
    return {
        "known": bool(story),
        "events": [
            {
                "at": happening.at.isoformat(),
                "flow": happening.flow or None,
                "run": happening.run_id,
                "text": happening.text,
                "request_id": happening.request_id,
            }
            for happening in story.happenings
        ],
        "order": order and why_order.as_json(order),
        "listing": _listing(story.values),
        "feeds": [
            {
                "feed_id": row.job.remote_id,
                "state": row.job.state,
                "values": {value.attribute: value.text for value in row.item.values}
                if row.item
                else {},
            }
            for row in story.travelling
        ],
        "waiting": [
            {
                "flow": row.flow,
                "code": row.code,
                "reason": row.reason,
                "since": row.since.isoformat(),
            }
            for row in story.waiting
        ],
        "penalties": [
            {
                "flow": row.flow,
                "code": row.code,
                "reason": row.reason,
                "request_id": row.request_id,
                "failures": row.failures,
                "stopped": row.stopped,
                "next_try_at": None if row.stopped else row.next_try_at.isoformat(),
            }
            for row in story.penalties
        ],
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
