"""What there is to know of products before they can be listed, asked for a page at a time.

Sellable is what has a price, a stock, a picture, and exactly one category; everything that is
missing is told at once, in the manual's words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from amzsync.errors import RecordError, WaitingError
from amzsync.flows.flow import Context
from amzsync.flows.reference_data import CATALOG_LIFE, catalog, remembered
from amzsync.http.overlap import overlap
from amzsync.omnitron.models.categories import CategoryNode, CategoryTree
from amzsync.omnitron.models.products import MappedProduct, Product, ProductPrice, ProductStock

NOT_SELLABLE = "not_sellable"  # the code of whatever keeps a product from being listed at all
ACTIVE = "active"  # the status of a picture that is shown

_PIECE = 25  # products asked about in one piece of work
_INACTIVE = "the product is not active in Omnitron"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gathered:
    """A product with all that a listing is made of."""

    product: Product
    stock: ProductStock
    price: ProductPrice
    category: CategoryNode
    mapped: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Lacking:
    """A product that cannot be listed, and why."""

    product: Product
    error: RecordError | WaitingError


def gather(ctx: Context, products: Sequence[Product]) -> Iterator[Gathered | Lacking]:
    """All there is to know of these products; of inactive ones nothing is asked."""
    for product in products:
        if not product.is_active:
            yield Lacking(product, WaitingError(_INACTIVE, code="inactive"))
    active = [product for product in products if product.is_active]
    if not active:
        return
    pks = [product.pk for product in active]
    stocks, prices, categories = stocks_of(ctx, pks), prices_of(ctx, pks), categories_of(ctx, pks)
    sellable: dict[int, tuple[ProductStock, ProductPrice, CategoryNode]] = {}
    for product in active:
        stock, price = stocks.get(product.pk), prices.get(product.pk)
        nodes = categories.get(product.pk, ())
        problems = _problems(product, stock, price, nodes)
        if problems or stock is None or price is None:
            yield Lacking(product, RecordError("; ".join(problems), code=NOT_SELLABLE))
        else:
            sellable[product.pk] = (stock, price, nodes[0])
    mapped = _asked(ctx, ctx.omnitron.mapped_products.by_pks, list(sellable))
    for product in active:
        if product.pk in sellable:
            yield _gathered(product, sellable[product.pk], mapped[product.pk])


def _gathered(
    product: Product,
    goods: tuple[ProductStock, ProductPrice, CategoryNode],
    mapped: MappedProduct | RecordError,
) -> Gathered | Lacking:
    if isinstance(mapped, RecordError):
        return Lacking(product, mapped)
    return Gathered(product, *goods, _values(mapped))


def _values(mapped: MappedProduct) -> dict[str, str]:
    """The Mapper's values by Amazon's name of the attribute; a free text has no code."""
    found: dict[str, str] = {}
    for each in mapped.mapped_attribute_values.values():
        value: Any = each.value
        if value is None:
            value = mapped.mapped_attributes.get(each.attribute_name)
        if value is not None:
            found[each.attribute_remote_id or each.attribute_name] = str(value)
    return found


def _problems(
    product: Product,
    stock: ProductStock | None,
    price: ProductPrice | None,
    nodes: Sequence[CategoryNode],
) -> list[str]:
    problems = []
    if stock is None:
        problems.append("Stock data not found")
    if price is None:
        problems.append("Price data not found")
    if not nodes:
        problems.append("Category data not found")
    elif len(nodes) > 1:
        names = ", ".join(sorted(node.name for node in nodes))
        problems.append(f"{len(nodes)} categories instead of exactly one: {names}")
    if not any(image.status == ACTIVE for image in product.productimage_set):
        problems.append("Image data not found")
    return problems


def stocks_of(ctx: Context, pks: Sequence[int]) -> dict[int, ProductStock]:
    """The stock of each product that has one."""
    stock_list = catalog(ctx).stock_list
    if stock_list is None:
        return {}
    return {row.product: row for row in ctx.omnitron.stocks.by_products(pks, stock_list)}


def prices_of(ctx: Context, pks: Sequence[int]) -> dict[int, ProductPrice]:
    """The price of each product that has one."""
    price_list = catalog(ctx).price_list
    if price_list is None:
        return {}
    return {row.product: row for row in ctx.omnitron.prices.by_products(pks, price_list)}


def categories_of(ctx: Context, pks: Sequence[int]) -> dict[int, tuple[CategoryNode, ...]]:
    """The categories of the channel's own tree; the list tells those of all trees."""
    tree = _tree(ctx)
    if tree is None:
        return {}
    found = _asked(ctx, ctx.omnitron.categories.of_products, pks)
    return {pk: tuple(node for node in nodes if tree.holds(node)) for pk, nodes in found.items()}


def _asked(
    ctx: Context, ask: Callable[[Iterable[int]], Mapping[int, T]], pks: Sequence[int]
) -> dict[int, T]:
    """What there is of each product; some pieces at once, for a piece may take a call for each."""
    found: dict[int, T] = {}
    pieces = [pks[start : start + _PIECE] for start in range(0, len(pks), _PIECE)]
    for done in overlap(ask, pieces, ctx.in_flight):
        if done.error is not None:
            raise done.error
        found.update(done.value or {})
    return found


def _tree(ctx: Context) -> CategoryTree | None:
    def ask() -> dict[str, Any] | None:
        pk = ctx.omnitron.channels.get().category_tree
        return None if pk is None else ctx.omnitron.categories.tree(pk).model_dump(mode="json")

    found = remembered(ctx, "category_tree", "", CATALOG_LIFE, ask)
    return None if found is None else CategoryTree.model_validate(found)
