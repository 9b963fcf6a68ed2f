"""The server around both far sides: routing, faults, control, counts."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from amzsync.sandbox.server import Sandbox
from tests.unit.sandbox.amazon_api import Api, stock

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
SKU = "SKU-000001"


def patched_to(api: Api, sku: str = SKU) -> Any:
    return api.item(sku)["attributes"]["fulfillment_availability"][0]["quantity"]


def test_an_unknown_path_is_404_in_each_sides_words(api: Api) -> None:
    amazon = api.call("GET", "/orders/v9/orders")
    assert (amazon.status_code, amazon.json()["errors"][0]["code"]) == (404, "NotFound")
    omnitron = api.http.get(f"{api.sandbox.omnitron_url}/api/v1/nothing/")
    assert (omnitron.status_code, omnitron.json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize(
    ("kind", "options", "status"),
    [
        ("throttle", {}, 429),
        ("server_error_before", {}, 503),
        ("server_error_before", {"status": 500}, 500),
        ("html", {}, 502),
        ("html", {"status": 400}, 400),
    ],
)
def test_a_fault_before_the_effect_leaves_none(
    api: Api, kind: str, options: dict[str, Any], status: int
) -> None:
    before = patched_to(api)
    api.sandbox.faults.add(kind, "patchListingsItem", **options)
    assert api.patch(SKU, stock(321)).status_code == status
    assert patched_to(api) == before
    assert api.patch(SKU, stock(321)).status_code == 200
    assert patched_to(api) == 321


@pytest.mark.parametrize(
    ("options", "status", "content_type"),
    [({}, 502, "text/html"), ({"status": 503, "html": False}, 503, "application/json")],
)
def test_a_server_error_after_the_effect_has_done_it(
    api: Api, options: dict[str, Any], status: int, content_type: str
) -> None:
    api.sandbox.faults.add("server_error_after", "patchListingsItem", **options)
    answer = api.patch(SKU, stock(321))
    assert (answer.status_code, answer.headers["content-type"]) == (status, content_type)
    assert patched_to(api) == 321


@pytest.mark.parametrize(
    ("kind", "done"), [("cut_before", False), ("cut_after", True), ("hang_after", True)]
)
def test_a_cut_connection_gives_no_answer(api: Api, kind: str, done: bool) -> None:
    api.sandbox.faults.add(kind, "patchListingsItem", seconds=0.01)
    with pytest.raises(httpx.RemoteProtocolError):
        api.patch(SKU, stock(321))
    assert (patched_to(api) == 321) is done
    assert api.sandbox.exchanges[-2].status == 0


def test_a_truncated_answer_is_broken_json_or_ends_too_soon(api: Api) -> None:
    api.sandbox.faults.add("truncated", "getMarketplaceParticipations")
    answer = api.call("GET", PARTICIPATIONS)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()
    api.sandbox.faults.add("truncated", "getMarketplaceParticipations", length="full")
    with pytest.raises(httpx.RemoteProtocolError):
        api.call("GET", PARTICIPATIONS)


def test_an_expired_token_stays_refused_until_it_is_exchanged(api: Api) -> None:
    api.sandbox.faults.add("expired_token", "getMarketplaceParticipations")
    assert api.call("GET", PARTICIPATIONS).status_code == 403
    assert api.call("GET", PARTICIPATIONS).status_code == 403
    api.log_in()
    assert api.call("GET", PARTICIPATIONS).status_code == 200


def test_a_repeated_page_gives_the_same_orders_and_the_same_token(api: Api) -> None:
    api.sandbox.world.add_orders(3, age=3600)
    first = api.search(maxResultsPerPage=1).json()
    token = first["pagination"]["nextToken"]
    api.sandbox.faults.add("repeated_page", "searchOrders")
    assert api.search(maxResultsPerPage=1, paginationToken=token).json() == first
    assert api.search(maxResultsPerPage=1, paginationToken=token).json() != first


def test_faults_skip_the_calls_before_and_strike_as_often_as_told(api: Api) -> None:
    api.sandbox.faults.add("throttle", "getMarketplaceParticipations", after=1, times=2)
    statuses = [api.call("GET", PARTICIPATIONS).status_code for _ in range(4)]
    assert statuses == [200, 429, 429, 200]
    assert api.sandbox.faults.struck == {"throttle": 2}


def test_random_faults_are_the_same_for_the_same_seed(api: Api) -> None:
    def run() -> list[int]:
        api.control("POST", "faults", {"chance": 0.5, "kinds": ["throttle"], "seed": 4})
        return [api.exchange().status_code for _ in range(20)]

    first = run()
    assert set(first) == {200, 429}
    assert run() == first


def test_a_fault_for_omnitron_speaks_omnitrons_words(api: Api) -> None:
    api.sandbox.faults.add("throttle", "*", "omnitron")
    url = f"{api.sandbox.omnitron_url}/api/v1/channel/1/product_stocks/"
    throttled = api.http.get(url)
    assert throttled.status_code == 429
    assert (throttled.headers["retry-after"], "detail" in throttled.json()) == ("60", True)


def test_control_refuses_what_it_does_not_know(api: Api) -> None:
    refused = api.control("POST", "faults", {"kind": "meteor", "operation": "*"})
    assert "unknown fault 'meteor'" in refused["error"]
    refused = api.control("POST", "faults", {"kind": "throttle", "operation": "searchOrder"})
    assert "no operation 'searchOrder'" in refused["error"]
    assert "error" in api.control("GET", "wishes")
    assert "error" in api.control(
        "PATCH", "amazon/orders/403-0000000-0000000", {"status": "SHIPPED"}
    )
    assert "error" in api.control("GET", "state?side=amazon&kind=wishes")
    assert "error" in api.control("POST", "delays", {"wishes": 1})


def test_control_seeds_moves_time_counts_and_resets(api: Api) -> None:
    ids = api.control("POST", "amazon/orders", {"count": 2, "age": 600})["orderIds"]
    api.control("PATCH", f"amazon/orders/{ids[0]}", {"cancelled_by": "BUYER"})
    assert api.control("GET", "state")["amazon"]["order_statuses"] == {
        "CANCELLED": 1,
        "UNSHIPPED": 1,
    }
    before = api.sandbox.clock.now()
    api.control("POST", "advance", {"seconds": 90})
    assert (api.sandbox.clock.now() - before).total_seconds() == 90
    api.call("GET", PARTICIPATIONS)
    assert api.control("GET", "calls")["amazon"]["getMarketplaceParticipations"] == 1
    assert api.control("DELETE", "calls") == {"amazon": {}, "omnitron": {}}
    after = api.control("POST", "reset", {"orders": 7, "skus": 20, "seed": 3})
    assert (after["amazon"]["orders"], after["amazon"]["listings"]) == (7, 20)
    assert api.call("GET", PARTICIPATIONS).status_code == 403


def test_control_sets_how_long_amazon_takes(api: Api) -> None:
    assert api.control("POST", "delays", {"apply": 5})["apply"] == 5
    api.patch(SKU, stock(77))
    api.time.pass_by(5)
    assert api.item(SKU)["fulfillmentAvailability"][0]["quantity"] == 77


def test_an_order_handed_in_whole_is_kept_as_it_is(api: Api) -> None:
    made = api.sandbox.world.add_orders(1, age=600)[0]
    order = api.sandbox.world.amazon.orders.get(made)
    assert order is not None
    order["orderId"] = "403-7654321-1234567"
    assert api.control("POST", "amazon/orders", order) == {"orderIds": [order["orderId"]]}
    assert api.order(order["orderId"])["orderId"] == order["orderId"]


def test_control_reaches_omnitrons_stock(api: Api) -> None:
    api.control("POST", "omnitron/stocks", {SKU: 17})
    stocks = api.control("GET", "state?side=omnitron&kind=stocks")
    assert {row["stock"] for row in stocks if row["sku"] == SKU and row["channel"] == 1} == {17}


def test_exchanges_keep_what_went_over_the_wire(api: Api) -> None:
    api.patch("A/B+1 %", stock(3))
    exchange = api.sandbox.exchanges[-1]
    assert exchange.path.endswith("/A%2FB%2B1%20%25")
    assert (exchange.side, exchange.operation, exchange.status) == (
        "amazon",
        "patchListingsItem",
        200,
    )
    assert b'"quantity":3' in exchange.request_body
    assert api.sandbox.count("patchListingsItem") == 1


def test_a_chunked_body_is_refused(api: Api) -> None:
    answer = api.call("POST", "/feeds/2021-06-30/documents", content=iter([b"{}"]))
    assert answer.status_code == 411


def test_parallel_calls_are_all_answered_and_counted(api: Api) -> None:
    statuses: list[int] = []

    def work() -> None:
        with httpx.Client() as client:
            url = api.sandbox.amazon_url + PARTICIPATIONS
            statuses.extend(client.get(url).status_code for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [403] * 80
    assert api.sandbox.count("getMarketplaceParticipations", "amazon") == 80


def test_time_can_run_faster_and_be_advanced() -> None:
    sandbox = Sandbox(time_scale=3600)
    before = sandbox.clock.now()
    sandbox.clock.advance(86_400)
    assert (sandbox.clock.now() - before).total_seconds() >= 86_400
    sandbox.stop()


def test_a_world_with_orders_always_has_goods() -> None:
    sandbox = Sandbox(orders=3)
    assert len(sandbox.world.products) == 12
    sandbox.stop()


def test_the_same_arguments_grow_the_same_world(api: Api) -> None:
    def grown() -> list[Any]:
        api.control("POST", "reset", {"orders": 30, "skus": 30, "seed": 9})
        return [
            api.control("GET", f"state?side=amazon&kind={kind}") for kind in ("orders", "listings")
        ]

    first = grown()
    assert len(first[0]) == 30
    assert grown() == first
