"""Countries, cities, townships and districts: found by name, else by the operator's mapping.

An operator maps a marketplace's spelling in Omnitron under a code, "137_Merkez" for channel 137 or
the bare text (A-25); what is found by neither is reported, so that it shows up there for mapping.
Nothing is kept here: callers remember what they asked. Source: omnitron-api.md §2.10.
"""

from __future__ import annotations

from typing import Literal

from amzsync.http.operation import Operation
from amzsync.omnitron.api import Api, Query
from amzsync.omnitron.models.people import Place
from amzsync.omnitron.operations import (
    LIST_CITIES,
    LIST_COUNTRIES,
    LIST_DISTRICTS,
    LIST_TOWNSHIPS,
    REPORT_CITY,
    REPORT_DISTRICT,
    REPORT_TOWNSHIP,
)

Level = Literal["city", "township", "district"]

_ACTIVE = {"is_active": "True"}
_INTEGRATION = "sales_channel"
# level → operation, error code, the level above
_REPORTS: dict[Level, tuple[Operation, str, str]] = {
    "city": (REPORT_CITY, "integrations_200_10_2", "country"),
    "township": (REPORT_TOWNSHIP, "integrations_200_10_1", "city"),
    "district": (REPORT_DISTRICT, "integrations_200_10_3", "township"),
}


class Places:
    """The places of the channel; `mapping_prefix` stands before every mapping code.

    Every look-up gives a pk, or None unless exactly one place fits.
    """

    def __init__(self, api: Api, mapping_prefix: str) -> None:
        self._api = api
        self._prefix = mapping_prefix

    def country(self, code: str, name: str = "") -> int | None:
        """A country by its ISO code, its name, or the mapping of the code."""
        return (
            self._only(LIST_COUNTRIES, {"code__exact": code, **_ACTIVE}, code)
            or self._only(LIST_COUNTRIES, {"name__exact": name, **_ACTIVE}, name)
            or self._only(LIST_COUNTRIES, self._mapping(code), code)
        )

    def city(self, name: str, country: int) -> int | None:
        """A city of a country."""
        return self._only(
            LIST_CITIES, {"name__iexact": name, "country": country, **_ACTIVE}, name
        ) or self._only(LIST_CITIES, self._mapping(name), name)

    def township(self, name: str, country: int, city: int) -> int | None:
        """A township of a city."""
        above: Query = {"country": country, "city": city, **_ACTIVE}
        return self._only(LIST_TOWNSHIPS, {"name__iexact": name, **above}, name) or self._only(
            LIST_TOWNSHIPS, {**self._mapping(name), "city": city, **_ACTIVE}, name
        )

    def district(self, name: str, country: int, city: int, township: int) -> int | None:
        """A district of a township."""
        above: Query = {"city": city, "township": township, **_ACTIVE}
        return self._only(
            LIST_DISTRICTS, {"name__exact": name, "country": country, **above}, name
        ) or self._only(LIST_DISTRICTS, {**self._mapping(name), **above}, name)

    def report_unmapped(
        self,
        level: Level,
        name: str,
        *,
        country: int,
        city: int | None = None,
        township: int | None = None,
        parent_name: str = "",
    ) -> str:
        """Report a place nobody has mapped, and return the manual's sentence about it.

        `parent_name` is the name of the country, city or township it lies in.
        """
        operation, code, parent = _REPORTS[level]
        parents = {"country": country, "city": city, "township": township}
        message = self.unmapped_message(level, name, parents[parent], parent_name)
        body: dict[str, object] = {
            "type": level,
            "remote_code": self._prefix + name,
            "country_id": country,
            "integration_type": _INTEGRATION,
            "err_code": code,
            "err_desc": message,
        }
        if level != "city":
            body |= {"city_id": city, "name": name}
        if level == "district":
            body["township_id"] = township
        self._api.send(operation, json=body)
        return message

    def unmapped_message(
        self, level: Level, name: str, parent: int | None, parent_name: str = ""
    ) -> str:
        """`Address is not valid. …`, spelled as the manual spells it."""
        above = _REPORTS[level][2]
        named = f", {above} name: {parent_name}" if parent_name else ""
        return (
            f"Address is not valid. channel: {self._api.channel_id} code: {self._prefix}{name} "
            f"model: {level.capitalize()} {above} id: {parent}{named}"
        )

    def _mapping(self, text: str) -> Query:
        return {
            "mapping__code__exact": self._prefix + text,
            "mapping__integration_type": _INTEGRATION,
        }

    def _only(self, operation: Operation, query: Query, text: str) -> int | None:
        """The pk of the only place that fits; an empty text fits none and costs no call."""
        if not text.strip():
            return None
        page = self._api.page(operation, Place, query, limit=2)
        return page.rows[0].pk if len(page) == 1 and not page.more else None
