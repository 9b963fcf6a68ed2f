"""`products touch`: products of a CSV file are sent anew, all of them or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.product_shop import (
    add_product,
    add_products,
    dirty,
    map_attributes,
    open_catalogue,
    push,
    settle,
    submitted,
)
from tests.shop import Ran, Shop


@pytest.fixture
def skus(shop: Shop) -> list[str]:
    """Three products that are on Amazon."""
    found = add_products(shop, 3, open_catalogue(shop)["SHIRT"])
    push(shop)
    settle(shop)
    shop.forget_calls()
    return found


def touch(shop: Shop, path: Path, *argv: str, code: int = 0) -> Ran:
    """One `products touch` that ends with that exit code."""
    ran = shop.run("products", "touch", str(path), *argv)
    assert ran.code == code, (ran.code, ran.out, ran.err)
    return ran


def csv(shop: Shop, text: str, encoding: str = "utf-8") -> Path:
    path = shop.folder / "products.csv"
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "URUN-0001\nURUN-0002\n",
        "sku\nURUN-0001\nURUN-0002\n",
        "name;sku\r\nBir;URUN-0001\r\n\r\nİki;URUN-0002\r\n",
        '"name","SKU"\n"Bir, iki","URUN-0001"\n"Üç","URUN-0002"\n',
    ],
)
def test_the_products_of_a_file_are_sent_anew(shop: Shop, skus: list[str], text: str) -> None:
    ran = touch(shop, csv(shop, text, "utf-8-sig"))
    assert ran.out == "2 products are sent anew by products push\n"
    assert len(dirty(shop)["updates"]) == 2
    assert push(shop, "--json").json["counts"] == {"sent": 2}
    calls = shop.calls("amazon")
    assert (calls["patchListingsItem"], calls["putListingsItem"]) == (2, 0)
    assert dirty(shop) == {"inserts": [], "updates": []}
    assert push(shop, "--json").json["counts"] == {}


@pytest.mark.parametrize("encoding", ["cp1254", "utf-16", "utf-8-sig"])
def test_a_file_is_read_as_a_turkish_spreadsheet_writes_it(
    shop: Shop, skus: list[str], encoding: str
) -> None:
    text = "sep=;\r\nÜrün adı;Stok Kodu;\r\nŞapka, kırmızı;URUN-0001;\r\nİğne;URUN-0003;\r\n;;\r\n"
    ran = touch(shop, csv(shop, text, encoding), "--json")
    assert ran.json["touched"] == ["URUN-0001", "URUN-0003"]
    assert len(dirty(shop)["updates"]) == 2


def test_lines_that_are_no_keys_are_told_with_the_others(shop: Shop, skus: list[str]) -> None:
    path = csv(shop, "Ad;SKU\nx;URUN-0001\ny\nz;YOK\n")
    assert touch(shop, path, code=2).err.splitlines() == [
        f"amzsync: {path}: nothing was touched",
        "  line 3: has no key in column 2: y",
        "  line 4: the catalog has no product YOK",
    ]
    assert dirty(shop)["updates"] == []


def test_what_was_mapped_anew_reaches_amazon_by_a_touch(shop: Shop, skus: list[str]) -> None:
    map_attributes(shop, skus[0], {"brand": "Yeni Marka"})
    assert push(shop, "--json").json["counts"] == {}
    touch(shop, csv(shop, skus[0]))
    push(shop)
    assert submitted(shop, skus[0])["brand"][0]["value"] == "Yeni Marka"


def test_a_touched_familys_relations_are_not_told_again(shop: Shop) -> None:
    node = open_catalogue(shop)["SHIRT"]
    add_product(shop, "M-1", node, base_code="M")
    add_product(shop, "M-2", node, base_code="M")
    push(shop)
    listing = shop.sandbox.world.amazon.listings.get("M-1")
    assert listing is not None
    told = listing.submitted["child_parent_sku_relationship"]
    touch(shop, csv(shop, "M-1"))
    assert push(shop, "--dry-run").out.count("child_parent") == 0
    push(shop)
    assert listing.submitted["child_parent_sku_relationship"] is told


def test_every_line_that_is_not_fit_is_told_and_nothing_is_touched(
    shop: Shop, skus: list[str]
) -> None:
    add_product(shop, "NEW", open_node(shop))
    before = shop.sandbox.world.omnitron.snapshot("integration_actions")
    path = csv(shop, "sku\nURUN-0001\nYOK\nURUN-0002\n\nURUN-0001\nNEW\n")
    ran = touch(shop, path, code=2)
    told = ran.err.splitlines()
    assert told == [
        f"amzsync: {path}: nothing was touched",
        "  line 3: the catalog has no product YOK",
        "  line 6: URUN-0001 stands in line 2 already",
        "  line 7: NEW was never sent: products push sends it by itself",
    ]
    assert shop.sandbox.world.omnitron.snapshot("integration_actions") == before


def test_a_product_on_its_way_is_not_touched(shop: Shop, skus: list[str]) -> None:
    shop.configure(flags={"send_products": True}, stock={"patch_limit": 0})
    shop.sandbox.world.omnitron.set_product(skus[0], name="Ad")
    push(shop)
    ran = touch(shop, csv(shop, f"{skus[0]}\n{skus[1]}"), code=2)
    assert "line 1: URUN-0001 is on its way to Amazon" in ran.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no keys"),
        ("sku\n", "has a header and no keys below it"),
        ("a,b\n1,2\n", "line 1: 2 columns and no header"),
        ("sku,name\nURUN-0001,x\n,y\n", "line 3: has no key"),
    ],
)
def test_a_file_that_is_no_list_of_skus_is_refused(
    shop: Shop, skus: list[str], text: str, told: str
) -> None:
    assert told in touch(shop, csv(shop, text), code=2).err
    assert dirty(shop)["updates"] == []


def test_a_dry_run_touches_nothing(shop: Shop, skus: list[str]) -> None:
    ran = touch(shop, csv(shop, skus[0]), "--dry-run", "--json")
    assert ran.json["touched"] == [skus[0]]
    assert dirty(shop)["updates"] == []


def test_what_was_touched_before_a_fault_is_touched_again_by_the_next_try(
    shop: Shop, skus: list[str]
) -> None:
    shop.configure(flags={"send_products": True}, http={"in_flight": 1, "attempts": 1})
    shop.sandbox.faults.add(
        "server_error_before", "integration_actions.patch", side="omnitron", after=1, times=5
    )
    path = csv(shop, "\n".join(skus))
    touch(shop, path, code=5)
    assert len(dirty(shop)["updates"]) == 1
    shop.sandbox.faults.clear()
    touch(shop, path)
    assert len(dirty(shop)["updates"]) == 3


def open_node(shop: Shop) -> int:
    """The node of the only category."""
    (row,) = shop.rows("SELECT pk FROM category_nodes")
    return int(row["pk"])
