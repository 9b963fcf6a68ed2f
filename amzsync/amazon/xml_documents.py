"""XML reports read element by element: they come from outside, and one may have 300 MB.

What is no such report is refused as a whole, with words that say what came instead. Document types
and entities, which can be bombs, are refused too. Source: sp-api.md §2.4.3, §2.8, §6.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError  # the types only: defusedxml does the parsing

from amzsync.amazon.documents import charset
from amzsync.errors import ProtocolError

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*\sencoding\s*=")
_HTML = re.compile(r"<(!doctype\s+)?html\b", re.IGNORECASE)
_HEAD = 4096  # bytes


def rows(path: Path, content_type: str, root: str, row: str, expected: str) -> Iterator[Element]:
    """Every `row` element directly below the document's root, one after the other.

    Shape: an element is whole when it comes, and empty as soon as the next is asked for.
    `expected` says in an error what should have come. Errors: ProtocolError when the document is no
    XML, has another root, is broken or ends too soon; it may come after some rows.
    """
    from defusedxml.common import DefusedXmlException  # few runs read a report

    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        _check_head(head, expected)
        stream.seek(0)
        # The declaration names the charset, else the header of the download does (§6.5).
        told = head.startswith(_BOMS) or _DECLARED.match(head)
        try:
            yield from _rows(stream, None if told else charset(content_type), root, row, expected)
        except DefusedXmlException as error:
            raise ProtocolError(
                f"XML with a document type or entities came; {expected} was expected"
            ) from error
        except (ParseError, LookupError, ValueError) as error:
            raise ProtocolError(
                f"broken or cut-off XML came ({error}); {expected} was expected"
            ) from error


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _check_head(head: bytes, expected: str) -> None:
    codec = "utf-16" if head.startswith(_BOMS[1:]) else "latin-1"
    text = head.removeprefix(_BOMS[0]).decode(codec, errors="replace").lstrip()
    if not text:
        came = "an empty document"
    elif _HTML.match(text):
        came = "an HTML page"
    elif text.startswith("<"):
        return
    elif text.startswith(("{", "[")):
        came = "JSON"
    else:
        came = "text that is no XML"
    raise ProtocolError(f"{came} came; {expected} was expected")


def _rows(
    stream: IO[bytes], encoding: str | None, root: str, row: str, expected: str
) -> Iterator[Element]:
    from defusedxml.ElementTree import DefusedXMLParser, iterparse

    parser = DefusedXMLParser(encoding=encoding, forbid_dtd=True)
    top: Element | None = None
    depth = 0
    for event, element in iterparse(stream, ("start", "end"), parser):
        if event == "start":
            if top is None:
                top = element
                if local_name(top) != root:
                    raise ProtocolError(
                        f"XML of the kind <{local_name(top)[:40]}> came; {expected} was expected"
                    )
            depth += 1
            continue
        depth -= 1
        if depth == 1 and top is not None:
            if local_name(element) == row:
                yield element
            top.clear()  # the root would keep every row it ever had
