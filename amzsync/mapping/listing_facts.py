"""What a listing tells of its product, in short: so that an update carries only what changed.

Price and stock are no facts: they travel by flows of their own, and an update leaves them alone.
Source: sp-api.md §2.5.2 (patches), §2.5.3 (selectors).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

from amzsync.amazon.documents import plain_numbers
from amzsync.mapping.products import PRICE, STOCK, Attributes
from amzsync.mapping.type_schema import Schema, part_at

Facts = dict[str, str]  # attribute -> digest of its instances

_NO_FACTS: Final = (STOCK, PRICE)
_OURS: Final = ("marketplace_id", "language_tag")


def facts_of(attributes: Attributes) -> Facts:
    """A digest of every attribute but price and stock."""
    return {
        name: _digest(rows) for name, rows in sorted(attributes.items()) if name not in _NO_FACTS
    }


def changes(
    before: Mapping[str, str], attributes: Attributes, schema: Schema
) -> list[dict[str, Any]]:
    """The patches that turn a listing with the facts of `before` into one with these attributes.

    Without any facts before, all are set anew. An attribute that is gone is deleted where its
    instance can be named: by marketplace and language.
    """
    after = facts_of(attributes)
    changed = [name for name, digest in after.items() if before.get(name) != digest]
    patches = [_patch("replace", name, attributes[name]) for name in changed]
    gone = [name for name in before if name not in after]
    return patches + list(_deletions(gone, attributes, schema))


def _deletions(
    names: list[str], attributes: Attributes, schema: Schema
) -> Iterator[dict[str, Any]]:
    selectors = _selectors(attributes)
    for name in names:
        wanted = part_at(schema, (name,)).get("selectors", ())
        if wanted and all(each in selectors for each in wanted):
            yield _patch("delete", name, [{each: selectors[each] for each in wanted}])


def _selectors(attributes: Attributes) -> dict[str, str]:
    """The marketplace and the language of the listing, as its other attributes have them."""
    return {
        member: row[member]
        for rows in attributes.values()
        for row in rows[:1]
        for member in _OURS
        if member in row
    }


def _patch(op: str, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"op": op, "path": f"/attributes/{name}", "value": rows}


def _digest(rows: list[dict[str, Any]]) -> str:
    text = json.dumps(plain_numbers(rows), sort_keys=True)
    return blake2b(text.encode(), digest_size=8).hexdigest()
