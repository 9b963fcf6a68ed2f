"""The root command: help, names, completion, and where errors become exit codes."""

from __future__ import annotations

import importlib.metadata
import json

import pytest

from amzsync.cli import app as root
from amzsync.cli.app import EXIT_CODES, SECTIONS, run
from amzsync.flows import FLOWS

COMMANDS = [command.words for commands in SECTIONS.values() for command in commands]


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_lists_every_command_grouped_in_80_columns(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([option]) == 0
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    for title, commands in SECTIONS.items():
        start = lines.index(f"{title}:")
        block = lines[start + 1 : start + 1 + len(commands)]
        assert [line.split("  ")[1].strip() for line in block] == [row.words for row in commands]
        assert all(row.summary in line for row, line in zip(commands, block, strict=True))
    assert EXIT_CODES in shown


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_a_help_that_fits(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words.split(), "-h"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: amzsync {words} ")
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("words", [entry.command for entry in FLOWS])
def test_every_flow_has_the_same_options(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    run([*words.split(), "--help"])
    shown = capsys.readouterr().out
    for option in (
        "--config PATH",
        "--dry-run",
        "--limit N",
        "--only KEY",
        "--json",
        "--force",
        "--override-guard",
        "--lock-wait SECONDS",
        "--max-runtime SECONDS",
        "-v, --verbose",
        "-q, --quiet",
    ):
        assert option in shown
    for variable in ("CONFIG", "DRY_RUN", "LIMIT", "ONLY", "JSON", "LOCK_WAIT", "MAX_RUNTIME"):
        assert f"AMZSYNC_{variable}" in shown


@pytest.mark.parametrize("group", [[], ["orders"], ["stock"], ["penalties"], ["cron"], ["config"]])
def test_a_group_alone_shows_its_help_and_is_no_success(
    group: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(group) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("Usage: amzsync")
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["order"], "amzsync: there is no command 'order'; did you mean orders?\n"),
        (
            ["pull"],
            "amzsync: there is no command 'pull'; did you mean orders pull, cancellations pull or "
            "refunds pull?\n",
        ),
        (["refresh"], "amzsync: there is no command 'refresh'; did you mean orders refresh?\n"),
        (["docter"], "amzsync: there is no command 'docter'; did you mean doctor?\n"),
        (["xyzzy"], "amzsync: there is no command 'xyzzy'\n"),
    ],
)
def test_an_unknown_command_is_a_usage_error_with_the_nearest_name(
    argv: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(argv) == 2
    assert capsys.readouterr().err == says


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["orders", "pul"], "pul"),
        (["orders", "pull", "--jsn"], "--jsn"),
        (["orders", "pull", "--limit", "0"], "--limit"),
        (["stock", "push", "--max-runtime", "soon"], "--max-runtime"),
        (["why"], "KEY"),
    ],
)
def test_wrong_usage_is_told_in_a_line_that_says_where_help_is(
    argv: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(argv) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("amzsync: ")
    assert says in shown.err
    assert "--help'.\n" in shown.err


def test_wrong_usage_with_json_is_an_object_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["orders", "pull", "--json", "--limit", "0"]) == 2
    body = json.loads(capsys.readouterr().out)
    assert body["exit_code"] == 2
    assert "--limit" in body["error"]["message"]


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"amzsync {importlib.metadata.version('amzsync')}\n"


@pytest.mark.parametrize(
    ("typed", "offers"),
    [
        ("amzsync or", ["orders"]),
        ("amzsync orders p", ["pull", "push"]),
        ("amzsync p", ["prices", "products", "penalties"]),
        ("amzsync penalties ", ["list", "explain", "clear"]),
        ("amzsync stock push --dry", ["--dry-run"]),
    ],
)
def test_the_shell_completes(
    typed: str,
    offers: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("_AMZSYNC_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))
    assert run([]) == 0
    assert capsys.readouterr().out.split() == offers


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_every_shell_can_be_shown(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--show-completion", shell]) == 0
    assert "_AMZSYNC_COMPLETE" in capsys.readouterr().out


def test_a_bug_is_exit_70_and_tells_nothing_of_what_it_was_about(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("Deniz Örnek, deniz@ornek.invalid")

    monkeypatch.setattr(root, "app", broken)
    assert run(["orders", "pull"]) == 70
    shown = capsys.readouterr()
    assert shown.err.startswith("amzsync: internal error: ZeroDivisionError; run it again with -v")
    assert "ornek" not in shown.err + shown.out
