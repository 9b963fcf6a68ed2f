"""`channel push-schema`: the form of the settings, merged into the channel's in Omnitron."""

from __future__ import annotations

import copy
from typing import Any

from tests.shop import Shop

PUSH = ("channel", "push-schema", "--json")
BRANCH = {"key": "erp_branch", "label": "ERP branch", "required": False, "data_type": "integer"}


def form(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = shop.sandbox.world.omnitron.channels[1].row["schema"]
    return found


def test_missing_entries_are_added_and_existing_ones_stay_as_they_are(shop: Shop) -> None:
    shop.configure({"schema_update": True})
    existing = {
        "base_url": {"key": "base_url", "label": "Adres", "required": False, "data_type": "URL"},
        "Region": {"key": "Region", "label": "Region", "required": True, "data_type": "text"},
        "erp_note": {"key": "erp_note", "label": "Not", "required": False, "data_type": "text"},
    }
    form(shop).update(copy.deepcopy(existing))
    before = copy.deepcopy(form(shop))

    ran = shop.run(*PUSH)

    assert (ran.code, ran.json["counts"]) == (0, {"sent": 1})
    assert {key: form(shop)[key] for key in before} == before
    assert form(shop)["buffer_stock"] == {
        "key": "buffer_stock",
        "label": "Buffer Stock",
        "required": False,
        "data_type": "integer",
    }
    lower = [key.casefold() for key in form(shop)]
    assert len(lower) == len(set(lower))


def test_nothing_is_sent_while_nothing_is_missing(shop: Shop) -> None:
    shop.configure({"schema_update": True})
    shop.run(*PUSH)
    shop.forget_calls()
    ran = shop.run(*PUSH)
    assert (ran.code, ran.json["counts"]) == (0, {})
    assert shop.calls() == {"channels.get": 1}


def test_keys_the_brand_has_added_are_in_the_form(shop: Shop) -> None:
    shop.configure({"schema_update": True}, schema_type={"erp_branch": BRANCH}, erp_branch=34)
    assert shop.run(*PUSH).code == 0
    assert form(shop)["erp_branch"] == BRANCH


def test_it_runs_only_where_schema_update_is_on(shop: Shop) -> None:
    told = shop.run("channel", "push-schema", "-v")
    assert "schema_update is false" in told.err
    assert not shop.calls()
    assert shop.run("channel", "push-schema", "--force").code == 0


def test_a_dry_run_names_what_would_be_added(shop: Shop) -> None:
    shop.configure({"schema_update": True})
    before = copy.deepcopy(form(shop))
    ran = shop.run("channel", "push-schema", "--dry-run")
    assert "buffer_stock" in ran.out
    assert form(shop) == before


def test_it_has_no_crontab_line(shop: Shop) -> None:
    shop.configure({"schema_update": True})
    assert "push-schema" not in shop.run("cron", "print").out
