"""Our own tables of the file: what the manual has no setting for. Each key says why it exists."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from pydantic import Field, SecretStr

from amzsync.config.types import Day, EmailPattern, OmnitronId, Percent, SecretUrl, Table, Url

SECRET_LIFE_DAYS = 180  # Amazon's client secrets, after which they have to be rotated


class Omnitron(Table):
    """Where Omnitron is, who we are there and which channel this file is about."""

    url: Url = Field(
        description="Address of the brand's Omnitron, without /api/v1.",
        examples=["https://brand.omnitron.example"],
    )
    username: str = Field(
        description="The user amzsync logs in with: one of its own, so that its changes can be"
        " told from people's.",
        examples=["amzsync"],
    )
    password: SecretStr = Field(
        description="Password of that user.", examples=["env:OMNITRON_PASSWORD"]
    )
    channel_id: OmnitronId = Field(
        description="Id of the sales channel, the number in the address of its page"
        " (Settings > Sales Channels).",
        examples=[42],
    )
    catalog_id: OmnitronId | None = Field(
        default=None,
        description="Id of the channel's catalog. Blank: Omnitron is asked for the channel's.",
        examples=[17],
    )


class Amazon(Table):
    """Where access tokens come from."""

    lwa_url: Url = Field(
        default="https://api.amazon.com/auth/o2/token",
        description="Login with Amazon, which exchanges the refresh token for access tokens. The"
        " same in all regions; only a sandbox of your own has another.",
    )
    client_secret_created_on: Day | None = Field(
        default=None,
        description="Day the client secret was made, as Amazon's developer console shows it: it"
        " lives 180 days, and an alarm comes before they are over. Nobody can ask Amazon for it.",
        examples=["2026-01-31"],
    )

    @property
    def client_secret_ends_on(self) -> date | None:
        """The day the client secret is over; None if nobody wrote down when it was made."""
        made = self.client_secret_created_on
        return None if made is None else made + timedelta(days=SECRET_LIFE_DAYS)


class State(Table):
    """The SQLite file with penalties, cursors, quota and the order inbox."""

    path: str = Field(
        default="",
        description="The state file; a relative path starts at this file's folder. Blank: a file"
        " named after the seller in ~/.local/state/amzsync, so that all channels of one Amazon"
        " account share it, as they share Amazon's quota.",
        examples=["/var/lib/amzsync/seller.db"],
    )
    retention_days: int = Field(
        default=30,
        ge=1,
        description="Days the journal of past runs is kept; older rows are deleted so that the"
        " file does not grow for ever.",
    )
    retention_rows: int = Field(
        default=200_000,
        ge=1_000,
        description="At most so many runs and as many records of the journal are kept, whatever"
        " their age; 200,000 records are about 50 MB.",
    )
    retention_order_days: int = Field(
        default=760,
        ge=180,
        description="Days an order is remembered after its last change, with its packages, invoices"
        " and returns, so that nothing of it is done twice. Amazon shows orders for two years. As"
        " long keep stopped penalties and products taken off sale. 1,000 orders are about 1 MB.",
    )


class Stock(Table):
    """How stock and price changes travel."""

    patch_limit: int = Field(
        default=300,
        ge=0,
        description="Up to this many changed SKUs are sent one by one (at 5 a second); above it,"
        " in one feed, which is cheaper but takes Amazon minutes.",
    )
    read_back_minutes: int = Field(
        default=15,
        ge=1,
        description="Minutes after which a sent stock or price is read back: Amazon's acceptance"
        " does not mean that it was applied.",
    )


class Guards(Table):
    """Limits above which a run stops with exit 6 before it sends anything."""

    zeroing_percent: Percent = Field(
        default=30,
        description="Percent of the live SKUs one run may set to zero; more looks like a broken"
        " stock import, and would close the shop.",
    )
    zeroing_minimum: int = Field(
        default=20,
        ge=1,
        description="Number of SKUs below which the percentage is not looked at; small catalogues"
        " sell out legitimately.",
    )
    price_change_percent: int = Field(
        default=50,
        ge=1,
        description="Percent a price may move at once; more looks like a slipped decimal point.",
    )


class Orders(Table):
    """How orders are fetched, and what stands in for data Amazon withholds."""

    placeholder_email: EmailPattern = Field(
        default="{order_id}@placeholder.invalid",
        description="E-mail address of a buyer whose address Amazon does not give; Omnitron"
        " requires one. {order_id} keeps buyers apart.",
    )
    placeholder_phone: str = Field(
        default="0000000000",
        min_length=1,
        max_length=128,
        description="Phone number of a buyer whose number Amazon does not give; Omnitron requires"
        " one.",
    )
    intake_interval: int = Field(
        default=240,
        ge=180,
        description="Seconds between two searches for changed orders. Amazon allows one every 3"
        " minutes per account, all channels together.",
    )
    intake_overlap: int = Field(
        default=900,
        ge=600,
        le=900,
        description="Seconds every search reaches back before the last one (600 to 900): Amazon"
        " lists changes late.",
    )


class Invoices(Table):
    """Whether and how invoices reach Amazon."""

    strategy: Literal["none", "vat_feed"] = Field(
        default="none",
        description='"none": invoices are not sent. "vat_feed": the PDF goes out as an'
        " UPLOAD_VAT_INVOICE feed, which Amazon takes in EU VAT marketplaces; ask Amazon before"
        " you rely on it in Türkiye. Used by send_update_orders.",
    )


class Http(Table):
    """Bounds of every request to either side."""

    connect_timeout: float = Field(
        default=5.0, gt=0, le=60, description="Seconds to wait for a connection."
    )
    read_timeout: float = Field(
        default=30.0,
        gt=0,
        le=300,
        description="Seconds to wait for the next byte of an answer.",
    )
    attempts: int = Field(
        default=4,
        ge=1,
        le=10,
        description="Tries a request gets at most. The next cron run is the outer retry.",
    )
    backoff: float = Field(
        default=0.5,
        gt=0,
        le=60,
        description="Seconds to wait before the second try; doubled for each further one.",
    )
    in_flight: int = Field(
        default=8,
        ge=1,
        le=32,
        description="Requests to one side under way at the same time.",
    )


class Logs(Table):
    """JSON lines for machines, beside the journal that `amzsync logs` shows."""

    json_to: str = Field(
        default="",
        description='Where runs write a JSON object a line: "stderr", or a file, which is appended'
        " to (mode 0600; a relative path starts at this file's folder). Blank: nowhere. Names and"
        " secrets are masked in it.",
        examples=["/var/log/amzsync/tr.jsonl"],
    )
    level: Literal["error", "warning", "info", "debug"] = Field(
        default="warning",
        description='From which level on. "warning": what went wrong, so that a run that went well'
        ' stays silent; "info": also that it ran; "debug": also every record and every request.',
    )


class Monitoring(Table):
    """Who is told when an alarm is raised or is over; `amzsync alarms` does."""

    webhook_url: SecretUrl | None = Field(
        default=None,
        description="Address that gets a JSON message for every alarm. Such addresses often hold"
        " a token, so it is treated as a secret.",
        examples=["env:ALARM_WEBHOOK_URL"],
    )
    command: str = Field(
        default="",
        description="Command started for every alarm, which it reads as JSON from its standard"
        " input. No shell; started in this file's folder without this process's environment, 10 s"
        " at most.",
        examples=["/usr/local/bin/send-alarm"],
    )
    ping_url: SecretUrl | None = Field(
        default=None,
        description="Address called every time the alarms are looked at, as Healthchecks and its"
        " like take it: as it is while all is well, with /fail added while an alarm is raised. When"
        " the calls stay away, cron itself is dead, and that service tells you.",
        examples=["env:ALARM_PING_URL"],
    )
