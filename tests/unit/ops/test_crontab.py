"""Crontab lines, and that the example is what `cron print` prints."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from amzsync.cli import cron as command
from amzsync.cli.app import run
from amzsync.flows import FLOWS
from amzsync.ops.crontab import line
from amzsync.ops.doctor import cron as doctor
from amzsync.ops.doctor.runs import scheduled
from amzsync.ops.schedule import OPERATIONS, Job, Phase, job_of
from tests.unit.ops.schedules import all_on, loaded

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / "crontab.example").read_text(encoding="utf-8")
LINES = [text for text in EXAMPLE.splitlines() if text and not text.startswith("#")]
JOBS = [*(job_of(flow) for flow in FLOWS if flow.cron), *OPERATIONS]
INSTALLED, CONFIG = "/opt/amzsync/bin/amzsync", "/etc/amzsync/channel.toml"
ODD = "Ayşe's 50% off.toml"


def printed(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """What `cron print` prints for a config."""
    assert run(["cron", "print", "--config", str(path), *options]) == 0
    return capsys.readouterr().out


def command_of(text: str) -> list[str]:
    """The words of a line's command, as cron and the shell read them."""
    shell = text.split(None, 5)[5].replace(r"\%", "%")
    return shlex.split(shell.rpartition("; ")[2])


def test_the_example_is_what_is_printed_for_a_channel_with_everything_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = all_on(tmp_path, monkeypatch)
    monkeypatch.setattr(command, "_program", lambda: [INSTALLED])
    assert printed(path, capsys).replace(str(path), CONFIG) == EXAMPLE
    assert f"#   amzsync cron print --config {CONFIG}" in EXAMPLE.splitlines()


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_the_example_has_a_line_for_everything_that_is_scheduled(job: Job) -> None:
    words = [INSTALLED, *job.words, "--config", CONFIG]
    (found,) = [text for text in LINES if command_of(text)[: len(words)] == words]
    assert found.split()[1:5] == job.cron.split()[1:]
    flag = f" ({job.flag})" if job.flag else ""
    assert f"# {job.summary}{flag}." in EXAMPLE


def test_the_example_has_a_line_for_nothing_else() -> None:
    assert len(LINES) == len(JOBS)


@pytest.mark.parametrize("text", LINES)
def test_every_line_of_the_example_is_a_command(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    program, *words = command_of(text)
    assert Path(program).is_absolute()
    assert run([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in words if word.startswith("--"))


def test_a_path_with_blanks_and_percent_signs_reaches_the_shell_whole() -> None:
    path = Path(f"/srv/shop/{ODD}")
    text = line(job_of(FLOWS[0]), Phase(0, 7), ["/usr/bin/python3", "-m", "amzsync"], path)
    assert text.startswith("*/5 * * * * sleep 7; ")
    assert text.count("%") == text.count(r"\%") == 1
    words = command_of(text)
    assert words[:5] == ["/usr/bin/python3", "-m", "amzsync", "orders", "pull"]
    assert words[words.index("--config") + 1] == str(path)


def test_a_line_runs_in_a_shell_without_environment(tmp_path: Path) -> None:
    said = tmp_path / "it's said.txt"
    program = tmp_path / "my program"
    program.write_text(f'#!/bin/sh\necho "$@" > {shlex.quote(str(said))}\n', encoding="utf-8")
    program.chmod(0o700)
    text = line(OPERATIONS[0], Phase(0, 0), [str(program)], tmp_path / ODD)
    shell = text.split(None, 5)[5].replace(r"\%", "%")
    done = subprocess.run(["/bin/sh", "-c", f"sleep 0; {shell}"], env={}, check=False)
    assert done.returncode == 0
    expected = f"report --fix --config {tmp_path / ODD} --max-runtime 900\n"
    assert said.read_text(encoding="utf-8") == expected


def test_doctor_finds_every_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = all_on(tmp_path, monkeypatch, ODD)
    crontab = tmp_path / "crontab"
    crontab.write_text(printed(path, capsys), encoding="utf-8")
    monkeypatch.setattr(doctor, "FILES", (crontab,))
    monkeypatch.setattr(doctor, "FOLDERS", ())
    monkeypatch.setattr(doctor, "_crontab", lambda: ("", ""))
    config = loaded(path)
    (finding,) = doctor.of_cron(config, scheduled(config), running=False)
    assert (finding.level, finding.message) == ("ok", "has a line for every flow that is on")


def test_with_nothing_on_there_is_no_line_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = all_on(tmp_path, monkeypatch)
    text = path.read_text(encoding="utf-8").replace("= true", "= false")
    path.write_text(text.replace('category_ids = "12466497031"', ""), encoding="utf-8")
    assert run(["cron", "print", "--config", str(path)]) == 0
    shown = capsys.readouterr()
    assert all(text.startswith("#") for text in shown.out.splitlines())
    assert "no flow of the channel is on" in shown.err
    assert json.loads(printed(path, capsys, "--json"))["jobs"] == []


def test_what_cron_lacks_of_the_environment_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = all_on(tmp_path, monkeypatch)
    assert run(["cron", "print", "--config", str(path), "--json"]) == 0
    shown = capsys.readouterr()
    names = ["AMAZON_CLIENT_SECRET", "AMAZON_REFRESH_TOKEN", "OMNITRON_PASSWORD"]
    told = json.loads(shown.out)
    assert told["variables"] == names
    assert all(name in shown.err for name in names)
    stock = next(row for row in told["jobs"] if row["name"] == "stock.push")
    assert stock["schedule"] == stock["every"] == "* * * * *"
    assert stock["line"] in printed(path, capsys).splitlines()


def test_cron_itself_takes_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if (crontab := shutil.which("crontab")) is None:
        pytest.skip("there is no cron on this machine")
    path = tmp_path / "crontab"
    path.write_text(printed(all_on(tmp_path, monkeypatch, ODD), capsys), encoding="utf-8")
    done = subprocess.run([crontab, "-n", str(path)], capture_output=True, text=True, check=False)
    if "invalid option" in done.stderr:
        pytest.skip("this cron has no way to check a file")
    assert done.returncode == 0, done.stderr
