"""`stock push` through the command line: what travels which way, and what it costs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amzsync.sandbox.amazon.quotas import PLANS
from tests.e2e.stock_shop import (
    BATCH_PATCH,
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
    push,
    warm,
)
from tests.shop import Shop


def test_three_changed_stocks_are_three_patches(shop: Shop) -> None:
    shop.sandbox.reset(skus=50)
    values = change(shop, listed(shop, 3))

    ran = push(shop)

    assert (ran.out, ran.err) == ("", "")
    assert shop.calls("amazon") == {"getAccessToken": 1, "patchListingsItem": 3}
    assert live(shop, values) == values
    assert (dirty(shop), batches(shop)) == (0, ["done"])


def test_10_000_changed_stocks_are_one_feed_collected_by_a_later_run(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.sandbox.reset(skus=10_300)
    shop.configure(buffer_stock=2)
    warm(shop)
    values = change(shop, listed(shop, 10_000))

    submitted = push(shop)

    assert (submitted.out, submitted.err) == ("", "")
    assert shop.calls("amazon") == {"createFeedDocument": 1, "uploadDocument": 1, "createFeed": 1}
    assert batches(shop)[-100:] == ["sent_to_remote"] * 100
    assert len(locked(shop)) == 10_000

    shop.clock.advance(minutes=6)
    push(shop)

    amazon, omnitron = shop.calls("amazon"), shop.calls("omnitron")
    assert amazon == {
        "createFeedDocument": 1,
        "uploadDocument": 1,
        "createFeed": 1,
        "getFeed": 1,
        "getFeedDocument": 1,
        "downloadDocument": 1,
    }
    assert omnitron["batch_requests.create"] == 100
    assert omnitron[BATCH_PATCH] == 300  # commit, sent_to_remote, done
    assert set(batches(shop)) == {"done"}
    assert (dirty(shop), locked(shop)) == (0, [])
    assert live(shop, values) == {sku: value - 2 for sku, value in values.items()}
    per_hundred = omnitron.total() / 100
    assert per_hundred <= 6
    with capsys.disabled():
        print(f"\n10,000 changed stocks: {per_hundred:.2f} calls to Omnitron per 100")  # noqa: T201 - the figure is asked for


@pytest.mark.parametrize(("granted", "seconds"), [(5.0, 40), (20.0, 10)])
def test_patches_go_out_at_the_rate_amazon_grants_and_no_faster(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, granted: float, seconds: float
) -> None:
    monkeypatch.setitem(PLANS, "patchListingsItem", (granted, 5))
    shop.sandbox.reset(skus=260)
    shop.configure(http={"in_flight": 1})
    change(shop, listed(shop, 201))

    push(shop)

    times = [row.at for row in shop.sandbox.exchanges if row.operation == "patchListingsItem"]
    assert len(times) == 201
    assert min(last - first for first, last in zip(times, times[2:], strict=False)) > (
        timedelta(seconds=1 / granted)
    )
    assert (times[-1] - times[0]).total_seconds() == pytest.approx(seconds, rel=0.02)


@pytest.mark.parametrize(("above", "patches", "feeds"), [(0, 12, 0), (1, 0, 1)])
def test_the_patch_limit_is_the_last_number_that_is_patched(
    shop: Shop, above: int, patches: int, feeds: int
) -> None:
    shop.sandbox.reset(skus=40)
    shop.configure(stock={"patch_limit": 12})
    values = change(shop, listed(shop, 12 + above))

    push(shop)
    shop.clock.advance(minutes=6)
    push(shop)

    assert answered(shop, "patchListingsItem") == patches
    assert answered(shop, "createFeed", 202) == feeds
    assert live(shop, values) == values


def test_unchanged_values_cost_no_call_to_amazon_and_are_no_longer_dirty(shop: Shop) -> None:
    shop.sandbox.reset(skus=60)
    shop.configure(buffer_stock=3)
    warm(shop)
    change(shop, listed(shop, 5), first=1)
    push(shop)
    shop.clock.advance(minutes=30)
    push(shop)  # reads the five back
    shop.forget_calls()
    # 1, 2 and 3 are all nothing to sell, less the buffer: only Omnitron's mark has to go.
    change(shop, listed(shop, 3), first=1)
    assert dirty(shop) == 3

    push(shop)

    assert not shop.calls("amazon")
    assert (dirty(shop), locked(shop)) == (0, [])


def test_unchanged_values_in_a_feed_are_not_sent(shop: Shop) -> None:
    shop.sandbox.reset(skus=60)
    warm(shop)
    shop.configure(stock={"patch_limit": 5})
    same, other = listed(shop, 20)[:10], listed(shop, 20)[10:]
    for sku, value in live_now(shop, same).items():
        shop.sandbox.world.omnitron.set_stock(sku, value or 0)
    values = change(shop, other)

    push(shop)
    document = next(row for row in shop.sandbox.exchanges if row.operation == "uploadDocument")
    shop.clock.advance(minutes=6)
    push(shop)
    shop.forget_calls()
    shop.clock.advance(minutes=30)
    push(shop)

    assert document.request_body.count(b'"messageId"') == 10
    assert live(shop, values) == values
    assert dirty(shop) == 0
    assert shop.calls("amazon") == {"searchListingsItems": 1}  # the ten that were sent


def test_one_changed_sku_of_many_is_one_call_to_amazon(shop: Shop) -> None:
    shop.sandbox.reset(skus=3_000)
    warm(shop)
    values = change(shop, listed(shop)[1234:1235])

    push(shop)

    assert shop.calls("amazon") == {"patchListingsItem": 1}
    assert live(shop, values) == values


def test_an_idle_run_costs_no_call_to_amazon_and_at_most_three_to_omnitron(shop: Shop) -> None:
    shop.sandbox.reset(skus=49)  # the fiftieth would wait to be listed
    push(shop)
    shop.forget_calls()

    for _ in range(15):
        push(shop)
        assert not shop.calls("amazon")
        assert shop.calls("omnitron").total() <= 3
        shop.forget_calls()
        shop.clock.advance(minutes=1)


def test_a_sku_of_odd_letters_is_addressed_as_it_is(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    odd = [sku for sku in listed(shop) if not sku.startswith("SKU-")]
    values = change(shop, odd)

    push(shop)

    assert len(odd) == 5
    assert live(shop, values) == values


def test_lead_time_and_price_are_kept(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    (sku,) = change(shop, listed(shop, 1))
    listing = shop.sandbox.world.amazon.listings.get(sku)
    assert listing is not None
    offer = listing.offer()

    push(shop)

    assert live(shop, [sku]) == {sku: 501}
    (row,) = listing.live["fulfillment_availability"]
    assert row["lead_time_to_ship_max_days"] == 2
    assert listing.offer() == offer


def test_the_outcome_is_written_back_with_the_version_that_was_read(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    (sku,) = change(shop, listed(shop, 1))
    (product,) = channel(shop).products.find("sku", sku)
    (stock,) = channel(shop).stocks.find("product", product.pk)

    push(shop)

    mark = action(shop, sku)
    assert (mark.status, mark.remote_id) == ("success", sku)
    assert mark.version_date == stock.modified_date


def test_a_flow_whose_flag_is_false_does_nothing_unless_forced(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    shop.configure(flags={"send_updated_product_stock": False})
    values = change(shop, listed(shop, 1))

    push(shop)
    assert not shop.calls()
    push(shop, "--force")
    assert live(shop, values) == values


def test_limit_and_only_choose_what_is_sent(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    values = change(shop, listed(shop, 6))
    chosen = list(values)[4]

    push(shop, "--only", chosen)
    assert shop.calls("amazon")["patchListingsItem"] == 1
    assert live(shop, [chosen]) == {chosen: values[chosen]}
    push(shop, "--limit", "2")
    assert answered(shop, "patchListingsItem") == 3
    push(shop)
    assert answered(shop, "patchListingsItem") == 6
    assert live(shop, values) == values


def test_a_dry_run_shows_what_would_be_sent_and_changes_nothing(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    warm(shop)
    values = change(shop, listed(shop, 2))
    before = shop.dump()

    ran = push(shop, "--dry-run")

    (one, two) = values
    assert f"{one}: " in ran.out and f"-> {values[one]}" in ran.out
    assert f"{two}: " in ran.out and f"-> {values[two]}" in ran.out
    assert not shop.calls("amazon")
    assert set(shop.calls("omnitron")) <= {
        "product_stocks.updates",
        "product_stocks.inserts",
        "channels.get",
    }
    after = shop.dump()
    kept = ("quota", "tokens", "lookups", "runs", "sqlite_sequence")
    assert {name: rows for name, rows in after.items() if name not in kept} == {
        name: rows for name, rows in before.items() if name not in kept
    }


def test_a_channel_fulfilled_by_amazon_writes_no_quantity(shop: Shop) -> None:
    shop.sandbox.reset(skus=20)
    shop.configure(is_fba_channel=True)
    values = change(shop, listed(shop, 3))

    ran = push(shop, "--json")
    push(shop, "--only", next(iter(values)))

    assert "Amazon owns the quantity" in ran.json["notes"][0]
    assert "patchListingsItem" not in shop.calls("amazon")
    assert not batches(shop)
