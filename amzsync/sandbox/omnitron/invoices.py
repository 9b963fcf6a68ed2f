"""Invoices behind `e_archive_url`, as a brand's e-archive serves them: to anybody, without a token.

`OmnitronWorld.invoices_served` says what is behind each path, percent-encoded as in the address: a
content type and bytes, or a whole reply (a redirect, an error).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from amzsync.sandbox.http import Reply, Request, Route

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

Served: TypeAlias = tuple[str, bytes] | Reply

PREFIX = "/media/invoices/"
_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
_FONTS = b"/Resources << /Font << /F1 5 0 R >> >> >>"


def path_of(invoice_number: str) -> str:
    """The path of an invoice's PDF."""
    return f"{PREFIX}{quote(invoice_number, safe='')}.pdf"


def pdf(text: str) -> bytes:
    """A valid PDF of one page that says the text, as far as Latin-1 goes."""
    shown = text.encode("latin-1", "replace")
    for special in (b"\\", b"(", b")"):
        shown = shown.replace(special, b"\\" + special)
    content = b"BT /F1 24 Tf 72 720 Td (" + shown + b") Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _PAGE + b" " + _FONTS,
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    return _assembled(objects)


def _assembled(objects: tuple[bytes, ...]) -> bytes:
    """The file around its objects: header, cross-reference table, trailer."""
    out = b"%PDF-1.4\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for number, each in enumerate(objects, start=1):
        table += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return out + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(out)


def invoice(world: OmnitronWorld, request: Request) -> Reply:
    """What is behind the path. Errors: 404."""
    served = world.invoices_served.get(PREFIX + quote(request.params["name"], safe=""))
    if served is None:
        return Reply(404, b"Not Found", {"content-type": "text/plain"})
    if isinstance(served, Reply):
        return served
    content_type, content = served
    return Reply(200, content, {"content-type": content_type})


def described(path: str, served: Served) -> dict[str, Any]:
    """What is behind a path, in short."""
    if isinstance(served, Reply):
        return {"path": path, "status": served.status, "headers": served.headers}
    content_type, content = served
    return {"path": path, "status": 200, "content_type": content_type, "bytes": len(content)}


ROUTES = [Route("GET", f"{PREFIX}{{name}}", "invoices.get", invoice)]
