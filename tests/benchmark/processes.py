"""Real processes: the sandbox in one of its own, and commands whose time and memory are taken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

PYTHON = sys.executable
AMZSYNC = (PYTHON, "-m", "amzsync")


@dataclass(frozen=True, slots=True)
class Took:
    """One process: seconds by the clock and on the processor, peak memory in MiB, stdout."""

    code: int
    seconds: float
    processor: float
    memory: float
    out: str


def take(command: Sequence[str], folder: Path) -> Took:
    """Run a command to its end."""
    started = time.perf_counter()
    with (folder / "out").open("w+b") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        out.seek(0)
        text = out.read().decode()
    unit = 1024**2 if sys.platform == "darwin" else 1024
    processor = usage.ru_utime + usage.ru_stime
    return Took(process.returncode, seconds, processor, usage.ru_maxrss / unit, text)


@dataclass(frozen=True, slots=True)
class Site:
    """A sandbox of its own process, and a config and state of its own against it."""

    folder: Path
    url: str

    @property
    def config(self) -> Path:
        """The channel's config file."""
        return self.folder / "amzsync.toml"

    def command(self, *words: str) -> list[str]:
        """The command line of this channel."""
        return [*AMZSYNC, *words, "--config", str(self.config)]

    def run(self, *words: str) -> Took:
        """Run it. Errors: RuntimeError when it fails, for then its figures say nothing."""
        took = take(self.command(*words, "--json"), self.folder)
        if took.code:
            raise RuntimeError(f"{' '.join(words)} ended {took.code}: {took.out[:500]}")
        return took

    def control(self, method: str, path: str, values: object = None) -> Any:
        """Ask the sandbox's control endpoint."""
        reply = httpx.request(method, f"{self.url}/_sandbox/{path}", json=values, timeout=300)
        return reply.raise_for_status().json()

    def calls(self) -> tuple[int, int]:
        """Calls to (Amazon, Omnitron) since the last `forget_calls`, tokens and logins not."""
        counts = self.control("GET", "calls")
        apart = {"getAccessToken", "auth.login"}
        amazon, omnitron = (
            sum(count for name, count in counts[side].items() if name not in apart)
            for side in ("amazon", "omnitron")
        )
        return amazon, omnitron

    def forget_calls(self) -> None:
        """Count from nothing."""
        self.control("DELETE", "calls")

    def change_stocks(self, count: int) -> int:
        """Change so many listed SKUs in Omnitron; how many there were."""
        rows = self.control("GET", "state?side=omnitron&kind=stocks")
        # Every fiftieth product waits to be listed.
        listed = [
            row for at, row in enumerate(r for r in rows if r["channel"] == 1) if (at + 1) % 50
        ]
        values = {row["sku"]: row["stock"] + 1 for row in listed[:count]}
        self.control("POST", "omnitron/stocks", values)
        return len(values)


@contextmanager
def site(skus: int, *, latency: float = 0) -> Iterator[Site]:
    """A sandbox with so many products and no orders, and a channel that knows it."""
    with TemporaryDirectory(prefix="amzsync-benchmark-") as name:
        folder = Path(name)
        config = folder / "amzsync.toml"
        options = ["--orders", "0", "--skus", str(skus), "--latency", str(latency)]
        command = [*AMZSYNC, "sandbox", *options, "--config-to", str(config)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            if process.stdout is None or not process.stdout.readline():
                raise RuntimeError("the sandbox did not start")
            yield Site(folder, _base_url(config))
        finally:
            process.terminate()
            process.wait()


def _base_url(config: Path) -> str:
    for line in config.read_text(encoding="utf-8").splitlines():
        if line.startswith("base_url = "):
            url: str = json.loads(line.removeprefix("base_url = "))
            return url
    raise RuntimeError("the sandbox wrote no base_url")
