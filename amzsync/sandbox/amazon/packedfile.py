"""Files for what is too large for memory: packed, and gone with what they belong to."""

from __future__ import annotations

import gzip
import os
import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path


def packed_file(owner: object, chunks: Iterable[bytes]) -> Path:
    """A file of these bytes, packed by gzip; it is removed when its owner is gone."""
    number, name = tempfile.mkstemp(prefix="amzsync-sandbox-")
    weakref.finalize(owner, Path(name).unlink, missing_ok=True)
    with os.fdopen(number, "wb") as file, gzip.open(file, "wb", compresslevel=1) as packed:
        for chunk in chunks:
            packed.write(chunk)
    return Path(name)
