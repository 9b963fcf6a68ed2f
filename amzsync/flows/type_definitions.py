"""Product types as Amazon defines them: asked for when they are due, kept with their schemas.

A schema is downloaded when its checksum is new; what a Mapper needs of it is kept beside it.
Source: sp-api.md §2.9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, TypeGuard

from amzsync.amazon.product_types import Requirements, read_schema
from amzsync.errors import AmzsyncError, ProtocolError, RecordError, RefusedError, RemoteError
from amzsync.flows.flow import Context
from amzsync.http.overlap import overlap
from amzsync.mapping.attributes import facts_of, facts_text
from amzsync.mapping.type_schema import read_attributes
from amzsync.state.product_types import TypeRow

LISTING: Final = "LISTING"

_UNKNOWN: Final = (400, 404)  # what Amazon answers for a type it does not know (§2.9)


def refresh(
    ctx: Context, names: Iterable[str], since: datetime
) -> Iterator[tuple[str, TypeRow | RecordError]]:
    """Each type as it is by now; Amazon is asked about those it was last asked before that moment.

    A type that cannot be had now is left out, and so are all the others when Amazon does not answer
    at all: the run goes on and ends with that error. A dry run remembers nothing.
    """
    due: list[str] = []
    for name in sorted(names):
        known = ctx.state.product_types.get(ctx.channel, name, LISTING)
        if known is not None and known.asked_at >= since:
            yield name, known
        else:
            due.append(name)
    asked = overlap(lambda name: _ask(ctx, name, LISTING), due, ctx.in_flight)
    for number, done in enumerate(asked, start=1):
        if done.value is not None:
            row, schema = done.value
            _remember(ctx, row, schema)
            yield done.item, row
        elif _is_unknown(done.error):
            yield done.item, _unknown(done.item, done.error)
        elif isinstance(done.error, RemoteError):
            ctx.postpone(done.error)
            if not isinstance(done.error, ProtocolError | RefusedError):
                return
        elif done.error is not None:
            raise done.error
        ctx.progress(f"{number} of {len(due)} product types asked about")


def schema_of(ctx: Context, name: str, requirements: Requirements = "LISTING") -> dict[str, Any]:
    """The JSON Schema of a type, kept from the last time; Amazon is asked where there is none.

    Errors: RecordError for a type Amazon does not know, else as the client.
    """
    known = ctx.state.product_types.get(ctx.channel, name, requirements)
    kept = known and ctx.state.product_types.schema(known.checksum)
    if kept:
        return read_schema(kept)
    try:
        row, schema = _ask(ctx, name, requirements)
    except RefusedError as error:
        if not _is_unknown(error):
            raise
        raise _unknown(name, error) from error
    _remember(ctx, row, schema)
    return read_schema(schema)


def _ask(ctx: Context, name: str, requirements: Requirements) -> tuple[TypeRow, bytes]:
    """A type's definition and its schema, downloaded unless one of that checksum is kept."""
    types = ctx.amazon.product_types
    definition = types.get_definitions_product_type(
        name, requirements=requirements, locale=ctx.config.marketplace.language or "DEFAULT"
    )
    checksum = definition.json_schema.checksum
    schema = ctx.state.product_types.schema(checksum)
    if schema is None:
        schema = types.download_schema(definition)
    row = TypeRow(
        name=name,
        requirements=requirements,
        version=definition.product_type_version.version,
        checksum=checksum,
        asked_at=ctx.clock.now(),
        facts=facts_text(facts_of(read_attributes(read_schema(schema)))),
    )
    return row, schema


def _remember(ctx: Context, row: TypeRow, schema: bytes) -> None:
    if ctx.options.dry_run:
        return
    before = ctx.state.product_types.get(ctx.channel, row.name, row.requirements)
    with ctx.state.store.atomic():
        ctx.state.product_types.put(ctx.channel, row, schema)
        if row.requirements == LISTING and before is not None and before.facts != row.facts:
            ctx.state.cursors.put(_changed(ctx), row.asked_at.isoformat(), row.asked_at)


def types_changed_at(ctx: Context) -> datetime | None:
    """When a product type that was known was last found to have changed."""
    text = ctx.state.cursors.get(_changed(ctx))
    return None if text is None else datetime.fromisoformat(text)


def _changed(ctx: Context) -> str:
    return f"product_types:{ctx.channel}"


def _is_unknown(error: AmzsyncError | None) -> TypeGuard[RefusedError]:
    return isinstance(error, RefusedError) and error.status in _UNKNOWN


def _unknown(name: str, error: RefusedError) -> RecordError:
    text = f"Amazon knows no product type {name}: {error.detail}"
    return RecordError(text, code="product_type", request_id=error.request_id)
