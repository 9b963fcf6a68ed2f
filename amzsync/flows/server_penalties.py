"""Omnitron's own penalties, which hide an object from its lists: lifted where ours are over.

Source: omnitron-api.md §2.5; which of the two decides is the table here.
"""

from __future__ import annotations

from collections.abc import Iterable

from amzsync.flows.flow import Context
from amzsync.flows.reference_data import content_type_id
from amzsync.http.overlap import overlap


def lift(ctx: Context, objects: Iterable[tuple[str, int]]) -> None:
    """Remove them from these objects (content type, pk). Repeatable."""
    wanted = list(objects)
    numbers = {name: content_type_id(ctx, name) for name in {name for name, _ in wanted}}

    def lift_one(found: tuple[str, int]) -> None:
        name, pk = found
        for row in ctx.omnitron.failed_integrations.of(numbers[name], pk):
            ctx.omnitron.failed_integrations.lift(row.pk)

    for done in overlap(lift_one, wanted, ctx.in_flight):
        if done.error is not None:
            raise done.error
