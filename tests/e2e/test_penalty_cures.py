"""Each message of the manual's error list, provoked through its flow, and the manual's cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from amzsync.sandbox.amazon.orderchanges import change_order
from tests.amazon_orders import address, line, order, place
from tests.e2e.product_shop import SHIRT, add_product, open_catalogue, push, settle
from tests.shop import Shop

ORDER: Final = "403-0000001-1234567"


def without_stock(shop: Shop) -> str:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"])
    shop.sandbox.world.omnitron.remove_stock("SKU")
    push(shop, code=1)
    return "SKU"


def without_price(shop: Shop) -> str:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"])
    shop.sandbox.world.omnitron.remove_price("SKU")
    push(shop, code=1)
    return "SKU"


def unmapped_attribute(shop: Shop) -> str:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"], {**SHIRT, "brand": None})
    push(shop, code=1)
    return "SKU"


def two_categories(shop: Shop) -> str:
    nodes = open_catalogue(shop, "SHIRT", "PLATE")
    add_product(shop, "SKU", nodes["SHIRT"])
    shop.sandbox.world.omnitron.map_category("SKU", *nodes.values(), channel=shop.channel)
    push(shop, code=1)
    return "SKU"


def no_answer(shop: Shop) -> str:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"])
    shop.sandbox.faults.add("ignored_sku", "putListingsItem", sku="SKU", times=9)
    push(shop)
    settle(shop, runs=30)
    return "SKU"


def unmapped_township(shop: Shop) -> str:
    shop.sandbox.reset(skus=12)
    place(shop.sandbox, order(1, ship_to=address(districtOrCounty="Merkez", city="Merkez")))
    assert shop.run("orders", "pull").code == 1
    return ORDER


def unreported_order(shop: Shop) -> str:
    shop.sandbox.reset(skus=12)
    shop.configure({"get_cancel_orders": True})
    place(shop.sandbox, order(1, [line()]))
    assert shop.run("orders", "pull").code == 0
    wish = {"cancelled_by": "BUYER"}
    shop.sandbox.world.amazon.orders.change(ORDER, lambda each: change_order(each, wish))
    shop.clock.advance(minutes=5)
    assert shop.run("cancellations", "pull").code == 0
    return ORDER


MANUAL: Final[list[tuple[Callable[[Shop], str], str, str]]] = [
    (
        without_stock,
        "Stock data not found",
        "add the stock data of the product in Omnitron",
    ),
    (
        without_price,
        "Price data not found",
        "add the price data of the product in Omnitron",
    ),
    (
        unmapped_attribute,
        "brand attribute is required",
        "map the attribute in Omnitron's Mapper",
    ),
    (
        unreported_order,
        "Unreported order of ERP can not be canceled",
        "transmit the order to the ERP first",
    ),
    (
        unmapped_township,
        "Address is not valid. channel: 1 code: Merkez model: Township",
        "map the code of the message to one of Omnitron's townships",
    ),
    (
        no_answer,
        "no response from Amazon within 6 hours",
        "raise EXPIRATION_HOUR in [failed_integration.sent_to_remote]",
    ),
    (
        two_categories,
        "2 categories instead of exactly one: ",
        "leave the product in only one category",
    ),
]


@pytest.mark.parametrize(("provoke", "message", "cure"), MANUAL)
def test_the_message_is_answered_with_the_manuals_cure(
    shop: Shop, provoke: Callable[[Shop], str], message: str, cure: str
) -> None:
    key = provoke(shop)
    by_key = shop.run("penalties", "explain", key)
    assert (by_key.code, by_key.err) == (0, "")
    assert message in by_key.out
    assert cure in by_key.out

    rows = by_key_rows(shop, key)
    (cause,) = {row["code"] for row in rows}
    by_cause = shop.run("penalties", "explain", cause)
    assert (by_cause.code, cure in by_cause.out, key in by_cause.out) == (0, True, True)
    by_message = shop.run("penalties", "explain", rows[0]["reason"])
    assert (by_message.code, cure in by_message.out, key in by_message.out) == (0, True, True)
    assert cure in shop.run("why", key).out


def by_key_rows(shop: Shop, key: str) -> list[dict[str, str]]:
    """The record's penalty, or what it waits for."""
    found = shop.run("penalties", "explain", key, "--json").json
    rows: list[dict[str, str]] = [*found["penalties"], *found["waiting"]]
    return rows


def test_a_product_that_is_not_in_the_queue_is_told_the_manuals_way_out(shop: Shop) -> None:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"])
    push(shop)
    ran = shop.run("products", "trigger", "SKU")
    sentence = (
        "The relevant record is not in queue. The item may have been penalized or check product is"
        " saleable"
    )
    assert ran.code == 1
    assert f"SKU: {sentence} (it was sent before" in ran.err
    cure = "touch it by CSV (the manual's Update Product Version Date in Bulk)"
    assert cure in ran.err
    told = shop.run("penalties", "explain", sentence).out
    assert cure in told
    assert f"then:  amzsync products touch FILE.csv --config {shop.config}" in told
    assert shop.run("penalties", "explain", "not_in_queue").out == told
    (known,) = shop.run("products", "trigger", "SKU", "--json").json["cures"]
    assert (known["cause"], cure in known["cure"]) == ("not_in_queue", True)


def test_a_stopped_product_is_sent_by_the_command_why_names(shop: Shop) -> None:
    add_product(shop, "SKU", open_catalogue(shop)["SHIRT"])
    shop.sandbox.world.omnitron.remove_stock("SKU")
    for hours in (0, 8, 8):
        shop.clock.advance(hours=hours)
        push(shop, code=1)
    told = shop.run("why", "SKU").out
    assert "products push: stopped after 3 tries; set it free with" in told
    assert f"  amzsync products trigger SKU --config {shop.config}" in told
    assert "tries left:    0" in shop.run("penalties", "explain", "SKU").out
    shop.sandbox.world.omnitron.set_stock("SKU", 10)
    ran = shop.run("products", "trigger", "SKU")
    assert (ran.code, ran.out) == (0, "SKU: sent quantity 10, price 100.00\n")
