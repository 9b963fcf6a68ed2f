"""UPLOAD_VAT_INVOICE: what Amazon checks on an invoice, and the processing report it gives.

Source: the feedOptions of the Invoicing feeds page. Assumed, because nothing public shows it: the
processing report of this feed has the JSON shape of a listings feed's, with one message.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Protocol

from amzsync.sandbox.amazon.account import SELLER_ID

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

Refusal = tuple[str, str]

_ORDER = "metadata:orderid"
_SHIPMENT = "metadata:shippingid"
_NUMBER = "metadata:invoicenumber"
_DOCUMENT = "metadata:documenttype"
_TRANSACTION = "metadata:transactionid"
_AMOUNTS = ("metadata:totalamount", "metadata:totalvatamount")
_OPTIONS = (_ORDER, _SHIPMENT, _NUMBER, _DOCUMENT, _TRANSACTION, *_AMOUNTS)
_INVALID = "90244"


class Submitted(Protocol):
    """What of a feed its processing needs."""

    id: str
    content: bytes
    marketplace_ids: list[str]
    options: dict[str, str]


def process_invoice(
    world: AmazonWorld, feed: Submitted, refusal: Refusal | None
) -> tuple[str, bytes]:
    """Check an invoice; (processing status, processing report). `refusal`: Amazon's own."""
    if not feed.content.startswith(b"%PDF-"):
        return "FATAL", _report(feed, (_INVALID, "The feed document is not a PDF."))
    refusal = refusal or _fault(world, feed)
    if refusal is None:
        world.feeds.invoices.append({"feedId": feed.id, "options": feed.options})
    return "DONE", _report(feed, refusal)


def _fault(world: AmazonWorld, feed: Submitted) -> Refusal | None:
    options = feed.options
    if unknown := options.keys() - set(_OPTIONS):
        return _INVALID, f"{sorted(unknown)[0]} is not an option of this feed."
    if not (options.get(_ORDER) or options.get(_SHIPMENT)):
        return _INVALID, f"{_ORDER} or {_SHIPMENT} is required."
    if not options.get(_NUMBER):
        return _INVALID, f"{_NUMBER} is required."
    kind = options.get(_DOCUMENT)
    if kind not in ("Invoice", "CreditNote"):
        return _INVALID, f"{_DOCUMENT} is Invoice or CreditNote."
    if kind == "CreditNote" and not options.get(_TRANSACTION):
        return _INVALID, f"{_TRANSACTION} is required for a credit note."
    if wrong := [name for name in _AMOUNTS if name in options and not _is_amount(options[name])]:
        return _INVALID, f"{wrong[0]} is not an amount."
    return _wrong_place(world, feed)


def _wrong_place(world: AmazonWorld, feed: Submitted) -> Refusal | None:
    if not (order_id := feed.options.get(_ORDER)):
        return None  # shipment ids are nowhere else in the sandbox: any of them is good
    if (order := world.orders.get(order_id)) is None:
        return _INVALID, "The order does not exist."
    if feed.marketplace_ids != [order["salesChannel"].get("marketplaceId")]:
        return _INVALID, "marketplaceIds is not the order's."
    return None


def _is_amount(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _report(feed: Submitted, refusal: Refusal | None) -> bytes:
    issues: list[dict[str, Any]] = []
    if refusal is not None:
        code, message = refusal
        issues = [{"messageId": 1, "code": code, "severity": "ERROR", "message": message}]
    report = {
        "header": {"sellerId": SELLER_ID, "version": "2.0", "feedId": feed.id},
        "issues": issues,
        "summary": {
            "errors": len(issues),
            "warnings": 0,
            "messagesProcessed": 1,
            "messagesAccepted": 1 - len(issues),
            "messagesInvalid": len(issues),
        },
    }
    return json.dumps(report, ensure_ascii=False).encode()
