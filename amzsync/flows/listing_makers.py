"""Makers of listings by product type, each made once a run from the schema that is kept here."""

from __future__ import annotations

from typing import Final, cast

from amzsync.amazon.assumptions import SELLER_FULFILLED
from amzsync.amazon.product_types import Requirements
from amzsync.errors import ProtocolError, RecordError, WaitingError
from amzsync.flows.flow import Context
from amzsync.flows.type_definitions import schema_of
from amzsync.mapping.products import ListingMaker, Market
from amzsync.mapping.type_schema import read_attributes

# The fulfillment_channel_code of what Amazon fulfils, by region (sp-api.md §2.5.3).
_BY_AMAZON: Final = {"na": "AMAZON_NA", "eu": "AMAZON_EU", "fe": "AMAZON_JP"}


class Makers:
    """The makers of one run."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._made: dict[tuple[str, str], ListingMaker | RecordError | WaitingError] = {}

    def get(self, product_type: str, requirements: str) -> ListingMaker:
        """The maker for a product type.

        Errors: RecordError when Amazon does not know the type, WaitingError when it tells nonsense
        of it.
        """
        key = (product_type, requirements)
        if key not in self._made:
            self._made[key] = self._make(product_type, requirements)
        made = self._made[key]
        if not isinstance(made, ListingMaker):
            raise made
        return made

    def _make(
        self, product_type: str, requirements: str
    ) -> ListingMaker | RecordError | WaitingError:
        try:
            schema = schema_of(self._ctx, product_type, cast(Requirements, requirements))
        except RecordError as error:
            return error
        except ProtocolError as error:
            return unreadable(product_type, error)
        return ListingMaker(schema, read_attributes(schema), market_of(self._ctx))


def unreadable(product_type: str, error: ProtocolError) -> WaitingError:
    """What becomes of products whose type cannot be read: it is no fault of theirs."""
    return WaitingError(
        f"what Amazon tells of the product type {product_type} cannot be read: {error}",
        code="product_type",
    )


def market_of(ctx: Context) -> Market:
    """Where the channel sells, and who fulfils."""
    place = ctx.config.marketplace
    fulfilment = _BY_AMAZON[place.region] if ctx.config.is_fba_channel else SELLER_FULFILLED
    return Market(place.id, place.language, place.currency, fulfilment)
