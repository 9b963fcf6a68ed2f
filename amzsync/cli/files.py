"""Files a command writes for others to read: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from amzsync.errors import UsageError


def check_writable(path: Path) -> None:
    """Return if the file can be written. Errors: UsageError, before any work is done for it."""
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir():
        raise UsageError(f"{path} cannot be written: name a file in a folder that is there")
    _check(path, folder)


def check_folder(folder: Path) -> None:
    """Return if files can be written there. Errors: UsageError."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder")
    _check(folder, folder)


def replace_file(path: Path, data: bytes) -> None:
    """Put the file in its place in one step; everybody may read it."""
    descriptor, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _check(path: Path, folder: Path) -> None:
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{path} cannot be written: this user may not write to its folder")
