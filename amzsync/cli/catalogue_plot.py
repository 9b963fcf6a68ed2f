"""The demo's second act: categories and attributes arrive, products go on sale, prices follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from amzsync.cli.stage import Ran, Stage

NEW = 6
PRODUCT_TYPE = "SHIRT"
DISCOUNT = Decimal("0.9")
REPORT_TIME = 600  # seconds in which Amazon writes a report
LISTING_TIME = 900  # seconds in which Amazon puts a listing on sale

# What the brand chooses in the Mapper beside what the form insists on.
CHOICES = {"size": "M", "color": "Siyah"}
FREE_TEXT = "Pamuklu, ılık suda yıkanır."

Run = Callable[[str, str], Ran]


def new_products(stage: Stage) -> list[str]:
    """Products nobody has put on sale yet; their SKUs."""
    stage.ask("POST", "omnitron/catalogue", {"channel": 1})
    skus: list[str] = stage.ask("POST", "omnitron/products", {"count": NEW})["skus"]
    return skus


def play(stage: Stage, run: Run, new: list[str]) -> Iterator[Ran]:
    """The runs, with what the brand does between them."""
    yield run("a main category named", "categories fetch")
    stage.advance(REPORT_TIME)
    yield run("browse tree report ready", "categories fetch")
    yield run("its product types", "attributes fetch")
    yield run("fields every product has", "attributes defaults")
    for number, sku in enumerate(new):
        _fill_in(stage, sku, f"869{number:010}")
    yield run(f"{len(new)} products mapped", "products push")
    stage.advance(LISTING_TIME)
    prices = {sku: str(price) for sku, price in _prices(stage, DISCOUNT).items() if sku in new}
    stage.ask("POST", "omnitron/prices", prices)
    yield run(f"{len(new)} prices changed", "prices push")
    stage.ask("POST", f"omnitron/products/{new[0]}/remove_from_catalog", {})
    yield run("a product left the catalog", "products delete")
    stage.advance(LISTING_TIME)


def compare(stage: Stage, run: Run) -> Iterator[Ran]:
    """Both sides are held against each other."""
    yield run("do both sides agree?", "report")
    stage.advance(REPORT_TIME)
    yield run("listings report ready", "report")


def faults(stage: Stage, new: list[str]) -> Iterator[str]:
    """What of this act has not arrived at Amazon."""
    wanted = _prices(stage)
    listings = {row["sku"]: row for row in stage.snapshot("amazon", "listings")}
    for sku in new:
        live = listings[sku]["live"] if sku in listings else {}
        offers = live.get("purchasable_offer", [])
        prices = [row["our_price"][0]["schedule"][0]["value_with_tax"] for row in offers]
        if [f"{price:.2f}" for price in prices] != [str(wanted[sku])]:
            yield f"{sku} is on sale for {prices} instead of {wanted[sku]}"
    gone = [row["quantity"] for row in listings[new[0]]["live"]["fulfillment_availability"]]
    if gone != [0]:
        yield f"{new[0]} left the catalog and is live with {gone}"


def _prices(stage: Stage, factor: Decimal = Decimal(1)) -> dict[str, Decimal]:
    """Omnitron's price by SKU, times a factor."""
    rows = stage.snapshot("omnitron", "prices")
    return {
        row["sku"]: (Decimal(row["price"]) * factor).quantize(Decimal("0.01"))
        for row in rows
        if row["channel"] == 1
    }


def _fill_in(stage: Stage, sku: str, barcode: str) -> None:
    """What the brand does in the Mapper: a category, and a value for what the form asks."""
    stage.ask("POST", f"omnitron/products/{sku}/map_category", {"nodes": [_node(stage)]})
    form = stage.ask("POST", f"omnitron/products/{sku}/mapper_form", {})["result"]
    values: dict[str, Any] = {
        row["name"]: next(iter(row["values"]), FREE_TEXT) for row in form if row["is_required"]
    }
    values |= {**CHOICES, "externally_assigned_product_identifier": barcode}
    stage.ask("POST", f"omnitron/products/{sku}/map_attributes", {"values": values})


def _node(stage: Stage) -> int:
    """Omnitron's node of a category for products of the type."""
    rows = stage.snapshot("amazon", "browse")
    browse = next(row["id"] for row in rows if row["product_types"] == [PRODUCT_TYPE])
    links = stage.snapshot("omnitron", "integration_actions")
    return next(
        int(row["object_id"])
        for row in links
        if row["remote_id"] == browse and row["content_type"]["model"] == "categorynode"
    )
