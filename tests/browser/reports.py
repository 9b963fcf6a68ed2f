"""Reports to show: small, large, empty, and with all that a page may trip over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from amzsync.ops.figures import Difference, Figures, Report
from amzsync.state.runs import Day

AT = datetime(2026, 3, 9, 18, 4, tzinfo=UTC)

HOSTILE = (
    Difference("<script>alert('sku')</script>", "price", "1.00", "2.00", '"><img src=x onerror=a>'),
    Difference('"onclick="alert(1)', "stock", "3", "", "</script ><script>alert(2)</script>"),
    Difference("<!--&lt;", "not on sale", "", "", "${sku} $policy", "amzsync why '<!--&lt;'"),
)
UNUSUAL = (
    Difference("A" * 40, "price", "10.00", "12.50", "ß" * 40, "amzsync report --fix"),
    Difference("قميص-12", "stock", "3", "5", "مرحبا بالعالم", "amzsync why قميص-12"),
    Difference("ÇİĞKÖFTE-IŞIK-ŞÖĞÜ", "not on sale", "", "", "Şu ürün satışta değil"),
)


def figures(step: int = 0) -> Figures:
    """Figures, different for each step."""
    return Figures(1840, 1793 - step, 31 + step, 12, 48_210, 46_995 + step, 1215, step)


def days(count: int) -> tuple[Day, ...]:
    """The journal's latest days; the third is missing."""
    return tuple(
        Day((AT - timedelta(days=count - 1 - n)).date(), 288, n % 3, 200 + n, n % 5, n % 2)
        for n in range(count)
        if n != 2
    )


def differences(count: int) -> tuple[Difference, ...]:
    """So many of each kind; prices there are above, then below Omnitron's."""
    return tuple(
        difference
        for n in range(count)
        for difference in (
            Difference(f"LOST-{n}", "not on sale", "199.90", "", "brand attribute is required",
                       f"map brand in Omnitron, then `amzsync products trigger LOST-{n}`"),
            Difference(f"PRICE-{n}", "price", "100.00", f"{100.25 + count // 2 - n:.2f}",
                       "changed on Amazon", "amzsync report --fix"),
            Difference(f"STOCK-{n}", "stock", str(20 + n), str(20 + 2 * n), "",
                       "amzsync report --fix"),
        )
    )  # fmt: skip


def report(
    found: Sequence[Difference] = (), *, reports: int = 5, journal: int = 10, notes: int = 1
) -> Report:
    """A report of the channel, with these differences."""
    return Report(
        channel="12",
        channel_name="Işıl & Oğulları",
        currency="TRY",
        at=AT,
        snapshot_at=AT - timedelta(hours=3, minutes=12),
        figures=figures(reports),
        differences=tuple(found),
        trend=tuple((AT - timedelta(days=reports - n), figures(n)) for n in range(reports)),
        days=days(journal),
        notes=("2 SKUs are in flight; `amzsync status` shows them.",) * notes,
    )


def before_the_first_snapshot() -> Report:
    """A channel that Amazon has not yet reported on."""
    return Report("12", "Işıl & Oğulları", "TRY", AT, None, None)
