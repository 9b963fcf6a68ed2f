"""What is inside the three returns reports: XML and flat of seller-fulfilled orders, and FBA's.

Which form a document has is told from the document itself, for what arrives is not always what was
asked for. A row that cannot be read costs only itself; a document that is no returns report is
refused as a whole. Source: sp-api.md §2.4, §6.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Annotated, Any, Final
from xml.etree.ElementTree import Element, ParseError  # the types only: defusedxml does the parsing

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from amzsync.amazon.documents import charset, header_of, table
from amzsync.amazon.models.payload import Text, UtcDatetime
from amzsync.amazon.report_dates import report_date
from amzsync.errors import ProtocolError
from amzsync.redaction import validation_problems

XML_RETURNS: Final = "GET_XML_RETURNS_DATA_BY_RETURN_DATE"
FBA_RETURNS: Final = "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA"

_EXPECTED = "a returns report (XML, tab-separated, or tab-separated of FBA) was expected"
_FLAT: Final = {
    "order_id": "Order ID",
    "rma_id": "Amazon RMA ID",
    "sku": "Merchant SKU",
    "quantity": "Return quantity",
    "reason_code": "Return Reason",
    "status": "Return request status",
    "requested_at": "Return request date",
}
# FBA has no RMA: the plate on the returned unit is its key. Its status is the goods', not the
# return's, so a report without it is as good.
_FBA: Final = {
    "order_id": "order-id",
    "rma_id": "license-plate-number",
    "sku": "sku",
    "quantity": "quantity",
    "reason_code": "reason",
    "requested_at": "return-date",
}
_OF_RETURN: Final = {
    "order_id": "order_id",
    "rma_id": "amazon_rma_id",
    "status": "return_request_status",
    "requested_at": "return_request_date",
}
_OF_ITEM: Final = {
    "sku": "merchant_sku",
    "quantity": "return_quantity",
    "reason_code": "return_reason_code",
}
_DECLARED = re.compile(rb"^(\xef\xbb\xbf|\xff\xfe|\xfe\xff|\s*<\?xml[^>]*\sencoding\s*=)")

_Name = Annotated[str, Field(min_length=1)]


class ReturnedItem(BaseModel):
    """Units of one SKU that a buyer sends back; for FBA `rma_id` is the license plate number."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", str_strip_whitespace=True, hide_input_in_errors=True
    )

    order_id: _Name
    rma_id: _Name
    sku: _Name
    quantity: Annotated[int, Field(ge=1)]
    reason_code: Text = ""
    status: Text = ""
    requested_at: Annotated[UtcDatetime, BeforeValidator(report_date)]


class UnreadableReturn(BaseModel):
    """A row that cannot be used, and why; what could be read of its key, else empty."""

    model_config = ConfigDict(frozen=True)

    order_id: str
    rma_id: str
    sku: str
    problem: str


def read_returns(path: Path, content_type: str) -> list[ReturnedItem | UnreadableReturn]:
    """The returns of a report; units of one SKU under one RMA are one row.

    Errors: ProtocolError when the document is none of the three forms or ends too soon.
    """
    with path.open("rb") as stream:
        start = stream.read(4096)
    if not start.strip():
        raise ProtocolError(f"the document is empty; {_EXPECTED}")
    text = start.decode("utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1")
    text = text.removeprefix("ï»¿").lstrip("\ufeff \t\r\n")
    if re.match(r"<(!doctype\s+)?html\b", text, re.IGNORECASE):
        raise ProtocolError(f"an HTML page came; {_EXPECTED}")
    if text.startswith("<"):
        return _summed(_of_xml(path, content_type, start))
    codec = charset(content_type)
    with path.open(encoding=codec, errors="replace") as lines:
        header = {name.casefold() for name in header_of(lines.readline(65_536))}
    columns = _FBA if "license-plate-number" in header else _FLAT
    if len(header) < 2 or not header & {name.casefold() for name in columns.values()}:
        raise ProtocolError(f"{_kind(text)} came; {_EXPECTED}")
    return _summed(_of_table(path, codec, columns))


def _kind(text: str) -> str:
    """What a document looks like. Nothing of it is repeated: it may hold anything."""
    first = text.partition("\n")[0].strip()
    if first[:1] in ("{", "["):
        return "JSON"
    if not first.replace("\t", "").isprintable():
        return "a binary file"
    if "\t" in first:
        return f"a table of {first.count(chr(9)) + 1} other columns"
    return f"CSV of {first.count(',') + 1} columns" if first.count(",") > 1 else "plain text"


def _of_table(path: Path, codec: str, columns: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for row in table(path, codec, list(columns.values())):
        yield {name: row[column] for name, column in columns.items()}


def _of_xml(path: Path, content_type: str, start: bytes) -> Iterator[dict[str, str]]:
    """An entry for each item_details. The declaration names the charset, else the header does."""
    from defusedxml.common import DefusedXmlException  # few runs read a report

    encoding = None if _DECLARED.match(start) else charset(content_type)
    try:
        with path.open("rb") as stream:
            yield from _details(stream, encoding)
    except DefusedXmlException as error:
        raise ProtocolError(
            f"XML with a document type or entities came, which no report has; {_EXPECTED}"
        ) from error
    except (ParseError, LookupError, ValueError) as error:
        raise ProtocolError(f"broken or cut-off XML came ({error}); {_EXPECTED}") from error


def _details(stream: IO[bytes], encoding: str | None) -> Iterator[dict[str, str]]:
    from defusedxml.ElementTree import DefusedXMLParser, iterparse

    parser = DefusedXMLParser(encoding=encoding, forbid_dtd=True)
    depth = 0
    for event, element in iterparse(stream, ("start", "end"), parser):
        name = _local(element)
        if event == "start":
            if depth == 0 and name != "AmazonEnvelope":
                raise ProtocolError(f"XML of the kind <{name[:40]}> came; {_EXPECTED}")
            depth += 1
            continue
        depth -= 1
        if name == "MessageType" and (element.text or "").strip() != "Returns-Report":
            raise ProtocolError(f"an envelope with other messages came; {_EXPECTED}")
        if name == "return_details":
            common = _texts(element, _OF_RETURN)
            for item in element:
                if _local(item) == "item_details":
                    yield common | _texts(item, _OF_ITEM)
            element.clear()  # what is read need not be kept


def _texts(element: Element, names: Mapping[str, str]) -> dict[str, str]:
    children = {_local(child): child.text or "" for child in element}
    return {name: children.get(tag, "") for name, tag in names.items()}


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _summed(rows: Iterable[dict[str, str]]) -> list[ReturnedItem | UnreadableReturn]:
    """Two entries of one SKU under one RMA are two units: a line may come once for each."""
    found: dict[tuple[str, str, str], ReturnedItem] = {}
    faulty: list[ReturnedItem | UnreadableReturn] = []
    for row in rows:
        try:
            item = ReturnedItem.model_validate(row)
        except ValidationError as error:
            faulty.append(_unreadable(row, error))
            continue
        key = (item.order_id, item.rma_id, item.sku)
        known = found.get(key)
        quantity = item.quantity + (known.quantity if known else 0)
        found[key] = (known or item).model_copy(update={"quantity": quantity})
    return [*found.values(), *faulty]


def _unreadable(row: Mapping[str, Any], error: ValidationError) -> UnreadableReturn:
    problem = validation_problems(error)
    key = {name: str(row.get(name) or "").strip() for name in ("order_id", "rma_id", "sku")}
    return UnreadableReturn(**key, problem=problem)
