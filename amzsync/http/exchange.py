"""One request out and one reply in, with httpx; nothing above this module sees it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import httpx

from amzsync.clock import Deadline

_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to connect, and to wait for the next byte of a reply."""

    connect: float = 5.0
    read: float = 30.0


@cache
def authorities() -> ssl.SSLContext:
    """The certificate authorities trusted here; read once a process, for that takes its time."""
    return httpx.create_ssl_context()


@cache
def nobody() -> ssl.SSLContext:
    """Trust in no authority, so that TLS fails: for plain addresses, which never speak it."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def open_client(
    timeouts: Timeouts, in_flight: int, user_agent: str, *, trust: ssl.SSLContext | None = None
) -> httpx.Client:
    """An httpx client as both the sessions and the document transfers use it."""
    return httpx.Client(
        verify=trust or authorities(),
        headers={"user-agent": user_agent, "accept": "application/json"},
        timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect),
        limits=httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight),
        # A proxy of the environment is for what lies outside, never for this machine itself.
        mounts=dict.fromkeys(_LOOPBACK),
        follow_redirects=False,
    )


def exchange(
    client: httpx.Client,
    request: httpx.Request,
    deadline: Deadline,
    max_bytes: int,
    into: Callable[[bytes], object] | None = None,
) -> tuple[int | None, Mapping[str, str], bytes, str | None]:
    """Send one request: (status, headers, body, fault).

    No status: the request may or may not have arrived; the fault starts with "not sent" when it
    cannot have. A status and a fault: the body was cut off. With `into` the body goes there.
    """
    body = bytearray()
    sink = into or body.extend
    status: int | None = None
    headers: Mapping[str, str] = {}
    try:
        response = client.send(request, stream=True)
        try:
            status, headers = response.status_code, response.headers
            size = 0
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > max_bytes:
                    return status, headers, b"", f"longer than {max_bytes} bytes"
                if deadline.remaining() <= 0:
                    return status, headers, b"", "--max-runtime is over"
                sink(chunk)
        finally:
            response.close()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return None, {}, b"", f"not sent: {_why(error)}"
    except httpx.TimeoutException as error:
        return status, headers, b"", f"no answer in time: {type(error).__name__}"
    except (httpx.TransportError, httpx.DecodingError) as error:
        return status, headers, b"", f"connection cut: {type(error).__name__}"
    return status, headers, bytes(body), None


def _why(error: BaseException) -> str:
    """Why no connection came about, in words; httpx wraps what the system said."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its TLS certificate is not trusted ({cause.verify_message})"
        if isinstance(cause, socket.gaierror):
            return "its name cannot be resolved"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection was refused"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
