"""`amzsync cron print` as its user meets it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from amzsync.cli.app import run
from tests.shop import Ran, Shop


def lines(ran: Ran) -> list[str]:
    """The lines cron reads."""
    return [line for line in ran.out.splitlines() if line and not line.startswith("#")]


def with_flags(shop: Shop, *, pull: bool, push: bool) -> Ran:
    """What is printed with these two flows on or off."""
    shop.configure({"get_orders": pull, "send_updated_product_stock": push}, category_ids="")
    ran = shop.run("cron", "print")
    assert ran.code == 0
    return ran


def test_there_is_a_line_for_every_flow_that_is_on_and_for_what_watches_them(shop: Shop) -> None:
    ran = with_flags(shop, pull=True, push=False)
    assert ran.err == ""
    pull, report, alarms = (shlex.split(line) for line in lines(ran))
    config = ["--config", str(shop.config)]
    assert pull[-6:] == ["orders", "pull", *config, "--max-runtime", "900"]
    assert Path(pull[-7]).is_absolute()
    assert report[-6:] == ["report", "--fix", *config, "--max-runtime", "900"]
    assert alarms[-3:] == ["alarms", *config]
    assert len(lines(with_flags(shop, pull=True, push=True))) == 4


def test_with_nothing_on_there_is_nothing_to_run(shop: Shop) -> None:
    none = with_flags(shop, pull=False, push=False)
    assert lines(none) == []
    assert "nothing to run" in none.err


def test_paths_are_absolute_for_a_relative_config(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(shop.folder)
    assert run(["cron", "print", "--config", shop.config.name]) == 0
    assert f"--config {shop.config} " in capsys.readouterr().out


def test_the_variables_cron_does_not_have_are_named_and_not_shown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SECRET", "canary-of-the-environment")
    monkeypatch.setenv("AMZSYNC_BUFFER_STOCK", "3")
    shop.configure(client_secret="env:SHOP_SECRET")
    ran = shop.run("cron", "print")
    assert ran.code == 0
    assert "the config reads AMZSYNC_BUFFER_STOCK, SHOP_SECRET from the environment" in ran.err
    assert "canary" not in ran.out + ran.err


def test_every_line_printed_runs(shop: Shop) -> None:
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    for line in lines(with_flags(shop, pull=True, push=True)):
        words = shlex.split(line.split("; ")[-1])
        at = next(n for n, word in enumerate(words) if word.endswith("amzsync")) + 1
        assert run(words[at:], shop.clock) == 0, words
