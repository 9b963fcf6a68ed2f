"""The attributes every product type has: identity, description, pictures, offer, variations."""

from __future__ import annotations

from collections.abc import Mapping

from amzsync.sandbox.amazon.account import Marketplace
from amzsync.sandbox.amazon.typeattributes import (
    PLACE,
    WEIGHTS,
    Schema,
    Words,
    attribute,
    choice,
    dimensions,
    flag,
    image,
    listed,
    measure,
    member,
    open_list,
    text,
    value,
)

OFFER = (
    "condition_type",
    "purchasable_offer",
    "fulfillment_availability",
    "list_price",
    "skip_offer",
)
IDENTITY = (
    "externally_assigned_product_identifier",
    "merchant_suggested_asin",
    "supplier_declared_has_product_identifier_exemption",
)
VARIATION = ("parentage_level", "child_parent_sku_relationship", "variation_theme")

BRANDS = (Words("Çınar Atölye", "Çınar Atölye"), Words("Poyraz", "Poyraz"))
_COUNTRIES = {
    "TR": Words("Türkiye", "Türkiye"),
    "DE": Words("Almanya", "Germany"),
    "CN": Words("Çin", "China"),
    "IT": Words("İtalya", "Italy"),
}
_CONDITIONS = {
    "new_new": Words("Yeni", "New"),
    "refurbished_refurbished": Words("Yenilenmiş", "Refurbished"),
    "used_good": Words("Kullanılmış - İyi", "Used - Good"),
}
_HAZARDS = {
    "not_applicable": Words("Geçerli değil", "Not applicable"),
    "transportation": Words("Taşıma", "Transportation"),
}
_IMAGES = 8


def product_facts() -> dict[str, Schema]:
    """What tells of the goods themselves."""
    return {
        "item_name": text("Ürün Adı", "Item Name", 200, maxUtf8ByteLength=500, minLength=1),
        "brand": open_list("Marka", "Brand Name", BRANDS, editable=False, minLength=1),
        "product_description": text("Ürün Açıklaması", "Product Description", 2000),
        "bullet_point": text("Madde İşareti", "Bullet Point", 500, most=5),
        "generic_keyword": text("Arama Terimleri", "Search Terms", 500, maxUtf8ByteLength=250),
        "manufacturer": text("Üretici", "Manufacturer", 100),
        "model_number": value(
            Words("Model Numarası", "Model Number"),
            "string",
            minUtf8ByteLength=1,
            maxUtf8ByteLength=40,
        ),
        "model_name": text("Model Adı", "Model Name", 120),
        "country_of_origin": choice("Menşei", "Country of Origin", _COUNTRIES),
        "recommended_browse_nodes": value(
            Words("Önerilen Kategoriler", "Recommended Browse Nodes"), "string", maxLength=20
        ),
        "main_product_image_locator": image("Ana Resim", "Main Image"),
        **{
            f"other_product_image_locator_{number}": image(f"Resim {number}", f"Image {number}")
            for number in range(1, _IMAGES + 1)
        },
        "item_weight": measure("Ürün Ağırlığı", "Item Weight", WEIGHTS),
        "item_package_dimensions": dimensions("Paket Boyutları", "Package Dimensions"),
        "supplier_declared_dg_hz_regulation": choice(
            "Tehlikeli Madde", "Dangerous Goods Regulations", _HAZARDS
        ),
        "safety_data_sheet_url": value(
            Words("Güvenlik Bilgi Formu", "Safety Data Sheet"), "string", maxLength=500
        ),
    }


def identity() -> dict[str, Schema]:
    """Which product it is."""
    barcode = Words("Barkod", "External Product ID")
    kinds = {"ean": Words("EAN", "EAN"), "gtin": Words("GTIN", "GTIN"), "upc": Words("UPC", "UPC")}
    return {
        "externally_assigned_product_identifier": attribute(
            barcode,
            {
                "type": member(barcode, "string", editable=False, **listed(kinds)),
                "value": member(barcode, "string", editable=False, minLength=8, maxLength=14),
                "marketplace_id": PLACE,
            },
            ["type", "value"],
            selectors=("marketplace_id", "type"),
        ),
        "merchant_suggested_asin": value(
            Words("Önerilen ASIN", "Merchant Suggested ASIN"),
            "string",
            editable=False,
            minLength=10,
            maxLength=10,
        ),
        "supplier_declared_has_product_identifier_exemption": flag(
            "Barkod Muafiyeti", "Product ID Exemption"
        ),
    }


def variations(themes: Mapping[str, Words]) -> dict[str, Schema]:
    """How it belongs to a family; nothing where the type knows no variations."""
    if not themes:
        return {}
    parent = Words("Üst Ürün SKU", "Parent SKU")
    kinds = {"variation": Words("Varyasyon", "Variation")}
    theme = Words("Varyasyon Teması", "Variation Theme")
    return {
        "parentage_level": choice(
            "Varyasyon Düzeyi",
            "Parentage Level",
            {"parent": Words("Üst", "Parent"), "child": Words("Alt", "Child")},
        ),
        "child_parent_sku_relationship": attribute(
            parent,
            {
                "child_relationship_type": member(parent, "string", **listed(kinds)),
                "parent_sku": member(parent, "string", maxLength=40),
                "marketplace_id": PLACE,
            },
            ["child_relationship_type"],
        ),
        "variation_theme": attribute(
            theme,
            {"name": member(theme, "string", **listed(themes)), "marketplace_id": PLACE},
            ["name"],
        ),
    }


def offer(market: Marketplace) -> dict[str, Schema]:
    """How it is sold in a marketplace."""
    price, stock = Words("Fiyat", "Price"), Words("Stok", "Quantity")
    currency = member(Words("Para Birimi", "Currency"), "string", enum=[market.currency])
    amount = member(price, "number", minimum=0, exclusiveMinimum=0)
    span = {"start_at": _moment("Başlangıç", "Start"), "end_at": _moment("Bitiş", "End")}
    return {
        "condition_type": choice("Durum", "Condition", _CONDITIONS),
        "list_price": attribute(
            Words("Liste Fiyatı", "List Price"),
            {"value": amount, "currency": currency, "marketplace_id": PLACE},
            ["currency", "value"],
            selectors=("marketplace_id", "currency"),
        ),
        "purchasable_offer": attribute(
            Words("Teklif", "Offer"),
            {
                "currency": currency,
                "audience": member(Words("Hedef Kitle", "Audience"), "string", maxLength=100),
                "our_price": _schedule(price, amount, {}),
                "discounted_price": _schedule(Words("İndirim", "Sale Price"), amount, span),
                "minimum_seller_allowed_price": _schedule(price, amount, {}),
                "maximum_seller_allowed_price": _schedule(price, amount, {}),
                "quantity_discount_plan": {"type": "array"},
                "start_at": {"type": "object"},
                "end_at": {"type": "object"},
                "marketplace_id": PLACE,
            },
            ["currency"],
            selectors=("marketplace_id", "currency", "audience"),
        ),
        "fulfillment_availability": attribute(
            stock,
            {
                "fulfillment_channel_code": member(
                    stock, "string", enum=["AMAZON_EU", "AMAZON_JP", "DEFAULT"]
                ),
                "quantity": member(stock, "integer", minimum=0),
                "lead_time_to_ship_max_days": member(stock, "integer", minimum=0, maximum=30),
                "restock_date": member(stock, "string", format="date"),
                "is_inventory_available": member(stock, "boolean"),
                "marketplace_id": PLACE,
            },
            ["fulfillment_channel_code"],
            selectors=("fulfillment_channel_code",),
        ),
        "skip_offer": flag("Teklifi Atla", "Skip Offer"),
    }


def _schedule(title: Words, amount: Schema, span: Mapping[str, Schema]) -> Schema:
    row = {
        "type": "object",
        "required": ["value_with_tax"],
        "properties": {"value_with_tax": amount, **span},
        "additionalProperties": False,
    }
    rows = {"title": title, "type": "array", "minItems": 1, "maxItems": 1, "items": row}
    part = {
        "type": "object",
        "required": ["schedule"],
        "properties": {"schedule": rows},
        "additionalProperties": False,
    }
    return {"title": title, "type": "array", "minItems": 1, "maxItems": 1, "items": part}


def _moment(turkish: str, english: str) -> Schema:
    return member(Words(turkish, english), "string", format="date-time")
