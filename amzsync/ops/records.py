"""Records as people name them, and the command lines that concern one."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from amzsync.config import Config
from amzsync.errors import UsageError
from amzsync.flows import FLOWS, Entry
from amzsync.ops.cure import KEY, Cure
from amzsync.state.penalties import Penalty
from amzsync.state.state import State

_OPTIONS = {"SKU": "--sku", "order id": "--order"}  # by what a flow calls its records
_PLACEHOLDERS = {"--sku": "SKU", "--order": "ORDER"}


def entry_of(flow: str) -> Entry:
    """The flow of that name, written `stock.push` or `stock push`. Errors: UsageError."""
    for entry in FLOWS:
        if flow in (entry.name, entry.command):
            return entry
    known = ", ".join(entry.command for entry in FLOWS)
    raise UsageError(f"there is no flow {flow!r}; the flows are: {known}")


def ids_of(state: State, channel: str, keys: Iterable[str]) -> dict[str, str]:
    """Each key as the records go by: an order's number in Omnitron becomes Amazon's id."""
    asked = list(dict.fromkeys(keys))
    return dict(zip(asked, asked, strict=True)) | state.known_keys.orders(channel, asked)


def clearing_command(config: Config, penalty: Penalty) -> str:
    """The command line that sets a penalised record free."""
    option = _option(penalty.flow)
    if option is None:  # neither SKU nor order: a category, an attribute
        return cause_command(config, penalty.code, penalty.flow)
    return manual_command(config, "penalties", "clear", option, penalty.key)


def cause_command(config: Config, code: str, flow: str) -> str:
    """The command line that sets free all that a flow holds back for one cause."""
    words = ["penalties", "clear", "--cause", code, "--flow", flow.replace(".", " ")]
    return manual_command(config, *words)


def running_command(config: Config, flow: str, key: str) -> str:
    """The command line that tries one record now."""
    return manual_command(config, *flow.split("."), "--only", key)


def manual_command(config: Config, *words: str) -> str:
    """A command line on the channel, as a shell takes it."""
    return shlex.join(["amzsync", *words, "--config", str(config.path)])


def commands_of(config: Config, cures: Iterable[Cure], flow: str, key: str = "") -> list[str]:
    """The command lines that go with some cures, for that record or for any."""
    placeholder = _PLACEHOLDERS.get(_option(flow) or "--sku", "SKU")
    found: list[str] = []
    for command in dict.fromkeys(each for cure in cures for each in cure.commands):
        words = [word.replace(KEY, key or placeholder) for word in shlex.split(command)]
        found.append(manual_command(config, *words))
    return found


def _option(flow: str) -> str | None:
    kind = next((entry.key for entry in FLOWS if entry.name == flow), "SKU")
    return _OPTIONS.get(kind)
