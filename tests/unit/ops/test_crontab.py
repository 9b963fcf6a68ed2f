"""Crontab lines, and that the example is made of them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from amzsync.cli.app import run
from amzsync.flows import FLOWS, Entry
from amzsync.ops.crontab import line

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / "crontab.example").read_text(encoding="utf-8")
LINES = [text for text in EXAMPLE.splitlines() if text and not text.startswith("#")]
SCHEDULED = [entry for entry in FLOWS if entry.cron]


def command_of(text: str) -> list[str]:
    """The words of a line's command, as cron and the shell read them."""
    return shlex.split(text.split(None, 5)[5].replace(r"\%", "%"))


@pytest.mark.parametrize("entry", SCHEDULED, ids=lambda entry: entry.name)
def test_the_example_has_a_line_for_every_scheduled_flow(entry: Entry) -> None:
    expected = line(entry, ["/opt/amzsync/bin/amzsync"], Path("/etc/amzsync/channel.toml"))
    assert expected in LINES
    flag = f" ({entry.flag})" if entry.flag else ""
    assert f"# {entry.summary}{flag}." in EXAMPLE


def test_the_example_has_a_line_for_nothing_else() -> None:
    assert len(LINES) == len(SCHEDULED)


@pytest.mark.parametrize("text", LINES)
def test_every_line_of_the_example_is_a_command(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program, *words = command_of(text)
    assert Path(program).name == "amzsync"
    assert run([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in words if word.startswith("--"))


def test_a_path_with_blanks_and_percent_signs_reaches_the_shell_whole() -> None:
    path = Path("/srv/Ayşe's shop/50% off.toml")
    text = line(FLOWS[0], ["/usr/bin/python3", "-m", "amzsync"], path)
    assert text.count("%") == text.count(r"\%") == 1
    words = command_of(text)
    assert words[:5] == ["/usr/bin/python3", "-m", "amzsync", "orders", "pull"]
    assert words[words.index("--config") + 1] == str(path)
