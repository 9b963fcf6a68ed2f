"""Channel schema: the form of these settings, merged into the channel's in Omnitron.

Existing entries stay as they are, as the manual demands; nothing is sent while none is missing.
Source: omnitron-api.md §2.1, §5.13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from amzsync.flows.flow import Context, Flow, Item, Outcome
from amzsync.mapping.channel_schema import missing_entries, settings_schema

NAME: Final = "channel.push-schema"

Entries = Mapping[str, dict[str, Any]]


def fetch(ctx: Context) -> Iterator[Entries]:
    """The entries the channel's form lacks, if any."""
    missing = _missing(ctx, ctx.omnitron.channels.get().conf_schema)
    if missing:
        yield missing


def send(ctx: Context, items: Sequence[Item[Entries]]) -> Iterator[Sequence[Outcome]]:
    """Send the form with them. The form is read again: it may have changed, and is sent whole."""
    for item in items:
        present = ctx.omnitron.channels.get().conf_schema
        missing = _missing(ctx, present)
        if not missing:
            yield [Outcome(item.key, "unchanged")]
            continue
        ctx.omnitron.channels.set_schema({**present, **missing})
        yield [Outcome(item.key, "sent", "", describe(missing))]


def describe(missing: Entries) -> str:
    """What a dry run shows."""
    return f"added to the channel's form: {', '.join(missing)}"


def _missing(ctx: Context, present: Mapping[str, Any]) -> Entries:
    return missing_entries(present, settings_schema(ctx.config.schema_type))


FLOW: Flow[Entries, Entries] = Flow(
    fetch=fetch,
    key=lambda _missing: "schema",
    transform=lambda _ctx, missing: missing,
    send=send,
    describe=describe,
)
