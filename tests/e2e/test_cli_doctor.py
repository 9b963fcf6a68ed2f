"""`amzsync doctor` and `amzsync cron`: whether a channel can run, and the lines it runs by."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from amzsync.ops.doctor import cron
from tests.e2e.doctor_faults import FAULTS, Fault
from tests.e2e.healthy_shop import Healthy
from tests.shop import FLAGS, Ran, Shop

Row = dict[str, Any]

EVERYTHING_ON: dict[str, Any] = {
    "flags": dict.fromkeys(FLAGS, True),
    "category_ids": "21324944031",
    "send_shipping_info": True,
    "shipping_company_mapping": {"mng": "MNG Kargo", "yurtici": "Yurtiçi Kargo"},
    "refund_reason_mapping": {"CR-DEFECTIVE": 20},
}


@pytest.fixture
def healthy(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Healthy:
    """A channel with nothing wrong."""
    shop.sandbox.reset(orders=1, skus=12, plain=True)
    return Healthy(shop, monkeypatch)


def findings(ran: Ran) -> list[Row]:
    rows: list[Row] = ran.json["findings"]
    return rows


def faults(ran: Ran) -> list[Row]:
    """What is not well. That a broken config ends the examination is no finding of its own."""
    return [
        row for row in findings(ran) if row["level"] != "ok" and row["subject"] != "examination"
    ]


def operations(shop: Shop) -> list[str]:
    return [row.operation for row in shop.sandbox.exchanges]


def test_a_healthy_channel_is_green(healthy: Healthy) -> None:
    ran = healthy.shop.run("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert all(line.startswith("ok       ") for line in ran.out.splitlines())
    subjects = {row["subject"] for row in findings(healthy.shop.run("doctor", "--json"))}
    assert subjects >= {
        "config",
        "get_orders",
        "send_updated_product_stock",
        "client secret's age",
        "state file",
        "last runs",
        "cron",
        "Login with Amazon",
        "marketplace",
        "roles",
        "roles not tried",
        "Omnitron login",
        "channel",
        "catalog",
        "cargo company",
        "cancel reasons",
        "refund reasons",
        "settings",
        "clock",
    }


def test_a_healthy_channel_with_every_flag_on_is_green(healthy: Healthy) -> None:
    healthy.configure(**EVERYTHING_ON)
    ran = healthy.shop.run("doctor", "--json")
    assert (ran.code, faults(ran)) == (0, [])


def test_a_channel_amazon_fulfils_is_green(healthy: Healthy) -> None:
    healthy.configure(is_fba_channel=True)
    ran = healthy.shop.run("doctor", "--json")
    assert (ran.code, faults(ran)) == (0, [])
    assert "getInventorySummaries" in roles(ran)
    healthy.amazon.missing_roles.add("getInventorySummaries")
    (row,) = faults(healthy.shop.run("doctor", "--json"))
    assert (row["subject"], row["level"]) == ("getInventorySummaries", "problem")
    assert '"Amazon Fulfillment"' in row["cure"]


def roles(ran: Ran) -> str:
    (found,) = [row for row in findings(ran) if row["subject"] == "roles"]
    return str(found["message"])


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_planted_fault_is_found_with_its_cure_and_nothing_else_is(
    healthy: Healthy, fault: Fault
) -> None:
    fault.plant(healthy)
    ran = healthy.shop.run("doctor", "--json")
    (row,) = faults(ran)
    assert row["level"] == fault.level
    assert row["subject"].startswith(fault.subject)
    assert fault.says in row["message"]
    assert fault.cure in row["cure"]
    assert ran.code == ran.json["exit_code"] == (1 if fault.level == "problem" else 0)
    assert ran.err == ""
    private = ("not-it", "canary", healthy.shop.sandbox.credentials.client_secret)
    assert not any(text in ran.out for text in private)


def test_no_two_faults_give_the_same_finding() -> None:
    assert len(FAULTS) >= 25
    assert len({(fault.subject, fault.says) for fault in FAULTS}) == len(FAULTS)


def test_the_text_has_a_line_for_each_finding_with_the_cure_after_an_arrow(
    healthy: Healthy,
) -> None:
    healthy.configure(cargo_company_id=99)
    ran = healthy.shop.run("doctor")
    (line,) = [text for text in ran.out.splitlines() if not text.startswith("ok ")]
    assert line.startswith("problem  cargo company: cargo_company_id 99 does not exist")
    assert line.endswith(" -> set cargo_company_id to one of them")
    assert (ran.code, len(ran.out.splitlines())) == (1, len(findings(_again(healthy))))


def _again(healthy: Healthy) -> Ran:
    return healthy.shop.run("doctor", "--json")


def test_every_problem_of_a_broken_config_is_a_finding(healthy: Healthy) -> None:
    flags = {"get_cancel_orders": True, "get_refund_orders": True}
    healthy.shop.configure(flags, buffer_stok=3, cancellation_reason_id="", default_reason_id="")
    ran = healthy.shop.run("doctor", "--json")
    assert [row["subject"] for row in faults(ran)] == [
        "cancellation_reason_id",
        "default_reason_id",
        "buffer_stok",
    ]
    assert (ran.code, ran.json["channel"]) == (1, None)
    assert operations(healthy.shop) == []
    healthy.shop.config.unlink()
    (row,) = faults(healthy.shop.run("doctor", "--json"))
    assert "amzsync config init" in row["cure"]


def test_the_doctor_changes_nothing(healthy: Healthy) -> None:
    before = healthy.shop.dump()
    listings = healthy.amazon.snapshot("listings")
    healthy.shop.forget_calls()
    assert healthy.shop.run("doctor").code == 0
    changing = [row for row in healthy.shop.sandbox.exchanges if row.method != "GET"]
    assert {row.operation for row in changing} == {
        "getAccessToken",
        "auth.login",
        "patchListingsItem",
    }
    (preview,) = [row for row in changing if row.operation == "patchListingsItem"]
    assert preview.query["mode"] == ["VALIDATION_PREVIEW"]
    assert healthy.amazon.snapshot("listings") == listings
    after = healthy.shop.dump()
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"quota", "tokens"}


def test_looking_makes_no_state_file(healthy: Healthy) -> None:
    for path in healthy.shop.folder.glob("state.db*"):
        path.unlink()
    ran = healthy.shop.run("doctor", "--json")
    state = next(row for row in findings(ran) if row["subject"] == "state file")
    assert (state["level"], "is not there yet" in state["message"]) == ("ok", True)
    assert list(healthy.shop.folder.glob("state.db*")) == []


def test_the_far_sides_are_looked_at_although_the_state_file_is_broken(healthy: Healthy) -> None:
    healthy.shop.state.write_bytes(b"no database at all, and longer than its header is" * 40)
    healthy.amazon.missing_roles.add("getFeeds")
    ran = healthy.shop.run("doctor", "--json")
    assert [row["subject"] for row in faults(ran)] == ["state file", "getFeeds"]


def test_the_mode_of_the_state_file_is_told_once_as_it_is_mended_by_then(healthy: Healthy) -> None:
    healthy.shop.state.chmod(0o640)
    assert healthy.shop.run("doctor").code == 1
    assert healthy.shop.run("doctor").code == 0
    assert healthy.shop.state.stat().st_mode & 0o777 == 0o600


def test_a_wrong_secret_is_found_although_a_token_is_at_hand(healthy: Healthy) -> None:
    assert healthy.shop.run("orders", "pull").code == 0
    healthy.configure(client_secret="not-it")
    (row,) = faults(healthy.shop.run("doctor", "--json"))
    assert row["subject"] == "Login with Amazon"


def cron_of(ran: Ran) -> Row:
    return next(row for row in findings(ran) if row["subject"] == "cron")


def test_systemd_units_and_cron_d_start_flows_too(healthy: Healthy) -> None:
    healthy.crontab.write_text("", encoding="utf-8")
    folder = healthy.shop.folder / "units"
    folder.mkdir()
    config = healthy.shop.config
    for number, entry in enumerate(healthy.on()):
        text = f"[Service]\nExecStart=/opt/amzsync {entry.command} --config={config}\n"
        (folder / f"{number}.service").write_text(text, encoding="utf-8")
    healthy.patch.setattr(cron, "FOLDERS", (folder, folder / "none"))
    assert cron_of(healthy.shop.run("doctor", "--json"))["message"].startswith("has a line for")


def test_a_line_of_another_channel_or_one_that_is_commented_out_starts_nothing(
    healthy: Healthy,
) -> None:
    text = healthy.crontab.read_text(encoding="utf-8")
    first, second = text.splitlines()
    other = second.replace(str(healthy.shop.config), "/etc/amzsync/other.toml")
    healthy.crontab.write_text(f"{first}\n# {second}\n{other}\n", encoding="utf-8")
    row = cron_of(healthy.shop.run("doctor", "--json"))
    assert (row["level"], row["message"]) == ("warning", "no line is seen for stock push")


def test_what_cannot_be_seen_of_cron_is_unknown_and_no_warning(healthy: Healthy) -> None:
    healthy.patch.setenv("PATH", "/nowhere")
    row = cron_of(healthy.shop.run("doctor", "--json"))
    assert (row["level"], "have run lately" in row["message"]) == ("ok", True)
    healthy.shop.clock.advance(days=2)
    row = cron_of(healthy.shop.run("doctor", "--json"))
    assert (row["level"], row["message"][:40]) == ("ok", "unknown: there is no crontab here, and n")


def test_scarce_quota_is_left_to_the_flows(healthy: Healthy) -> None:
    """However often the doctor is asked, five tokens of each scarce bucket remain."""
    for _ in range(20):
        ran = healthy.shop.run("doctor", "--json")
        assert (ran.code, faults(ran)) == (0, [])
    calls = healthy.shop.calls("amazon")
    left = {row["bucket"]: row["tokens"] for row in healthy.shop.rows("SELECT * FROM quota")}
    scarce = {"searchOrders": 20, "getFeeds": 10, "getReports": 10}
    for name, burst in {**scarce, "getMarketplaceParticipations": 15}.items():
        assert calls[name] - (burst - 5) in (0, 1)  # one more, as one came back meanwhile
        assert 5 <= left[name] < 6
    text = {row["subject"]: row["message"] for row in findings(ran)}
    assert text["roles without quota"].startswith("unknown: searchOrders, getFeeds, getReports")
    assert "unknown" in text["marketplace"]
    assert 429 not in {row.status for row in healthy.shop.sandbox.exchanges}


def test_a_healthy_channel_is_green_within_five_seconds(healthy: Healthy) -> None:
    """In a process of its own, as its user starts it; each answer of the far sides takes 50 ms."""
    now = healthy.shop.clock.at = datetime.now(UTC)
    healthy.configure(**EVERYTHING_ON, amazon={"client_secret_created_on": f"{now:%Y-%m-%d}"})
    healthy.shop.sandbox.latency = 0.05
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "amzsync", "doctor", "--config", str(healthy.shop.config)],
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.monotonic() - began
    assert (ran.returncode, ran.stderr) == (0, "")
    assert all(line.startswith("ok ") for line in ran.stdout.splitlines())
    assert len(healthy.shop.sandbox.exchanges) > 15
    assert took < 5


def test_a_terminal_is_told_how_many_there_are(healthy: Healthy) -> None:
    healthy.configure(cargo_company_id=99, region="eu-west-1")
    ours, theirs = pty.openpty()
    ran = subprocess.Popen(
        [sys.executable, "-m", "amzsync", "doctor", "--config", str(healthy.shop.config)],
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = _all_of(ours)
    assert ran.wait() == 1
    assert re.fullmatch(r"\d problems?, \d+ warnings?", shown.splitlines()[-1])


def _all_of(terminal: int) -> str:
    shown = b""
    with suppress(OSError):  # the other side has been closed
        while part := os.read(terminal, 65536):
            shown += part
    os.close(terminal)
    return shown.decode()
