"""Channel, catalog and content type.

Source: omnitron-api.md §2.1, §2.2.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from amzsync.omnitron.models.fields import Key, OptionalKey, OptionalRef, PrivateRow, Row


class Channel(PrivateRow):
    """A sales channel. `conf` is what the operator typed (secrets too), `conf_schema` the form."""

    pk: Key
    name: str = ""
    channel_type: str = ""
    catalog: OptionalRef = None
    category_tree: OptionalRef = None
    is_active: bool
    conf: dict[str, Any] = Field(default_factory=dict)
    conf_schema: dict[str, Any] = Field(default_factory=dict, alias="schema")


class Catalog(Row):
    """Which products a channel sells, and from which stock and price lists."""

    pk: Key
    name: str = ""
    stock_list: OptionalRef = None
    price_list: OptionalRef = None
    category_tree: OptionalRef = None
    extra_stock_lists: tuple[int, ...] = ()
    extra_price_lists: tuple[int, ...] = ()


class ContentType(Row):
    """A kind of object: its number, its model name, or both."""

    pk: OptionalKey = None
    model: str | None = None


def _content_type(value: object) -> object:
    if isinstance(value, int):
        return {"pk": value}
    return {"model": value} if isinstance(value, str) else value


# Written as a number here, as a model name there, and read as an object elsewhere (§2.2 - §2.5).
ContentTypeRef = Annotated[ContentType, BeforeValidator(_content_type)]
OptionalContentTypeRef = Annotated[ContentType | None, BeforeValidator(_content_type)]
