"""Amounts: split so that the cents add up, told apart by what they are for."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

ZERO = Decimal(0)
# Currencies of Amazon marketplaces without minor units (sp-api.md §2.5.4: JPY 0 decimals).
_WHOLE = frozenset({"JPY"})


def smallest_unit(currency: str) -> Decimal:
    """The smallest amount of a currency: 0.01, or 1 where it has no minor unit."""
    return Decimal(1) if currency.upper() in _WHOLE else Decimal("0.01")


def split(amount: Decimal, parts: int, currency: str) -> list[Decimal]:
    """The amount in that many parts that differ by one smallest unit at most and add up to it.

    Larger parts come first; what is finer than the smallest unit stays with the first part.
    Errors: ValueError when there are no parts.
    """
    if parts < 1:
        raise ValueError("an amount is split into one part or more")
    unit = smallest_unit(currency)
    sign = -1 if amount < 0 else 1
    base = (abs(amount) / parts).quantize(unit, rounding=ROUND_DOWN)
    shares = [base] * parts
    rest = abs(amount) - base * parts
    for index in range(int(rest / unit)):
        shares[index] += unit
        rest -= unit
    shares[0] += rest
    return [sign * share for share in shares]
