"""Products in the marketplace's words, as the brand has mapped them.

Source: omnitron-api.md §2.6.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from amzsync.errors import RecordError, RefusedError, UnmappedError
from amzsync.omnitron.api import Api
from amzsync.omnitron.filtered_lists import FilteredList
from amzsync.omnitron.models.products import MappedProduct
from amzsync.omnitron.operations import GET_MAPPED_PRODUCT, LIST_MAPPED_PRODUCTS
from amzsync.redaction import validation_problems

_UNMAPPED = 406
_GONE = 404


class MappedProducts:
    """What the Mapper makes of products."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._listed = FilteredList(
            api, LIST_MAPPED_PRODUCTS, MappedProduct, "pk", lambda row: row.pk
        )

    def by_pks(self, pks: Iterable[int]) -> dict[int, MappedProduct | RecordError]:
        """Each product's mapped attributes, or why it has none: the Mapper's own words.

        A call for fifty products where the list can be filtered (A-15), else one each; every
        product the list leaves out is asked for by itself.
        """
        wanted = set(pks)
        listed = {row.pk: row for row in self._listed.of(wanted)}
        return {pk: listed[pk] if pk in listed else self._alone(pk) for pk in sorted(wanted)}

    def _alone(self, pk: int) -> MappedProduct | RecordError:
        try:
            reply = self._api.send(GET_MAPPED_PRODUCT, pk=pk)
            return MappedProduct.model_validate(reply.data)
        except RefusedError as error:
            if error.status not in (_UNMAPPED, _GONE):
                raise
            return UnmappedError(error.detail, code="mapper", request_id=error.request_id)
        except ValidationError as error:
            problem = validation_problems(error)
            return RecordError(f"the mapped product cannot be read: {problem}", code="malformed")
