"""Forty product types of varied shape, after families; what they ask for is invented.

HOME asks for next to nothing: it is the type of the listings a world begins with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from amzsync.sandbox.amazon.typeattributes import (
    LENGTHS,
    VOLUMES,
    WEIGHTS,
    Schema,
    Words,
    choice,
    dimensions,
    flag,
    group,
    measure,
    open_list,
    text,
    value,
    whole,
)
from amzsync.sandbox.amazon.typerules import IS_CHILD, says, when


@dataclass(frozen=True, slots=True)
class Family:
    """What product types have in common beside the attributes all have.

    `variant`: the attributes variations differ by, with the name each has in a theme.
    """

    attributes: Mapping[str, Schema]
    required: Sequence[str] = ()
    rules: Sequence[Schema] = ()
    variant: Mapping[str, str] = field(default_factory=dict)


def themes(family: Family) -> dict[str, Words]:
    """The variation themes: each variant attribute, and all of them together."""
    names = list(family.variant.values())
    every = [*names, "/".join(names)] if len(names) > 1 else names
    return {name: Words(name, name) for name in every}


_COLOURS = tuple(
    Words(*pair)
    for pair in (
        ("Siyah", "Black"),
        ("Beyaz", "White"),
        ("Kırmızı", "Red"),
        ("Yeşil", "Green"),
        ("Lacivert", "Navy"),
        ("Gümüş", "Silver"),
    )
)
_SIZES = tuple(Words(size, size) for size in ("XS", "S", "M", "L", "XL", "2XL"))
_FABRICS = (Words("%100 Pamuk", "100% Cotton"), Words("%100 Yün", "100% Wool"))
_MATERIALS = (
    Words("Ahşap", "Wood"),
    Words("Çelik", "Steel"),
    Words("Porselen", "Porcelain"),
    Words("Cam", "Glass"),
)
_DEPARTMENTS = {
    "womens": Words("Kadın", "Women"),
    "mens": Words("Erkek", "Men"),
    "unisex-child": Words("Çocuk", "Kids"),
}
_COLOUR = open_list("Renk", "Color", _COLOURS)
_SIZE = open_list("Beden", "Size", _SIZES)
_MATERIAL = open_list("Malzeme", "Material", _MATERIALS, most=3)
_DEPARTMENT = choice("Hedef Kitle", "Department", _DEPARTMENTS)
_CELLS = {"alkaline": Words("Alkalin", "Alkaline"), "lithium_ion": Words("Lityum", "Lithium ion")}
_VARIANTS = {"color": "COLOR", "size": "SIZE"}

_PLAIN = Family({"color": _COLOUR, "size": _SIZE, "material": _MATERIAL}, variant=_VARIANTS)
_APPAREL = Family(
    {
        "color": _COLOUR,
        "size": _SIZE,
        "department": _DEPARTMENT,
        "fabric_type": open_list("Kumaş", "Fabric Type", _FABRICS),
        "neck": group("Yaka", "Neck", {"neck_style": text("Yaka Tipi", "Neck Style", 50)}, []),
        "care_instructions": choice(
            "Bakım",
            "Care Instructions",
            {
                "machine_wash": Words("Makinede yıkanır", "Machine Wash"),
                "hand_wash_only": Words("Elde yıkanır", "Hand Wash Only"),
            },
        ),
    },
    ["color", "size", "department", "fabric_type"],
    variant=_VARIANTS,
)
_SHOE_SIZES = {str(number): Words(str(number), str(number)) for number in range(20, 48)}
_SHOES = Family(
    {
        "color": _COLOUR,
        "size": choice("Numara", "Size", _SHOE_SIZES),
        "department": _DEPARTMENT,
        "sole_material": open_list("Taban", "Sole Material", _MATERIALS),
        "heel": group(
            "Topuk", "Heel", {"height": measure("Topuk Boyu", "Heel Height", LENGTHS)}, ["height"]
        ),
    },
    ["color", "size", "department"],
    [when(IS_CHILD, ["color", "size"])],
    _VARIANTS,
)
_BAGS = Family(
    {
        "color": _COLOUR,
        "material": _MATERIAL,
        "item_dimensions": dimensions("Ürün Boyutları", "Item Dimensions"),
        "number_of_compartments": whole("Bölme Sayısı", "Number of Compartments", 1, 30),
    },
    ["color", "material", "item_dimensions"],
    variant={"color": "COLOR"},
)
_METALS = {"gold": Words("Altın", "Gold"), "silver": Words("Gümüş", "Silver")}
_GEMS = {"diamond": Words("Pırlanta", "Diamond"), "no_gemstone": Words("Taşsız", "None")}
_JEWELLERY = Family(
    {
        "color": _COLOUR,
        "metal_type": choice("Metal", "Metal Type", _METALS),
        "gem_type": choice("Taş", "Gem Type", _GEMS),
        "total_diamond_weight": measure("Pırlanta Ağırlığı", "Diamond Weight", WEIGHTS),
        "ring_size": whole("Yüzük Ölçüsü", "Ring Size", 4, 40),
    },
    ["metal_type", "gem_type"],
    [when(says("gem_type", "diamond"), ["total_diamond_weight"])],
    {"color": "COLOR", "ring_size": "RING_SIZE"},
)
_WORN = Family(
    {
        "color": _COLOUR,
        "department": _DEPARTMENT,
        "water_resistance_depth": measure("Su Geçirmezlik", "Water Resistance", LENGTHS),
        "warranty_description": text("Garanti", "Warranty", 200, maxUtf8ByteLength=220),
    },
    ["color", "department", "list_price"],
    variant={"color": "COLOR"},
)
_KITCHEN = Family(
    {
        "color": _COLOUR,
        "material": _MATERIAL,
        "capacity": measure("Kapasite", "Capacity", VOLUMES),
        "number_of_items": whole("Parça Sayısı", "Number of Items", 1, 200),
        "is_dishwasher_safe": flag("Bulaşık Makinesine Uygun", "Dishwasher Safe"),
    },
    ["material", "number_of_items", "is_dishwasher_safe"],
    variant={"color": "COLOR"},
)
_FURNITURE = Family(
    {
        "color": _COLOUR,
        "size": _SIZE,
        "material": _MATERIAL,
        "item_dimensions": dimensions("Ürün Boyutları", "Item Dimensions"),
        "is_assembly_required": flag("Montaj Gerekli", "Assembly Required"),
        "assembly_instructions": text("Montaj", "Assembly Instructions", 1000),
    },
    ["color", "material", "item_dimensions", "item_weight"],
    [when(says("is_assembly_required", True), ["assembly_instructions"])],
    _VARIANTS,
)
_ELECTRONICS = Family(
    {
        "color": _COLOUR,
        "batteries_required": flag("Pil Gerekli", "Batteries Required"),
        "batteries_included": flag("Pil Dahil", "Batteries Included"),
        "battery": group(
            "Pil",
            "Battery",
            {
                "cell_composition": choice("Pil Türü", "Cell Composition", _CELLS),
                "weight": measure("Pil Ağırlığı", "Battery Weight", WEIGHTS),
            },
            ["cell_composition"],
        ),
        "connectivity_technology": text("Bağlantı", "Connectivity", 50, most=4),
        "voltage": measure("Voltaj", "Voltage", {"volts": Words("Volt", "Volts")}),
    },
    ["batteries_required", "supplier_declared_dg_hz_regulation", "list_price"],
    [
        when(says("batteries_required", True), ["batteries_included"]),
        when(says("batteries_included", True), ["battery"]),
        when(says("supplier_declared_dg_hz_regulation", "transportation"), ["item_weight"]),
    ],
    {"color": "COLOR"},
)
_TOYS = Family(
    {
        "color": _COLOUR,
        "manufacturer_minimum_age": measure(
            "En Küçük Yaş", "Minimum Age", {"months": Words("Ay", "Months")}
        ),
        "cpsia_cautionary_statement": choice(
            "Uyarı",
            "Cautionary Statement",
            {
                "choking_hazard_small_parts": Words("Küçük parçalar", "Small parts"),
                "no_warning_applicable": Words("Uyarı yok", "No warning"),
            },
        ),
        "number_of_pieces": whole("Parça Sayısı", "Number of Pieces", 1, 10_000),
    },
    ["manufacturer_minimum_age", "cpsia_cautionary_statement"],
    variant={"color": "COLOR"},
)
_UNITS = {"Gram": Words("Gram", "Gram"), "Millilitre": Words("Mililitre", "Millilitre")}
_BEAUTY = Family(
    {
        "scent": open_list("Koku", "Scent", (Words("Gül", "Rose"), Words("Limon", "Lemon"))),
        "ingredients": text("İçindekiler", "Ingredients", 2000, maxUtf8ByteLength=1000),
        "unit_count": measure("Miktar", "Unit Count", _UNITS),
        "is_expiration_dated_product": flag("Son Kullanma Tarihli", "Expiration Dated"),
        "fc_shelf_life": measure("Raf Ömrü", "Shelf Life", {"days": Words("Gün", "Days")}),
        "special_feature": text("Özellik", "Special Feature", 60, most=5),
        "cosmetic_notification": value(
            Words("ÜTS Numarası", "Notification Number"), "string", pattern="^[0-9]{6,14}$"
        ),
    },
    ["scent", "unit_count", "ingredients"],
    [when(says("is_expiration_dated_product", True), ["fc_shelf_life"])],
    {"scent": "SCENT"},
)

# product type -> (its name, its family, what it asks for beside its family's)
_Row = tuple[Words, Family, Sequence[str]]
TYPES: dict[str, _Row] = {
    "HOME": (Words("Ev Ürünü", "Home"), _PLAIN, ()),
    "SHIRT": (Words("Gömlek ve Tişört", "Shirt"), _APPAREL, ("care_instructions",)),
    "BLOUSE": (Words("Bluz", "Blouse"), _APPAREL, ("neck",)),
    "DRESS": (Words("Elbise", "Dress"), _APPAREL, ("neck", "bullet_point")),
    "PANTS": (Words("Pantolon", "Pants"), _APPAREL, ()),
    "SKIRT": (Words("Etek", "Skirt"), _APPAREL, ()),
    "COAT": (Words("Mont", "Coat"), _APPAREL, ("country_of_origin",)),
    "SWEATER": (Words("Kazak", "Sweater"), _APPAREL, ("care_instructions",)),
    "SLEEPWEAR": (Words("Pijama", "Sleepwear"), _APPAREL, ()),
    "SOCKS": (Words("Çorap", "Socks"), _APPAREL, ()),
    "SWIMWEAR": (Words("Mayo", "Swimwear"), _APPAREL, ("model_name",)),
    "HAT": (Words("Şapka", "Hat"), _APPAREL, ()),
    "SHOES": (Words("Ayakkabı", "Shoes"), _SHOES, ()),
    "BOOT": (Words("Bot", "Boot"), _SHOES, ("heel", "sole_material")),
    "SANDAL": (Words("Sandalet", "Sandal"), _SHOES, ("sole_material",)),
    "HANDBAG": (Words("El Çantası", "Handbag"), _BAGS, ()),
    "WALLET": (Words("Cüzdan", "Wallet"), _BAGS, ("number_of_compartments",)),
    "LUGGAGE": (Words("Valiz", "Luggage"), _BAGS, ("item_weight", "bullet_point")),
    "NECKLACE": (Words("Kolye", "Necklace"), _JEWELLERY, ()),
    "EARRING": (Words("Küpe", "Earring"), _JEWELLERY, ()),
    "RING": (Words("Yüzük", "Ring"), _JEWELLERY, ("ring_size",)),
    "WATCH": (Words("Saat", "Watch"), _WORN, ("water_resistance_depth", "model_number")),
    "SUNGLASSES": (Words("Güneş Gözlüğü", "Sunglasses"), _WORN, ()),
    "COOKING_POT": (Words("Tencere", "Cooking Pot"), _KITCHEN, ("capacity",)),
    "PLATE": (Words("Tabak", "Plate"), _KITCHEN, ()),
    "DRINKING_CUP": (Words("Fincan", "Drinking Cup"), _KITCHEN, ("capacity", "color")),
    "BOTTLE": (Words("Termos", "Bottle"), _KITCHEN, ("capacity", "color")),
    "TOWEL": (Words("Havlu", "Towel"), _PLAIN, ("color", "size")),
    "BED_LINEN_SET": (Words("Nevresim", "Bed Linen Set"), _PLAIN, ("color", "size", "material")),
    "RUG": (Words("Halı", "Rug"), _FURNITURE, ("size",)),
    "CHAIR": (Words("Sandalye", "Chair"), _FURNITURE, ("is_assembly_required",)),
    "LAMP": (Words("Lamba", "Lamp"), _ELECTRONICS, ("voltage",)),
    "HEADPHONES": (Words("Kulaklık", "Headphones"), _ELECTRONICS, ("connectivity_technology",)),
    "SPEAKERS": (Words("Hoparlör", "Speakers"), _ELECTRONICS, ("connectivity_technology",)),
    "ELECTRONIC_CABLE": (Words("Kablo", "Electronic Cable"), _ELECTRONICS, ()),
    "CELLULAR_PHONE_CASE": (Words("Telefon Kılıfı", "Phone Case"), _PLAIN, ("color",)),
    "COFFEE_MAKER": (Words("Kahve Makinesi", "Coffee Maker"), _ELECTRONICS, ("voltage",)),
    "TOYS_AND_GAMES": (Words("Oyuncak", "Toys and Games"), _TOYS, ("number_of_pieces",)),
    "SKIN_MOISTURIZER": (Words("Nemlendirici", "Skin Moisturizer"), _BEAUTY, ()),
    "PERSONAL_FRAGRANCE": (Words("Parfüm", "Fragrance"), _BEAUTY, ("cosmetic_notification",)),
}
