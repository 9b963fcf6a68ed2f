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
    if story.listing is not None:
        listing = story.listing
        shown = (
            "not read back yet"
            if listing.confirmed_quantity is None
            else (f"{listing.confirmed_quantity} when last read back")
        )
        yield f"live quantity: {shown}"
        if listing.check_at is not None:
            yield f"to be read back {relative(to_moment(listing.check_at), now)}"
        if listing.resend:
            yield "its present stock is sent again in the next run"
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


def _feed(travelling: Travelling) -> str:
    job, item = travelling.job, travelling.item
    value = f", quantity {item.value}" if item else ""
    name = f"feed {job.remote_id}" if job.remote_id else "a feed"
    return f"travels with {name} ({job.state}{value}), begun {moment(job.created_at)}"


def _as_json(story: Story) -> dict[str, Any]:
    order, listing = story.order, story.listing
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
        "listing": listing
        and {
            "product_pk": listing.product_pk,
            "sent_quantity": listing.sent_quantity,
            "sent_at": listing.sent_at,
            "confirmed_quantity": listing.confirmed_quantity,
            "check_at": listing.check_at,
            "resend": listing.resend,
        },
        "feeds": [
            {
                "feed_id": row.job.remote_id,
                "state": row.job.state,
                "quantity": row.item.value if row.item else None,
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
