"""The list of assumptions and the operations table are complete and consistent."""

from __future__ import annotations

import inspect
import re

import pytest

from amzsync.http.operation import Operation
from amzsync.omnitron import assumptions, operations
from amzsync.omnitron.assumptions import ASSUMPTIONS, mapping_prefix

# creates whose duplicates the server refuses, so that the one that exists can be looked up
KNOWN_TWICE = {
    "login",
    "create_address",
    "create_category_node",
    "create_attribute",
    "create_attribute_schema",
    "create_attribute_config",
}


def test_every_assumption_of_the_contract_is_listed_with_its_use() -> None:
    assert list(ASSUMPTIONS) == [f"A-{number:02}" for number in range(1, 40)]
    assert all(each.question and each.assumption and each.use for each in ASSUMPTIONS.values())


def test_every_constant_names_the_assumption_it_rests_on() -> None:
    lines = inspect.getsource(assumptions).splitlines()
    constants = [line for line in lines if re.match(r"[A-Z_]+ = ", line)]
    assert len(constants) == 16
    for line in constants:
        named = re.findall(r"A-\d\d", line.partition("#")[2])
        assert named, line
        assert set(named) <= set(ASSUMPTIONS), line


def test_a_mapping_code_carries_the_channel_only_when_asked() -> None:
    assert mapping_prefix(137, use_channel_id=True) == "137_"
    assert mapping_prefix(137, use_channel_id=False) == ""


def test_operations_have_names_of_their_own() -> None:
    names = [operation.name for operation in operations.ALL]
    assert len(set(names)) == len(names) == 86


@pytest.mark.parametrize("operation", operations.ALL, ids=lambda operation: operation.name)
def test_an_operation_is_what_its_method_makes_it(operation: Operation) -> None:
    harmless = operation.method == "GET" or operation.name == "login"
    assert operation.mutates is not harmless
    assert operation.repeatable is (operation.method != "POST" or operation.name in KNOWN_TWICE)
    assert operation.rate is None
    assert operation.path.startswith("/api/v1/")
    assert operation.path.endswith("/")
