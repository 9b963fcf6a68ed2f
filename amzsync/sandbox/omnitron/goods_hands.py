"""What the brand and the ERP do to goods: new ones, other stock, prices, pictures, withdrawal."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from amzsync.sandbox.omnitron.channel import GOODS, Channel
from amzsync.sandbox.omnitron.goods import described
from amzsync.sandbox.omnitron.rows import Product
from amzsync.sandbox.omnitron.seeding import new_image, new_price, new_product, new_stock
from amzsync.sandbox.omnitron.timeline import Timeline
from amzsync.sandbox.seeds import catalogue


class GoodsHands:
    """Hands for products by their SKU, in one channel; a base of OmnitronWorld.

    A product belongs to every channel that sells it; stocks, prices and images to one channel.
    Errors of all: KeyError for a SKU the channel does not have.
    """

    channels: dict[int, Channel]
    timeline: Timeline
    numbered: int  # goods that `catalogue` described so far

    def add_product(
        self,
        sku: str,
        channel: int = 1,
        *,
        price: Decimal | str | None = "100.00",
        stock: int | None = 10,
        images: Iterable[str] = (),
        **values: Any,
    ) -> int:
        """A product that nobody listed yet; its key.

        `values`: other fields of it, as name, ean, attributes, description, base_code. Without
        price or stock it has no row of that kind. Errors: ValueError when the SKU is there.
        """
        place = self.channels[channel]
        if place.products.find("sku", sku):
            raise ValueError(f"{sku} is there already")
        fields = {"name": sku, "ean": "", "attributes": {}, "base_code": sku, **values}
        product = place.products.add(new_product(self.timeline, sku, **fields))
        date = product.modified_date
        if stock is not None:
            new_stock(place, product, stock, date)
        if price is not None:
            new_price(place, product, price, date)
        for order, url in enumerate(images):
            new_image(place, product, url, date, order)
        self._look_again(sku, channel)
        return product.pk

    def add_products(self, count: int, channel: int = 1) -> list[str]:
        """So many well described products that nobody listed yet, in families; their SKUs."""
        first = self.numbered
        self.numbered += count
        new = catalogue(self.numbered)[first:]
        for each in new:
            told = described(each.number, each.name)
            self.add_product(
                each.sku,
                channel,
                price=each.price,
                stock=each.stock,
                images=told.images,
                name=each.name,
                ean=each.ean,
                attributes=told.attributes,
                description=told.description,
                base_code=told.base_code,
            )
        return [each.sku for each in new]

    def set_product(self, sku: str, channel: int = 1, **values: Any) -> None:
        """Other fields of a product, as `name` or `is_active`."""
        product = self._product(sku, channel)
        self.channels[channel].touch("product", product, **values)
        for place in self.channels.values():
            if place.products.get(product.pk) is not None:
                place.refresh("product", product.pk)

    def set_stock(self, sku: str, quantity: int, channel: int = 1) -> None:
        """A new stock, as the ERP or a sale elsewhere makes it."""
        place, product = self.channels[channel], self._product(sku, channel)
        rows = place.stocks.find("product", product.pk)
        for row in rows:
            place.touch("productstock", row, stock=quantity)
        if not rows:
            row = new_stock(place, product, quantity, self.timeline.tick())
            place.refresh("productstock", row.pk)

    def set_price(
        self, sku: str, price: Decimal | str, channel: int = 1, **values: str | None
    ) -> None:
        """A new price; `values`: other fields of it, as retail_price or currency_type."""
        place, product = self.channels[channel], self._product(sku, channel)
        if not place.prices.find("product", product.pk):
            new_price(place, product, price, self.timeline.tick())
        for row in place.prices.find("product", product.pk):
            place.touch("productprice", row, price=f"{Decimal(price):.2f}", **values)

    def set_image(self, sku: str, url: str | None, channel: int = 1) -> None:
        """One picture in place of all the product has; None leaves it without any."""
        place, product = self.channels[channel], self._product(sku, channel)
        rows = place.images.find("product", product.pk)
        self._remove(place, "productimage", rows if url is None else rows[1:])
        if url is not None and rows:
            place.touch("productimage", rows[0], image=url)
        elif url is not None:
            image = new_image(place, product, url, self.timeline.tick())
            place.refresh("productimage", image.pk)

    def remove_stock(self, sku: str, channel: int = 1) -> None:
        """Leave the product without a stock row."""
        place = self.channels[channel]
        rows = place.stocks.find("product", self._product(sku, channel).pk)
        self._remove(place, "productstock", rows)

    def remove_price(self, sku: str, channel: int = 1) -> None:
        """Leave the product without a price row."""
        place = self.channels[channel]
        rows = place.prices.find("product", self._product(sku, channel).pk)
        self._remove(place, "productprice", rows)

    def remove_from_catalog(self, sku: str, channel: int = 1) -> None:
        """Take a product out of the channel's catalog."""
        self.channels[channel].gone.add(self._product(sku, channel).pk)
        self._look_again(sku, channel)

    def return_to_catalog(self, sku: str, channel: int = 1) -> None:
        """Put a product that left the channel's catalog back, as it is."""
        self.channels[channel].gone.discard(self._product(sku, channel).pk)
        self._look_again(sku, channel)

    def _look_again(self, sku: str, channel: int) -> None:
        place, product = self.channels[channel], self._product(sku, channel)
        place.products.change(product)  # the remembered listings are stale now
        for model in GOODS:
            for row in place.tables[model].find(_owner(model), product.pk):
                place.refresh(model, row["pk"])

    def _remove(self, place: Channel, model: str, rows: Iterable[Any]) -> None:
        for row in rows:
            place.tables[model].remove(row)
            place.refresh(model, row["pk"])

    def _product(self, sku: str, channel: int) -> Product:
        found = self.channels[channel].products.find("sku", sku)
        if not found:
            raise KeyError(sku)
        return found[0]


def _owner(model: str) -> str:
    """The field of a model that names the product."""
    return "pk" if model == "product" else "product"
