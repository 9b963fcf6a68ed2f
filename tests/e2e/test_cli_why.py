"""`amzsync why`: the story of one record, from the state alone."""

from __future__ import annotations

from tests.shop import FakeClock, Ran, Shop

PENALTY = {"RETRY_INTERVAL": 3600, "EXPIRATION_DATE": 86400, "MAX_RETRY_COUNT": 2}


def test_what_is_not_known_is_said_and_exit_1(shop: Shop) -> None:
    ran = shop.run("why", "A-1")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("nothing is known of A-1 on channel 1; ")
    found = shop.run("why", "A-1", "--json")
    assert (found.code, found.json["known"], found.json["events"]) == (1, False, [])
    assert not shop.state.exists()


def test_the_story_of_an_imported_order(shop: Shop) -> None:
    shop.sandbox.reset(orders=3, skus=12, plain=True)
    shop.run("orders", "pull")
    order = shop.sandbox.world.amazon.snapshot("orders")[0]
    shop.forget_calls()
    ran = shop.run("why", order["orderId"])
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == order["orderId"]
    assert lines[1].endswith("  placed on Amazon")
    assert "taken in from Amazon as UNSHIPPED" in lines[2]
    assert f"orders pull: sent: created as {order['orderId']}" in ran.out
    assert lines[-1] == f"order is in Omnitron as {order['orderId']}"
    assert not shop.calls()


def test_the_story_holds_no_buyer_data(shop: Shop) -> None:
    shop.sandbox.reset(orders=100, skus=30)
    shop.run("orders", "pull")
    for order in shop.sandbox.world.amazon.snapshot("orders")[4::5]:  # the corners
        told = "".join(
            shop.run("why", order["orderId"], *words).out for words in ((), ("--json",), ("-vv",))
        )
        address = order.get("recipient", {}).get("deliveryAddress", {})
        private = [
            order.get("buyer", {}).get("buyerEmail"),
            order.get("buyer", {}).get("buyerName"),
            address.get("name"),
            address.get("addressLine1"),
            address.get("phone"),
        ]
        assert not [text for text in private if text and text in told]


def test_the_story_of_a_penalised_order_ends_with_the_next_try_and_the_cure(shop: Shop) -> None:
    shop.sandbox.reset(orders=100, skus=30)
    shop.configure(failed_integration={"order": PENALTY})
    shop.run("orders", "pull")
    key = shop.rows("SELECT key FROM penalties ORDER BY key")[0]["key"]
    told = shop.run("why", key).out
    assert "orders pull: failed (township): Address is not valid." in told
    assert "in penalty, next try at 2026-11-23 10:00:00Z (in 1 h); or now with" in told
    assert told.endswith(f"  amzsync penalties clear --order {key} --config {shop.config}\n")
    found = shop.run("why", key, "--json").json
    assert found["order"]["state"] == "new"
    assert found["penalties"][0]["next_try_at"] == "2026-11-23T10:00:00+00:00"


def test_a_stopped_record_says_so(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(orders=100, skus=30)
    shop.configure(failed_integration={"order": {**PENALTY, "MAX_RETRY_COUNT": 0}})
    shop.run("orders", "pull")
    key = shop.rows("SELECT key FROM penalties ORDER BY key")[0]["key"]
    assert "orders pull: stopped after 1 tries; set it free with" in shop.run("why", key).out


def test_the_story_of_a_sku_has_amazons_request_ids(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(skus=12)
    shop.sandbox.world.omnitron.set_stock("SKU-000001", 77)
    shop.run("stock", "push")
    clock.advance(hours=1)
    shop.sandbox.world.omnitron.set_stock("SKU-000001", 78)
    shop.run("stock", "push")
    ran = shop.run("why", "SKU-000001")
    requests = [
        row.response_headers["x-amzn-requestid"]
        for row in shop.sandbox.exchanges
        if row.operation == "patchListingsItem"
    ]
    first, second = (ran.out.index(f"(request {request})") for request in requests)
    assert first < second  # newest last
    assert "stock push: sent: 77 (request " in ran.out
    assert "2026-11-23 10:00:00Z  Amazon was last told quantity 78" in ran.out
    assert "to be read back 2026-11-23 10:15:00Z (in 15 min)" in ran.out


def test_a_waiting_stock_says_what_for(shop: Shop) -> None:
    shop.sandbox.reset(skus=50)
    shop.run("stock", "push")
    ran = shop.run("why", "SKU-000050")
    assert ran.code == 0
    assert "waits since 2026-11-23 09:00:00Z (not_listed): the product is not listed" in ran.out


def test_a_sku_in_a_feed_says_which(shop: Shop, clock: FakeClock) -> None:
    shop.sandbox.reset(skus=12)
    shop.configure(stock={"patch_limit": 2})
    for row in shop.sandbox.world.omnitron.snapshot("stocks"):
        shop.sandbox.world.omnitron.set_stock(row["sku"], 77)
    shop.run("stock", "push")
    feed = shop.sandbox.world.amazon.snapshot("feeds")[0]["feedId"]
    ran = shop.run("why", "A/B+1 %")
    assert f"travels with feed {feed} (submitted, quantity 77), begun 2026-11-23" in ran.out
    assert shop.run("why", "A/B+1 %", "--json").json["feeds"] == [
        {"feed_id": feed, "state": "submitted", "quantity": 77}
    ]
    clock.advance(minutes=30)
    shop.run("stock", "push")
    assert shop.run("why", "A/B+1 %", "--json").json["feeds"] == []


def test_an_order_of_another_channel_is_not_told(
    shop: Shop, clock: FakeClock, tmp_path: object
) -> None:
    shop.sandbox.reset(orders=3, skus=12, plain=True)
    shop.run("orders", "pull")
    order_id = shop.sandbox.world.amazon.snapshot("orders")[0]["orderId"]
    other = Shop(shop.sandbox, clock, shop.folder, channel=2)
    assert other.run("why", order_id).code == 1
    assert shop.run("why", order_id).code == 0


def test_a_key_is_needed(shop: Shop) -> None:
    ran: Ran = shop.run("why")
    assert (ran.code, ran.out) == (2, "")
    assert "KEY" in ran.err
