"""JSON_LISTINGS_FEED: the document's rules, its messages' effects, the processing report.

Source: the Listings Feed schema v2 and the processing report schema v2. A fault of the document as
a whole ends the feed FATAL with an issue that has no messageId.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from amzsync.sandbox.amazon.account import SELLER_ID
from amzsync.sandbox.amazon.attributes import Issue, check_patches, issue
from amzsync.sandbox.amazon.listings import patch_issues, put_issues, unknown_sku
from amzsync.sandbox.amazon.listingview import READ_SETS, view
from amzsync.sandbox.amazon.replies import ApiError
from amzsync.sandbox.faults import Fault

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

MAX_MESSAGES = 25_000
_MAX_MESSAGE_ID = 2**31 - 1
# operationType -> (members it needs, members it must not have)
_RULES = {
    "UPDATE": (("productType", "attributes"), ("patches",)),
    "PARTIAL_UPDATE": (("productType", "attributes"), ("patches", "requirements")),
    "PATCH": (("productType", "patches"), ("attributes", "requirements")),
    "DELETE": ((), ("productType", "attributes", "patches", "requirements")),
}


class Submitted(Protocol):
    """What of a feed its processing needs."""

    content: bytes
    marketplace_ids: list[str]
    fault: Fault | None


def process_listings(
    world: AmazonWorld, feed_id: str, feed: Submitted, now: datetime
) -> tuple[str, bytes]:
    """Process the document; (processing status, processing report)."""
    header: dict[str, Any] = {"sellerId": SELLER_ID, "version": "2.0", "feedId": feed_id}
    try:
        document = _document(feed.content)
    except ValueError as error:
        return "FATAL", _report(header, [_document_issue(str(error))], 0, 0)
    wanted = document["header"].get("report")
    if wanted:
        header["report"] = wanted
    issues: list[dict[str, Any]] = []
    touched: list[str] = []
    seen: set[int] = set()
    accepted = 0
    for position, message in enumerate(document["messages"]):
        found = _message_issues(world, feed, message, seen, position)
        if not found:
            _apply(world, feed, message, now)
            accepted += 1
            touched.append(message["sku"])
        issues += [_reported(row, message) for row in found]
    items = _items(world, feed, touched, wanted) if wanted else None
    return "DONE", _report(header, issues, len(document["messages"]), accepted, items)


def _document(content: bytes) -> dict[str, Any]:
    """The parsed document. Errors: ValueError that says what the whole document lacks."""
    try:
        document = json.loads(content.decode())
    except ValueError:
        raise ValueError("The feed document is not valid JSON in UTF-8.") from None
    if not isinstance(document, dict) or not isinstance(document.get("header"), dict):
        raise ValueError("The header is missing.")
    header, messages = document["header"], document.get("messages")
    if header.get("sellerId") != SELLER_ID:
        raise ValueError("header.sellerId is not the submitting seller.")
    if header.get("version") != "2.0":
        raise ValueError("header.version must be 2.0.")
    if not isinstance(messages, list) or not 1 <= len(messages) <= MAX_MESSAGES:
        raise ValueError(f"A feed has 1 to {MAX_MESSAGES} messages.")
    if not all(isinstance(message, dict) for message in messages):
        raise ValueError("Every message is an object.")
    return document


def _message_issues(
    world: AmazonWorld, feed: Submitted, message: dict[str, Any], seen: set[int], position: int
) -> list[Issue]:
    if (shape := _shape_fault(message, seen)) is not None:
        return [shape]
    seen.add(message["messageId"])
    if feed.fault is not None and feed.fault.kind == "half_refused_feed" and position % 2:
        return [issue("90244", "Refused by an injected fault.", "fulfillment_availability")]
    try:
        return _value_issues(world, message, feed.marketplace_ids[0])
    except ApiError as error:
        return [issue("90244", error.details, "attributes")]


def _shape_fault(message: dict[str, Any], seen: set[int]) -> Issue | None:
    number = message.get("messageId")
    if not isinstance(number, int) or isinstance(number, bool):
        return _wrong("messageId must be an integer.", "messageId")
    if not 1 <= number <= _MAX_MESSAGE_ID or number in seen:
        return _wrong("messageId must be positive and unique in the feed.", "messageId")
    if not isinstance(message.get("sku"), str) or not message["sku"]:
        return _wrong("sku is required.", "sku")
    rule = _RULES.get(str(message.get("operationType")))
    if rule is None:
        return _wrong("operationType is unknown.", "operationType")
    needed, forbidden = rule
    if lacking := [name for name in needed if not message.get(name)]:
        return _wrong(f"{lacking[0]} is required.", lacking[0])
    if foreign := [name for name in forbidden if name in message]:
        return _wrong(f"{foreign[0]} does not go with this operationType.", foreign[0])
    return None


def _value_issues(world: AmazonWorld, message: dict[str, Any], place: str) -> list[Issue]:
    kind = message["operationType"]
    if kind == "UPDATE":
        return put_issues(world, message, place)
    listing = world.listings.get(message["sku"])
    if listing is None:
        return [unknown_sku(message["sku"])]
    if kind == "DELETE":
        return []
    patches = message["patches"] if kind == "PATCH" else _replacing(message)
    return patch_issues(world, listing, message["productType"], check_patches(patches), place)


def _apply(world: AmazonWorld, feed: Submitted, message: dict[str, Any], now: datetime) -> None:
    sku, kind = message["sku"], message["operationType"]
    applied = not _ignored(feed.fault, sku)
    if kind == "DELETE":
        world.listings.delete(sku, now)
    elif kind == "UPDATE":
        world.listings.put(
            sku,
            message["productType"],
            message["attributes"],
            feed.marketplace_ids[0],
            now,
            applied=applied,
        )
    else:
        patches = message["patches"] if kind == "PATCH" else _replacing(message)
        world.listings.patch(sku, patches, now, applied=applied)


def _ignored(fault: Fault | None, sku: str) -> bool:
    return (
        fault is not None and fault.kind == "ignored_sku" and fault.options.get("sku", sku) == sku
    )


def _replacing(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"op": "replace", "path": f"/attributes/{name}", "value": value}
        for name, value in message["attributes"].items()
    ]


def _items(
    world: AmazonWorld, feed: Submitted, skus: list[str], wanted: dict[str, Any]
) -> list[dict[str, Any]]:
    included = [name for name in wanted.get("includedData", ["issues"]) if name in READ_SETS]
    listings = [world.listings.get(sku) for sku in skus]
    return [
        view(world.listings, one, feed.marketplace_ids, included)
        for one in listings
        if one is not None
    ]


def _wrong(message: str, attribute: str) -> Issue:
    return issue("90244", message, attribute)


def _document_issue(message: str) -> dict[str, Any]:
    return {"code": "90244", "severity": "ERROR", "message": message}


def _reported(found: Issue, message: dict[str, Any]) -> dict[str, Any]:
    row = {name: found[name] for name in ("code", "severity", "message")}
    if isinstance(message.get("messageId"), int):
        row["messageId"] = message["messageId"]
    if isinstance(message.get("sku"), str):
        row["sku"] = message["sku"]
    row["attributeName"] = found["attributeNames"][0]
    return row


def _report(
    header: dict[str, Any],
    issues: list[dict[str, Any]],
    processed: int,
    accepted: int,
    items: list[dict[str, Any]] | None = None,
) -> bytes:
    summary: dict[str, Any] = {
        "errors": len(issues),
        "warnings": 0,
        "messagesProcessed": processed,
        "messagesAccepted": accepted,
        "messagesInvalid": processed - accepted,
    }
    report: dict[str, Any] = {"header": header, "issues": issues, "summary": summary}
    if items is not None:
        errors = sum(len(item.get("issues", [])) for item in items)
        summary["itemSummary"] = {"items": len(items), "errors": errors, "warnings": 0}
        report["items"] = items
    return json.dumps(report, ensure_ascii=False).encode()
