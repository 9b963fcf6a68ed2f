"""Which categories' attribute sets are to be looked at, and what of them Omnitron is to be told.

One set for each category products can be put into (attribute_set_strategy CategoryNode): it is
named after the category, bound to its node, and has its browse node id as remote id, which is how
the bulk call identifies it and how a later run finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from amzsync.errors import RecordError
from amzsync.flows.category_tree import tree_taken_in_at
from amzsync.flows.flow import Context, Outcome
from amzsync.flows.runner import outcome_of
from amzsync.flows.type_definitions import LISTING, refresh, types_changed_at
from amzsync.mapping.attributes import (
    SetAttribute,
    digest_of,
    limited_names,
    read_facts,
    set_attributes,
)
from amzsync.state.category_nodes import Category

SET_NAME: Final = ""  # the key of the set's own name among what was sent

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class SetPlan:
    """A category's attribute set as it has to be.

    `wanted`: attribute -> digest, which is what was sent once this is. `looked_at` is the moment
    whose changes it takes in; None while a product type of the category is still unknown.
    """

    category: Category
    name: str
    attributes: tuple[SetAttribute, ...]
    wanted: Mapping[str, str]
    looked_at: datetime | None

    @property
    def node(self) -> int:
        """The category's node in Omnitron; only those that have one get a set."""
        if self.category.pk is None:
            raise ValueError(f"category {self.category.node_id} is not in Omnitron")
        return self.category.pk

    @property
    def changed(self) -> list[SetAttribute]:
        """The attributes that are not in Omnitron as they have to be."""
        sent = self.category.attributes_sent
        return [each for each in self.attributes if sent.get(each.name) != each.digest]

    @property
    def gone(self) -> list[str]:
        """Attributes that Omnitron was told of and Amazon has no longer."""
        return [name for name in self.category.attributes_sent if name not in self.wanted]


def due_plans(ctx: Context, flow: str) -> Iterator[SetPlan | Outcome]:
    """The sets that differ from what was sent, those of equal product types together.

    Nothing is asked while nothing is due: no tree has come, no product type has changed since all
    sets were looked at. A product type that cannot be had keeps no other back.
    """
    since = _due_since(ctx)
    tree = tree_taken_in_at(ctx)
    if since is None or tree is None or not _shelves(ctx, since, 1):
        return
    known: dict[str, str] = {}
    bad: set[str] = set()
    names = ctx.state.category_nodes.product_types(ctx.channel)
    held = ctx.state.penalties.held(ctx.channel, flow, ctx.clock.now()) & names
    for name, found in refresh(ctx, names - held, tree):
        if isinstance(found, RecordError):
            yield outcome_of(name, found)
        else:
            known[name] = found.facts
            if not ctx.options.dry_run:
                ctx.state.penalties.forgive(ctx.channel, flow, [name])
    bad = names - known.keys()
    # What was known before is better than taking a set's attributes back for a while.
    for name in bad:
        if (before := ctx.state.product_types.get(ctx.channel, name, LISTING)) is not None:
            known[name] = before.facts
    yield from _differing(ctx, known, bad, _due_since(ctx) or since)


def _differing(
    ctx: Context, known: Mapping[str, str], bad: set[str], since: datetime
) -> Iterator[SetPlan]:
    limited = limited_names(map(read_facts, known.values()))
    for types, categories in groupby(_due(ctx, since), key=lambda each: each.product_types):
        have = {name: read_facts(known[name]) for name in types if name in known}
        if not have:
            continue
        attributes = set_attributes(have, limited)
        digests = {each.name: each.digest for each in attributes}
        looked_at = None if bad & set(types) else since
        for category in categories:
            name = f"{category.name} ({category.node_id})"
            wanted = {SET_NAME: digest_of(name), **digests}
            if wanted != category.attributes_sent:
                yield SetPlan(category, name, attributes, wanted, looked_at)
            elif looked_at is not None and not ctx.options.dry_run:
                ctx.state.category_nodes.attributes_sent(
                    ctx.channel, category.node_id, wanted, looked_at
                )


def _due(ctx: Context, since: datetime) -> Iterator[Category]:
    after: Category | None = None
    while page := _shelves(ctx, since, _PAGE, after):
        yield from page
        after = page[-1]


def _shelves(
    ctx: Context, since: datetime, limit: int, after: Category | None = None
) -> list[Category]:
    return ctx.state.category_nodes.shelves(ctx.channel, since, limit, after)


def _due_since(ctx: Context) -> datetime | None:
    """The last moment after which every set has to be looked at."""
    return _latest(tree_taken_in_at(ctx), types_changed_at(ctx))


def _latest(*moments: datetime | None) -> datetime | None:
    known: Iterable[datetime] = [moment for moment in moments if moment is not None]
    return max(known, default=None)
