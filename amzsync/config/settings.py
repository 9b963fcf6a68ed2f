"""The configuration of one channel: every setting of the manual, and our own tables."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr

from amzsync.config.channel import FeatureFlags
from amzsync.config.manual import ManualSettings
from amzsync.config.marketplaces import MARKETPLACES, Marketplace
from amzsync.config.tables import (
    Amazon,
    Guards,
    Http,
    Invoices,
    Logs,
    Monitoring,
    Omnitron,
    Orders,
    State,
    Stock,
)
from amzsync.config.types import LOOPBACK, split_url

Endpoint = Literal["production", "sandbox", "loopback"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a configuration was read, and what only the reading could know."""

    path: Path = Path("amzsync.toml")
    state_home: Path = Path()
    origins: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


class Config(ManualSettings):
    """All settings of one channel, checked; `load_config` makes it."""

    omnitron: Omnitron = Field(description="Where Omnitron is and how to log in.")
    amazon: Amazon = Field(default_factory=Amazon, description="Login with Amazon.")
    state: State = Field(default_factory=State, description="What amzsync remembers.")
    stock: Stock = Field(default_factory=Stock, description="How stock and price changes travel.")
    guards: Guards = Field(
        default_factory=Guards,
        description="Above these limits a run stops before it sends anything.",
    )
    orders: Orders = Field(
        default_factory=Orders,
        description="How orders are fetched, and what stands in for data Amazon withholds.",
    )
    invoices: Invoices = Field(default_factory=Invoices, description="How invoices reach Amazon.")
    http: Http = Field(default_factory=Http, description="Bounds of every request.")
    logs: Logs = Field(default_factory=Logs, description="JSON lines for machines.")
    monitoring: Monitoring = Field(
        default_factory=Monitoring,
        description="Who is told when an alarm is raised or is over.",
    )

    _provenance: Provenance = PrivateAttr(default_factory=Provenance)

    def model_post_init(self, context: Any) -> None:
        """Keep where the values came from; the validation context carries it."""
        if isinstance(context, Provenance):
            self._provenance = context

    @property
    def path(self) -> Path:
        """The file this was read from."""
        return self._provenance.path

    @property
    def origins(self) -> dict[str, str]:
        """Dotted key -> "default", "file line N" or "environment AMZSYNC_X"."""
        return self._provenance.origins

    @property
    def extra(self) -> dict[str, Any]:
        """Values of the keys the brand added through schema_type."""
        return self._provenance.extra

    def flag(self, name: str) -> bool:
        """Whether a feature flag is on. Errors: KeyError for a name that is no flag."""
        if name not in FeatureFlags.model_fields:
            raise KeyError(name)
        return bool(getattr(self.feature_flags, name))

    @property
    def marketplace(self) -> Marketplace:
        """The marketplace this channel sells in."""
        return MARKETPLACES[self.market_place_id]

    @property
    def endpoint(self) -> Endpoint:
        """What base_url leads to: Amazon's production, Amazon's sandbox, or this machine."""
        host = split_url(self.base_url).hostname or ""
        if host in LOOPBACK:
            return "loopback"
        return "sandbox" if host.startswith("sandbox.") else "production"

    @property
    def account(self) -> str:
        """Who Amazon sees: application, seller and region; fit for a file name.

        A sandbox is an account of its own, or its tokens and orders would mix with real ones.
        """
        region = self.marketplace.region
        where = region if self.endpoint == "production" else f"{region}-{self.endpoint}"
        identity = "\0".join((self.client_id, self.seller_id, where))
        seller = re.sub(r"[^A-Za-z0-9]", "", self.seller_id)
        return f"{seller}-{where}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"

    def state_path(self) -> Path:
        """The account's state file: [state] path, else one named after the account."""
        if self.state.path:
            return self.path.parent / Path(self.state.path).expanduser()
        return self._provenance.state_home / "amzsync" / f"{self.account}.db"

    def notices(self) -> tuple[str, ...]:
        """What is allowed, but worth knowing."""
        obsolete = [key for key in ("access_key", "secret_key", "region") if getattr(self, key)]
        found = [
            f"{key} is obsolete and ignored: Amazon needs no AWS signature since October 2023"
            for key in obsolete
        ]
        pushes = self.send_shipping_info and self.feature_flags.send_update_orders
        if pushes and not self.shipping_company_mapping:
            found.append(
                "shipping_company_mapping is blank: with send_shipping_info and"
                " send_update_orders on, no shipment can name its carrier"
            )
        return tuple(found)
