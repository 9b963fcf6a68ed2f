"""Countries, cities, townships, districts, retail stores, cargo companies.

Source: omnitron-api §2.10. `mapping__code__exact` finds what an operator mapped by hand
(`OmnitronWorld.add_mapping`); the code is a marketplace's spelling, as `137_Merkez`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from amzsync.sandbox.http import Reply, Request, Route
from amzsync.sandbox.omnitron.channel import Channel, DictTable
from amzsync.sandbox.omnitron.query import PK, Field, Fields, boolean, ints, texts
from amzsync.sandbox.omnitron.routing import channel_route, found, listing
from amzsync.sandbox.omnitron.rows import Table, shown

if TYPE_CHECKING:
    from amzsync.sandbox.omnitron.world import OmnitronWorld

INTEGRATION_TYPE = "sales_channel"
RESOURCES = {
    "countries": "country",
    "cities": "city",
    "townships": "township",
    "districts": "district",
}

# Ranges apart, so that a key taken for another level's never hits.
_FIRST_PK = {"country": 1, "city": 101, "township": 1001, "district": 10001}

_CITIES: dict[str, dict[str, tuple[str, ...]]] = {
    # "Istanbul" with a plain I, as Amazon's own sample for Türkiye spells it. A city stored as
    # "İstanbul" would never be found: iexact upper-cases, and İ is no upper case of i there.
    "Istanbul": {
        "Kadıköy": ("Caferağa Mah.", "Osmanağa Mah."),
        "Beyoğlu": ("Cihangir Mah.",),
        "Şişli": ("Mecidiyeköy Mah.",),
    },
    "Ankara": {"Çankaya": ("Kızılay Mah.",), "Keçiören": ("Etlik Mah.",)},
    "İzmir": {"Konak": ("Alsancak Mah.",), "Karşıyaka": ("Bostanlı Mah.",)},
    "Bursa": {"Nilüfer": ("Görükle Mah.",)},
    "Antalya": {"Muratpaşa": ("Kılınçarslan Mah.",)},
    "Eskişehir": {"Tepebaşı": ("Hoşnudiye Mah.",)},
}
_GERMAN_CITIES: dict[str, dict[str, tuple[str, ...]]] = {"Berlin": {"Mitte": ()}, "München": {}}
_COUNTRIES = {
    "TR": ("Türkiye", _CITIES),
    "DE": ("Deutschland", _GERMAN_CITIES),
    "FR": ("France", {}),
    "GB": ("United Kingdom", {}),
}
_CARGOS = (
    ("mng", "MNG Kargo"),
    ("aras", "Aras Kargo"),
    ("ups", "UPS"),
    ("yurtici", "Yurtiçi Kargo"),  # pk 4, the manual's Cargo Company Id
    ("surat", "Sürat Kargo"),
    ("ptt", "PTT Kargo"),
)


class Places:
    """The place tables by level, and what operators mapped to their rows."""

    def __init__(self, date: str) -> None:
        self._date = date
        self._codes: dict[tuple[str, int], list[str]] = {}
        self.tables: dict[str, DictTable] = {level: Table() for level in RESOURCES.values()}
        for code, (name, cities) in _COUNTRIES.items():
            country = self._add("country", name, code=code)
            for city_name, townships in cities.items():
                city = self._add("city", city_name, country=country)
                for township_name, districts in townships.items():
                    inside = {"country": country, "city": city}
                    township = self._add("township", township_name, **inside)
                    for district in districts:
                        self._add("district", district, **inside, township=township)

    def _add(self, level: str, name: str, **above: Any) -> int:
        table = self.tables[level]
        pk = _FIRST_PK[level] + len(table)
        row = {"pk": pk, "name": name, "is_active": True, **above, "translations": None}
        table.add({**row, "modified_date": self._date, "created_date": self._date})
        return pk

    def __getitem__(self, level: str) -> DictTable:
        return self.tables[level]

    def pk_of(self, level: str, name: str) -> int:
        """The key of a place by its exact name. Errors: KeyError."""
        for row in self.tables[level]:
            if row["name"] == name:
                pk: int = row["pk"]
                return pk
        raise KeyError(name)

    def add_mapping(self, level: str, code: str, pk: int) -> None:
        """Map a code to a place. Errors: KeyError when the place is not there."""
        table = self.tables[level]
        table.change(table.rows[pk])  # the remembered listings are stale now
        self._codes.setdefault((level, pk), []).append(code)

    def fields(self, level: str) -> Fields:
        """The filters of a level."""

        def codes(row: Any) -> Iterable[str]:
            return self._codes.get((level, row["pk"]), ())

        def types(row: Any) -> Iterable[str]:
            return (INTEGRATION_TYPE,) if codes(row) else ()

        above = {"country": ("code",), "city": ("country",), "township": ("country", "city")}
        parents = above.get(level, ("country", "city", "township"))
        return {
            **PK,
            **texts("name"),
            **(texts(*parents) if level == "country" else ints(**{each: each for each in parents})),
            "is_active": Field("is_active", boolean),
            "mapping__code": Field(codes),
            "mapping__integration_type": Field(types),
        }


def cargo_table(date: str) -> DictTable:
    """The cargo companies."""
    table: DictTable = Table()
    for pk, (slug, name) in enumerate(_CARGOS, start=1):
        row = {"pk": pk, "name": name, "erp_code": f"ERP-{slug}", "shipping_company": slug}
        table.add({**row, "modified_date": date, "created_date": date})
    return table


def retail_store_table(date: str) -> DictTable:
    """One shop where orders can be picked up."""
    table: DictTable = Table()
    row = {"pk": 1, "name": "Örnek Mağaza", "erp_code": "STORE-1", "is_active": True}
    table.add({**row, "modified_date": date, "created_date": date})
    return table


def _place_routes(resource: str, level: str) -> list[Route]:
    def places(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
        return listing(world, request, world.places[level], world.places.fields(level), shown)

    def place(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
        return Reply(200, found(world.places[level], request))

    return [
        channel_route("GET", f"{resource}/", f"{resource}.list", places),
        channel_route("GET", f"{resource}/{{pk}}/", f"{resource}.get", place),
    ]


def cargo_list(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """The cargo companies."""
    fields: Fields = {**PK, **texts("erp_code", "shipping_company", "name")}
    return listing(world, request, world.cargos, fields, shown)


def cargo_item(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """One cargo company."""
    return Reply(200, found(world.cargos, request))


def retail_store_list(world: OmnitronWorld, _channel: Channel, request: Request) -> Reply:
    """The shops."""
    return listing(world, request, world.retail_stores, {**PK, **texts("erp_code", "name")}, shown)


ROUTES = [
    *(each for resource, level in RESOURCES.items() for each in _place_routes(resource, level)),
    channel_route("GET", "retail_stores/", "retail_stores.list", retail_store_list),
    channel_route("GET", "cargos/", "cargos.list", cargo_list),
    channel_route("GET", "cargos/{pk}/", "cargos.get", cargo_item),
]
