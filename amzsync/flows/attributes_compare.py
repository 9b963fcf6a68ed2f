"""Compare attributes: what Amazon has changed of product types since it was last told.

Newly required, no longer required, new or gone attributes, other choices, new and gone types, each
told once; the attribute sets they concern are then brought up to date as `attributes fetch` does.
Source: sp-api.md §2.9.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from amzsync.errors import RecordError
from amzsync.flows import attributes_fetch
from amzsync.flows.attribute_plans import SetPlan
from amzsync.flows.attribute_writer import send_sets
from amzsync.flows.flow import Context, Flow, Outcome
from amzsync.flows.runner import outcome_of
from amzsync.flows.type_definitions import LISTING, refresh
from amzsync.mapping.attribute_changes import AttributeChange, compare
from amzsync.mapping.attributes import read_facts
from amzsync.state.product_types import TypeRow

NAME: Final = "attributes.compare"
# productTypeVersion should change whenever a type does, but Amazon does not promise it (§2.9).
FULL_PASS: Final = timedelta(days=7)


def collect(ctx: Context) -> Iterator[Sequence[Outcome]]:
    """Tell what has changed.

    Journal first: killed in between it is told twice, never not at all.
    """
    for row, outcome in _compared(ctx):
        yield [outcome]
        if row is not None:
            ctx.state.product_types.compared(ctx.channel, row.name, LISTING, row.facts)
    _drop_gone(ctx)


def fetch(ctx: Context) -> Iterator[SetPlan | Outcome]:
    """The attribute sets the changes concern. A dry run compares here, and keeps nothing."""
    if ctx.options.dry_run:
        yield from (told for _, told in _compared(ctx) if told.status == "failed")
    yield from attributes_fetch.plans(ctx, NAME)


def _compared(ctx: Context) -> Iterator[tuple[TypeRow | None, Outcome]]:
    """Each type's outcome, with the type as it is now if it is known."""
    known = {row.name: row for row in ctx.state.product_types.all(ctx.channel, LISTING)}
    used = ctx.state.category_nodes.product_types(ctx.channel)
    if not used:
        ctx.note("no category has a product type yet: categories fetch comes first")
        return
    is_first = not any(row.compared for row in known.values())
    for found in _present(ctx, used, known):
        if isinstance(found, Outcome):
            yield None, found
            continue
        differences = _differences(found, known.get(found.name), is_first=is_first)
        ctx.differences += differences
        yield found, _outcome(ctx, found.name, differences)
    for name in sorted(known.keys() - used):
        gone = {"type": name, "change": "gone_type"}
        ctx.differences.append(gone)
        yield None, _outcome(ctx, name, [gone])


def _present(
    ctx: Context, used: set[str], known: dict[str, TypeRow]
) -> Iterator[TypeRow | Outcome]:
    """The types as they are now: asked for anew when their common version is another."""
    now = ctx.clock.now()
    version = ctx.amazon.product_types.search_definitions_product_types().product_type_version
    before, passed_at = _last_pass(ctx)
    is_due = passed_at is None or version != before or now - passed_at >= FULL_PASS
    # The first time there is nothing to compare with: what is known will do.
    since = now if is_due and passed_at is not None else datetime.min.replace(tzinfo=UTC)
    for name, row in refresh(ctx, used, since):
        yield outcome_of(name, row) if isinstance(row, RecordError) else row
    if is_due and not ctx.postponed and not ctx.options.dry_run:
        ctx.state.cursors.put(_cursor(ctx), json.dumps([version, now.isoformat()]), now)


def _differences(row: TypeRow, before: TypeRow | None, *, is_first: bool) -> list[dict[str, Any]]:
    """What is different of a type; nothing when there is nothing to compare anything with."""
    if before is not None and before.compared:
        changes = compare(read_facts(before.compared), read_facts(row.facts))
        return [_difference(row.name, change) for change in changes]
    return [] if is_first else [{"type": row.name, "change": "new_type"}]


def _difference(name: str, change: AttributeChange) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": name,
        "change": change.change,
        "attribute": change.attribute,
    }
    if change.change == "choices":
        told |= {"added": list(change.added), "removed": list(change.removed)}
    return told


def _outcome(ctx: Context, name: str, differences: Sequence[dict[str, Any]]) -> Outcome:
    if not differences:
        return Outcome(name, "unchanged")
    text = "; ".join(map(_worded, differences))
    ctx.note(f"{name}: {text}")
    return Outcome(name, "sent", "changed", text)


def _worded(difference: dict[str, Any]) -> str:
    change = difference["change"].replace("_", " ")
    if "added" not in difference:
        return f"{difference.get('attribute', '')} {change}".strip()
    told = [f"+{value}" for value in difference["added"]]
    told += [f"-{value}" for value in difference["removed"]]
    return f"choices of {difference['attribute']}: {' '.join(told) or 'open or closed now'}"


def _drop_gone(ctx: Context) -> None:
    used = ctx.state.category_nodes.product_types(ctx.channel)
    rows = ctx.state.product_types.all(ctx.channel, LISTING)
    if used:
        ctx.state.product_types.drop(ctx.channel, {row.name for row in rows} - used)


def _last_pass(ctx: Context) -> tuple[str, datetime | None]:
    """The common version at the last full pass, and when that was."""
    text = ctx.state.cursors.get(_cursor(ctx))
    if text is None:
        return "", None
    version, at = json.loads(text)
    return version, datetime.fromisoformat(at)


def _cursor(ctx: Context) -> str:
    return f"product_types_compared:{ctx.channel}"


FLOW: Flow[SetPlan, SetPlan] = Flow(
    fetch=fetch,
    key=lambda plan: plan.category.node_id,
    transform=lambda _ctx, plan: plan,
    send=send_sets,
    describe=attributes_fetch.describe,
    collect=collect,
)
