"""`products push`, killed anywhere: each product is listed once, and Omnitron knows of it."""

from __future__ import annotations

import pytest

from tests.e2e.product_shop import SHIRT, add_product, dirty, open_catalogue, submitted
from tests.kill.walk import walk
from tests.kill.wrapper import Kind, When
from tests.shop import Shop

PUSH = ["products", "push"]
FAMILY = ("MODEL-S", "MODEL-M")
CLEAN: dict[str, list[int]] = {"inserts": [], "updates": []}


@pytest.mark.parametrize(
    ("kind", "when"), [("call", "before"), ("call", "after"), ("commit", "after")]
)
def test_killed_at_any_point_of_a_first_run_a_family_is_listed(
    shop: Shop, kind: Kind, when: When
) -> None:
    points = walk(shop, PUSH, kind, when, _new, lambda shop: _judge(shop, feeds=0))

    assert points > 10


def test_killed_after_any_call_of_a_submission_one_feed_lists_the_family(shop: Shop) -> None:
    points = walk(shop, PUSH, "call", "after", _many, lambda shop: _judge(shop, feeds=1))

    assert points > 10


def test_killed_after_any_commit_of_taking_in_the_results_the_family_is_listed(
    shop: Shop,
) -> None:
    points = walk(shop, PUSH, "commit", "after", _submitted, lambda shop: _judge(shop, feeds=1))

    assert points > 5


def test_killed_after_any_call_of_an_update_the_new_name_arrives(shop: Shop) -> None:
    points = walk(shop, PUSH, "call", "after", _renamed, lambda shop: _judge(shop, 0, "Yeni ad"))

    assert points > 5


def _new(shop: Shop, **settings: object) -> None:
    node = open_catalogue(shop, http={"in_flight": 1}, **settings)["SHIRT"]
    for sku in FAMILY:
        mapped = {**SHIRT, "size": sku.removeprefix("MODEL-")}
        add_product(shop, sku, node, mapped, base_code="MODEL", name="Ad")


def _many(shop: Shop) -> None:
    _new(shop, stock={"patch_limit": 0})


def _submitted(shop: Shop) -> None:
    """A feed is in flight, and Amazon has been through with it since."""
    _many(shop)
    assert shop.run(*PUSH).code == 0
    shop.clock.advance(minutes=10)


def _renamed(shop: Shop) -> None:
    """The family is listed, and one of it has another name."""
    _new(shop)
    assert shop.run(*PUSH).code == 0
    shop.clock.advance(minutes=16)
    assert shop.run(*PUSH).code == 0
    shop.sandbox.world.omnitron.set_product(FAMILY[0], name="Yeni ad")


def _judge(shop: Shop, feeds: int, name: str = "Ad") -> list[str]:
    """The next runs send, collect and look; then all is as it must be."""
    codes = []
    for minutes in (1, 6, 10, 16, 32):
        shop.clock.advance(minutes=minutes)
        codes.append(shop.run(*PUSH).code)
    found = [f"the next runs ended {codes}"] if any(codes) else []
    if (made := shop.sandbox.count("createFeed")) != feeds:
        found.append(f"{made} feeds instead of {feeds}")
    return [*found, *_amazon(shop, name), *_omnitron(shop), *_state(shop)]


def _amazon(shop: Shop, name: str) -> list[str]:
    amazon = shop.sandbox.world.amazon
    amazon.settle()
    there = {listing.sku: listing for listing in amazon.listings}
    if there.keys() != {*FAMILY, "MODEL-PARENT"}:
        return [f"listed are {sorted(there)}"]
    found = [f"{sku} cannot be bought" for sku in FAMILY if not there[sku].buyable()]
    if (told := submitted(shop, FAMILY[0])["item_name"][0]["value"]) != name:
        found.append(f"it is called {told}")
    return found


def _omnitron(shop: Shop) -> list[str]:
    """Nothing waits, every batch has ended, nobody is penalised."""
    omnitron = shop.sandbox.world.omnitron
    statuses = {row["status"] for row in omnitron.snapshot("batches")}
    found = [f"batches {statuses}"] if statuses - {"done", "fail"} else []
    if dirty(shop) != CLEAN:
        found.append(f"products wait: {dirty(shop)}")
    if penalised := omnitron.snapshot("failed_integrations"):
        found.append(f"penalised in Omnitron: {penalised}")
    return found


def _state(shop: Shop) -> list[str]:
    """No job, batch or fence is left, and everything is seen to be live."""
    found = [
        f"{table}: {rows}"
        for table in ("batches", "jobs", "feed_items", "fences", "penalties")
        if (rows := shop.rows(f"SELECT * FROM {table}"))  # noqa: S608 - our own table names
    ]
    states = {row["sku"]: row["state"] for row in shop.rows("SELECT sku, state FROM products")}
    if states != dict.fromkeys((*FAMILY, "MODEL-PARENT"), "live"):
        found.append(f"products {states}")
    return found
