"""`amzsync status --prometheus`: the same figures for node_exporter's textfile collector."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.shop import FakeClock, Shop

Values = dict[tuple[str, ...], float]


def written(shop: Shop) -> dict[str, Metric]:
    """The metrics `status` writes, by name."""
    path = shop.folder / "amzsync.prom"
    ran = shop.run("status", "--prometheus", str(path))
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    families = list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
    return {family.name: family for family in families}


def values(metric: Metric) -> Values:
    """A metric's values by its labels but the channel's, in the order of their names."""
    return {
        tuple(text for name, text in sorted(row.labels.items()) if name != "channel"): row.value
        for row in metric.samples
    }


@pytest.fixture
def busy(shop: Shop, clock: FakeClock) -> Shop:
    """A shop with penalties, waiting records, a feed in flight, alarms looked at."""
    shop.sandbox.reset(orders=100, skus=60)
    shop.configure(failed_integration={"order": {"MAX_RETRY_COUNT": 0}}, stock={"patch_limit": 2})
    for row in shop.sandbox.world.omnitron.snapshot("stocks"):
        shop.sandbox.world.omnitron.set_stock(row["sku"], 77)
    for words in (("orders", "pull"), ("stock", "push"), ("report", "--wait"), ("alarms",)):
        shop.run(*words)
    clock.advance(minutes=3)
    return shop


def test_the_figures_are_those_of_the_status(busy: Shop) -> None:
    metrics, told = written(busy), busy.run("status", "--json").json
    flows = {row["flow"]: row for row in told["flows"]}
    started = values(metrics["amzsync_last_run_timestamp_seconds"])
    assert started["orders.pull",] == 1795424400.0
    assert values(metrics["amzsync_last_run_exit_code"])["orders.pull",] == 1
    assert values(metrics["amzsync_last_run_records"])["orders.pull", "sent"] == 92
    assert values(metrics["amzsync_flow_enabled"]) == {
        **{(name,): float(row["enabled"]) for name, row in flows.items()},
        ("report",): 1.0,
    }
    assert values(metrics["amzsync_flow_overdue"])["stock.push",] == flows["stock.push"]["overdue"]
    assert values(metrics["amzsync_penalties"])["orders.pull", "stopped"] == 2
    assert values(metrics["amzsync_waiting_records"]) == {("not_listed", "stock.push"): 1}
    assert values(metrics["amzsync_inbox_orders"]) == {
        (state,): count for state, count in told["inbox"].items()
    }
    assert values(metrics["amzsync_backlog"]) == {
        (what,): count for what, count in told["backlog"].items()
    }
    assert values(metrics["amzsync_jobs_in_flight"])["stock.push",] == 1
    assert values(metrics["amzsync_alarms_raised"])[()] == len(told["alarms"]["raised"])
    assert values(metrics["amzsync_report_figure"]) == {
        (name,): count for name, count in told["report"]["figures"].items()
    }
    assert set(values(metrics["amzsync_report_differences"])) == {
        *(("not on sale",), ("price",), ("stock",)),
    }
    tokens = values(metrics["amzsync_quota_tokens"])
    assert tokens["searchOrders",] == pytest.approx(19, abs=1.1)


def test_names_and_labels_are_as_prometheus_wants_them(busy: Shop) -> None:
    metrics = written(busy)
    for name, metric in metrics.items():
        assert name.startswith("amzsync_")
        assert metric.type == "gauge"
        assert metric.documentation.endswith(".")
        assert all(row.labels["channel"] == "1" for row in metric.samples)
    if (promtool := shutil.which("promtool")) is not None:
        text = (busy.folder / "amzsync.prom").read_bytes()
        done = subprocess.run(
            [promtool, "check", "metrics"], input=text, capture_output=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_no_sku_no_order_and_nothing_private_is_in_it(busy: Shop) -> None:
    written(busy)
    text = (busy.folder / "amzsync.prom").read_text(encoding="utf-8")
    assert "SKU-0" not in text
    orders = busy.rows("SELECT order_id FROM inbox")
    assert orders
    assert not any(row["order_id"] in text for row in orders)
    assert busy.sandbox.credentials.client_secret not in text


def test_the_number_of_series_does_not_follow_the_number_of_records(shop: Shop) -> None:
    def series(orders: int, skus: int) -> int:
        shop.state.unlink(missing_ok=True)
        shop.sandbox.reset(orders=orders, skus=skus)
        shop.run("orders", "pull")
        shop.run("stock", "push")
        return sum(len(metric.samples) for metric in written(shop).values())

    assert series(150, 90) <= series(60, 40) + 3


def test_before_the_first_run_it_can_be_written_too(shop: Shop) -> None:
    metrics = written(shop)
    assert "amzsync_flow_enabled" in metrics
    assert metrics["amzsync_last_run_timestamp_seconds"].samples == []
    assert "amzsync_orders_known_until_timestamp_seconds" not in metrics


def test_the_file_is_replaced_in_one_step_and_everybody_may_read_it(shop: Shop) -> None:
    path = shop.folder / "textfile" / "amzsync.prom"
    path.parent.mkdir()
    path.write_text("old", encoding="utf-8")
    path.chmod(0o600)
    with path.open(encoding="utf-8") as reader:
        assert shop.run("status", "--prometheus", str(path)).code == 0
        assert reader.read() == "old", "whoever reads the old one reads all of it"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in path.parent.iterdir()] == ["amzsync.prom"]


def test_with_json_both_are_given_and_with_v_the_screen(shop: Shop) -> None:
    path = shop.folder / "amzsync.prom"
    assert shop.run("status", "--json", "--prometheus", str(path)).json["channel"] == "1"
    assert path.exists()
    assert "orders pull" in shop.run("status", "-v", "--prometheus", str(path)).out


def test_a_folder_that_is_not_there_is_wrong_usage(shop: Shop) -> None:
    ran = shop.run("status", "--prometheus", str(shop.folder / "nowhere" / "amzsync.prom"))
    assert (ran.code, ran.out) == (2, "")
    assert "name a file in a folder that is there" in ran.err


def test_without_the_library_the_extra_is_named(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    path = Path(shop.folder / "amzsync.prom")
    ran = shop.run("status", "--prometheus", str(path))
    assert (ran.code, ran.out) == (2, "")
    assert "pip install 'amzsync[metrics]'" in ran.err
    assert not path.exists()
    assert shop.run("status").code == 0
