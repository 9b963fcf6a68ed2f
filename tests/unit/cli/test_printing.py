"""What is printed: masked text by text, plain in a pipe, and never a reason to fail."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from amzsync import redaction
from amzsync.cli import printing
from amzsync.cli.printing import print_json, relative, say, span, table, verbatim


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    redaction.forget()
    yield
    redaction.forget()


def test_json_is_masked_text_by_text_and_stays_json(capsys: pytest.CaptureFixture[str]) -> None:
    # A buyer whose name is a key of the document, and one with a quote in it.
    redaction.hide(["flow", 'Deniz "D" Örnek'])
    print_json(
        {"flow": ["for flow", {"reason": 'Deniz "D" Örnek has none'}], "count": 3, "no": None}
    )
    assert json.loads(capsys.readouterr().out) == {
        "flow": ["for ***", {"reason": "*** has none"}],
        "count": 3,
        "no": None,
    }


def test_a_table_in_a_pipe_is_plain_aligned_text(capsys: pytest.CaptureFixture[str]) -> None:
    table("Rows", ("name", "number"), [("a", 5), ("longer", 10)])
    assert capsys.readouterr().out == "Rows\n  name    number\n  a            5\n  longer      10\n"


def test_a_table_masks_its_cells(capsys: pytest.CaptureFixture[str]) -> None:
    table("Rows", ("who",), [("deniz@ornek.invalid",)])
    assert capsys.readouterr().out == "Rows\n  who\n  ***\n"


def test_what_is_meant_for_another_program_is_not_masked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    verbatim("--config /srv/a@b.invalid/c.toml")
    assert capsys.readouterr().out == "--config /srv/a@b.invalid/c.toml\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (28_800, "8 h"), (200_000, "2 d")],
)
def test_a_span_is_told_in_its_largest_unit(seconds: int, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text


def test_a_moment_is_told_with_its_distance() -> None:
    now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert relative(now - timedelta(hours=2), now) == "2026-11-23 07:00:00Z (2 h ago)"
    assert relative(now + timedelta(minutes=5), now) == "2026-11-23 09:05:00Z (in 5 min)"


class Full:
    """A stream on a full disk."""

    def write(self, _text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fileno(self) -> int:
        raise ValueError("not a file")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def test_talk_nobody_can_hear_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Full())
    assert say("anybody there?") is None  # type: ignore[func-returns-value] # that it returns is the point


def test_data_that_cannot_be_written_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Full())
    with pytest.raises(OSError, match="No space left"):
        printing.out("the result")
