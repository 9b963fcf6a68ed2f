"""The client of one Omnitron channel: its sections on one session.

A section is imported when it is first used: its models cost a minutely run more than its work.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from amzsync.http.session import Session
from amzsync.omnitron.api import Api
from amzsync.omnitron.operations import ACTIVE_USER

if TYPE_CHECKING:
    from amzsync.omnitron.attribute_sets import AttributeSets
    from amzsync.omnitron.attributes import Attributes
    from amzsync.omnitron.batch_requests import BatchRequests
    from amzsync.omnitron.bulk_attributes import BulkAttributes
    from amzsync.omnitron.cancellation_requests import CancellationRequests
    from amzsync.omnitron.categories import Categories
    from amzsync.omnitron.channels import Catalogs, Channels, ContentTypes
    from amzsync.omnitron.error_reports import ErrorReports
    from amzsync.omnitron.failed_integrations import FailedIntegrations
    from amzsync.omnitron.integration_actions import IntegrationActions
    from amzsync.omnitron.mapped_products import MappedProducts
    from amzsync.omnitron.orders import Cargos, OrderItems, Orders
    from amzsync.omnitron.people import Addresses, Customers
    from amzsync.omnitron.places import Places
    from amzsync.omnitron.prices import ProductPrices
    from amzsync.omnitron.products import Products
    from amzsync.omnitron.stocks import ProductStocks


class OmnitronClient:
    """Everything a sales channel may ask of Omnitron.

    `session` has to carry an OmnitronLogin as its signer; its base URL is the host, without
    `/api/v1/`. `mapping_prefix` is what `assumptions.mapping_prefix` gives.
    """

    def __init__(self, session: Session, channel_id: int, mapping_prefix: str = "") -> None:
        self.session = session
        self.channel_id = channel_id
        self._api = Api(session, channel_id)
        self._mapping_prefix = mapping_prefix

    @cached_property
    def channels(self) -> Channels:
        """The channel itself."""
        from amzsync.omnitron.channels import Channels

        return Channels(self._api)

    @cached_property
    def catalogs(self) -> Catalogs:
        """Catalogs."""
        from amzsync.omnitron.channels import Catalogs

        return Catalogs(self._api)

    @cached_property
    def content_types(self) -> ContentTypes:
        """The numbers of Omnitron's models."""
        from amzsync.omnitron.channels import ContentTypes

        return ContentTypes(self._api)

    @cached_property
    def products(self) -> Products:
        """Products."""
        from amzsync.omnitron.products import Products

        return Products(self._api)

    @cached_property
    def mapped_products(self) -> MappedProducts:
        """Products in the marketplace's words."""
        from amzsync.omnitron.mapped_products import MappedProducts

        return MappedProducts(self._api)

    @cached_property
    def categories(self) -> Categories:
        """Category trees and nodes, and the categories of products."""
        from amzsync.omnitron.categories import Categories

        return Categories(self._api)

    @cached_property
    def attribute_sets(self) -> AttributeSets:
        """Attribute sets and their configs."""
        from amzsync.omnitron.attribute_sets import AttributeSets

        return AttributeSets(self._api, self.content_types)

    @cached_property
    def attributes(self) -> Attributes:
        """Attributes, their schemas and values."""
        from amzsync.omnitron.attributes import Attributes

        return Attributes(self._api)

    @cached_property
    def bulk_attributes(self) -> BulkAttributes:
        """Whole attribute sets in few calls."""
        from amzsync.omnitron.bulk_attributes import BulkAttributes

        return BulkAttributes(self._api)

    @cached_property
    def stocks(self) -> ProductStocks:
        """Product stocks."""
        from amzsync.omnitron.stocks import ProductStocks

        return ProductStocks(self._api)

    @cached_property
    def prices(self) -> ProductPrices:
        """Product prices."""
        from amzsync.omnitron.prices import ProductPrices

        return ProductPrices(self._api)

    @cached_property
    def orders(self) -> Orders:
        """Orders."""
        from amzsync.omnitron.orders import Orders

        return Orders(self._api)

    @cached_property
    def order_items(self) -> OrderItems:
        """Order items, a row a unit."""
        from amzsync.omnitron.orders import OrderItems

        return OrderItems(self._api)

    @cached_property
    def cancellation_requests(self) -> CancellationRequests:
        """Requests to cancel a unit or to send it back."""
        from amzsync.omnitron.cancellation_requests import CancellationRequests

        return CancellationRequests(self._api)

    @cached_property
    def customers(self) -> Customers:
        """Customers."""
        from amzsync.omnitron.people import Customers

        return Customers(self._api)

    @cached_property
    def addresses(self) -> Addresses:
        """Their addresses."""
        from amzsync.omnitron.people import Addresses

        return Addresses(self._api)

    @cached_property
    def places(self) -> Places:
        """Countries, cities, townships and districts."""
        from amzsync.omnitron.places import Places

        return Places(self._api, self._mapping_prefix)

    @cached_property
    def cargos(self) -> Cargos:
        """Cargo companies."""
        from amzsync.omnitron.orders import Cargos

        return Cargos(self._api)

    @cached_property
    def batch_requests(self) -> BatchRequests:
        """Batch requests."""
        from amzsync.omnitron.batch_requests import BatchRequests

        return BatchRequests(self._api, self.content_types)

    @cached_property
    def integration_actions(self) -> IntegrationActions:
        """Integration actions: the links to Amazon's ids."""
        from amzsync.omnitron.integration_actions import IntegrationActions

        return IntegrationActions(self._api, self.content_types)

    @cached_property
    def failed_integrations(self) -> FailedIntegrations:
        """Omnitron's own penalties."""
        from amzsync.omnitron.failed_integrations import FailedIntegrations

        return FailedIntegrations(self._api)

    @cached_property
    def error_reports(self) -> ErrorReports:
        """Failures reported back."""
        from amzsync.omnitron.error_reports import ErrorReports

        return ErrorReports(self._api, self.content_types)

    def active_user(self) -> None:
        """Return if Omnitron accepts the token. Errors: AuthError if it does not."""
        self._api.send(ACTIVE_USER)

    def calls(self) -> dict[str, int]:
        """How often each operation was sent in this run, repeats included, logins not."""
        return dict(self.session.calls)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()
