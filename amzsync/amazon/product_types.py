"""Product types: which there are, and what Amazon wants to know of products of one.

Source: sp-api.md §2.9.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final, Literal

from amzsync.amazon.calls import Calls, csv, read
from amzsync.amazon.documents import read_json
from amzsync.amazon.models.product_types import ProductTypeDefinition, ProductTypeList
from amzsync.amazon.operations import (
    GET_DEFINITIONS_PRODUCT_TYPE,
    SEARCH_DEFINITIONS_PRODUCT_TYPES,
)
from amzsync.errors import ProtocolError
from amzsync.http.transfer import Transfers

Requirements = Literal["LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"]
ParentageLevel = Literal["NONE", "CHILD", "PARENT"]

MAX_SCHEMA: Final = 32 * 1024 * 1024
"""Bytes; schemas have up to a few MB (§2.9)."""


class ProductTypes:
    """The product types of a marketplace, as they are for this seller."""

    def __init__(self, calls: Calls, transfers: Transfers) -> None:
        self._calls = calls
        self._transfers = transfers

    def search_definitions_product_types(
        self, *, keywords: Sequence[str] = (), item_name: str = "", locale: str = ""
    ) -> ProductTypeList:
        """The product types that fit keywords or an item's name, all without either.

        `locale` is that of the display names, the marketplace's own by default. Errors: ValueError
        for keywords and a name at once, which Amazon does not take.
        """
        if keywords and item_name:
            raise ValueError("keywords or an item's name, not both")
        query = [("marketplaceIds", self._calls.marketplace_id)]
        given = (("keywords", csv(keywords)), ("itemName", item_name), ("locale", locale))
        query += [(name, value) for name, value in given if value]
        reply = self._calls.call(SEARCH_DEFINITIONS_PRODUCT_TYPES, query=query)
        return read(ProductTypeList, SEARCH_DEFINITIONS_PRODUCT_TYPES, reply)

    def get_definitions_product_type(
        self,
        product_type: str,
        *,
        requirements: Requirements = "LISTING",
        enforced: bool = True,
        locale: str = "DEFAULT",
        parentage_level: ParentageLevel | None = None,
    ) -> ProductTypeDefinition:
        """The definition of a product type, the seller's own values (such as brands) in it.

        `enforced` is off for the structure alone, as partial updates need it. `parentage_level`
        leaves out what concerns other levels of a variation. Errors: RefusedError with status 400
        or 404 for a type Amazon does not know.
        """
        query = [
            ("marketplaceIds", self._calls.marketplace_id),
            ("sellerId", self._calls.seller_id),
            ("productTypeVersion", "LATEST"),
            ("requirements", requirements),
            ("requirementsEnforced", "ENFORCED" if enforced else "NOT_ENFORCED"),
            ("locale", locale),
        ]
        if parentage_level is not None:
            query.append(("parentageLevel", parentage_level))
        path = {"productType": product_type}
        reply = self._calls.call(GET_DEFINITIONS_PRODUCT_TYPE, path=path, query=query)
        return read(ProductTypeDefinition, GET_DEFINITIONS_PRODUCT_TYPE, reply)

    def download_schema(self, definition: ProductTypeDefinition) -> bytes:
        """The JSON Schema of a definition, as it came and with the checksum it was said to have.

        It may be kept by that checksum; `read_schema` parses it. Errors: ProtocolError for another
        checksum or beyond MAX_SCHEMA, and those of Transfers.download.
        """
        document = BytesIO()
        self._transfers.download(definition.json_schema.link.resource, document, MAX_SCHEMA)
        content = document.getvalue()
        if definition.json_schema.checksum not in _checksums(content):
            raise ProtocolError(
                f"the schema of {definition.product_type} has another checksum than Amazon says",
                operation="download",
            )
        return content


def read_schema(content: bytes) -> dict[str, Any]:
    """A schema document as an object. Errors: ProtocolError if it is none."""
    schema = read_json(content)
    if not isinstance(schema, dict):
        raise ProtocolError("the schema of a product type is no JSON object")
    return schema


def _checksums(content: bytes) -> tuple[str, str]:
    """MD5 in Base64, as the model describes it, and in hex, as the model's own example has it."""
    digest = hashlib.md5(content, usedforsecurity=False)
    return base64.b64encode(digest.digest()).decode(), digest.hexdigest()
