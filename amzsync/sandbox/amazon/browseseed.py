"""The browse tree the sandbox begins with: some three hundred invented Turkish categories.

The ids of the roots and of their first children are the examples of the product manual; all other
ids are invented. A branch is a dict, a leaf the product types of its goods; a text stands for a
node that lies elsewhere as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Union

from amzsync.sandbox.amazon.browsetree import BrowseNode, BrowseTree

_Branch = Mapping[str, Union["_Branch", tuple[str, ...], str]]

_CLOTHES: _Branch = {
    "Giyim": {
        "Tişörtler": ("SHIRT",),
        "Gömlekler, Bluzlar": ("SHIRT", "BLOUSE"),
        "Elbiseler": ("DRESS",),
        "Pantolonlar": ("PANTS",),
        "Etekler": ("SKIRT",),
        "Ceketler ve Montlar": ("COAT",),
        "Kazaklar": ("SWEATER",),
        "Pijamalar": ("SLEEPWEAR",),
        "Çoraplar": ("SOCKS",),
        "Mayolar": ("SWIMWEAR",),
    },
    "Ayakkabı": {
        "Günlük Ayakkabılar": ("SHOES",),
        "Spor Ayakkabılar": ("SHOES",),
        "Botlar": ("BOOT",),
        "Sandaletler, Terlikler": ("SANDAL",),
    },
    "Aksesuar": {
        "Şapkalar": ("HAT",),
        "Güneş Gözlükleri": ("SUNGLASSES",),
        "Cüzdanlar": ("WALLET",),
        "Eldivenler": ("HAT",),
    },
}
_JEWELLERY: _Branch = {
    "Kolyeler": ("NECKLACE",),
    "Küpeler": ("EARRING",),
    "Yüzükler": ("RING",),
    "Kol Saatleri": {"Kadın Saatleri": ("WATCH",), "Erkek Saatleri": ("WATCH",)},
}
_FASHION: _Branch = {
    **dict.fromkeys(("Kadın", "Erkek", "Kız Çocuk", "Erkek Çocuk", "Bebek"), _CLOTHES),
    "Takı": _JEWELLERY,
    "Çantalar": {"El Çantaları": ("HANDBAG",), "Sırt Çantaları": ("LUGGAGE", "HANDBAG")},
    "Seyahat": {"Valizler": ("LUGGAGE",), "Seyahat Boy Bakım": "Cilt Bakımı"},
    "Hediye Kartları": (),
}
_ROOMS = ("Mutfak", "Oturma Odası", "Yatak Odası", "Çocuk Odası", "Banyo", "Bahçe ve Balkon")
_FURNISHING: _Branch = {
    "Mobilya": {"Sandalyeler": ("CHAIR",), "Sehpalar": ("HOME",)},
    "Tekstil": {
        "Halılar": ("RUG",),
        "Havlular": ("TOWEL",),
        "Nevresim Takımları": ("BED_LINEN_SET",),
    },
    "Aydınlatma": {"Masa Lambaları": ("LAMP",), "Avizeler": ("LAMP",)},
    "Dekorasyon": {"Vazolar": ("HOME",), "Çerçeveler": ("HOME",)},
}
_HOME: _Branch = {
    **dict.fromkeys(_ROOMS, _FURNISHING),
    "Sofra ve Pişirme": {
        "Tencereler": ("COOKING_POT",),
        "Tabaklar": ("PLATE",),
        "Fincanlar, Bardaklar": ("DRINKING_CUP",),
        "Termoslar ve Mataralar": ("BOTTLE",),
        "Kahve Makineleri": ("COFFEE_MAKER",),
    },
    "Oyuncak": {"Ahşap Oyuncaklar": ("TOYS_AND_GAMES",), "Yapbozlar": ("TOYS_AND_GAMES",)},
}
_ELECTRONICS: _Branch = {
    "Ses": {"Kulaklıklar": ("HEADPHONES",), "Hoparlörler": ("SPEAKERS",)},
    "Kablolar ve Şarj": {"USB Kablolar": ("ELECTRONIC_CABLE",)},
    "Telefon Aksesuarları": {"Telefon Kılıfları": ("CELLULAR_PHONE_CASE",)},
    "Küçük Ev Aletleri": {"Kahve, Çay": "Kahve Makineleri"},
    "Kişisel Bakım": {
        "Cilt Bakımı": {"Nemlendiriciler": ("SKIN_MOISTURIZER",)},
        "Parfümler": ("PERSONAL_FRAGRANCE",),
    },
}
# (root, its first child, the child's name, what lies below)
_ROOTS: tuple[tuple[str, str, str, _Branch], ...] = (
    ("21324944031", "21324945031", "Giyim, Ayakkabı ve Takı", _FASHION),
    ("12466781031", "12466782031", "Ev ve Yaşam", _HOME),
    ("12467009031", "12467010031", "Elektronik ve Bakım", _ELECTRONICS),
)


def seeded_tree() -> BrowseTree:
    """The tree every world begins with."""
    tree = BrowseTree()
    numbers = count(13_600_000)
    elsewhere: list[tuple[str, str]] = []

    def plant(parent: str, branch: _Branch, depth: int) -> None:
        for name, below in branch.items():
            if isinstance(below, str):
                elsewhere.append((parent, below))
                continue
            types = below if isinstance(below, tuple) else ()
            # Below the second level many nodes have no name of their own in the store.
            node = BrowseNode(f"{next(numbers)}031", name, types, name if depth < 2 else "")
            tree.plant(node, parent)
            if not isinstance(below, tuple):
                plant(node.id, below, depth + 1)

    for root, child, name, branch in _ROOTS:
        tree.plant(BrowseNode(root, name))
        tree.plant(BrowseNode(child, name, (), name), root)
        plant(child, branch, 1)
    for parent, name in elsewhere:
        tree.plant(next(node for node in tree if node.name == name), parent)
    return tree
