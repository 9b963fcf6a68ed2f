"""Attributes with their schemas, choices and links, made one by one: for an Omnitron without the
bulk calls, and for what a bulk call was refused.

Everything is looked for before it is made, so a repeat makes nothing twice. Source:
omnitron-api.md §2.12, §5.11.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from amzsync.amazon.calls import instant
from amzsync.errors import RefusedError
from amzsync.flows.flow import Context
from amzsync.http.overlap import overlap
from amzsync.mapping.attributes import SetAttribute

_ATTRIBUTE: Final = "marketplaceattribute"
_VALUE: Final = "marketplaceattributevalue"


@dataclass(frozen=True, slots=True)
class _There:
    """What the channel has already."""

    attributes: Mapping[str, int]
    schemas: frozenset[str]
    linked: frozenset[int]


def make_attributes(ctx: Context, wanted: Iterable[SetAttribute]) -> dict[str, int | RefusedError]:
    """The pk of each attribute, made as far as it was not there; or why Omnitron refused it.

    Errors: as the client, after what could be made was made.
    """
    attributes = {each.name: each for each in wanted}
    if not attributes:
        return {}
    there = _there(ctx, attributes)
    made: dict[str, int | RefusedError] = {}
    stop = None
    for done in overlap(lambda each: _make(ctx, each, there), attributes.values(), ctx.in_flight):
        if done.value is not None:
            made[done.item.name] = done.value
        elif isinstance(done.error, RefusedError):
            made[done.item.name] = done.error
        else:
            stop = stop or done.error
    if stop is not None:
        raise stop
    return made


def _there(ctx: Context, wanted: Mapping[str, SetAttribute]) -> _There:
    section = ctx.omnitron.attributes
    pks = {row.name: row.pk for row in section.all() if row.name in wanted}
    schemas = frozenset(row.name for row in section.schemas())
    actions = ctx.omnitron.integration_actions.by_object_ids(_ATTRIBUTE, pks.values())
    return _There(pks, schemas, frozenset(action.object_id for action in actions))


def _make(ctx: Context, wanted: SetAttribute, there: _There) -> int:
    """The attribute, the schema the brand fills, the link, then the choices."""
    section = ctx.omnitron.attributes
    pk = there.attributes.get(wanted.name)
    if pk is None:
        pk = section.create(wanted.name).pk
    schema = section.schema_name(wanted.name)
    if schema not in there.schemas:
        section.create_schema(schema)
    if pk not in there.linked:
        _link(ctx, _ATTRIBUTE, pk, wanted.name)
    _make_choices(ctx, pk, wanted)
    return pk


def _make_choices(ctx: Context, attribute: int, wanted: SetAttribute) -> None:
    if not wanted.choices:
        return
    section = ctx.omnitron.attributes
    known = {row.value: row for row in section.values(attribute)}
    actions = ctx.omnitron.integration_actions.by_object_ids(
        _VALUE, [row.pk for row in known.values()]
    )
    linked = {action.object_id for action in actions}
    for choice in wanted.choices:
        row = known.get(choice.value)
        if row is None:
            row = section.create_value(attribute, choice.label, choice.value)
        elif row.label != choice.label:
            section.relabel_value(row.pk, choice.label)
        if row.pk not in linked:
            _link(ctx, _VALUE, row.pk, choice.value)


def _link(ctx: Context, content_type: str, pk: int, remote_id: str) -> None:
    # These rows are made by us alone, so the version to be in step with is now's.
    version = instant(ctx.clock.now())
    ctx.omnitron.integration_actions.create(content_type, pk, remote_id, version)
