"""The table of operations, and the header every one of them carries."""

from __future__ import annotations

import platform

import pytest

from amzsync.amazon.assumptions import USER_AGENT_LIMIT
from amzsync.amazon.client import user_agent
from amzsync.amazon.operations import OPERATIONS, PATCH_LISTINGS_ITEM, preview_of

READS = {"GET"}


def test_only_reading_methods_count_as_reading() -> None:
    assert {name for name, row in OPERATIONS.items() if row.mutates} == {
        name for name, row in OPERATIONS.items() if row.method not in READS
    }


def test_only_what_starts_a_job_cannot_be_repeated() -> None:
    assert {name for name, row in OPERATIONS.items() if not row.repeatable} == {
        "createFeed",
        "createReport",
    }


def test_every_operation_is_paced() -> None:
    assert all(row.rate and row.burst >= 1 for row in OPERATIONS.values())


def test_a_preview_draws_from_the_bucket_of_the_real_thing() -> None:
    preview = preview_of(PATCH_LISTINGS_ITEM)
    assert not preview.mutates
    assert preview.bucket_name == PATCH_LISTINGS_ITEM.bucket_name


def test_the_user_agent_names_application_and_language() -> None:
    header = user_agent("amzsync", "0.1.0")
    assert header.startswith(f"amzsync/0.1.0 (Language=Python/{platform.python_version()}; ")
    assert header.endswith(")")


def test_the_user_agent_is_escaped_by_the_guides_rules() -> None:
    assert user_agent("a/b", "1(2").startswith("a\\/b/1\\(2 (Language=")


def test_a_platform_cannot_end_the_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "release", lambda: "6.1); evil=\n")
    assert user_agent("amzsync", "1").endswith("/6.1\\)\\; evil=?)")


def test_the_longest_user_agent_is_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "release", lambda: ";" * 1000)
    header = user_agent("/" * 1000, "(" * 1000)
    assert len(header) < USER_AGENT_LIMIT
    assert header.endswith(")")
    assert header.isascii()
