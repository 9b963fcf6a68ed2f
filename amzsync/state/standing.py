"""How a channel stands, counted by SQLite: last runs, backlog, the account's use of quota."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime
from typing import Final

from amzsync.state.runs import Run, run_of
from amzsync.state.store import Store, to_moment, to_text

# What there is to do, by the name it is told by. Omnitron's lists of changed records are not here:
# only a run asks for them.
_BACKLOG: Final = {
    "orders to import": "inbox WHERE channel = ? AND state = 'new'",
    "orders incomplete": "inbox WHERE channel = ? AND missing <> ''",
    "cancellations to tell": """inbox WHERE channel = ? AND lines <> lines_told
        AND (state = 'imported' OR (state = 'ignored' AND code = 'cancelled'))""",
    "parcels to tell": "inbox WHERE channel = ? AND state = 'imported' AND parcels <> parcels_told",
    "returns to request": "returns WHERE channel = ? AND state = 'open'",
    "invoices unanswered": "invoices WHERE channel = ? AND state IN ('submitting', 'submitted')",
    "invoice answers to tell": """invoices WHERE channel = ? AND told = 0
        AND state IN ('accepted', 'refused')""",
    "values to send again": "listing_values WHERE channel = ? AND resend = 1",
    "values to read back": "listing_values WHERE channel = ? AND check_at IS NOT NULL",
    "listings to look at": "products WHERE channel = ? AND check_at IS NOT NULL",
    "categories to send": """category_nodes WHERE channel = ? AND state = 'there'
        AND (pk IS NULL OR sent_name IS NOT name)""",
}


class Standing:
    """Counts over the tables of all channels; dry runs are left out."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def last_runs(self, channel: str) -> dict[str, Run]:
        """The newest run of each flow."""
        rows = self._store.rows(
            "SELECT * FROM runs WHERE id IN"
            " (SELECT max(id) FROM runs WHERE channel = ? AND NOT dry_run GROUP BY flow)",
            [channel],
        )
        return {row["flow"]: run_of(row) for row in rows}

    def backlog(self, channel: str) -> dict[str, int]:
        """What there is to do, by what it is; what there is none of is left out."""
        found = {
            name: self._store.rows(f"SELECT count(*) AS n FROM {where}", [channel])[0]["n"]  # noqa: S608 - constant conditions
            for name, where in _BACKLOG.items()
        }
        return {name: int(count) for name, count in found.items() if count}

    def next_try(self, channel: str) -> datetime | None:
        """When the first of the channel's penalties is over; None if none waits."""
        row = self._store.row(
            "SELECT min(next_try_at) AS at FROM penalties WHERE channel = ? AND NOT stopped",
            [channel],
        )
        return to_moment(row["at"]) if row and row["at"] else None

    def calls(self, since: datetime) -> Counter[str]:
        """Requests by operation, of the runs of all channels begun since then."""
        found: Counter[str] = Counter()
        for row in self._store.rows(
            "SELECT calls FROM runs WHERE started_at >= ? AND calls IS NOT NULL", [to_text(since)]
        ):
            found.update(json.loads(row["calls"]))
        return found

    def flows(self, since: datetime) -> dict[str, set[str]]:
        """The flows of every channel that have run since then."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for row in self._store.rows(
            "SELECT DISTINCT channel, flow FROM runs WHERE started_at >= ? AND NOT dry_run",
            [to_text(since)],
        ):
            found[row["channel"]].add(row["flow"])
        return dict(found)
