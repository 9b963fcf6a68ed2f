"""Whether cron or systemd starts the flows that are on, as far as this user can see."""

from __future__ import annotations

import getpass
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from amzsync.config import Config
from amzsync.flows import Entry
from amzsync.ops.doctor.finding import Finding, ok, warning

_TIMEOUT = 5.0  # seconds

FOLDERS = (Path("/etc/cron.d"), Path("/etc/systemd/system"), Path("~/.config/systemd/user"))
FILES = (Path("/etc/crontab"),)


def of_cron(config: Config, entries: Sequence[Entry], running: bool) -> Iterator[Finding]:
    """The lines that start the channel's flows. `running`: all of them have run lately."""
    lines, unseen = _lines()
    path = config.path.absolute()
    missing = [entry.command for entry in entries if not _is_started(entry, path, lines)]
    subject, none = "cron", len(missing) == len(entries)
    if not missing:
        yield ok(subject, "has a line for every flow that is on")
    elif none and running:
        yield ok(subject, "no line is seen, and yet all flows that are on have run lately")
    elif none and unseen:
        yield ok(subject, f"unknown: {unseen}, and nothing else that is seen starts these flows")
    else:
        cure = f"amzsync cron print --config {path} shows the lines; add them with crontab -e"
        yield warning(subject, f"no line is seen for {', '.join(missing)}", cure)


def _is_started(entry: Entry, config: Path, lines: Sequence[list[str]]) -> bool:
    return any(_starts(entry, config, words) for words in lines)


def _starts(entry: Entry, config: Path, words: list[str]) -> bool:
    """Whether a line runs the flow on this config; one that names none may mean it."""
    command = entry.command.split()
    size = len(command)
    if not any(words[at : at + size] == command for at in range(len(words))):
        return False
    for at, word in enumerate(words):
        if word == "--config":
            return words[at + 1 : at + 2] == [str(config)]
        if word.startswith("--config="):
            return word.removeprefix("--config=") == str(config)
    return True


def _lines() -> tuple[list[list[str]], str]:
    """The words of every line that may start something; and what could not be seen, if anything."""
    text, unseen = _crontab()
    texts = [text, *(_read(path) for path in _files())]
    lines = (line.strip() for each in texts for line in each.splitlines())
    return [_words(line) for line in lines if line and not line.startswith("#")], unseen


def _words(line: str) -> list[str]:
    if line.startswith("ExecStart="):
        # systemd's way to write a % and a $, and cron's to write a %
        command = line.removeprefix("ExecStart=").replace("%%", "%").replace("$$", "$")
    else:
        command = line.replace(r"\%", "%")
    try:
        return shlex.split(command)
    except ValueError:  # not meant for a shell: quotes that do not close
        return command.split()


def _crontab() -> tuple[str, str]:
    program = shutil.which("crontab")
    if program is None:
        return "", "there is no crontab here"
    try:
        done = subprocess.run(  # noqa: S603 - the system's own crontab, without a shell
            [program, "-l"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "", f"the crontab of {getpass.getuser()} cannot be read"
    # Exit 1 is also that of a user who has none.
    return done.stdout.decode("utf-8", "replace"), ""


def _files() -> Iterator[Path]:
    yield from FILES
    for folder in FOLDERS:
        try:
            yield from sorted(folder.expanduser().iterdir())
        except (OSError, RuntimeError):  # not there, not ours to see, or a user without a home
            continue


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    except OSError:
        return ""
