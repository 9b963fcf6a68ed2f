"""Flows as people name them, and the command lines that concern one record."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from amzsync.errors import UsageError
from amzsync.flows import FLOWS
from amzsync.ops.cures import cures_of
from amzsync.ops.records import (
    cause_command,
    clearing_command,
    commands_of,
    entry_of,
    running_command,
)
from tests.unit.ops.test_penalty_rules import penalty

CONFIG: Any = SimpleNamespace(path=Path("/etc/my shop/tr.toml"))


def test_a_flow_is_known_by_its_name_and_its_command() -> None:
    for entry in FLOWS:
        assert entry_of(entry.name) is entry_of(entry.command) is entry
    with pytest.raises(UsageError, match=r"the flows are: orders pull, .*, stock push"):
        entry_of("stok")


@pytest.mark.parametrize(
    ("flow", "words"),
    [
        ("stock.push", "--sku 'A/B+1 %'"),
        ("orders.push", "--order 'A/B+1 %'"),
        ("categories.fetch", "--cause x --flow 'categories fetch'"),
    ],
)
def test_a_record_is_set_free_by_what_its_flow_calls_it(flow: str, words: str) -> None:
    found = penalty("DEFAULT", flow=flow, key="A/B+1 %")
    told = f"amzsync penalties clear {words} --config '/etc/my shop/tr.toml'"
    assert clearing_command(CONFIG, found) == told


def test_commands_are_what_a_shell_takes() -> None:
    assert running_command(CONFIG, "stock.push", "A 1") == (
        "amzsync stock push --only 'A 1' --config '/etc/my shop/tr.toml'"
    )
    assert cause_command(CONFIG, "price", "prices.push").endswith(
        "--cause price --flow 'prices push' --config '/etc/my shop/tr.toml'"
    )


def test_the_commands_of_a_cure_name_the_record_or_its_kind() -> None:
    cures = cures_of("stock.push", "not_listed", "the product is not listed on Amazon yet")
    told = commands_of(CONFIG, cures, "stock.push", "A-1")
    assert [each.split(" --config")[0] for each in told] == [
        "amzsync why A-1",
        "amzsync products trigger A-1",
    ]
    assert " why SKU " in commands_of(CONFIG, cures, "stock.push")[0]
    held = cures_of("refunds.pull", "not_imported", "")
    assert " why ORDER " in commands_of(CONFIG, held, "refunds.pull")[0]
