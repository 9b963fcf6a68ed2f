"""Documents up to and down from presigned URLs, which are secrets and carry no token of ours.

Amazon's document store is no SP-API: an upload is a bare PUT whose Content-Type has to be the one
the slot was asked for, byte by byte, for it is signed (sp-api.md §2.5.6, §6.3); a download may be a
gzip file whatever the headers say, so only the magic bytes decide (§2.4.6); a URL lives five
minutes. Both may be repeated: a PUT replaces, a GET changes nothing.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit

import httpx

from amzsync.clock import Deadline
from amzsync.errors import (
    DryRunError,
    ProtocolError,
    RefusedError,
    RemoteError,
    UnavailableError,
)
from amzsync.http.exchange import Timeouts, exchange, open_client
from amzsync.http.retry import RetryPolicy
from amzsync.http.unpack import Unpacker

T = TypeVar("T")

log = logging.getLogger(__name__)

_CONNECTIONS = 4
_MAX_REPLY = 64 * 1024  # bytes; the store's answer to an upload is empty or a short XML
_S3_CODE = re.compile(rb"<Code>(\w{1,60})</Code>")
_WRONG_SIGNATURE = "SignatureDoesNotMatch"  # no new URL mends that: the Content-Type differs


class ExpiredUrlError(RemoteError):
    """The presigned URL is no longer good; another one can be asked for."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A document that has arrived: the header that tells its charset, and its unpacked size."""

    content_type: str
    size: int


class Transfers:
    """Uploads and downloads of documents; thread-safe."""

    def __init__(
        self,
        deadline: Deadline,
        *,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        dry_run: bool = False,
        user_agent: str = "amzsync",
    ) -> None:
        self.calls: Counter[str] = Counter()
        self._deadline = deadline
        self._timeouts = timeouts or Timeouts(read=60.0)
        self._retry = retry or RetryPolicy()
        self._dry_run = dry_run
        self._user_agent = user_agent
        self._client: httpx.Client | None = None
        self._opening = threading.Lock()
        self._opening = threading.Lock()

    def upload(self, url: str, content_type: str, content: bytes | Path) -> None:
        """PUT a document to the slot createFeedDocument gave.

        Errors: DryRunError, ExpiredUrlError, RefusedError, UnavailableError, the deadline's.
        """
        if self._dry_run:
            raise DryRunError("dry run: a document would be uploaded and was not sent")
        _check_url(url)

        def put() -> None:
            if isinstance(content, bytes):
                self._send("upload", self._put_request(url, content_type, len(content), content))
                return
            with content.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                self._send("upload", self._put_request(url, content_type, size, stream))

        self._repeat(put)

    def download(self, url: str, into: Path | BinaryIO, max_bytes: int) -> Downloaded:
        """Fetch a document, unpacked if it is a gzip file.

        `into` is a path (the file appears only when it is whole, and only we can read it) or a
        seekable stream, rewritten from its start. `max_bytes` bounds what is received and what it
        unpacks to. Errors: ExpiredUrlError, RefusedError, UnavailableError, ProtocolError when the
        document is too long or a broken gzip file, and the deadline's.
        """
        _check_url(url)
        if not isinstance(into, Path):
            return self._repeat(lambda: self._get(url, into, max_bytes))
        part = into.with_name(into.name + ".part")
        try:
            with open(part, "wb", opener=_private) as stream:
                done = self._repeat(lambda: self._get(url, stream, max_bytes))
            part.replace(into)
        finally:
            part.unlink(missing_ok=True)
        return done

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _put_request(
        self, url: str, content_type: str, size: int, content: bytes | BinaryIO
    ) -> httpx.Request:
        headers = {"content-type": content_type, "content-length": str(size)}
        return self._request("PUT", url, headers, content)

    def _get(self, url: str, stream: BinaryIO, max_bytes: int) -> Downloaded:
        """One attempt; whatever an earlier one has written is overwritten."""
        stream.seek(0)
        stream.truncate()
        target = Unpacker(stream, max_bytes)
        # Packed by the server on the way would be packed twice if the document is a gzip file.
        request = self._request("GET", url, {"accept-encoding": "identity"}, None)
        headers = self._send("download", request, target.write)
        target.finish()
        return Downloaded(headers.get("content-type", ""), target.size)

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | BinaryIO | None
    ) -> httpx.Request:
        left = max(0.1, self._deadline.remaining())
        timeout = httpx.Timeout(
            min(self._timeouts.read, left), connect=min(self._timeouts.connect, left)
        )
        return self._pool().build_request(
            method, url, headers=headers, content=content, timeout=timeout
        )

    def _pool(self) -> httpx.Client:
        with self._opening:
            if self._client is None:
                self._client = open_client(self._timeouts, _CONNECTIONS, self._user_agent)
            return self._client

    def _send(
        self, name: str, request: httpx.Request, into: Callable[[bytes], object] | None = None
    ) -> Mapping[str, str]:
        """One exchange; the headers of a 2xx reply."""
        self._deadline.check()
        self.calls[name] += 1
        limit = sys.maxsize if into else _MAX_REPLY  # a download's sink has a limit of its own
        started = self._deadline.clock.now()
        status, headers, body, fault = exchange(self._pool(), request, self._deadline, limit, into)
        took = (self._deadline.clock.now() - started).total_seconds()
        log.debug(
            "%s of a document -> %s in %.3f s",
            name,
            status or fault,
            took,
            extra={
                "operation": name,
                "method": request.method,
                "status": status,
                "duration_ms": round(took * 1000),
                "error": fault,
            },
        )
        if status is not None and not 200 <= status < 300:
            raise _refusal(name, status, body)
        if fault is not None:
            self._deadline.check()
            raise UnavailableError(fault, operation=name, status=status)
        return headers

    def _repeat(self, attempt: Callable[[], T]) -> T:
        count = 0
        while True:
            count += 1
            try:
                return attempt()
            except UnavailableError as error:
                delay = self._retry.delay(count)
                if delay is None or delay >= self._deadline.remaining():
                    raise
                log.info(
                    "%s; attempt %d, again in %.1f s",
                    error,
                    count,
                    delay,
                    extra={
                        "operation": error.operation,
                        "status": error.status,
                        "attempt": count,
                        "wait_s": round(delay, 3),
                    },
                )
                self._deadline.sleep(delay)


def _refusal(name: str, status: int, body: bytes) -> RemoteError:
    found = _S3_CODE.search(body)
    code = found[1].decode() if found else ""
    if status >= 500 or status == 429:
        return UnavailableError("the document store reports a fault", operation=name, status=status)
    if status == 403 and code != _WRONG_SIGNATURE:
        return ExpiredUrlError("the document URL has expired", operation=name, status=status)
    return RefusedError(
        f"the document store refuses: {code or 'no reason given'}",
        operation=name,
        status=status,
        code=code,
    )


def _check_url(url: str) -> None:
    """Errors: ProtocolError unless the URL is https, or http to this very machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return
    raise ProtocolError("the far side handed out a document URL that is not https")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
