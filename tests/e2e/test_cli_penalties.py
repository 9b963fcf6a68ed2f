"""`amzsync penalties`: list, explain and clear, on both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from amzsync.sandbox.omnitron.penalties import record_failure
from amzsync.sandbox.order_corners import UNKNOWN_SKU
from tests.shop import FakeClock, Ran, Shop

INTERVAL = {"RETRY_INTERVAL": 3600, "EXPIRATION_DATE": 86400, "MAX_RETRY_COUNT": 2}


@pytest.fixture
def penalised(shop: Shop) -> list[str]:
    """Two orders in penalty: an unknown township, an unknown SKU."""
    shop.sandbox.reset(orders=100, skus=30)
    shop.configure(failed_integration={"order": INTERVAL, "productstock": INTERVAL})
    shop.run("orders", "pull")
    return [row["key"] for row in shop.rows("SELECT key FROM penalties ORDER BY key")]


def refuse(shop: Shop, sku: str) -> str:
    """Let Amazon refuse the SKU's quantity once, so that both sides penalise it; its stock's pk."""
    stocks = shop.sandbox.world.omnitron.snapshot("stocks")
    stock = next(row for row in stocks if row["sku"] == sku and row["channel"] == 1)
    shop.sandbox.world.omnitron.set_stock(sku, 77)
    shop.sandbox.world.amazon.listings._listings.pop(sku)
    assert shop.run("stock", "push").code == 1
    return str(stock["pk"])


def active_there(shop: Shop) -> list[dict[str, Any]]:
    rows = shop.sandbox.world.omnitron.snapshot("failed_integrations")
    return [row for row in rows if row["is_active"]]


def test_without_a_penalty_the_list_says_so(shop: Shop) -> None:
    assert shop.run("penalties", "list") == Ran(0, "", "no record is in penalty\n")
    assert shop.run("penalties", "list", "--json").json == {"channel": "1", "penalties": []}
    assert not shop.state.exists()  # looking creates nothing


def test_the_list_shows_flow_key_and_reason(shop: Shop, penalised: list[str]) -> None:
    ran = shop.run("penalties", "list")
    assert (ran.code, ran.err) == (0, "")
    title, head, *rows = ran.out.splitlines()
    assert title == "Penalties"
    assert head.split() == ["flow", "key", "failures", "next", "try", "code", "reason"]
    assert len(rows) == 2
    for key, row in zip(penalised, rows, strict=True):
        assert row.strip().startswith(f"orders pull  {key}         1  2026-11-23 10:00:00Z  ")
    assert UNKNOWN_SKU in ran.out


def test_the_list_in_json_and_by_flow(shop: Shop, penalised: list[str]) -> None:
    rows = shop.run("penalties", "list", "--json").json["penalties"]
    assert [row["key"] for row in rows] == penalised
    assert sorted(rows[0]) == [
        "code",
        "content_type",
        "failures",
        "first_failed_at",
        "flow",
        "key",
        "last_failed_at",
        "next_try_at",
        "object_id",
        "reason",
        "request_id",
        "stopped",
    ]
    assert (
        len(shop.run("penalties", "list", "--flow", "orders pull", "--json").json["penalties"]) == 2
    )
    assert not shop.run("penalties", "list", "--flow", "stock.push", "--json").json["penalties"]
    wrong = shop.run("penalties", "list", "--flow", "stocks")
    assert (wrong.code, wrong.out) == (2, "")
    assert "the flows are: orders pull, orders push, " in wrong.err


def test_explain_tells_why_since_when_until_when_and_the_cure(
    shop: Shop, clock: FakeClock, penalised: list[str]
) -> None:
    clock.advance(minutes=30)
    ran = shop.run("penalties", "explain", penalised[0])
    assert (ran.code, ran.err) == (0, "")
    told = ran.out
    assert "township: Address is not valid. channel: 1 code: Merkez" in told
    assert "first failure: 2026-11-23 09:00:00Z (30 min ago)" in told
    assert "tries used:    1 of 3; time is up 2026-11-24 09:00:00Z" in told
    assert "next try:      2026-11-23 10:00:00Z (in 30 min)" in told
    assert "[failed_integration.order] RETRY_INTERVAL 3600 s (1 h)" in told
    assert f"amzsync penalties clear --order {penalised[0]} --config {shop.config}" in told


def test_explain_knows_a_stopped_record_and_new_settings(
    shop: Shop, clock: FakeClock, penalised: list[str]
) -> None:
    for _ in range(2):
        clock.advance(hours=2)
        assert shop.run("orders", "pull").code == 1
    shop.configure(failed_integration={"order": {**INTERVAL, "MAX_RETRY_COUNT": 9}})
    found = shop.run("penalties", "explain", penalised[0], "--json").json["penalties"][0]
    assert (found["stopped"], found["next_try_at"], found["failures"]) == (True, None, 3)
    assert (found["tries"], found["settings"]["MAX_RETRY_COUNT"]) == (10, 9)
    assert "none: its tries or its time are used up" in (
        shop.run("penalties", "explain", penalised[0]).out
    )


def test_explain_of_a_record_without_penalty_is_exit_1(shop: Shop, penalised: list[str]) -> None:
    ran = shop.run("penalties", "explain", "A/B+1 %")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "A/B+1 % is not in penalty; amzsync why 'A/B+1 %' tells what is known of it\n"
    )
    assert shop.run("penalties", "explain", "A-1", "--json").json["penalties"] == []


def test_a_cleared_order_goes_in_the_next_run(shop: Shop, penalised: list[str]) -> None:
    township, sku = penalised
    world = shop.sandbox.world.omnitron
    world.add_mapping("township", "Merkez", world.places.pk_of("township", "Çankaya"))
    assert shop.run("orders", "pull", "--json").json["counts"] == {"held": 2}
    ran = shop.run("penalties", "clear", "--order", township)
    assert (ran.code, ran.out, ran.err) == (0, "1 cleared\n", "")
    assert [row["key"] for row in shop.rows("SELECT key FROM penalties")] == [sku]
    assert shop.run("orders", "pull", "--json").json["counts"] == {"sent": 1, "held": 1}


@pytest.mark.parametrize("key", ["SKU-000001", "A/B+1 %"])
def test_a_cleared_stock_is_lifted_in_omnitron_too(shop: Shop, key: str) -> None:
    shop.sandbox.reset(skus=12)
    pk = refuse(shop, key)
    assert [str(row["object_id"]) for row in active_there(shop)] == [pk]
    ran = shop.run("penalties", "clear", "--sku", key, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert [row["key"] for row in ran.json["cleared"]] == [key]
    assert active_there(shop) == []
    assert shop.rows("SELECT * FROM penalties") == []


def test_if_omnitron_cannot_be_reached_the_record_goes_all_the_same(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    world = shop.sandbox.world
    listing = world.amazon.listings.get("SKU-000001")
    refuse(shop, "SKU-000001")
    assert listing is not None
    world.amazon.listings._listings["SKU-000001"] = listing
    known = shop.sandbox.omnitron_url
    shop.configure(omnitron={"url": "http://127.0.0.1:1"})
    ran = shop.run("penalties", "clear", "--sku", "SKU-000001")
    assert (ran.code, ran.out) == (5, "")
    first, second = ran.err.splitlines()
    assert first.startswith("0 cleared; 1 more are free here but not lifted in Omnitron")
    assert second.startswith("amzsync: Omnitron (http://127.0.0.1:1) could not be used: ")
    assert len(active_there(shop)) == 1

    shop.configure(omnitron={"url": known})
    assert shop.run("stock", "push", "--json").json["counts"] == {"sent": 1}
    assert active_there(shop) == []
    assert shop.rows("SELECT * FROM penalties") == []


def test_clearing_again_after_an_outage_finishes_the_job(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    refuse(shop, "SKU-000001")
    shop.sandbox.faults.add("server_error_before", "failed_integrations.list", "omnitron", times=4)
    ran = shop.run("penalties", "clear", "--all", "--json")
    assert ran.code == ran.json["exit_code"] == 5
    assert [row["key"] for row in ran.json["due"]] == ["SKU-000001"]
    again = shop.run("penalties", "clear", "--all", "--json")
    assert (again.code, len(again.json["cleared"]), again.json["due"]) == (0, 1, [])
    assert active_there(shop) == []


def test_wrong_credentials_free_the_record_too_and_are_exit_4(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    refuse(shop, "SKU-000001")
    shop.sandbox.world.omnitron.revoke_tokens()
    shop.configure(omnitron={"password": "not-it"})
    ran = shop.run("penalties", "clear", "--all")
    assert ran.code == 4
    (row,) = shop.rows("SELECT stopped, next_try_at FROM penalties")
    assert (row["stopped"], row["next_try_at"][:16]) == (0, "2026-11-23T09:00")


def test_the_manuals_csv_upload(shop: Shop, penalised: list[str], tmp_path: Path) -> None:
    path = tmp_path / "upload.csv"
    path.write_text("\ufefforder\n" + "\n".join([*penalised, "403-9999999-9999999"]) + "\n")
    ran = shop.run("penalties", "clear", "--csv", str(path))
    assert (ran.code, ran.out) == (0, "2 cleared\n")
    assert ran.err == "not in penalty: 403-9999999-9999999\n"
    assert shop.rows("SELECT * FROM penalties") == []


def test_a_bad_csv_is_a_usage_error_and_clears_nothing(
    shop: Shop, penalised: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "upload.csv"
    path.write_text(f"{penalised[0]}\n{penalised[1]};x,3\n")
    ran = shop.run("penalties", "clear", "--csv", str(path))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"amzsync: {path} line 2: 2 columns and no header")
    assert len(shop.rows("SELECT * FROM penalties")) == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "say which: --sku SKU, --order ID, --csv FILE or --all"),
        (("--flow", "stock push"), "say which"),
        (("--all", "--sku", "A-1"), "--all goes without --sku"),
    ],
)
def test_clear_wants_to_know_what(shop: Shop, words: tuple[str, ...], says: str) -> None:
    ran = shop.run("penalties", "clear", *words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_all_may_be_narrowed_to_a_flow(shop: Shop, penalised: list[str]) -> None:
    assert shop.run("penalties", "clear", "--all", "--flow", "stock push").out == "0 cleared\n"
    assert shop.run("penalties", "clear", "--all", "--flow", "orders pull").out == "2 cleared\n"


def test_all_of_a_channel_leaves_other_channels_alone(
    shop: Shop, penalised: list[str], clock: FakeClock, tmp_path: Path
) -> None:
    other = Shop(shop.sandbox, clock, tmp_path, channel=2)
    assert other.run("penalties", "clear", "--all").out == "0 cleared\n"
    assert len(shop.rows("SELECT * FROM penalties")) == 2


def test_nothing_to_clear_asks_nobody(shop: Shop) -> None:
    assert shop.run("penalties", "clear", "--all") == Ran(0, "0 cleared\n", "")
    assert not shop.calls()
    assert not shop.state.exists()


def test_many_penalties_are_cleared_side_by_side(shop: Shop) -> None:
    shop.sandbox.reset(skus=30)
    channel = shop.sandbox.world.omnitron.channels[1]
    shop.run("stock", "push")
    stocks = [row for row in shop.sandbox.world.omnitron.snapshot("stocks") if row["channel"] == 1]
    for row in stocks[:20]:
        shop.sandbox.world.amazon.listings._listings.pop(row["sku"], None)
        shop.sandbox.world.omnitron.set_stock(row["sku"], 5)
    assert shop.run("stock", "push").code == 1
    assert len(active_there(shop)) == 20
    record_failure(channel, "productstock", stocks[25]["pk"], "remote", stocks[25]["modified_date"])
    assert shop.run("penalties", "clear", "--all").out == "20 cleared\n"
    # What Omnitron penalised on its own account is not ours to lift.
    assert [row["object_id"] for row in active_there(shop)] == [stocks[25]["pk"]]
