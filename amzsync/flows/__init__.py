"""The flows: what moves where. A flow is a line here and a module with its functions.

The registry names modules instead of importing them: a minutely cron job pays for what it uses.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One flow as the command line, the crontab and the penalties know it.

    `name` is "group.verb": the command `amzsync group verb`, the journal's and the lock's name.
    `flag` is the manual's feature flag; `content_type` the manual's key in Failed Integration;
    `key` what a record is called (SKU, order id); `cron` the default schedule. `intake`: it brings
    the inbox up to date, and has the option `--sweep`.
    """

    name: str
    module: str
    summary: str
    flag: str
    content_type: str
    key: str
    cron: str
    intake: bool = False

    @property
    def command(self) -> str:
        """The words typed after `amzsync`."""
        return self.name.replace(".", " ")


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
)


def entry(name: str) -> Entry:
    """The registry line of that name. Errors: KeyError."""
    return {flow.name: flow for flow in FLOWS}[name]
