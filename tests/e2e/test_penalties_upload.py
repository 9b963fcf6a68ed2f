"""`amzsync penalties clear --csv`: the manual's CSV upload, all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from amzsync.state.penalties import PenaltySettings
from amzsync.state.state import State
from tests.shop import Ran, Shop
from tests.unit.ops.test_csv_keys import KEYS, PROGRAMS


def penalise(shop: Shop, keys: Sequence[str], flow: str = "stock.push") -> None:
    """Put these records in penalty, as a run of the flow would."""
    state = State.open(shop.state, shop.clock)
    for key in keys:
        state.penalties.fail(
            "1",
            flow,
            key,
            settings=PenaltySettings(28_800, 57_601, 2),
            now=shop.clock.now(),
            content_type="productstock",
            code="90220",
            reason="no",
        )
    state.close()


def upload(shop: Shop, content: str | bytes, *words: str) -> Ran:
    path = shop.folder / "upload.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return shop.run("penalties", "clear", "--csv", str(path), *words)


def held(shop: Shop) -> list[str]:
    return [row["key"] for row in shop.rows("SELECT key FROM penalties ORDER BY key")]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_file_is_taken_as_that_program_writes_it(shop: Shop, program: str) -> None:
    penalise(shop, [*KEYS, "123", "other"])
    ran = upload(shop, PROGRAMS[program])
    assert (ran.code, ran.out, ran.err) == (0, "3 cleared\n", "")
    assert held(shop) == ["123", "other"]


def test_every_unfit_line_is_told_and_nothing_is_cleared(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    penalise(shop, ["00123", "ŞAPKA", "A-1"])
    content = "Ad;Stok Kodu\r\nx;123\r\ny;00123\r\nz;şapka\r\n;00123\r\nson\r\nw;A-1\r\nx;YOK\r\n"
    ran = upload(shop, content.encode("cp1254"))
    path = shop.folder / "upload.csv"
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        f"amzsync: {path}: nothing was cleared",
        "  line 2: x | 123: no SKU of the catalog and no order taken in; did you mean 00123?",
        "  line 4: z | şapka: no SKU of the catalog and no order taken in",
        "  line 5: 00123: stands in line 3 already",
        "  line 6: son: has no key in column 2",
        "  line 8: x | YOK: no SKU of the catalog and no order taken in",
    ]
    assert held(shop) == ["00123", "A-1", "ŞAPKA"]

    told = upload(shop, content.encode("cp1254"), "--json").json
    assert (told["exit_code"], told["cleared"], told["error"]["type"]) == (2, [], "UsageError")
    assert [(row["line"], row["key"], row["result"]) for row in told["lines"]] == [
        (2, "123", "unfit"),
        (3, "00123", ""),
        (4, "şapka", "unfit"),
        (5, "00123", "unfit"),
        (6, None, "unfit"),
        (7, "A-1", ""),
        (8, "YOK", "unfit"),
    ]
    assert told["lines"][3]["reason"] == "stands in line 3 already"


def test_what_is_known_and_free_by_now_is_told_and_holds_up_nothing(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    known = "SKU-000001"
    shop.sandbox.world.omnitron.set_stock(known, 77)
    assert shop.run("stock", "push").code == 0  # the state knows it from now on
    shop.forget_calls()
    penalise(shop, ["00123"])
    ran = upload(shop, f"sku\n00123\n{known}\n")
    assert (ran.code, ran.out, ran.err) == (0, "1 cleared\n", f"not in penalty: line 3: {known}\n")
    assert held(shop) == []
    assert not shop.calls()
    penalise(shop, ["00123"])
    told = upload(shop, f"sku\n00123\n{known}\n", "--json").json
    assert told["not_in_penalty"] == [known]
    assert [(row["line"], row["result"]) for row in told["lines"]] == [
        (2, "cleared"),
        (3, "not in penalty"),
    ]


def test_a_sku_only_the_catalog_knows_is_no_typo(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    penalise(shop, ["00123"])
    ran = upload(shop, "00123\nSKU-000002\nSKU-000004\n")
    assert (ran.code, ran.out) == (0, "1 cleared\n")
    assert ran.err.splitlines() == [
        "not in penalty: line 2: SKU-000002",
        "not in penalty: line 3: SKU-000004",
    ]
    assert shop.calls("omnitron")["products.list"] == 1  # both asked for at once


def test_if_the_catalog_cannot_be_asked_nothing_is_cleared(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    penalise(shop, ["00123"])
    shop.configure(omnitron={"url": "http://127.0.0.1:1"})
    ran = upload(shop, "00123\nYOK\n")
    assert (ran.code, ran.out) == (5, "")
    assert held(shop) == ["00123"]
    assert upload(shop, "00123\n").code == 0  # what is known here needs nobody


def test_an_order_stands_twice_by_its_number_and_its_id(shop: Shop) -> None:
    shop.sandbox.reset(orders=3, skus=12, plain=True)
    shop.configure(order_number_format="AMZ{n1}{n2}{n3}")
    shop.run("orders", "pull")
    (row, *_) = shop.rows("SELECT order_id, number FROM inbox")
    penalise(shop, [row["order_id"]], "orders.push")
    both = upload(shop, f"Sipariş No\n{row['number']}\n{row['order_id']}\n")
    assert both.code == 2
    assert f"  line 3: {row['order_id']}: stands in line 2 already\n" in both.err
    assert upload(shop, f"Sipariş No\n{row['number']}\n").out == "1 cleared\n"


def test_a_file_may_be_narrowed_to_a_flow(shop: Shop) -> None:
    penalise(shop, ["A-1", "A-2"])
    penalise(shop, ["A-2"], "prices.push")
    ran = upload(shop, "A-1\nA-2\n", "--flow", "prices push")
    assert (ran.code, ran.out, ran.err) == (0, "1 cleared\n", "not in penalty: line 1: A-1\n")
    assert held(shop) == ["A-1", "A-2"]


def test_a_key_on_the_command_line_that_nobody_knows_is_a_typo_too(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    penalise(shop, ["A-1"])
    ran = shop.run("penalties", "clear", "--sku", "A-1", "--sku", "a-1", "--sku", "A-1")
    assert (ran.code, ran.out) == (2, "")
    assert "  a-1: no SKU of the catalog and no order taken in; did you mean A-1?\n" in ran.err
    assert shop.run("penalties", "clear", "--sku", "A-1", "--sku", "A-1").out == "1 cleared\n"


def test_a_file_that_is_none_is_a_usage_error_also_as_json(shop: Shop, tmp_path: Path) -> None:
    ran = shop.run("penalties", "clear", "--csv", str(tmp_path / "none.csv"), "--json")
    assert (ran.code, ran.json["exit_code"], ran.json["lines"]) == (2, 2, [])
    assert "cannot be read: No such file" in ran.json["error"]["message"]
