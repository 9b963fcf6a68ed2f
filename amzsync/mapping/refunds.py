"""Returns: Omnitron's reason for Amazon's, and which returns are taken at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

_PREFIX = "CR-"


def mapped_reason(code: str, mapping: Mapping[str, int]) -> int | None:
    """Omnitron's reason id of Amazon's code: the code exactly, else without its prefix.

    FBA reports lack the prefix that the others have (sp-api.md §2.4.4), so a mapped code may have
    it where the report's has not.
    """
    bare = code.removeprefix(_PREFIX)
    for name in (code, bare, f"{_PREFIX}{bare}"):
        if name in mapping:
            return mapping[name]
    return None


def before_start(requested_at: datetime, refund_start_date: datetime | None) -> str:
    """Why a return is too early to be taken; "" if it is not."""
    if refund_start_date is None or requested_at >= refund_start_date:
        return ""
    return f"requested {_day(requested_at)}, before refund_start_date {_day(refund_start_date)}"


def too_late(requested_at: datetime, created_time: datetime, refundable_days: int) -> str:
    """Why a return comes too late after its order's creation; "" if it does not."""
    if requested_at <= created_time + timedelta(days=refundable_days):
        return ""
    return (
        f"requested {_day(requested_at)}, more than {refundable_days} days (order_refundable_days)"
        f" after the order of {_day(created_time)}"
    )


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z"
