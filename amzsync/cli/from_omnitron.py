"""Logging in to Omnitron without a config file, to fill one in from a channel's settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer

from amzsync.clock import Clock, Deadline
from amzsync.config.known import secrets, value_at
from amzsync.config.secrets import UnresolvableError, is_reference, resolve
from amzsync.config.types import split_url
from amzsync.errors import RefusedError, UsageError
from amzsync.http.session import Session
from amzsync.omnitron.auth import OmnitronLogin
from amzsync.omnitron.client import OmnitronClient
from amzsync.ops.channel_settings import Taken, take_over
from amzsync.redaction import hide

_PATIENCE = 60.0  # seconds for four requests


@dataclass(frozen=True, slots=True)
class Place:
    """Where a channel's settings are. `password` is written as the file will have it."""

    url: str
    username: str
    channel_id: int
    password: str


class _Forgetful:
    """A token cache for a single run that has no state file."""

    def get(self, _name: str) -> str | None:
        """Nothing is known from earlier runs."""
        return None

    def put(self, _name: str, _value: str, _expires_at: datetime | None) -> None:
        """The login itself remembers its token."""

    def drop(self, _name: str, _value: str) -> None:
        """There is none."""

    def exchange_lock(self, _name: str) -> AbstractContextManager[object]:
        """Nobody else is there."""
        return nullcontext()


def place(url: str, username: str | None, channel: int | None, password: str | None) -> Place:
    """The options as they were typed; a password that is missing is asked for on a terminal.

    Errors: UsageError.
    """
    try:
        split_url(url)
    except ValueError as error:
        raise UsageError(f"--from-omnitron {error}") from None
    if not username or channel is None:
        raise UsageError("--from-omnitron needs --username and --channel as well")
    if password is not None and not is_reference(password):
        raise UsageError(
            "--password names the place of the password, as env:NAME, file:PATH or cmd:COMMAND:"
            " others can see what stands on a command line"
        )
    if password is None and not sys.stdin.isatty():
        raise UsageError("--from-omnitron needs --password as env:NAME, file:PATH or cmd:COMMAND")
    if password is None:
        password = typer.prompt(f"Omnitron's password of {username}", hide_input=True, err=True)
    return Place(_host(url), username, channel, password)


def settings_at(where: Place, folder: Path, clock: Clock) -> Taken:
    """The channel's settings. Relative paths of the password start at `folder`.

    Errors: UsageError for a password or a channel there is not; those of Omnitron's client.
    """
    try:
        return _taken(where, _resolved(where.password, folder), clock)
    except UnresolvableError as error:
        raise UsageError(f"{error}; --password has to lead to the password") from None
    except RefusedError as error:
        if error.status != 404:
            raise
        raise UsageError(
            f"{where.url} has no channel {where.channel_id}: its number is in the address of its"
            " page (Settings > Sales Channels)"
        ) from None


def _resolved(password: str, folder: Path) -> str:
    return resolve(password, folder, os.environ) if is_reference(password) else password


def _taken(where: Place, password: str, clock: Clock) -> Taken:
    with _client(where, password, clock) as omnitron:
        taken = take_over(omnitron)
    hide(value_at(taken.values, path) for path in secrets())
    return taken


@contextmanager
def _client(where: Place, password: str, clock: Clock) -> Iterator[OmnitronClient]:
    deadline = Deadline(clock, _PATIENCE)
    logins = Session(where.url, deadline=deadline)
    login = OmnitronLogin(logins, where.username, password, _Forgetful())
    # As a dry run: no request leaves that would change anything.
    session = Session(
        where.url,
        deadline=deadline,
        signer=login,
        dry_run=True,
        request_id_header="x-request-id",
    )
    try:
        yield OmnitronClient(session, where.channel_id)
    finally:
        logins.close()
        session.close()


def _host(url: str) -> str:
    """The address without the path people copy along with it."""
    return url.partition("/api/")[0].rstrip("/")
