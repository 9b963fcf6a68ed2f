"""Whether a SKU is on sale, why not, and what would change that: from the state alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from amzsync.config import Config
from amzsync.ops.cure import Cure
from amzsync.ops.cures import cures_of
from amzsync.ops.records import clearing_command, commands_of, manual_command, running_command
from amzsync.ops.story import Story
from amzsync.state.listings import QUANTITY
from amzsync.state.penalties import Penalty
from amzsync.state.store import to_moment
from amzsync.state.waiting import Waiting

PRODUCTS: Final = "products.push"
_GOODS: Final = (PRODUCTS, "products.delete", "stock.push", "prices.push")
_ACTIVE: Final = "Active"  # what Amazon's report calls a listing that can be bought


@dataclass(frozen=True, slots=True)
class Sale:
    """Whether it can be bought (None: not known here), why, what mends it, and with which commands.

    `fix` is "" where there is nothing to mend.
    """

    on_sale: bool | None
    why: str
    fix: str = ""
    commands: tuple[str, ...] = ()


def sale_of(config: Config, story: Story) -> Sale | None:
    """How the SKU of a story stands; None where the story is of no SKU."""
    if story.order is not None or not _is_goods(story):
        return None
    return _withdrawn(story) or _held(config, story) or _sent(story) or _shown(config, story)


def _is_goods(story: Story) -> bool:
    flows = {row.flow for row in story.penalties} | {row.flow for row in story.waiting}
    flows |= {row.flow for row in story.happenings}
    return bool(story.values or story.product or story.seen or flows.intersection(_GOODS))


def _withdrawn(story: Story) -> Sale | None:
    listing = story.values.get(QUANTITY)
    if listing is not None and listing.withdrawn_at is not None:
        since = _at(to_moment(listing.withdrawn_at))
        why = f"its product left the catalog of the channel, its stock is kept at 0 since {since}"
        return Sale(False, why, "put the product back into the catalog in Omnitron")
    if story.product is not None and story.product.theme:
        return Sale(None, "it is the parent of a family: its children are what is sold")
    return None


def _held(config: Config, story: Story) -> Sale | None:
    """What keeps the product from being listed, or from being listed as it is now."""
    penalty = next((row for row in story.penalties if row.flow == PRODUCTS), None)
    waiting = next((row for row in story.waiting if row.flow == PRODUCTS), None)
    found = penalty or waiting
    if found is None:
        return None
    cures = cures_of(found.flow, found.code, found.reason)
    fix = "; ".join(cure.cure for cure in cures)
    if _was_live(story):
        when = f"when last seen {_at(story.live_at)}" if story.live_at else "before"
        why = f"it was on sale {when} and may be so still; its change is held back: {found.reason}"
        return Sale(None, why, fix, _commands(config, story, found, cures))
    how = "not sellable" if found.code == "not_sellable" else "not listed"
    return Sale(False, f"{how}: {found.reason}", fix, _commands(config, story, found, cures))


def _was_live(story: Story) -> bool:
    """Whether Amazon had it on sale once, as far as is known."""
    return story.live_at is not None or (story.product is None and bool(story.values))


def _commands(
    config: Config, story: Story, found: Penalty | Waiting, cures: Iterable[Cure]
) -> tuple[str, ...]:
    commands = commands_of(config, cures, found.flow, story.key)
    if isinstance(found, Waiting):
        return (*commands, running_command(config, PRODUCTS, story.key))
    if found.stopped and not _was_live(story):
        # The manual's manual trigger: it lifts what is stopped and sends it at once.
        return (*commands, manual_command(config, "products", "trigger", story.key))
    return (*commands, clearing_command(config, found))


def _sent(story: Story) -> Sale | None:
    """A product on its way: asked of Amazon, or taken and not seen to be buyable yet."""
    product = story.product
    if product is None or product.state not in ("sending", "accepted"):
        return None
    seen = story.seen
    if seen and product.sent_at and seen.at > product.sent_at and seen.status == _ACTIVE:
        return Sale(True, f"Amazon's report of {_at(seen.at)} has it active")
    known = None if _was_live(story) else False
    when = f" {_at(product.sent_at)}" if product.sent_at else ""
    if product.state == "sending":
        return Sale(known, f"it was handed to Amazon{when}, which has not answered yet")
    later = f", next {_at(product.check_at)}" if product.check_at else ""
    why = f"Amazon took it{when} and did not show it as buyable yet; it is looked at again{later}"
    return Sale(known, why)


def _shown(config: Config, story: Story) -> Sale:
    """What Amazon was last seen to have of a listing nothing holds back; or that there is none."""
    product, listing, seen = story.product, story.values.get(QUANTITY), story.seen
    if product is None and listing is None and seen is None:
        return _never_sent(config, story)
    if product is not None and product.state == "refused":
        why = "Amazon refused it, and it is free to be sent again: the next run does"
        return Sale(False, why, "", (running_command(config, PRODUCTS, story.key),))
    quantity = (listing.sent or listing.confirmed) if listing is not None else None
    if quantity == "0" and not config.is_fba_channel:
        why = f"its quantity on Amazon is 0: the stock less buffer_stock ({config.buffer_stock})"
        return Sale(False, why, "give the product a stock above buffer_stock in Omnitron")
    if seen is not None and (story.live_at is None or seen.at > story.live_at):
        if seen.status == _ACTIVE:
            return Sale(True, f"Amazon's report of {_at(seen.at)} has it active")
        fix = "look at the listing's alerts in Seller Central"
        command = manual_command(config, "products", "push", "--only", story.key)
        return Sale(
            False, f"Amazon's report of {_at(seen.at)} calls it {seen.status}", fix, (command,)
        )
    if story.live_at is not None:
        return Sale(True, f"Amazon had it as it was sent when last looked at, {_at(story.live_at)}")
    if listing is not None and listing.confirmed is not None:
        return Sale(None, f"it is listed, and Amazon showed quantity {listing.confirmed} last")
    return Sale(None, "it is listed; what Amazon shows of it has not been read back yet")


def _never_sent(config: Config, story: Story) -> Sale:
    trigger = manual_command(config, "products", "trigger", story.key)
    if not config.flag("send_products"):
        fix = "switch send_products on, or send this one by hand"
        return Sale(False, "its product was never sent: send_products is false", fix, (trigger,))
    why = "its product was never sent: products push has not come to it yet"
    return Sale(False, why, "nothing, if products push runs; or send it by hand", (trigger,))


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z" if moment else ""
