"""Real processes: the sandbox in one of its own, and commands whose time and memory are taken."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

PYTHON = sys.executable
# What the installed command does.
AMZSYNC = (PYTHON, "-c", "from amzsync.__main__ import main; main()")


@dataclass(frozen=True, slots=True)
class Took:
    """One process: seconds by the clock and on the processor, peak memory in MiB, stdout."""

    code: int
    seconds: float
    processor: float
    memory: float
    out: str


# A process between, because Linux counts the memory of who starts a process as that one's own.
_LAUNCHER = """
import json, os, sys, time
started = time.perf_counter()
pid = os.fork()
if not pid:
    for number, name in ((1, sys.argv[1]), (2, os.devnull)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.execv(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(pid, 0)
seconds = time.perf_counter() - started
code = os.waitstatus_to_exitcode(status)
print(json.dumps([code, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


def take(command: Sequence[str], folder: Path) -> Took:
    """Run a command to its end."""
    out = folder / "out"
    launcher = [PYTHON, "-I", "-S", "-c", _LAUNCHER, str(out), *command]
    told = subprocess.run(launcher, stdout=subprocess.PIPE, check=True).stdout
    code, seconds, processor, memory = json.loads(told)
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return Took(code, seconds, processor, memory / unit, out.read_text(encoding="utf-8"))


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
