"""The cases `smoke` sends are those Amazon publishes: none is missing, none is made up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from amzsync.amazon.operations import OPERATIONS
from amzsync.ops.smoke_cases import CASES
from tests.static_sandbox import parameters_of

Listed = tuple[str, str, bool, str]


def canonical(parameters: Any) -> str:
    return json.dumps(parameters, sort_keys=True)


def published(folder: Path) -> Iterator[Listed]:
    """(operation, model, refused, parameters) of each static case of our operations."""
    for file in sorted(folder.glob("*.json")):
        paths = json.loads(file.read_text(encoding="utf-8")).get("paths", {})
        for operation in OPERATIONS.values():
            row = paths.get(operation.path, {}).get(operation.method.lower(), {})
            if row.get("operationId") != operation.name:
                continue
            for status, response in row["responses"].items():
                for case in response.get("x-amzn-api-sandbox", {}).get("static", []):
                    parameters = canonical(parameters_of(case))
                    yield operation.name, file.stem, int(status) >= 400, parameters


def test_smoke_sends_every_published_case_and_no_other(sp_api_models: Path) -> None:
    ours = [
        (case.operation, case.model, case.refused, canonical(case.parameters)) for case in CASES
    ]
    assert sorted(ours) == sorted(published(sp_api_models))
