"""Omnitron: the login, the channel and its catalog, and whether its settings are the file's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from pydantic import SecretStr

from amzsync.config import Config
from amzsync.config.manual import ManualSettings
from amzsync.config.toml_text import toml
from amzsync.errors import AmzsyncError, AuthError, RefusedError
from amzsync.flows.flow import Context
from amzsync.mapping.channel_conf import OBSOLETE, ChannelConf, channel_conf, differences
from amzsync.omnitron.models.channels import Catalog, Channel
from amzsync.ops.doctor.finding import Finding, attempted, ok, problem, unusable, warning
from amzsync.ops.doctor.reference_ids import (
    of_amazons_reasons,
    of_cargo_companies,
    of_categories,
    of_reasons,
)

_LOGIN: Final = "Omnitron login"


def of_omnitron(ctx: Context) -> Iterator[Finding]:
    """The login is the key to everything else, and the channel to what it rests on."""
    address = ctx.config.omnitron.url
    try:
        ctx.omnitron.active_user()
    except AuthError as error:
        yield problem(_LOGIN, str(error), "set [omnitron] username and password to those of a user")
        return
    except AmzsyncError as error:
        yield unusable(_LOGIN, error, address)
        return
    yield ok(_LOGIN, f"{address} lets the user in")
    try:
        channel = ctx.omnitron.channels.get()
    except RefusedError as error:
        message = f"{address} has no channel {ctx.omnitron.channel_id} ({error})"
        cure = "set [omnitron] channel_id to the number in the address of its page"
        yield problem("channel", message, cure)
        return
    except AmzsyncError as error:
        yield unusable("channel", error, address)
        return
    yield _activity(channel)
    yield from attempted(
        address,
        ("catalog", partial(_catalog, ctx, channel)),
        ("cargo company", partial(of_cargo_companies, ctx)),
        ("reasons", partial(of_reasons, ctx)),
        ("refund reasons of Amazon", partial(of_amazons_reasons, ctx)),
        ("categories", partial(of_categories, ctx, channel.category_tree)),
        ("settings", partial(_settings, ctx.config, channel)),
    )


def _activity(channel: Channel) -> Finding:
    if channel.is_active:
        return ok("channel", f"{channel.pk} is active")
    message = f"{channel.pk} is inactive, so no flow runs"
    return warning("channel", message, "activate it in Omnitron's settings")


def _catalog(ctx: Context, channel: Channel) -> Iterator[Finding]:
    pk = ctx.config.omnitron.catalog_id or channel.catalog
    if pk is None:
        cure = "give it one in Omnitron, or set omnitron.catalog_id"
        yield problem("catalog", "the channel has no catalog", cure)
        return
    try:
        catalog: Catalog = ctx.omnitron.catalogs.get(pk)
    except RefusedError as error:
        cure = "set omnitron.catalog_id to the channel's, or leave it blank"
        yield problem("catalog", f"Omnitron has no catalog {pk} ({error})", cure)
        return
    missing = [
        name
        for name, value in (("stock list", catalog.stock_list), ("price list", catalog.price_list))
        if value is None
    ]
    if missing:
        message = f"{pk} has no {' and no '.join(missing)}"
        yield problem("catalog", message, "complete the catalog in Omnitron")
    else:
        yield ok("catalog", f"{pk} has a stock list and a price list")


def _settings(config: Config, channel: Channel) -> Iterator[Finding]:
    """Where the file and the channel's settings in Omnitron differ; the file is what counts."""
    found = channel_conf(channel.conf, channel.conf_schema)
    theirs = {**found.read, **_blank(found)}
    if channel.name:
        theirs["channel_name"] = channel.name
    ours = config.model_dump(by_alias=True, include=set(theirs))
    cure = f"change {config.path}, which counts, or Omnitron (Settings > Sales Channels)"
    told = [*differences(ours, theirs), *differences_of_extra(config.extra, found.extra)]
    for key, mine, other in told:
        yield warning(f"{key} differs", _difference(mine, other), cure)
    for key, why in found.refused.items():
        if key.casefold() not in OBSOLETE and why != "is no setting of amzsync":
            message = f"cannot be compared with the file, as it {why}"
            yield warning(f"{key} in Omnitron", message, "mend it in Omnitron's form")
    if not told:
        yield ok("settings", f"the {len(theirs)} that Omnitron has too are the same in the file")


def differences_of_extra(
    ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Keys the brand added that differ; their names are all there is to tell secrets by."""
    for key, value in theirs.items():
        if ours.get(key) != value:
            yield key, SecretStr(str(ours.get(key, ""))), SecretStr(str(value))


def _blank(found: ChannelConf) -> dict[str, Any]:
    """What a field without a value means: the default. What is required has none."""
    fields = {name: ManualSettings.model_fields[name] for name in found.blank}
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in fields.items()
        if not field.is_required() and name not in (*OBSOLETE, "failed_integration")
    }


def _difference(mine: Any, theirs: Any) -> str:
    if isinstance(mine, SecretStr) or isinstance(theirs, SecretStr):
        return "the file has another value than Omnitron (neither is shown)"
    return f"the file has {_shown(mine)}, Omnitron {_shown(theirs)}"


def _shown(value: Any) -> str:
    if value in (None, "", (), {}):
        return "nothing"
    return toml(value)
