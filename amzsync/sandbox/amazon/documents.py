"""Feed and report documents behind presigned URLs, as the document store serves them.

A URL is good for five minutes, that of a schema for seven days; an upload must carry the very
Content-Type it was signed for. The store takes no SP-API token: with one, or with an Authorization
header, it refuses.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from amzsync.sandbox.amazon.packedfile import packed_file
from amzsync.sandbox.amazon.replies import not_found, xml_error
from amzsync.sandbox.http import Reply, Request, Route
from amzsync.sandbox.seeds import seeded

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

URL_LIFETIME = timedelta(minutes=5)

_FOR_GOOD = 36_500  # days
_IN_MEMORY = 1 << 20  # what is larger is kept in a file, packed


@dataclass(slots=True, weakref_slot=True)
class Document:
    """One document; `content` is None until it is uploaded, and packed when `gzipped`.

    The content of a large one is in a `file`, which goes when the document goes.
    """

    id: str
    content_type: str
    expires: datetime
    content: bytes | None = None
    gzipped: bool = False
    file: Path | None = None


class Documents:
    """All documents, and the signatures of their URLs, which begin with `base_url`."""

    def __init__(self, now: Callable[[], datetime], seed: int) -> None:
        self.base_url = ""
        self._now = now
        self._random = seeded("documents", seed)
        self._key = f"{self._random.getrandbits(128):032x}"
        self._documents: dict[str, Document] = {}
        self._published: dict[str, Document] = {}

    def open(self, content_type: str, days: int) -> Document:
        """A document still to be uploaded; it is kept so many days."""
        bits = f"{self._random.getrandbits(128):032x}"
        name = "-".join((bits[:8], bits[8:12], bits[12:16], bits[16:20], bits[20:]))
        document = Document(
            f"amzn1.tortuga.4.eu.{name}", content_type, self._now() + timedelta(days=days)
        )
        self._documents[document.id] = document
        return document

    def store(self, content: bytes, content_type: str, days: int) -> Document:
        """A result document, packed."""
        document = self.open(content_type, days)
        document.content, document.gzipped = gzip.compress(content, 1, mtime=0), True
        return document

    def stream(self, chunks: Iterator[bytes], content_type: str, days: int) -> Document:
        """A result document of any size: a small one as it is, a large one packed, in a file."""
        document = self.open(content_type, days)
        beginning = b""
        for chunk in chunks:
            beginning += chunk
            if len(beginning) > _IN_MEMORY:
                break
        else:
            document.content = beginning
            return document
        document.file = packed_file(document, chain([beginning], chunks))
        document.gzipped = True
        return document

    def link(self, packed: Path, content_type: str, days: int) -> Document:
        """A result document whose content is in a packed file already."""
        document = self.open(content_type, days)
        document.file, document.gzipped = packed, True
        return document

    def publish(self, content: bytes, content_type: str) -> Document:
        """A document that is kept for good, as it is; one for all that have the same content."""
        digest = hashlib.sha256(content).hexdigest()
        if digest not in self._published:
            document = self._published[digest] = self.open(content_type, _FOR_GOOD)
            document.content = content
        return self._published[digest]

    def get(self, document_id: str) -> Document:
        """The document. Errors: 404 when unknown or past its days."""
        document = self._documents.get(document_id)
        if document is None or document.expires <= self._now():
            raise not_found("No such document.")
        return document

    def url(
        self, document: Document, method: str, lifetime: timedelta = URL_LIFETIME, **extra: str
    ) -> str:
        """A presigned URL, good for so long."""
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Date": f"{self._now():%Y%m%dT%H%M%SZ}",
            "X-Amz-Expires": str(int(lifetime.total_seconds())),
            "X-Amz-SignedHeaders": "content-type;host" if method == "PUT" else "host",
            **extra,
        }
        query["X-Amz-Signature"] = self._signature(document, method, query)
        return f"{self.base_url}/documents/{document.id}?{urlencode(query)}"

    def refusal(self, request: Request) -> Reply | None:
        """Why the store refuses this use of a URL; None when it does not."""
        if "authorization" in request.headers:
            return xml_error(400, "InvalidArgument", "Only one auth mechanism allowed")
        if "x-amz-access-token" in request.headers:
            return xml_error(403, "AccessDenied", "There were headers which were not signed")
        document = self._documents.get(request.params["documentId"])
        query = {name: values[0] for name, values in request.query.items()}
        signature = query.pop("X-Amz-Signature", "")
        if document is None or signature != self._signature(document, request.method, query):
            return _SIGNATURE
        if request.method == "PUT" and request.headers.get("content-type") != document.content_type:
            return _SIGNATURE
        signed = datetime.strptime(query["X-Amz-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
        if self._now() - signed > timedelta(seconds=int(query["X-Amz-Expires"])):
            return xml_error(403, "AccessDenied", "Request has expired")
        return None

    def _signature(self, document: Document, method: str, query: dict[str, str]) -> str:
        text = "\n".join((self._key, method, document.id, urlencode(sorted(query.items()))))
        return hashlib.sha256(text.encode()).hexdigest()


_SIGNATURE = xml_error(
    403, "SignatureDoesNotMatch", "The request signature we calculated does not match"
)


def document_links(world: AmazonWorld, request: Request, id_name: str) -> Reply:
    """The body of getFeedDocument and getReportDocument: id, fresh URL, how it is packed."""
    document = world.documents.get(request.params[id_name])
    if document.content is None and document.file is None:
        raise not_found("The document has no content.")
    extra: dict[str, str] = {}
    if request.first("enableContentEncodingUrlHeader").lower() == "true" and document.gzipped:
        extra = {"response-content-encoding": "gzip"}
    url = world.documents.url(document, "GET", URL_LIFETIME, **extra)
    packed = {"compressionAlgorithm": "GZIP"} if document.gzipped else {}
    return Reply(200, {id_name: document.id, "url": url, **packed})


def upload_document(world: AmazonWorld, request: Request) -> Reply:
    """PUT to a URL of createFeedDocument."""
    if (refusal := world.documents.refusal(request)) is not None:
        return Reply(refusal.status, refusal.body, dict(refusal.headers))
    world.documents.get(request.params["documentId"]).content = request.body
    return Reply(200, None, {"etag": f'"{hashlib.sha256(request.body).hexdigest()[:32]}"'})


def download_document(world: AmazonWorld, request: Request) -> Reply:
    """GET from a URL of getFeedDocument or getReportDocument."""
    if (refusal := world.documents.refusal(request)) is not None:
        return Reply(refusal.status, refusal.body, dict(refusal.headers))
    document = world.documents.get(request.params["documentId"])
    headers = {"content-type": document.content_type}
    if encoding := request.first("response-content-encoding"):
        headers["content-encoding"] = encoding
    return Reply(200, document.content, headers, document.file)


ROUTES = [
    Route("PUT", "/documents/{documentId}", "uploadDocument", upload_document),
    Route("GET", "/documents/{documentId}", "downloadDocument", download_document),
]
