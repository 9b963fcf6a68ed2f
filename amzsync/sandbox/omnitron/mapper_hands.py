"""What the brand does in the Mapper: categories and attributes of its products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amzsync.sandbox.omnitron.channel import Channel, Mapped
from amzsync.sandbox.omnitron.goods import described
from amzsync.sandbox.omnitron.goods_hands import GoodsHands
from amzsync.sandbox.omnitron.mapper import choices_of, config_of, set_of
from amzsync.sandbox.omnitron.rows import Product
from amzsync.sandbox.omnitron.trees import Categories

_FLAGS = ("is_required", "is_variant", "is_custom", "is_meta")


class MapperHands(GoodsHands):
    """Hands for the mapping of products, in one channel; a base of OmnitronWorld.

    No product becomes dirty by its mapping. Errors of all: KeyError for a SKU, node, set or
    attribute that is not there.
    """

    categories: Categories

    def open_catalogue(self, channel: int = 1) -> None:
        """A brand before its first run: no category tree, nothing mapped, its goods well described.

        The seeded products keep names, EANs, links and dates.
        """
        place = self.channels[channel]
        place.row["category_tree"] = None
        place.premapped = False
        place.mapped.clear()
        for number, product in enumerate(place.products, start=1):
            told = described(number, product.name)
            place.products.change(
                product,
                attributes=told.attributes,
                description=told.description,
                base_code=told.base_code,
            )
            self._remove(place, "productimage", place.images.find("product", product.pk)[1:])
            for image in place.images.find("product", product.pk):
                place.images.change(image, image=told.images[0])

    def category_node(self, remote_id: str, channel: int = 1) -> int:
        """The node that the channel linked to a category of the marketplace; its key."""
        for action in self.channels[channel].actions.find("remote_id", remote_id):
            if action.model == "categorynode":
                return action.object_id
        raise KeyError(remote_id)

    def map_category(self, sku: str, *nodes: int, channel: int = 1) -> None:
        """Put a product into these nodes and no others of the channel's tree; none is allowed."""
        for pk in nodes:
            if self.categories.nodes.get(pk) is None:
                raise KeyError(pk)
        self._mapped(sku, channel).nodes = nodes

    def map_attributes(
        self,
        sku: str,
        values: Mapping[str, str | None],
        channel: int = 1,
        attribute_set: int | None = None,
    ) -> None:
        """Map attributes by name to a value's label or code, or to a free text; None unmaps.

        Others stay as they are. Without a set given the category's counts. Errors: ValueError for
        a text that is no value of an attribute which is not custom.
        """
        place, product = self.channels[channel], self._product(sku, channel)
        mapped = self._mapped(sku, channel)
        if attribute_set is not None:
            mapped.attribute_set = place.attribute_tables["attribute_sets"].rows[attribute_set][
                "id"
            ]
        for name, text in values.items():
            pk = _attribute(place, name)["pk"]
            if text is None:
                mapped.values.pop(pk, None)
            else:
                mapped.values[pk] = _chosen(place, product, pk, text)

    def mapper_form(self, sku: str, channel: int = 1) -> list[dict[str, Any]]:
        """What the Mapper asks of a product: each attribute of its set.

        Shape: name, is_required, is_variant, is_custom, is_meta, values (labels), mapped.
        """
        place, product = self.channels[channel], self._product(sku, channel)
        attribute_set = set_of(place, product.pk)
        if attribute_set is None:
            return []
        attributes = place.attribute_tables["attributes"].rows
        configs = place.attribute_tables["attribute_configs"]
        mapped = self._mapped(sku, channel).values
        return [
            {
                "name": attributes[row["attribute"]]["name"],
                **{flag: row[flag] for flag in _FLAGS},
                "values": [
                    value["label"] for value in choices_of(place, attribute_set, row["attribute"])
                ],
                "mapped": row["attribute"] in mapped,
            }
            for row in configs.find("attribute_set", attribute_set["id"])
        ]

    def _mapped(self, sku: str, channel: int) -> Mapped:
        product = self._product(sku, channel)
        return self.channels[channel].mapped.setdefault(product.pk, Mapped())


def _attribute(channel: Channel, name: str) -> dict[str, Any]:
    found = channel.attribute_tables["attributes"].find("name", name)
    if not found:
        raise KeyError(name)
    return found[0]


def _chosen(channel: Channel, product: Product, attribute: int, text: str) -> int | str:
    """The key of the value that the text names, else the text where it is free."""
    attribute_set = set_of(channel, product.pk)
    choices = choices_of(channel, attribute_set, attribute)
    for row in choices:
        if text in (row["label"], row["value"]):
            return int(row["pk"])
    config = config_of(channel, attribute_set, attribute)
    if choices and not (config and config["is_custom"]):
        raise ValueError(f"{text} is no value of the attribute")
    return text
