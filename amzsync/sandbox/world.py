"""Both far sides at once, grown from one catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from amzsync.sandbox.amazon.world import AmazonWorld
from amzsync.sandbox.clock import SandboxClock
from amzsync.sandbox.omnitron import OmnitronWorld
from amzsync.sandbox.orders_seed import Order, seed_orders
from amzsync.sandbox.seeds import catalogue

_GOODS_FOR_ORDERS = 12


class World:
    """What is true on both sides; the same for the same arguments and clock.

    Orders need goods: with `orders` and fewer SKUs than a dozen there are a dozen SKUs.
    """

    def __init__(
        self,
        orders: int,
        skus: int,
        seed: int,
        clock: SandboxClock,
        *,
        plain: bool = False,
        quotas: bool = True,
    ) -> None:
        self.clock = clock
        self.seed = seed
        self.products = catalogue(max(skus, _GOODS_FOR_ORDERS) if orders else skus, seed)
        self.amazon = AmazonWorld(self.products, clock, seed, quotas=quotas)
        self.omnitron = OmnitronWorld(self.products, clock, seed)
        self._orders = 0
        for order in self._seed(orders, plain=plain, age=None):
            self.amazon.orders.put(order)

    def add_orders(self, count: int = 1, *, plain: bool = True, age: float = 0) -> list[str]:
        """Let buyers place so many orders, `age` seconds ago; their ids.

        An order can be found by a search two minutes after it was placed.
        """
        ids = []
        for order in self._seed(count, plain=plain, age=age):
            self.amazon.orders.put(order)
            ids.append(order["orderId"])
        return ids

    def _seed(self, count: int, *, plain: bool, age: float | None) -> Iterator[Order]:
        first = self._orders + 1
        self._orders += count
        return seed_orders(
            count,
            self.seed,
            self.clock.now(),
            self.products,
            first=first,
            plain=plain,
            age=age,
        )
