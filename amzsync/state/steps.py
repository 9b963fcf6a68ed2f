"""The names of the steps in `migrations`, apart from them.

To see that a state file is up to date takes its names and nothing else: a minutely run need not
import sqlite-utils, which builds the tables.
"""

from __future__ import annotations

STEPS = frozenset(
    {
        "m001_account",
        "m002_orders",
        "m003_writes",
        "m004_parcels",
        "m005_order_changes",
        "m006_returns",
        "m007_shipments",
        "m008_listing_values",
        "m009_catalogue",
        "m010_products",
        "m011_report",
        "m012_alarms",
        "m013_journal",
    }
)
