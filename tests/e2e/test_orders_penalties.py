"""Orders that cannot be imported: told, penalised, tried again, and in nobody's way."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.amazon_orders import Json, address, line, order, place
from tests.shop import STARTED, Shop

FIRST, SECOND = "403-0000001-1234567", "403-0000002-1234567"
MANUAL = {"RETRY_INTERVAL": 28800, "EXPIRATION_DATE": 57601, "MAX_RETRY_COUNT": 3}


def numbers(shop: Shop) -> set[str]:
    """The order numbers in Omnitron."""
    return set(shop.sandbox.world.omnitron.orders_by_number())


def penalty(shop: Shop) -> Json:
    """The only penalty."""
    (row,) = shop.rows("SELECT * FROM penalties")
    return row


def start(shop: Shop, *orders: Json, **settings: Any) -> None:
    """Amazon has these orders, the channel these settings."""
    shop.sandbox.reset(skus=12)
    shop.configure(**settings)
    place(shop.sandbox, *orders)


def unknown_sku(number: int = 1) -> Json:
    """An order of goods Omnitron does not know."""
    return order(number, lines=[line("NOT-IN-OMNITRON")])


def nowhere(number: int = 1) -> Json:
    """An order to a township Omnitron does not know."""
    return order(number, ship_to=address(districtOrCounty="Merkez", city="Merkez"))


def without_address() -> Json:
    """An order whose address the application may not see."""
    bare = order(1)
    del bare["recipient"]
    return bare


def without_sku() -> Json:
    """An order line without a SKU."""
    bare = order(1)
    del bare["orderItems"][0]["product"]["sellerSku"]
    return bare


def without_prices() -> Json:
    """An order Amazon gave no prices of."""
    bare = order(1)
    del bare["proceeds"]
    return bare


def malformed() -> Json:
    """An order that cannot be read, although it breaks no rule of Amazon's model."""
    odd = order(1)
    odd["orderItems"][0]["product"]["price"]["unitPrice"]["amount"] = "12,90"
    return odd


def test_an_unknown_township_is_reported_and_goes_through_once_it_is_mapped(shop: Shop) -> None:
    start(shop, nowhere(1), order(2), use_channel_id_in_address_mapping=True)
    ran = shop.run("orders", "pull")

    assert ran.code == 1
    world = shop.sandbox.world.omnitron
    country, city = (
        world.places.pk_of(*at) for at in (("country", "Türkiye"), ("city", "Istanbul"))
    )
    sentence = (
        f"Address is not valid. channel: 1 code: 1_Merkez model: Township "
        f"city id: {city}, city name: Istanbul"
    )
    (report,) = world.snapshot("error_reports")
    expected = {
        "type": "township",
        "remote_code": "1_Merkez",
        "country_id": country,
        "city_id": city,
        "name": "Merkez",
        "integration_type": "sales_channel",
        "err_code": "integrations_200_10_1",
        "err_desc": sentence,
    }
    assert {name: report.get(name) for name in expected} == expected
    assert sentence in ran.err
    assert penalty(shop)["reason"] == sentence
    assert penalty(shop)["code"] == "township"
    assert numbers(shop) == {SECOND}
    # it left no buyer behind over there
    assert len(world.snapshot("customers")) == 1

    # an operator maps it; what was not found before is not remembered
    world.add_mapping("township", "1_Merkez", world.places.pk_of("township", "Kadıköy"))
    shop.clock.advance(seconds=28799)
    assert shop.run("orders", "pull").code == 0
    assert numbers(shop) == {SECOND}
    shop.clock.advance(seconds=1)
    assert shop.run("orders", "pull").code == 0
    assert numbers(shop) == {FIRST, SECOND}
    assert shop.rows("SELECT * FROM penalties") == []


@pytest.mark.parametrize(
    ("fields", "level", "name", "above"),
    [
        ({"stateOrRegion": "Atlantis", "city": "Atlantis"}, "city", "Atlantis", "country"),
        ({"addressLine1": "Bilinmez Mah. 1"}, "district", "Bilinmez Mah.", "township"),
    ],
)
def test_an_unknown_city_or_district_is_reported_for_mapping_too(
    shop: Shop, fields: dict[str, str], level: str, name: str, above: str
) -> None:
    start(shop, order(1, ship_to=address(**fields)), use_neighborhood=True)
    assert shop.run("orders", "pull").code == 1
    (report,) = shop.sandbox.world.omnitron.snapshot("error_reports")
    assert (report["type"], report["remote_code"]) == (level, name)
    assert f"model: {level.capitalize()} {above} id: " in penalty(shop)["reason"]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (unknown_sku, "unknown_sku"),
        (without_sku, "no_sku"),
        (without_address, "no_address"),
        (without_prices, "no_amounts"),
        (malformed, "malformed"),
    ],
)
def test_an_order_that_cannot_be_imported_is_penalised_and_blocks_no_other(
    shop: Shop, broken: Any, code: str
) -> None:
    good = [order(number) for number in range(2, 8)]
    start(shop, broken(), *good)
    ran = shop.run("orders", "pull")
    assert ran.code == 1
    assert numbers(shop) == {each["orderId"] for each in good}
    row = penalty(shop)
    assert (row["key"], row["code"], row["content_type"]) == (FIRST, code, "order")
    assert row["reason"] in ran.err
    (kept,) = shop.rows("SELECT state FROM inbox WHERE order_id = ?", FIRST)
    assert kept == {"state": "new"}
    assert shop.rows("SELECT order_id FROM order_payloads") == [{"order_id": FIRST}]


def test_one_malformed_order_of_a_hundred_blocks_none_of_the_others(shop: Shop) -> None:
    shop.sandbox.reset(orders=99, skus=12, plain=True)
    place(shop.sandbox, malformed())
    assert shop.run("orders", "pull").code == 1
    assert shop.calls("amazon")["searchOrders"] == 1
    assert len(numbers(shop)) == 99
    assert penalty(shop)["key"] == FIRST


def test_an_unknown_sku_goes_through_once_it_is_linked(shop: Shop) -> None:
    start(shop, unknown_sku())
    assert shop.run("orders", "pull").code == 1
    assert penalty(shop)["reason"] == "no product in Omnitron is linked to SKU NOT-IN-OMNITRON"
    channel = shop.sandbox.world.omnitron.channels[1]
    product = next(iter(channel.products))
    channel.add_action(
        "product", product.pk, product.modified_date, remote_id="NOT-IN-OMNITRON", status="success"
    )
    shop.clock.advance(hours=8)
    assert shop.run("orders", "pull").code == 0
    assert numbers(shop) == {FIRST}


@pytest.mark.parametrize(
    ("settings", "tries", "stopped_at"),
    [
        # the manual's numbers: at 0, 28,800 and 57,600 s, then the time is up
        (MANUAL, [0, 28800, 57600], 57600),
        ({**MANUAL, "MAX_RETRY_COUNT": 1}, [0, 28800], 28800),
        ({**MANUAL, "MAX_RETRY_COUNT": 0}, [0], 0),
        (
            {"RETRY_INTERVAL": 600, "EXPIRATION_DATE": 86400, "MAX_RETRY_COUNT": 3},
            [0, 600, 1200, 1800],
            1800,
        ),
        (
            {"RETRY_INTERVAL": 3600, "EXPIRATION_DATE": 9000, "MAX_RETRY_COUNT": 9},
            [0, 3600, 7200],
            7200,
        ),
    ],
)
def test_tries_fall_where_the_settings_put_them_and_then_stop(
    shop: Shop, settings: dict[str, int], tries: list[int], stopped_at: int
) -> None:
    start(shop, unknown_sku(), failed_integration={"order": settings})
    seen = []
    # just before, at and after each try, and long after the last
    moments = [t + late for t in [*tries, 70000, 90000] for late in (-300, 0, 300) if t + late >= 0]
    for moment in sorted(moments):
        shop.clock.at = STARTED + timedelta(seconds=moment)
        if shop.run("orders", "pull").code == 1:
            seen.append(moment)
    assert seen == tries
    row = penalty(shop)
    assert (row["stopped"], row["failures"]) == (1, len(tries))
    last = STARTED + timedelta(seconds=stopped_at)
    assert row["last_failed_at"] == last.isoformat(timespec="microseconds")


def test_changed_settings_apply_from_the_next_failure_on(shop: Shop) -> None:
    start(shop, unknown_sku(), failed_integration={"order": {**MANUAL, "MAX_RETRY_COUNT": 9}})
    assert shop.run("orders", "pull").code == 1
    wide = {"RETRY_INTERVAL": 60, "EXPIRATION_DATE": 999999, "MAX_RETRY_COUNT": 9}
    shop.configure(failed_integration={"order": wide})
    shop.clock.advance(seconds=28799)
    assert shop.run("orders", "pull").code == 0  # the waiting time it was given stands
    shop.clock.advance(seconds=1)
    assert shop.run("orders", "pull").code == 1
    shop.clock.advance(seconds=59)
    assert shop.run("orders", "pull").code == 0
    shop.clock.advance(seconds=1)
    assert shop.run("orders", "pull").code == 1


def test_without_settings_of_its_own_an_order_waits_by_the_default(shop: Shop) -> None:
    default = {"RETRY_INTERVAL": 100, "EXPIRATION_DATE": 1000, "MAX_RETRY_COUNT": 5}
    start(shop, unknown_sku(), failed_integration={"DEFAULT": default})
    assert shop.run("orders", "pull").code == 1
    wait = (STARTED + timedelta(seconds=100)).isoformat(timespec="microseconds")
    assert penalty(shop)["next_try_at"] == wait


def test_a_page_full_of_penalised_orders_is_paged_past(shop: Shop) -> None:
    bad = [unknown_sku(number) for number in range(1, 121)]
    start(shop, *bad, order(200, placed=STARTED - timedelta(minutes=10)))
    assert shop.run("orders", "pull").code == 1
    assert numbers(shop) == {"403-0000200-1234567"}
    place(shop.sandbox, order(201, placed=shop.clock.now()))
    shop.clock.advance(minutes=5)
    ran = shop.run("orders", "pull", "--json")
    assert (ran.code, ran.json["counts"]) == (0, {"held": 120, "sent": 1})


def test_a_place_omnitron_no_longer_takes_is_looked_up_anew(shop: Shop) -> None:
    start(shop, order(1))
    assert shop.run("orders", "pull").code == 0
    world = shop.sandbox.world.omnitron
    townships = world.places["township"]
    row = townships.rows[world.places.pk_of("township", "Kadıköy")]
    # the row goes, another takes its place: what we remember is refused
    with shop.sandbox.lock:
        townships.remove(row)
        fresh = townships.add({**row, "pk": 99_999})
    place(shop.sandbox, order(2, placed=shop.clock.now()))
    shop.clock.advance(minutes=5)
    assert shop.run("orders", "pull").code == 1
    shop.clock.advance(hours=8)
    assert shop.run("orders", "pull").code == 0
    addresses = world.snapshot("addresses")
    assert Counter(each["township"] for each in addresses) == {row["pk"]: 1, fresh["pk"]: 1}


def test_buyer_data_of_an_order_that_never_gets_in_is_dropped_after_thirty_days(
    shop: Shop,
) -> None:
    start(shop, unknown_sku())
    assert shop.run("orders", "pull").code == 1
    shop.clock.advance(days=29)
    shop.run("orders", "pull")
    assert len(shop.rows("SELECT * FROM order_payloads")) == 1
    shop.clock.advance(days=1, seconds=1)
    assert shop.run("orders", "pull").code == 0
    assert shop.rows("SELECT * FROM order_payloads") == []
    assert shop.rows("SELECT state, code FROM inbox") == [
        {"state": "ignored", "code": "buyer_data_expired"}
    ]
