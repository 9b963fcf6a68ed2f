"""Every check there is, the same for people and for CI: `python -m tests`.

Formatting, lint, types, import layers, then the tests. Arguments go to pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent

CHECKS = {
    "formatting": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "import layers": ["lint-imports"],
}


def main() -> int:
    """Run all checks, also after one has failed; 0 when all passed."""
    failed = []
    for name, command in CHECKS.items():
        if not _passes(name, [str(BIN / command[0]), *command[1:]]):
            failed.append(name)
    # One process more than there are cores: many tests wait for processes of their own.
    workers = str((os.cpu_count() or 1) + 1)
    pytest = [sys.executable, "-m", "pytest", "-n", workers, "-q", "-rs", *sys.argv[1:]]
    if not _passes("tests", pytest):
        failed.append("tests")
    if failed:
        sys.stdout.write(f"failed: {', '.join(failed)}\n")
    return 1 if failed else 0


def _passes(name: str, command: list[str]) -> bool:
    sys.stdout.write(f"== {name}\n")
    sys.stdout.flush()
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if name != "tests":
        sys.stdout.write(f"   {time.monotonic() - started:.0f} s, exit {code}\n")
    return code == 0


if __name__ == "__main__":
    sys.exit(main())
