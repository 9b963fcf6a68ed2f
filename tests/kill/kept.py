"""A day as it was prepared, kept to begin from again: both far sides, the state file, the clock."""

from __future__ import annotations

import io
import pickle
import shutil
from pathlib import Path
from typing import Any

from amzsync.sandbox.clock import SandboxClock
from tests.shop import Shop


class Kept:
    """What a shop and its far sides were like when this was made.

    A world is prepared by runs and takes as long as what is looked at; a copy of it takes 5 ms. It
    is pickled, so the sandbox's plans for later are methods, never functions inside functions.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._at = shop.clock.at
        self._folder = shop.folder / "kept"
        self._folder.mkdir()
        for path in _files(shop.folder, shop):
            shutil.copy2(path, self._folder)
        # The parts themselves are kept too: large documents are in files that go with them.
        self._parts = [dict(vars(part)) for part in _parts(shop)]
        stream = io.BytesIO()
        _Pickler(stream, shop.sandbox.clock).dump(self._parts)
        self._pickled = stream.getvalue()

    def restore(self) -> None:
        """Have it all as it was then."""
        shop = self._shop
        shop.sandbox.reset()
        shop.clock.at = self._at
        for path in _files(shop.folder, shop):
            path.unlink()
        for path in _files(self._folder, shop):
            shutil.copy2(path, shop.folder)
        values = _Unpickler(io.BytesIO(self._pickled), shop.sandbox.clock).load()
        for part, kept in zip(_parts(shop), values, strict=True):
            vars(part).update(kept)


def _files(folder: Path, shop: Shop) -> list[Path]:
    return list(folder.glob(f"{shop.state.name}*"))


def _parts(shop: Shop) -> list[Any]:
    return [shop.sandbox.world, shop.sandbox.journal, shop.sandbox.faults]


class _Pickler(pickle.Pickler):
    """Leaves out the clock, of which there is one."""

    def __init__(self, stream: io.BytesIO, clock: SandboxClock) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self._clock = clock

    def persistent_id(self, obj: Any) -> str | None:
        return "clock" if obj is self._clock else None


class _Unpickler(pickle.Unpickler):
    """Puts the clock in again."""

    def __init__(self, stream: io.BytesIO, clock: SandboxClock) -> None:
        super().__init__(stream)
        self._clock = clock

    def persistent_load(self, pid: Any) -> SandboxClock:
        return self._clock
