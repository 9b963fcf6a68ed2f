"""The figures of `status` as Prometheus metrics, for node_exporter's textfile collector.

A file a channel: the collector reads all of a folder, and the channel in each label keeps them
apart. Nothing here grows with the number of SKUs or orders. Times are absolute: an age would be as
old as the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from amzsync.config import Config
from amzsync.errors import UsageError
from amzsync.ops.overview import FlowStatus, Overview

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Gauge

MISSING: Final = (
    "--prometheus needs the package prometheus-client: install amzsync with its extra,"
    " pip install 'amzsync[metrics]'"
)


def exposition(config: Config, channel: str, found: Overview) -> bytes:
    """The text a Prometheus server reads. Errors: UsageError without the extra `metrics`."""
    try:
        from prometheus_client import CollectorRegistry, generate_latest
    except ImportError:
        raise UsageError(MISSING) from None
    registry = CollectorRegistry()
    metrics = _Metrics(registry, channel)
    info = metrics.gauge("channel_info", "Name and account of the channel.", "name", "account")
    info.labels(channel, config.channel_name, config.account).set(1)
    _flows(metrics, found)
    _records(metrics, found)
    _alarms(metrics, found)
    _report(metrics, found)
    _quota(metrics, found)
    return generate_latest(registry)


class _Metrics:
    """Gauges that all have the channel as their first label."""

    def __init__(self, registry: CollectorRegistry, channel: str) -> None:
        self._registry = registry
        self.channel = channel

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A gauge of that name, without `amzsync_`."""
        from prometheus_client import Gauge

        return Gauge(f"amzsync_{name}", text, ("channel", *labels), registry=self._registry)

    def values(self, name: str, text: str, label: str, values: Mapping[str, float]) -> None:
        """A gauge with a value for each of that label's."""
        gauge = self.gauge(name, text, label)
        for key, value in values.items():
            gauge.labels(self.channel, key).set(value)

    def moment(self, name: str, text: str, at: datetime | None) -> None:
        """A gauge of one moment, left out while there is none."""
        if at is not None:
            self.gauge(f"{name}_timestamp_seconds", text).labels(self.channel).set(at.timestamp())


def _flows(metrics: _Metrics, found: Overview) -> None:
    flows, ran = found.rows, [flow for flow in found.rows if flow.last_run is not None]
    metrics.values(
        "flow_enabled",
        "Whether the flow's flag is on.",
        "flow",
        {flow.entry.name: flow.enabled for flow in flows},
    )
    metrics.values(
        "flow_overdue",
        "Whether cron should have started the flow long ago.",
        "flow",
        {flow.entry.name: flow.overdue for flow in flows},
    )
    metrics.values(
        "next_run_timestamp_seconds",
        "When cron starts the flow next.",
        "flow",
        {flow.entry.name: flow.due_at.timestamp() for flow in flows if flow.due_at},
    )
    metrics.values(
        "last_run_timestamp_seconds",
        "When the flow's last run began.",
        "flow",
        {flow.entry.name: flow.last_run.started_at.timestamp() for flow in ran if flow.last_run},
    )
    metrics.values(
        "last_run_exit_code",
        "Exit code of the flow's last run, once it has ended.",
        "flow",
        {
            flow.entry.name: flow.last_run.exit_code
            for flow in ran
            if flow.last_run and flow.last_run.exit_code is not None
        },
    )
    records = metrics.gauge(
        "last_run_records", "Records of the flow's last run by outcome.", "flow", "outcome"
    )
    for flow in ran:
        for outcome, count in (flow.last_run.counts if flow.last_run else {}).items():
            records.labels(metrics.channel, flow.entry.name, outcome).set(count)
    jobs = metrics.gauge("jobs_in_flight", "Feeds and reports under way.", "flow")
    for flow in flows:
        jobs.labels(metrics.channel, flow.entry.name).set(len(flow.jobs))
    metrics.values(
        "oldest_job_timestamp_seconds",
        "When the flow's oldest feed or report under way was begun.",
        "flow",
        {flow.entry.name: _oldest(flow) for flow in flows if flow.jobs},
    )


def _records(metrics: _Metrics, found: Overview) -> None:
    penalties = metrics.gauge("penalties", "Records in penalty by state.", "flow", "state")
    waiting = metrics.gauge(
        "waiting_records", "Records held without penalty, by what they wait for.", "flow", "code"
    )
    for flow in found.rows:
        penalties.labels(metrics.channel, flow.entry.name, "waiting").set(flow.held)
        penalties.labels(metrics.channel, flow.entry.name, "stopped").set(flow.stopped)
        for code, count in flow.waiting.items():
            waiting.labels(metrics.channel, flow.entry.name, code).set(count)
    metrics.values("inbox_orders", "Orders in the inbox by state.", "state", found.inbox)
    metrics.values(
        "backlog", "What the state knows is still to do, by what it is.", "what", found.backlog
    )
    metrics.moment("orders_known_until", "Amazon's orders are known until.", found.orders_until)


def _alarms(metrics: _Metrics, found: Overview) -> None:
    raised = metrics.gauge("alarms_raised", "Alarms that are raised.")
    raised.labels(metrics.channel).set(len(found.alarms.raised))
    metrics.moment("alarms_looked", "When the alarms were last looked at.", found.alarms.looked_at)


def _report(metrics: _Metrics, found: Overview) -> None:
    report = found.report
    if report is None:
        return
    metrics.moment("report", "When the newest report was made.", report.told.at)
    metrics.moment(
        "report_snapshot",
        "When the listings of the newest report were taken.",
        report.told.snapshot_at,
    )
    metrics.values(
        "report_figure", "The dashboard's figures by name.", "figure", report.told.figures
    )
    kinds = {"not on sale": 0, "price": 0, "stock": 0} | report.differences
    metrics.values("report_differences", "Differences that stand, by kind.", "kind", kinds)


def _quota(metrics: _Metrics, found: Overview) -> None:
    metrics.values(
        "quota_tokens",
        "Calls of the operation that may leave at once; below 0 they are booked ahead.",
        "operation",
        {bucket.bucket: bucket.tokens for bucket in found.quota},
    )
    metrics.values(
        "quota_tokens_per_second",
        "Rate of the operation's quota.",
        "operation",
        {bucket.bucket: bucket.rate for bucket in found.quota},
    )
    metrics.values(
        "quota_burst",
        "Most tokens of the operation that gather.",
        "operation",
        {bucket.bucket: bucket.burst for bucket in found.quota},
    )


def _oldest(flow: FlowStatus) -> float:
    return min(each.job.created_at.timestamp() for each in flow.jobs)
