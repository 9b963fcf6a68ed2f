"""Starts the wrapped command line in real processes and waits for them."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.kill import wrapper
from tests.kill.wrapper import Point
from tests.shop import Ran, Shop

KILLED = -9
_PATIENCE = 60.0  # seconds until a process that does not end is a failure

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["__main__", "tests.shop", "tests.kill.wrapper"])


@dataclass(frozen=True)
class Started:
    """A process under way; its output is in `out`."""

    process: BaseProcess
    out: Path

    def end(self) -> Ran:
        """Wait for it; the code is negative when a signal ended it."""
        self.process.join(_PATIENCE)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join()
            raise AssertionError("the process did not end")
        self.process.close()
        return Ran(code, self._text("stdout"), self._text("stderr"))

    def points(self) -> list[str]:
        """The points it passed, if it came to its end."""
        return self._text("points").splitlines()

    def _text(self, name: str) -> str:
        return (self.out / name).read_text(encoding="utf-8")


def start(shop: Shop, *argv: str, point: Point | None = None, name: str = "run") -> Started:
    """Start one command line on this channel, with the clock as it stands now."""
    out = shop.folder / name
    out.mkdir(exist_ok=True)
    line = [*argv, "--config", str(shop.config)]
    process = _context.Process(target=wrapper.main, args=(line, shop.clock, point, out))
    process.start()
    return Started(process, out)


def passed(shop: Shop, *argv: str) -> list[str]:
    """Run to the end and tell the points on the way."""
    started = start(shop, *argv)
    ran = started.end()
    assert ran.code in (0, 1), ran.err
    return started.points()
