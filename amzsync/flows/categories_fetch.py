"""Categories: Amazon's browse tree below the channel's main categories, into Omnitron.

A report for each main category, once a day: asked for by one run, taken in by a later one. Only
what differs is sent; what has vanished stays in Omnitron, where products may hang on it, and is
told. Source: sp-api.md §2.8, omnitron-api.md §2.11, §5.10.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Final

from amzsync.amazon.browse_tree import BROWSE_TREE, BrowseNode, read_browse_tree
from amzsync.errors import AmzsyncError, ProtocolError, RefusedError, RejectedError, WaitingError
from amzsync.flows import report_jobs
from amzsync.flows.category_placing import Place, place
from amzsync.flows.category_tree import channel_tree, tree_taken_in
from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.flows.runner import outcome_of
from amzsync.http.overlap import overlap
from amzsync.mapping.categories import node_names
from amzsync.state.category_nodes import Category, Told

NAME: Final = "categories.fetch"
# Categories move by the season: a day is soon enough, and createReport's bucket is every report's.
TREE_AGE: Final = timedelta(days=1)
MAX_TREE: Final = 1024 * 1024 * 1024  # bytes; a whole marketplace has some hundred MB

_PAGE: Final = 500
_SHOWN: Final = 5  # names in a note
_OPTION: Final = "BrowseNodeId"


def collect(ctx: Context) -> Iterator[Sequence[Outcome]]:
    """Take in the trees that have arrived, ask for the next one, tell what is gone."""
    nodes, channel = ctx.state.category_nodes, ctx.channel
    arrived: dict[str, int] = {}
    report_jobs.collect_each(
        ctx, NAME, lambda options: _intake(ctx, options.get(_OPTION, ""), arrived)
    )
    nodes.keep_roots(channel, _main_categories(ctx))
    for node_id in _main_categories(ctx):
        options = {"MarketplaceId": ctx.amazon.marketplace_id, _OPTION: node_id}
        wanted = report_jobs.Wanted(BROWSE_TREE, report_options=options)
        report_jobs.request(ctx, NAME, wanted, TREE_AGE)
    yield [_unknown(node_id) for node_id, count in arrived.items() if not count]
    if any(arrived.values()):
        channel_tree(ctx)
    yield from _gone(ctx)


def fetch(ctx: Context) -> Iterator[Category]:
    """Categories Omnitron lacks or knows by an older name, parents first."""
    after: Category | None = None
    while page := ctx.state.category_nodes.unsent(ctx.channel, _PAGE, after):
        yield from page
        after = page[-1]


def send(ctx: Context, items: Sequence[Item[Category]]) -> Iterator[Sequence[Outcome]]:
    """Create or rename the nodes, parents first. Repeating it makes none twice."""
    root = channel_tree(ctx)
    # Read again: another tree in the channel means that none of them is in Omnitron.
    known = ctx.state.category_nodes.of(ctx.channel, [item.key for item in items])
    nodes = sorted(known.values(), key=lambda node: (node.depth, node.node_id))
    linked = _linked(ctx, [node.node_id for node in nodes if node.pk is None])
    sent = 0
    for _, level in groupby(nodes, key=lambda node: node.depth):
        stop: AmzsyncError | None = None
        places = list(level)
        outcomes, ready = _ready(ctx, places, linked)
        for done in overlap(lambda one: place(ctx, root, one), ready, ctx.in_flight):
            node = done.item.node
            if done.value is not None:
                ctx.state.category_nodes.link(ctx.channel, node.node_id, done.value, node.name)
                verb = "created" if node.pk is None else f"renamed from {node.sent_name}"
                outcomes.append(Outcome(node.node_id, "sent", "", f"{node.name}: {verb}"))
                sent += 1
            elif isinstance(done.error, RefusedError):
                refused = RejectedError(
                    f"Omnitron refused the category {node.name}: {done.error.detail}",
                    code="refused",
                    request_id=done.error.request_id,
                )
                outcomes.append(outcome_of(node.node_id, refused))
            else:
                stop = stop or done.error
        yield outcomes
        if stop is not None:
            raise stop
        ctx.progress(f"{sent} categories are in Omnitron")


def _main_categories(ctx: Context) -> list[str]:
    """The configured categories, without those that lie under another of them."""
    configured = ctx.config.category_ids
    covered = ctx.state.category_nodes.covering(ctx.channel, configured)
    return [node_id for node_id in configured if node_id not in covered]


def _intake(ctx: Context, root: str, arrived: dict[str, int]) -> report_jobs.Intake[int]:
    """What becomes of a main category's report; `arrived` is told how many nodes it has."""

    def read(path: Path, content_type: str) -> int:
        nodes = _below(root, read_browse_tree(path, content_type))
        return ctx.state.category_nodes.arrive(ctx.channel, nodes)

    def store(count: int) -> None:
        arrived[root] = count
        if count:  # nothing at all is no news of categories that are gone
            ctx.state.category_nodes.take(ctx.channel, root)
            ctx.state.penalties.forgive(ctx.channel, NAME, [root])
            tree_taken_in(ctx)

    return report_jobs.Intake(read, store, MAX_TREE, may_be_empty=False)


def _below(root: str, nodes: Iterator[BrowseNode]) -> Iterator[Told]:
    for node in nodes:
        if root not in node.path:
            raise ProtocolError(f"node {node.id} does not lie under {root}")
        yield Told(
            node_id=node.id,
            parent=node.parent,
            depth=len(node.path),
            path=node.path,
            name=node.name or node.id,
            is_leaf=not node.has_children,
            product_types=node.product_types,
        )


def _unknown(node_id: str) -> Outcome:
    reason = f"Amazon has nothing under the browse node {node_id}: check category_ids"
    return Outcome(node_id, "failed", "unknown_category", reason)


def _gone(ctx: Context) -> Iterator[Sequence[Outcome]]:
    """Journal first, then mark them told: killed in between it is told twice, never not at all."""
    names: list[str] = []
    while gone := ctx.state.category_nodes.gone(ctx.channel, _PAGE):
        yield [
            Outcome(node.node_id, "skipped", "gone", f"{node.name} is gone from Amazon's tree")
            for node in gone
        ]
        ctx.state.category_nodes.gone_told(ctx.channel, [node.node_id for node in gone])
        names += [f"{node.name} ({node.node_id})" for node in gone]
        ctx.differences += [
            {"category": node.node_id, "name": node.name, "change": "gone"} for node in gone
        ]
    if names:
        more = "" if len(names) <= _SHOWN else f" and {len(names) - _SHOWN} more"
        ctx.note(f"gone from Amazon's tree, kept in Omnitron: {', '.join(names[:_SHOWN])}{more}")


def _linked(ctx: Context, node_ids: Sequence[str]) -> dict[str, int]:
    """The nodes of categories the state knows none of, but Omnitron does."""
    if not node_ids:
        return {}
    actions = ctx.omnitron.integration_actions.by_remote_ids("categorynode", node_ids)
    return {action.remote_id: action.object_id for action in actions if action.remote_id}


def _ready(
    ctx: Context, nodes: Sequence[Category], linked: dict[str, int]
) -> tuple[list[Outcome], list[Place]]:
    """Those of one depth whose place is there, and the others' outcomes."""
    state = ctx.state.category_nodes
    namesakes = state.named(ctx.channel, {node.name for node in nodes})
    above = state.of(ctx.channel, {node.parent for node in (*nodes, *namesakes)})
    parents = {node_id: node.pk for node_id, node in above.items() if node.pk is not None}
    names = node_names(nodes, namesakes, parents)
    waiting: list[Outcome] = []
    ready: list[Place] = []
    for node in nodes:
        if node.parent in above and node.parent not in parents and node.pk is None:
            error = WaitingError(f"its parent {node.parent} is not in Omnitron", code="no_parent")
            waiting.append(outcome_of(node.node_id, error))
        else:
            pk = linked.get(node.node_id) if node.pk is None else node.pk
            ready.append(Place(node, parents.get(node.parent), names[node.node_id], pk))
    return waiting, ready


FLOW: Flow[Category, Category] = Flow(
    fetch=fetch,
    key=lambda node: node.node_id,
    transform=lambda _ctx, node: node,
    send=send,
    describe=lambda node: (
        f"{node.node_id}: create {node.name}"
        if node.pk is None
        else f"{node.node_id}: rename {node.sent_name} to {node.name}"
    ),
    collect=collect,
    batch_size=_PAGE,
)
