"""One sales channel: its catalogue, its orders, and what of them waits to be sent.

Dirty lists are kept up with every change instead of being looked for on every call.
Source: omnitron-api §4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from amzsync.sandbox.omnitron.rows import Action, Image, Price, Product, Stock, Table
from amzsync.sandbox.omnitron.timeline import Timeline

GOODS = ("product", "productstock", "productprice", "productimage")
DictTable = Table[dict[str, Any]]


class Dirty:
    """Keys of one model that wait: never sent (`inserts`) or changed since (`updates`).

    In the order in which they became dirty.
    """

    def __init__(self) -> None:
        self.inserts: dict[int, None] = {}
        self.updates: dict[int, None] = {}
        self.revision = 0

    def put(self, pk: int, view: str) -> None:
        """Move a key to `inserts` or `updates`, or out of both for any other view."""
        self.revision += 1
        for name, keys in (("inserts", self.inserts), ("updates", self.updates)):
            if name == view:
                keys.setdefault(pk)
            else:
                keys.pop(pk, None)

    def keys(self, view: str) -> list[int]:
        """The keys of `inserts`, `updates` or `inserts_or_updates`."""
        if view == "inserts_or_updates":
            return [*self.inserts, *self.updates]
        return list(self.inserts if view == "inserts" else self.updates)


@dataclass(slots=True)
class Mapped:
    """What the brand mapped of a product: category nodes, attribute set and attributes.

    `nodes` is None before it mapped any. `values`: the attribute's key to the key of one of its
    values, or to a free text.
    """

    nodes: tuple[int, ...] | None = None
    attribute_set: int | None = None
    values: dict[int, int | str] = field(default_factory=dict)


class Channel:
    """A channel's rows. `row` and `catalog` are the channel and catalog as the wire shows them."""

    def __init__(self, row: dict[str, Any], catalog: dict[str, Any], timeline: Timeline) -> None:
        self.pk: int = row["pk"]
        self.row = row
        self.catalog = catalog
        self.timeline = timeline
        self.products: Table[Product] = Table("sku")
        self.stocks: Table[Stock] = Table("product")
        self.prices: Table[Price] = Table("product")
        self.images: Table[Image] = Table("product")
        self.gone: set[int] = set()  # products that left the catalog
        self.orders: DictTable = Table("number")
        self.order_items: DictTable = Table("order")
        self.customers: DictTable = Table("email", "phone_number", "channel_code")
        self.addresses: DictTable = Table("hash_data", "customer")
        self.cancellation_requests: DictTable = Table("order_item", key="id")
        self.cancellation_plans: DictTable = Table("_order", "_request")
        self.actions: Table[Action] = Table("object_id", "remote_id", "local_batch_id")
        self.batches: DictTable = Table("status")
        self.failed: DictTable = Table("object_id")
        self.penalties: dict[str, dict[int, dict[str, Any]]] = {}
        self.attribute_tables: dict[str, DictTable] = {
            "attribute_sets": Table("remote_id", key="id"),
            "attribute_set_configs": Table("attribute_set", "object_id"),
            "attributes": Table("name"),
            "attribute_schemas": Table("name"),
            "attribute_configs": Table("attribute_set", "attribute"),
            "attribute_values": Table("attribute"),
            "attribute_value_configs": Table("attribute_set", "attribute_value"),
        }
        self.mapped: dict[int, Mapped] = {}  # by product
        self.premapped = True  # a product of which nothing is mapped passes the mapper all the same
        self.dirty = {model: Dirty() for model in (*GOODS, "order", "cancellationrequest")}
        self.tables: dict[str, Table[Any]] = {
            "product": self.products,
            "productstock": self.stocks,
            "productprice": self.prices,
            "productimage": self.images,
            "order": self.orders,
            "orderitem": self.order_items,
            "cancellationrequest": self.cancellation_requests,
            "integrationaction": self.actions,
            "marketplaceattributeset": self.attribute_tables["attribute_sets"],
            "marketplaceattributesetconfig": self.attribute_tables["attribute_set_configs"],
            "marketplaceattribute": self.attribute_tables["attributes"],
            "marketplaceattributeschema": self.attribute_tables["attribute_schemas"],
            "marketplaceattributevalue": self.attribute_tables["attribute_values"],
            "marketplaceattributevalueconfig": self.attribute_tables["attribute_value_configs"],
        }

    def fill_in(self, **values: Any) -> None:
        """What the operator types into the form of the channel's settings."""
        self.row["conf"] = {**self.row["conf"], **values}
        self.row["modified_date"] = self.timeline.tick()

    def action_of(self, model: str, object_id: int) -> Action | None:
        """The integration action of an object."""
        found = (each for each in self.actions.find("object_id", object_id) if each.model == model)
        return next(found, None)

    def add_action(self, model: str, object_id: int, version_date: str, **values: Any) -> Action:
        """A new integration action."""
        now = values.pop("modified_date", None) or self.timeline.tick()
        action = Action(
            pk=self.timeline.next_pk("integrationaction"),
            channel=self.pk,
            model=model,
            object_id=object_id,
            remote_id=values.pop("remote_id", None),
            version_date=version_date,
            modified_date=now,
            created_date=now,
            **values,
        )
        return self.actions.add(action)

    def touch(self, model: str, row: Any, **values: Any) -> None:
        """Change a row, date the change and see whether it waits now."""
        table = self.tables[model]
        table.change(row, **values, modified_date=self.timeline.tick())
        self.refresh(model, row[table.key])

    def refresh(self, model: str, pk: int) -> None:
        """Put the object where it belongs: among inserts, updates or neither."""
        if model in self.dirty:
            self.dirty[model].put(pk, self._view_of(model, pk))

    def _view_of(self, model: str, pk: int) -> str:
        row = self.tables[model].get(pk)
        if row is None or self._left_catalog(model, row):
            return ""
        action = self.action_of(model, pk)
        if action is None:
            return "inserts"
        if action.status == "processing":
            return ""  # locked by its batch
        if action.synced is None:
            return "inserts"  # it failed the first time and was never over there
        return "updates" if row["modified_date"] > action.synced else ""

    def _left_catalog(self, model: str, row: Any) -> bool:
        if not self.gone or model not in GOODS:
            return False
        return row["pk" if model == "product" else "product"] in self.gone

    def waiting(self, model: str, view: str) -> list[Any]:
        """The rows of a dirty list: neither locked nor under an active penalty."""
        keys = self.dirty[model].keys(view)
        if self.penalties.get(model):
            keys = [pk for pk in keys if not self.penalised(model, pk)]
        rows = self.tables[model].rows
        return [rows[pk] for pk in keys]

    def penalised(self, model: str, pk: int) -> bool:
        """Whether an active failed integration keeps the object out of the dirty lists."""
        failure = self.penalties.get(model, {}).get(pk)
        if failure is None:
            return False
        until: str | None = failure["_until"]
        return until is None or self.timeline.now_text() < until
