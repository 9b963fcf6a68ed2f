"""Products with their mapped attributes, stocks and prices.

Source: omnitron-api.md §2.6, §2.7.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from amzsync.omnitron.models.fields import (
    Amount,
    Key,
    OptionalAmount,
    OptionalRef,
    Ref,
    Row,
    Versioned,
)


class ProductImage(Row):
    """A product's picture; `image` may be relative to the Omnitron host."""

    pk: Key
    image: str
    status: str = "active"


class Product(Versioned):
    """A product of the catalog; `product_type` "0" is a simple, sellable one."""

    sku: str
    name: str | None = None
    base_code: str | None = None
    product_type: str = "0"
    is_active: bool = True
    parent: OptionalRef = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    productimage_set: tuple[ProductImage, ...] = ()
    attribute_set: OptionalRef = None


class MappedValue(Row):
    """One attribute as the mapper sees it; a free-text attribute has no label and no value."""

    attribute_name: str
    label: str | None = None
    value: str | None = None
    attribute_remote_id: str | None = None


class MappedProduct(Row):
    """A product's attributes in the marketplace's words.

    Shape: `mapped_attributes` by attribute name, `mapped_attribute_values` by attribute pk as text.
    """

    pk: Key
    mapped_attributes: dict[str, Any] = Field(default_factory=dict)
    mapped_attribute_values: dict[str, MappedValue] = Field(default_factory=dict)
    attribute_set_id: int | None = None
    attribute_set_name: str | None = None
    attribute_set_remote_id: str | None = None
    modified_date: str | None = None


class ProductStock(Versioned):
    """How much of a product may be sold (A-16), in pieces, on one stock list."""

    product: Ref
    stock: int
    stock_list: OptionalRef = None
    unit_type: str = "qty"


class ProductPrice(Versioned):
    """What a product costs on one price list, tax included (A-17).

    `price` is the selling price, `retail_price` the list price; `currency_type` is lower case.
    """

    product: Ref
    price: Amount
    retail_price: OptionalAmount = None
    price_list: OptionalRef = None
    currency_type: str
    tax_rate: OptionalAmount = None
