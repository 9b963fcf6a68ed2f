"""What Omnitron knows and rarely changes, asked once and remembered for its lifetime."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from amzsync.errors import RecordError, UnmappedError
from amzsync.flows.flow import Context
from amzsync.omnitron.models.channels import Catalog, Channel

if TYPE_CHECKING:
    from amzsync.mapping.addresses import AddressPlan
    from amzsync.omnitron.places import Level

CHANNEL_LIFE = timedelta(minutes=10)  # how late a channel switched off in Omnitron may be noticed
CATALOG_LIFE = timedelta(days=1)
PLACE_LIFE = timedelta(days=1)
PRODUCT_LIFE = timedelta(hours=6)
CARGO_LIFE = timedelta(days=1)

# Two threads that want the same city ask for it once.
_asking = threading.RLock()


def remembered(
    ctx: Context, kind: str, key: str, lifetime: timedelta, ask: Callable[[], Any]
) -> Any:
    """The JSON value of that name, from the state while it lives, else asked for.

    None is not remembered: what is missing today is what somebody is about to add.
    """
    with _asking:
        hit = ctx.state.lookups.get(ctx.channel, kind, key)
        if hit is not None:
            return hit.value
        value = ask()
        if value is not None:
            ctx.state.lookups.put(ctx.channel, kind, key, value, lifetime)
        return value


def forget(ctx: Context, *kinds: str) -> None:
    """Ask anew for these next time: Omnitron has refused something that rests on them."""
    for kind in kinds:
        ctx.state.lookups.drop(ctx.channel, kind)


def channel_is_active(ctx: Context) -> bool:
    """Whether Omnitron says that the channel runs."""
    return bool(_channel(ctx)["is_active"])


def catalog(ctx: Context) -> Catalog:
    """The channel's catalog, with its stock and price list."""

    def ask() -> dict[str, Any]:
        pk = ctx.config.omnitron.catalog_id or _channel(ctx)["catalog"]
        if pk is None:
            raise RecordError("the channel has no catalog in Omnitron", code="no_catalog")
        return ctx.omnitron.catalogs.get(pk).model_dump(mode="json")

    return Catalog.model_validate(remembered(ctx, "catalog", "", CATALOG_LIFE, ask))


def content_type_id(ctx: Context, model: str) -> int:
    """Omnitron's number of a model."""
    found = remembered(
        ctx, "content_type", model, CATALOG_LIFE, lambda: ctx.omnitron.content_types.id_of(model)
    )
    return int(found)


def products_by_sku(ctx: Context, skus: Sequence[str]) -> dict[str, int]:
    """Omnitron product pk of each SKU that is linked to one, in as few calls as it takes."""
    found: dict[str, int] = {}
    missing: list[str] = []
    for sku in skus:
        hit = ctx.state.lookups.get(ctx.channel, "product", sku)
        if hit is None:
            missing.append(sku)
        else:
            found[sku] = hit.value
    for action in ctx.omnitron.integration_actions.by_remote_ids("product", missing):
        if action.remote_id is not None:
            found[action.remote_id] = action.object_id
            ctx.state.lookups.put(
                ctx.channel, "product", action.remote_id, action.object_id, PRODUCT_LIFE
            )
    # What has left the catalog has no link any more, and orders of it still come in.
    known = ctx.state.listings.by_skus(ctx.channel, [sku for sku in missing if sku not in found])
    return found | {sku: row.product_pk for sku, row in known.items() if row.withdrawn_at}


def cargo_companies(ctx: Context) -> list[dict[str, Any]]:
    """All cargo companies of the channel, as JSON rows (pk, name, erp_code, shipping_company)."""

    def ask() -> list[dict[str, Any]]:
        return [row.model_dump(mode="json") for row in ctx.omnitron.cargos.all()]

    rows: list[dict[str, Any]] = remembered(ctx, "cargos", "", CARGO_LIFE, ask)
    return rows


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an address lies, in Omnitron's pks."""

    country: int
    city: int
    township: int
    district: int | None


def places(ctx: Context, address: AddressPlan) -> Placed:
    """The pks of an address's country, city, township and district.

    A place Omnitron does not know is reported there for mapping. Errors: UnmappedError with the
    manual's sentence; a district is asked for only where the plan names one.
    """
    country = _country(ctx, address.country_code)
    city = _place(ctx, "city", address.cities, country=country, parent_name=address.country_code)
    township = _place(
        ctx,
        "township",
        address.townships,
        country=country,
        city=city,
        parent_name=address.cities[0],
    )
    district = None
    if address.districts:
        district = _place(
            ctx,
            "district",
            address.districts,
            country=country,
            city=city,
            township=township,
            parent_name=address.townships[0],
        )
    return Placed(country, city, township, district)


def _channel(ctx: Context) -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        channel: Channel = ctx.omnitron.channels.get()
        # The rest of the channel holds its settings, secrets included.
        return {"is_active": channel.is_active, "catalog": channel.catalog}

    found: dict[str, Any] = remembered(ctx, "channel", "", CHANNEL_LIFE, ask)
    return found


def _country(ctx: Context, code: str) -> int:
    pk = remembered(ctx, "country", code, PLACE_LIFE, lambda: ctx.omnitron.places.country(code))
    if pk is None:
        raise UnmappedError(
            f"Address is not valid. channel: {ctx.omnitron.channel_id} code: {code} model: Country",
            code="country",
        )
    return int(pk)


def _place(
    ctx: Context,
    level: Level,
    names: Sequence[str],
    *,
    country: int,
    city: int | None = None,
    township: int | None = None,
    parent_name: str,
) -> int:
    """The first of these names that Omnitron knows there."""
    above = [pk for pk in (country, city, township) if pk is not None]
    look_up: Callable[..., int | None] = getattr(ctx.omnitron.places, level)
    for name in names:
        key = "/".join([*map(str, above), name.casefold()])
        pk = remembered(ctx, level, key, PLACE_LIFE, partial(look_up, name, *above))
        if pk is not None:
            return int(pk)
    if not names:
        raise UnmappedError(f"the address names no {level}", code=level)
    message = ctx.omnitron.places.report_unmapped(
        level, names[0], country=country, city=city, township=township, parent_name=parent_name
    )
    raise UnmappedError(message, code=level)
