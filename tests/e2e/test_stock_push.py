"""`stock push` through the command line."""

from __future__ import annotations

from tests.shop import Shop


def test_three_changed_stocks_are_three_patches(shop: Shop) -> None:
    shop.sandbox.reset(skus=50)
    skus = [row["sku"] for row in shop.sandbox.world.omnitron.snapshot("stocks")][:3]
    for sku in skus:
        shop.sandbox.world.omnitron.set_stock(sku, 77)

    ran = shop.run("stock", "push")

    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert shop.calls("amazon")["patchListingsItem"] == 3
