"""Products of one base code as a family of variations, under a parent of ours.

A family begins with the first of at least two products that a theme of their type tells apart; what
joins later takes its theme. The parent has no product in Omnitron and is sent once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from amzsync.flows.flow import Context
from amzsync.flows.product_drafts import Draft
from amzsync.mapping.products import LISTING
from amzsync.mapping.variations import Family, as_child, as_parent, fits, theme_for

_LONGEST: Final = 40  # characters of a SKU
_SUFFIX: Final = "-PARENT"


def parent_sku(base_code: str) -> str:
    """The SKU of the parent of a base code's products; empty where it would be too long."""
    sku = f"{base_code}{_SUFFIX}"
    return sku if len(sku) <= _LONGEST else ""


def base_code(parent: str) -> str:
    """The base code whose products a parent holds together."""
    return parent.removesuffix(_SUFFIX)


class Families:
    """The families a run comes across. The parents named in `again` are sent once more."""

    def __init__(self, ctx: Context, again: frozenset[str] = frozenset()) -> None:
        self._ctx = ctx
        self._again = again
        self._looked_up: set[str] = set()
        self._known: dict[str, tuple[str, Family]] = {}  # parent -> product type, family
        self._there: set[str] = set()
        self._shared: set[str] = set()

    def joined(self, drafts: Sequence[Draft]) -> Iterator[Draft]:
        """The drafts, as children where they belong to a family, after the parents Amazon lacks."""
        parents = {draft.sku: sku for draft in drafts if (sku := _parent_of(draft))}
        self._look_up(set(parents.values()))
        for draft in drafts:
            family = self._family(draft, parents.get(draft.sku, ""))
            if family is None:
                yield draft
                continue
            child = replace(draft, attributes=as_child(draft.attributes, family))
            if family.parent_sku not in self._there:
                self._there.add(family.parent_sku)
                yield replace(
                    draft,
                    sku=family.parent_sku,
                    attributes=as_parent(child.attributes, family),
                    gathered=None,
                    theme=family.theme,
                )
            yield child

    def _family(self, draft: Draft, parent: str) -> Family | None:
        """The family the draft belongs to; the first one of several begins it."""
        if parent not in self._known and parent in self._shared:
            theme = theme_for(draft.maker.known, draft.attributes)
            if theme is not None:
                self._known[parent] = (draft.product_type, Family(parent, theme))
        product_type, family = self._known.get(parent, ("", None))
        if family is None or product_type != draft.product_type:
            return None
        return family if fits(draft.attributes, family) else None

    def _look_up(self, parents: set[str]) -> None:
        """What is known of parents not met before, and which of the others would have children."""
        new = parents - self._looked_up
        if not new:
            return
        self._looked_up |= new
        known = self._ctx.state.products.by_skus(self._ctx.channel, new)
        for row in known.values():
            self._known[row.sku] = (row.product_type, Family(row.sku, row.theme))
            if row.state != "sending" and row.sku not in self._again:
                self._there.add(row.sku)
        codes = {base_code(sku) for sku in new if sku not in known}
        if codes:
            found = self._ctx.omnitron.products.by_base_codes(codes)
            counts = Counter(product.base_code for product in found)
            self._shared |= {parent_sku(code) for code in codes if counts[code] > 1}


def _parent_of(draft: Draft) -> str:
    product = draft.gathered.product if draft.gathered else None
    code = product.base_code if product else None
    if not code or code == draft.sku or draft.requirements != LISTING:
        return ""
    return parent_sku(code)
