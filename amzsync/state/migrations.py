"""The shape of the state file, as named steps; a step is never edited once it was released.

Every step runs inside the transaction that opens the file; a new one is another function below.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("amzsync")


@MIGRATIONS()
def m001_account(db: Database) -> None:
    """Channels, cursors, penalties, waiting records, the journal, quota, tokens and look-ups."""
    _channels_and_cursors(db)
    _held_records(db)
    _journal(db)
    _account(db)


@MIGRATIONS()
def m002_orders(db: Database) -> None:
    """The inbox; buyer data in a table of its own, so that it can be purged without a trace."""
    db.table("inbox").create(
        {
            "order_id": str,
            "channel": str,
            "status": str,
            "created_time": str,
            "last_updated_time": str,
            "state": str,
            "code": str,
            "reason": str,
            "facts": str,
            "digest": str,
            "attempted_at": str,
            "omnitron_pk": int,
            "number": str,
            "first_seen_at": str,
            "seen_at": str,
            "imported_at": str,
        },
        pk="order_id",
        not_null={"channel", "status", "created_time", "last_updated_time", "state", "facts"},
    ).create_index(["channel", "state", "created_time", "order_id"])
    db.table("order_payloads").create(
        {"order_id": str, "payload": str}, pk="order_id", not_null={"payload"}
    )


@MIGRATIONS()
def m003_writes(db: Database) -> None:
    """Batch requests, jobs and what they carry, and what Amazon was last told of each SKU."""
    db.table("batches").create(
        {
            "id": int,
            "channel": str,
            "flow": str,
            "content_type": str,
            "pk": int,
            "local_batch_id": str,
            "state": str,
            "job_id": str,
            "created_at": str,
        },
        pk="id",
        not_null={"channel", "flow", "content_type", "state"},
    )
    db.table("jobs").create(
        {
            "id": str,
            "channel": str,
            "flow": str,
            "kind": str,
            "state": str,
            "remote_id": str,
            "created_at": str,
            "submitted_at": str,
        },
        pk="id",
        not_null={"channel", "flow", "kind", "state", "created_at"},
    )
    _feed_items(db)
    _listings(db)


@MIGRATIONS()
def m004_parcels(db: Database) -> None:
    """What of Amazon's packages an order shows, and what of it Omnitron was told."""
    inbox = db.table("inbox")
    inbox.add_column("parcels", str, not_null_default="")
    inbox.add_column("parcels_told", str, not_null_default="")
    # Only orders that differ are in this index: a run with nothing to do reads no row.
    db.execute(
        "CREATE INDEX inbox_parcels ON inbox (channel, order_id)"
        " WHERE state = 'imported' AND parcels <> parcels_told"
    )


@MIGRATIONS()
def m005_order_changes(db: Database) -> None:
    """Which units of an order still stand, what of it Omnitron was told, and what is missing."""
    inbox = db.table("inbox")
    for name in ("lines", "lines_told", "cancel_request", "missing"):
        inbox.add_column(name, str, not_null_default="")
    inbox.add_column("cancel_calls", int, not_null_default=0)
    # Partial, like that of the parcels: a run with nothing to do reads no row.
    db.execute("CREATE INDEX inbox_lines ON inbox (channel, order_id) WHERE lines <> lines_told")
    db.execute(
        "CREATE INDEX inbox_cancel_request ON inbox (channel, order_id) WHERE cancel_request <> ''"
    )
    db.execute("CREATE INDEX inbox_missing ON inbox (seen_at) WHERE missing <> ''")


@MIGRATIONS()
def m006_returns(db: Database) -> None:
    """Returns as Amazon's reports tell them, and the request made in Omnitron for each unit."""
    record = {"channel": str, "order_id": str, "rma_id": str, "sku": str}
    db.table("returns").create(
        {
            **record,
            "quantity": int,
            "reason_code": str,
            "status": str,
            "requested_at": str,
            "state": str,
            "code": str,
            "reason": str,
            "seen_at": str,
        },
        pk=tuple(record),
        not_null={*record, "quantity", "reason_code", "status", "requested_at", "state"},
        defaults={"code": "", "reason": ""},
    ).create_index(["channel", "state", "order_id"])
    db.table("return_requests").create(
        {
            **record,
            "unit": int,
            "order_item_pk": int,
            "request_id": int,
            "version": str,
            "attempted_at": str,
            "state": str,
        },
        pk=(*record, "unit"),
        not_null={*record, "unit", "order_item_pk", "version", "state"},
        defaults={"version": ""},
    ).create_index(["channel", "state", "request_id"])
    db.table("jobs").add_column("detail", str, not_null_default="")


@MIGRATIONS()
def m007_shipments(db: Database) -> None:
    """Packages confirmed to Amazon, and invoices handed to it."""
    order = {"channel": str, "order_id": str}
    db.table("packages").create(
        {
            **order,
            "reference": int,
            "tracking_number": str,
            "carrier": str,
            "units": str,
            "wanted": str,
            "confirmed": str,
            "confirmed_at": str,
        },
        pk=(*order, "reference"),
        not_null={*order, "reference", "tracking_number", "units", "wanted", "confirmed"},
        defaults={"carrier": "", "confirmed": ""},
    )
    db.table("invoices").create(
        {
            **order,
            "number": str,
            "order_pk": int,
            "state": str,
            "feed_id": str,
            "submitted_at": str,
            "answered_at": str,
            "code": str,
            "reason": str,
            "told": int,
        },
        pk=(*order, "number"),
        not_null={*order, "number", "order_pk", "state", "submitted_at", "told"},
        defaults={"code": "", "reason": "", "told": 0},
    ).create_index(["channel", "state", "told"])
    db.table("invoices").create_index(["submitted_at"])


@MIGRATIONS()
def m008_listing_values(db: Database) -> None:
    """Values of any attribute, fences of their own, feeds of any message, turns at the one feed."""
    _listing_values(db)
    _fences(db)
    _without_values(db)
    _feed_messages(db)
    db.table("feed_turns").create(
        {"channel": str, "flow": str, "wanted_at": str, "served_at": str}, pk=("channel", "flow")
    )


def _listing_values(db: Database) -> None:
    record = {"channel": str, "sku": str, "attribute": str}
    db.table("listing_values").create(
        {
            **record,
            "sent": str,
            "version": str,
            "sent_at": str,
            "confirmed": str,
            "check_at": str,
            "checks": int,
            "resend": int,
        },
        pk=tuple(record),
        not_null={"checks", "resend"},
        defaults={"checks": 0, "resend": 0},
    )
    db.execute(
        """INSERT INTO listing_values
        SELECT channel, sku, 'quantity', CAST(sent_quantity AS TEXT), sent_version, sent_at,
            CAST(confirmed_quantity AS TEXT), check_at, checks, resend
        FROM listings
        WHERE coalesce(sent_version, confirmed_quantity, check_at) IS NOT NULL OR resend = 1"""
    )
    db.execute("CREATE INDEX listing_values_sku ON listing_values (sku)")
    # Partial: a run with nothing to do reads no row.
    db.execute(
        "CREATE INDEX listing_values_check ON listing_values (channel, attribute, check_at)"
        " WHERE check_at IS NOT NULL"
    )
    db.execute(
        "CREATE INDEX listing_values_resend ON listing_values (channel, attribute, sku)"
        " WHERE resend = 1"
    )


def _fences(db: Database) -> None:
    fences = db.table("fences").create(
        {"channel": str, "sku": str, "holder": str}, pk=("channel", "sku"), not_null={"holder"}
    )
    fences.create_index(["holder"])
    db.execute(
        "INSERT INTO fences SELECT channel, sku, job_id FROM listings WHERE job_id IS NOT NULL"
    )


def _without_values(db: Database) -> None:
    """The listings as they are left: which product a SKU is, and whether it left the catalog."""
    for columns in ("sku", "channel_check_at", "job_id"):
        db.execute(f"DROP INDEX idx_listings_{columns}")
    gone = {"sent_quantity", "sent_version", "sent_at", "confirmed_quantity", "check_at"}
    listings = db.table("listings").transform(drop={*gone, "checks", "resend", "job_id"})
    listings.add_column("withdrawn_at", str)
    listings.add_column("unlinked", int, not_null_default=0)
    db.execute(
        "CREATE INDEX listings_withdrawn ON listings (channel, sku)"
        " WHERE withdrawn_at IS NOT NULL AND unlinked = 0"
    )


def _feed_messages(db: Database) -> None:
    """Feeds in flight go on: their quantities become the messages and values they stood for."""
    items = db.table("feed_items")
    for name in ("message", "objects", "told"):
        items.add_column(name, str, not_null_default="")
    db.execute(
        """UPDATE feed_items SET
        message = CASE WHEN sent = 1 THEN json_object(
            'operationType', 'PATCH', 'productType', 'PRODUCT', 'patches', json_array(json_object(
                'op', 'merge', 'path', '/attributes/fulfillment_availability', 'value', json_array(
                    json_object('fulfillment_channel_code', 'DEFAULT', 'quantity', value)))))
            ELSE '' END,
        objects = json_array(json_array(object_pk, 'productstock', version)),
        told = json_array(json_array('quantity', CAST(value AS TEXT), version))"""
    )
    items.transform(drop={"object_pk", "version", "value"})


@MIGRATIONS()
def m009_catalogue(db: Database) -> None:
    """Amazon's categories and product types, and what Omnitron was told of them."""
    told = {
        "channel": str,
        "node_id": str,
        "parent": str,
        "depth": int,
        "path": str,
        "name": str,
        "is_leaf": int,
        "product_types": str,
    }
    nodes = db.table("category_nodes").create(
        {
            **told,
            "state": str,
            "pk": int,
            "sent_name": str,
            "attributes_sent": str,
            "attributes_at": str,
        },
        pk=("channel", "node_id"),
        not_null={*told, "state", "attributes_sent"},
        defaults={"attributes_sent": "{}"},
    )
    for columns in (["channel", "depth", "node_id"], ["channel", "name"], ["channel", "pk"]):
        nodes.create_index(columns)
    db.table("arriving_nodes").create(told, pk=("channel", "node_id"), not_null={*told})
    db.table("category_sightings").create(
        {"channel": str, "root": str, "node_id": str}, pk=("channel", "root", "node_id")
    ).create_index(["channel", "node_id"])
    db.table("product_types").create(
        {
            "channel": str,
            "name": str,
            "requirements": str,
            "version": str,
            "checksum": str,
            "asked_at": str,
            "facts": str,
            "compared": str,
        },
        pk=("channel", "name", "requirements"),
        not_null={"version", "checksum", "asked_at", "facts", "compared"},
        defaults={"compared": ""},
    ).create_index(["checksum"])
    db.table("type_schemas").create(
        {"checksum": str, "content": bytes}, pk="checksum", not_null={"content"}
    )


@MIGRATIONS()
def m010_products(db: Database) -> None:
    """What Amazon was told of each product, and whether it can be bought by now."""
    db.table("products").create(
        {
            "channel": str,
            "sku": str,
            "product_pk": int,
            "product_type": str,
            "theme": str,
            "version": str,
            "wanted": str,
            "wanted_version": str,
            "sent": str,
            "state": str,
            "sent_at": str,
            "check_at": str,
            "checks": int,
        },
        pk=("channel", "sku"),
        not_null={"product_type", "theme", "wanted", "wanted_version", "state", "checks"},
        defaults={"version": "", "sent": "{}", "checks": 0},
    )
    # Partial: a run with nothing to do reads no row.
    db.execute(
        "CREATE INDEX products_check ON products (channel, check_at) WHERE check_at IS NOT NULL"
    )
    db.execute("CREATE INDEX products_refused ON products (channel) WHERE state = 'refused'")


@MIGRATIONS()
def m011_report(db: Database) -> None:
    """Amazon's listings as its report last told them, and the figures of each report."""
    row = {"channel": str, "sku": str}
    db.table("snapshots").create(
        {"channel": str, "taken_at": str, "listings": int, "compared_at": str},
        pk="channel",
        not_null={"taken_at", "listings"},
    )
    db.table("snapshot_rows").create(
        {
            **row,
            "asin": str,
            "price": str,
            "quantity": int,
            "status": str,
            "by_amazon": int,
        },
        pk=("channel", "sku"),
        not_null={"status", "by_amazon"},
    )
    db.table("report_goods").create(
        {
            "channel": str,
            "product_pk": int,
            "own_sku": str,
            "sku": str,
            "present": int,
            "active": int,
            "pictured": int,
            "linked": int,
            "stock": int,
            "quantity": int,
            "price": str,
        },
        pk=("channel", "product_pk"),
        not_null={"sku", "present", "active", "pictured", "linked"},
        defaults={"present": 0, "active": 0, "pictured": 0, "linked": 0},
    )
    db.table("differences").create(
        {
            **row,
            "kind": str,
            "omnitron": str,
            "amazon": str,
            "reason": str,
            "cure": str,
            "product_pk": int,
            "stock": int,
            "fixable": int,
            "found_at": str,
        },
        pk=("channel", "found_at", "sku", "kind"),
        not_null={"omnitron", "amazon", "reason", "cure", "fixable", "found_at"},
    )
    figures = (
        *("total_sku_in_catalog", "skus_on_sale", "total_sku_difference"),
        *("skus_with_price_difference", "total_stock_in_catalog", "total_stock_on_sale"),
        *("total_stock_difference", "skus_with_stock_difference"),
    )
    db.table("reports").create(
        {
            "channel": str,
            "at": str,
            "snapshot_at": str,
            "in_flight": int,
            **dict.fromkeys(figures, int),
        },
        pk=("channel", "at"),
        not_null={"snapshot_at", "in_flight", *figures},
    )


@MIGRATIONS()
def m012_alarms(db: Database) -> None:
    """Alarm rules, and which of them are raised."""
    db.table("alarms").create(
        {
            "channel": str,
            "name": str,
            "kind": str,
            "flow": str,
            "threshold": int,
            "minutes": int,
            "removed": int,
            "episode": int,
            "raised_at": str,
            "ended_at": str,
            "quiet": int,
            "findings": str,
        },
        pk=("channel", "name"),
        not_null={"kind", "flow", "threshold", "minutes", "removed", "episode", "quiet"},
        defaults={"removed": 0, "episode": 0, "quiet": 0, "findings": "[]"},
    )
    db.table("alarm_told").create(
        {
            "channel": str,
            "name": str,
            "target": str,
            "episode": int,
            "event": str,
            "told_at": str,
            "failures": int,
            "next_try_at": str,
            "fault": str,
        },
        pk=("channel", "name", "target"),
        not_null={"episode", "event", "failures", "fault"},
        defaults={"failures": 0, "fault": ""},
    )
    db.table("alarm_flows").create(
        {"channel": str, "flow": str, "on_since": str},
        pk=("channel", "flow"),
        not_null={"on_since"},
    )


@MIGRATIONS()
def m013_journal(db: Database) -> None:
    """What the journal is searched by: a time, and the records of a run."""
    db.table("runs").create_index(["channel", "started_at"])
    db.table("outcomes").create_index(["run_id"])


def _feed_items(db: Database) -> None:
    db.table("feed_items").create(
        {
            "job_id": str,
            "message_id": int,
            "sku": str,
            "object_pk": int,
            "product_pk": int,
            "version": str,
            "value": int,
            "sent": int,
            "batch_id": int,
            "state": str,
            "code": str,
            "reason": str,
        },
        pk=("job_id", "message_id"),
        not_null={"sku", "object_pk", "product_pk", "version", "value", "sent", "state"},
        defaults={"state": "open", "code": "", "reason": ""},
    ).create_index(["job_id", "batch_id"])


def _listings(db: Database) -> None:
    listings = db.table("listings").create(
        {
            "channel": str,
            "sku": str,
            "product_pk": int,
            "sent_quantity": int,
            "sent_version": str,
            "sent_at": str,
            "confirmed_quantity": int,
            "check_at": str,
            "checks": int,
            "resend": int,
            "job_id": str,
        },
        pk=("channel", "sku"),
        not_null={"product_pk", "checks", "resend"},
        defaults={"checks": 0, "resend": 0},
    )
    for columns in (["channel", "product_pk"], ["sku"], ["channel", "check_at"], ["job_id"]):
        listings.create_index(columns)


def known_steps() -> frozenset[str]:
    """The names of all steps this program knows."""
    empty = Database(memory=True, recursive_triggers=False, execute_plugins=False)
    try:
        return frozenset(step.name for step in MIGRATIONS.pending(empty))
    finally:
        empty.close()


def _channels_and_cursors(db: Database) -> None:
    db.table("channels").create(
        {
            "key": str,
            "name": str,
            "marketplace_id": str,
            "fulfilled_by": str,
            "order_start_date": str,
            "seen_at": str,
        },
        pk="key",
        not_null={"key", "name", "marketplace_id", "fulfilled_by", "seen_at"},
    )
    db.table("cursors").create(
        {"name": str, "value": str, "updated_at": str},
        pk="name",
        not_null={"name", "value", "updated_at"},
    )


def _held_records(db: Database) -> None:
    record = {"channel": str, "flow": str, "key": str}
    fault = {"code": str, "reason": str, "object_id": str}
    db.table("penalties").create(
        {
            **record,
            **fault,
            "content_type": str,
            "first_failed_at": str,
            "last_failed_at": str,
            "next_try_at": str,
            "failures": int,
            "stopped": int,
            "request_id": str,
        },
        pk=("channel", "flow", "key"),
        not_null={
            *record,
            "code",
            "reason",
            "content_type",
            "first_failed_at",
            "last_failed_at",
            "next_try_at",
            "failures",
            "stopped",
        },
    )
    db.table("waiting").create(
        {**record, **fault, "since": str},
        pk=("channel", "flow", "key"),
        not_null={*record, "code", "reason", "since"},
    )


def _journal(db: Database) -> None:
    db.table("runs").create(
        {
            "id": int,
            "channel": str,
            "flow": str,
            "started_at": str,
            "ended_at": str,
            "dry_run": int,
            "exit_code": int,
            "counts": str,
            "calls": str,
            "error": str,
        },
        pk="id",
        not_null={"channel", "flow", "started_at", "dry_run"},
    )
    db.table("outcomes").create(
        {
            "id": int,
            "run_id": int,
            "channel": str,
            "flow": str,
            "key": str,
            "status": str,
            "code": str,
            "reason": str,
            "request_id": str,
            "at": str,
        },
        pk="id",
        not_null={"run_id", "channel", "flow", "key", "status", "code", "reason", "at"},
    ).create_index(["channel", "key"])


def _account(db: Database) -> None:
    db.table("quota").create(
        {
            "bucket": str,
            "tokens": float,
            "rate": float,
            "burst": int,
            "stated": int,
            "updated_at": float,
        },
        pk="bucket",
        not_null={"bucket", "tokens", "rate", "burst", "stated", "updated_at"},
    )
    db.table("tokens").create(
        {"name": str, "value": str, "expires_at": str}, pk="name", not_null={"name", "value"}
    )
    db.table("lookups").create(
        {"channel": str, "kind": str, "key": str, "value": str, "expires_at": str},
        pk=("channel", "kind", "key"),
        not_null={"channel", "kind", "key", "value", "expires_at"},
    )
