"""Product Type Definitions 2020-09-01: the product types there are, and the schema of one.

Schemas and the meta-schema are documents behind links that are good for seven days.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import md5
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.amazon.account import MARKETPLACES, SELLER_ID
from amzsync.sandbox.amazon.producttypes import ProductType
from amzsync.sandbox.amazon.replies import choices, denied, invalid, marketplaces, not_found
from amzsync.sandbox.amazon.typeattributes import spoken
from amzsync.sandbox.amazon.typecommon import IDENTITY, OFFER, VARIATION
from amzsync.sandbox.amazon.typeschemas import Wanted, meta_schema, schema_of
from amzsync.sandbox.http import Reply, Request, Route

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld

REQUIREMENTS = ("LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY")
LINK_DAYS = 7
SELLER_BRANDS = ("Örnek Marka", "Çınar Atölye")
"""The brands the seller has, which a schema made for the seller suggests."""

_ENFORCED = ("ENFORCED", "NOT_ENFORCED")
_PARENTAGES = ("NONE", "CHILD", "PARENT")
_LOCALES = (
    *("DEFAULT", "ar", "ar_AE", "de", "de_DE", "en", "en_AE", "en_AU", "en_CA", "en_GB", "en_IN"),
    *("en_SG", "en_US", "es", "es_ES", "es_MX", "es_US", "fr", "fr_CA", "fr_FR", "it", "it_IT"),
    *("ja", "ja_JP", "nl", "nl_NL", "pl", "pl_PL", "pt", "pt_BR", "pt_PT", "sv", "sv_SE"),
    *("tr", "tr_TR", "zh", "zh_CN", "zh_TW"),
)


def search_definitions_product_types(world: AmazonWorld, request: Request) -> Reply:
    """GET /definitions/2020-09-01/productTypes."""
    places = marketplaces(request, at_most=len(MARKETPLACES))
    keywords, item_name = request.csv("keywords"), request.first("itemName")
    if keywords and item_name:
        raise invalid("keywords and itemName exclude each other.")
    language = _locale(request, places[0])[:2]
    choices(request, "searchLocale", _LOCALES)
    found = [
        {
            "name": one.name,
            "displayName": spoken(one.title, language),
            "marketplaceIds": places,
        }
        for one in sorted(world.types, key=lambda one: one.name)
        if _matches(one, keywords, item_name)
    ]
    return Reply(200, {"productTypes": found, "productTypeVersion": world.types.version})


def get_definitions_product_type(world: AmazonWorld, request: Request) -> Reply:
    """GET /definitions/2020-09-01/productTypes/{productType}."""
    (place,) = marketplaces(request, at_most=1)
    if request.first("sellerId", SELLER_ID) != SELLER_ID:
        raise denied("The seller has not authorized the application.")
    one = _product_type(world, request)
    requirements = _one_of(request, "requirements", REQUIREMENTS)
    enforced = _one_of(request, "requirementsEnforced", _ENFORCED)
    parentage = (choices(request, "parentageLevel", _PARENTAGES) or [""])[0]
    locale = _locale(request, place)
    brands = SELLER_BRANDS if "sellerId" in request.query else ()
    wanted = Wanted(
        MARKETPLACES[place],
        locale[:2],
        requirements,
        enforced == "ENFORCED",
        parentage,
        brands,
    )
    schema = schema_of(one, wanted)
    body = {
        "metaSchema": _link(world, meta_schema()),
        "schema": _link(world, schema),
        "requirements": requirements,
        "requirementsEnforced": enforced,
        "propertyGroups": dict(_groups(schema["properties"], locale[:2])),
        "locale": locale,
        "marketplaceIds": [place],
        "productType": one.name,
        "displayName": spoken(one.title, locale[:2]),
        "productTypeVersion": {
            "version": one.version,
            "latest": world.types.is_latest(one),
            "releaseCandidate": False,
        },
    }
    return Reply(200, body)


def _matches(one: ProductType, keywords: list[str], item_name: str) -> bool:
    """Whether a keyword is in one of the type's names, or one of its words in the item's name."""
    names = " ".join((one.name.replace("_", " "), *one.title)).casefold()
    if item_name:
        words = {word for word in names.split() if len(word) > 2}
        return bool(words & set(item_name.casefold().split()))
    return not keywords or any(word.casefold() in names for word in keywords)


def _product_type(world: AmazonWorld, request: Request) -> ProductType:
    """The type in the version asked for; there is never a release candidate but the latest."""
    version = request.first("productTypeVersion", "LATEST")
    try:
        return world.types.get(
            request.params["productType"],
            "" if version in ("LATEST", "RELEASE_CANDIDATE") else version,
        )
    except KeyError:
        raise not_found("No such product type, or not in this version.") from None


def _one_of(request: Request, name: str, allowed: tuple[str, ...]) -> str:
    """One value of an enumeration, the first where none is given. Errors: 400."""
    return (choices(request, name, allowed) or [allowed[0]])[0]


def _locale(request: Request, place: str) -> str:
    locale = (choices(request, "locale", _LOCALES) or ["DEFAULT"])[0]
    return MARKETPLACES[place].language if locale == "DEFAULT" else locale


def _link(world: AmazonWorld, schema: dict[str, Any]) -> dict[str, Any]:
    content = json.dumps(schema, ensure_ascii=False).encode()
    checksum = b64encode(md5(content, usedforsecurity=False).digest()).decode()
    document = world.documents.publish(content, "application/json")
    url = world.documents.url(document, "GET", timedelta(days=LINK_DAYS))
    return {"link": {"resource": url, "verb": "GET"}, "checksum": checksum}


def _groups(properties: dict[str, Any], language: str) -> Iterator[tuple[str, Any]]:
    """The attributes in groups for display; each is in exactly one."""
    offer = [name for name in properties if name in OFFER]
    identity = [name for name in properties if name in (*IDENTITY, "item_name", "brand")]
    family = [name for name in properties if name in VARIATION]
    images = [name for name in properties if name.endswith("_locator") or "_locator_" in name]
    sorted_out = {*offer, *identity, *family, *images}
    rest = [name for name in properties if name not in sorted_out]
    for name, turkish, english, members in (
        ("product_identity", "Ürün Kimliği", "Product Identity", identity),
        ("product_details", "Ürün Bilgileri", "Product Details", rest),
        ("images", "Resimler", "Images", images),
        ("variations", "Varyasyonlar", "Variations", family),
        ("offer", "Teklif", "Offer", offer),
    ):
        if members:
            title = turkish if language == "tr" else english
            yield name, {"title": title, "description": title, "propertyNames": members}


_TYPES = "/definitions/2020-09-01/productTypes"

ROUTES = [
    Route("GET", _TYPES, "searchDefinitionsProductTypes", search_definitions_product_types),
    Route(
        "GET",
        f"{_TYPES}/{{productType}}",
        "getDefinitionsProductType",
        get_definitions_product_type,
    ),
]
