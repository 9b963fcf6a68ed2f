"""The goods both far sides know: one catalogue, built from a number and a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ProductSeed:
    """One product: Omnitron has it in its catalogue, Amazon lists its SKU.

    `listed`: Amazon knows the SKU and Omnitron has its integration action; otherwise the product
    waits to be listed.
    """

    number: int
    sku: str
    asin: str
    ean: str
    name: str
    price: Decimal
    stock: int
    listed: bool = True


# Names and SKUs with the letters and signs that break careless code, each early in the catalogue.
_ODD_SKUS = (
    "A/B+1 %",
    "ŞAPKA-Ü 1",
    "SKU#7?x=1&y",
    "UZUN-" + "X" * 35,
    "küçük.harf_~-1",
)
_GOODS = (
    "Çelik Termos 500 ml",
    "Ahşap Oyuncak Seti",
    "Pamuklu Tişört İnce",
    "Şarj Kablosu Örgülü",
    "抹茶ボウル セット",
    "Bluetooth Kulaklık 🎧",
    "Deri Cüzdan Siyah",
    'Tablet Kılıfı 10.1" Gri',
    "Porselen Fincan Ağaç Desenli",
    "Yağmurluk Iğdır Yeşili",
)
_UNLISTED_EVERY = 50


def seeded(*key: object) -> random.Random:
    """A generator that draws the same for the same key."""
    return random.Random(" ".join(map(str, key)))  # noqa: S311 - repeatable data, nothing secret


def catalogue(skus: int, seed: int = 1) -> list[ProductSeed]:
    """So many products, the same for the same seed; about one in fifty is not listed yet."""
    rng = seeded("catalogue", seed)
    return [_product(number, rng) for number in range(1, skus + 1)]


def _product(number: int, rng: random.Random) -> ProductSeed:
    odd = number // 3 - 1 if number % 3 == 0 else -1
    sku = _ODD_SKUS[odd] if 0 <= odd < len(_ODD_SKUS) else f"SKU-{number:06d}"
    return ProductSeed(
        number=number,
        sku=sku,
        asin=f"B0{number:08d}",
        ean=_ean(869000000000 + number),
        name=f"{_GOODS[number % len(_GOODS)]} {number}",
        price=Decimal(rng.randrange(4990, 199990)).scaleb(-2),
        stock=rng.randrange(4, 120),
        listed=number % _UNLISTED_EVERY != 0,
    )


def _ean(stem: int) -> str:
    """The twelve digits with their check digit."""
    digits = f"{stem:012d}"
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return f"{digits}{-total % 10}"
