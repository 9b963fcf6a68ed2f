"""What drifts is checked: the README against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from amzsync import errors
from amzsync.cli.app import SECTIONS
from amzsync.cli.render import blank
from amzsync.flows import FLOWS, Entry

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", FLOWS, ids=lambda entry: entry.name)
def test_every_flow_has_its_row_its_module_and_its_end_to_end_tests(entry: Entry) -> None:
    flag, cron = (f"`{text}`" if text else "–" for text in (entry.flag, entry.cron))
    row = f"| `{entry.command}` | {entry.summary} | {flag} | {cron} |"
    assert row in README.splitlines()
    assert (ROOT / "tests" / "e2e" / f"test_{entry.module.rpartition('.')[2]}.py").is_file()


def test_every_command_is_named() -> None:
    words = {command.words.split()[-1] for commands in SECTIONS.values() for command in commands}
    assert [word for word in sorted(words) if not re.search(rf"`[^`]*\b{word}\b", README)] == []


def test_every_exit_code_an_error_carries_is_explained() -> None:
    codes = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.AmzsyncError)
    }
    explained = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert codes <= explained
    assert explained == {*range(11), 70}


def test_every_key_of_the_json_is_explained() -> None:
    explained = set(re.findall(r"`(\w+)`", README.partition("### `--json`")[2].partition("##")[0]))
    assert set(blank(FLOWS[0], dry_run=False)) <= explained


def test_the_two_commands_of_a_newcomer_are_one_line_each() -> None:
    lines = README.splitlines()
    assert sum(line.endswith("amzsync demo") for line in lines) == 1
    assert sum(line.endswith("-m tests") for line in lines) == 1
