"""`amzsync why`: the story of one SKU or order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import typer

from amzsync.amazon.orders import ORDER_ID
from amzsync.cli import why_listing, why_order
from amzsync.cli.account import looked_into
from amzsync.cli.options import DEFAULT_PATH, AsJson, ConfigPath, Verbose, session_of
from amzsync.cli.penalty_words import cures_json
from amzsync.cli.printing import moment, out, print_json, relative, say
from amzsync.cli.wiring import channel_key
from amzsync.config import Config, load_config
from amzsync.ops.cures import cures_of
from amzsync.ops.penalties import explained
from amzsync.ops.records import clearing_command, manual_command
from amzsync.ops.sale import PRODUCTS, Sale, sale_of
from amzsync.ops.story import Happening, Story, story_of
from amzsync.state.penalties import Penalty

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
    loaded = session.config = load_config(config)
    channel = channel_key(loaded)
    with looked_into(loaded, session.clock) as state:
        story = story_of(state, channel, key)
        like = [] if story else state.known_keys.like(channel, key)
    sale = sale_of(loaded, story)
    if as_json:
        body = {"channel": channel, "key": story.key, **_as_json(story, sale, loaded)}
        print_json({**body, "like": like})
    elif story:
        happened = map(_line, story.happenings)
        now = _now(story, sale, loaded, session.clock.now())
        out("\n".join([story.key, *happened, "", *now]))
    else:
        for line in _unknown(key, channel, loaded, like):
            say(line)
    return 0 if story else 1


def _unknown(key: str, channel: str, config: Config, like: list[str]) -> Iterator[str]:
    yield (
        f"nothing is known of {key} on channel {channel}; SKUs and Amazon's order ids are told as"
        f" Amazon spells them, and the journal goes back {config.state.retention_days} days"
    )
    if like:
        yield f"did you mean {' or '.join(like)}?"
    if ORDER_ID.fullmatch(key):
        yield f"to take the order now: {manual_command(config, 'orders', 'recover', key)}"
    else:
        words = ("products", "push", "--dry-run", "--only", key)
        yield f"to see what would be sent of the product: {manual_command(config, *words)}"


def _line(happening: Happening) -> str:
    by = f"{happening.flow.replace('.', ' ')}: " if happening.flow else ""
    request = f" (request {happening.request_id})" if happening.request_id else ""
    return f"  {moment(happening.at)}  {by}{happening.text}{request}"


def _now(story: Story, sale: Sale | None, config: Config, now: datetime) -> Iterator[str]:
    """How it stands, a line a fact."""
    if story.order is not None:
        yield from why_order.told(story.order)
    if sale is not None:
        yield from why_listing.told(story, sale, now)
    for row in story.waiting:
        yield f"waits since {moment(row.since)} ({row.code}): {row.reason}"
        if not _told_before(sale, row.flow):
            yield from (f"  cure: {cure.cure}" for cure in cures_of(row.flow, row.code, row.reason))
    for penalty in story.penalties:
        yield from _held(penalty, config, now, cured=_told_before(sale, penalty.flow))


def _told_before(sale: Sale | None, flow: str) -> bool:
    """Whether what mends it was said with why the SKU is not on sale."""
    return sale is not None and bool(sale.fix) and flow == PRODUCTS


def _held(penalty: Penalty, config: Config, now: datetime, *, cured: bool) -> Iterator[str]:
    flow, found = penalty.flow.replace(".", " "), explained(config, penalty)
    for cure in found.cures if not cured else ():
        yield f"{flow}: {cure.means}"
        yield f"  cure: {cure.cure}"
    if penalty.stopped:
        yield f"{flow}: stopped after {penalty.failures} tries; set it free with"
    else:
        at = relative(penalty.next_try_at, now)
        left = "1 try" if found.tries_left == 1 else f"{found.tries_left} tries"
        yield f"{flow}, {left} left: in penalty, next try at {at}; or now with"
    yield f"  {clearing_command(config, penalty)}"


def _as_json(story: Story, sale: Sale | None, config: Config) -> dict[str, Any]:
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
        **why_listing.as_json(story, sale),
        "waiting": [
            {
                "flow": row.flow,
                "code": row.code,
                "reason": row.reason,
                "since": row.since.isoformat(),
                "cures": cures_json(
                    cures_of(row.flow, row.code, row.reason), config, row.flow, row.key
                ),
            }
            for row in story.waiting
        ],
        "penalties": [_penalty_json(row, config) for row in story.penalties],
    }


def _penalty_json(penalty: Penalty, config: Config) -> dict[str, Any]:
    found = explained(config, penalty)
    return {
        "flow": penalty.flow,
        "code": penalty.code,
        "reason": penalty.reason,
        "request_id": penalty.request_id,
        "failures": penalty.failures,
        "stopped": penalty.stopped,
        "next_try_at": None if penalty.stopped else penalty.next_try_at.isoformat(),
        "tries_left": found.tries_left,
        "cures": cures_json(found.cures, config, penalty.flow, penalty.key),
        "clear": clearing_command(config, penalty),
    }
