"""`attributes compare`: what Amazon has changed of attributes, told once, brought to Omnitron."""

from __future__ import annotations

import json
from typing import Any

import pytest

from amzsync.state.runs import Runs
from tests.e2e.catalogue_shop import (
    COMPARE,
    allowed,
    configs,
    fetch_all,
    fetch_categories,
    node_id,
    open_corner,
)
from tests.e2e.test_stock_kill import KilledError
from tests.shop import Shop


def compared(shop: Shop) -> None:
    """Categories and attributes are in Omnitron, and there is something to compare with."""
    open_corner(shop)
    fetch_all(shop)
    ran = shop.run(*COMPARE)
    assert (ran.code, ran.json["differences"]) == (0, [])
    shop.clock.advance(hours=24)
    shop.forget_calls()


def test_the_first_time_there_is_nothing_to_compare_with(shop: Shop) -> None:
    open_corner(shop)
    fetch_all(shop)
    shop.forget_calls()
    ran = shop.run(*COMPARE, "--exit-code")
    assert (ran.code, ran.json["differences"]) == (0, [])
    assert ran.json["counts"] == {"unchanged": 16}
    assert shop.calls("amazon") == {"searchDefinitionsProductTypes": 1}


def test_before_any_category_is_there_it_says_what_comes_first(shop: Shop) -> None:
    open_corner(shop)
    ran = shop.run(*COMPARE)
    assert (ran.code, ran.json["counts"]) == (0, {})
    assert "categories fetch comes first" in ran.json["notes"][0]


def test_an_unchanged_day_costs_one_call(shop: Shop) -> None:
    compared(shop)
    ran = shop.run(*COMPARE, "--exit-code")
    assert (ran.code, ran.json["counts"], ran.json["differences"]) == (0, {"unchanged": 16}, [])
    assert shop.calls("amazon") == {"searchDefinitionsProductTypes": 1, "getAccessToken": 1}
    assert shop.calls("omnitron") == {"channels.get": 1}


def test_every_kind_of_change_is_told_by_type_and_reaches_the_sets(shop: Shop) -> None:
    compared(shop)
    types = shop.sandbox.world.amazon.types
    types.require("SHOES", "model_name")
    types.relax("SHIRT", "care_instructions")
    types.drop("DRESS", "bullet_point")
    types.set_choices("SHIRT", "country_of_origin", {"TR": "Türkiye", "PT": "Portekiz"})

    ran = shop.run(*COMPARE)

    assert ran.code == 0
    assert sorted(ran.json["differences"], key=lambda row: (row["type"], row["change"])) == [
        {"type": "DRESS", "change": "gone", "attribute": "bullet_point"},
        {
            "type": "SHIRT",
            "change": "choices",
            "attribute": "country_of_origin",
            "added": ["PT"],
            "removed": ["DE", "CN", "IT"],
        },
        {"type": "SHIRT", "change": "no_longer_required", "attribute": "care_instructions"},
        {"type": "SHOES", "change": "newly_required", "attribute": "model_name"},
    ]
    shirts = node_id(shop, "Kadın", "Giyim", "Tişörtler")
    shoes = node_id(shop, "Kadın", "Ayakkabı", "Spor Ayakkabılar")
    dresses = node_id(shop, "Kadın", "Giyim", "Elbiseler")
    assert configs(shop, shoes)["model_name"]["is_required"]
    assert not configs(shop, shirts)["care_instructions"]["is_required"]
    assert not configs(shop, dresses)["bullet_point"]["is_required"]
    assert allowed(shop, shirts, "country_of_origin") == {"TR", "PT"}
    assert "SHOES: model_name newly required" in ran.json["notes"]
    assert "model_name newly required" in shop.run("why", "SHOES").out


def test_a_change_is_told_once(shop: Shop) -> None:
    compared(shop)
    shop.sandbox.world.amazon.types.require("SHOES", "model_name")
    assert shop.run(*COMPARE, "--exit-code").code == 9
    shop.clock.advance(hours=24)
    ran = shop.run(*COMPARE, "--exit-code")
    assert (ran.code, ran.json["differences"]) == (0, [])
    shop.forget_calls()
    assert shop.run("attributes", "fetch").code == 0
    assert not shop.calls("amazon")


def test_killed_before_the_journal_has_it_a_change_is_told_by_the_next_run(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared(shop)
    shop.sandbox.world.amazon.types.require("SHOES", "model_name")
    record = Runs.record

    def die(*args: Any) -> None:
        if any(row.key == "SHOES" for row in args[4]):
            raise KilledError
        record(*args)

    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(Runs, "record", die)
        shop.run(*COMPARE)

    shop.clock.advance(hours=24)
    ran = shop.run(*COMPARE)
    assert [row["change"] for row in ran.json["differences"]] == ["newly_required"]
    assert "model_name newly required" in shop.run("why", "SHOES").out


def test_differences_end_the_run_with_9_only_where_asked(shop: Shop) -> None:
    compared(shop)
    shop.sandbox.world.amazon.types.require("SHOES", "model_name")
    ran = shop.run("attributes", "compare", "--exit-code")
    assert (ran.code, ran.out) == (9, "")
    assert "attributes compare: SHOES: model_name newly required" in ran.err
    (row,) = shop.rows("SELECT exit_code FROM runs ORDER BY id DESC LIMIT 1")
    assert row["exit_code"] == 9


def test_a_change_attributes_fetch_saw_first_is_told_all_the_same(shop: Shop) -> None:
    compared(shop)
    shop.sandbox.world.amazon.types.require("SHOES", "model_name")
    fetch_categories(shop)
    assert shop.run("attributes", "fetch").code == 0
    shop.forget_calls()
    ran = shop.run(*COMPARE)
    assert [row["change"] for row in ran.json["differences"]] == ["newly_required"]
    assert ran.json["counts"] == {"unchanged": 15, "sent": 1}
    assert "bulk_category_attributes.create" not in shop.calls()


def test_new_and_gone_types_are_told(shop: Shop) -> None:
    compared(shop)
    browse = shop.sandbox.world.amazon.browse
    browse.remove(node_id(shop, "Kadın", "Giyim", "Elbiseler"))
    browse.add(node_id(shop, "Kadın", "Giyim"), "Saatler", ["WATCH"])
    fetch_categories(shop)
    ran = shop.run(*COMPARE)
    assert {"type": "WATCH", "change": "new_type"} in ran.json["differences"]
    assert {"type": "DRESS", "change": "gone_type"} in ran.json["differences"]
    assert len(ran.json["differences"]) == 2
    shop.clock.advance(hours=24)
    assert shop.run(*COMPARE).json["differences"] == []


def test_once_a_week_every_type_is_asked_about_whatever_amazon_says(shop: Shop) -> None:
    compared(shop)
    shop.clock.advance(days=7)
    ran = shop.run(*COMPARE)
    assert ran.json["calls"]["getDefinitionsProductType"] == 16
    assert "download" not in ran.json["calls"]


def test_a_type_that_cannot_be_had_blocks_no_other(shop: Shop) -> None:
    compared(shop)
    shop.sandbox.world.amazon.types.require("SHOES", "model_name")
    shop.sandbox.faults.add("server_error_before", "getDefinitionsProductType", status=400)
    ran = shop.run(*COMPARE)
    assert ran.code == 1
    assert ran.json["counts"]["failed"] == 1
    assert ran.json["counts"]["unchanged"] >= 14


def test_a_dry_run_tells_the_differences_and_keeps_nothing(shop: Shop) -> None:
    compared(shop)
    shop.sandbox.world.amazon.types.require("SHOES", "model_name")
    before = {name: rows for name, rows in shop.dump().items() if name in ("product_types",)}
    ran = shop.run(*COMPARE, "--dry-run", "--exit-code")
    assert (ran.code, len(ran.json["differences"])) == (9, 1)
    assert before == {name: shop.dump()[name] for name in before}
    assert shop.run(*COMPARE, "--exit-code").code == 9


def test_the_differences_are_one_json_list_a_ci_job_can_read(shop: Shop) -> None:
    compared(shop)
    shop.sandbox.world.amazon.types.require("SHOES", "model_name")
    ran = shop.run(*COMPARE, "--exit-code")
    assert ran.out.count("\n") == 1
    assert json.loads(ran.out)["differences"][0]["type"] == "SHOES"
    assert json.loads(ran.out)["exit_code"] == 9
