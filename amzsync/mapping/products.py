"""A product as the brand has mapped it, as the attributes of a listing.

What the Mapper says comes first; names, pictures, category, price and stock stand in where it is
silent. Source: sp-api.md §2.5.8, omnitron-api.md §2.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, Final

from amzsync.amazon.assumptions import SELLER_FULFILLED
from amzsync.mapping.prices import price_text
from amzsync.mapping.schema_check import SchemaCheck
from amzsync.mapping.schema_faults import Fault
from amzsync.mapping.type_schema import Path, Schema, TypeAttribute, part_at

Attributes = dict[str, list[dict[str, Any]]]

LISTING: Final = "LISTING"
LISTING_OFFER_ONLY: Final = "LISTING_OFFER_ONLY"

BARCODE: Final = "externally_assigned_product_identifier"
EXEMPTION: Final = "supplier_declared_has_product_identifier_exemption"
ASIN: Final = "merchant_suggested_asin"
STOCK: Final = "fulfillment_availability"
PRICE: Final = "purchasable_offer"
LIST_PRICE: Final = "list_price"
IDENTIFIERS: Final = (BARCODE, EXEMPTION, ASIN)
OFFER: Final = (STOCK, PRICE, LIST_PRICE, "condition_type", "skip_offer")

_NEW: Final = "new_new"
_IMAGES: Final = (
    "main_product_image_locator",
    *(f"other_product_image_locator_{number}" for number in range(1, 9)),
)
_BARCODES: Final = {8: "ean", 12: "upc", 13: "ean", 14: "gtin"}  # digits -> type


@dataclass(frozen=True, slots=True)
class Market:
    """Where a channel sells: the marketplace, its language and currency, and who fulfils.

    `language` is None where a marketplace has several: then the schema's own counts.
    `fulfilment` is the fulfillment_channel_code; only a seller's own stock has a quantity.
    """

    id: str
    language: str | None
    currency: str
    fulfilment: str


@dataclass(frozen=True, slots=True)
class Goods:
    """A product as Omnitron describes it.

    `mapped`: the Mapper's values, by the attribute's name as `type_schema.name_of` has it.
    `images` are addresses; `list_price` is None where the brand has none; `quantity` is what Amazon
    may sell; `is_exempt`: the seller needs no barcode.
    """

    name: str
    mapped: Mapping[str, str]
    images: Sequence[str]
    browse_node: str
    price: Decimal
    list_price: Decimal | None
    quantity: int
    is_exempt: bool


def requirements_of(mapped: Mapping[str, str]) -> str:
    """What Amazon is to ask for: an offer alone where the brand names the ASIN it sells on."""
    return LISTING_OFFER_ONLY if mapped.get(ASIN) else LISTING


def quantity_of(attributes: Attributes) -> int | None:
    """What a listing says may be sold; None where Amazon owns that number."""
    quantity: int | None = _first(attributes, STOCK).get("quantity")
    return quantity


class ListingMaker:
    """Makes listings of one product type, from its schema; keep it for the run.

    `known` are the attributes of the type.
    """

    def __init__(self, schema: Schema, attributes: Sequence[TypeAttribute], market: Market) -> None:
        self.schema = schema
        self.known = tuple(attributes)
        self._by_name = {each.name: each for each in attributes}
        self._check = SchemaCheck(schema)
        self._market = market

    def attributes_of(self, goods: Goods) -> Attributes:
        """The listing's attributes, as far as its product type knows them."""
        found = self._mapped(goods)
        for name, text in self._stand_ins(goods).items():
            attribute = self._by_name.get(name)
            if attribute is not None and not goods.mapped.get(name, "").strip():
                _put(found, attribute.path, _value(attribute, text))
        self._identify(found, goods)
        self._offer(found, goods)
        known = self.schema.get("properties", {})
        return {name: self._completed(name, rows) for name, rows in found.items() if name in known}

    def faults(self, attributes: Attributes) -> tuple[Fault, ...]:
        """What Amazon would refuse."""
        return self._check.faults(attributes)

    def with_list_price(self, attributes: Attributes, price: Decimal) -> Attributes:
        """The same with a price to compare with, for types that insist on one."""
        return attributes | {LIST_PRICE: self._list_price(price)}

    def _mapped(self, goods: Goods) -> Attributes:
        found: Attributes = {}
        for name, text in goods.mapped.items():
            attribute = self._by_name.get(name)
            if attribute is not None and text.strip():
                _put(found, attribute.path, _value(attribute, text.strip()))
        return found

    def _stand_ins(self, goods: Goods) -> dict[str, str]:
        pictures = {
            f"{name}.media_location": url for name, url in zip(_IMAGES, goods.images, strict=False)
        }
        return {
            "item_name": goods.name,
            "condition_type": _NEW,
            "recommended_browse_nodes": goods.browse_node,
            **pictures,
        }

    def _identify(self, found: Attributes, goods: Goods) -> None:
        """A barcode has a type, which its length tells; who is exempt gives none."""
        if goods.is_exempt:
            found.pop(BARCODE, None)
            found[EXEMPTION] = [{"value": True}]
        elif BARCODE in found and "type" not in found[BARCODE][0]:
            code = str(found[BARCODE][0].get("value", ""))
            found[BARCODE][0]["type"] = _BARCODES.get(len(code), "ean")

    def _offer(self, found: Attributes, goods: Goods) -> None:
        """Price and stock; what the brand maps beside them, as a lead time, stays."""
        market = self._market
        amount = Decimal(price_text(goods.price, market.currency))
        price = {
            "marketplace_id": market.id,
            "currency": market.currency,
            "our_price": [{"schedule": [{"value_with_tax": amount}]}],
        }
        stock: dict[str, Any] = {"fulfillment_channel_code": market.fulfilment}
        if market.fulfilment == SELLER_FULFILLED:
            stock["quantity"] = goods.quantity
        found[PRICE] = [{**_first(found, PRICE), **price}]
        found[STOCK] = [{**_first(found, STOCK), **stock}]
        if goods.list_price is not None and goods.list_price > goods.price:
            found.setdefault(LIST_PRICE, self._list_price(goods.list_price))

    def _list_price(self, price: Decimal) -> list[dict[str, Any]]:
        market = self._market
        members = part_at(self.schema, (LIST_PRICE, 0)).get("properties", {})
        value = "value" if "value" in members else "value_with_tax"
        amount = Decimal(price_text(price, market.currency))
        return [{"marketplace_id": market.id, "currency": market.currency, value: amount}]

    def _completed(self, name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The instances with their marketplace and language, wherever the type asks for them.

        A quantity is one per SKU and region: it gets no marketplace (amazon.assumptions).
        """
        if name == STOCK:
            return rows
        completed: list[dict[str, Any]] = self._filled((name,), rows)
        return completed

    def _filled(self, path: Path, value: Any) -> Any:
        if isinstance(value, list):
            return [self._filled((*path, 0), each) for each in value]
        if not isinstance(value, dict):
            return value
        filled = {key: self._filled((*path, key), each) for key, each in value.items()}
        members = part_at(self.schema, path).get("properties", {})
        if "marketplace_id" in members:
            filled.setdefault("marketplace_id", self._market.id)
        if "language_tag" in members and (tag := self._language((*path, "language_tag"))):
            filled.setdefault("language_tag", tag)
        return filled

    def _language(self, path: Path) -> str | None:
        tag = part_at(self.schema, path).get("default")
        return str(tag) if tag else self._market.language


def _first(attributes: Attributes, name: str) -> dict[str, Any]:
    rows = attributes.get(name)
    return rows[0] if rows else {}


def _put(attributes: Attributes, path: Path, value: object) -> None:
    """Set the value at its place, with the lists and groups on the way."""
    place: Any = attributes
    for step, following in pairwise(path):
        empty: Any = [] if following == 0 else {}
        if isinstance(step, str):
            place = place.setdefault(step, empty)
        else:
            if not place:
                place.append(empty)
            place = place[0]
    if isinstance(path[-1], str):
        place[path[-1]] = value
    else:
        place.append(value)


def _value(attribute: TypeAttribute, text: str) -> object:
    """The text as the type wants it; one that is not of its kind stays, for the check to tell."""
    chosen = {choice.label: choice.value for choice in attribute.choices}.get(text, text)
    if attribute.kind == "boolean":
        return {"true": True, "false": False}.get(chosen.casefold(), chosen)
    if attribute.kind in ("number", "integer"):
        return _number(chosen)
    return chosen


def _number(text: str) -> object:
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return text
    return number if number.is_finite() else text
