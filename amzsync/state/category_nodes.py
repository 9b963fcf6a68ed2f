"""Amazon's categories as its reports tell them, and the node each of them has in Omnitron.

A category lies at one place here, whatever its number of paths at Amazon: the first a report shows,
for Omnitron's nodes have one parent. `category_sightings` says under which of the channel's main
categories it was seen, so that one under two of them is gone only when both have lost it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from amzsync.state.store import Store, to_text

_PORTION = 1000  # rows of a transaction while a report comes in: other runs get their turn
_TOLD = "node_id, parent, depth, path, name, is_leaf, product_types"
_NODE = f"{_TOLD}, pk, sent_name, attributes_sent"


@dataclass(frozen=True, slots=True)
class Told:
    """A category as Amazon's report tells it.

    `path`: ids from Amazon's invisible root down to the category. `parent` is the last but one of
    them, "" where there is none. `depth`: how many there are.
    """

    node_id: str
    parent: str
    depth: int
    path: tuple[str, ...]
    name: str
    is_leaf: bool
    product_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Category(Told):
    """A category and what Omnitron has of it.

    `pk` is None until it is in Omnitron, `sent_name` the name Amazon had for it then.
    `attributes_sent`: attribute -> digest of what its attribute set was told.
    """

    pk: int | None
    sent_name: str | None
    attributes_sent: Mapping[str, str]


class CategoryNodes:
    """The tables `category_nodes`, `category_sightings` and `arriving_nodes`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def arrive(self, channel: str, nodes: Iterable[Told]) -> int:
        """Put a report's categories aside, of each the first; how many there were.

        Nothing is changed by it until `take`; what an earlier, unfinished report left goes.
        """
        self._forget_arrivals(channel)
        count = 0
        rows = (_values(node) for node in nodes)
        while portion := list(islice(rows, _PORTION)):
            count += len(portion)
            self._store.execute_many(
                f"""INSERT OR IGNORE INTO arriving_nodes (channel, {_TOLD})
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",  # noqa: S608 - constant columns
                [(channel, *row) for row in portion],
            )
        return count

    def take(self, channel: str, root: str) -> None:
        """Make what has arrived the tree of a main category. Only what differs is written.

        Call it inside `atomic`: a savepoint of its own would hold every changed page in memory.
        """
        told = _TOLD.split(", ")[1:]
        self._store.execute(
            f"""INSERT INTO category_nodes (channel, {_TOLD}, state)
            SELECT channel, {_TOLD}, 'there' FROM arriving_nodes WHERE channel = ?
            ON CONFLICT (channel, node_id) DO UPDATE SET
                {", ".join(f"{name} = excluded.{name}" for name in told)}, state = 'there'
            WHERE ({", ".join(f"category_nodes.{name}" for name in told)}, state)
                IS NOT ({", ".join(f"excluded.{name}" for name in told)}, 'there')""",  # noqa: S608 - constant columns
            [channel],
        )
        self._store.execute(
            """DELETE FROM category_sightings WHERE channel = :channel AND root = :root
            AND NOT EXISTS (SELECT 1 FROM arriving_nodes AS a
                WHERE a.channel = :channel AND a.node_id = category_sightings.node_id)""",
            {"channel": channel, "root": root},
        )
        self._store.execute(
            """INSERT OR IGNORE INTO category_sightings (channel, root, node_id)
            SELECT channel, ?, node_id FROM arriving_nodes WHERE channel = ?""",
            [root, channel],
        )
        self._forget_arrivals(channel)
        self._find_gone(channel)

    def keep_roots(self, channel: str, roots: Iterable[str]) -> None:
        """Forget what was seen under main categories that are no longer the channel's."""
        kept = json.dumps(sorted(roots))
        with self._store.atomic():
            dropped = self._store.execute(
                """DELETE FROM category_sightings
                WHERE channel = ? AND root NOT IN (SELECT value FROM json_each(?))""",
                [channel, kept],
            )
            if dropped.rowcount > 0:
                self._find_gone(channel)

    def covering(self, channel: str, roots: Sequence[str]) -> dict[str, str]:
        """Main categories that lie under another of them: category -> the other."""
        rows = self._store.rows(
            """SELECT node_id, root AS above FROM category_sightings
            WHERE channel = :channel AND root <> node_id
                AND node_id IN (SELECT value FROM json_each(:roots))
            UNION SELECT n.node_id, r.value FROM category_nodes AS n, json_each(:roots) AS r
            WHERE n.channel = :channel AND n.node_id <> r.value
                AND n.node_id IN (SELECT value FROM json_each(:roots))
                AND ',' || n.path || ',' LIKE '%,' || r.value || ',%'""",
            {"channel": channel, "roots": json.dumps(list(roots))},
        )
        return {row["node_id"]: row["above"] for row in rows if row["above"] in roots}

    def roots(self, channel: str) -> set[str]:
        """The main categories Amazon's reports have shown anything of."""
        rows = self._store.rows(
            "SELECT DISTINCT root FROM category_sightings WHERE channel = ?", [channel]
        )
        return {row["root"] for row in rows}

    def unsent(self, channel: str, limit: int, after: Category | None = None) -> list[Category]:
        """The next categories that Omnitron lacks or has under an older name, parents first."""
        depth, node_id = (after.depth, after.node_id) if after else (0, "")
        return self._nodes(
            """state = 'there' AND (pk IS NULL OR sent_name IS NOT name)
            AND (depth, node_id) > (?, ?) ORDER BY depth, node_id LIMIT ?""",
            channel,
            [depth, node_id, limit],
        )

    def of(self, channel: str, node_ids: Iterable[str]) -> dict[str, Category]:
        """Categories by id, those that are gone from Amazon's tree too."""
        found = self._nodes(
            "node_id IN (SELECT value FROM json_each(?))", channel, [json.dumps(list(node_ids))]
        )
        return {node.node_id: node for node in found}

    def by_pks(self, channel: str, pks: Iterable[int]) -> dict[int, Category]:
        """Categories by their node in Omnitron, those that are gone from Amazon's tree too."""
        found = self._nodes(
            "pk IN (SELECT value FROM json_each(?))", channel, [json.dumps(list(pks))]
        )
        return {node.pk: node for node in found if node.pk is not None}

    def named(self, channel: str, names: Iterable[str]) -> list[Category]:
        """Categories of these names, those that are gone from Amazon's tree too."""
        return self._nodes(
            "name IN (SELECT value FROM json_each(?))", channel, [json.dumps(list(names))]
        )

    def link(self, channel: str, node_id: str, pk: int, name: str) -> None:
        """The category is this node in Omnitron, made when Amazon called it so."""
        self._store.execute(
            "UPDATE category_nodes SET pk = ?, sent_name = ? WHERE channel = ? AND node_id = ?",
            [pk, name, channel, node_id],
        )

    def unlink(self, channel: str) -> None:
        """The channel has another tree in Omnitron: nothing of ours is in it yet."""
        self._store.execute(
            """UPDATE category_nodes SET pk = NULL, sent_name = NULL, attributes_sent = '{}',
            attributes_at = NULL WHERE channel = ?""",
            [channel],
        )

    def gone(self, channel: str, limit: int) -> list[Category]:
        """Categories Amazon no longer has and nobody was told of yet; Omnitron keeps them."""
        return self._nodes("state = 'gone' ORDER BY node_id LIMIT ?", channel, [limit])

    def gone_told(self, channel: str, node_ids: Iterable[str]) -> None:
        """It was told that these are gone."""
        self._store.execute(
            """UPDATE category_nodes SET state = 'told' WHERE channel = ? AND state = 'gone'
            AND node_id IN (SELECT value FROM json_each(?))""",
            [channel, json.dumps(list(node_ids))],
        )

    def product_types(self, channel: str) -> set[str]:
        """The product types of all categories that products can be put into."""
        rows = self._store.rows(
            f"SELECT DISTINCT product_types FROM category_nodes WHERE channel = ? AND {_SHELF}",  # noqa: S608 - constant condition
            [channel],
        )
        return {name for row in rows for name in row["product_types"].split(",")}

    def shelves(
        self, channel: str, since: datetime, limit: int, after: Category | None = None
    ) -> list[Category]:
        """The next categories whose attribute sets were last looked at before that moment.

        Those of the same product types come together. Only what is in Omnitron and has any.
        """
        types, node_id = (",".join(after.product_types), after.node_id) if after else ("", "")
        return self._nodes(
            f"""{_SHELF} AND (attributes_at IS NULL OR attributes_at < ?)
            AND (product_types, node_id) > (?, ?) ORDER BY product_types, node_id LIMIT ?""",
            channel,
            [to_text(since), types, node_id, limit],
        )

    def attributes_sent(
        self, channel: str, node_id: str, sent: Mapping[str, str], looked_at: datetime | None
    ) -> None:
        """What the category's attribute set was told; `looked_at` is None while more is to come."""
        self._store.execute(
            """UPDATE category_nodes SET attributes_sent = ?,
            attributes_at = coalesce(?, attributes_at) WHERE channel = ? AND node_id = ?""",
            [json.dumps(sent), looked_at and to_text(looked_at), channel, node_id],
        )

    def _find_gone(self, channel: str) -> None:
        """What no main category shows any more: forgotten, or to be told if Omnitron has it."""
        unseen = """channel = ? AND state = 'there' AND NOT EXISTS (
            SELECT 1 FROM category_sightings AS s
            WHERE s.channel = category_nodes.channel AND s.node_id = category_nodes.node_id)"""
        self._store.execute(f"DELETE FROM category_nodes WHERE {unseen} AND pk IS NULL", [channel])  # noqa: S608 - constant condition
        self._store.execute(f"UPDATE category_nodes SET state = 'gone' WHERE {unseen}", [channel])  # noqa: S608 - constant condition

    def _forget_arrivals(self, channel: str) -> None:
        self._store.execute("DELETE FROM arriving_nodes WHERE channel = ?", [channel])

    def _nodes(self, where: str, channel: str, params: Sequence[object]) -> list[Category]:
        rows = self._store.rows(
            f"SELECT {_NODE} FROM category_nodes WHERE channel = ? AND {where}",  # noqa: S608 - constant conditions
            [channel, *params],
        )
        return [_category(row) for row in rows]


_SHELF = "state = 'there' AND is_leaf = 1 AND product_types <> '' AND pk IS NOT NULL"


def _values(node: Told) -> Iterator[object]:
    yield from (node.node_id, node.parent, node.depth, ",".join(node.path), node.name)
    yield from (node.is_leaf, ",".join(node.product_types))


def _category(row: dict[str, Any]) -> Category:
    return Category(
        **{
            **row,
            "path": tuple(row["path"].split(",")),
            "is_leaf": bool(row["is_leaf"]),
            "product_types": tuple(row["product_types"].split(",")) if row["product_types"] else (),
            "attributes_sent": json.loads(row["attributes_sent"]),
        }
    )
