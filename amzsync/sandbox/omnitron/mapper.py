"""The Mapper: what the brand maps of a product, and what the channel reads of it.

A chosen value shows its label among `mapped_attributes` and both label and value among
`mapped_attribute_values`; a free text has neither label nor value there (which of the two the real
`mapped_attributes` holds is not told). Source: omnitron-api §2.6, §2.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.catalogue import FIELDS
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.replies import RefusedError
from amzsync.sandbox.omnitron.routing import channel_route, found, listing
from amzsync.sandbox.omnitron.rows import Product

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

_Row = dict[str, Any]
_SEEDED_SET = {"id": 1, "name": "LUGGAGE", "remote_id": "LUGGAGE"}
_BRAND = "Örnek"


def mapped_item(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The Mapper's answer for one product.

    Errors: 406 `{"error"}` for a SKU in `world.unmapped` and for one of which nothing is mapped.
    """
    row: Product = found(channel.products, request)
    if not _answers(world, channel, row):
        raise RefusedError(406, {"error": f"Mapping is missing for product {row.pk}."})
    return Reply(200, mapped_wire(channel, row))


def mapped_list(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The Mapper's answers, products it cannot map left out (A-15)."""
    return listing(
        world,
        request,
        channel.products,
        FIELDS,
        lambda row: mapped_wire(channel, row),
        lambda row: _answers(world, channel, row),
    )


def mapped_wire(channel: Channel, row: Product) -> _Row:
    """A product under the marketplace's names."""
    if channel.premapped and not _mapped_by_hand(channel, row.pk):
        return _wire(row, _SEEDED_SET, _seeded_values(row))
    mapped = channel.mapped[row.pk]
    attribute_set = set_of(channel, row.pk)
    values = {
        str(pk): _value(channel, attribute_set, pk, value) for pk, value in mapped.values.items()
    }
    return _wire(row, attribute_set or {}, values)


def set_of(channel: Channel, product: int) -> _Row | None:
    """The attribute set of a product: the one chosen by hand, else its category's."""
    mapped = channel.mapped.get(product)
    if mapped is None:
        return None
    sets = channel.attribute_tables["attribute_sets"].rows
    if mapped.attribute_set is not None:
        return sets[mapped.attribute_set]
    bindings = channel.attribute_tables["attribute_set_configs"]
    for node in mapped.nodes or ():
        for binding in bindings.find("object_id", node):
            if binding["_model"] == "categorynode":
                return sets[binding["attribute_set"]]
    return None


def config_of(channel: Channel, attribute_set: _Row | None, attribute: int) -> _Row | None:
    """How the set wants the attribute; None when it does not know it."""
    if attribute_set is None:
        return None
    configs = channel.attribute_tables["attribute_configs"].find("attribute", attribute)
    return next((row for row in configs if row["attribute_set"] == attribute_set["id"]), None)


def choices_of(channel: Channel, attribute_set: _Row | None, attribute: int) -> list[_Row]:
    """The values of the attribute that the set allows: all, unless value configs name some."""
    values = channel.attribute_tables["attribute_values"].find("attribute", attribute)
    if attribute_set is None:
        return values
    configs = channel.attribute_tables["attribute_value_configs"]
    named = {row["attribute_value"] for row in configs.find("attribute_set", attribute_set["id"])}
    return [row for row in values if row["pk"] in named] or values


def _answers(world: OmnitronWorld, channel: Channel, row: Product) -> bool:
    if row.sku in world.unmapped:
        return False
    return channel.premapped or _mapped_by_hand(channel, row.pk)


def _mapped_by_hand(channel: Channel, product: int) -> bool:
    mapped = channel.mapped.get(product)
    return mapped is not None and bool(mapped.values or set_of(channel, product))


def _value(channel: Channel, attribute_set: _Row | None, pk: int, value: int | str) -> _Row:
    attribute = channel.attribute_tables["attributes"].rows[pk]
    config = config_of(channel, attribute_set, pk)
    action = channel.action_of("marketplaceattribute", pk)
    remote_id = config["attribute_remote_id"] if config else action.remote_id if action else None
    if isinstance(value, str):
        label, code, text = None, None, value
    else:
        row = channel.attribute_tables["attribute_values"].rows[value]
        label, code, text = row["label"], row["value"], row["label"]
    return {
        "attribute_name": attribute["name"],
        "label": label,
        "value": code,
        "attribute_remote_id": remote_id,
        "_text": text,
    }


def _seeded_values(row: Product) -> dict[str, _Row]:
    """What a product is mapped to before the brand mapped anything."""
    mapped = {
        "item_name": row.name,
        "brand": _BRAND,
        "externally_assigned_product_identifier": row.ean,
        "color": row.attributes.get("renk"),
        "size": row.attributes.get("boyut"),
    }
    return {
        str(pk): {
            "attribute_name": name,
            "label": value,
            "value": value,
            "attribute_remote_id": name,
            "_text": value,
        }
        for pk, (name, value) in enumerate(mapped.items(), start=101)
        if value
    }


def _wire(row: Product, attribute_set: _Row, values: dict[str, _Row]) -> _Row:
    shown = {
        pk: {name: value[name] for name in value if not name.startswith("_")}
        for pk, value in values.items()
    }
    return {
        "pk": row.pk,
        "mapped_attributes": {each["attribute_name"]: each["_text"] for each in values.values()},
        "attribute_set_id": attribute_set.get("id"),
        "attribute_set_name": attribute_set.get("name"),
        "attribute_set_remote_id": attribute_set.get("remote_id"),
        "modified_date": row.modified_date,
        "mapped_attribute_values": shown,
    }


ROUTES = [
    channel_route("GET", "mapped_products/", "mapped_products.list", mapped_list),
    channel_route("GET", "mapped_products/{pk}/", "mapped_products.get", mapped_item),
]
