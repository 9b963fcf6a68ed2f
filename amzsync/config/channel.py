"""Tables of the manual's own: feature flags, keys a brand adds, carriers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from amzsync.config.types import Table

DataType = Literal["list", "text", "integer", "bool", "json"]


class FeatureFlags(Table):
    """Which flows run. Every flag must be there, also when its flow is not to run."""

    get_orders: bool = Field(
        description="`orders pull`: orders from Amazon to Omnitron. Needs cargo_company_id and"
        " order_start_date; look at use_neighborhood, send_shipping_info, order_number_format,"
        " exclude_cargo_company_ids and use_channel_id_in_address_mapping first."
    )
    schema_update: bool = Field(
        description="`channel push-schema`: these settings' schema to the Omnitron channel."
    )
    send_products: bool = Field(
        description="`products push`: new and changed products to Amazon, with price and stock."
        " Needs category_ids; look at buffer_stock first."
    )
    get_cancel_orders: bool = Field(
        description="`cancellations pull`: orders cancelled on Amazon are cancelled in Omnitron."
        " Needs cancellation_reason_id."
    )
    get_refund_orders: bool = Field(
        description="`refunds pull`: returns from Amazon to Omnitron. Needs default_reason_id; look"
        " at refund_reason_mapping, refund_start_date and order_refundable_days first."
    )
    get_updated_orders: bool = Field(
        description="`orders refresh`: orders delivered on Amazon become Delivered in Omnitron."
    )
    send_update_orders: bool = Field(
        description="`orders push`: shipments and invoices to Amazon. Look at send_shipping_info"
        " and shipping_company_mapping first."
    )
    send_delete_products: bool = Field(
        description="`products delete`: products out of the catalog get stock zero on Amazon."
    )
    send_updated_product_price: bool = Field(description="`prices push`: changed prices to Amazon.")
    send_updated_product_stock: bool = Field(
        description="`stock push`: changed stock to Amazon. Look at buffer_stock first."
    )


class SchemaField(Table):
    """One key a brand adds to the settings: how it is called, shown and checked."""

    key: str = Field(min_length=1)
    label: str = ""
    required: bool = False
    data_type: DataType = "text"


class ShippingCompany(Table):
    """A carrier in Amazon's words.

    `code` is from Amazon's list of carriers, or "Other": then `name` says which; `method` is the
    shipping method, where Amazon wants one.
    """

    code: str = Field(min_length=1)
    name: str | None = None
    method: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        """The manual's form: the carrier's name and nothing else."""
        if isinstance(value, str) and value.strip():
            return {"code": "Other", "name": value.strip()}
        if not isinstance(value, dict):
            raise ValueError("must be a carrier's name, or a table with code, name and method")
        return value

    @model_validator(mode="after")
    def _other_is_named(self) -> ShippingCompany:
        if self.code == "Other" and not self.name:
            raise ValueError('needs a name, because its code is "Other"')
        return self
