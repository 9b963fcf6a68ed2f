"""Carriers: Amazon writes them as free text, Omnitron has a row and a slug for each."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from amzsync.config.channel import ShippingCompany


def cargo_company_of(
    carrier: str,
    companies: Iterable[Mapping[str, Any]],
    mapping: Mapping[str, ShippingCompany],
) -> int | None:
    """The pk of the cargo company Amazon's carrier is; None where none fits.

    `companies` are Omnitron's rows (pk, name, erp_code, shipping_company); `mapping` is the
    channel's shipping_company_mapping, slug to Amazon's name, read backwards here.
    """
    wanted = _plain(carrier)
    if not wanted:
        return None
    slugs = {slug for slug, company in mapping.items() if wanted in _amazons_names(company)}
    for row in companies:
        names = (row.get("name"), row.get("erp_code"), row.get("shipping_company"))
        if row.get("shipping_company") in slugs or wanted in [_plain(name or "") for name in names]:
            return int(row["pk"])
    return None


def _amazons_names(company: ShippingCompany) -> set[str]:
    """What Amazon may call it; "Other" is the code of every carrier that has none."""
    return {_plain(name) for name in (company.name, company.code) if name and name != "Other"}


def _plain(text: str) -> str:
    """Trimmed, without case, accents and the difference of dotted and dotless i."""
    folded = unicodedata.normalize("NFKD", text.strip().replace("ı", "i").replace("İ", "I"))
    return "".join(char for char in folded if not unicodedata.combining(char)).casefold()
