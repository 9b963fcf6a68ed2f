"""The clocks: this machine's beside those of both far sides, as their answers are dated."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from amzsync.flows.flow import Context
from amzsync.http.session import Session
from amzsync.ops.doctor.finding import Finding, ok, problem, warning

# Seconds. Dates are whole seconds, and answers take their time; Amazon refuses searches that reach
# into its last two minutes, so a clock that is a minute ahead is about to fail.
_CLOSE, _FAR = 10.0, 60.0

_CURES = {
    "Amazon": "compare both clocks with a third one; Amazon's is hardly ever wrong",
    "Omnitron": "have whoever runs Omnitron's server set its clock",
}


def of_clocks(ctx: Context) -> Iterator[Finding]:
    """How far this machine's clock is from theirs; nothing where neither has answered."""
    sides = {"Amazon": ctx.amazon.session, "Omnitron": ctx.omnitron.session}
    skews = {name: skew for name, session in sides.items() if (skew := _skew(session)) is not None}
    off = {name: skew for name, skew in skews.items() if abs(skew) > _CLOSE}
    if not off:
        if skews:
            yield ok("clock", f"agrees with that of {' and '.join(skews)}")
        return
    told = " and ".join(f"{_distance(skew)} {name}'s" for name, skew in off.items())
    finding = problem if max(map(abs, off.values())) > _FAR else warning
    if len(off) < len(skews):
        (right,) = skews.keys() - off.keys()
        (wrong,) = off
        message = f"this machine's clock is {told}, while it agrees with {right}'s"
        yield finding(f"{wrong}'s clock", message, _CURES[wrong])
        return
    cure = "switch on time synchronisation (timedatectl set-ntp true, or chrony)"
    yield finding("clock", f"this machine's clock is {told}", cure)


def _skew(session: Session) -> float | None:
    """Seconds this machine is ahead of the far side; None where its answers are not dated."""
    if session.dated is None:
        return None
    text, at = session.dated
    try:
        return (at - parsedate_to_datetime(text)).total_seconds()
    except (TypeError, ValueError):
        return None


def _distance(skew: float) -> str:
    return f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'}"
