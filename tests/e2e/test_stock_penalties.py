"""Records of `stock push` that failed: when they are tried again, and who is never to blame."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.stock_shop import (
    action,
    answered,
    batches,
    change,
    channel,
    dirty,
    listed,
    live,
    live_now,
    locked,
    penalties,
    push,
    refuse,
    relent,
    stock_pk,
)
from tests.shop import Shop

MANUAL = {"RETRY_INTERVAL": 28_800, "EXPIRATION_DATE": 57_601, "MAX_RETRY_COUNT": 2}


def configure(shop: Shop, settings: dict[str, int], **more: Any) -> None:
    """The same settings here and in Omnitron, as a brand keeps them."""
    shop.configure(failed_integration={"productstock": settings}, **more)
    channel(shop).row["conf"]["FAILED_INTEGRATION"]["productstock"] = settings


def failing(shop: Shop, settings: dict[str, int]) -> str:
    """A SKU with a changed stock that Amazon refuses; it has failed once."""
    shop.sandbox.reset(skus=20)
    configure(shop, settings)
    (sku,) = change(shop, listed(shop, 1))
    refuse(shop, sku)
    ran = push(shop, code=1)
    assert sku in ran.err
    shop.forget_calls()
    return sku


def tries(shop: Shop, seconds: int, step: int) -> list[int]:
    """When, in seconds from now, a run every `step` seconds sends something."""
    found = []
    for second in range(0, seconds, step):
        shop.run("stock", "push")
        if shop.calls("amazon")["patchListingsItem"]:
            found.append(second)
            shop.forget_calls()
        shop.clock.advance(seconds=step)
    return found


def test_with_the_manuals_numbers_tries_fall_at_0_28800_and_57600_seconds(shop: Shop) -> None:
    sku = failing(shop, MANUAL)

    assert tries(shop, 122_400, 7_200) == [28_800, 57_600]
    assert penalties(shop)[sku]["stopped"] == 1
    assert penalties(shop)[sku]["failures"] == 3


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"RETRY_INTERVAL": 600, "EXPIRATION_DATE": 86_400, "MAX_RETRY_COUNT": 0}, []),
        ({"RETRY_INTERVAL": 600, "EXPIRATION_DATE": 86_400, "MAX_RETRY_COUNT": 1}, [600]),
        (
            {"RETRY_INTERVAL": 600, "EXPIRATION_DATE": 86_400, "MAX_RETRY_COUNT": 4},
            [600, 1_200, 1_800, 2_400],
        ),
        ({"RETRY_INTERVAL": 600, "EXPIRATION_DATE": 1_300, "MAX_RETRY_COUNT": 9}, [600, 1_200]),
    ],
)
def test_retries_end_with_their_number_or_their_time(
    shop: Shop, settings: dict[str, int], expected: list[int]
) -> None:
    sku = failing(shop, settings)

    assert tries(shop, 3_300, 300) == expected
    assert penalties(shop)[sku]["stopped"] == 1


def test_a_penalised_record_goes_out_when_its_time_has_come_and_is_free_after_it(
    shop: Shop,
) -> None:
    sku = failing(shop, MANUAL)
    relent(shop, sku)
    shop.sandbox.world.omnitron.set_stock(sku, 77)

    shop.clock.advance(seconds=28_799)
    assert push(shop, "--json").json["counts"].get("sent", 0) == 0
    assert live(shop, [sku]) != {sku: 77}
    shop.clock.advance(seconds=1)
    push(shop)

    assert live(shop, [sku]) == {sku: 77}
    assert (penalties(shop), dirty(shop), locked(shop)) == ({}, 0, [])


def test_a_changed_retry_interval_applies_from_the_next_failure_on(shop: Shop) -> None:
    failing(shop, {"RETRY_INTERVAL": 3_600, "EXPIRATION_DATE": 90_000, "MAX_RETRY_COUNT": 9})
    configure(shop, {"RETRY_INTERVAL": 600, "EXPIRATION_DATE": 90_000, "MAX_RETRY_COUNT": 9})

    assert tries(shop, 5_400, 300) == [3_600, 4_200, 4_800]


def test_a_record_omnitron_penalises_too_goes_out_when_the_sqlite_table_says_so(
    shop: Shop,
) -> None:
    shop.sandbox.reset(skus=20)
    here = {"RETRY_INTERVAL": 600, "EXPIRATION_DATE": 86_400, "MAX_RETRY_COUNT": 2}
    shop.configure(failed_integration={"productstock": here})
    channel(shop).row["conf"]["FAILED_INTEGRATION"]["productstock"] = {
        "RETRY_INTERVAL": 900_000,
        "EXPIRATION_DATE": 900_000,
        "MAX_RETRY_COUNT": 1,
    }
    (sku,) = change(shop, listed(shop, 1))
    refuse(shop, sku)
    push(shop, code=1)
    assert channel(shop).penalised("productstock", stock_pk(shop, sku))
    relent(shop, sku)
    shop.forget_calls()

    shop.clock.advance(seconds=600)
    push(shop)

    operations = [row.operation for row in shop.sandbox.exchanges]
    assert operations.index("failed_integrations.delete") < operations.index("patchListingsItem")
    assert live(shop, [sku]) == {sku: 501}
    assert action(shop, sku).status == "success"
    assert not channel(shop).penalised("productstock", stock_pk(shop, sku))


def test_a_record_only_sqlite_penalises_is_paged_past_and_holds_up_no_other(shop: Shop) -> None:
    shop.sandbox.reset(skus=250)
    shop.configure(failed_integration={"productstock": MANUAL})
    # Omnitron forgets its penalties at once: its pages stay full of what must not go out.
    channel(shop).row["conf"]["FAILED_INTEGRATION"]["productstock"] = {
        "RETRY_INTERVAL": 0,
        "EXPIRATION_DATE": 900_000,
        "MAX_RETRY_COUNT": 99,
    }
    bad = change(shop, listed(shop, 120))
    refuse(shop, *bad)
    push(shop, code=1)
    shop.forget_calls()
    good = change(shop, listed(shop)[200:203])

    ran = push(shop, "--json")

    counts = ran.json["counts"]
    assert (counts["held"], counts["sent"], counts.get("failed", 0)) == (120, 3, 0)
    assert answered(shop, "patchListingsItem") == 3
    assert live(shop, good) == good


def test_what_is_refused_in_a_patch_is_told_to_omnitron_and_the_rest_goes_through(
    shop: Shop,
) -> None:
    shop.sandbox.reset(skus=20)
    values = change(shop, listed(shop, 8))
    invalid, gone = list(values)[2], list(values)[5]
    refuse(shop, invalid)
    shop.sandbox.world.amazon.listings.delete(gone, shop.sandbox.world.amazon.now())
    shop.clock.advance(minutes=2)
    shop.sandbox.world.amazon.settle()

    ran = push(shop, code=1)

    assert set(penalties(shop)) == {invalid, gone}
    assert "not found" in penalties(shop)[gone]["reason"]
    assert "lead_time" in penalties(shop)[invalid]["reason"]
    assert penalties(shop)[invalid]["request_id"]
    assert invalid in ran.err and gone in ran.err
    fine = {sku: value for sku, value in values.items() if sku not in (invalid, gone)}
    assert live(shop, fine) == fine
    failed = shop.sandbox.world.omnitron.snapshot("failed_integrations")
    assert {row["object_id"] for row in failed} == {stock_pk(shop, sku) for sku in (invalid, gone)}
    assert {row["reason_type"] for row in failed} == {"remote"}
    reports = shop.sandbox.world.omnitron.snapshot("error_reports")
    told = {row["action_object_id"]: row["error_desc"] for row in reports}
    assert told[stock_pk(shop, gone)] == penalties(shop)[gone]["reason"]
    assert batches(shop) == ["done"]


def test_an_error_report_omnitron_does_not_take_changes_nothing(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    (sku,) = change(shop, listed(shop, 1))
    refuse(shop, sku)
    shop.sandbox.faults.add("server_error_before", "error_reports.create", "omnitron", times=4)

    push(shop, code=1)

    assert set(penalties(shop)) == {sku}
    assert batches(shop) == ["done"]


def test_throttling_penalises_nobody_and_ends_well_until_an_hour_is_over(shop: Shop) -> None:
    shop.sandbox.reset(skus=40)
    values = change(shop, listed(shop, 30))
    shop.sandbox.faults.add("throttle", "patchListingsItem", times=100_000)

    for _ in range(6):
        push(shop)
        shop.clock.advance(minutes=10)
    push(shop, code=5)

    assert not penalties(shop)
    assert locked(shop) == []
    # After the first refusal nothing new is begun: the eight in flight give up by themselves.
    assert shop.calls("amazon")["patchListingsItem"] <= 7 * 8 * 4
    shop.sandbox.faults.clear()
    push(shop)
    assert live(shop, values) == values


@pytest.mark.parametrize("fault", ["server_error_before", "cut_before", "cut_after", "html"])
def test_an_outage_of_amazon_penalises_nobody(shop: Shop, fault: str) -> None:
    shop.sandbox.reset(skus=40)
    values = change(shop, listed(shop, 30))
    shop.sandbox.faults.add(fault, "patchListingsItem", times=100_000, after=10)

    push(shop, code=5)

    assert not penalties(shop)
    assert locked(shop) == []
    assert batches(shop) == ["fail"]
    shop.sandbox.faults.clear()
    shop.clock.advance(minutes=1)
    push(shop)
    assert live(shop, values) == values
    assert (dirty(shop), locked(shop)) == (0, [])


@pytest.mark.parametrize("operation", ["batch_requests.create", "batch_requests.patch"])
def test_an_outage_of_omnitron_penalises_nobody(shop: Shop, operation: str) -> None:
    shop.sandbox.reset(skus=40)
    shop.configure(stock={"patch_limit": 5})
    values = change(shop, listed(shop, 30))
    shop.sandbox.faults.add("server_error_after", operation, "omnitron", times=100_000)

    push(shop, code=5)
    shop.clock.advance(minutes=1)
    shop.sandbox.faults.clear()
    push(shop)
    shop.clock.advance(minutes=6)
    push(shop)

    assert not penalties(shop)
    assert live(shop, values) == values
    assert (dirty(shop), locked(shop)) == (0, [])
    assert answered(shop, "createFeed", 202) == 1


def test_what_was_refused_before_an_outage_stays_refused(shop: Shop) -> None:
    shop.sandbox.reset(skus=40)
    shop.configure(http={"in_flight": 1})
    values = change(shop, listed(shop, 10))
    bad = next(iter(values))
    refuse(shop, bad)
    shop.sandbox.faults.add("server_error_before", "patchListingsItem", times=1_000, after=5)

    push(shop, code=5)

    assert set(penalties(shop)) == {bad}


def test_a_stock_that_cannot_be_read_is_penalised_and_freed_once_it_can(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    settings = {"RETRY_INTERVAL": 600, "EXPIRATION_DATE": 86_400, "MAX_RETRY_COUNT": 2}
    configure(shop, settings)
    values = change(shop, listed(shop, 3))
    broken = list(values)[1]
    row = channel(shop).stocks.get(stock_pk(shop, broken))
    assert row is not None
    row.stock = "many"  # type: ignore[assignment]  # that is the fault

    push(shop, code=1)
    key = f"stock {row.pk}"
    assert set(penalties(shop)) == {key}
    shop.clock.advance(seconds=600)
    push(shop, code=1)
    assert penalties(shop)[key]["failures"] == 2
    row.stock = values[broken]
    shop.clock.advance(seconds=600)
    push(shop)

    assert not penalties(shop)
    assert live(shop, values) == values


def test_a_penalised_sku_that_left_omnitron_is_forgotten_instead_of_asked_for_ever(
    shop: Shop,
) -> None:
    sku = failing(shop, {"RETRY_INTERVAL": 600, "EXPIRATION_DATE": 9_000, "MAX_RETRY_COUNT": 9})
    stock = channel(shop).stocks.get(stock_pk(shop, sku))
    assert stock is not None
    channel(shop).stocks.remove(stock)
    channel(shop).refresh("productstock", stock.pk)

    shop.clock.advance(seconds=600)
    push(shop)

    assert not penalties(shop)
    (row,) = shop.rows("SELECT * FROM outcomes WHERE status = 'skipped'")
    assert (row["key"], row["code"]) == (sku, "no_stock")


def unlisted(shop: Shop) -> list[str]:
    """SKUs that are not linked yet."""
    known = set(listed(shop))
    return [row.sku for row in channel(shop).products if row.sku not in known]


def list_on_amazon(shop: Shop, *skus: str) -> None:
    """Link products: Amazon lists them with no stock, Omnitron has the integration action."""
    amazon = shop.sandbox.world.amazon
    model = amazon.listings.get(listed(shop, 1)[0])
    assert model is not None
    for sku in skus:
        (product,) = channel(shop).products.find("sku", sku)
        amazon.listings.put(
            sku, "HOME", model.submitted, shop.sandbox.credentials.marketplace_id, amazon.now()
        )
        date = product.modified_date
        channel(shop).add_action(
            "product", product.pk, date, remote_id=sku, status="success", synced=date
        )


def test_stock_of_a_product_not_yet_listed_waits_unpenalised_until_it_is_listed(
    shop: Shop,
) -> None:
    shop.sandbox.reset(skus=60)
    (sku,) = unlisted(shop)

    ran = push(shop, "--json")
    push(shop)

    assert ran.json["counts"] == {"waiting": 1}
    (waiting,) = shop.rows("SELECT * FROM waiting")
    assert (waiting["key"], waiting["code"]) == (sku, "not_listed")
    assert not penalties(shop) and not shop.calls("amazon")
    assert not shop.sandbox.world.omnitron.snapshot("failed_integrations")

    list_on_amazon(shop, sku)
    shop.sandbox.world.omnitron.set_stock(sku, 33)
    push(shop)

    assert not shop.rows("SELECT * FROM waiting")
    assert live(shop, [sku]) == {sku: 33}
    assert action(shop, sku).status == "success"


def make_unlisted(shop: Shop, count: int) -> list[str]:
    """Have so many more products that were never sent, before all others in the list."""
    chosen = listed(shop, count)
    for sku in chosen:
        (product,) = channel(shop).products.find("sku", sku)
        (stock,) = channel(shop).stocks.find("product", product.pk)
        for model, pk in (("product", product.pk), ("productstock", stock.pk)):
            row = channel(shop).action_of(model, pk)
            assert row is not None
            channel(shop).actions.remove(row)
            channel(shop).refresh(model, pk)
    return chosen


def test_thousands_that_wait_cost_a_few_calls_and_starve_nobody(shop: Shop) -> None:
    shop.sandbox.reset(skus=2_600)
    waiting = make_unlisted(shop, 2_000)
    (late,) = make_unlisted_but_listed(shop, 1)
    push(shop)
    most = 0
    for _ in range(9):
        shop.forget_calls()
        push(shop)
        most = max(most, shop.calls("omnitron").total())
        shop.clock.advance(minutes=1)

    # The list of changes, three pages of the never sent, their links and their SKUs.
    assert most <= 1 + 3 * (1 + 2 + 2) + 4
    assert live(shop, [late]) == {late: 4_711}
    held = shop.rows("SELECT key FROM waiting")
    assert {row["key"] for row in held} >= set(waiting)
    assert not penalties(shop)


def make_unlisted_but_listed(shop: Shop, count: int) -> list[str]:
    """Products at the end of the list that are linked, but whose stock was never sent."""
    chosen = listed(shop)[-count:]
    for sku in chosen:
        shop.sandbox.world.omnitron.set_stock(sku, 4_711)
        pk = stock_pk(shop, sku)
        row = channel(shop).action_of("productstock", pk)
        assert row is not None
        channel(shop).actions.remove(row)
        channel(shop).refresh("productstock", pk)
    return chosen


def test_a_catalogue_never_sent_before_goes_out_in_one_feed(shop: Shop) -> None:
    shop.sandbox.reset(skus=1_500)
    fresh = make_unlisted_but_listed(shop, 1_400)
    before = live_now(shop, fresh)

    push(shop)
    shop.clock.advance(minutes=6)
    push(shop)

    assert answered(shop, "createFeed", 202) == 1
    assert live(shop, fresh) == dict.fromkeys(fresh, 4_711) != before
    assert (dirty(shop), locked(shop)) == (0, [])
