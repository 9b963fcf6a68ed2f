"""An order's amounts, told apart by what they are for and checked against Amazon's grand total.

Amazon gives each line a breakdown by type (ITEM, SHIPPING, GIFT_WRAP, COD_FEE, OTHER, TAX,
DISCOUNT), for the whole line. Whether TAX lies inside the others depends on the marketplace and is
not documented (sp-api.md §7.10), so the grand total decides: the reading that adds up is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from amzsync.amazon.models.orders import Order, OrderItem
from amzsync.errors import RecordError
from amzsync.mapping.money import ZERO

_NEAR = Decimal("0.25")  # percent; a rate computed from rounded cents is taken for the whole one


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """One order line, all its units together; discounts are positive."""

    goods: Decimal
    shipping: Decimal
    gift_wrap: Decimal
    cod_fee: Decimal
    goods_discount: Decimal
    shipping_discount: Decimal
    tax_rate: Decimal | None

    @property
    def total(self) -> Decimal:
        """What the buyer pays for the line."""
        charges = self.goods + self.shipping + self.gift_wrap + self.cod_fee
        return charges - self.goods_discount - self.shipping_discount


@dataclass(frozen=True, slots=True)
class Amounts:
    """The order's amounts; `order_discount` is what no line carries."""

    currency: str
    grand_total: Decimal
    lines: dict[str, LineAmounts]
    order_discount: Decimal
    mismatch: str

    @property
    def shipping(self) -> Decimal:
        """Shipping before its discount."""
        return sum((line.shipping for line in self.lines.values()), ZERO)

    @property
    def shipping_discount(self) -> Decimal:
        """Discount on shipping."""
        return sum((line.shipping_discount for line in self.lines.values()), ZERO)

    @property
    def gift_wrap(self) -> Decimal:
        """Gift wrap."""
        return sum((line.gift_wrap for line in self.lines.values()), ZERO)

    @property
    def cod_fee(self) -> Decimal:
        """Cash-on-delivery fee."""
        return sum((line.cod_fee for line in self.lines.values()), ZERO)


def amounts_of(order: Order) -> Amounts:
    """The order's amounts. Errors: RecordError when Amazon gave no prices."""
    total = order.proceeds.grand_total
    if total is None:
        raise RecordError("Amazon gave no total for the order", code="no_amounts")
    # A line without units leaves nothing in Omnitron that could carry its amounts.
    items = [item for item in order.order_items if item.quantity_ordered > 0]
    included = {item.order_item_id: _line(item, tax_added=False) for item in items}
    added = {item.order_item_id: _line(item, tax_added=True) for item in items}
    discount = _order_discount(order)
    for lines in (included, added):
        if _sum(lines) - discount == total.amount:
            return Amounts(total.currency_code, total.amount, lines, discount, "")
    mismatch = f"lines add up to {_sum(included) - discount}, Amazon's total is {total.amount}"
    return Amounts(total.currency_code, total.amount, included, discount, mismatch)


def _sum(lines: dict[str, LineAmounts]) -> Decimal:
    return sum((line.total for line in lines.values()), ZERO)


def _line(item: OrderItem, *, tax_added: bool) -> LineAmounts:
    by_type = _by_type(item)
    if "ITEM" not in by_type:
        by_type["ITEM"] = _unit_price(item) * item.quantity_ordered
    discounts = _details(item, "DISCOUNT")
    shipping_discount = discounts.get("SHIPPING", ZERO) + discounts.get("COD_FEE", ZERO)
    goods_discount = by_type.get("DISCOUNT", ZERO) - shipping_discount
    tax = _details(item, "TAX")
    tax_on_goods = tax.get("ITEM", by_type.get("TAX", ZERO) - sum(tax.values(), ZERO))
    goods = by_type["ITEM"] + by_type.get("OTHER", ZERO)
    rate = _tax_rate(tax_on_goods, goods if tax_added else goods - tax_on_goods)
    extra = tax if tax_added else {}
    return LineAmounts(
        goods=goods + (tax_on_goods if tax_added else ZERO),
        shipping=by_type.get("SHIPPING", ZERO) + extra.get("SHIPPING", ZERO),
        gift_wrap=by_type.get("GIFT_WRAP", ZERO) + extra.get("GIFT_WRAP", ZERO),
        cod_fee=by_type.get("COD_FEE", ZERO) + extra.get("COD_FEE", ZERO),
        goods_discount=goods_discount + extra.get("DISCOUNT", ZERO),
        shipping_discount=shipping_discount,
        tax_rate=rate,
    )


def _by_type(item: OrderItem) -> dict[str, Decimal]:
    """Subtotals by type. Discounts are positive whichever sign Amazon writes."""
    found: dict[str, Decimal] = {}
    for row in item.proceeds.breakdowns:
        amount = abs(row.subtotal.amount) if row.type == "DISCOUNT" else row.subtotal.amount
        found[row.type] = found.get(row.type, ZERO) + amount
    return found


def _details(item: OrderItem, kind: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in item.proceeds.breakdowns:
        for detail in row.detailed_breakdowns if row.type == kind else ():
            if detail.subtype and detail.value:
                amount = abs(detail.value.amount)
                found[detail.subtype] = found.get(detail.subtype, ZERO) + amount
    return found


def _unit_price(item: OrderItem) -> Decimal:
    price = item.product.price.unit_price
    if price is None and item.quantity_ordered:
        raise RecordError(f"order item {item.order_item_id} has no price", code="no_amounts")
    return price.amount if price else ZERO


def _tax_rate(tax: Decimal, net: Decimal) -> Decimal | None:
    """Percent of the net amount; None where Amazon states no tax."""
    if tax <= 0 or net <= 0:
        return None
    rate = tax / net * 100
    whole = rate.quantize(Decimal(1))
    return whole if abs(rate - whole) <= _NEAR else rate.quantize(Decimal("0.01"))


def _order_discount(order: Order) -> Decimal:
    """The order's discount beyond what its lines carry."""
    rows = order.proceeds.breakdowns
    stated = sum((abs(row.subtotal.amount) for row in rows if row.type == "DISCOUNT"), ZERO)
    carried = sum((_by_type(item).get("DISCOUNT", ZERO) for item in order.order_items), ZERO)
    return max(ZERO, stated - carried)
