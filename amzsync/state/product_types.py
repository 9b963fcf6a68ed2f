"""What Amazon wants to know of products, by product type, and the schemas it says so in."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amzsync.state.store import Store, to_moment, to_text

_TYPE = "name, requirements, version, checksum, asked_at, facts, compared"


@dataclass(frozen=True, slots=True)
class TypeRow:
    """A product type for one kind of listing.

    `checksum` names its schema. `facts`: what the schema says of its attributes (JSON);
    `compared`: the same as it was when changes were last told, "" before the first time.
    """

    name: str
    requirements: str
    version: str
    checksum: str
    asked_at: datetime
    facts: str
    compared: str = ""


class ProductTypes:
    """The tables `product_types` and `type_schemas`; a schema stays as long as a type needs it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, channel: str, name: str, requirements: str) -> TypeRow | None:
        """One product type, as it was when Amazon was last asked."""
        rows = self._select(
            "channel = ? AND name = ? AND requirements = ?", channel, name, requirements
        )
        return rows[0] if rows else None

    def all(self, channel: str, requirements: str) -> list[TypeRow]:
        """Every product type Amazon was asked about, by name."""
        return self._select("channel = ? AND requirements = ? ORDER BY name", channel, requirements)

    def checksums(self, channel: str, requirements: str) -> dict[str, str]:
        """The schema of every product type Amazon was asked about: type -> checksum, by name."""
        rows = self._store.rows(
            """SELECT name, checksum FROM product_types
            WHERE channel = ? AND requirements = ? ORDER BY name""",
            [channel, requirements],
        )
        return {row["name"]: row["checksum"] for row in rows}

    def put(self, channel: str, row: TypeRow, schema: bytes | None = None) -> None:
        """Remember an answer; `schema` is its document, unless it is known already."""
        with self._store.atomic():
            if schema is not None:
                self._store.execute(
                    "INSERT OR IGNORE INTO type_schemas (checksum, content) VALUES (?, ?)",
                    [row.checksum, zlib.compress(schema)],
                )
            self._store.execute(
                """INSERT INTO product_types
                (channel, name, requirements, version, checksum, asked_at, facts)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (channel, name, requirements) DO UPDATE SET
                    version = excluded.version, checksum = excluded.checksum,
                    asked_at = excluded.asked_at, facts = excluded.facts""",
                [
                    channel,
                    row.name,
                    row.requirements,
                    row.version,
                    row.checksum,
                    to_text(row.asked_at),
                    row.facts,
                ],
            )
            self._drop_schemas()

    def schema(self, checksum: str) -> bytes | None:
        """A schema document as Amazon gave it."""
        row = self._store.row("SELECT content FROM type_schemas WHERE checksum = ?", [checksum])
        return None if row is None else zlib.decompress(row["content"])

    def compared(self, channel: str, name: str, requirements: str, facts: str) -> None:
        """Changes of the type were told up to these facts."""
        self._store.execute(
            """UPDATE product_types SET compared = ?
            WHERE channel = ? AND name = ? AND requirements = ?""",
            [facts, channel, name, requirements],
        )

    def drop(self, channel: str, names: Iterable[str]) -> None:
        """Forget product types no category has any more."""
        with self._store.atomic():
            self._store.execute(
                """DELETE FROM product_types
                WHERE channel = ? AND name IN (SELECT value FROM json_each(?))""",
                [channel, json.dumps(list(names))],
            )
            self._drop_schemas()

    def _drop_schemas(self) -> None:
        self._store.execute(
            "DELETE FROM type_schemas WHERE checksum NOT IN (SELECT checksum FROM product_types)"
        )

    def _select(self, where: str, *params: object) -> list[TypeRow]:
        rows = self._store.rows(
            f"SELECT {_TYPE} FROM product_types WHERE {where}",  # noqa: S608 - constant conditions
            params,
        )
        return [_type(row) for row in rows]


def _type(row: dict[str, Any]) -> TypeRow:
    return TypeRow(**{**row, "asked_at": to_moment(row["asked_at"])})
