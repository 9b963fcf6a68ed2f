"""Omnitron on loopback: the API a sales channel uses, written from its contract.

The server matches a request's path against ROUTES and calls the handler with the OmnitronWorld.
"""

from amzsync.sandbox.http import Route
from amzsync.sandbox.omnitron import (
    actions,
    attributes,
    auth,
    batches,
    bulk_attributes,
    cancellation_requests,
    cancellations,
    catalogue,
    categories,
    create_orders,
    events,
    invoices,
    mapper,
    orders,
    people,
    places,
    reports,
    stocks,
)
from amzsync.sandbox.omnitron.auth import CREDENTIALS
from amzsync.sandbox.omnitron.world import KINDS, OmnitronWorld

ROUTES: list[Route] = [
    *stocks.ROUTES,
    *actions.ROUTES,
    *batches.ROUTES,
    *create_orders.ROUTES,
    *orders.ROUTES,
    *cancellations.ROUTES,
    *cancellation_requests.ROUTES,
    *invoices.ROUTES,
    *people.ROUTES,
    *places.ROUTES,
    *catalogue.ROUTES,
    *mapper.ROUTES,
    *categories.ROUTES,
    *attributes.ROUTES,
    *bulk_attributes.ROUTES,
    *reports.ROUTES,
    *events.ROUTES,
    *auth.ROUTES,
]

__all__ = ["CREDENTIALS", "KINDS", "ROUTES", "OmnitronWorld"]
