"""Fixtures of the tests with real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import new_state, witness

__all__ = ["new_state", "witness"]


@pytest.fixture(autouse=True)
def _no_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing here speaks TLS, and reading the certificates costs each run 50 ms."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
