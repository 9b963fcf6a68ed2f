"""systemd's units: what they start, when, as whom; and systemd itself on them where it is there."""

from __future__ import annotations

import getpass
import json
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from amzsync.cli import cron as command
from amzsync.cli.app import run
from amzsync.ops import systemd
from amzsync.ops.doctor import cron as doctor
from amzsync.ops.doctor.runs import scheduled
from amzsync.ops.schedule import jobs
from tests.unit.ops.schedules import all_on, loaded

ODD = 'Ayşe\'s $HOME "50%" off.toml'


def written(path: Path, folder: Path) -> dict[str, ConfigParser]:
    """The units `cron print --systemd` writes there, by name."""
    assert run(["cron", "print", "--config", str(path), "--systemd", str(folder)]) == 0
    return {unit.name: parsed(unit.read_text(encoding="utf-8")) for unit in folder.iterdir()}


def parsed(text: str) -> ConfigParser:
    """A unit's sections and keys."""
    found = ConfigParser(interpolation=None, strict=True, delimiters=("=",))
    found.optionxform = str  # type: ignore[assignment,method-assign] # systemd's keys have capitals
    found.read_string(text)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "units"
    found.mkdir()
    return found


def test_everything_that_is_on_has_a_service_and_a_timer(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = all_on(tmp_path, monkeypatch, "tr.toml")
    monkeypatch.setattr(command, "_program", lambda: ["/opt/amzsync/bin/amzsync"])
    units = written(path, folder)
    names = {f"amzsync-tr.{job.command.replace(' ', '-')}" for job in jobs(loaded(path))}
    assert set(units) == {f"{name}.{kind}" for name in names for kind in ("service", "timer")}
    service = units["amzsync-tr.stock-push.service"]["Service"]
    assert service["ExecStart"] == (
        f"/opt/amzsync/bin/amzsync stock push --config {path} --max-runtime 900"
    )
    assert service["User"] == getpass.getuser()
    assert service["EnvironmentFile"] == str(path.with_suffix(".env"))
    assert (service["Type"], service["Nice"], service["ProtectSystem"]) == (
        *("oneshot", "10"),
        "strict",
    )
    timer = units["amzsync-tr.stock-push.timer"]["Timer"]
    assert (timer["OnCalendar"], timer["Persistent"]) == ("*-*-* *:*:00", "true")
    assert units["amzsync-tr.orders-refresh.timer"]["Timer"]["OnCalendar"] == "*-*-* 06:00:00"
    assert all((folder / name).stat().st_mode & 0o777 == 0o644 for name in units)


@pytest.mark.parametrize(
    ("cron", "calendar"),
    [
        ("* * * * *", "*-*-* *:*:00"),
        ("*/5 * * * *", "*-*-* *:00/5:00"),
        ("3-59/5 * * * *", "*-*-* *:03/5:00"),
        ("0 6 * * *", "*-*-* 06:00:00"),
        ("8-59/10 4-6 * * *", "*-*-* 04..06:08/10:00"),
    ],
)
def test_a_schedule_is_spelt_as_systemd_does(cron: str, calendar: str) -> None:
    assert systemd.calendar(cron) == calendar
    if (analyze := shutil.which("systemd-analyze")) is None:
        return
    done = subprocess.run(
        [analyze, "calendar", calendar], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"Normalized form: {calendar}" in done.stdout


def test_words_are_spelt_as_systemd_reads_them() -> None:
    words = ["/opt/a b/amzsync", "--config", 'Ayşe\'s $HOME "50%" \\.toml', "", "x@y:1,2=3+4_5-6"]
    assert systemd.command_text(words) == (
        '"/opt/a b/amzsync" --config "Ayşe\'s $$HOME \\"50%%\\" \\\\.toml" "" x@y:1,2=3+4_5-6'
    )


def test_it_may_write_to_the_state_and_the_log_and_nowhere_else(
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = all_on(tmp_path, monkeypatch)
    with path.open("a", encoding="utf-8") as config:
        config.write('[state]\npath = "my state/seller.db"\n[logs]\njson_to = "logs/tr.jsonl"\n')
    units = written(path, folder)
    service = units["amzsync-channel.alarms.service"]["Service"]
    assert service["ReadWritePaths"] == f'"{tmp_path}/my state" {tmp_path}/logs'
    told = capsys.readouterr().err
    assert f"install -d -m 0700 -o {getpass.getuser()} '{tmp_path}/my state'" in told
    assert f"{tmp_path}/channel.env (NAME=value, mode 0600)" in told


def test_doctor_finds_every_unit_whatever_the_config_is_called(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = all_on(tmp_path, monkeypatch, ODD)
    written(path, folder)
    monkeypatch.setattr(doctor, "FILES", ())
    monkeypatch.setattr(doctor, "FOLDERS", (folder,))
    monkeypatch.setattr(doctor, "_crontab", lambda: ("", ""))
    config = loaded(path)
    (finding,) = doctor.of_cron(config, scheduled(config), running=False)
    assert (finding.level, finding.message) == ("ok", "has a line for every flow that is on")


def test_units_of_flows_switched_off_since_are_named(
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = all_on(tmp_path, monkeypatch, "tr.toml")
    written(path, folder)
    assert "no longer wanted" not in capsys.readouterr().err
    text = path.read_text(encoding="utf-8").replace("get_orders = true", "get_orders = false")
    path.write_text(text, encoding="utf-8")
    (folder / "amzsync-tr-fba.stock-push.timer").touch()
    written(path, folder)
    assert "systemctl disable --now amzsync-tr.orders-pull.timer," in capsys.readouterr().err


def test_a_dash_prints_them_and_json_holds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = all_on(tmp_path, monkeypatch, "tr.toml")
    assert run(["cron", "print", "--config", str(path), "--systemd", "-"]) == 0
    shown = capsys.readouterr().out
    assert run(["cron", "print", "--config", str(path), "--systemd", "-", "--json"]) == 0
    units = json.loads(capsys.readouterr().out)["units"]
    assert shown == "\n".join(f"# {name}\n{text}" for name, text in units.items())


def test_a_folder_that_is_not_there_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = all_on(tmp_path, monkeypatch)
    nowhere = str(tmp_path / "nowhere")
    assert run(["cron", "print", "--config", str(path), "--systemd", nowhere]) == 2
    assert capsys.readouterr().err == f"amzsync: {nowhere} is no folder\n"


def test_systemd_itself_finds_nothing_wrong(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (analyze := shutil.which("systemd-analyze")) is None:
        pytest.skip("there is no systemd on this machine")
    path = all_on(tmp_path, monkeypatch, ODD)
    monkeypatch.setattr(command, "_program", lambda: [sys.executable, "-m", "amzsync"])
    written(path, folder)
    timers = map(str, folder.glob("*.timer"))
    done = subprocess.run(
        [analyze, "verify", "--man=no", *timers], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
