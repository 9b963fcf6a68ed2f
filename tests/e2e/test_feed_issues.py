"""What a processing report objects to, told on each record with its attribute and its cure."""

from __future__ import annotations

from typing import Any

import pytest

from amzsync.sandbox.amazon import listings as listings_api
from amzsync.sandbox.amazon.attributes import issue
from tests.e2e.price_shop import price
from tests.e2e.product_shop import (
    SHIRT,
    add_product,
    add_products,
    buyable,
    dirty,
    open_catalogue,
    penalties,
    push,
    settle,
)
from tests.e2e.stock_shop import change, channel, listed, live, live_now, locked, warm
from tests.e2e.stock_shop import penalties as all_penalties
from tests.e2e.stock_shop import push as push_stock
from tests.e2e.test_stock_feed_results import answer, report_of
from tests.shop import Shop

INTERNAL = {"code": "4000000", "message": "An internal error has occurred. Please try again."}


def error(code: str, message: str, attribute: str = "", severity: str = "ERROR") -> dict[str, Any]:
    """An issue as a processing report has it."""
    named = {"attributeName": attribute} if attribute else {}
    return {"code": code, "severity": severity, "message": message, **named}


def trouble(attribute: str = "") -> dict[str, Any]:
    """An issue that is Amazon's own."""
    return error(INTERNAL["code"], INTERNAL["message"], attribute)


def report(shop: Shop, issues: dict[str, list[dict[str, Any]]]) -> None:
    """End the feed that is in flight with these issues of SKUs."""
    numbers = {
        row["sku"]: row["message_id"] for row in shop.rows("SELECT sku, message_id FROM feed_items")
    }
    rows = [{"messageId": numbers[sku], "sku": sku, **row} for sku in issues for row in issues[sku]]
    answer(shop, report_of(*rows, accepted=len(numbers) - len(issues)))
    shop.clock.advance(minutes=1)


@pytest.fixture
def sent(shop: Shop) -> Shop:
    """Seven products are on their way in a feed."""
    node = open_catalogue(shop, stock={"patch_limit": 5})["SHIRT"]
    add_products(shop, 7, node)
    assert push(shop, "--json").json["counts"] == {"submitted": 7}
    return shop


def test_a_product_refused_in_a_feed_is_penalised_with_attribute_and_cure(shop: Shop) -> None:
    node = open_catalogue(shop, stock={"patch_limit": 5})["SHIRT"]
    skus = add_products(shop, 6, node)
    add_product(shop, "KÖTÜ", node, {**SHIRT, "recommended_browse_nodes": "999"})
    push(shop)
    shop.clock.advance(minutes=6)
    ran = push(shop, code=1)
    reason = penalties(shop).pop("KÖTÜ")
    assert reason.startswith("recommended_browse_nodes: The value '999' for ")
    assert reason.endswith(" is invalid: mend it in Omnitron's Mapper")
    assert reason in ran.err
    (told,) = shop.sandbox.world.omnitron.snapshot("error_reports")
    assert reason in told["error_desc"]
    settle(shop)
    assert buyable(shop, skus) == set(skus)


@pytest.mark.parametrize(
    ("issues", "told"),
    [
        (
            [error("90220", "'[brand]' is required but not supplied.", "brand")],
            "brand: '[brand]' is required but not supplied: map it in Omnitron's Mapper",
        ),
        (
            [error("99022", "The field does not have enough values.", "bullet_point")],
            "bullet_point: The field does not have enough values: map it in Omnitron's Mapper",
        ),
        (
            [error("4000001", "The provided value for 'Hazmat' is invalid.", "hazmat")],
            "hazmat: The provided value for 'Hazmat' is invalid: mend it in Omnitron's Mapper",
        ),
        (
            [error("20000", "The picture is too small.", "main_product_image_locator")],
            "main_product_image_locator: The picture is too small: give the product another"
            " picture",
        ),
        (
            [error("90244", "The price is too low.", "purchasable_offer")],
            "purchasable_offer: The price is too low: check the price in Omnitron, and the prices"
            " allowed in Seller Central",
        ),
        (
            [error("90244", "The value '-1' is invalid.", "fulfillment_availability")],
            "fulfillment_availability: The value '-1' is invalid: check the stock in Omnitron, and"
            " the handling time on Amazon",
        ),
        (
            [error("5665", "The brand name is not approved.")],
            "The brand name is not approved: look at the listing in Seller Central",
        ),
        (
            [
                error("8", "Odd.", "color", "WARNING"),
                error("90220", "Required.", "brand"),
                error("18", "Good to know.", "size", "INFO"),
                error("90244", "Invalid.", "color"),
                error("90220", "Required.", "brand"),
            ],
            "brand: Required: map it in Omnitron's Mapper; color: Invalid: mend it in Omnitron's"
            " Mapper",
        ),
        (
            [trouble("brand"), error("90244", "Invalid.", "color")],
            "color: Invalid: mend it in Omnitron's Mapper",
        ),
    ],
)
def test_every_issue_of_a_product_in_a_report_names_attribute_and_cure(
    sent: Shop, issues: list[dict[str, Any]], told: str
) -> None:
    report(sent, {"URUN-0003": issues})
    counts = push(sent, "--json", code=1).json["counts"]
    assert (counts["sent"], counts["failed"]) == (6, 1)
    assert penalties(sent) == {"URUN-0003": told}
    first = next(row for row in issues if row["severity"] == "ERROR" and row != trouble("brand"))
    (penalty,) = sent.rows("SELECT code FROM penalties")
    assert penalty["code"] == first["code"]


def test_a_warning_alone_refuses_nothing(sent: Shop) -> None:
    report(sent, {"URUN-0003": [error("8", "Odd.", "color", "WARNING")]})
    assert push(sent, "--json").json["counts"]["sent"] == 7
    assert penalties(sent) == {}


def test_a_refusal_that_is_amazons_own_trouble_penalises_nobody_and_is_sent_again(
    sent: Shop,
) -> None:
    report(sent, {"URUN-0003": [trouble()], "URUN-0005": [error("90220", "Required.", "brand")]})
    ran = push(sent, "--json", code=1).json
    assert [row["key"] for row in ran["failures"]] == ["URUN-0005"]
    (waiting,) = ran["waiting"]
    assert (waiting["key"], waiting["code"]) == ("URUN-0003", "amazons_trouble")
    assert waiting["reason"] == (
        "An internal error has occurred. Please try again: Amazon's own trouble, it is sent again"
    )
    assert set(penalties(sent)) == {"URUN-0005"}
    (failed,) = sent.sandbox.world.omnitron.snapshot("failed_integrations")
    (product,) = channel(sent).products.find("sku", "URUN-0005")
    assert failed["object_id"] == product.pk

    assert sent.calls("amazon")["putListingsItem"] == 1  # by the same run, once the feed was over
    settle(sent)
    assert buyable(sent, ["URUN-0003"]) == {"URUN-0003"}
    assert sent.rows("SELECT * FROM waiting") == []
    assert locked(sent) == [] and sent.rows("SELECT * FROM fences") == []


def test_amazons_trouble_with_one_product_holds_up_no_other_and_ends_by_itself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = open_catalogue(shop)["SHIRT"]
    skus = add_products(shop, 4, node)
    check = listings_api.put_issues
    struck: list[dict[str, Any]] = []

    def troubled(world: Any, body: dict[str, Any], place: str) -> Any:
        (code,) = body["attributes"]["externally_assigned_product_identifier"]
        if code["value"] != f"869{barcode:010d}" or len(struck) == 3:
            return check(world, body, place)
        struck.append(body)
        return [{**issue(INTERNAL["code"], INTERNAL["message"], "brand"), "categories": []}]

    (product,) = channel(shop).products.find("sku", skus[1])
    barcode = product.pk
    monkeypatch.setattr(listings_api, "put_issues", troubled)
    assert push(shop, "--json").json["counts"] == {"sent": 3, "waiting": 1}
    assert push(shop, "--amazon-validate", "--json").json["counts"] == {"waiting": 1}
    told = shop.run("products", "trigger", skus[1], "--json")
    assert "Amazon's own trouble" in told.json["failures"][0]["reason"]  # it was tried
    assert len(struck) == 3 and penalties(shop) == {}
    assert push(shop, "--json").json["counts"] == {"sent": 1}
    settle(shop)
    assert buyable(shop, skus) == set(skus)
    assert dirty(shop) == {"inserts": [], "updates": []}
    assert shop.run("stock", "push", "--json", "--force").json["counts"] == {}


def test_amazons_trouble_with_stock_leaves_it_to_the_next_run(shop: Shop) -> None:
    shop.sandbox.reset(skus=40)
    shop.configure(stock={"patch_limit": 5})
    values = change(shop, listed(shop, 30))
    first, second = list(values)[:2]
    push_stock(shop)
    report(shop, {first: [trouble()], second: [error("90220", "Required.", "brand")]})
    counts = push_stock(shop, "--json", code=1).json["counts"]
    assert (counts["waiting"], counts["failed"], counts["sent"]) == (1, 1, 29)
    assert set(all_penalties(shop)) == {second}
    assert live(shop, [first]) == {first: values[first]}
    assert shop.rows("SELECT * FROM waiting") == []


def test_what_amazon_applied_in_spite_of_its_trouble_is_put_right(shop: Shop) -> None:
    shop.sandbox.reset(skus=40)
    warm(shop)
    shop.configure(stock={"patch_limit": 5})
    skus = listed(shop, 30)
    before = live_now(shop, skus)
    change(shop, skus)
    push_stock(shop)
    shop.clock.advance(minutes=6)
    assert live_now(shop, skus) != before
    report(shop, {skus[0]: [trouble()]})
    shop.sandbox.world.omnitron.set_stock(skus[0], before[skus[0]] or 0)
    push_stock(shop)
    assert live(shop, skus[:1]) == {skus[0]: before[skus[0]]}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            error("90244", "The value '-1' is invalid.", "fulfillment_availability"),
            "fulfillment_availability: The value '-1' is invalid: check the stock in Omnitron, and"
            " the handling time on Amazon",
        ),
        (error("90220", "Required.", "brand"), "brand: Required."),
    ],
)
def test_an_issue_of_a_stock_names_no_cure_it_has_not(
    shop: Shop, found: dict[str, Any], told: str
) -> None:
    shop.sandbox.reset(skus=40)
    shop.configure(stock={"patch_limit": 5})
    sku, *_ = change(shop, listed(shop, 30))
    push_stock(shop)
    report(shop, {sku: [found]})
    push_stock(shop, code=1)
    assert all_penalties(shop)[sku]["reason"] == told


def test_a_price_refused_in_a_feed_tells_where_to_look(shop: Shop) -> None:
    shop.sandbox.reset(skus=40)
    shop.configure(flags={"send_updated_product_price": True}, stock={"patch_limit": 2})
    skus = listed(shop, 4)
    for sku in skus:
        shop.sandbox.world.omnitron.set_price(sku, price(shop, sku) + 1)
    assert shop.run("prices", "push").code == 0
    report(shop, {skus[0]: [error("90244", "Potential pricing error.", "purchasable_offer")]})
    assert shop.run("prices", "push").code == 1
    assert all_penalties(shop)[skus[0]]["reason"] == (
        "purchasable_offer: Potential pricing error: check the price in Omnitron, and the prices"
        " allowed in Seller Central"
    )
