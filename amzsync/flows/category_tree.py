"""The channel's category tree in Omnitron: made once, and noticed when it is another one.

Source: omnitron-api.md §2.11, §5.10.
"""

from __future__ import annotations

from datetime import datetime

from amzsync.flows.flow import Context
from amzsync.flows.reference_data import forget
from amzsync.omnitron.models.categories import CategoryTree


def channel_tree(ctx: Context) -> CategoryTree:
    """The tree the channel's categories are in, made and bound to the channel if it has none.

    A channel that got another tree has none of our categories in it: they are to be sent anew. Run
    twice, also after a kill, it binds one tree; one made before the kill stays behind unused.
    """
    pk = ctx.omnitron.channels.get().category_tree
    if pk is None:
        tree = ctx.omnitron.categories.create_tree(f"{ctx.config.channel_name} categories")
        ctx.omnitron.channels.set_category_tree(tree.pk)
        ctx.note(f"category tree {tree.pk} made for the channel")
    else:
        tree = ctx.omnitron.categories.tree(pk)
    _remember(ctx, tree)
    return tree


def tree_taken_in(ctx: Context) -> None:
    """Amazon's tree, or a part of it, has just come: what rests on it is due."""
    now = ctx.clock.now()
    ctx.state.cursors.put(_taken_in(ctx), now.isoformat(), now)


def tree_taken_in_at(ctx: Context) -> datetime | None:
    """When Amazon's tree came last; None before the first time."""
    text = ctx.state.cursors.get(_taken_in(ctx))
    return None if text is None else datetime.fromisoformat(text)


def _remember(ctx: Context, tree: CategoryTree) -> None:
    name = f"category_tree:{ctx.channel}"
    before = ctx.state.cursors.get(name)
    if before == str(tree.pk):
        return
    with ctx.state.store.atomic():
        if before is not None:
            ctx.state.category_nodes.unlink(ctx.channel)
            ctx.note(f"the channel has category tree {tree.pk} instead of {before}")
        ctx.state.cursors.put(name, str(tree.pk), ctx.clock.now())
        forget(ctx, "category_tree")


def _taken_in(ctx: Context) -> str:
    return f"categories:{ctx.channel}"
