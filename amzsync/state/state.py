"""All tables of one state file, behind one name."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from amzsync.clock import Clock
from amzsync.state.batches import Batches
from amzsync.state.channels import Channels
from amzsync.state.cursors import Cursors
from amzsync.state.feed_turns import FeedTurns
from amzsync.state.fences import Fences
from amzsync.state.jobs import Jobs
from amzsync.state.listings import Listings
from amzsync.state.lookups import Lookups
from amzsync.state.penalties import Penalties
from amzsync.state.quota import Ledger
from amzsync.state.runs import Runs
from amzsync.state.store import Store
from amzsync.state.tokens import Tokens
from amzsync.state.waiting import Waitings

if TYPE_CHECKING:
    from amzsync.state.alarms import Alarms
    from amzsync.state.category_nodes import CategoryNodes
    from amzsync.state.inbox import Inbox
    from amzsync.state.invoices import Invoices
    from amzsync.state.journal import Journal
    from amzsync.state.known_keys import KnownKeys
    from amzsync.state.packages import Packages
    from amzsync.state.product_types import ProductTypes
    from amzsync.state.products import Products
    from amzsync.state.reports import Reports
    from amzsync.state.retention import Retention
    from amzsync.state.returns import Returns
    from amzsync.state.snapshot import Snapshots


class State:
    """The open state file and its tables.

    Tables a minutely stock push does without are imported when they are first asked for.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self._clock = clock

    @classmethod
    def open(cls, path: Path, clock: Clock) -> State:
        """Open, create or migrate the file. Errors: StateError, StateUnavailableError."""
        return cls(Store.open(path, clock), clock)

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    @cached_property
    def alarms(self) -> Alarms:
        """Alarm rules, and how they stand."""
        from amzsync.state.alarms import Alarms  # here, because no flow needs it

        return Alarms(self.store)

    @cached_property
    def batches(self) -> Batches:
        """Omnitron batch requests under way."""
        return Batches(self.store)

    @cached_property
    def category_nodes(self) -> CategoryNodes:
        """Amazon's categories, and their nodes in Omnitron."""
        from amzsync.state.category_nodes import CategoryNodes

        return CategoryNodes(self.store)

    @cached_property
    def channels(self) -> Channels:
        """Channels of this account."""
        return Channels(self.store)

    @cached_property
    def cursors(self) -> Cursors:
        """Named positions."""
        return Cursors(self.store)

    @cached_property
    def feed_turns(self) -> FeedTurns:
        """Whose turn it is at the account's one listings feed."""
        return FeedTurns(self.store)

    @cached_property
    def fences(self) -> Fences:
        """Who is at work on a SKU."""
        return Fences(self.store)

    @cached_property
    def inbox(self) -> Inbox:
        """Orders as Amazon told them."""
        from amzsync.state.inbox import Inbox

        return Inbox(self.store)

    @cached_property
    def invoices(self) -> Invoices:
        """Invoices handed to Amazon."""
        from amzsync.state.invoices import Invoices

        return Invoices(self.store)

    @cached_property
    def jobs(self) -> Jobs:
        """Feeds and reports under way."""
        return Jobs(self.store)

    @cached_property
    def journal(self) -> Journal:
        """The journal, searched."""
        from amzsync.state.journal import Journal  # here, because no flow needs it

        return Journal(self.store)

    @cached_property
    def known_keys(self) -> KnownKeys:
        """Records the state has heard of, over all tables."""
        from amzsync.state.known_keys import KnownKeys  # no flow asks for it

        return KnownKeys(self.store)

    @cached_property
    def ledger(self) -> Ledger:
        """Quota of the account."""
        return Ledger(self.store, self._clock)

    @cached_property
    def listings(self) -> Listings:
        """What Amazon was last told, and what it confirmed."""
        return Listings(self.store)

    @cached_property
    def lookups(self) -> Lookups:
        """Omnitron's answers that rarely change."""
        return Lookups(self.store, self._clock)

    @cached_property
    def packages(self) -> Packages:
        """Packages confirmed to Amazon."""
        from amzsync.state.packages import Packages

        return Packages(self.store)

    @cached_property
    def penalties(self) -> Penalties:
        """The manual's Failed Integration."""
        return Penalties(self.store)

    @cached_property
    def product_types(self) -> ProductTypes:
        """What Amazon wants to know of products."""
        from amzsync.state.product_types import ProductTypes

        return ProductTypes(self.store)

    @cached_property
    def products(self) -> Products:
        """Listings made of products."""
        from amzsync.state.products import Products

        return Products(self.store)

    @cached_property
    def reports(self) -> Reports:
        """Figures and differences between both sides."""
        from amzsync.state.reports import Reports  # here, because no flow needs it

        return Reports(self.store)

    @cached_property
    def retention(self) -> Retention:
        """What is dropped in time."""
        from amzsync.state.retention import Retention  # here, because once a day is often enough

        return Retention(self.store)

    @cached_property
    def returns(self) -> Returns:
        """Returns, and their requests in Omnitron."""
        from amzsync.state.returns import Returns

        return Returns(self.store)

    @cached_property
    def runs(self) -> Runs:
        """The journal."""
        return Runs(self.store)

    @cached_property
    def snapshots(self) -> Snapshots:
        """Amazon's listings, and Omnitron's goods beside them."""
        from amzsync.state.snapshot import Snapshots  # here, because no flow needs it

        return Snapshots(self.store)

    @cached_property
    def tokens(self) -> Tokens:
        """Access tokens of both sides."""
        return Tokens(self.store, self._clock)

    @cached_property
    def waiting(self) -> Waitings:
        """Records held without penalty."""
        return Waitings(self.store)
