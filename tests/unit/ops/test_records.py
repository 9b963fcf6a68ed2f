"""Keys people hand in: CSV files, flow names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amzsync.errors import UsageError
from amzsync.flows import FLOWS
from amzsync.ops.records import entry_of, keys_in


def file_of(folder: Path, content: str | bytes) -> Path:
    path = folder / "keys.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        ("A-1\nA-2\n", ["A-1", "A-2"]),
        ("A-1\r\nA-2", ["A-1", "A-2"]),
        ("sku\nA-1\nA-2\n", ["A-1", "A-2"]),
        ("SKU\nA-1\n", ["A-1"]),
        ("order\n403-0000001-0000001\n", ["403-0000001-0000001"]),
        ("name,sku,stock\nTermos,A-1,3\nFincan,A-2,4\n", ["A-1", "A-2"]),
        ("name;sku\nTermos, büyük;A-1\n", ["A-1"]),
        ("\ufeffsku\nŞAPKA-Ü 1\n", ["ŞAPKA-Ü 1"]),
        ("\ufeffA-1\n", ["A-1"]),
        ('"A,1"\nA/B+1 %\n', ["A,1", "A/B+1 %"]),
        ("\n  A-1  \n\n\nA-1\nA-2\n", ["A-1", "A-2"]),
    ],
)
def test_a_csv_file_gives_its_keys_once_and_in_order(
    tmp_path: Path, content: str, keys: list[str]
) -> None:
    assert keys_in(file_of(tmp_path, content)) == keys


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "holds no keys"),
        ("\n \n", "holds no keys"),
        ("sku\n", "a header and no keys below it"),
        ("A-1\nA-2,3\n", "line 2: 2 columns and no header"),
        ("name,sku\nTermos,A-1\nFincan\n", "line 3: has no key in column 2"),
        ("name,sku\nTermos,A-1\n\nFincan,\n", "line 4: has no key in column 2"),
        ('A-1\n"A-2\n', "line 2: is not CSV"),
        (b"A-1\nA-2\n\xff\n", "line 3: is not UTF-8"),
    ],
)
def test_a_bad_file_is_a_usage_error_that_names_the_line(
    tmp_path: Path, content: str | bytes, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        keys_in(file_of(tmp_path, content))


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        keys_in(tmp_path / "none.csv")


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1), min_size=1
    )
)
def test_every_key_survives_the_file_written_by_a_csv_writer(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str]
) -> None:
    import csv

    path = tmp_path_factory.mktemp("csv") / "keys.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["sku", "name"], *([key, "x"] for key in keys)])
    assert keys_in(path) == list(dict.fromkeys(keys))


def test_a_flow_is_known_by_its_name_and_its_command() -> None:
    for entry in FLOWS:
        assert entry_of(entry.name) is entry_of(entry.command) is entry
    with pytest.raises(UsageError, match=r"the flows are: orders pull, .*, stock push"):
        entry_of("stok")
