"""A bare client for the sandbox's Amazon: real HTTP, no code of the product."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import quote

import httpx

from amzsync.sandbox.server import Sandbox

EVERYTHING = "BUYER,RECIPIENT,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT"
TURKIYE = "A33AVAJ2PDY3EV"
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
JSON_TYPE = "application/json; charset=UTF-8"


class HandTime:
    """A clock that moves only by hand."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Api:
    """Calls with a good token; `call` gives the bare response."""

    def __init__(self, sandbox: Sandbox, time: HandTime) -> None:
        self.sandbox = sandbox
        self.time = time
        self.http = httpx.Client(headers={"user-agent": "tests/1 (Language=Python)"})
        self.token = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def log_in(self, **changed: str) -> None:
        self.token = self.exchange(**changed).json()["access_token"]

    def exchange(self, **changed: str) -> httpx.Response:
        known = self.sandbox.credentials
        form = {
            "grant_type": "refresh_token",
            "refresh_token": known.refresh_token,
            "client_id": known.client_id,
            "client_secret": known.client_secret,
        }
        return self.http.post(self.sandbox.lwa_url, data=form | changed)

    def call(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {"x-amz-access-token": self.token} | given.pop("headers", {})
        return self.http.request(method, self.sandbox.amazon_url + path, headers=headers, **given)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.sandbox.amazon_url}/_sandbox/{path}"
        return self.http.request(method, url, json=body).json()

    def search(self, **parameters: Any) -> httpx.Response:
        query = {"lastUpdatedAfter": "2026-11-01T00:00:00Z", "includedData": EVERYTHING}
        return self.call("GET", "/orders/2026-01-01/orders", params=query | parameters)

    def order(self, order_id: str) -> Any:
        path = f"/orders/2026-01-01/orders/{order_id}?includedData={EVERYTHING}"
        return self.call("GET", path).json()["order"]

    def item_path(self, sku: str) -> str:
        seller = self.sandbox.credentials.seller_id
        return f"/listings/2021-08-01/items/{seller}/{quote(sku, safe='')}"

    def item(self, sku: str) -> Any:
        wanted = "summaries,attributes,offers,fulfillmentAvailability"
        query = {"marketplaceIds": TURKIYE, "includedData": wanted}
        return self.call("GET", self.item_path(sku), params=query).json()

    def patch(self, sku: str, *patches: Any, **query: str) -> httpx.Response:
        body = {"productType": "PRODUCT", "patches": list(patches)}
        parameters = {"marketplaceIds": TURKIYE} | query
        return self.call("PATCH", self.item_path(sku), json=body, params=parameters)

    def find(self, **parameters: Any) -> httpx.Response:
        path = f"/listings/2021-08-01/items/{self.sandbox.credentials.seller_id}"
        return self.call("GET", path, params={"marketplaceIds": TURKIYE} | parameters)

    def upload(self, content: bytes, content_type: str = JSON_TYPE) -> str:
        opened = self.call(
            "POST", "/feeds/2021-06-30/documents", json={"contentType": content_type}
        )
        document: dict[str, str] = opened.json()
        put = self.http.put(
            document["url"], content=content, headers={"content-type": content_type}
        )
        assert put.status_code == 200
        return document["feedDocumentId"]

    def feed(self, messages: list[Any], **header: Any) -> httpx.Response:
        document = {
            "header": {"sellerId": self.sandbox.credentials.seller_id, "version": "2.0"} | header,
            "messages": messages,
        }
        return self.submit("JSON_LISTINGS_FEED", self.upload(json.dumps(document).encode()))

    def submit(self, feed_type: str, document_id: str, **more: Any) -> httpx.Response:
        body = {
            "feedType": feed_type,
            "marketplaceIds": [TURKIYE],
            "inputFeedDocumentId": document_id,
            **more,
        }
        return self.call("POST", "/feeds/2021-06-30/feeds", json=body)

    def feed_state(self, feed_id: str) -> Any:
        return self.call("GET", f"/feeds/2021-06-30/feeds/{feed_id}").json()

    def feed_report(self, feed_id: str) -> Any:
        document_id = self.feed_state(feed_id)["resultFeedDocumentId"]
        links = self.call("GET", f"/feeds/2021-06-30/documents/{document_id}").json()
        assert links["compressionAlgorithm"] == "GZIP"
        return json.loads(gzip.decompress(self.http.get(links["url"]).content))


def stock(quantity: Any, op: str = "replace", **members: Any) -> dict[str, Any]:
    """A patch of the stock."""
    value = {"fulfillment_channel_code": "DEFAULT", "quantity": quantity, **members}
    return {"op": op, "path": "/attributes/fulfillment_availability", "value": [value]}


def price(amount: Any, op: str = "replace", **members: Any) -> dict[str, Any]:
    """A patch of the offer."""
    value = {
        "marketplace_id": TURKIYE,
        "currency": "TRY",
        "our_price": [{"schedule": [{"value_with_tax": amount}]}],
        **members,
    }
    return {"op": op, "path": "/attributes/purchasable_offer", "value": [value]}


def stock_message(number: int, sku: str, quantity: Any) -> dict[str, Any]:
    """A feed message that sets the stock."""
    return {
        "messageId": number,
        "sku": sku,
        "operationType": "PATCH",
        "productType": "PRODUCT",
        "patches": [stock(quantity)],
    }
