"""Whole attribute sets in few calls, where the server has these calls (A-26).

They make the set, its config, attributes, schemas, configs, values and integration actions in one
go. A longer list of values is sent on in further calls. Source: omnitron-api.md §2.12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Final

from amzsync.errors import RefusedError
from amzsync.http.operation import Operation
from amzsync.omnitron.api import Api
from amzsync.omnitron.models.attributes import BulkAttribute
from amzsync.omnitron.operations import CREATE_BULK_ATTRIBUTES, CREATE_BULK_CATEGORY_ATTRIBUTES

ATTRIBUTES: Final = 200  # a request
VALUES: Final = 500  # an attribute in a request

_FLAGS: Final = {"is_required", "is_variant", "is_custom"}
_NO_SUCH_CALL: Final = 404


class BulkAttributes:
    """The two bulk calls. Each gives False where Omnitron does not know it: go one by one then."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._missing: set[str] = set()

    def create_category(
        self, node: int, remote_id: str, set_name: str, attributes: Sequence[BulkAttribute]
    ) -> bool:
        """Give a category node an attribute set with these attributes."""
        head = {"category_node_id": node, "remote_id": remote_id, "attribute_set_name": set_name}
        return self._send(
            CREATE_BULK_CATEGORY_ATTRIBUTES,
            ({**head, "attributes": _rows(part)} for part in portions(attributes)),
        )

    def create(self, attributes: Sequence[BulkAttribute]) -> bool:
        """Make attributes with their values, in no set."""
        return self._send(
            CREATE_BULK_ATTRIBUTES,
            ({"attributes": _rows(part, _FLAGS)} for part in portions(attributes)),
        )

    def _send(self, operation: Operation, bodies: Iterator[Mapping[str, object]]) -> bool:
        for body in bodies:
            if operation.name in self._missing:
                return False
            try:
                self._api.send(operation, json=body)
            except RefusedError as error:
                if error.status != _NO_SUCH_CALL:
                    raise
                self._missing.add(operation.name)
                return False
        return True


def portions(attributes: Sequence[BulkAttribute]) -> Iterator[list[BulkAttribute]]:
    """The attributes in requests of a size the server takes.

    An attribute with more values comes again, in a later request, with the following ones.
    """
    for number in count():
        start = number * VALUES
        due = [each for each in attributes if number == 0 or len(each.values) > start]
        if not due:
            return
        for first in range(0, len(due), ATTRIBUTES):
            yield [
                each.model_copy(update={"values": each.values[start : start + VALUES]})
                for each in due[first : first + ATTRIBUTES]
            ]


def _rows(part: Sequence[BulkAttribute], leave_out: set[str] | None = None) -> list[object]:
    return [each.model_dump(exclude=leave_out) for each in part]
