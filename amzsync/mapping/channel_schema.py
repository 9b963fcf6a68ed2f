"""The form of the channel's settings in Omnitron (the manual's Schema Type), made from ours.

Source: the manual's table of sales channel fields; omnitron-api.md §2.1, §5.13.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from amzsync.config.channel import DataType, SchemaField

# Two keys are in capitals: Omnitron itself reads them (§2.1). Access key, secret key and region are
# required by the manual, but SP-API has no use for them since 2023.
_FIELDS: Final[tuple[tuple[str, str, bool, DataType], ...]] = (
    ("base_url", "Base Url", True, "text"),
    ("client_id", "Client Id", True, "text"),
    ("client_secret", "Client Secret", True, "text"),
    ("access_key", "Access Key", False, "text"),
    ("secret_key", "Secret Key", False, "text"),
    ("market_place_id", "Market Place Id", True, "text"),
    ("refresh_token", "Refresh Token", True, "text"),
    ("seller_id", "Seller Id", True, "text"),
    ("region", "Region", False, "text"),
    ("category_ids", "Category Ids", True, "text"),
    ("feature_flags", "Feature Flags", True, "json"),
    ("send_shipping_info", "Send Shipping Info", False, "bool"),
    ("cargo_company_id", "Cargo Company Id", True, "integer"),
    ("use_neighborhood", "Use Neighborhood", False, "bool"),
    ("order_number_format", "Order Number Format", False, "text"),
    ("order_start_date", "Order Start Date", False, "text"),
    ("use_channel_id_in_address_mapping", "Use Channel Id In Address Mapping", False, "bool"),
    ("exclude_cargo_company_ids", "Exclude Cargo Company Ids", False, "list"),
    ("default_reason_id", "Default Reason Id", True, "integer"),
    ("refund_reason_mapping", "Refund Reason Mapping", False, "json"),
    ("refund_start_date", "Refund Start Date", False, "text"),
    ("order_refundable_days", "ORDER REFUNDABLE DAYS", False, "integer"),
    ("FAILED_INTEGRATION", "Failed Integration", True, "json"),
    ("erp_code", "Erp Code", False, "text"),
    ("cancellation_reason_id", "Cancellation Reason Id", True, "integer"),
    ("ATTRIBUTE_SET_STRATEGY", "Attribute Set Strategy", True, "text"),
    ("shipping_company_mapping", "Shipping Company Mapping", False, "json"),
    ("buffer_stock", "Buffer Stock", False, "integer"),
    ("has_barcode_exemption", "Has Barcode Exemption", False, "bool"),
    ("is_fba_channel", "Is Fba Channel", False, "bool"),
)


def settings_schema(added: Mapping[str, SchemaField]) -> dict[str, dict[str, Any]]:
    """An entry for every setting of the manual's, and for those the brand has added."""
    fields = [
        SchemaField(key=key, label=label, required=required, data_type=data_type)
        for key, label, required, data_type in _FIELDS
    ]
    return {field.key: field.model_dump() for field in (*fields, *added.values())}


def missing_entries(
    present: Mapping[str, Any], wanted: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The wanted entries the channel's form lacks; existing ones are not ours to change.

    Capitals make no difference: a form asks for a setting once.
    """
    known = {key.casefold() for key in present}
    return {key: entry for key, entry in wanted.items() if key.casefold() not in known}
