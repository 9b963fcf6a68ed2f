"""Attribute sets, attributes, their values, and which set asks for which.

Source: omnitron-api.md §2.12.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from amzsync.omnitron.models.channels import ContentTypeRef
from amzsync.omnitron.models.fields import Key, OptionalRef, Ref, Row


class AttributeSet(Row):
    """What a product of one kind has to tell."""

    pk: Key
    name: str = ""
    remote_id: str | None = None
    channel: OptionalRef = None


class AttributeSetConfig(Row):
    """The object an attribute set belongs to: a category node."""

    pk: Key
    attribute_set: Ref
    object_id: int
    content_type: ContentTypeRef


class Attribute(Row):
    """An attribute of the marketplace; its name is unique in a channel."""

    pk: Key
    name: str = ""
    channel: OptionalRef = None


class AttributeSchema(Row):
    """The rules by which the brand fills an attribute, made in the Mapper."""

    pk: Key
    name: str
    channel: OptionalRef = None
    rules: dict[str, Any] = Field(default_factory=dict, alias="schema")


def _number_as_row(value: object) -> object:
    return {"pk": value} if isinstance(value, int) else value


class AttributeFlags(Row):
    """What an attribute set asks of an attribute.

    `is_custom`: free text, no list of values.
    """

    attribute_remote_id: str | None = None
    is_required: bool = False
    is_variant: bool = False
    is_custom: bool = False
    is_image_attribute: bool = False
    is_meta: bool = False


class AttributeConfig(AttributeFlags):
    """An attribute in an attribute set."""

    pk: Key
    attribute_set: Ref
    # A number, or the object where the list is a detailed one.
    attribute: Annotated[Attribute, BeforeValidator(_number_as_row)]

    @property
    def flags(self) -> AttributeFlags:
        """What is asked, for comparing."""
        fields = set(AttributeFlags.model_fields)
        return AttributeFlags.model_validate(self.model_dump(include=fields))


class AttributeValue(Row):
    """A choice: `label` is what people read, `value` the marketplace's id for it."""

    pk: Key
    attribute: Ref
    label: str = ""
    value: str = ""


class AttributeValueConfig(Row):
    """A choice that an attribute set allows, where it does not allow all of them."""

    pk: Key
    attribute_set: Ref
    attribute_value: Ref


class BulkValue(Row):
    """A choice in a bulk call; for Amazon, value and remote id are the same (§2.12)."""

    label: str
    value: str
    remote_id: str


class BulkAttribute(Row):
    """An attribute with its choices in a bulk call."""

    name: str
    remote_id: str
    is_required: bool = False
    is_variant: bool = False
    is_custom: bool = False
    values: tuple[BulkValue, ...] = ()
