"""Categories as they come and go, and what covers what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from amzsync.state.category_nodes import CategoryNodes, Told
from amzsync.state.product_types import ProductTypes, TypeRow
from amzsync.state.store import Store
from tests.shop import FakeClock

CLOCK = FakeClock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "state.db", CLOCK) as opened:
        yield opened


@pytest.fixture
def nodes(store: Store) -> CategoryNodes:
    return CategoryNodes(store)


def told(*path: str, name: str = "", types: tuple[str, ...] = ()) -> Told:
    parent = path[-2] if len(path) > 1 else ""
    return Told(path[-1], parent, len(path), path, name or path[-1], bool(types), types)


def take(store: Store, root: str, *found: Told, channel: str = "1") -> None:
    nodes = CategoryNodes(store)
    nodes.arrive(channel, found)
    with store.atomic():
        nodes.take(channel, root)


def ids(found: object) -> list[str]:
    return [node.node_id for node in found]  # type: ignore[attr-defined]  # a list of categories


def test_what_arrives_changes_nothing_before_it_is_taken(nodes: CategoryNodes) -> None:
    assert nodes.arrive("1", [told("r", "a"), told("r", "a", "b")]) == 2
    assert nodes.unsent("1", 10) == []


def test_a_report_that_was_left_half_way_leaves_nothing_behind(
    store: Store, nodes: CategoryNodes
) -> None:
    nodes.arrive("1", [told("r", "old")])
    take(store, "r", told("r", "a"))
    assert ids(nodes.unsent("1", 10)) == ["a"]


def test_parents_come_first_page_after_page(store: Store, nodes: CategoryNodes) -> None:
    take(store, "r", told("r", "z"), told("r", "z", "a"), told("r", "z", "a", "b"), told("r", "c"))
    first = nodes.unsent("1", 3)
    assert ids(first) == ["c", "z", "a"]
    assert ids(nodes.unsent("1", 3, first[-1])) == ["b"]


def test_of_several_places_the_first_counts(store: Store, nodes: CategoryNodes) -> None:
    take(store, "r", told("r", "a"), told("r", "a", "x"), told("r", "b"), told("r", "b", "x"))
    assert nodes.of("1", ["x"])["x"].parent == "a"


def test_a_linked_category_is_unsent_again_under_a_new_name(
    store: Store, nodes: CategoryNodes
) -> None:
    take(store, "r", told("r", "a", name="Alt"))
    nodes.link("1", "a", 7, "Alt")
    assert nodes.unsent("1", 10) == []
    take(store, "r", told("r", "a", name="Neu"))
    (found,) = nodes.unsent("1", 10)
    assert (found.pk, found.sent_name, found.name) == (7, "Alt", "Neu")


def test_what_vanishes_is_gone_once_no_main_category_shows_it(
    store: Store, nodes: CategoryNodes
) -> None:
    take(store, "r", told("r", "a"), told("r", "x"))
    take(store, "s", told("s", "x"))
    for node in ("a", "x"):
        nodes.link("1", node, 7, node)
    take(store, "r", told("r", "b"))
    assert ids(nodes.gone("1", 10)) == ["a"]
    nodes.gone_told("1", ["a"])
    take(store, "s", told("s", "c"))
    assert ids(nodes.gone("1", 10)) == ["x"]


def test_what_omnitron_never_had_is_forgotten_with_amazon(
    store: Store, nodes: CategoryNodes
) -> None:
    take(store, "r", told("r", "a"))
    take(store, "r", told("r", "b"))
    assert nodes.gone("1", 10) == []
    assert nodes.of("1", ["a"]) == {}


def test_channels_do_not_mix(store: Store, nodes: CategoryNodes) -> None:
    take(store, "r", told("r", "a"))
    take(store, "r", told("r", "b"), channel="2")
    assert ids(nodes.unsent("1", 10)) == ["a"]
    assert ids(nodes.unsent("2", 10)) == ["b"]


def test_a_main_category_under_another_is_covered_by_it(store: Store, nodes: CategoryNodes) -> None:
    assert nodes.covering("1", ["r", "a", "b"]) == {}
    take(store, "a", told("r", "a"), told("r", "a", "x"))
    assert nodes.covering("1", ["r", "a", "b"]) == {"a": "r"}  # its path tells, before r has come
    take(store, "r", told("r", "b"), told("r", "b", "x"))
    assert nodes.covering("1", ["b", "x"]) == {"x": "b"}


def test_shelves_are_leaves_in_omnitron_that_were_not_looked_at_since(
    store: Store, nodes: CategoryNodes
) -> None:
    take(
        store,
        "r",
        told("r", "top"),
        told("r", "top", "a", types=("SHIRT",)),
        told("r", "top", "b", types=("SHIRT", "BLOUSE")),
        told("r", "top", "c", types=("DRESS",)),
    )
    for pk, node in enumerate(("top", "a", "b")):
        nodes.link("1", node, pk + 1, node)
    now = CLOCK.now()
    assert ids(nodes.shelves("1", now, 10)) == ["a", "b"]
    nodes.attributes_sent("1", "a", {"": "x"}, now)
    nodes.attributes_sent("1", "b", {"": "y"}, None)
    assert ids(nodes.shelves("1", now, 10)) == ["b"]
    assert ids(nodes.shelves("1", now + timedelta(seconds=1), 10)) == ["a", "b"]
    assert nodes.of("1", ["a"])["a"].attributes_sent == {"": "x"}
    assert nodes.product_types("1") == {"SHIRT", "BLOUSE"}
    assert nodes.by_pks("1", [3])[3].product_types == ("SHIRT", "BLOUSE")


def test_a_schema_is_kept_as_long_as_a_type_needs_it(store: Store) -> None:
    types = ProductTypes(store)
    row = TypeRow("SHIRT", "LISTING", "1", "abc", CLOCK.now(), "[]")
    types.put("1", row, b"{}")
    types.put("2", row)
    assert types.schema("abc") == b"{}"
    types.drop("1", ["SHIRT"])
    assert types.schema("abc") == b"{}"
    types.put("2", TypeRow("SHIRT", "LISTING", "2", "def", CLOCK.now(), "[]"), b"{ }")
    assert (types.schema("abc"), types.schema("def")) == (None, b"{ }")


def test_what_was_compared_stays_when_a_type_is_asked_about_again(store: Store) -> None:
    types = ProductTypes(store)
    types.put("1", TypeRow("SHIRT", "LISTING", "1", "abc", CLOCK.now(), "[1]"), b"{}")
    types.compared("1", "SHIRT", "LISTING", "[1]")
    types.put("1", TypeRow("SHIRT", "LISTING", "2", "abc", CLOCK.now(), "[2]"))
    found = types.get("1", "SHIRT", "LISTING")
    assert found is not None
    assert (found.facts, found.compared) == ("[2]", "[1]")
