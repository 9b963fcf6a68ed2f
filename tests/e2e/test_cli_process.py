"""amzsync as a process: as cron starts it, in a pipe, on a terminal, under signals.

The sandbox is served on the machine's own clock here, for a process has no other.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from amzsync.cli.app import run
from amzsync.cli.sandbox import config_text, write_config
from amzsync.sandbox.server import Sandbox

AMZSYNC = (sys.executable, "-m", "amzsync")
PATIENCE = 60


@pytest.fixture(scope="module")
def _served() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def live(_served: Sandbox) -> Sandbox:
    """A sandbox on the real clock, empty."""
    _served.latency = 0.0
    _served.reset()
    return _served


@pytest.fixture
def config(live: Sandbox, tmp_path: Path) -> Path:
    """A config for it; the state file lies next to it."""
    path = tmp_path / "channel.toml"
    write_config(path, config_text(live))
    return path


def start(*words: object, **options: object) -> subprocess.Popen[str]:
    """A process with pipes; its environment is this one's unless `env` says otherwise."""
    values = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    argv = [*AMZSYNC, *map(str, words)]
    return subprocess.Popen(argv, text=True, **values)  # type: ignore[call-overload,no-any-return] # options of Popen's own


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def test_under_cron_success_is_silent_without_a_home_or_a_path(live: Sandbox, config: Path) -> None:
    live.reset(orders=5, skus=20, plain=True)
    live.world.omnitron.set_stock("SKU-000001", 77)
    for words in (("orders", "pull"), ("stock", "push")):
        for _ in range(2):
            assert ended(start(*words, "--config", config, env={}, cwd="/")) == (0, "", "")
    assert len(live.world.omnitron.snapshot("orders")) == 5
    assert live.count("patchListingsItem") == 1


@pytest.mark.parametrize("words", [("stock", "push", "--json"), ("status",), ("config", "show")])
def test_a_reader_that_goes_away_is_no_failure(config: Path, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start(*words, "--config", config, stdout=writing)
    os.close(writing)
    code, _, err = ended(process)
    assert (code, err) == (0, "")


def test_a_run_keeps_its_exit_code_without_a_reader(live: Sandbox, config: Path) -> None:
    live.reset(orders=100, skus=20)
    reading, writing = os.pipe()
    os.close(reading)
    process = start("orders", "pull", "--json", "--config", config, stdout=writing)
    os.close(writing)
    assert ended(process)[0] == 1
    assert len(live.world.omnitron.snapshot("orders")) == 92


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("words", [("status",), ("config", "show"), ("stock", "push", "--json")])
def test_output_to_a_full_disk_is_exit_5(config: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        code, _, err = ended(start(*words, "--config", config, stdout=full))
    assert code == 5
    assert "no space left" in err
    assert "Traceback" not in err


def test_a_full_disk_under_the_state_file_is_exit_5_and_loses_nothing(
    live: Sandbox, config: Path
) -> None:
    live.reset(orders=80, skus=20, plain=True)
    assert ended(start("stock", "push", "--config", config))[0] == 0
    most = config.with_name("amzsync-sandbox.db").stat().st_size + 40_000

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    code, out, err = ended(start("orders", "pull", "--config", config, preexec_fn=limited))
    assert (code, out) == (5, "")
    assert "rerunning is safe" in err
    assert err.count("\n") == 1
    assert ended(start("orders", "pull", "--config", config))[0] == 0
    numbers = [order["number"] for order in live.world.omnitron.snapshot("orders")]
    assert len(set(numbers)) == len(numbers) == 80


def wait_until(true: Callable[[], bool]) -> None:
    """Until something the other process does is to be seen; fails after a while."""
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, "it never happened"
        threading.Event().wait(0.02)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_ends_the_run_after_the_step_at_hand(
    live: Sandbox, config: Path, signum: signal.Signals
) -> None:
    live.reset(orders=120, skus=20, plain=True)
    live.latency = 0.02
    process = start("orders", "pull", "--json", "--config", config)
    wait_until(lambda: live.count("create_orders.create") > 5)
    process.send_signal(signum)
    code, out, err = ended(process)
    assert code == 128 + signum
    assert (
        err == f"amzsync: stopped by signal {signum.value}; nothing is lost, the next run goes on\n"
    )
    assert json.loads(out)["exit_code"] == code
    assert 5 < len(live.world.omnitron.snapshot("orders")) < 120
    live.latency = 0
    done = json.loads(ended(start("orders", "pull", "--json", "--config", config))[1])
    numbers = [order["number"] for order in live.world.omnitron.snapshot("orders")]
    assert len(set(numbers)) == len(numbers)
    # Those that were being created are looked for again, for some minutes, before they are created.
    looked_for = {row["key"] for row in done["waiting"] if row["code"] == "outcome_unknown"}
    assert done["exit_code"] == 0
    assert len(looked_for | set(numbers)) == 120


@pytest.mark.parametrize(
    ("hanging", "second"),
    # one that the main thread waits for, one that the threads of a batch wait for
    [("channels.get", signal.SIGINT), ("create_orders.create", signal.SIGTERM)],
)
def test_a_second_signal_ends_it_at_once_although_the_far_side_hangs(
    live: Sandbox, config: Path, hanging: str, second: signal.Signals
) -> None:
    live.reset(orders=3, skus=20, plain=True)
    live.faults.add("hang_after", hanging, "omnitron", seconds=20, times=3)
    process = start("orders", "pull", "--config", config)
    wait_until(lambda: live.count(hanging) > 0)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    wait_until(lambda: _seen_signal(process.pid))
    process.send_signal(second)
    code, out, err = ended(process)
    assert (code, out) == (128 + second, "")
    assert err == (
        f"amzsync: stopped at once by signal {second.value}; the next run goes on from there\n"
    )
    assert time.monotonic() - asked < 10


def _seen_signal(pid: int) -> bool:
    """Whether no SIGINT is pending any more for the process, so that its handler has run."""
    text = Path(f"/proc/{pid}/status").read_text()
    pending = [
        line.split()[1] for line in text.splitlines() if line.startswith(("SigPnd", "ShdPnd"))
    ]
    return all(int(mask, 16) == 0 for mask in pending)


def test_two_runs_at_once_one_works_and_the_other_leaves_quietly(
    live: Sandbox, config: Path
) -> None:
    live.reset(orders=30, skus=20, plain=True)
    live.latency = 0.1
    first = start("orders", "pull", "--config", config)
    wait_until(lambda: live.count("searchOrders") > 0)
    assert ended(start("orders", "pull", "--config", config)) == (7, "", "")
    code, _, err = ended(start("orders", "pull", "-v", "--config", config))
    assert (code, err.count("\n")) == (7, 1)
    assert ended(first) == (0, "", "")
    assert len(live.world.omnitron.snapshot("orders")) == 30


def on_a_terminal(*words: object, answer: bytes = b"", **env: str) -> tuple[int, str]:
    """(exit code, everything the terminal showed); `answer` is typed when a question is asked."""
    pid, terminal = pty.fork()
    if pid == 0:
        values = {**os.environ, "TERM": "xterm", "COLUMNS": "100", **env}
        os.execve(sys.executable, [*AMZSYNC, *map(str, words)], values)  # noqa: S606 - this very program
    shown = b""
    with contextlib.suppress(OSError):  # the terminal is gone when the process is
        while select.select([terminal], [], [], PATIENCE)[0] and (read := os.read(terminal, 65536)):
            shown += read
            if answer and shown.endswith(b"[y/N]: "):
                os.write(terminal, answer)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_on_a_terminal_a_run_says_what_it_did_with_a_live_line(live: Sandbox, config: Path) -> None:
    live.reset(orders=20, skus=20, plain=True)
    live.latency = 0.02
    code, shown = on_a_terminal("orders", "pull", "--config", config)
    assert code == 0
    assert "orders pull: 20 sent" in shown
    assert "new or changed orders taken in" in shown  # the live line
    assert "\x1b[" in shown


def test_a_table_on_a_terminal_is_drawn_and_no_color_is_respected(config: Path) -> None:
    ended(start("stock", "push", "--config", config))
    code, shown = on_a_terminal("status", "--config", config, NO_COLOR="1")
    assert code == 0
    assert "───" in shown
    assert "\x1b[3" not in shown.replace("\x1b[3m", "")  # italics are no colour
    assert "───" not in ended(start("status", "--config", config))[1]


def test_a_dry_run_on_a_terminal_keeps_its_lines_on_stdout(live: Sandbox, config: Path) -> None:
    live.reset(skus=20)
    live.world.omnitron.set_stock("SKU-000001", 77)
    target = config.with_name("plan.txt")
    line = '"$0" -m amzsync stock push --dry-run --config "$1" > "$2"'
    shell = ["/bin/sh", "-c", line, sys.executable, str(config), str(target)]
    assert pty.spawn(shell, lambda terminal: os.read(terminal, 65536)) == 0
    assert target.read_text() == "SKU-000001: unknown -> 77\n"


def test_clearing_all_asks_on_a_terminal(live: Sandbox, config: Path) -> None:
    live.reset(orders=100, skus=20)
    ended(start("orders", "pull", "--config", config))
    words = ("penalties", "clear", "--all", "--config", config)
    code, told = on_a_terminal(*words, answer=b"n\n")
    assert code == 0
    assert "Clear all 2 penalties?" in told
    assert "nothing was cleared" in told
    code, told = on_a_terminal(*words, "--yes")
    assert code == 0
    assert told.endswith("2 cleared\r\n")


def test_the_sandbox_serves_until_a_signal_and_writes_a_config_that_works(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.toml"
    process = start("sandbox", "--orders", 7, "--skus", 12, "--seed", 3, "--config-to", path)
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == "serving until Ctrl-C\n"
        assert path.stat().st_mode & 0o777 == 0o600
        for words in (("config", "check"), ("orders", "pull"), ("stock", "push")):
            code, out, _ = ended(start(*words, "--config", path))
            assert (code in (0, 1), out) == (True, "")
        again = ended(start("sandbox", "--config-to", path))
        assert (again[0], again[1]) == (2, "")
        assert "is there already" in again[2]
    finally:
        process.send_signal(signal.SIGTERM)
    code, out, err = ended(process)
    assert (code, err) == (128 + signal.SIGTERM, "")
    assert "client_secret    sandbox-client-secret" in out
    assert f"amzsync orders pull --config {path}" in out


def test_a_port_in_use_is_a_usage_error(live: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    port = live.amazon_url.rpartition(":")[2]
    assert run(["sandbox", "--amazon-port", port]) == 2
    assert f"ports {port} and 0 cannot be served" in capsys.readouterr().err


def modules_after(words: list[str]) -> set[str]:
    """What is imported once these words have been worked off."""
    code = (
        "import sys, json\n"
        "from amzsync.cli.app import run\n"
        f"run({words!r})\n"
        "sys.stdout.flush()\n"
        "print('\\n' + json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_an_idle_run_imports_nothing_it_does_not_need(config: Path) -> None:
    found = modules_after(["stock", "push", "--config", str(config)])
    assert "amzsync.flows.stock_push" in found
    for name in ("amzsync.sandbox", "amzsync.ops", "amzsync.cli.demo", "amzsync.flows.orders_pull"):
        assert name not in found


def test_help_imports_neither_clients_nor_state() -> None:
    for words in (["--help"], ["stock", "push", "--help"]):
        found = modules_after(words)
        assert not {"httpx", "sqlite_utils", "rich.console", "amzsync.config"} & found
