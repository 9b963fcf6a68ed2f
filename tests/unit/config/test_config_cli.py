"""`amzsync config`: init, check and show."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from amzsync.cli.app import Session
from amzsync.cli.app import run as command_line
from amzsync.cli.config import app
from amzsync.clock import Clock
from amzsync.config.example import example
from amzsync.errors import ConfigError, UsageError
from tests.unit.config.config_files import ENVIRON, SECRETS, config_text, write


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env=ENVIRON, obj=Session(Clock()))


def test_init_writes_a_private_file_and_says_what_comes_next(tmp_path: Path) -> None:
    path = tmp_path / "channel.toml"
    result = run("init", str(path))
    assert result.exit_code == 0
    assert path.read_text(encoding="utf-8") == example()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "config check" in result.stderr
    assert result.stdout == ""


def test_init_overwrites_only_with_force(tmp_path: Path) -> None:
    path = write(tmp_path, "mine", mode=0o644)
    result = run("init", str(path))
    assert isinstance(result.exception, UsageError)
    assert path.read_text(encoding="utf-8") == "mine"
    assert run("init", str(path), "--force").exit_code == 0
    assert path.read_text(encoding="utf-8") == example()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_init_says_why_a_file_cannot_be_written(tmp_path: Path) -> None:
    result = run("init", str(tmp_path / "none" / "channel.toml"))
    assert isinstance(result.exception, UsageError)
    assert "No such file" in str(result.exception)


def test_check_says_ok_and_gives_notices(tmp_path: Path) -> None:
    path = write(tmp_path, config_text('region = "eu-west-1"\n'))
    result = run("check", "--config", str(path))
    assert result.exit_code == 0
    assert "OK" in result.stderr
    assert "region is obsolete" in result.stderr
    body = json.loads(run("check", "--config", str(path), "--json").stdout)
    assert (body["ok"], body["problems"], len(body["notices"])) == (True, [], 1)


def test_check_tells_every_problem(tmp_path: Path) -> None:
    path = write(tmp_path, config_text("buffer_stock = -1\nbufer_stock = 3\n"))
    result = run("check", "--config", str(path), "--json")
    assert isinstance(result.exception, ConfigError)
    assert result.exception.exit_code == 3
    body = json.loads(result.stdout)
    assert body["ok"] is False
    assert [(row["key"], row["line"]) for row in body["problems"]] == [
        ("buffer_stock", 8),
        ("bufer_stock", 9),
    ]
    assert body["problems"][1]["cure"] == "did you mean buffer_stock?"


def test_show_is_toml_without_secrets(tmp_path: Path) -> None:
    schema = '[schema_type]\nerp_password = { key = "erp_password" }\nerp_b = { key = "erp_b" }\n'
    top = 'buffer_stock = 3\nerp_password = "canary-erp"\nerp_b = "x"\n'
    path = write(tmp_path, config_text(top, schema))
    result = run("show", "--config", str(path), "--origin")
    assert result.exit_code == 0
    assert "buffer_stock = 3  # file line 8" in result.stdout
    assert "http.attempts = 4  # default" in result.stdout
    assert not any(secret in result.stdout for secret in (*SECRETS, "canary-erp"))
    shown = tomllib.loads(result.stdout)
    assert shown["omnitron"]["password"] == "***"
    assert shown["erp_b"] == "x"
    assert shown["failed_integration"]["order"]["MAX_RETRY_COUNT"] == 3


def test_show_leaves_out_content_types_that_use_default(tmp_path: Path) -> None:
    tables = "[failed_integration.DEFAULT]\nRETRY_INTERVAL = 60\n"
    path = write(tmp_path, config_text(tables=tables))
    shown = tomllib.loads(run("show", "--config", str(path)).stdout)["failed_integration"]
    assert set(shown) == {"DEFAULT", "sent_to_remote"}
    assert shown["DEFAULT"]["RETRY_INTERVAL"] == 60


def test_show_gives_json_too(tmp_path: Path) -> None:
    path = write(tmp_path, config_text('order_start_date = "2024-08-29T14:30:00Z"\n'))
    body = json.loads(run("show", "--config", str(path), "--json", "--origin").stdout)
    assert body["settings"]["order_start_date"] == "2024-08-29T14:30:00Z"
    assert body["settings"]["client_secret"] == "***"
    assert body["settings"]["access_key"] is None
    assert body["origins"]["order_start_date"] == "file line 8"
    assert body["state_file"].endswith(".db")
    assert "origins" not in json.loads(run("show", "--config", str(path), "--json").stdout)


def test_show_tells_errors_as_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line(["config", "show", "--json", "--config", "/nowhere.toml"]) == 3
    body = json.loads(capsys.readouterr().out)
    assert (body["exit_code"], body["error"]["type"]) == (3, "ConfigError")


def test_the_config_path_can_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, config_text())
    monkeypatch.setenv("AMZSYNC_CONFIG", str(path))
    assert run("check").exit_code == 0
    monkeypatch.delenv("AMZSYNC_CONFIG")
    monkeypatch.chdir(tmp_path)
    assert run("check").exit_code == 0
