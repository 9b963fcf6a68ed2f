"""Ids and names the config refers to: carriers, reasons, categories; each is there, or is not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from amzsync.config.known import nearest
from amzsync.flows.flow import Context
from amzsync.mapping.refunds import mapped_reason
from amzsync.omnitron.models.orders import CargoCompany
from amzsync.ops.doctor.finding import Finding, ok, problem, warning

_REASON = re.compile(r"[A-Z0-9_-]+")
# As products push words them, see flows.product_goods.
_NO_CATEGORY, _MANY = "Category data not found", "categories instead of exactly one"


def of_cargo_companies(ctx: Context) -> Iterator[Finding]:
    """The cargo company of new orders, those that are never replaced, and those Amazon is told."""
    rows = ctx.omnitron.cargos.all()
    known = ", ".join(f"{row.pk} {row.name}" for row in rows) or "none"
    pks = {row.pk for row in rows}
    wanted = ctx.config.cargo_company_id
    if wanted is not None and wanted not in pks:
        message = f"cargo_company_id {wanted} does not exist; Omnitron has: {known}"
        yield problem("cargo company", message, "set cargo_company_id to one of them")
    elif wanted is not None:
        yield ok("cargo company", f"{wanted} exists")
    gone = [str(pk) for pk in ctx.config.exclude_cargo_company_ids if pk not in pks]
    if gone:
        message = f"exclude_cargo_company_ids has {', '.join(gone)}; Omnitron has: {known}"
        yield warning("excluded cargo companies", message, "take out what does not exist")
    yield from _mapped_carriers(ctx, rows)


def _mapped_carriers(ctx: Context, rows: Sequence[CargoCompany]) -> Iterator[Finding]:
    mapping = ctx.config.shipping_company_mapping
    slugs = [row.shipping_company for row in rows if row.shipping_company]
    for slug in mapping:
        if slug not in slugs:
            near = nearest(slug, slugs)
            hint = f"did you mean {near}?" if near else f"it has: {', '.join(slugs) or 'none'}"
            message = f"shipping_company_mapping has {slug}, which is no carrier of Omnitron's"
            yield warning("carrier names", message, f"{hint} Write Omnitron's slug there")
    if not (mapping and ctx.config.send_shipping_info and ctx.config.flag("send_update_orders")):
        return
    lacking = _carriers_without_name(ctx, rows)
    if lacking:
        told = ", ".join(f"{slug} ({count} orders)" for slug, count in sorted(lacking.items()))
        cure = "add them to shipping_company_mapping with Amazon's name of each carrier"
        yield problem("carriers", f"not in shipping_company_mapping, but in use: {told}", cure)
    else:
        yield ok("carriers", "all that are in use have a name at Amazon")


def _carriers_without_name(ctx: Context, rows: Sequence[CargoCompany]) -> Counter[str]:
    """Carriers of the orders that changed last (one page of them) that Amazon cannot be told of."""
    slugs = {row.pk: row.shipping_company or f"{row.pk} {row.name}" for row in rows}
    orders = ctx.omnitron.orders.updates()
    used = [slugs[o.cargo_company] for o in orders if o.cargo_company in slugs]
    return Counter(slug for slug in used if slug not in ctx.config.shipping_company_mapping)


def of_reasons(ctx: Context) -> Iterator[Finding]:
    """The reasons of cancellations and refunds, by the ids configured for them."""
    config = ctx.config
    refunds = {"default_reason_id": config.default_reason_id} | {
        f"refund_reason_mapping.{key}": pk for key, pk in config.refund_reason_mapping.items()
    }
    for kind, wanted in (
        ("cancel", {"cancellation_reason_id": config.cancellation_reason_id}),
        ("refund", refunds),
    ):
        asked = {key: pk for key, pk in wanted.items() if pk is not None}
        if not asked:
            continue
        known = {row.pk for row in ctx.omnitron.orders.cancellation_reasons(kind)}
        missing = [f"{key} = {pk}" for key, pk in asked.items() if pk not in known]
        subject = f"{kind} reasons"
        if missing:
            ids = ", ".join(map(str, sorted(known))) or "none"
            message = f"Omnitron does not have {', '.join(missing)}; it has: {ids}"
            yield problem(subject, message, "set them to ids it has")
        else:
            yield ok(subject, f"{len(asked)} configured, all exist")


def of_amazons_reasons(ctx: Context) -> Iterator[Finding]:
    """Amazon's reasons: those in the mapping that can be none, and those that came unmapped."""
    mapping = ctx.config.refund_reason_mapping
    odd = [key for key in mapping if not _REASON.fullmatch(key)]
    if odd:
        message = f"refund_reason_mapping has {', '.join(odd)}, which no return will ever come with"
        cure = "write Amazon's codes, in capital letters: CR-UNWANTED_ITEM"
        yield warning("refund reason names", message, cure)
    if not ctx.config.flag("get_refund_orders") or not mapping:
        return
    came = ctx.state.returns.reason_codes(ctx.channel)
    other = {code: times for code, times in came.items() if mapped_reason(code, mapping) is None}
    if other:
        told = ", ".join(f"{code} ({times})" for code, times in other.items())
        message = f"returns came with reasons refund_reason_mapping does not have: {told}"
        cure = "add them, if default_reason_id does not say enough of them"
        yield warning("refund reasons of Amazon", message, cure)


def of_categories(ctx: Context, tree: int | None) -> Iterator[Finding]:
    """The main categories, as the last category run left them; `tree` is the channel's."""
    wanted, nodes = ctx.config.category_ids, ctx.state.category_nodes
    seen = nodes.roots(ctx.channel)
    if wanted and seen:
        covered = nodes.covering(ctx.channel, wanted)
        gone = [each for each in wanted if each not in seen and each not in covered]
        if gone:
            message = f"category_ids has {', '.join(gone)}, which Amazon's tree does not have"
            yield problem("categories", message, "take the ids of main categories from Amazon")
        elif tree is None:
            message = "Amazon's categories were fetched, but the channel has no category tree"
            cure = "run amzsync categories fetch: it makes the tree and binds it to the channel"
            yield problem("category tree", message, cure)
        else:
            yield ok("categories", f"all {len(wanted)} of category_ids are in Amazon's tree")
    if not ctx.config.flag("send_products"):
        return
    held = ctx.state.penalties.list(ctx.channel, "products.push")
    without = [row for row in held if _NO_CATEGORY in row.reason or _MANY in row.reason]
    if without:
        message = (
            f"{len(without)} products have no category of the channel's tree, or more than one"
        )
        cure = "map each to exactly one in the Mapper; amzsync penalties list names them"
        yield warning("category mapping", message, cure)
