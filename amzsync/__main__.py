"""`python -m amzsync`, and the console script."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and end with its exit code."""
    _start_fast()
    from amzsync.cli.app import run

    code = run(sys.argv[1:])
    gc.freeze()  # Python would look through everything once more before it ends
    sys.exit(code)


def _start_fast() -> None:
    """Spare a minutely run what it never uses; a third of its time otherwise."""
    # httpx leaves out its own command line (with rich and click) when it cannot be imported.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # Python's way to forbid an import
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would search every package
    gc.set_threshold(10_000)  # most of what start-up makes stays: no need to look so often


if __name__ == "__main__":
    main()
