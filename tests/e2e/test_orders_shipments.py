"""Carrier and tracking numbers of imported orders follow Amazon's packages."""

from __future__ import annotations

from typing import Any

import pytest

from amzsync.sandbox.amazon.orderchanges import change_order
from tests.amazon_orders import Json, line, order, package, place
from tests.shop import Shop

ID = "403-0000001-1234567"


def imported(shop: Shop, lines: list[Json] | None = None, **settings: Any) -> None:
    """An unshipped order, in Omnitron already."""
    shop.sandbox.reset(skus=12)
    shop.configure(**settings)
    place(shop.sandbox, order(1, lines))
    assert shop.run("orders", "pull").code == 0


def shipped(shop: Shop, *packages: Json) -> None:
    """Amazon shows these packages of the order; the next search finds them."""
    wish = {"packages": list(packages)}
    with shop.sandbox.lock:
        shop.sandbox.world.amazon.orders.change(ID, lambda each: change_order(each, wish))
    shop.clock.advance(minutes=5)


def pull(shop: Shop) -> dict[str, int]:
    """One run that goes well; the calls to Omnitron that change something."""
    shop.forget_calls()
    ran = shop.run("orders", "pull")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    changing = ("order_items.patch", "order_shipping_infos.create")
    return {name: count for name, count in shop.calls("omnitron").items() if name in changing}


def units(shop: Shop) -> list[tuple[str | None, str | None]]:
    """(tracking number, shipping company) of every unit."""
    return [
        (row["tracking_number"], row["shipping_company"])
        for row in shop.sandbox.world.omnitron.snapshot("order_items")
    ]


def company(shop: Shop) -> int:
    """The order's cargo company."""
    (row,) = shop.sandbox.world.omnitron.snapshot("orders")
    pk: int = row["cargo_company"]
    return pk


def test_a_package_amazon_shows_later_brings_carrier_and_number(shop: Shop) -> None:
    imported(shop, [line(quantity=2, item_id="1"), line("SKU-000002", item_id="2")])
    shipped(shop, package("1", "TR1", {"1": 1}, carrier="MNG Kargo"))
    assert pull(shop) == {"order_shipping_infos.create": 1, "order_items.patch": 1}
    # the order's company is all its items'; a number is the shipped unit's only
    assert units(shop) == [("TR1", "mng"), (None, "mng"), (None, "mng")]
    assert company(shop) == 1

    shipped(
        shop,
        package("1", "TR1", {"1": 1}, carrier="MNG Kargo"),
        package("2", "TR2", {"1": 1, "2": 1}, carrier="MNG Kargo"),
    )
    assert pull(shop) == {"order_items.patch": 2}
    assert units(shop) == [("TR1", "mng"), ("TR2", "mng"), ("TR2", "mng")]


def test_what_did_not_change_costs_nothing(shop: Shop) -> None:
    imported(shop)
    shipped(shop, package("1", "TR1", {"1": 1}))
    assert pull(shop) == {"order_items.patch": 1}
    shop.clock.advance(minutes=5)
    assert pull(shop) == {}
    assert set(shop.calls("omnitron")) <= {"channels.get"}
    # nor does news that are none of the packages'
    shop.sandbox.world.amazon.orders.change(ID, lambda each: each.update(programs=["PRIME"]))
    shop.clock.advance(minutes=5)
    assert pull(shop) == {}
    assert set(shop.calls("omnitron")) <= {"channels.get"}


def test_an_order_that_came_with_its_package_needs_nothing_more(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    packages = [package("1", "TR1", {"1": 1})]
    place(shop.sandbox, order(1, [line(shipped=1)], status="SHIPPED", packages=packages))
    assert pull(shop) == {}
    shop.clock.advance(minutes=5)
    assert pull(shop) == {}
    assert units(shop) == [("TR1", None)]


def test_a_corrected_number_and_carrier_replace_the_old_ones(shop: Shop) -> None:
    imported(shop)
    shipped(shop, package("1", "TR1", {"1": 1}, carrier="MNG Kargo"))
    pull(shop)
    shipped(shop, package("1", "TR9", {"1": 1}, carrier="Aras Kargo"))
    pull(shop)
    assert (units(shop), company(shop)) == ([("TR9", "aras")], 2)


def test_packages_of_two_carriers_name_each_units_own(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    shipped(
        shop,
        package("1", "TR1", {"1": 1}, carrier="MNG Kargo"),
        package("2", "TR2", {"1": 1}, carrier="Aras Kargo"),
    )
    assert pull(shop) == {"order_items.patch": 2}
    assert units(shop) == [("TR1", "mng"), ("TR2", "aras")]
    assert company(shop) == 4  # an order has one company: it keeps the one it had


def test_two_carriers_from_the_start_are_told_by_the_next_run(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    packages = [
        package("1", "TR1", {"1": 1}, carrier="MNG Kargo"),
        package("2", "TR2", {"1": 1}, carrier="Aras Kargo"),
    ]
    lines = [line(quantity=2, shipped=2)]
    place(shop.sandbox, order(1, lines, status="SHIPPED", packages=packages))
    pull(shop)
    pull(shop)
    assert units(shop) == [("TR1", "mng"), ("TR2", "aras")]


def test_a_status_the_erp_set_stays_as_it_is(shop: Shop) -> None:
    imported(shop)
    shop.sandbox.world.omnitron.change_order_items(ID, status="550")
    shipped(shop, package("1", "TR1", {"1": 1}))
    pull(shop)
    (item,) = shop.sandbox.world.omnitron.snapshot("order_items")
    assert (item["status"], item["tracking_number"]) == ("550", "TR1")


def test_a_cancelled_unit_gets_no_number(shop: Shop) -> None:
    imported(shop, [line(quantity=2)])
    far = shop.sandbox.world.omnitron.channels[1]
    first, _ = far.order_items
    far.touch("orderitem", first, status="100")
    shipped(shop, package("1", "TR1", {"1": 1}))
    pull(shop)
    assert [number for number, _ in units(shop)] == [None, "TR1"]


def test_a_withdrawn_package_leaves_what_was_told(shop: Shop) -> None:
    imported(shop)
    shipped(shop, package("1", "TR1", {"1": 1}))
    pull(shop)
    shipped(shop, package("1", "TR1", {"1": 1}) | {"packageStatus": {"status": "CANCELLED"}})
    assert pull(shop) == {}
    assert units(shop) == [("TR1", "yurtici")]
    shop.clock.advance(minutes=5)
    assert pull(shop) == {}


@pytest.mark.parametrize(
    "settings",
    [
        {"send_shipping_info": True},  # the brand ships: Omnitron knows better
        {"exclude_cargo_company_ids": [1]},  # Amazon's company is excluded
        {"exclude_cargo_company_ids": [4]},  # the order's is
    ],
)
def test_settings_that_keep_amazons_shipping_information_out(
    shop: Shop, settings: dict[str, Any]
) -> None:
    imported(shop, **settings)
    shipped(shop, package("1", "TR1", {"1": 1}, carrier="MNG Kargo"))
    assert pull(shop) == {}
    assert (units(shop), company(shop)) == ([(None, None)], 4)
    shop.clock.advance(minutes=5)
    assert pull(shop) == {}


def test_what_was_seen_while_the_brand_shipped_is_not_told_later(shop: Shop) -> None:
    imported(shop, send_shipping_info=True)
    shipped(shop, package("1", "TR1", {"1": 1}))
    pull(shop)
    shop.configure(send_shipping_info=False)
    assert pull(shop) == {}
    assert units(shop) == [(None, None)]


def test_a_carrier_omnitron_does_not_know_leaves_the_company_and_brings_the_number(
    shop: Shop,
) -> None:
    imported(shop)
    shipped(shop, package("1", "TR1", {"1": 1}, carrier="Güvercin Postası"))
    assert pull(shop) == {"order_items.patch": 1}
    assert (units(shop), company(shop)) == ([("TR1", None)], 4)


@pytest.mark.parametrize("operation", ["order_items.patch", "order_shipping_infos.create"])
@pytest.mark.parametrize("kind", ["server_error_after", "cut_after", "cut_before", "truncated"])
def test_a_step_that_was_not_answered_is_repeated_without_harm(
    shop: Shop, operation: str, kind: str
) -> None:
    imported(shop, [line(quantity=2)])
    shipped(shop, package("1", "TR1", {"1": 2}, carrier="MNG Kargo"))
    shop.sandbox.faults.add(kind, operation, "omnitron", times=9)
    assert shop.run("orders", "pull").code == 5
    assert shop.rows("SELECT * FROM penalties") == []
    shop.sandbox.faults.clear()
    pull(shop)
    assert (units(shop), company(shop)) == ([("TR1", "mng")] * 2, 1)
    assert pull(shop) == {}


def test_a_number_omnitron_refuses_is_penalised_and_blocks_no_order(shop: Shop) -> None:
    imported(shop)
    shipped(shop, package("1", "T" * 300, {"1": 1}))
    place(shop.sandbox, order(2, placed=shop.clock.now()))
    shop.clock.advance(minutes=5)
    assert shop.run("orders", "pull").code == 1
    (row,) = shop.rows("SELECT key, code FROM penalties")
    assert row == {"key": ID, "code": "shipping_info"}
    assert len(shop.sandbox.world.omnitron.snapshot("orders")) == 2


def test_a_state_file_that_was_lost_does_not_tell_a_package_twice(shop: Shop) -> None:
    imported(shop)
    shipped(shop, package("1", "TR1", {"1": 1}))
    pull(shop)
    for path in shop.folder.glob("state.db*"):
        path.unlink()
    assert pull(shop) == {}
    assert pull(shop) == {}
    shipped(shop, package("1", "TR2", {"1": 1}))
    assert pull(shop) == {"order_items.patch": 1}
    assert units(shop) == [("TR2", "yurtici")]


def test_a_dry_run_says_what_would_follow(shop: Shop) -> None:
    imported(shop)
    shipped(shop, package("1", "TR1", {"1": 1}))
    shop.sandbox.faults.add("server_error_before", "order_items.patch", "omnitron", times=9)
    shop.run("orders", "pull")
    shop.forget_calls()
    ran = shop.run("orders", "pull", "--dry-run")
    assert ran.out == f"{ID}: carrier and tracking numbers of {ID} follow Amazon's\n"
    assert set(shop.calls("omnitron")) <= {"channels.get"}
