"""The help of every command, read as its user would: complete, and without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from amzsync.cli.app import SECTIONS, app, run

WORDS = [command.words for commands in SECTIONS.values() for command in commands]
GROUPS = sorted({words.split()[0] for words in WORDS if len(words.split()) > 1})


def found(words: str) -> Any:
    """The command of these words, as the library holds it."""
    root: Any = typer.main.get_command(app)
    command = root.get_command(None, words.split()[0])
    for word in words.split()[1:]:
        command = command.commands[word]
    return command


def options(command: Any) -> Iterator[Any]:
    return (parameter for parameter in command.params if parameter.name != "help")


@pytest.mark.parametrize("words", [*WORDS, *GROUPS])
def test_a_command_says_what_it_does(words: str) -> None:
    text = found(words).help or ""
    summary = text.split("\n\n")[0].strip()
    assert summary.endswith((".", ":")), words
    assert len(summary.split()) >= 3


@pytest.mark.parametrize("words", [*WORDS, *GROUPS])
def test_every_option_and_argument_says_what_it_is_for(words: str) -> None:
    assert [each.name for each in options(found(words)) if not each.help] == []


@pytest.mark.parametrize("words", [*WORDS, *GROUPS])
def test_it_ends_with_where_the_exit_codes_are_told_and_fits(
    words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run([*words.split(), "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1].strip() == "Exit codes: amzsync --help lists them."


def test_the_exit_codes_it_points_to_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out.partition("Exit codes:\n")[2]
    assert all(f" {code}  " in shown for code in (*range(11), 70))


@pytest.mark.parametrize("words", [words for words in WORDS if words.endswith(("pull", "push"))])
def test_a_flow_says_when_it_runs_and_how_it_is_tried(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words.split(), "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "It runs while " in shown
    assert "cron starts it at " in shown
    assert f"amzsync {words} --config tr.toml --dry-run" in shown
