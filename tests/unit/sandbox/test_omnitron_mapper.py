"""Omnitron's side of the sandbox: the Mapper, goods that come and go, product batches, events."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.amazon_api import Api
from tests.unit.sandbox.omnitron_calls import Far, committed

COLOURS = [{"label": "Kırmızı", "value": "red", "remote_id": "red"}]
COLOURS += [{"label": "Mavi", "value": "blue", "remote_id": "blue"}]


@pytest.fixture
def far() -> Far:
    far = Far()
    far.world.open_catalogue()
    return far


def prepared(far: Far, remote_id: str = "LUGGAGE") -> int:
    """A category with an attribute set: color (chosen), size (open), item_name (free); its node."""
    tree = far.created("category_trees/", {"name": remote_id})
    far.call("PATCH", "channels/1/", {"category_tree": tree["pk"]})
    body = {"node": tree["category_root"]["pk"], "name": remote_id}
    node = int(far.created("category_nodes/", body)["pk"])
    size = [{"label": "Orta", "value": "M", "remote_id": "M"}]
    attributes = [
        {"name": "color", "remote_id": "color", "is_required": True, "values": COLOURS},
        {"name": "size", "remote_id": "size", "is_custom": True, "values": size},
        {"name": "item_name", "remote_id": "item_name", "is_custom": True, "values": []},
    ]
    body = {"category_node_id": node, "remote_id": remote_id, "attributes": attributes}
    far.created("bulk_category_attributes/", {**body, "attribute_set_name": remote_id})
    return node


def mapped(far: Far, sku: str = "SKU-1") -> Any:
    pk = far.rows(f"products/?sku={sku}")[0]["pk"]
    return far.get(f"mapped_products/{pk}/")


def waiting(far: Far, resource: str, view: str = "inserts") -> set[int]:
    return {row.get("product", row["pk"]) for row in far.rows(f"{resource}/{view}/")}


def test_a_product_of_which_nothing_is_mapped_fails_in_the_mapper(far: Far) -> None:
    product = far.rows("products/?sku=SKU-1")[0]
    status, body = far.send("GET", f"mapped_products/{product['pk']}/")
    assert status == 406
    assert isinstance(body["error"], str)
    assert far.rows("mapped_products/") == []


def test_a_mapped_product_shows_chosen_values_and_free_texts(far: Far) -> None:
    node = prepared(far)
    far.world.map_category("SKU-1", node)
    far.world.map_attributes("SKU-1", {"color": "red", "size": "Dev", "item_name": "Kaban"})
    answer = mapped(far)
    assert answer["mapped_attributes"] == {"color": "Kırmızı", "size": "Dev", "item_name": "Kaban"}
    (attribute_set,) = far.rows("attribute_sets/")
    assert answer["attribute_set_id"] == attribute_set["id"]
    assert answer["attribute_set_remote_id"] == "LUGGAGE"
    (color,) = far.rows("attributes/?name__exact=color")
    assert answer["mapped_attribute_values"][str(color["pk"])] == {
        "attribute_name": "color",
        "label": "Kırmızı",
        "value": "red",
        "attribute_remote_id": "color",
    }
    (size,) = far.rows("attributes/?name__exact=size")
    free = answer["mapped_attribute_values"][str(size["pk"])]
    assert (free["label"], free["value"]) == (None, None)
    assert far.get("products/updates/")["count"] == 0
    assert far.rows(f"mapped_products/?pk__in={answer['pk']},{answer['pk'] + 1}") == [answer]


def test_a_mapped_value_follows_its_label(far: Far) -> None:
    far.world.map_category("SKU-1", prepared(far))
    far.world.map_attributes("SKU-1", {"color": "Mavi"})
    (blue,) = far.rows("attribute_values/?value__exact=blue")
    far.send("PATCH", f"attribute_values/{blue['pk']}/", {"label": "Lacivert"})
    assert mapped(far)["mapped_attributes"] == {"color": "Lacivert"}


def test_unmapping_an_attribute_leaves_the_others(far: Far) -> None:
    far.world.map_category("SKU-1", prepared(far))
    far.world.map_attributes("SKU-1", {"color": "red", "item_name": "Kaban"})
    far.world.map_attributes("SKU-1", {"color": None})
    assert mapped(far)["mapped_attributes"] == {"item_name": "Kaban"}


def test_only_a_value_of_the_attribute_can_be_chosen(far: Far) -> None:
    far.world.map_category("SKU-1", prepared(far))
    with pytest.raises(ValueError, match="no value"):
        far.world.map_attributes("SKU-1", {"color": "mor"})
    with pytest.raises(KeyError):
        far.world.map_attributes("SKU-1", {"weight": "1"})
    far.world.map_attributes("SKU-1", {"size": "Orta"})
    (size,) = mapped(far)["mapped_attribute_values"].values()
    assert size["value"] == "M"


def test_value_configs_leave_the_set_a_part_of_the_values(far: Far) -> None:
    far.world.map_category("SKU-1", prepared(far))
    (attribute_set,) = far.rows("attribute_sets/")
    (red,) = far.rows("attribute_values/?value__exact=red")
    body = {"attribute_set": attribute_set["id"], "attribute_value": red["pk"]}
    far.created("attribute_value_configs/", body)
    form = {row["name"]: row for row in far.world.mapper_form("SKU-1")}
    assert form["color"]["values"] == ["Kırmızı"]
    assert form["size"]["values"] == ["Orta"]
    with pytest.raises(ValueError, match="no value"):
        far.world.map_attributes("SKU-1", {"color": "blue"})


def test_the_mapper_asks_for_the_attributes_of_the_category(far: Far) -> None:
    assert far.world.mapper_form("SKU-1") == []
    far.world.map_category("SKU-1", prepared(far))
    far.world.map_attributes("SKU-1", {"color": "red"})
    (color,) = [row for row in far.world.mapper_form("SKU-1") if row["name"] == "color"]
    assert color == {
        "name": "color",
        "is_required": True,
        "is_variant": False,
        "is_custom": False,
        "is_meta": False,
        "values": ["Kırmızı", "Mavi"],
        "mapped": True,
    }


def test_a_set_chosen_by_hand_comes_before_the_categorys(far: Far) -> None:
    far.world.map_category("SKU-1", prepared(far))
    other = far.created("attribute_sets/", {"name": "SHOES", "remote_id": "SHOES", "channel": 1})
    far.world.map_attributes("SKU-1", {"item_name": "Kaban"}, attribute_set=other["id"])
    answer = mapped(far)
    assert answer["attribute_set_name"] == "SHOES"
    (value,) = answer["mapped_attribute_values"].values()
    assert value["attribute_remote_id"] == "item_name"  # from its link: SHOES has no config


def test_default_attributes_are_mapped_without_any_set(far: Far) -> None:
    title = {"name": "title", "remote_id": "title", "values": []}
    far.created("bulk_attributes/", {"attributes": [title]})
    far.world.map_attributes("SKU-1", {"title": "Kaban"})
    answer = mapped(far)
    assert answer["mapped_attributes"] == {"title": "Kaban"}
    assert answer["attribute_set_id"] is None


def test_an_opened_catalogue_is_well_described_and_nothing_waits_for_it(far: Far) -> None:
    rows = far.rows("products/?sort=pk")
    before = Far().rows("products/?sort=pk")
    assert [row["modified_date"] for row in rows] == [row["modified_date"] for row in before]
    assert far.get("products/updates/")["count"] == 0
    first, second = rows[:2]
    assert first["base_code"] == second["base_code"] != rows[6]["base_code"]
    assert first["attributes"]["boyut"] != second["attributes"]["boyut"]
    assert first["attributes"]["barcode"] == "0000000000001"
    assert first["attributes"]["marka"] in first["description"]
    assert first["productimage_set"][0]["image"].startswith("https://")
    assert len(far.rows(f"products/?base_code={first['base_code']}")) == 6


def test_new_products_are_inserts_of_every_kind(far: Far) -> None:
    skus = far.world.add_products(7)
    assert len(set(skus)) == 7
    pks = {row["pk"] for row in far.rows(f"products/?sku__in={','.join(skus)}")}
    for resource in ("products", "product_stocks", "product_prices", "product_images"):
        assert pks <= waiting(far, resource)
    product = far.rows(f"products/?sku={skus[0]}")[0]
    assert len(product["productimage_set"]) == 2
    assert len(product["attributes"]["barcode"]) == 13
    assert not set(skus) & set(far.world.add_products(1))


def test_a_product_may_lack_price_stock_barcode_and_picture(far: Far) -> None:
    pk = far.world.add_product("BARE", price=None, stock=None, product_type="2", name="Çıplak")
    (product,) = far.rows("products/inserts/?product_type=2")
    assert (product["pk"], product["name"], product["productimage_set"]) == (pk, "Çıplak", [])
    assert "barcode" not in product["attributes"]
    assert pk not in {row["pk"] for row in far.rows("products/inserts/?product_type=0")}
    for resource in ("product_stocks", "product_prices"):
        assert far.rows(f"{resource}/?product__pk__in={pk}") == []
    with pytest.raises(ValueError, match="there already"):
        far.world.add_product("BARE")


def test_price_and_stock_can_go_and_come_back_as_new_rows(far: Far) -> None:
    pk = far.rows("products/?sku=SKU-1")[0]["pk"]
    far.world.set_price("SKU-1", "9.90")
    far.world.remove_price("SKU-1")
    far.world.remove_stock("SKU-1")
    for resource in ("product_stocks", "product_prices"):
        assert far.rows(f"{resource}/?product__pk__in={pk}") == []
        assert far.rows(f"{resource}/updates/") == []
    far.world.set_price("SKU-1", "12.50", retail_price="15.00", currency_type="usd")
    far.world.set_stock("SKU-1", 3)
    (price,) = [row for row in far.rows("product_prices/inserts/") if row["product"] == pk]
    assert (price["price"], price["retail_price"], price["currency_type"]) == (
        "12.50",
        "15.00",
        "usd",
    )
    assert [
        row["stock"] for row in far.rows("product_stocks/inserts/") if row["product"] == pk
    ] == [3]


def test_a_picture_is_changed_taken_away_and_put_back(far: Far) -> None:
    pk = far.rows("products/?sku=SKU-1")[0]["pk"]
    far.world.set_image("SKU-1", "https://cdn.example.com/yeni.jpg")
    (image,) = far.rows("product_images/updates/")
    assert (image["product"], image["image"]) == (pk, "https://cdn.example.com/yeni.jpg")
    assert far.get("products/updates/")["count"] == 0
    far.world.set_image("SKU-1", None)
    assert far.rows("products/?sku=SKU-1")[0]["productimage_set"] == []
    assert far.rows("product_images/updates/") == []
    far.world.set_image("SKU-1", "https://cdn.example.com/son.jpg")
    assert pk in waiting(far, "product_images")


def test_a_product_that_returns_to_the_catalog_is_as_it_was(far: Far) -> None:
    far.world.set_stock("SKU-1", 3)
    far.world.remove_from_catalog("SKU-1")
    assert far.get("integration_actions/deleted/?model=product&channel_id=1")["count"] == 1
    assert far.rows("product_stocks/updates/") == []
    far.world.return_to_catalog("SKU-1")
    assert far.get("integration_actions/deleted/?model=product&channel_id=1")["count"] == 0
    assert [row["stock"] for row in far.rows("product_stocks/updates/")] == [3]
    assert far.get("products/updates/")["count"] == 0


def test_a_product_whose_links_were_deleted_returns_as_an_insert(far: Far) -> None:
    far.world.remove_from_catalog("SKU-1")
    for action in far.rows("integration_actions/?remote_id__in=SKU-1&channel=1"):
        far.send("DELETE", f"integration_actions/{action['pk']}/")
    assert far.get("integration_actions/deleted/?model=product&channel_id=1")["count"] == 0
    far.world.return_to_catalog("SKU-1")
    pk = far.rows("products/?sku=SKU-1")[0]["pk"]
    for resource in ("products", "product_stocks", "product_prices", "product_images"):
        assert pk in waiting(far, resource)


def goods(far: Far, pk: int) -> list[tuple[str, Any]]:
    """A product with its stock and price, as model and row."""
    (product,) = far.rows(f"products/?pk__in={pk}")
    (stock,) = far.rows(f"product_stocks/?product__pk__in={pk}")
    (price,) = far.rows(f"product_prices/?product__pk__in={pk}")
    return [("product", product), ("productstock", stock), ("productprice", price)]


def test_a_product_batch_locks_and_ends_stock_and_price_with_it(far: Far) -> None:
    first, second = sorted(waiting(far, "products"))
    rows = [*goods(far, first), *goods(far, second)]
    batch = far.batch()
    objects = [committed(row, model) for model, row in rows]
    assert far.move(batch, "commit", content_type="product", objects=objects)[0] == 200
    for resource in ("products", "product_stocks", "product_prices"):
        assert waiting(far, resource) == set()
    far.move(batch, "sent_to_remote", remote_batch_id="feed-1")
    status, _ = far.move(far.batch(), "commit", content_type="product", objects=[])
    assert status == 200

    stock = goods(far, first)[1][1]["stock"]
    sku = goods(far, first)[0][1]["sku"]
    far.world.set_stock(sku, stock + 1)
    ended = [
        committed(
            row,
            model,
            remote_id=sku,
            failed_reason_type="mapping" if (model, row["pk"]) == ("product", second) else None,
        )
        for model, row in rows
    ]
    assert far.move(batch, "done", objects=ended)[0] == 200

    assert [row["stock"] for row in far.rows("product_stocks/updates/")] == [stock + 1]
    assert far.rows("product_prices/updates/") == []
    assert waiting(far, "products") == set()
    assert far.rows("products/updates/") == []
    (penalty,) = far.rows("failed_integrations/?is_active=True")
    assert (penalty["object_id"], penalty["reason_type"]) == (second, "mapping")
    far.clock.pass_by(28800)
    assert waiting(far, "products") == {second}


def test_a_product_batch_that_fails_gives_everything_back(far: Far) -> None:
    pk = min(waiting(far, "products"))
    batch = far.batch()
    objects = [committed(row, model) for model, row in goods(far, pk)]
    far.move(batch, "commit", content_type="product", objects=objects)
    far.move(batch, "fail", objects=None)
    for resource in ("products", "product_stocks", "product_prices"):
        assert pk in waiting(far, resource)
    assert far.rows("failed_integrations/") == []


def test_price_batches_lock_by_content_type(far: Far) -> None:
    far.world.set_price("SKU-1", "9.90")
    far.world.set_stock("SKU-1", 3)
    prices = far.rows("product_prices/updates/")
    batch = far.commit(prices, "productprice")
    assert far.rows("product_prices/updates/") == []
    assert len(far.rows("product_stocks/updates/")) == 1
    far.commit(far.rows("product_stocks/updates/"))
    status, body = far.move(far.batch(), "commit", content_type="productprice", objects=[])
    assert status == 406
    assert batch["local_batch_id"] in body["non_field_errors"]
    far.world.set_price("SKU-1", "10.90")
    done = [committed(row, "productprice", remote_id="SKU-1") for row in prices]
    far.move(batch, "done", objects=done)
    assert [row["price"] for row in far.rows("product_prices/updates/")] == ["10.90"]


def event(**more: Any) -> dict[str, Any]:
    return {
        "event_type": "product_error",
        "level": "error",
        "source": "channel_app",
        "message": "brand attribute is required",
        "context": {},
        "tags": {"action_content_type": "product"},
        "action_content_type": "product",
        "action_object_id": 1001,
        "raw_data": None,
        **more,
    }


def test_operational_events_are_kept_and_listed(far: Far) -> None:
    made = far.created("operational_events/", event())
    far.created("operational_events/", event(level="info"))
    assert far.rows("operational_events/?level=error") == [made]
    assert len(far.world.snapshot("operational_events")) == 2
    for wrong in ({"level": "warning"}, {"event_type": "x"}, {"action_content_type": "x"}):
        assert far.send("POST", "operational_events/", event(**wrong))[0] == 400


def test_operational_events_may_not_be_there(far: Far) -> None:
    far.world.no_events = True
    assert far.send("POST", "operational_events/", event())[0] == 404
    assert far.send("GET", "operational_events/")[0] == 404
    report = {
        "action_content_type": 11,
        "action_object_id": 1001,
        "target_content_type": 19,
        "target_object_id": 1,
        "error_code": "b-1",
        "error_desc": "brand attribute is required",
    }
    assert far.send("POST", "error_reports/", report)[0] == 201


def test_goods_show_in_their_snapshots_with_their_sku(far: Far) -> None:
    far.world.map_category("SKU-1", prepared(far))
    (row,) = far.world.snapshot("mapped_products")
    assert (row["sku"], row["attribute_set_name"]) == ("SKU-1", "LUGGAGE")
    for kind in ("prices", "images", "stocks", "products"):
        own = [row["sku"] for row in far.world.snapshot(kind) if row["channel"] == 1]
        assert own == [f"SKU-{number}" for number in range(1, 13)]


def test_the_brands_hands_are_reached_through_the_control_endpoint(api: Api) -> None:
    world = api.sandbox.world.omnitron
    api.control("POST", "omnitron/catalogue", {"channel": 1})
    assert world.channels[1].row["category_tree"] is None
    (sku,) = api.control("POST", "omnitron/products", {"count": 1})["skus"]
    pk = api.control("POST", "omnitron/products", {"sku": "A/B 1", "price": "9.9"})["pk"]
    image = {"url": "https://cdn.example.com/1.jpg"}
    api.control("POST", "omnitron/products/A%2FB%201/set_image", image)
    api.control("POST", f"omnitron/products/{sku}/remove_price", {})
    api.control("POST", f"omnitron/products/{sku}/map_category", {"nodes": [700_002]})
    answers = {"unmapped": [sku], "no_bulk": True, "no_events": True}
    api.control("POST", "omnitron/answers", answers)
    channel = world.channels[1]
    assert [row.image for row in channel.images.find("product", pk)] == [image["url"]]
    assert channel.prices.find("product", pk)[0].price == "9.90"
    assert [row.nodes for row in channel.mapped.values()] == [(700_002,)]
    assert (world.unmapped, world.no_bulk, world.no_events) == ({sku}, True, True)
