"""The reports of returns: seller-fulfilled ones as XML and as a flat file, and Amazon's own.

Source: the attributes of the returns reports and of the FBA customer returns report. All take the
returns whose request lies in the window asked for; None when there are none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from amzsync.sandbox.amazon.replies import iso
from amzsync.sandbox.amazon.reportcontent import Content, tab_delimited
from amzsync.sandbox.amazon.returnbook import ReturnedItem

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.reportbook import Report
    from amzsync.sandbox.amazon.world import AmazonWorld

LONGEST_WINDOW = timedelta(days=60)
RESTED = timedelta(minutes=30)

_COLUMNS = (
    "Order ID",
    "Order date",
    "Return request date",
    "Return request status",
    "Amazon RMA ID",
    "Merchant RMA ID",
    "Label type",
    "Label cost",
    "Currency code",
    "Return carrier",
    "Tracking ID",
    "Label to be paid by",
    "A-to-Z Claim",
    "Is prime",
    "ASIN",
    "Merchant SKU",
    "Item Name",
    "Return quantity",
    "Return Reason",
    "In policy",
    "Return type",
    "Resolution",
    "Invoice number",
    "Return delivery date",
    "Order Amount",
    "Order quantity",
    "SafeT Action reason",
    "SafeT claim id",
    "SafeT claim state",
    "SafeT claim creation time",
    "SafeT claim reimbursement amount",
    "Refunded Amount",
)
_FBA_COLUMNS = (
    "return-date",
    "order-id",
    "sku",
    "asin",
    "fnsku",
    "product-name",
    "quantity",
    "fulfillment-center-id",
    "detailed-disposition",
    "reason",
    "status",
    "license-plate-number",
    "customer-comments",
)


def xml_returns(world: AmazonWorld, report: Report) -> Content | None:
    """GET_XML_RETURNS_DATA_BY_RETURN_DATE: a return_details for each RMA, in UTF-8."""
    returns: dict[str, list[ReturnedItem]] = {}
    for row in _rows(world, report, by_amazon=False):
        returns.setdefault(row.rma_id, []).append(row)
    if not returns:
        return None
    envelope = Element("AmazonEnvelope")
    _children(SubElement(envelope, "Header"), {"DocumentVersion": "1.00"})
    _children(envelope, {"MessageType": "Returns-Report"})
    message = SubElement(envelope, "Message")
    for rows in returns.values():
        _return_details(SubElement(message, "return_details"), rows)
    data = tostring(envelope, encoding="UTF-8", xml_declaration=True)
    return Content(data, "text/xml; charset=UTF-8")


def _return_details(details: Element, rows: list[ReturnedItem]) -> None:
    for row in rows:
        _children(
            SubElement(details, "item_details"),
            {
                "item_name": row.item_name,
                "asin": row.asin,
                "return_reason_code": row.reason,
                "merchant_sku": row.sku,
                "in_policy": "Y",
                "return_quantity": str(row.quantity),
                "resolution": row.resolution,
                "category": "",
                "refund_amount": "",
            },
        )
    first = rows[0]
    _children(
        details,
        {
            "order_id": first.order_id,
            "order_date": iso(first.ordered),
            "amazon_rma_id": first.rma_id,
            "return_request_date": iso(first.requested),
            "return_request_status": first.status,
            "a_to_z_claim": "false",
            "is_prime": "Y" if first.prime else "N",
        },
    )
    label = {
        "tracking_id": "",
        "return_carrier": "",
        "currency_code": first.currency,
        "label_cost": "0.00",
        "label_type": "AmazonUnPaidLabel",
    }
    _children(SubElement(details, "label_details"), label)
    _children(
        details,
        {
            "label_to_be_paid_by": "Seller",
            "return_type": "C-Returns",
            "order_amount": first.order_amount,
            "order_quantity": str(first.order_quantity),
        },
    )


def _children(parent: Element, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = text


def flat_returns(world: AmazonWorld, report: Report) -> Content | None:
    """GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE: a line for each item, in cp1252."""
    rows = _rows(world, report, by_amazon=False)
    if not rows:
        return None
    text = tab_delimited(_COLUMNS, map(_flat_row, rows))
    return Content(text.encode("cp1252", "replace"), "text/plain; charset=Cp1252")


def _flat_row(row: ReturnedItem) -> dict[str, str]:
    return {
        "Order ID": row.order_id,
        "Order date": _day(row.ordered),
        "Return request date": _day(row.requested),
        "Return request status": row.status,
        "Amazon RMA ID": row.rma_id,
        "Label type": "AmazonUnPaidLabel",
        "Label cost": "0.00",
        "Currency code": row.currency,
        "Label to be paid by": "Seller",
        "A-to-Z Claim": "N",
        "Is prime": "Y" if row.prime else "N",
        "ASIN": row.asin,
        "Merchant SKU": row.sku,
        "Item Name": row.item_name,
        "Return quantity": str(row.quantity),
        "Return Reason": row.reason,
        "In policy": "Y",
        "Return type": "C-Returns",
        "Resolution": row.resolution,
        "Order Amount": row.order_amount,
        "Order quantity": str(row.order_quantity),
    }


def _day(moment: datetime) -> str:
    return f"{moment:%d-%b-%Y}"


def fba_returns(world: AmazonWorld, report: Report) -> Content | None:
    """GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA: reasons without prefix, in UTF-8."""
    rows = _rows(world, report, by_amazon=True)
    if not rows:
        return None
    text = tab_delimited(_FBA_COLUMNS, map(_fba_row, rows))
    return Content(text.encode(), "text/plain; charset=UTF-8")


def _fba_row(row: ReturnedItem) -> dict[str, str]:
    return {
        "return-date": row.requested.isoformat(timespec="seconds"),
        "order-id": row.order_id,
        "sku": row.sku,
        "asin": row.asin,
        "fnsku": f"X{row.asin[1:]}",
        "product-name": row.item_name,
        "quantity": str(row.quantity),
        "fulfillment-center-id": "XTR1",
        "detailed-disposition": "SELLABLE",
        "reason": row.reason.removeprefix("CR-"),
        "status": "Unit returned to inventory" if row.status == "Approved" else row.status,
        "license-plate-number": row.rma_id,
    }


def _rows(world: AmazonWorld, report: Report, *, by_amazon: bool) -> list[ReturnedItem]:
    # Without its edges a window begins and ends at the request, as the Reports model says.
    start, end = report.start or report.created, report.end or report.created
    return [
        row
        for row in world.returns
        if row.by_amazon is by_amazon
        and row.marketplace_id in report.marketplace_ids
        and start <= row.requested <= end
    ]


RETURN_REPORTS = {
    "GET_XML_RETURNS_DATA_BY_RETURN_DATE": xml_returns,
    "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE": flat_returns,
    "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA": fba_returns,
}
