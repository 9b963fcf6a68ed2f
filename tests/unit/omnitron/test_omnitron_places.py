"""Places: by name, else by the operator's mapping, else reported."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from amzsync.omnitron.client import OmnitronClient
from amzsync.omnitron.places import Level

from .omnitron_fakes import CHANNEL, Omnitron, client

MAPPED = {"mapping__code__exact": "137_Merkez", "mapping__integration_type": "sales_channel"}
ACTIVE = {"is_active": "True"}


def step(omnitron: Omnitron, path: str, *found: list[int]) -> None:
    """The rows that each question in turn is answered with."""
    answers = [
        httpx.Response(200, json=[{"pk": pk, "name": "x", "is_active": True} for pk in pks])
        for pks in found
    ]
    omnitron.answer("GET", path, *answers)


def test_a_country_is_found_by_its_code(omnitron: Omnitron) -> None:
    step(omnitron, "countries/", [1])
    assert client().places.country("TR", "Türkiye") == 1
    assert omnitron.queries("countries/") == [{"code__exact": "TR", **ACTIVE}]


def test_a_country_is_then_looked_for_by_name_and_by_the_mapping_of_its_code(
    omnitron: Omnitron,
) -> None:
    step(omnitron, "countries/", [], [2, 3], [4])
    assert client().places.country("TR", "Türkiye") == 4
    assert omnitron.queries("countries/") == [
        {"code__exact": "TR", **ACTIVE},
        {"name__exact": "Türkiye", **ACTIVE},
        {"mapping__code__exact": "137_TR", "mapping__integration_type": "sales_channel"},
    ]


def test_a_city_is_looked_for_in_its_country_then_by_mapping_alone(omnitron: Omnitron) -> None:
    step(omnitron, "cities/", [], [34])
    assert client().places.city("Merkez", 1) == 34
    assert omnitron.queries("cities/") == [
        {"name__iexact": "Merkez", "country": "1", **ACTIVE},
        MAPPED,
    ]


def test_a_township_is_looked_for_in_its_city_by_name_and_by_mapping(omnitron: Omnitron) -> None:
    step(omnitron, "townships/", [], [99])
    assert client().places.township("Merkez", 1, 34) == 99
    assert omnitron.queries("townships/") == [
        {"name__iexact": "Merkez", "country": "1", "city": "34", **ACTIVE},
        {**MAPPED, "city": "34", **ACTIVE},
    ]


def test_a_district_is_looked_for_by_its_exact_name_and_by_mapping(omnitron: Omnitron) -> None:
    step(omnitron, "districts/", [], [5])
    assert client().places.district("Merkez", 1, 34, 99) == 5
    inside = {"city": "34", "township": "99", **ACTIVE}
    assert omnitron.queries("districts/") == [
        {"name__exact": "Merkez", "country": "1", **inside},
        {**MAPPED, **inside},
    ]


def test_several_places_are_as_good_as_none(omnitron: Omnitron) -> None:
    step(omnitron, "townships/", [1, 2], [3, 4])
    assert client().places.township("Merkez", 1, 34) is None


def test_one_row_of_many_is_no_hit(omnitron: Omnitron) -> None:
    page = {"count": 9, "next": "?page=2", "results": [{"pk": 1, "name": "x"}]}
    omnitron.answer("GET", "cities/", httpx.Response(200, json=page))
    assert client().places.city("Merkez", 1) is None


def test_without_the_channel_the_mapping_code_is_the_bare_text(omnitron: Omnitron) -> None:
    step(omnitron, "cities/", [], [])
    assert client(mapping_prefix="").places.city("Merkez", 1) is None
    assert omnitron.queries("cities/")[1]["mapping__code__exact"] == "Merkez"


def test_a_place_without_a_name_costs_no_call(omnitron: Omnitron) -> None:
    places = client().places
    assert places.country("", " ") is None
    assert places.city("", 1) is None
    assert places.township(" ", 1, 34) is None
    assert places.district("", 1, 34, 99) is None
    assert omnitron.requests == []


TOWNSHIP = "Address is not valid. channel: 137 code: 137_Merkez model: Township city id: 34"


def report(omnitron: Omnitron, level: Level, to: OmnitronClient) -> tuple[str, dict[str, Any]]:
    omnitron.answer("POST", f"error_reports/{level}/", httpx.Response(201))
    above: dict[Level, tuple[int | None, int | None]] = {
        "city": (None, None),
        "township": (34, None),
        "district": (34, 99),
    }
    city, township = above[level]
    message = to.places.report_unmapped(
        level, "Merkez", country=1, city=city, township=township, parent_name="Örnek"
    )
    (body,) = omnitron.bodies("POST", f"error_reports/{level}/")
    return message, body


def test_an_unmapped_township_is_reported_in_the_manuals_words(omnitron: Omnitron) -> None:
    message, body = report(omnitron, "township", client())
    assert message == f"{TOWNSHIP}, city name: Örnek"
    assert body == {
        "type": "township",
        "remote_code": "137_Merkez",
        "country_id": 1,
        "city_id": 34,
        "name": "Merkez",
        "integration_type": "sales_channel",
        "err_code": "integrations_200_10_1",
        "err_desc": message,
    }


def test_an_unmapped_city_is_reported_with_its_country(omnitron: Omnitron) -> None:
    message, body = report(omnitron, "city", client())
    assert message == (
        "Address is not valid. channel: 137 code: 137_Merkez model: City country id: 1, "
        "country name: Örnek"
    )
    assert body == {
        "type": "city",
        "remote_code": "137_Merkez",
        "country_id": 1,
        "integration_type": "sales_channel",
        "err_code": "integrations_200_10_2",
        "err_desc": message,
    }


def test_an_unmapped_district_is_reported_with_its_township(omnitron: Omnitron) -> None:
    message, body = report(omnitron, "district", client(mapping_prefix=""))
    assert message == (
        "Address is not valid. channel: 137 code: Merkez model: District township id: 99, "
        "township name: Örnek"
    )
    assert body == {
        "type": "district",
        "remote_code": "Merkez",
        "country_id": 1,
        "city_id": 34,
        "township_id": 99,
        "name": "Merkez",
        "integration_type": "sales_channel",
        "err_code": "integrations_200_10_3",
        "err_desc": message,
    }


@pytest.mark.parametrize(("name", "end"), [("", ""), ("Ankara", ", city name: Ankara")])
def test_the_sentence_names_the_parent_only_where_it_is_known(name: str, end: str) -> None:
    assert client().places.unmapped_message("township", "Merkez", 34, name) == TOWNSHIP + end


def test_the_client_counts_its_calls(omnitron: Omnitron) -> None:
    step(omnitron, "cities/", [1])
    side = client()
    side.places.city("Merkez", 1)
    side.places.city("Merkez", 1)
    assert side.calls() == {"list_cities": 2}
    assert side.channel_id == CHANNEL
    side.close()
