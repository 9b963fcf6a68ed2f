"""Every setting of the manual's sales channel table, by subject."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from amzsync.config.channel import FeatureFlags, SchemaField, ShippingCompany
from amzsync.config.failed_integration import FailedIntegration, manual_defaults
from amzsync.config.marketplaces import HOSTS, MARKETPLACES
from amzsync.config.types import (
    BrowseNodeIds,
    OmnitronId,
    OmnitronIds,
    OrderNumberFormat,
    Table,
    Url,
    UtcTime,
)


class ManualSettings(Table):
    """The settings the manual names, with its types and defaults.

    Units: times are aware UTC; every other unit is in the setting's description.
    Source: the manual's table of sales channel fields.
    """

    channel_name: str = Field(
        min_length=1,
        description="Name of the sales channel, as Omnitron shows it.",
        examples=["Amazon:1_Channel"],
    )
    catalog_name: str = Field(
        default="",
        description="Name of the channel's catalog, as Omnitron shows it. For people only.",
        examples=["Amazon:1_Catalog"],
    )
    channel_type: str = Field(
        default="Sales Channel",
        description="Type of the channel, as Omnitron shows it. Not to be changed.",
    )
    status: Literal["Active", "Inactive"] = Field(
        default="Inactive",
        description="For people only: whether the channel runs is decided in Omnitron.",
    )
    erp_code: str = Field(
        default="",
        description="The brand's own code for this channel in its ERP.",
        examples=["AMZ"],
    )
    schema_type: dict[str, SchemaField] = Field(
        default_factory=dict,
        description="Keys the brand adds to these settings. data_type is list, text, integer, bool"
        " or json. The value then stands among the settings above, as erp_branch = 34.",
        examples=[
            {
                "erp_branch": {
                    "key": "erp_branch",
                    "label": "ERP branch",
                    "required": False,
                    "data_type": "integer",
                }
            }
        ],
    )
    base_url: Url = Field(
        description="Address of the Selling Partner API for the marketplace's region."
        " Production hosts: " + ", ".join(HOSTS.values()) + "; sandboxes have sandbox. in front.",
        examples=["https://sellingpartnerapi-eu.amazon.com"],
    )
    client_id: str = Field(
        min_length=1,
        description="Login with Amazon client id of the application.",
        examples=["amzn1.application-oa2-client.0123"],
    )
    client_secret: SecretStr = Field(
        description="Login with Amazon client secret of the application.",
        examples=["env:AMAZON_CLIENT_SECRET"],
    )
    access_key: SecretStr | None = Field(
        default=None,
        description="Obsolete, ignored: the API has needed no AWS signature since October 2023.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Obsolete, ignored: the API has needed no AWS signature since October 2023.",
    )
    market_place_id: str = Field(
        description="Amazon's id of the marketplace (the manual's Market Place Id): "
        + ", ".join(f"{row.country_code}={row.id}" for row in MARKETPLACES.values())
        + ".",
        examples=["A33AVAJ2PDY3EV"],
    )
    refresh_token: SecretStr = Field(
        description="The token with which the seller authorised the application; from Amazon.",
        examples=["env:AMAZON_REFRESH_TOKEN"],
    )
    seller_id: str = Field(
        min_length=1,
        description="Amazon's id of the seller (merchant token).",
        examples=["A2EXAMPLESELLER"],
    )
    region: str = Field(
        default="",
        description="Obsolete, ignored: base_url says which region is called.",
        examples=["eu-west-1"],
    )
    category_ids: BrowseNodeIds = Field(
        default=(),
        description="Browse node ids of the main categories, from Amazon: a list, or one text with"
        " commas or blanks between them. send_products needs it.",
        examples=[("12466781031", "12466782031")],
    )
    feature_flags: FeatureFlags = Field(
        description="Which flows run. Every flag must be here, also when its flow is not to run.",
    )
    send_shipping_info: bool = Field(
        default=False,
        description="true: the brand ships, and carrier and tracking number go to Amazon. false:"
        " Amazon ships, and they come from Amazon.",
    )
    cargo_company_id: OmnitronId | None = Field(
        default=None,
        description="Omnitron's id of the cargo company that new orders get. get_orders needs it.",
        examples=[4],
    )
    use_neighborhood: bool = Field(
        default=False,
        description="true: the neighbourhood in an address is used as well; for companies whose"
        " systems insist on it.",
    )
    order_number_format: OrderNumberFormat = Field(
        default="",
        description="How order numbers look in Omnitron. {n1}, {n2} and {n3} are the three groups"
        " of Amazon's 403-1234567-8765432. Blank: Amazon's id itself.",
        examples=["AMZ-{n1}{n3}{n2}"],
    )
    order_start_date: UtcTime | None = Field(
        default=None,
        description="Orders created before this moment (UTC) are never imported. get_orders"
        " needs it.",
        examples=["2024-08-29T14:30:00Z"],
    )
    use_channel_id_in_address_mapping: bool = Field(
        default=False,
        description="true: cities, townships and districts are looked up by the channel's own"
        " mapping.",
    )
    exclude_cargo_company_ids: OmnitronIds = Field(
        default=(),
        description="Omnitron's ids of cargo companies that Amazon's shipping information never"
        " replaces. Only while send_shipping_info is false.",
        examples=[(132, 159)],
    )
    cancellation_reason_id: OmnitronId | None = Field(
        default=None,
        description="Omnitron's reason for orders cancelled on Amazon. get_cancel_orders needs it."
        " Ids: /api/v1/channel/{channel_id}/cancellation_reasons/"
        "?cancellation_type=cancel&is_active=true",
        examples=[4],
    )
    default_reason_id: OmnitronId | None = Field(
        default=None,
        description="Omnitron's refund reason for returns that refund_reason_mapping does not"
        " know. get_refund_orders needs it. Ids: /api/v1/channel/{channel_id}/"
        "cancellation_reasons/?cancellation_type=refund&is_active=true",
        examples=[5],
    )
    refund_reason_mapping: dict[str, OmnitronId] = Field(
        default_factory=dict,
        description="Amazon's return reason -> Omnitron's refund reason id. What is not here gets"
        " default_reason_id. Used by get_refund_orders.",
        examples=[{"CR-UNWANTED_ITEM": 7, "AMZ-PG-BAD-DESC": 5, "CR-DEFECTIVE": 4}],
    )
    refund_start_date: UtcTime | None = Field(
        default=None,
        description="Returns before this moment (UTC) are not imported.",
        examples=["2024-08-20T14:30:00Z"],
    )
    order_refundable_days: int = Field(
        default=7,
        ge=0,
        description="Days after an order's creation during which a return is taken (the manual's"
        " ORDER REFUNDABLE DAYS).",
    )
    failed_integration: FailedIntegration = Field(
        default_factory=manual_defaults,
        description="Failed records wait and are tried again by these rules, per content type.",
    )
    attribute_set_strategy: Literal["CategoryNode", "None"] = Field(
        default="CategoryNode",
        description="What decides which attribute set a product belongs to. Not to be changed.",
    )
    shipping_company_mapping: dict[str, ShippingCompany] = Field(
        default_factory=dict,
        description="Omnitron's shipping company slug -> Amazon's carrier: its name, or a table"
        " with its code, name and method. Used by send_update_orders while send_shipping_info"
        " is true.",
        examples=[
            {
                "mng": "MNG Kargo",
                "yurtici": "Yurtiçi Kargo",
                "ups": {"code": "UPS", "method": "Standard"},
            }
        ],
    )
    buffer_stock: int = Field(
        default=0,
        ge=0,
        description="Pieces held back from Amazon: it is told the stock less this number, never"
        " below zero. Used by send_updated_product_stock and send_products.",
    )
    has_barcode_exemption: bool = Field(
        default=False,
        description="true: the brand need not give barcodes (EAN, UPC), and products are sent with"
        " the exemption instead.",
    )
    is_fba_channel: bool = Field(
        default=False,
        description="true: this channel takes the orders Amazon fulfils (FBA) and never writes a"
        " quantity. false: it takes those the brand fulfils.",
    )
