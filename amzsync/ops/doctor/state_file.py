"""The state file and the disks it needs: there, private, whole, and with room to grow."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from amzsync.clock import Clock
from amzsync.errors import AmzsyncError
from amzsync.ops.doctor.finding import Finding, ok, problem, unusable, warning
from amzsync.state.integrity import faults
from amzsync.state.state import State

LOW, SPENT = 1 << 30, 100 << 20  # bytes free: a report of a large catalogue, and hardly a WAL

_RESTORE = (
    "stop cron, move the file away and restore a backup; without one, a new file is begun, orders"
    " are looked up before they are created, and penalties and the journal are gone"
)


def of_state_file(path: Path, clock: Clock) -> tuple[list[Finding], bool]:
    """What there is to say of the file, and whether it can be worked with. It is never created."""
    if not path.exists():
        return [_absent(path)], False
    found = list(_private(path))
    try:
        state = State.open(path, clock)
    except AmzsyncError as error:
        return [*found, unusable("state file", error, str(path))], False
    try:
        wrong = faults(state.store)
    except AmzsyncError as error:
        return [*found, unusable("state file", error, str(path))], False
    finally:
        state.close()
    if wrong:
        message = f"{path} is damaged: {'; '.join(wrong)}"
        return [*found, problem("state file", message, _RESTORE)], False
    return [*found, ok("state file", f"{path} is whole and can be used")], True


def of_disks(path: Path) -> Iterator[Finding]:
    """The room left where the state is, and where reports are unpacked."""
    folder = next((each for each in path.parents if each.exists()), Path("/"))
    seen: set[int] = set()
    for place in (folder, Path(tempfile.gettempdir())):
        device = place.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(place).free
        subject, message = f"disk of {place}", f"{free >> 20} MiB are free"
        cure = "make room, or set [state] path (or TMPDIR) to another disk"
        if free < SPENT:
            yield problem(subject, message, cure)
        elif free < LOW:
            yield warning(subject, message, cure)
        else:
            yield ok(subject, message)


def _absent(path: Path) -> Finding:
    folder = next((each for each in path.parents if each.exists()), Path("/"))
    if not os.access(folder, os.W_OK | os.X_OK):
        cure = "let the user cron runs as write there, or set [state] path elsewhere"
        return problem("state file", f"{path} cannot be created: {folder} is not writable", cure)
    return ok("state file", f"{path} is not there yet; the first run makes it")


def _private(path: Path) -> Iterator[Finding]:
    status = path.stat()
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid != os.geteuid():
        message = f"{path} belongs to user {status.st_uid}, who is not the one doctor runs as"
        yield warning(
            "state file's owner", message, "run amzsync as one user, cron's, and no other"
        )
    if mode & 0o077:
        # Opening the file takes the right away again; who had it until now is the news.
        message = f"other users could read {path} (mode {mode:04o}): it holds buyer data and tokens"
        cure = f"chmod 600 {path}, and mend the backup or script that set the mode"
        yield problem("state file's mode", message, cure)
