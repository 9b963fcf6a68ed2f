"""Calls into the sandbox's Omnitron without sockets: the routes, a world, time moved by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from amzsync.sandbox.http import Request
from amzsync.sandbox.omnitron import CREDENTIALS, ROUTES, OmnitronWorld
from amzsync.sandbox.seeds import ProductSeed


class HandClock:
    """A clock that moves only by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def seeds(count: int, unlisted: int = 0) -> list[ProductSeed]:
    """Products SKU-1 … SKU-n; the last ones wait to be listed."""
    return [
        ProductSeed(
            number=number,
            sku=f"SKU-{number}",
            asin=f"B{number:09d}",
            ean=f"{number:013d}",
            name=f"Ürün {number}",
            price=Decimal("62.44"),
            stock=46,
            listed=number <= count - unlisted,
        )
        for number in range(1, count + 1)
    ]


class Far:
    """A logged-in caller of channel 1."""

    def __init__(self, products: int = 12, unlisted: int = 2) -> None:
        self.clock = HandClock()
        self.world = OmnitronWorld(seeds(products, unlisted), self.clock)
        self.token = ""
        self.token = self.call("POST", "auth/login/", CREDENTIALS)[1]["key"]

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body of a call below /api/v1/; the path may carry a query."""
        parts = urlsplit(f"/api/v1/{path}")
        request = Request(
            method,
            parts.path,
            parse_qs(parts.query, keep_blank_values=True),
            {"authorization": f"Token {self.token}", "host": "127.0.0.1:8002"},
            b"" if body is None else json.dumps(body).encode(),
        )
        for route in ROUTES:
            if route.method == method and (match := route.pattern.match(parts.path)):
                request = Request(
                    method,
                    request.path,
                    request.query,
                    request.headers,
                    request.body,
                    match.groupdict(),
                )
                reply = route.handler(self.world, request)
                return reply.status, json.loads(reply.encoded() or b"null")
        raise AssertionError(f"no route for {method} {path}")

    def get(self, path: str) -> Any:
        """The body of a GET of channel 1 that must succeed."""
        status, body = self.call("GET", f"channel/1/{path}")
        assert status == 200, body
        return body

    def rows(self, path: str) -> list[Any]:
        """All rows of a list of channel 1."""
        mark = "&" if "?" in path else "?"
        found: list[Any] = self.get(f"{path}{mark}limit=1000")["results"]
        return found

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body of a call of channel 1."""
        return self.call(method, f"channel/1/{path}", body)

    def created(self, path: str, body: Any) -> Any:
        """The row a POST of channel 1 made."""
        status, row = self.send("POST", path, body)
        assert status == 201, row
        return row

    def batch(self) -> dict[str, Any]:
        """A new batch request."""
        row: dict[str, Any] = self.created("batch_requests/", {"channel": 1})
        return row

    def move(self, batch: dict[str, Any], status: str, **more: Any) -> tuple[int, Any]:
        """A transition of a batch request."""
        body = {"channel": 1, "status": status, **more}
        return self.send("PATCH", f"batch_requests/{batch['pk']}/", body)

    def commit(self, rows: list[Any], content_type: str = "productstock") -> dict[str, Any]:
        """A batch that committed these rows."""
        batch = self.batch()
        objects = [committed(row, content_type) for row in rows]
        status, body = self.move(batch, "commit", content_type=content_type, objects=objects)
        assert status == 200, body
        return batch

    def order(self, number: str = "111-1", units: int = 2) -> dict[str, Any]:
        """A new order with everything it needs."""
        row: dict[str, Any] = self.created("create_orders/", self.order_body(number, units))
        return row

    def items(self, order: dict[str, Any]) -> list[Any]:
        """An order's items, oldest first."""
        return self.rows(f"order_items/?order={order['pk']}&sort=pk")

    def link(self, order: dict[str, Any]) -> None:
        """What a client does after creating an order: commit and finish it with its items."""
        objects = [
            committed(row, kind, remote_id=row["extra_field"]["id"])
            for kind, rows in (("order", [order]), ("orderitem", self.items(order)))
            for row in rows
        ]
        batch = self.batch()
        assert self.move(batch, "commit", content_type="order", objects=objects)[0] == 200
        assert self.move(batch, "done", objects=objects)[0] == 200

    def cancel(self, order: dict[str, Any], items: list[Any], **more: Any) -> tuple[int, Any]:
        """Status and body of a cancel call for these items."""
        pks = [row["pk"] for row in items]
        body = {
            "order": order["pk"],
            "cancel_items": pks,
            "reasons": {str(pk): 10 for pk in pks},
            "forced_refund_amount": None,
        }
        return self.send("POST", f"orders/{order['pk']}/cancel/", body | more)

    def order_body(self, number: str = "111-1", units: int = 2) -> dict[str, Any]:
        """A body for create_orders, its customer and address made first."""
        customer = self.created("customers/", customer_body(number))
        address = self.created("addresses/", self.address_body(customer["pk"]))
        item = {
            "product": self.rows("products/?sku=SKU-1")[0]["pk"],
            "status": "400",
            "price": "17.00",
            "price_currency": "try",
            "extra_field": {"id": "line-1"},
            "price_list": 31,
            "stock_list": 21,
        }
        order = {
            "number": number,
            "status": "400",
            "channel": 1,
            "customer": customer["pk"],
            "shipping_address": address["pk"],
            "billing_address": address["pk"],
            "currency": "try",
            "amount": "34.00",
            "cargo_company": 4,
            "extra_field": {"id": number},
            "date_placed": "2026-11-23T11:00:00Z",
        }
        return {"order": order, "order_item": [item] * units}

    def address_body(self, customer: int) -> dict[str, Any]:
        """A body for addresses, in Kadıköy."""
        places = self.world.places
        return {
            "customer": customer,
            "email": "alici@example.com",
            "phone_number": "+905550000000",
            "first_name": "Deneme",
            "last_name": "Alıcı",
            "country": places.pk_of("country", "Türkiye"),
            "city": places.pk_of("city", "Istanbul"),
            "township": places.pk_of("township", "Kadıköy"),
            "line": "Örnek Sok. 1",
        }


def customer_body(code: str = "C-1") -> dict[str, Any]:
    """A body for customers."""
    return {
        "channel": 1,
        "email": f"{code}@example.com",
        "phone_number": "+905550000000",
        "first_name": "Deneme",
        "last_name": "Alıcı",
        "channel_code": code,
        "is_active": True,
    }


def committed(
    row: dict[str, Any], content_type: str = "productstock", **more: Any
) -> dict[str, Any]:
    """A row as a member of a batch's `objects`."""
    return {
        "pk": row["pk"],
        "content_type": content_type,
        "version_date": row["modified_date"],
        "remote_id": None,
        "failed_reason_type": None,
        **more,
    }
