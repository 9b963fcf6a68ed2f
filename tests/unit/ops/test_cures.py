"""Every code a flow gives has its cure; the manual's error list has the manual's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import amzsync
from amzsync.cli.app import Root
from amzsync.flows import FLOWS
from amzsync.ops.cure import KEY
from amzsync.ops.cures import (
    cures_of,
    cures_of_cause,
    cures_of_message,
    every_cure,
    known_cure,
)

PACKAGE: Final = Path(amzsync.__file__).parent
EXAMPLE: Final = PACKAGE.parent / "config.example.toml"
SETTING: Final = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
ERRORS: Final = {"RecordError", "UnmappedError", "RejectedError", "WaitingError"}

# Where a code is worked out, by file and function: what it can be. () are a far side's own codes,
# and those that were counted where they came from.
WORKED_OUT: Final[dict[str, tuple[str, ...]]] = {
    "amazon/listings.py refusal": ("invalid",),
    "flows/cancel_calls.py _refusal": ("not_in_erp", "refused"),
    "flows/cancellations_pull.py transform": ("order_gone", "malformed"),
    "flows/feed_results.py _failures": ("no_answer",),
    "flows/feed_results.py _outcome": ("no_answer",),
    "flows/invoices.py _submit": ("refused",),
    "flows/listing_writer.py _call": (),
    "flows/listing_writer.py _failed": (),
    "flows/listing_writer.py _waiting": (),
    "flows/order_creation.py create": ("refused",),
    "flows/order_updates.py take_answers": ("no_answer", "refused"),
    "flows/package_confirmation.py confirm": ("refused",),
    "flows/product_payloads.py _preview": (),
    "flows/product_results.py _failed": (),
    "flows/product_results.py _verdict": ("issue",),
    "flows/products_delete.py _report": (),
    "flows/reference_data.py _place": ("city", "township", "district"),
    "flows/return_requests.py _ask": ("refused",),
    "flows/runner.py outcome_of": (),
}
FAR_SIDES: Final = {"refused", "issue", "invalid"}  # said where the far side gives no code


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith("sandbox/"):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def codes() -> Iterator[tuple[str, ast.expr | None]]:
    """(file and function, code) of each error of a record and each failed or waiting outcome."""
    for name, tree in sources():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call):
                        yield from ((f"{name} {function.name}", code) for code in code_of(node))


def code_of(call: ast.Call) -> Iterator[ast.expr | None]:
    """The code the call gives a record, None where it says none; nothing for other calls."""
    called = call.func.id if isinstance(call.func, ast.Name) else ""
    if called in ERRORS:
        yield next((each.value for each in call.keywords if each.arg == "code"), None)
    elif called == "Outcome" and len(call.args) > 1:
        status = call.args[1]
        if isinstance(status, ast.Constant) and status.value in ("failed", "waiting"):
            yield call.args[2] if len(call.args) > 2 else None


def value_of(place: str, code: ast.expr) -> str | None:
    """The code's text, where it is one or the name of a constant."""
    if isinstance(code, ast.Constant):
        return str(code.value)
    if isinstance(code, ast.Name) and code.id.isupper():
        module = place.split(" ", maxsplit=1)[0].removesuffix(".py").replace("/", ".")
        return str(getattr(import_module(f"amzsync.{module}"), code.id))
    return None


def test_every_code_a_flow_can_give_has_a_cure() -> None:
    lacking, seen = [], set()
    for place, code in codes():
        value = None if code is None else value_of(place, code)
        if value is not None:
            seen.add(value)
        elif code is None or place not in WORKED_OUT:
            lacking.append(f"{place}: say its code, or in WORKED_OUT what it can be")
    for worked_out in WORKED_OUT.values():
        seen.update(worked_out)
    lacking += [
        f"{value}: write its cure" for value in seen - FAR_SIDES if not cures_of_cause(value)
    ]
    assert lacking == []
    assert len(seen) > 50  # it does find them


def test_no_place_is_excused_that_is_not_there() -> None:
    worked_out = {place for place, code in codes() if code is None or value_of(place, code) is None}
    assert sorted(WORKED_OUT.keys() - worked_out) == []


def test_no_cure_is_kept_for_a_code_nobody_gives() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("*/*.py"))
    assert [cure.cause for cure in every_cure() if f'"{cure.cause}"' not in text] == []


# The manual's error list, and what it says is to be done.
MANUAL: Final = [
    ("products.push", "not_sellable", "Stock data not found", "stock data of the product"),
    ("products.push", "not_sellable", "Price data not found", "price data of the product"),
    ("products.push", "attributes", "brand attribute is required", "map the attribute"),
    (
        "cancellations.pull",
        "not_in_erp",
        "Unreported order of ERP can not be canceled: it is cancelled as soon as the order has",
        "transmit the order to the ERP first",
    ),
    (
        "orders.pull",
        "township",
        "Address is not valid. channel: 137 code: 137_Merkez model: Township city id: 7, city name:"
        " Ankara",
        "Omnitron's townships",
    ),
    (
        "products.push",
        "not_in_queue",
        "The relevant record is not in queue. The item may have been penalized or check product is"
        " saleable (it was sent before)",
        "Update Product Version Date in Bulk",
    ),
    (
        "products.push",
        "no_answer",
        "no response from Amazon within 6 hours",
        "EXPIRATION_HOUR",
    ),
    (
        "products.push",
        "not_sellable",
        "2 categories instead of exactly one: Elbise, Gömlek",
        "only one category",
    ),
]


@pytest.mark.parametrize(("flow", "code", "message", "says"), MANUAL)
def test_the_manuals_messages_have_the_manuals_cures(
    flow: str, code: str, message: str, says: str
) -> None:
    (cure,) = cures_of(flow, code, message)
    assert says in cure.cure
    assert cure.cause == code
    assert cure in cures_of_cause(code)
    assert cure in cures_of_message(f"  SKU-1: {message} (request 1)")


def test_a_message_of_several_faults_has_several_cures() -> None:
    told = "Stock data not found; Price data not found; Image data not found"
    found = cures_of("products.push", "not_sellable", told)
    assert [cure.message for cure in found] == told.split("; ")


def test_one_code_means_different_things_to_different_flows() -> None:
    message = "no response from Amazon within 6 hours"
    (product,) = cures_of("stock.push", "no_answer", message)
    (invoice,) = cures_of("orders.push", "no_answer", message)
    assert "invoice" in invoice.cure
    assert "invoice" not in product.cure


def test_a_code_of_ours_is_not_taken_for_another_whose_message_is_like_it() -> None:
    fault = "the price is 0 TRY, not above 0"
    assert [cure.cause for cure in cures_of("prices.push", "price", fault)] == ["price"]
    assert [cure.message for cure in cures_of("products.push", "not_sellable", fault)] == [
        "the price is ..."
    ]


def test_amazons_own_codes_have_the_cure_of_their_side() -> None:
    (listing,) = cures_of("stock.push", "99010", "the image is too small")
    assert (listing.cause, "Mapper" in listing.cure) == ("99010", True)
    (order,) = cures_of("orders.push", "InvalidInput", "the ship date lies before the order")
    assert "shipment or invoice" in order.cure
    (tree,) = cures_of("attributes.fetch", "refused", "Omnitron refused the attributes of X: name")
    assert "category or attribute" in tree.cure
    assert known_cure("stock.push", "99010") is None
    # Where Amazon's words are the manual's, so is the cure.
    (mapped,) = cures_of("products.push", "90220", "color attribute is required")
    assert "map the attribute" in mapped.cure


@given(st.sampled_from([entry.name for entry in FLOWS]), st.text(max_size=20), st.text(max_size=80))
def test_nothing_is_without_a_cure(flow: str, code: str, reason: str) -> None:
    assert cures_of(flow, code, reason)


def test_every_command_of_a_cure_exists() -> None:
    root = Root(name="amzsync")
    for command in {each for cure in every_cure() for each in cure.commands}:
        first, *rest = command.split()
        group = root.get_command(None, first)
        assert group is not None, command
        options = {
            name
            for each in (group, *getattr(group, "commands", {}).values())
            for parameter in each.params
            for name in parameter.opts
        }
        assert all(word in options for word in rest if word.startswith("--")), command
        if hasattr(group, "commands"):
            assert rest[0] in group.commands, command
        assert command.count("{") == command.count(KEY), command


def test_every_setting_and_flag_a_cure_names_exists() -> None:
    settings = EXAMPLE.read_text(encoding="utf-8")
    named = {word for cure in every_cure() for word in SETTING.findall(f"{cure.means} {cure.cure}")}
    assert "shipping_company_mapping" in named
    assert sorted(word for word in named - {"e_archive_url"} if word not in settings) == []
