"""What a config file can take over from a channel's settings in Omnitron."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from amzsync.config import FeatureFlags
from amzsync.config.manual import ManualSettings
from amzsync.config.rules import needed_by_flags
from amzsync.mapping.channel_conf import channel_conf
from amzsync.omnitron.client import OmnitronClient


@dataclass(frozen=True, slots=True)
class Taken:
    """A channel's settings as a file nests them.

    `left`: keys of Omnitron's form that cannot be taken over, and why. `missing`: settings a file
    needs that Omnitron does not have.
    """

    name: str
    values: dict[str, Any]
    left: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def take_over(omnitron: OmnitronClient) -> Taken:
    """The settings of the client's channel. Errors: those of Omnitron's client."""
    channel = omnitron.channels.get()
    found = channel_conf(channel.conf, channel.conf_schema)
    values: dict[str, Any] = {
        **({"channel_name": channel.name} if channel.name else {}),
        "status": "Active" if channel.is_active else "Inactive",
        **found.settings,
        **found.extra,
        **({"schema_type": found.added} if found.added else {}),
    }
    if channel.catalog is not None:
        catalog = omnitron.catalogs.get(channel.catalog)
        values |= {"catalog_name": catalog.name} if catalog.name else {}
    return Taken(channel.name, values, {**found.refused, **_unset_flags(values)}, _missing(values))


def _unset_flags(values: dict[str, Any]) -> dict[str, str]:
    given = values.get("feature_flags", {})
    unset = [flag for flag in FeatureFlags.model_fields if flag not in given]
    return dict.fromkeys([", ".join(unset)] if unset else [], _SET_FALSE)


def _missing(values: dict[str, Any]) -> tuple[str, ...]:
    """What a file needs; feature_flags and [omnitron] are written in any case."""
    required = (name for name, field in ManualSettings.model_fields.items() if field.is_required())
    lacking = [name for name in required if name not in values and name != "feature_flags"]
    return (*lacking, *needed_by_flags(values))


_SET_FALSE = "of feature_flags: not set in Omnitron, so written as false"
