"""`amzsync demo`: the whole product in one command."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from amzsync.cli import demo, plot
from amzsync.cli.app import run

DEMO = [sys.executable, "-m", "amzsync", "demo"]


def environment(folder: Path) -> dict[str, str]:
    """An environment that would mislead runs which read it; temporary files go into `folder`."""
    return {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(folder),
        "AMZSYNC_CONFIG": "/nowhere.toml",
        "AMZSYNC_LIMIT": "1",
        "http_proxy": "http://127.0.0.1:1",
    }


def test_the_demo_shows_what_moved_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (scratch := tmp_path / "scratch").mkdir()
    page = tmp_path / "report.html"
    done = subprocess.run(
        [*DEMO, "--html", str(page)],
        capture_output=True,
        text=True,
        env=environment(scratch),
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    told = re.sub(" +", " ", done.stdout)
    for moved in (
        "orders in Omnitron 92",
        "stocks by patchListingsItem 3",
        "prices by patchListingsItem 6",
        "feeds for them 1",
        "packages confirmed 3",
        "units cancelled 3",
        "units delivered 9",
        "return requests 1",
        "categories in Omnitron 126",
        "products put on sale 8",
    ):
        assert moved in told
    assert "Address is not valid. channel: 1 code: Merkez" in told
    assert "Category data not found" in told
    *_, screen = told.partition("Failed, and in penalty")
    assert re.search(r"orders pull .*s ago exit 0: 2 held", screen)  # the status screen
    assert re.search(r"report .*s ago exit 0", screen)
    assert "All is well after" in screen
    assert list(scratch.iterdir()) == []
    assert "No difference stands between Omnitron and Amazon" in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_told_before_anything_runs(tmp_path: Path) -> None:
    assert run(["demo", "--html", str(tmp_path / "nowhere" / "report.html")]) == 2


def test_what_is_wrong_is_told_and_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # No time passes before the cancellations are pulled: Amazon's search cannot list them yet.
    monkeypatch.setattr(plot, "FEED_TIME", 0)
    monkeypatch.setattr(demo, "ORDERS", 20)  # enough for an order that has to fail
    assert run(["demo"]) == 1
    told = capsys.readouterr()
    assert "has units {'400': 6} instead of {'50': 6}" in told.err
    assert "things are wrong" in told.out


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_nothing_behind(
    tmp_path: Path, signum: signal.Signals
) -> None:
    process = subprocess.Popen(
        DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(tmp_path)
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Both far sides on loopback")
    threading.Event().wait(0.5)
    process.send_signal(signum)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + signum
    assert f"stopped by signal {signum.value}" in err
    assert list(tmp_path.iterdir()) == []
