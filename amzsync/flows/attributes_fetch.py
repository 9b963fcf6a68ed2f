"""Attributes: what Amazon asks of products in each category, into Omnitron's attribute sets.

Due by itself whenever the category tree has come anew ("the flow that pulls the attributes will be
triggered", says the manual), or a product type has changed. Source: sp-api.md §2.9,
omnitron-api.md §2.12, §5.11.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from amzsync.flows.attribute_plans import SetPlan, due_plans
from amzsync.flows.attribute_writer import send_sets
from amzsync.flows.flow import Context, Flow, Outcome

NAME: Final = "attributes.fetch"


def fetch(ctx: Context) -> Iterator[SetPlan | Outcome]:
    """The attribute sets that differ from what Omnitron was told of them."""
    yield from plans(ctx, NAME)


def plans(ctx: Context, flow: str) -> Iterator[SetPlan | Outcome]:
    """The same on behalf of a flow; nothing where products take no set of their category."""
    if ctx.config.attribute_set_strategy == "CategoryNode":
        yield from due_plans(ctx, flow)
    else:
        ctx.note("attribute_set_strategy is None: categories get no attribute sets")


def describe(plan: SetPlan) -> str:
    """What a dry run shows of a set."""
    parts = [each.name for each in plan.changed] + [f"no longer {name}" for name in plan.gone]
    return f"{plan.category.node_id}: {plan.name}: {', '.join(parts) or 'its name'}"


FLOW: Flow[SetPlan, SetPlan] = Flow(
    fetch=fetch,
    key=lambda plan: plan.category.node_id,
    transform=lambda _ctx, plan: plan,
    send=send_sets,
    describe=describe,
)
