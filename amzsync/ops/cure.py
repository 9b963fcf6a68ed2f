"""What is known of a cause: what its message means, what mends it, which commands go with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KEY: Final = "{key}"  # stands in a command for the record's SKU or order id


@dataclass(frozen=True, slots=True)
class Cure:
    """One known cause.

    `cause` is the code penalties and waiting records carry. `message` is how the fault reads, "..."
    where it differs from record to record: the manual's own words where the manual lists it.
    `commands` are words after `amzsync`, beside those that clear a penalty and run the flow.
    """

    cause: str
    message: str
    means: str
    cure: str
    commands: tuple[str, ...] = ()
