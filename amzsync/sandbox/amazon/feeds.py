"""Feeds 2021-06-30: documents in and out, feeds, their life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.documents import document_links
from amzsync.sandbox.amazon.feedbook import INVOICE, LISTINGS, RETIRED, Feed
from amzsync.sandbox.amazon.joblists import job_list
from amzsync.sandbox.amazon.replies import (
    ApiError,
    invalid,
    json_object,
    known_marketplaces,
    not_found,
)
from amzsync.sandbox.http import Reply, Request, Route

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

DOCUMENT_DAYS = 2


def create_feed_document(world: AmazonWorld, request: Request) -> Reply:
    """POST /feeds/2021-06-30/documents."""
    content_type = json_object(request).get("contentType")
    if not isinstance(content_type, str) or "/" not in content_type:
        raise invalid("contentType is required.")
    document = world.documents.open(content_type, DOCUMENT_DAYS)
    url = world.documents.url(document, "PUT")
    return Reply(201, {"feedDocumentId": document.id, "url": url})


def create_feed(world: AmazonWorld, request: Request) -> Reply:
    """POST /feeds/2021-06-30/feeds."""
    body = json_object(request)
    feed_type = body.get("feedType")
    if feed_type not in (LISTINGS, INVOICE, *RETIRED):
        raise invalid("feedType is not a feed type the sandbox knows.")
    places = known_marketplaces(body.get("marketplaceIds"), at_most=25)
    options = body.get("feedOptions") or {}
    if not isinstance(options, dict) or not all(isinstance(one, str) for one in options.values()):
        raise invalid("feedOptions maps texts to texts.")
    content = _uploaded(world, body.get("inputFeedDocumentId"))
    if feed_type == LISTINGS:
        world.quotas.take(LISTINGS)
    feed = world.feeds.submit(feed_type, places, content, options, request.fault)
    return Reply(202, {"feedId": feed.id})


def get_feed(world: AmazonWorld, request: Request) -> Reply:
    """GET /feeds/2021-06-30/feeds/{feedId}."""
    return Reply(200, _feed(world, request).body())


def get_feeds(world: AmazonWorld, request: Request) -> Reply:
    """GET /feeds/2021-06-30/feeds."""
    return Reply(200, job_list(world, request, "feeds", "feedTypes", list(world.feeds)))


def cancel_feed(world: AmazonWorld, request: Request) -> Reply:
    """DELETE /feeds/2021-06-30/feeds/{feedId}; only while it is in the queue."""
    if not world.feeds.cancel(_feed(world, request)):
        raise invalid("Only a feed that is IN_QUEUE can be cancelled.")
    return Reply(200)


def get_feed_document(world: AmazonWorld, request: Request) -> Reply:
    """GET /feeds/2021-06-30/documents/{feedDocumentId}."""
    return document_links(world, request, "feedDocumentId")


def _feed(world: AmazonWorld, request: Request) -> Feed:
    feed = world.feeds.get(request.params["feedId"])
    if feed is None:
        raise not_found("No such feed.")
    return feed


def _uploaded(world: AmazonWorld, document_id: Any) -> bytes:
    try:
        content = world.documents.get(str(document_id)).content
    except ApiError:
        raise invalid("inputFeedDocumentId is unknown or has expired.") from None
    if content is None:
        raise invalid("Nothing was uploaded to inputFeedDocumentId.")
    return content


_ROOT = "/feeds/2021-06-30"

ROUTES = [
    Route("POST", f"{_ROOT}/documents", "createFeedDocument", create_feed_document),
    Route("GET", f"{_ROOT}/documents/{{feedDocumentId}}", "getFeedDocument", get_feed_document),
    Route("POST", f"{_ROOT}/feeds", "createFeed", create_feed),
    Route("GET", f"{_ROOT}/feeds", "getFeeds", get_feeds),
    Route("GET", f"{_ROOT}/feeds/{{feedId}}", "getFeed", get_feed),
    Route("DELETE", f"{_ROOT}/feeds/{{feedId}}", "cancelFeed", cancel_feed),
]
