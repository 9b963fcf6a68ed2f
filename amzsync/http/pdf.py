"""A PDF from an address somebody else wrote down: https only, of bounded size, and really a PDF."""

from __future__ import annotations

import io
from typing import Final
from urllib.parse import urlsplit

import httpx

from amzsync.errors import ProtocolError, RecordError, RefusedError
from amzsync.http.transfer import ExpiredUrlError, Transfers

MAX_PDF: Final = 10 * 1024 * 1024
"""Bytes; an invoice has a few hundred kilobytes."""


def download_pdf(transfers: Transfers, url: str) -> bytes:
    """The PDF behind the address; no token of ours goes along, redirects are not followed.

    Errors: RecordError "pdf" naming the host, never the path or query, which may hold secrets:
    not https (http to this very machine excepted), refused, too long, no PDF. UnavailableError
    when the host is down, and the deadline's.
    """
    host = host_of(url)
    if any(char.isspace() for char in url):
        raise RecordError(f"the PDF's address at {host} is not valid", code="pdf")
    stream = io.BytesIO()
    try:
        transfers.download(url, stream, MAX_PDF)
    except (ProtocolError, RefusedError, ExpiredUrlError) as error:
        what = f"HTTP {error.status}" if error.status else str(error)
        raise RecordError(f"the PDF cannot be fetched from {host}: {what}", code="pdf") from None
    except (ValueError, httpx.InvalidURL):
        raise RecordError(f"the PDF's address at {host} is not valid", code="pdf") from None
    content = stream.getvalue()
    if not content.startswith(b"%PDF-"):
        raise RecordError(f"what {host} gives is not a PDF", code="pdf")
    return content


def host_of(url: str) -> str:
    """The host an address names, to be shown."""
    try:
        return urlsplit(url).hostname or "an unnamed host"
    except ValueError:
        return "an unnamed host"
