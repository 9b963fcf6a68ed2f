"""How a brand describes its goods: attributes, families of variations, pictures, texts."""

from __future__ import annotations

from dataclasses import dataclass

FAMILY = 6  # products under one base code: every size of two colours
_BRANDS = ("Örnek Giyim", "Deneme Ev", "Numune Spor")
_COLOURS = ("siyah", "beyaz", "kırmızı", "lacivert", "yeşil", "haki")
_SIZES = ("S", "M", "L")
_MATERIALS = ("pamuk", "çelik", "deri", "ahşap", "porselen")
_TEXT = (
    "{name}: {brand} koleksiyonundan {colour} renk, {size} beden. "
    "Malzemesi {material}; günlük kullanıma uygundur, ılık suda yıkanır."
)


@dataclass(frozen=True, slots=True)
class Described:
    """What a brand tells of one product besides name and EAN."""

    base_code: str
    description: str
    attributes: dict[str, str]
    images: tuple[str, ...]


def described(number: int, name: str) -> Described:
    """The description of a product by its number, the same whenever asked.

    Neighbours form a family: one base code, brand and material; colour and size tell them apart.
    """
    family, member = divmod(number - 1, FAMILY)
    brand = _BRANDS[family % len(_BRANDS)]
    material = _MATERIALS[family % len(_MATERIALS)]
    colour = _COLOURS[(family + member // len(_SIZES)) % len(_COLOURS)]
    size = _SIZES[member % len(_SIZES)]
    text = _TEXT.format(name=name, brand=brand, colour=colour, size=size, material=material)
    return Described(
        base_code=f"MODEL-{family + 1:05d}",
        description=text,
        attributes={
            "marka": brand,
            "renk": colour,
            "boyut": size,
            "materyal": material,
            "koleksiyon": "2026 Kış",
        },
        images=tuple(f"https://cdn.example.com/urunler/{number:06d}-{view}.jpg" for view in (1, 2)),
    )
