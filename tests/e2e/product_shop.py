"""A brand whose categories and Mapper are ready, for the tests of `products push`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from amzsync.sandbox.omnitron.attribute_rows import ATTRIBUTES, add
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.state.category_nodes import Told
from amzsync.state.state import State
from tests.shop import Ran, Shop

SHIRT: Mapping[str, str] = {
    "brand": "Örnek Giyim",
    "product_description": "Pamuklu, ılık suda yıkanır.",
    "color": "Siyah",
    "size": "M",
    "department": "womens",
    "fabric_type": "%100 Pamuk",
    "care_instructions": "machine_wash",
}
_BARCODE = "externally_assigned_product_identifier"


def open_catalogue(shop: Shop, *types: str, **settings: Any) -> dict[str, int]:
    """No product yet, and a category for each of these product types, in Omnitron and known here.

    The node of each type in Omnitron.
    """
    shop.sandbox.reset(skus=0)
    shop.configure(flags={"send_products": True}, **settings)
    omnitron = shop.sandbox.world.omnitron
    omnitron.open_catalogue(shop.channel)
    place = channel(shop)
    tree = omnitron.categories.plant("Amazon")
    place.row["category_tree"] = tree["pk"]
    told, nodes = [], {}
    for name in types or ("SHIRT",):
        browse = next(
            row for row in shop.sandbox.world.amazon.browse if row.product_types == (name,)
        )
        node = omnitron.categories.grow(omnitron.categories.root(tree), browse.name)
        place.add_action(
            "categorynode", node.pk, node.modified_date, remote_id=browse.id, status="success"
        )
        told.append(Told(browse.id, "", 1, (browse.id,), browse.name, True, (name,)))
        nodes[name] = node.pk
    state = State.open(shop.state, shop.clock)
    try:
        key = str(shop.channel)
        state.category_nodes.arrive(key, told)
        state.category_nodes.take(key, "root")
        for row, pk in zip(told, nodes.values(), strict=True):
            state.category_nodes.link(key, row.node_id, pk, row.name)
    finally:
        state.close()
    return nodes


def channel(shop: Shop) -> Channel:
    """The sandbox's channel of the shop."""
    return shop.sandbox.world.omnitron.channels[shop.channel]


def add_product(
    shop: Shop,
    sku: str,
    node: int,
    mapped: Mapping[str, str | None] = SHIRT,
    *,
    ean: str | None = "",
    **values: Any,
) -> int:
    """A product in that category, mapped so; its key. `ean`: None for none, else one is made."""
    omnitron = shop.sandbox.world.omnitron
    fields: dict[str, Any] = {"images": ["https://cdn.example.com/1.jpg"], **values}
    pk = omnitron.add_product(sku, shop.channel, **fields)
    omnitron.map_category(sku, node, channel=shop.channel)
    code = f"869{pk:010d}" if ean == "" else ean
    map_attributes(shop, sku, {**mapped, _BARCODE: code})
    return pk


def add_products(shop: Shop, count: int, node: int) -> list[str]:
    """So many products that fit; their SKUs."""
    skus = [f"URUN-{number:04d}" for number in range(1, count + 1)]
    for sku in skus:
        add_product(shop, sku, node)
    return skus


def map_attributes(shop: Shop, sku: str, values: Mapping[str, str | None]) -> None:
    """Map attributes by Amazon's names, as free texts; None unmaps."""
    place = channel(shop)
    for name in values:
        if not place.attribute_tables["attributes"].find("name", name):
            add(place, ATTRIBUTES, {"channel": shop.channel, "name": name})
    shop.sandbox.world.omnitron.map_attributes(sku, values, shop.channel)


def push(shop: Shop, *argv: str, code: int = 0) -> Ran:
    """One `products push` that ends with that exit code."""
    ran = shop.run("products", "push", *argv)
    assert ran.code == code, (ran.code, ran.out, ran.err)
    return ran


def settle(shop: Shop, runs: int = 2, minutes: float = 16) -> None:
    """Let Amazon process what it was sent, and later runs look at it."""
    for _ in range(runs):
        shop.clock.advance(minutes=minutes)
        shop.run("products", "push")


def buyable(shop: Shop, skus: Iterable[str]) -> set[str]:
    """Those of the SKUs that can be bought."""
    amazon = shop.sandbox.world.amazon
    amazon.settle()
    found = {sku: amazon.listings.get(sku) for sku in skus}
    return {sku for sku, listing in found.items() if listing is not None and listing.buyable()}


def submitted(shop: Shop, sku: str) -> dict[str, Any]:
    """What Amazon was told of a SKU, all in all."""
    listing = shop.sandbox.world.amazon.listings.get(sku)
    assert listing is not None
    return listing.submitted


def penalties(shop: Shop) -> dict[str, str]:
    """Why the SKUs in penalty are there."""
    rows = shop.rows("SELECT key, reason FROM penalties WHERE flow = 'products.push'")
    return {row["key"]: row["reason"] for row in rows}


def dirty(shop: Shop, model: str = "product") -> dict[str, list[int]]:
    """What Omnitron waits to hear of, by list."""
    marks = channel(shop).dirty[model]
    return {"inserts": marks.keys("inserts"), "updates": marks.keys("updates")}


def later(shop: Shop, **delta: float) -> None:
    """Let time pass."""
    shop.clock.at += timedelta(**delta)
