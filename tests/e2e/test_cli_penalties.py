"""`amzsync penalties`: list, explain and clear, on both sides."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from amzsync.sandbox.omnitron.penalties import record_failure
from amzsync.sandbox.order_corners import UNKNOWN_SKU
from amzsync.state.penalties import PenaltySettings
from amzsync.state.state import State
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
    assert shop.run("penalties", "list", "--json").json == {
        "channel": "1",
        "penalties": [],
        "groups": [],
    }
    assert shop.run("penalties", "list", "--cause", "township").err == (
        "no such record is in penalty\n"
    )
    assert not shop.state.exists()  # looking creates nothing


def test_the_list_shows_each_record_then_its_cause_with_count_and_cure(
    shop: Shop, penalised: list[str]
) -> None:
    ran = shop.run("penalties", "list")
    assert (ran.code, ran.err) == (0, "")
    title, head, *rows = ran.out.splitlines()
    assert title == "Penalties"
    assert re.split(r"  +", head.strip()) == [
        *("flow", "key", "stands", "next try", "tries left", "cause", "reason"),
    ]
    for key, row in zip(penalised, rows[:2], strict=True):
        assert row.startswith(f"  orders pull  {key}  waiting  2026-11-23 10:00:00Z           2  ")
    assert UNKNOWN_SKU in rows[1]
    assert rows[2] == "By cause"
    assert rows[3] == "  1 x township, orders pull (since 2026-11-23 09:00:00Z)"
    assert rows[4].startswith("    says:  Address is not valid. channel: 1 code: Merkez model: ")
    assert rows[5] == "    means: the township in the order's address is not mapped"
    assert "map the code of the message to one of Omnitron's townships" in rows[6]
    words = "amzsync penalties clear --cause township --flow 'orders pull'"
    assert rows[7] == f"    then:  {words} --config {shop.config}"
    causes = shop.run("penalties", "list", "--group")
    assert causes.out.splitlines() == rows[2:]


def test_the_list_in_json_and_by_flow(shop: Shop, penalised: list[str]) -> None:
    rows = shop.run("penalties", "list", "--json").json["penalties"]
    assert [row["key"] for row in rows] == penalised
    assert {name: rows[0][name] for name in ("code", "failures", "stopped", "tries_left")} == {
        "code": "township",
        "failures": 1,
        "stopped": False,
        "tries_left": 2,
    }
    explained = shop.run("penalties", "explain", penalised[0], "--json").json["penalties"][0]
    assert {**explained, **rows[0]} == explained
    (cure,) = explained["cures"]
    assert cure["means"] == "the township in the order's address is not mapped"
    groups = shop.run("penalties", "list", "--group", "--json").json["groups"]
    assert [(row["cause"], row["count"], row["stopped"]) for row in groups] == [
        ("township", 1, 0),
        ("unknown_sku", 1, 0),
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
    assert "tries left:    2\n" in told
    assert "next try:      2026-11-23 10:00:00Z (in 30 min)" in told
    assert "means:         the township in the order's address is not mapped" in told
    assert "cure:          in Omnitron's address mapping, " in told
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
    assert found["tries_left"] == 0
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
    ran = shop.run("penalties", "clear", "--all", "--yes", "--json")
    assert ran.code == ran.json["exit_code"] == 5
    assert [row["key"] for row in ran.json["due"]] == ["SKU-000001"]
    again = shop.run("penalties", "clear", "--all", "--yes", "--json")
    assert (again.code, len(again.json["cleared"]), again.json["due"]) == (0, 1, [])
    assert active_there(shop) == []


def test_wrong_credentials_free_the_record_too_and_are_exit_4(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    refuse(shop, "SKU-000001")
    shop.sandbox.world.omnitron.revoke_tokens()
    shop.configure(omnitron={"password": "not-it"})
    ran = shop.run("penalties", "clear", "--all", "--yes")
    assert ran.code == 4
    (row,) = shop.rows("SELECT stopped, next_try_at FROM penalties")
    assert (row["stopped"], row["next_try_at"][:16]) == (0, "2026-11-23T09:00")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "say which: --sku SKU, --order ID, --csv FILE, --cause CODE or --all"),
        (("--yes",), "say which"),
        (("--all", "--sku", "A-1"), "--all goes without --sku"),
        (("--all", "--cause", "township"), "--all goes without --sku, --order, --csv and --cause"),
        (("--all",), "--all asks before it clears, and there is no terminal: add --yes"),
        (("--flow", "stock push"), "--flow by itself asks before it clears"),
        (("--cause", "x", "--flow", "stocks"), "there is no flow 'stocks'"),
    ],
)
def test_clear_wants_to_know_what(shop: Shop, words: tuple[str, ...], says: str) -> None:
    ran = shop.run("penalties", "clear", *words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_all_may_be_narrowed_to_a_flow(shop: Shop, penalised: list[str]) -> None:
    assert (
        shop.run("penalties", "clear", "--all", "--flow", "stock push", "--yes").out
        == "0 cleared\n"
    )
    assert shop.run("penalties", "clear", "--flow", "orders pull", "--yes").out == "2 cleared\n"


def test_all_of_a_channel_leaves_other_channels_alone(
    shop: Shop, penalised: list[str], clock: FakeClock, tmp_path: Path
) -> None:
    other = Shop(shop.sandbox, clock, tmp_path, channel=2)
    assert other.run("penalties", "clear", "--all", "--yes").out == "0 cleared\n"
    assert len(shop.rows("SELECT * FROM penalties")) == 2


def test_nothing_to_clear_asks_nobody(shop: Shop) -> None:
    assert shop.run("penalties", "clear", "--all", "--yes") == Ran(0, "0 cleared\n", "")
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
    assert shop.run("penalties", "clear", "--all", "--yes").out == "20 cleared\n"
    # What Omnitron penalised on its own account is not ours to lift.
    assert [row["object_id"] for row in active_there(shop)] == [stocks[25]["pk"]]


def test_a_cause_is_cleared_at_once_and_no_other(shop: Shop, penalised: list[str]) -> None:
    sku = penalised[1]
    assert shop.run("penalties", "clear", "--cause", "no such").out == "0 cleared\n"
    ran = shop.run("penalties", "clear", "--cause", "township", "--flow", "stock push")
    assert ran.out == "0 cleared\n"
    assert shop.run("penalties", "clear", "--cause", "township").out == "1 cleared\n"
    assert [row["key"] for row in shop.rows("SELECT key FROM penalties")] == [sku]


def test_without_a_terminal_nothing_is_asked_and_nothing_cleared(
    shop: Shop, penalised: list[str]
) -> None:
    shop.forget_calls()
    ran = shop.run("penalties", "clear", "--all", "--json")
    assert (ran.code, ran.json["exit_code"], ran.json["cleared"]) == (2, 2, [])
    assert len(shop.rows("SELECT * FROM penalties")) == 2
    assert not shop.calls()


@pytest.fixture
def old_and_new(shop: Shop, clock: FakeClock) -> Shop:
    """Penalties of two flows, of different age, one of them stopped."""
    state = State.open(shop.state, clock)
    rows = (
        ("orders.pull", "403-0000001-0000001", "order", "township", 50, 0),
        ("stock.push", "00123", "productstock", "90220", 30, 3),
        ("stock.push", "ŞAPKA", "productstock", "not_applied", 1, 3),
    )
    for flow, key, kind, code, age, retries in rows:
        state.penalties.fail(
            "1",
            flow,
            key,
            settings=PenaltySettings(28_800, 864_000, retries),
            now=clock.now() - timedelta(hours=age),
            content_type=kind,
            code=code,
            reason="no",
        )
    state.close()
    return shop


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (("--older-than", "2h"), ["403-0000001-0000001", "00123"]),
        (("--older-than", "1d12h"), ["403-0000001-0000001"]),
        (("--newer-than", "2d"), ["00123", "ŞAPKA"]),
        (("--newer-than", "2d", "--older-than", "90min"), ["00123"]),
        (("--stopped",), ["403-0000001-0000001"]),
        (("--waiting",), ["00123", "ŞAPKA"]),
        (("--cause", "not_applied"), ["ŞAPKA"]),
        (("--sku", "00123", "--sku", "123"), ["00123"]),
        (("--order", "403-0000001-0000001"), ["403-0000001-0000001"]),
        (("--flow", "stock push", "--waiting", "--newer-than", "1w"), ["00123", "ŞAPKA"]),
        (("--flow", "stock push", "--stopped"), []),
    ],
)
def test_the_list_is_narrowed_by_flow_cause_key_age_and_standing(
    old_and_new: Shop, words: tuple[str, ...], keys: list[str]
) -> None:
    found = old_and_new.run("penalties", "list", *words, "--json").json
    assert [row["key"] for row in found["penalties"]] == keys
    assert sum(row["count"] for row in found["groups"]) == len(keys)


@pytest.mark.parametrize("age", ["2", "h", "two hours", "2 hours", "-1h", "1y"])
def test_an_age_that_is_none_is_a_usage_error(shop: Shop, age: str) -> None:
    ran = shop.run("penalties", "list", f"--older-than={age}")
    assert (ran.code, "is no duration; write 90s" in ran.err) == (2, True)


def test_a_stopped_record_is_told_apart(old_and_new: Shop) -> None:
    told = old_and_new.run("penalties", "list").out
    assert "403-0000001-0000001  stopped  none                           0  township" in told
    assert "  1 x township, orders pull, 1 stopped (since 2026-11-21 07:00:00Z)" in told


def test_an_order_goes_by_its_number_in_omnitron_too(shop: Shop) -> None:
    shop.sandbox.reset(orders=3, skus=12, plain=True)
    shop.configure(order_number_format="AMZ{n1}{n2}{n3}")
    shop.run("orders", "pull")
    (row, *_) = shop.rows("SELECT order_id, number FROM inbox")
    state = State.open(shop.state, shop.clock)
    state.penalties.fail(
        "1",
        "orders.push",
        row["order_id"],
        settings=PenaltySettings(60, 600, 3),
        now=shop.clock.now(),
        content_type="order",
        code="carrier",
        reason="shipping company kargo is not in shipping_company_mapping",
    )
    state.close()
    assert row["number"] != row["order_id"]
    listed = shop.run("penalties", "list", "--order", row["number"], "--json").json["penalties"]
    assert [found["key"] for found in listed] == [row["order_id"]]
    told = shop.run("penalties", "explain", row["number"]).out
    assert "cure:          add its slug to shipping_company_mapping" in told
    assert f"goes with it:  amzsync config check --config {shop.config}" in told
    assert shop.run("penalties", "clear", "--order", row["number"]).out == "1 cleared\n"


def test_twenty_thousand_penalties_are_listed_and_cleared_by_a_handful_of_queries(
    shop: Shop, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amzsync.state.store import Store

    count = 20_000
    state = State.open(shop.state, clock)
    at = clock.now().isoformat()
    state.store.execute_many(
        "INSERT INTO penalties (channel, flow, key, content_type, object_id, code, reason,"
        " first_failed_at, last_failed_at, next_try_at, failures, stopped)"
        " VALUES ('1', 'stock.push', ?, 'productstock', NULL, '90220', 'no', ?, ?, ?, 1, 0)",
        ((f"SKU-{number}", at, at, at) for number in range(count)),
    )
    state.close()
    asked: list[str] = []
    real = Store.rows

    def rows(self: Store, sql: str, params: Any = ()) -> list[dict[str, Any]]:
        asked.append(sql)
        return real(self, sql, params)

    monkeypatch.setattr(Store, "rows", rows)
    ran = shop.run("penalties", "list", "--group")
    assert f"  {count} x 90220, stock push (since " in ran.out
    assert len(asked) < 10
    asked.clear()
    assert shop.run("penalties", "clear", "--all", "--yes").out == f"{count} cleared\n"
    assert len(asked) < 20
    assert shop.rows("SELECT count(*) AS n FROM penalties") == [{"n": 0}]


def test_of_a_cause_is_told_what_it_means_and_what_it_holds_back(
    shop: Shop, penalised: list[str]
) -> None:
    ran = shop.run("penalties", "explain", "unknown_sku")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "unknown_sku: no product in Omnitron is linked to SKU ..."
    assert lines[1].startswith("  means: the order has a product Omnitron does not know")
    assert lines[2].startswith("  cure:  add the product to the channel's catalog in Omnitron")
    assert lines[3].startswith("in penalty, orders pull: 1, the oldest since 2026-11-23 09:00:00Z")
    assert lines[3].endswith(f": {penalised[1]}")
    assert "set them free: amzsync penalties clear --cause unknown_sku" in lines[4]
    (found,) = shop.run("penalties", "explain", "unknown_sku", "--json").json["causes"]
    assert (found["cause"], found["groups"][0]["count"], found["waiting"]) == ("unknown_sku", 1, 0)


def test_a_cause_that_holds_nothing_back_is_explained_all_the_same(shop: Shop) -> None:
    ran = shop.run("penalties", "explain", "carrier")
    assert ran.code == 0
    assert ran.out.endswith("it holds back no record now\n")
    assert shop.run("penalties", "explain", "90220").code == 1


def test_a_far_sides_own_code_is_explained_while_it_holds_something(old_and_new: Shop) -> None:
    ran = old_and_new.run("penalties", "explain", "90220")
    assert ran.code == 0
    assert "mend what the message names: attributes in Omnitron's Mapper" in ran.out
    assert "in penalty, stock push: 1, " in ran.out
    assert ran.out.count("00123") == 1
