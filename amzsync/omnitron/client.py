"""The client of one Omnitron channel: its sections on one session."""

from __future__ import annotations

from amzsync.http.session import Session
from amzsync.omnitron.api import Api
from amzsync.omnitron.batch_requests import BatchRequests
from amzsync.omnitron.channels import Catalogs, Channels, ContentTypes
from amzsync.omnitron.error_reports import ErrorReports
from amzsync.omnitron.failed_integrations import FailedIntegrations
from amzsync.omnitron.integration_actions import IntegrationActions
from amzsync.omnitron.operations import ACTIVE_USER
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
        self.channels = Channels(self._api)
        self.catalogs = Catalogs(self._api)
        self.content_types = ContentTypes(self._api)
        self.products = Products(self._api)
        self.stocks = ProductStocks(self._api)
        self.prices = ProductPrices(self._api)
        self.orders = Orders(self._api)
        self.order_items = OrderItems(self._api)
        self.customers = Customers(self._api)
        self.addresses = Addresses(self._api)
        self.places = Places(self._api, mapping_prefix)
        self.cargos = Cargos(self._api)
        self.batch_requests = BatchRequests(self._api, self.content_types)
        self.integration_actions = IntegrationActions(self._api, self.content_types)
        self.failed_integrations = FailedIntegrations(self._api)
        self.error_reports = ErrorReports(self._api, self.content_types)

    def active_user(self) -> None:
        """Return if Omnitron accepts the token. Errors: AuthError if it does not."""
        self._api.send(ACTIVE_USER)

    def calls(self) -> dict[str, int]:
        """How often each operation was sent in this run, repeats included, logins not."""
        return dict(self.session.calls)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()
