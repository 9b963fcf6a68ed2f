"""What Omnitron has to hold of Amazon's categories and product types, worked out from these alone.

Written from the manual and the contracts, not from the flows. What Omnitron cannot take back stays:
nodes and sets of categories that are gone, choices a set has allowed once, and a category lies
where it lay when it was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from amzsync.sandbox.amazon.browsetree import BrowseTree
from amzsync.sandbox.amazon.definitions import SELLER_BRANDS
from amzsync.sandbox.amazon.producttypes import ProductType, TypeBook
from amzsync.sandbox.amazon.typeattributes import Words
from tests.e2e.catalogue_shop import table
from tests.shop import Shop

KEPT = ("brand", "department", "country_of_origin", "care_instructions")
META = ("brand", "condition_type")
# What every type's offer has: never required, and of no interest here beyond that.
OFFER = (
    "condition_type",
    "fulfillment_availability.lead_time_to_ship_max_days",
    "fulfillment_availability.restock_date",
)
PREDEFINED = (
    *("remote_id", "item_name", "product_description", "bullet_point", "brand", "condition_type"),
    *("externally_assigned_product_identifier", "externally_assigned_product_identifier.type"),
    *("main_product_image_locator.media_location", "recommended_browse_nodes"),
)


@dataclass(frozen=True)
class Asked:
    """An attribute as a set has to ask for it; `choices`: value -> label."""

    is_required: bool
    is_custom: bool
    choices: Mapping[str, str] = field(default_factory=dict)


def shrink(one: ProductType) -> None:
    """Leave a type few attributes of its own, all of them plain ones."""
    one.attributes = {name: one.attributes[name] for name in KEPT}
    one.required = [name for name in one.required if name in KEPT]
    one.rules = []


def of_type(one: ProductType) -> dict[str, Asked]:
    """What one product type asks for, the offer apart."""
    asked = {
        name: Asked(name in one.required, *_choices(schema["items"]["properties"]["value"]))
        for name, schema in one.attributes.items()
    }
    if "brand" in asked:  # a schema made for a seller names the brands that are the seller's
        asked["brand"] = replace(asked["brand"], choices={name: name for name in SELLER_BRANDS})
    return asked


def _choices(value: Mapping[str, Any]) -> tuple[bool, dict[str, str]]:
    """Whether other values are taken, and those that are offered."""
    parts = [part for part in (value, *value.get("anyOf", ())) if "enum" in part]
    if not parts:
        return True, {}
    pairs = zip(parts[0]["enum"], parts[0]["enumNames"], strict=True)
    return parts[0] is not value, {_turkish(code): _turkish(label) for code, label in pairs}


def _turkish(text: str | Words) -> str:
    return text.turkish if isinstance(text, Words) else text


def of_types(types: TypeBook, names: Sequence[str]) -> dict[str, Asked]:
    """What the set of a category with these product types asks for."""
    each = [of_type(types.get(name)) for name in names]
    asked = {}
    for name in dict.fromkeys(name for one in each for name in one):
        have = [one[name] for one in each if name in one]
        choices = {value: label for one in have for value, label in one.choices.items()}
        required = len(have) == len(each) and all(one.is_required for one in have)
        asked[name] = Asked(required, not choices or any(one.is_custom for one in have), choices)
    if len(each) > 1:
        asked["product_type"] = Asked(True, False, {name: name for name in names})
    return asked


def below(browse: BrowseTree, roots: Iterable[str]) -> dict[str, str]:
    """Category -> name, of all that lie under these main categories."""
    return {path[-1].id: path[-1].name for root in roots for path in browse.walk(root)}


def shelves(browse: BrowseTree, roots: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Category -> product types, of those that products can be put into."""
    inside = below(browse, roots)
    return {
        node.id: node.product_types
        for node in browse
        if node.id in inside and node.product_types and not node.children
    }


def links(shop: Shop, model: str) -> list[dict[str, Any]]:
    """The integration actions of a kind of object."""
    actions = shop.sandbox.world.omnitron.snapshot("integration_actions")
    return [row for row in actions if row["content_type"]["model"] == model]


def node_problems(
    shop: Shop, roots: Sequence[str], above: Mapping[str, set[str | None]], *, orphans: bool
) -> Iterator[str]:
    """What is wrong with the tree in Omnitron.

    `above`: every category -> all it has ever lain under. `orphans`: whether a run may have died
    between a node and its link.
    """
    wanted = below(shop.sandbox.world.amazon.browse, roots)
    actions = {row["object_id"]: row["remote_id"] for row in links(shop, "categorynode")}
    inside = {row["path"]: row for row in _inside(shop)}
    nodes = {actions[row["pk"]]: row for row in inside.values() if row["pk"] in actions}
    yield from doubled("categories of a node", links(shop, "categorynode"), "object_id")
    yield from doubled("nodes of a category", links(shop, "categorynode"), "remote_id")
    if not orphans and len(nodes) != len(inside):
        yield f"{len(inside)} nodes, {len(nodes)} of them linked"
    for key, name in wanted.items():
        if key not in nodes:
            yield f"{key} is missing"
            continue
        node = nodes[key]
        if node["name"] not in (name, f"{name} ({key})"):
            yield f"{key} is called {node['name']} instead of {name}"
        parent = inside.get(node["path"][:-4])
        if (actions.get(parent["pk"]) if parent else None) not in above[key]:
            yield f"{key} lies under {parent and parent['name']}"


def _inside(shop: Shop) -> list[dict[str, Any]]:
    """The nodes of the channel's tree."""
    omnitron = shop.sandbox.world.omnitron
    pk = omnitron.channels[shop.channel].row["category_tree"]
    (top,) = [
        row["category_root"]["path"]
        for row in omnitron.snapshot("category_trees")
        if row["pk"] == pk
    ]
    nodes = omnitron.snapshot("category_nodes")
    return [row for row in nodes if row["path"].startswith(top) and row["path"] != top]


def set_problems(shop: Shop, roots: Sequence[str]) -> Iterator[str]:
    """What is wrong with the attribute sets, their attributes, choices and links."""
    amazon = shop.sandbox.world.amazon
    names, wanted = below(amazon.browse, roots), shelves(amazon.browse, roots)
    yield from _rows_doubled(shop)
    yield from _unlinked(shop)
    sets = {row["remote_id"]: row for row in table(shop, "attribute_sets")}
    nodes = {row["remote_id"]: row["object_id"] for row in links(shop, "categorynode")}
    bound = {row["attribute_set"]: row["object_id"] for row in table(shop, "attribute_set_configs")}
    limited = _limited(amazon.types, {name for types in wanted.values() for name in types})
    for key, types in wanted.items():
        if key not in sets:
            yield f"{key} has no set"
            continue
        own = sets[key]
        if own["name"] != f"{names[key]} ({key})":
            yield f"the set of {key} is called {own['name']} instead of {names[key]}"
        if bound.get(own["id"]) != nodes.get(key):
            yield f"the set of {key} is bound to {bound.get(own['id'])}"
        asked = of_types(amazon.types, types)
        yield from (f"{key}: {each}" for each in _config_problems(shop, own["id"], asked, limited))


def _config_problems(
    shop: Shop, set_id: int, asked: Mapping[str, Asked], limited: set[str]
) -> Iterator[str]:
    attributes = {row["pk"]: row["name"] for row in table(shop, "attributes")}
    rows = [row for row in table(shop, "attribute_configs") if row["attribute_set"] == set_id]
    configs = {attributes[row["attribute"]]: row for row in rows}
    allowed = {
        row["attribute_value"]
        for row in table(shop, "attribute_value_configs")
        if row["attribute_set"] == set_id
    }
    for name in (*asked, *OFFER):
        if name not in configs:
            yield f"{name} is not asked for"
    for name, row in configs.items():
        want = asked.get(name, Asked(False, row["is_custom"]))
        flags = {
            "attribute_remote_id": name,
            "is_required": want.is_required,
            "is_custom": want.is_custom,
            "is_meta": name in META,
            "is_variant": False,
        }
        if differing := {flag: row[flag] for flag in flags if row[flag] != flags[flag]}:
            yield f"{name} is {differing}"
    values = _values(shop)
    for name, want in asked.items():
        for value, label in want.choices.items():
            choice = values.get((name, value))
            limits = name in limited | {"product_type"} and not want.is_custom
            if choice is None or choice["label"] != label:
                yield f"{name}: {value} is {choice}"
            elif limits and choice["pk"] not in allowed:
                yield f"{name}: {value} is not allowed"


def default_problems(shop: Shop, roots: Sequence[str]) -> Iterator[str]:
    """What is wrong with the predefined fields."""
    amazon = shop.sandbox.world.amazon
    used = {name for types in shelves(amazon.browse, roots).values() for name in types}
    there = {row["name"] for row in table(shop, "attributes")}
    yield from (f"{name} is not made" for name in PREDEFINED if used and name not in there)
    values = _values(shop)
    for name in used:
        asked = of_type(amazon.types.get(name)).get("brand", Asked(False, True))
        yield from (
            f"brand: {value} is missing"
            for value in asked.choices
            if ("brand", value) not in values
        )


def doubled(what: str, rows: Iterable[Mapping[str, Any]], *fields: str) -> Iterator[str]:
    """Which of the rows are there more than once, by these fields."""
    counted = Counter(tuple(row[name] for name in fields) for row in rows)
    yield from (f"{number} {what}: {key}" for key, number in counted.items() if number > 1)


def _rows_doubled(shop: Shop) -> Iterator[str]:
    for kind, fields in (
        ("attribute_sets", ("remote_id",)),
        ("attribute_set_configs", ("attribute_set", "object_id")),
        ("attributes", ("name",)),
        ("attribute_schemas", ("name",)),
        ("attribute_values", ("attribute", "value")),
        ("attribute_value_configs", ("attribute_set", "attribute_value")),
    ):
        yield from doubled(kind, table(shop, kind), *fields)


def _unlinked(shop: Shop) -> Iterator[str]:
    """Attributes and choices that are not linked once, to what they are called at Amazon."""
    schemas = {row["name"] for row in table(shop, "attribute_schemas")}
    for kind, model, name in (
        ("attributes", "marketplaceattribute", "name"),
        ("attribute_values", "marketplaceattributevalue", "value"),
    ):
        have = Counter((row["object_id"], row["remote_id"]) for row in links(shop, model))
        want = Counter((row["pk"], row[name]) for row in table(shop, kind))
        if have != want:
            yield f"links of {kind}: {have - want} too many, {want - have} missing"
    for row in table(shop, "attributes"):
        if f"{shop.channel} {row['name']} Schema" not in schemas:
            yield f"{row['name']} has no schema"


def _values(shop: Shop) -> dict[tuple[str, str], dict[str, Any]]:
    """(attribute, value) -> the choice."""
    names = {row["pk"]: row["name"] for row in table(shop, "attributes")}
    return {(names[row["attribute"]], row["value"]): row for row in table(shop, "attribute_values")}


def _limited(types: TypeBook, used: Iterable[str]) -> set[str]:
    """The attributes that have other choices in one type than in another."""
    found: dict[str, set[frozenset[str]]] = {}
    for one in used:
        for name, asked in of_type(types.get(one)).items():
            if asked.choices:
                found.setdefault(name, set()).add(frozenset(asked.choices))
    return {name for name, lists in found.items() if len(lists) > 1}
