"""The flows: what moves where. A flow is a line here and a module with its functions.

The registry names modules instead of importing them: a minutely cron job pays for what it uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amzsync.config import Config


@dataclass(frozen=True, slots=True)
class Entry:
    """One flow as the command line, the crontab and the penalties know it.

    `name` is "group.verb": the command `amzsync group verb`, the journal's and the lock's name.
    `flag` is the manual's feature flag, "" for the flows that have none: those of the categories.
    `content_type` is the manual's key in Failed Integration, `key` what a record is called (SKU,
    order id), `cron` the default schedule, "" for on demand. `intake`: it brings the inbox up to
    date, and has the option `--sweep`. `compares`: it lists differences, and has `--exit-code`.
    `reports`: it rests on a report of Amazon's, and has `--wait`.
    `previews`: Amazon can be asked beforehand, by `--amazon-validate`.
    """

    name: str
    module: str
    summary: str
    flag: str
    content_type: str
    key: str
    cron: str
    intake: bool = False
    compares: bool = False
    reports: bool = False
    previews: bool = False

    @property
    def command(self) -> str:
        """The words typed after `amzsync`."""
        return self.name.replace(".", " ")

    def why_off(self, config: Config) -> str:
        """Why the channel does not run this flow; "" when it does."""
        if self.flag:
            return "" if config.flag(self.flag) else f"{self.flag} is false"
        return "" if config.category_ids else "category_ids is blank"


FLOWS: tuple[Entry, ...] = (
    Entry(
        name="orders.pull",
        module="amzsync.flows.orders_pull",
        summary="Pull new orders from Amazon into Omnitron",
        flag="get_orders",
        content_type="order",
        key="order id",
        cron="*/5 * * * *",
        intake=True,
    ),
    Entry(
        name="orders.push",
        module="amzsync.flows.orders_push",
        summary="Push shipments and invoices from Omnitron to Amazon",
        flag="send_update_orders",
        content_type="order",
        key="order id",
        cron="*/5 * * * *",
    ),
    Entry(
        name="orders.refresh",
        module="amzsync.flows.orders_refresh",
        summary="Mark orders delivered that Amazon has delivered",
        flag="get_updated_orders",
        content_type="order",
        key="order id",
        cron="0 6 * * *",
    ),
    Entry(
        name="cancellations.pull",
        module="amzsync.flows.cancellations_pull",
        summary="Cancel in Omnitron what was cancelled on Amazon",
        flag="get_cancel_orders",
        content_type="order",
        key="order id",
        cron="*/5 * * * *",
        intake=True,
    ),
    Entry(
        name="refunds.pull",
        module="amzsync.flows.refunds_pull",
        summary="Pull returns from Amazon into Omnitron as return requests",
        flag="get_refund_orders",
        content_type="order",
        key="order id",
        cron="*/5 * * * *",
        reports=True,
    ),
    Entry(
        name="stock.push",
        module="amzsync.flows.stock_push",
        summary="Push changed stock from Omnitron to Amazon",
        flag="send_updated_product_stock",
        content_type="productstock",
        key="SKU",
        cron="* * * * *",
    ),
    Entry(
        name="prices.push",
        module="amzsync.flows.prices_push",
        summary="Push changed prices from Omnitron to Amazon",
        flag="send_updated_product_price",
        content_type="productprice",
        key="SKU",
        cron="*/5 * * * *",
    ),
    Entry(
        name="products.push",
        module="amzsync.flows.products_push",
        summary="Push new and changed products from Omnitron to Amazon",
        flag="send_products",
        content_type="product",
        key="SKU",
        cron="*/5 * * * *",
        previews=True,
    ),
    Entry(
        name="products.delete",
        module="amzsync.flows.products_delete",
        summary="Take products off sale on Amazon that left the catalog",
        flag="send_delete_products",
        content_type="product",
        key="SKU",
        cron="*/5 * * * *",
    ),
    Entry(
        name="categories.fetch",
        module="amzsync.flows.categories_fetch",
        summary="Fetch Amazon's categories into Omnitron",
        flag="",
        content_type="DEFAULT",
        key="browse node id",
        cron="*/10 * * * *",
        reports=True,
    ),
    Entry(
        name="attributes.fetch",
        module="amzsync.flows.attributes_fetch",
        summary="Fetch what Amazon asks of products in each category",
        flag="",
        content_type="DEFAULT",
        key="browse node id",
        cron="*/10 * * * *",
    ),
    Entry(
        name="attributes.defaults",
        module="amzsync.flows.attributes_defaults",
        summary="Make the predefined fields ready for mapping",
        flag="",
        content_type="DEFAULT",
        key="attribute",
        cron="*/10 * * * *",
    ),
    Entry(
        name="attributes.compare",
        module="amzsync.flows.attributes_compare",
        summary="Tell what Amazon has changed of attributes",
        flag="",
        content_type="DEFAULT",
        key="product type",
        cron="35 5 * * *",
        compares=True,
    ),
    Entry(
        name="channel.push-schema",
        module="amzsync.flows.schema_push",
        summary="Push the form of these settings to Omnitron",
        flag="schema_update",
        content_type="DEFAULT",
        key="schema",
        cron="",
    ),
)


def entry(name: str) -> Entry:
    """The registry line of that name. Errors: KeyError."""
    return {flow.name: flow for flow in FLOWS}[name]
