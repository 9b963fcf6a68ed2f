"""Omnitron's side of the sandbox: dirty lists, versions, links and penalties."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.omnitron_calls import Far, committed


@pytest.fixture
def far() -> Far:
    return Far()


def changed(far: Far) -> list[Any]:
    return far.rows("product_stocks/updates/")


def finish(far: Far, rows: list[Any], **more: Any) -> None:
    batch = far.commit(rows)
    status, body = far.move(batch, "done", objects=[committed(row, **more) for row in rows])
    assert status == 200, body


def test_listed_products_are_linked_and_the_others_are_inserts(far: Far) -> None:
    for resource in ("products", "product_stocks", "product_prices", "product_images"):
        assert far.get(f"{resource}/inserts/")["count"] == 2
        assert far.get(f"{resource}/updates/")["count"] == 0
    action = far.rows("integration_actions/?content_type_name=product&remote_id__exact=SKU-1")[0]
    product = far.rows("products/?sku=SKU-1")[0]
    assert (action["object_id"], action["status"]) == (product["pk"], "success")
    assert action["version_date"] == product["modified_date"]
    assert not far.rows("integration_actions/?remote_id__in=SKU-11,SKU-12")


def test_a_new_stock_dirties_the_stock_alone(far: Far) -> None:
    far.world.set_stock("SKU-1", 3)
    assert [row["stock"] for row in changed(far)] == [3]
    assert far.get("products/updates/")["count"] == 0
    assert far.get("product_prices/updates/")["count"] == 0


def test_a_new_price_is_text_with_two_digits(far: Far) -> None:
    far.world.set_price("SKU-1", "9.9")
    (row,) = far.rows("product_prices/updates/")
    assert (row["price"], row["currency_type"]) == ("9.90", "try")


def test_stocks_are_found_by_product_and_stock_list(far: Far) -> None:
    (stock,) = far.rows("product_stocks/?product__pk__in=1002&stock_list=21")
    assert stock["product"] == 1002
    assert far.get("product_stocks/?product__pk__in=1002&stock_list=99")["count"] == 0


def test_two_changes_at_one_moment_have_two_dates(far: Far) -> None:
    far.world.set_stock("SKU-1", 1)
    far.world.set_stock("SKU-2", 2)
    dates = [row["modified_date"] for row in changed(far)]
    assert len(set(dates)) == 2
    assert all(len(date) == 27 and date.endswith("Z") for date in dates)


def test_a_finished_change_leaves_the_list(far: Far) -> None:
    far.world.set_stock("SKU-1", 3)
    finish(far, changed(far))
    assert changed(far) == []


def test_a_version_cut_to_milliseconds_stays_dirty(far: Far) -> None:
    far.clock.pass_by(0.000456)
    far.world.set_stock("SKU-1", 3)
    (row,) = changed(far)
    cut = row["modified_date"][:23] + "Z"
    finish(far, [row], version_date=cut)
    assert changed(far) == [row]


def test_a_change_made_after_the_read_is_not_lost(far: Far) -> None:
    far.world.set_stock("SKU-1", 3)
    read = changed(far)
    far.world.set_stock("SKU-1", 4)
    finish(far, read)
    assert [row["stock"] for row in changed(far)] == [4]


def test_an_older_version_date_makes_an_object_dirty_again(far: Far) -> None:
    (action,) = far.rows("integration_actions/?content_type_name=product&remote_id__exact=SKU-1")
    path = f"integration_actions/{action['pk']}/"
    far.send("PATCH", path, {"channel_id": 1, "version_date": "1970-01-01T00:00:00Z"})
    assert [row["sku"] for row in far.rows("products/updates/")] == ["SKU-1"]


def test_a_deleted_link_makes_an_insert_again(far: Far) -> None:
    (action,) = far.rows("integration_actions/?content_type_name=product&remote_id__exact=SKU-1")
    assert far.send("DELETE", f"integration_actions/{action['pk']}/")[0] == 204
    assert "SKU-1" in {row["sku"] for row in far.rows("products/inserts/")}


def test_a_link_made_by_hand_takes_the_object_off_the_inserts(far: Far) -> None:
    (product,) = far.rows("products/?sku=SKU-12")
    model = far.call("GET", "content_types/?model=product")[1]["results"][0]
    body = {
        "channel_id": 1,
        "content_type_id": model["id"],
        "object_id": product["pk"],
        "remote_id": "SKU-12",
        "version_date": product["modified_date"],
    }
    action = far.created("integration_actions/", body)
    assert action["content_type"] == model
    assert "SKU-12" not in {row["sku"] for row in far.rows("products/inserts/")}
    assert far.send("POST", "integration_actions/", body)[0] == 400


def test_a_product_out_of_the_catalog_shows_among_the_deleted_only(far: Far) -> None:
    far.world.set_stock("SKU-1", 3)
    far.world.remove_from_catalog("SKU-1")
    gone = far.rows("integration_actions/deleted/?model=product&channel_id=1")
    assert [row["remote_id"] for row in gone] == ["SKU-1"]
    assert changed(far) == []
    assert far.get("products/")["count"] == 11
    assert far.rows(f"products/?pk__in={gone[0]['object_id']}")[0]["sku"] == "SKU-1"


def test_one_worlds_settings_are_not_anothers(far: Far) -> None:
    far.world.channels[1].row["conf"]["FAILED_INTEGRATION"]["productstock"]["RETRY_INTERVAL"] = 1
    other = far.world.channels[2].row["conf"]["FAILED_INTEGRATION"]
    assert other["productstock"]["RETRY_INTERVAL"] == 28800


def test_a_failed_object_is_hidden_for_its_interval_and_then_comes_back(far: Far) -> None:
    far.world.set_stock("SKU-1", 3)
    far.world.set_stock("SKU-2", 4)
    failed, _ = changed(far)
    finish(far, [failed], failed_reason_type="remote")
    assert [row["stock"] for row in changed(far)] == [4]
    (action,) = far.rows(
        f"integration_actions/?content_type_name=productstock&object_id={failed['pk']}"
    )
    assert action["status"] == "error"
    (penalty,) = far.rows(f"failed_integrations/?object_id={failed['pk']}&is_active=True")
    assert (penalty["reason_type"], penalty["retry_count"]) == ("remote", 1)
    assert (penalty["retry_interval"], penalty["max_retry_count"]) == (28800, 2)
    assert penalty["integration_action"] == action["pk"]
    far.clock.pass_by(28799)
    assert failed not in changed(far)
    far.clock.pass_by(1)
    assert failed in changed(far)


def test_with_the_manuals_numbers_tries_fall_at_0_28800_and_57600_seconds(far: Far) -> None:
    far.world.set_stock("SKU-1", 3)
    (row,) = changed(far)
    for _ in range(3):
        finish(far, [row], failed_reason_type="remote")
        far.clock.pass_by(28800)
    far.clock.pass_by(10**7)
    assert changed(far) == []
    (penalty,) = far.rows("failed_integrations/")
    assert penalty["retry_count"] == 3


@pytest.mark.parametrize(
    ("expiration", "retries", "tries"),
    [(10**6, 2, 3), (250, 99, 3), (200, 99, 2), (10**6, 0, 1)],
)
def test_retries_end_by_their_count_or_their_time_whichever_is_first(
    far: Far, expiration: int, retries: int, tries: int
) -> None:
    setting = {
        "RETRY_INTERVAL": 100,
        "EXPIRATION_DATE": expiration,
        "MAX_RETRY_COUNT": retries,
    }
    far.world.channels[1].row["conf"] = {"FAILED_INTEGRATION": {"DEFAULT": setting}}
    far.world.set_stock("SKU-1", 3)
    done = 0
    while rows := changed(far):
        finish(far, rows, failed_reason_type="remote")
        far.clock.pass_by(100)
        done += 1
    assert done == tries


@pytest.mark.parametrize("lifted_by", ["DELETE", "PUT"])
def test_a_lifted_penalty_shows_the_object_at_once(far: Far, lifted_by: str) -> None:
    far.world.set_stock("SKU-1", 3)
    finish(far, changed(far), failed_reason_type="channel_app")
    (penalty,) = far.rows("failed_integrations/")
    body = penalty | {"is_active": False}
    status, _ = far.send(lifted_by, f"failed_integrations/{penalty['pk']}/", body)
    assert status in (200, 204)
    assert [row["stock"] for row in changed(far)] == [3]
    assert far.rows("failed_integrations/?is_active=True") == []


def test_a_success_ends_the_penalty_and_a_later_failure_counts_anew(far: Far) -> None:
    far.world.set_stock("SKU-1", 3)
    (row,) = changed(far)
    for reason in ("remote", None, "remote"):
        finish(far, [row], failed_reason_type=reason)
    (penalty,) = far.rows("failed_integrations/?is_active=True")
    assert penalty["retry_count"] == 1


def test_a_product_that_failed_at_first_is_an_insert_when_it_is_due(far: Far) -> None:
    (product, _) = far.rows("products/inserts/")
    batch = far.commit([product], "product")
    failed = committed(product, "product", failed_reason_type="mapping")
    far.move(batch, "done", objects=[failed])
    assert product not in far.rows("products/inserts/")
    far.clock.pass_by(28800)
    assert product in far.rows("products/inserts/")
    assert far.rows("products/updates/") == []


def test_the_mapper_answers_or_says_what_is_missing(far: Far) -> None:
    pk = far.rows("products/?sku=SKU-1")[0]["pk"]
    mapped = far.get(f"mapped_products/{pk}/")
    names = {value["attribute_name"] for value in mapped["mapped_attribute_values"].values()}
    assert names == set(mapped["mapped_attributes"])
    far.world.unmapped = {"SKU-1"}
    status, body = far.send("GET", f"mapped_products/{pk}/")
    assert status == 406
    assert set(body) == {"error"}
    listed = far.rows(f"mapped_products/?pk__in={pk},{pk + 1}")
    assert [row["pk"] for row in listed] == [pk + 1]


def test_every_product_lies_in_one_category(far: Far) -> None:
    pk = far.rows("products/?sku=SKU-1")[0]["pk"]
    (row,) = far.rows(f"product_categories/detailed/?product={pk}")
    assert row["product"] == pk
    assert row["category"]["path"].startswith("0001")


def test_a_channel_has_its_catalog_and_keeps_its_schema(far: Far) -> None:
    _, channel = far.call("GET", "channels/1/")
    _, catalog = far.call("GET", f"catalogs/{channel['catalog']}/")
    assert (catalog["stock_list"], catalog["price_list"]) == (21, 31)
    schema = {"a": {"key": "a", "label": "A", "data_type": "text", "required": False}}
    far.call("PATCH", "channels/1/", {"schema": schema, "conf": {}})
    _, after = far.call("GET", "channels/1/")
    assert after["schema"] == schema
    assert after["conf"] == channel["conf"]


def test_channels_keep_their_stocks_apart(far: Far) -> None:
    far.world.set_stock("SKU-1", 7, channel=2)
    assert changed(far) == []
    _, body = far.call("GET", "channel/2/product_stocks/updates/")
    assert [row["stock"] for row in body["results"]] == [7]
