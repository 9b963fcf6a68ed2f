"""Category trees, category nodes, and which products lie in them. Source: omnitron-api §2.11."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request
from amzsync.sandbox.omnitron.channel import Channel
from amzsync.sandbox.omnitron.query import PK, Fields, dates, ints, page, texts
from amzsync.sandbox.omnitron.replies import body_of, invalid, refused
from amzsync.sandbox.omnitron.routing import channel_route, found, listing
from amzsync.sandbox.omnitron.rows import Node, Product
from amzsync.sandbox.omnitron.trees import node_wire, tree_wire
from amzsync.sandbox.omnitron.writing import related, require

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

TREE_FIELDS: Fields = {**PK, **texts("name"), **dates("modified_date", "created_date")}
NODE_FIELDS: Fields = {
    **PK,
    **ints(numchild="numchild", depth="depth", order="order"),
    **texts("name", "path"),
    **dates("modified_date", "created_date"),
}


def tree_create(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """A new tree; its root carries its name."""
    name = _name(body_of(request))
    return Reply(201, tree_wire(world.categories, world.categories.plant(name)))


def tree_list(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """All trees, the shop's own included."""
    trees = world.categories
    return listing(world, request, trees.trees, TREE_FIELDS, lambda row: tree_wire(trees, row))


def tree_item(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """One tree."""
    return Reply(200, tree_wire(world.categories, found(world.categories.trees, request)))


def node_create(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """A node below the one that `node` names.

    Errors: 406 when the parent has a child of that name.
    """
    body = body_of(request)
    require(body, ("node", "name"))
    parent: Node = related(world.categories.nodes, "node", body["node"])
    name = _name(body)
    _check_name_free(world, parent.pk, name)
    return Reply(201, node_wire(world.categories.grow(parent, name)))


def node_patch(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """Another name; an empty body moves `modified_date` alone."""
    node: Node = found(world.categories.nodes, request)
    body = body_of(request)
    name = _name(body) if "name" in body else node.name
    if name != node.name and node.parent is not None:
        _check_name_free(world, node.parent, name)
    world.categories.nodes.change(node, name=name, modified_date=world.timeline.tick())
    return Reply(200, node_wire(node))


def node_list(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """The nodes of all trees; `numchild=0` gives the leaves."""
    return listing(world, request, world.categories.nodes, NODE_FIELDS, node_wire)


def node_item(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """One node."""
    return Reply(200, node_wire(found(world.categories.nodes, request)))


def node_detailed(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """One node with the nodes right below it."""
    node: Node = found(world.categories.nodes, request)
    children = [node_wire(child) for child in world.categories.children(node)]
    return Reply(200, {**node_wire(node), "children": children})


def product_categories(world: OmnitronWorld, channel: Channel, request: Request) -> Reply:
    """The categories of products, expanded: of all trees, not of the channel's alone."""
    pks = [int(text) for text in request.query.get("product", []) if text.isdigit()]
    rows = [row for pk in pks for row in channel.products.find("pk", pk)] or list(channel.products)
    pairs = [(row, node) for row in rows for node in _nodes_of(world, channel, row)]
    return page(request, pairs, _pair_wire)


def _nodes_of(world: OmnitronWorld, channel: Channel, product: Product) -> list[Node]:
    """The shop's category and what the brand mapped; in the shop's own tree only the latter."""
    shelf = world.categories.shop_node(product.pk)
    mapped = channel.mapped.get(product.pk)
    if mapped is None or mapped.nodes is None:
        return [shelf]
    nodes = [world.categories.nodes.rows[pk] for pk in mapped.nodes]
    own_shelf = world.categories.holds(channel.row["category_tree"], shelf)
    return nodes if own_shelf else [shelf, *nodes]


def _pair_wire(pair: tuple[Product, Node]) -> dict[str, Any]:
    product, node = pair
    return {"product": product.pk, "category": node_wire(node)}


def _name(body: dict[str, Any]) -> str:
    require(body, ("name",))
    name = body["name"]
    if not isinstance(name, str):
        invalid("name", "Not a valid string.")
    return name


def _check_name_free(world: OmnitronWorld, parent: int, name: str) -> None:
    if any(child.name == name for child in world.categories.nodes.find("parent", parent)):
        refused(f"The category node with name {name} exists already.", "unique")


_TREES = "category_trees/"
_NODES = "category_nodes/"
ROUTES = [
    channel_route("GET", _TREES, "category_trees.list", tree_list),
    channel_route("POST", _TREES, "category_trees.create", tree_create),
    channel_route("GET", f"{_TREES}{{pk}}/", "category_trees.get", tree_item),
    channel_route("GET", _NODES, "category_nodes.list", node_list),
    channel_route("POST", _NODES, "category_nodes.create", node_create),
    channel_route("GET", f"{_NODES}{{pk}}/", "category_nodes.get", node_item),
    channel_route("PATCH", f"{_NODES}{{pk}}/", "category_nodes.patch", node_patch),
    channel_route("GET", f"{_NODES}{{pk}}/detailed/", "category_nodes.detailed", node_detailed),
    channel_route(
        "GET", "product_categories/detailed/", "product_categories.detailed", product_categories
    ),
]
