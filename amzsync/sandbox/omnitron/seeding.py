"""The channels as they stand before anything is synchronised.

Channel 1 sells every product in Türkiye; channel 2 (a second channel on the same account, as for
Amazon's own fulfilment) and channel 3 (Germany) share the first few.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.rows import Image, Price, Product, Stock
from amzsync.sandbox.omnitron.timeline import Timeline
from amzsync.sandbox.omnitron.trees import SHOP_TREE
from amzsync.sandbox.seeds import ProductSeed

SHARED = 20  # products channels 2 and 3 sell too
_CURRENCIES = {1: "try", 2: "try", 3: "eur"}
_COLOURS = ("siyah", "beyaz", "kırmızı", "lacivert", "yeşil")
_SIZES = ("S", "M", "L", "XL")
_ATTRIBUTES = [{"renk": colour, "boyut": size} for size in _SIZES for colour in _COLOURS]
# Ranges apart, so that a key taken for another model's never hits.
_FIRST_PK = {"product": 1_001, "stock": 2_000_001, "price": 4_000_001, "image": 6_000_001}

# The manual's own example of the setting.
FAILED_INTEGRATION: dict[str, dict[str, int]] = {
    "order": {"RETRY_INTERVAL": 28800, "EXPIRATION_DATE": 57601, "MAX_RETRY_COUNT": 3},
    **{
        model: {"RETRY_INTERVAL": 28800, "EXPIRATION_DATE": 57601, "MAX_RETRY_COUNT": 2}
        for model in ("DEFAULT", "product", "productprice", "productstock")
    },
    "sent_to_remote": {"EXPIRATION_HOUR": 6},
}


def seeded_channels(
    seeds: Sequence[ProductSeed], timeline: Timeline, seed: int
) -> dict[int, Channel]:
    """The three channels with their goods; listed products are linked and up to date."""
    products = [_product(each, timeline, seed) for each in seeds]
    channels = {pk: _channel(pk, timeline) for pk in _CURRENCIES}
    for pk, channel in channels.items():
        count = len(seeds) if pk == 1 else SHARED
        for product, each in zip(products[:count], seeds, strict=False):
            _add_goods(channel, product, each)
    return channels


def _product(each: ProductSeed, timeline: Timeline, seed: int) -> Product:
    return new_product(
        timeline,
        each.sku,
        name=each.name,
        ean=each.ean,
        attributes=_ATTRIBUTES[(each.number + seed) % len(_ATTRIBUTES)],
        base_code=each.sku,
    )


def new_product(timeline: Timeline, sku: str, **values: Any) -> Product:
    """A product of no channel yet."""
    pk, date = timeline.next_pk("product", _FIRST_PK["product"]), timeline.tick()
    return Product(pk=pk, sku=sku, modified_date=date, **values)


def new_stock(channel: Channel, product: Product, quantity: int, date: str) -> Stock:
    """A stock row of the product in the channel."""
    return channel.stocks.add(
        Stock(
            pk=channel.timeline.next_pk("stock", _FIRST_PK["stock"]),
            product=product.pk,
            stock=quantity,
            stock_list=channel.catalog["stock_list"],
            modified_date=date,
            created_date=date,
        )
    )


def new_price(channel: Channel, product: Product, price: Decimal | str, date: str) -> Price:
    """A price row of the product in the channel, in its currency."""
    return channel.prices.add(
        Price(
            pk=channel.timeline.next_pk("price", _FIRST_PK["price"]),
            product=product.pk,
            price=f"{Decimal(price):.2f}",
            price_list=channel.catalog["price_list"],
            currency_type=_CURRENCIES[channel.pk],
            modified_date=date,
            created_date=date,
        )
    )


def new_image(channel: Channel, product: Product, url: str, date: str, order: int = 0) -> Image:
    """A picture of the product in the channel."""
    return channel.images.add(
        Image(
            pk=channel.timeline.next_pk("image", _FIRST_PK["image"]),
            product=product.pk,
            image=url,
            modified_date=date,
            created_date=date,
            order=order,
        )
    )


def _add_goods(channel: Channel, product: Product, each: ProductSeed) -> None:
    """The product in the channel's catalog, with stock, price and picture."""
    date = product.modified_date
    channel.products.add(product)
    stock = new_stock(channel, product, each.stock, date)
    price = new_price(channel, product, each.price, date)
    image = new_image(channel, product, f"/media/products/{product.pk}.jpg", date)
    goods: dict[str, int] = {"product": product.pk, "productstock": stock.pk}
    goods |= {"productprice": price.pk, "productimage": image.pk}
    for model, pk in goods.items():
        if each.listed:
            _link(channel, model, pk, each.sku, date)
        else:
            channel.dirty[model].put(pk, "inserts")


def _link(channel: Channel, model: str, pk: int, sku: str, date: str) -> None:
    channel.add_action(
        model,
        pk,
        date,
        remote_id=sku,
        status="success",
        synced=date,
        modified_date=date,
    )


def _channel(pk: int, timeline: Timeline) -> Channel:
    date = timeline.tick()
    dated = {"modified_date": date, "created_date": date}
    conf: dict[str, Any] = {
        "FAILED_INTEGRATION": deepcopy(FAILED_INTEGRATION),
        "ATTRIBUTE_SET_STRATEGY": "CategoryNode",
    }
    types = {"FAILED_INTEGRATION": "json", "ATTRIBUTE_SET_STRATEGY": "text"}
    row = {
        "pk": pk,
        "name": f"Amazon:{pk}_Channel",
        "channel_type": "sales_channel",
        "catalog": 10 + pk,
        "category_tree": SHOP_TREE if pk == 1 else None,
        "is_active": True,
        "conf": conf,
        "schema": {
            key: {"key": key, "label": key, "data_type": kind, "required": True}
            for key, kind in types.items()
        },
        **dated,
    }
    catalog: dict[str, Any] = {
        "pk": 10 + pk,
        "name": f"Amazon:{pk}_Catalog",
        "stock_list": 20 + pk,
        "price_list": 30 + pk,
        "category_tree": SHOP_TREE,
        "priority_list": None,
        "extra_stock_lists": [],
        "extra_price_lists": [],
        **dated,
    }
    return Channel(row, catalog, timeline)
