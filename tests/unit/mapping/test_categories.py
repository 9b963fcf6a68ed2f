"""What categories are called in Omnitron."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from amzsync.mapping.categories import node_names


@dataclass(frozen=True)
class Node:
    node_id: str
    parent: str = "9"
    name: str = "Elbiseler"
    pk: int | None = None
    sent_name: str | None = None


NODES = st.lists(
    st.builds(
        Node,
        node_id=st.text("123456", min_size=1, max_size=3),
        parent=st.sampled_from(["7", "8", "9"]),
        name=st.sampled_from(["Elbiseler", "Etekler"]),
        pk=st.none() | st.integers(1, 99),
        sent_name=st.sampled_from(["Elbiseler", "Etekler"]),
    ),
    unique_by=lambda node: node.node_id,
)


@given(NODES, st.sampled_from([{}, {"7": 1}, {"7": 1, "8": 2, "9": 3}]))
def test_siblings_never_share_a_name(nodes: list[Node], parents: dict[str, int]) -> None:
    names = node_names(nodes, nodes, parents)
    places = [(parents.get(node.parent), names[node.node_id]) for node in nodes]
    assert len(places) == len(set(places))
    assert all(names[node.node_id].startswith(node.name) for node in nodes)


@given(NODES, st.randoms(use_true_random=False))
def test_names_do_not_depend_on_the_order_nor_on_who_else_is_asked_for(
    nodes: list[Node], draw: object
) -> None:
    shuffled = list(nodes)
    draw.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert node_names(nodes, shuffled, {}) == node_names(nodes, nodes, {})
    assert node_names(nodes[:1], nodes, {}).items() <= node_names(nodes, nodes, {}).items()


def test_the_one_that_has_the_name_keeps_it() -> None:
    new, old = Node("1"), Node("2", pk=5, sent_name="Elbiseler")
    assert node_names([new, old], [new, old], {}) == {"1": "Elbiseler (1)", "2": "Elbiseler"}
