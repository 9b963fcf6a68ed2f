"""Secrets are named, not written: `env:NAME`, `file:PATH` or `cmd:COMMAND`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

CURE = "write env:NAME, file:PATH or cmd:COMMAND instead"
TIMEOUT = 10.0  # seconds a command may take: a password manager that asks a person never ends


class UnresolvableError(ValueError):
    """The secret cannot be had; the message says why and never holds any part of it."""


def is_reference(value: str) -> bool:
    """Whether the text says where a secret is, rather than being it."""
    return value.startswith(("env:", "file:", "cmd:"))


def variable_of(value: object) -> str | None:
    """The environment variable an `env:` reference names."""
    if isinstance(value, str) and value.startswith("env:"):
        return value.removeprefix("env:").strip()
    return None


def resolve(reference: str, folder: Path, environ: Mapping[str, str]) -> str:
    """The secret a reference leads to, white space around it removed.

    Relative paths start at `folder`, and commands run in it.
    Errors: UnresolvableError.
    """
    kind, _, rest = reference.partition(":")
    rest = rest.strip()
    if not rest:
        raise UnresolvableError(f"nothing follows {kind}:")
    if kind == "env":
        secret = environ.get(rest, "")
    elif kind == "file":
        secret = _from_file(rest, folder)
    else:
        secret = _from_command(rest, folder, environ)
    if not secret.strip():
        raise UnresolvableError(
            f"environment variable {rest} is not set" if kind == "env" else f"{kind}: gives nothing"
        )
    return secret.strip()


def _from_file(name: str, folder: Path) -> str:
    try:
        return (folder / Path(name).expanduser()).read_text(encoding="utf-8")
    except OSError as error:
        raise UnresolvableError(f"file {name} cannot be read: {error.strerror}") from None
    except (ValueError, RuntimeError):  # other bytes; ~user of a user there is not
        raise UnresolvableError(f"file {name} is not UTF-8 text, or has no path") from None


def _from_command(command: str, folder: Path, environ: Mapping[str, str]) -> str:
    import shlex  # here, because most runs start no command
    import subprocess

    try:
        words = shlex.split(command)
        done = subprocess.run(  # noqa: S603 - the operator's own command; no shell reads it
            words,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
        text = done.stdout.decode("utf-8")
    except subprocess.TimeoutExpired:
        raise UnresolvableError(f"the command took longer than {TIMEOUT:.0f} seconds") from None
    except OSError as error:
        raise UnresolvableError(f"the command cannot be started: {error.strerror}") from None
    except ValueError:  # quotes that do not close; bytes that are no text
        raise UnresolvableError("the command's quotes or its output make no sense") from None
    if done.returncode:
        # What it printed is not repeated: it may hold the secret.
        raise UnresolvableError(f"the command ended with exit code {done.returncode}")
    return text
