"""Both clients as `smoke` has them: Amazon's at its static sandbox, Omnitron's able only to read.

Nothing is kept. Tokens live as long as the run and quota of the real account is neither used nor
noted, so that a CI container without a state file can run it, beside a server that has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import datetime

from amzsync.amazon.auth import LoginWithAmazon
from amzsync.amazon.client import AmazonClient
from amzsync.clock import Deadline
from amzsync.config import Config
from amzsync.config.marketplaces import HOSTS
from amzsync.http.exchange import Timeouts
from amzsync.http.operation import Signer
from amzsync.http.retry import RetryPolicy
from amzsync.http.session import Session
from amzsync.http.transfer import Transfers
from amzsync.omnitron.auth import OmnitronLogin
from amzsync.omnitron.client import OmnitronClient
from amzsync.ops.smoke_cases import MARKETPLACE


class RunTokens:
    """Tokens of this run and of no other. See amzsync.amazon.auth.TokenCache."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """The token; one that has ended is refused, and then renewed."""
        return self._tokens.get(name)

    def put(self, name: str, value: str, expires_at: datetime | None) -> None:
        """Keep a token until the run is over."""
        self._tokens[name] = value

    def drop(self, name: str, value: str) -> None:
        """Forget a token, if it is still this one."""
        if self._tokens.get(name) == value:
            del self._tokens[name]

    def exchange_lock(self, name: str) -> AbstractContextManager[object]:
        """Nobody else is there to wait for."""
        return nullcontext()


def sandbox_url(config: Config) -> str:
    """Amazon's static sandbox of the channel's region, or this machine where base_url is on it."""
    if config.endpoint == "loopback":
        return config.base_url
    return f"https://sandbox.{HOSTS[config.marketplace.region]}"


@contextmanager
def open_clients(
    config: Config, deadline: Deadline, agent: str
) -> Iterator[tuple[AmazonClient, OmnitronClient]]:
    """Both clients, closed in the end. `agent` is the user-agent Amazon asks for."""
    timeouts = Timeouts(connect=config.http.connect_timeout, read=config.http.read_timeout)
    retry = RetryPolicy(attempts=config.http.attempts, backoff=config.http.backoff)

    def session(url: str, signer: Signer | None = None, *, reads_only: bool = False) -> Session:
        opened = Session(
            url,
            deadline=deadline,
            signer=signer,
            retry=retry,
            timeouts=timeouts,
            dry_run=reads_only,
            user_agent=agent,
            request_id_header="x-request-id" if reads_only else "x-amzn-requestid",
        )
        stack.callback(opened.close)
        return opened

    with ExitStack() as stack:
        tokens = RunTokens()
        lwa = LoginWithAmazon(
            session(config.amazon.lwa_url),
            tokens,
            client_id=config.client_id,
            client_secret=config.client_secret.get_secret_value(),
            refresh_token=config.refresh_token.get_secret_value(),
        )
        amazon = AmazonClient(
            session(sandbox_url(config), lwa),
            Transfers(deadline, timeouts=timeouts, retry=retry, dry_run=True, user_agent=agent),
            seller_id=config.seller_id,
            marketplace_id=MARKETPLACE,
        )
        settings = config.omnitron
        login = OmnitronLogin(
            session(settings.url),
            settings.username,
            settings.password.get_secret_value(),
            tokens,
        )
        # A session that sends nothing which would change something: Omnitron is the real one.
        reading = session(settings.url, login, reads_only=True)
        yield amazon, OmnitronClient(reading, settings.channel_id)
