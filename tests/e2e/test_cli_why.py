"""`amzsync why`: the story of one record, from the state alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amzsync.sandbox.amazon.orderchanges import change_order
from amzsync.state.invoices import InvoiceRow
from amzsync.state.packages import Package
from amzsync.state.returns import Return
from amzsync.state.state import State
from tests.amazon_orders import line, order, place
from tests.shop import FakeClock, Ran, Shop

PENALTY = {"RETRY_INTERVAL": 3600, "EXPIRATION_DATE": 86400, "MAX_RETRY_COUNT": 2}


def test_what_is_not_known_is_said_and_exit_1(shop: Shop) -> None:
    ran = shop.run("why", "A-1")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("nothing is known of A-1 on channel 1; ")
    found = shop.run("why", "A-1", "--json")
    assert (found.code, found.json["known"], found.json["events"]) == (1, False, [])
    assert found.json["sale"] is None
    assert f"  amzsync products push --dry-run --only A-1 --config {shop.config}"[2:] in ran.err
    order = shop.run("why", "403-0000001-0000001").err
    assert f"amzsync orders recover 403-0000001-0000001 --config {shop.config}" in order
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
    for corner in shop.sandbox.world.amazon.snapshot("orders")[4::5]:
        told = "".join(
            shop.run("why", corner["orderId"], *words).out for words in ((), ("--json",), ("-vv",))
        )
        address = corner.get("recipient", {}).get("deliveryAddress", {})
        private = [
            corner.get("buyer", {}).get("buyerEmail"),
            corner.get("buyer", {}).get("buyerName"),
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
    told = f"travels with feed {feed} (submitted, quantity 77), begun 2026-11-23 09:00:00Z"
    assert f"{told}; batch request 1\n" in ran.out
    assert shop.run("why", "A/B+1 %", "--json").json["feeds"] == [
        {"feed_id": feed, "state": "submitted", "batch": 1, "values": {"quantity": "77"}}
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


ORDER, NUMBER = "403-0000001-1234567", "AMZ40300000011234567"


@pytest.fixture
def pulled(shop: Shop) -> Shop:
    """A channel with one imported order of two lines."""
    shop.sandbox.reset(skus=12)
    shop.configure(order_number_format="AMZ{n1}{n2}{n3}")
    lines = [line(quantity=2), line("SKU-000002", item_id="2")]
    place(shop.sandbox, order(1, lines))
    assert shop.run("orders", "pull").code == 0
    return shop


def test_an_order_is_found_by_its_number_in_omnitron(pulled: Shop) -> None:
    told = pulled.run("why", NUMBER)
    assert (told.code, told.out) == (0, pulled.run("why", ORDER).out)
    found = pulled.run("why", NUMBER, "--json").json
    assert (found["key"], found["order"]["order_id"]) == (ORDER, ORDER)
    assert found["order"]["number"] == NUMBER


def test_the_story_tells_when_an_order_was_first_and_last_seen(pulled: Shop) -> None:
    pulled.clock.advance(minutes=10)
    pulled.sandbox.world.amazon.orders.change(
        ORDER, lambda each: change_order(each, {"status": "SHIPPED"})
    )
    pulled.clock.advance(minutes=10)
    pulled.run("orders", "pull")
    told = pulled.run("why", ORDER).out
    assert "2026-11-23 09:00:00Z  first seen at Amazon" in told
    assert "2026-11-23 09:20:00Z  taken in from Amazon as SHIPPED" in told
    assert "linked in Omnitron" in told
    found = pulled.run("why", ORDER, "--json").json["order"]
    assert found["first_seen_at"] == "2026-11-23T09:00:00+00:00"
    assert found["seen_at"] == "2026-11-23T09:20:00+00:00"


def test_the_story_tells_of_a_wish_to_cancel_and_of_cancelled_units(pulled: Shop) -> None:
    book = pulled.sandbox.world.amazon.orders
    book.change(ORDER, lambda each: change_order(each, {"cancellation_requested": "CHANGED_MIND"}))
    pulled.clock.advance(minutes=10)
    pulled.run("orders", "pull")
    assert "the buyer asks to cancel it: CHANGED_MIND" in pulled.run("why", ORDER).out

    wish = {"cancel_items": {"1": 1}, "cancelled_by": "BUYER", "cancel_reason": "CHANGED_MIND"}
    book.change(ORDER, lambda each: change_order(each, wish))
    pulled.clock.advance(minutes=10)
    pulled.run("orders", "pull")
    told = pulled.run("why", ORDER).out
    line_told = "cancelled on Amazon by BUYER (CHANGED_MIND): SKU-000001, units left: 1"
    assert line_told in told
    assert "Omnitron is still to be told of the cancellation (asked 0x)" in told
    found = pulled.run("why", ORDER, "--json").json["order"]
    assert found["cancellation_told"] is False
    assert found["cancelled"] == [
        {
            "order_item_id": "1",
            "sku": "SKU-000001",
            "standing": 1,
            "cancelled_by": "BUYER",
            "reason": "CHANGED_MIND",
        }
    ]


def test_the_story_tells_of_packages_invoices_and_returns(pulled: Shop) -> None:
    now = pulled.clock.now()
    state = State.open(pulled.state, pulled.clock)
    first = Package(ORDER, 1, "YK1", "yurtici", {7: "1"}, "{1}")
    for package in (first, Package(ORDER, 2, "YK2", "yurtici", {8: "1", 9: "2"}, "{2}")):
        state.packages.want("1", package)
    state.packages.confirmed("1", ORDER, 1, now)
    invoice = InvoiceRow("1", ORDER, "INV1", 5, "submitting", None, now, "", "", told=False)
    state.invoices.claim(invoice, period=timedelta(hours=1), limit=9)
    state.invoices.submitted(invoice, "feed-9")
    state.invoices.answered(invoice, "refused", now, "4711", "no VAT number")
    sent_back = Return(ORDER, "RMA1", "SKU-000001", 1, "CR-DEFECTIVE", "Approved", now)
    late = Return(ORDER, "RMA2", "SKU-000002", 1, "CR-OTHER", "Approved", now)
    state.returns.take("1", [sent_back, late], now)
    state.returns.made("1", sent_back, 1, 7, (55, "v1"))
    state.returns.decide("1", sent_back, "requested")
    state.returns.decide("1", late, "ignored", "too_late", "asked for after 7 days")
    state.close()

    pulled.forget_calls()
    told = pulled.run("why", ORDER).out.splitlines()
    assert "package 1 (yurtici YK1, units: 1): confirmed to Amazon" in told
    assert "package 2 (yurtici YK2, units: 2): asked of Amazon and not answered" in told
    invoiced = "invoice INV1 handed over as feed feed-9 2026-11-23 09:00:00Z, refused (4711)"
    assert f"{invoiced}: no VAT number" in told
    asked = "asked for 2026-11-23 09:00:00Z"
    assert f"return RMA1, 1 x SKU-000001 (CR-DEFECTIVE), {asked}: requested" in told
    assert "  request 55 for unit 1: in Omnitron, its link is still to be made" in told
    ignored = f"return RMA2, 1 x SKU-000002 (CR-OTHER), {asked}: ignored (too_late)"
    assert f"{ignored}: asked for after 7 days" in told

    found = pulled.run("why", ORDER, "--json").json["order"]
    assert [row["confirmed"] for row in found["packages"]] == [True, False]
    assert [(row["number"], row["state"]) for row in found["invoices"]] == [("INV1", "refused")]
    assert [row["state"] for row in found["returns"]] == ["requested", "ignored"]
    assert found["returns"][0]["requests"] == [{"unit": 1, "request_id": 55, "state": "made"}]
    assert not pulled.calls()
