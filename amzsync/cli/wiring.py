"""Composition root: from a configuration to everything a flow works with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.metadata import version

from amzsync.amazon.auth import LoginWithAmazon
from amzsync.amazon.client import AmazonClient, user_agent
from amzsync.clock import Clock, Deadline
from amzsync.config import Config
from amzsync.flows.flow import Context, Options
from amzsync.http.exchange import Timeouts
from amzsync.http.retry import RetryPolicy
from amzsync.http.session import Session
from amzsync.http.transfer import Transfers
from amzsync.omnitron.assumptions import mapping_prefix
from amzsync.omnitron.auth import OmnitronLogin
from amzsync.omnitron.client import OmnitronClient
from amzsync.state.channels import Channel
from amzsync.state.state import State


def channel_key(config: Config) -> str:
    """The name the channel's rows go by in the state file: its id in Omnitron never changes."""
    return str(config.omnitron.channel_id)


@contextmanager
def open_context(
    config: Config,
    clock: Clock,
    deadline: Deadline,
    options: Options,
    progress: Callable[[str], None],
) -> Iterator[Context]:
    """Open the state and both clients, and close them. Errors: StateError and its kin."""
    with ExitStack() as stack:
        channel = channel_of(config)
        state = State.open(config.state_path(), clock)
        stack.callback(state.close)
        amazon = _amazon(config, state, deadline, options, stack)
        omnitron, session = _omnitron(config, state, deadline, options, stack)
        if not options.dry_run:
            state.channels.register(channel, clock.now())
        yield Context(
            channel=channel.key,
            seller_channel=channel,
            config=config,
            clock=clock,
            deadline=deadline,
            state=state,
            amazon=amazon,
            omnitron=omnitron,
            calls=lambda: {**amazon.calls(), **session.calls},
            options=options,
            progress=progress,
        )


def channel_of(config: Config) -> Channel:
    """The channel as the order intake has to know it."""
    return Channel(
        key=channel_key(config),
        name=config.channel_name,
        marketplace_id=config.market_place_id,
        fulfilled_by="AMAZON" if config.is_fba_channel else "MERCHANT",
        order_start_date=config.order_start_date,
    )


def _amazon(
    config: Config, state: State, deadline: Deadline, options: Options, stack: ExitStack
) -> AmazonClient:
    agent = _agent()
    timeouts, retry = _timeouts(config), _retry(config)
    tokens = Session(
        config.amazon.lwa_url,
        deadline=deadline,
        retry=retry,
        timeouts=timeouts,
        user_agent=agent,
    )
    login = LoginWithAmazon(
        tokens,
        state.tokens,
        client_id=config.client_id,
        client_secret=config.client_secret.get_secret_value(),
        refresh_token=config.refresh_token.get_secret_value(),
    )
    session = Session(
        config.base_url,
        deadline=deadline,
        signer=login,
        pacer=state.ledger,
        retry=retry,
        timeouts=timeouts,
        dry_run=options.dry_run,
        user_agent=agent,
        in_flight=config.http.in_flight,
    )
    transfers = Transfers(
        deadline, timeouts=timeouts, retry=retry, dry_run=options.dry_run, user_agent=agent
    )
    client = AmazonClient(
        session, transfers, seller_id=config.seller_id, marketplace_id=config.market_place_id
    )
    stack.callback(tokens.close)
    stack.callback(client.close)
    return client


def _omnitron(
    config: Config, state: State, deadline: Deadline, options: Options, stack: ExitStack
) -> tuple[OmnitronClient, Session]:
    settings, timeouts, retry = config.omnitron, _timeouts(config), _retry(config)
    # Omnitron counts logins and answers 429 to more than a few: one repeat, for a cut connection.
    cautious = RetryPolicy(attempts=2, backoff=config.http.backoff)
    logins = Session(settings.url, deadline=deadline, retry=cautious, timeouts=timeouts)
    login = OmnitronLogin(
        logins, settings.username, settings.password.get_secret_value(), state.tokens
    )
    session = Session(
        settings.url,
        deadline=deadline,
        signer=login,
        retry=retry,
        timeouts=timeouts,
        dry_run=options.dry_run,
        in_flight=config.http.in_flight,
        request_id_header="x-request-id",
    )
    stack.callback(logins.close)
    stack.callback(session.close)
    prefix = mapping_prefix(
        settings.channel_id, use_channel_id=config.use_channel_id_in_address_mapping
    )
    return OmnitronClient(session, settings.channel_id, prefix), session


@cache
def _agent() -> str:
    """The name Amazon knows us by; made once a process, for reading package data takes its time."""
    return user_agent("amzsync", version("amzsync"))


def _timeouts(config: Config) -> Timeouts:
    return Timeouts(connect=config.http.connect_timeout, read=config.http.read_timeout)


def _retry(config: Config) -> RetryPolicy:
    return RetryPolicy(attempts=config.http.attempts, backoff=config.http.backoff)
