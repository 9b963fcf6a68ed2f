"""Secrets come from where they are kept, and show nowhere."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from amzsync import redaction
from amzsync.config import secrets
from tests.unit.config.config_files import SECRETS, config_text, loaded, problems


def with_secret(reference: str) -> str:
    return config_text().replace("env:AMAZON_CLIENT_SECRET", reference)


def test_env_file_and_cmd_lead_to_the_secret(tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_text("canary-from-file\n", encoding="utf-8")
    text = with_secret("file:token.txt").replace(
        "env:AMAZON_REFRESH_TOKEN", "cmd:sh -c 'cat token.txt; echo -n and-command'"
    )
    config = loaded(tmp_path, text, {"PATH": "/usr/bin:/bin"}, mode=0o644)
    assert config.client_secret.get_secret_value() == "canary-from-file"
    assert config.refresh_token.get_secret_value() == "canary-from-file\nand-command"
    assert config.omnitron.password.get_secret_value() == SECRETS[2]


def test_no_shell_reads_a_command(tmp_path: Path) -> None:
    config = loaded(tmp_path, with_secret("cmd:echo canary; $HOME"), {"PATH": "/usr/bin:/bin"})
    assert config.client_secret.get_secret_value() == "canary; $HOME"


def test_a_written_secret_needs_a_private_file(tmp_path: Path) -> None:
    text = with_secret("canary-written")
    assert loaded(tmp_path, text, mode=0o600).client_secret.get_secret_value() == "canary-written"
    for mode in (0o640, 0o604, 0o644):
        found = problems(tmp_path, text, mode=mode)
        assert set(found) == {"client_secret"}
        assert "chmod 600" in found["client_secret"].cure
        assert "canary-written" not in str(found["client_secret"])


def test_a_secret_in_the_environment_needs_no_private_file(tmp_path: Path) -> None:
    environ = {"AMZSYNC_CLIENT_SECRET": "canary-from-variable"}
    config = loaded(tmp_path, config_text(), environ, mode=0o644)
    assert config.client_secret.get_secret_value() == "canary-from-variable"


@pytest.mark.parametrize(
    ("reference", "word"),
    [
        ("env:NOT_SET", "NOT_SET"),
        ("env:", "nothing follows"),
        ("file:none.txt", "No such file"),
        ("file:empty.txt", "gives nothing"),
        ("file:binary.txt", "UTF-8"),
        ("file:~no-such-user/x", "no path"),
        ("cmd:", "nothing follows"),
        ("cmd:false", "exit code 1"),
        ("cmd:true", "gives nothing"),
        ("cmd:no-such-command-anywhere", "cannot be started"),
        ("cmd:echo 'open", "quotes"),
        ("cmd:sh -c 'echo canary-printed; exit 3'", "exit code 3"),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_problem(
    tmp_path: Path, reference: str, word: str
) -> None:
    (tmp_path / "empty.txt").write_text(" \n", encoding="utf-8")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe")
    found = problems(tmp_path, with_secret(reference), {"PATH": "/usr/bin:/bin"})
    assert set(found) == {"client_secret"}
    assert word in found["client_secret"].message
    assert "canary" not in str(found["client_secret"])


def test_a_command_that_does_not_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "TIMEOUT", 0.05)
    found = problems(tmp_path, with_secret("cmd:tail -f /dev/null"), {"PATH": "/usr/bin:/bin"})
    assert "took longer" in found["client_secret"].message


def test_secrets_show_neither_in_the_config_nor_in_logs(tmp_path: Path) -> None:
    redaction.forget()
    config = loaded(tmp_path, config_text())
    assert not any(secret in f"{config!r} {config} {config.model_dump()}" for secret in SECRETS)
    record = logging.LogRecord("x", logging.INFO, "x", 1, " ".join(SECRETS), None, None)
    line = redaction.MaskingFormatter().format(record)
    assert not any(secret in line for secret in SECRETS)


def test_the_client_id_may_be_written_and_may_be_a_reference(tmp_path: Path) -> None:
    assert loaded(tmp_path, config_text(), mode=0o644).client_id.endswith("0123")
    text = config_text().replace("amzn1.application-oa2-client.0123", "env:MY_CLIENT")
    assert loaded(tmp_path, text, {"MY_CLIENT": "from-variable"}).client_id == "from-variable"


def test_obsolete_keys_are_accepted_unused_and_pointed_out(tmp_path: Path) -> None:
    top = 'access_key = "env:NOT_SET"\nsecret_key = "default"\nregion = "eu-west-1"\n'
    notices = loaded(tmp_path, config_text(top)).notices()
    assert [notice.split(" ")[0] for notice in notices] == ["access_key", "secret_key", "region"]
    assert loaded(tmp_path, config_text()).notices() == ()


def test_a_webhook_is_a_secret_and_must_be_https(tmp_path: Path) -> None:
    tables = '[monitoring]\nwebhook_url = "env:HOOK"\n'
    good = {"HOOK": "https://alarms.example/canary-hook"}
    assert "canary-hook" not in repr(loaded(tmp_path, config_text(tables=tables), good))
    found = problems(tmp_path, config_text(tables=tables), {"HOOK": "http://a.example/canary-hook"})
    assert set(found) == {"monitoring.webhook_url"}
    assert "canary" not in str(found["monitoring.webhook_url"])
