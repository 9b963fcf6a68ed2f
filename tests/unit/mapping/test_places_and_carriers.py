"""How addresses and carriers are written at Amazon, and what they are at Omnitron."""

from __future__ import annotations

import pytest

from amzsync.amazon.models.orders import Address, AddressExtendedFields
from amzsync.config.channel import ShippingCompany
from amzsync.mapping.addresses import cities, names, neighbourhoods, townships
from amzsync.mapping.carriers import cargo_company_of

COMPANIES = [
    {"pk": 1, "name": "MNG Kargo", "erp_code": "E-1", "shipping_company": "mng"},
    {"pk": 4, "name": "Yurtiçi Kargo", "erp_code": "E-4", "shipping_company": "yurtici"},
    {"pk": 7, "name": "Sürat", "erp_code": None, "shipping_company": None},
]


@pytest.mark.parametrize(
    ("line", "tried"),
    [
        ("Caferağa Mah. Moda Cad. 1", ["Caferağa Mah.", "Caferağa Mahallesi", "Caferağa"]),
        ("Kat 2, Yeni Cami Mahallesi", ["Yeni Cami Mahallesi", "Yeni Cami Mah.", "Yeni Cami"]),
        ("İNÖNÜ MH. 5", ["İNÖNÜ MH.", "İNÖNÜ Mah.", "İNÖNÜ Mahallesi", "İNÖNÜ"]),
        (
            "No: 5 Caferağa Mah.",
            [
                *("5 Caferağa Mah.", "5 Caferağa Mahallesi", "5 Caferağa"),
                *("Caferağa Mah.", "Caferağa Mahallesi", "Caferağa"),
            ],
        ),
        ("Mahmutbey Cad. 3", []),
        ("", []),
    ],
)
def test_a_neighbourhood_is_tried_as_written_and_as_usually_spelled(
    line: str, tried: list[str]
) -> None:
    assert list(neighbourhoods(Address(address_line2=line))) == tried


def test_amazons_field_for_it_is_enough_without_the_word() -> None:
    address = Address(
        address_line1="Caferağa Mah.",
        extended_fields=AddressExtendedFields(neighborhood="Osmanağa"),
    )
    assert neighbourhoods(address) == ("Osmanağa", "Osmanağa Mah.", "Osmanağa Mahallesi")


def test_each_place_is_tried_once() -> None:
    address = Address(state_or_region=" Ankara", city="Ankara", municipality="Çankaya")
    assert cities(address) == ("Ankara",)
    assert townships(address) == ("Çankaya", "Ankara")


def test_a_name_has_two_parts_whatever_it_is() -> None:
    assert names("  Ayşe  Gül Örnek ") == ("Ayşe Gül", "Örnek")
    assert names("ニコ") == ("ニコ", "-")
    assert names("   ") == ("-", "-")


@pytest.mark.parametrize(
    ("carrier", "pk"),
    [
        ("Yurtiçi Kargo", 4),
        ("YURTİÇİ KARGO", 4),
        ("yurtici kargo", 4),
        ("yurtici", 4),
        (" e-1 ", 1),
        ("Surat", 7),
        ("MNG Express", 1),
        ("MNG_TR", 1),
        ("Bilinmez", None),
        ("Other", None),
        ("", None),
    ],
)
def test_a_carrier_is_recognised_however_it_is_spelled(carrier: str, pk: int | None) -> None:
    mapping = {
        "mng": ShippingCompany(code="MNG_TR", name="MNG Express"),
        "ups": ShippingCompany(code="Other", name="UPS Türkiye"),
    }
    assert cargo_company_of(carrier, COMPANIES, mapping) == pk
