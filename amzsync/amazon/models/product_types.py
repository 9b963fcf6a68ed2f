"""Product Type Definitions 2020-09-01. Source: sp-api.md §2.9."""

from __future__ import annotations

from pydantic import Field

from amzsync.amazon.models.payload import Payload, Rows, Text


class ProductType(Payload):
    """A product type, and where it has a definition."""

    name: str
    display_name: Text = ""
    marketplace_ids: Rows[str] = ()


class ProductTypeList(Payload):
    """Product types, and the version of all of them together.

    The version changes, as far as we know, when any product type does.
    """

    product_types: Rows[ProductType] = ()
    product_type_version: Text = ""


class Link(Payload):
    """Where a document is, for seven days; its URL is signed and so a secret."""

    resource: str = Field(repr=False)


class SchemaLink(Payload):
    """A document and its checksum, by which it can be kept."""

    link: Link
    checksum: str


class ProductTypeVersion(Payload):
    """Which version of a product type this is."""

    version: str
    latest: bool = False
    release_candidate: bool | None = None


class ProductTypeDefinition(Payload):
    """What Amazon wants to know of products of one type; the schema is a document of its own."""

    json_schema: SchemaLink = Field(alias="schema")
    requirements: str
    requirements_enforced: str
    locale: str
    marketplace_ids: Rows[str] = ()
    product_type: str
    display_name: Text = ""
    product_type_version: ProductTypeVersion
