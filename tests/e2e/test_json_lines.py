"""JSON log lines for machines: `[logs]`, to stderr or a file."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from amzsync.cli.json_lines import JsonLines
from amzsync.redaction import forget, hide, hide_personal
from tests.amazon_orders import order, place
from tests.odd_replies import OddReplies, reply
from tests.shop import Shop

SKU = "SKU-000001"


def lines_of(text: str) -> list[dict[str, Any]]:
    """Every line as the object it must be."""
    return [json.loads(line) for line in text.splitlines()]


def changed(shop: Shop, stock: int = 77) -> None:
    """A stock that is to be pushed."""
    shop.sandbox.world.omnitron.set_stock(SKU, stock)


def test_one_run_id_goes_through_lines_requests_json_and_journal(
    shop: Shop, tmp_path: Path
) -> None:
    shop.sandbox.reset(skus=12)
    shop.configure(logs={"json_to": "logs.jsonl", "level": "debug"})
    assert shop.run("stock", "push").code == 0  # so that the numbers are no longer 1
    changed(shop)
    ran = shop.run("stock", "push", "--json")
    assert (ran.code, ran.err) == (0, "")
    run = ran.json["run"]
    assert shop.rows("SELECT max(id) AS id FROM runs") == [{"id": run}]
    lines = lines_of((tmp_path / "logs.jsonl").read_text())
    mine = [line for line in lines if line["run"] == run]
    assert {line["run"] for line in lines} == {None, run - 1, run}  # None: it logs in
    assert {(line["channel"], line["flow"]) for line in lines} == {("1", "stock.push")}
    (patched,) = (line for line in mine if line.get("operation") == "patchListingsItem")
    request = next(
        row.response_headers["x-amzn-requestid"]
        for row in shop.sandbox.exchanges
        if row.operation == "patchListingsItem"
    )
    assert patched["request_id"] == request
    assert (patched["method"], patched["status"]) == ("PATCH", 200)
    assert patched["duration_ms"] >= 0
    (sent,) = (line for line in mine if line.get("key") == SKU)
    assert (sent["result"], sent["request_id"], sent["level"]) == ("sent", request, "debug")
    assert mine[0]["message"] == "stock.push begins"
    assert (mine[-1]["exit_code"], mine[-1]["counts"]) == (0, {"sent": 1})
    assert mine[-1]["calls"]["patchListingsItem"] == 1
    assert mine[0]["ts"] == "2026-11-23T09:00:00.000+00:00"


def test_the_file_is_ones_own_and_grows(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "logs.jsonl"
    shop.sandbox.reset(skus=12)
    shop.configure(logs={"json_to": str(file), "level": "info"})
    before = os.umask(0)
    try:
        shop.run("stock", "push")
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first = file.read_text()
    shop.run("stock", "push")
    assert file.read_text().startswith(first)
    assert len(lines_of(file.read_text())) == 4


def test_a_renamed_file_is_let_go_by_the_next_run(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "logs.jsonl"
    shop.sandbox.reset(skus=12)
    shop.configure(logs={"json_to": "logs.jsonl", "level": "info"})
    shop.run("stock", "push")
    file.rename(tmp_path / "logs.jsonl.1")  # as logrotate does
    shop.run("stock", "push")
    assert [line["run"] for line in lines_of(file.read_text())] == [2, 2]
    os.truncate(file, 0)  # as copytruncate does
    shop.run("stock", "push")
    assert [line["run"] for line in lines_of(file.read_text())] == [3, 3]


@pytest.mark.parametrize("json_to", ["stderr", "logs.jsonl"])
def test_a_run_that_went_well_is_silent_unless_level_info_is_asked_for(
    shop: Shop, tmp_path: Path, json_to: str
) -> None:
    shop.sandbox.reset(skus=12)
    shop.configure(logs={"json_to": json_to})
    changed(shop)
    ran = shop.run("stock", "push")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert not (tmp_path / "logs.jsonl").exists()
    shop.configure(logs={"json_to": json_to, "level": "info"})
    ran = shop.run("stock", "push")
    told = ran.err if json_to == "stderr" else (tmp_path / "logs.jsonl").read_text()
    assert [line["message"] for line in lines_of(told)] == [
        "stock.push begins",
        "stock.push ends with exit 0",
    ]


def test_without_the_setting_nothing_is_written_nor_imported(shop: Shop) -> None:
    code = (
        "import sys; from amzsync.cli.app import run\n"
        f"code = run(['stock', 'push', '--config', {str(shop.config)!r}])\n"
        "loaded = {'amzsync.cli.json_lines', 'amzsync.ops.logs', 'amzsync.state.journal'}\n"
        "print(code, sorted(loaded & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("0 []\n", "")


def test_on_stderr_a_failed_record_is_a_line_and_everything_else_is_one_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sandbox.reset(skus=12)
    shop.configure(logs={"json_to": "stderr"})
    odd = OddReplies(shop.sandbox, monkeypatch)
    odd.on("POST", "/create_orders/", reply('{"currency": ["odd"]}', 400, x_request_id="omni-88"))
    place(shop.sandbox, order(1))
    ran = shop.run("orders", "pull")
    assert ran.code == 1
    (line,) = lines_of(ran.err)
    assert (line["level"], line["key"], line["result"]) == (
        *("warning", "403-0000001-1234567", "failed"),
    )
    assert (line["run"], line["flow"], line["request_id"]) == (1, "orders.pull", "omni-88")


def test_a_run_that_fails_ends_with_an_error_line(shop: Shop) -> None:
    shop.configure(logs={"json_to": "stderr"})
    shop.sandbox.faults.add("server_error_before", "*", "omnitron", times=9)
    ran = shop.run("stock", "push", "--json")
    assert ran.code == 5
    (line,) = lines_of(ran.err)
    assert (line["level"], line["exit_code"], line["error"]) == ("error", 5, "UnavailableError")
    assert line["status"] >= 500 and line["operation"]
    assert line["run"] == ran.json["run"] == 1
    assert ran.json["error"]["type"] == "UnavailableError"


def test_a_line_before_the_run_has_its_number_has_none(shop: Shop) -> None:
    shop.configure(logs={"json_to": "stderr", "level": "info"})
    shop.sandbox.faults.add("server_error_before", "*", "omnitron", times=9)
    first, *_, last = lines_of(shop.run("stock", "push").err)
    assert (first["run"], last["run"]) == (None, 1)
    assert (first["attempt"], first["wait_s"] > 0) == (1, True)


def test_another_run_that_goes_on_is_no_news(shop: Shop) -> None:
    from amzsync.clock import Deadline
    from amzsync.state.lock import flow_lock, locked
    from amzsync.state.state import State

    shop.configure(logs={"json_to": "stderr"})
    state = State.open(shop.state, shop.clock)
    with locked(flow_lock(state.store, "1", "stock.push"), wait=0, deadline=Deadline(shop.clock)):
        ran = shop.run("stock", "push")
        shop.configure(logs={"json_to": "stderr", "level": "info"})
        told = shop.run("stock", "push")
    state.close()
    assert (ran.code, ran.err) == (7, "")
    (line,) = lines_of(told.err)
    assert (line["level"], line["exit_code"], line["run"]) == ("info", 7, None)


@pytest.mark.parametrize("json_to", ["/nonexistent/folder/logs.jsonl", "/dev/full"])
def test_a_log_that_cannot_be_written_is_said_once_and_stops_nothing(
    shop: Shop, json_to: str
) -> None:
    shop.sandbox.reset(skus=12)
    shop.configure(logs={"json_to": json_to, "level": "debug"})
    changed(shop)
    ran = shop.run("stock", "push", "--json")
    assert (ran.code, ran.json["counts"]) == (0, {"sent": 1})
    (said,) = ran.err.splitlines()
    assert said.startswith(f"amzsync: no log lines are written to {json_to}: ")


def test_a_pipe_nobody_reads_holds_up_no_run(shop: Shop, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    shop.configure(logs={"json_to": "pipe", "level": "info"})
    ran = shop.run("stock", "push")
    assert ran.code == 0
    assert "no log lines are written to" in ran.err


def test_with_v_lines_for_people_name_the_run_too(shop: Shop) -> None:
    shop.sandbox.reset(skus=12)
    ran = shop.run("stock", "push", "-vv")
    assert " DEBUG run - amzsync.http.session: POST login -> 200" in ran.err
    assert " INFO run 1 amzsync.flows.runner: stock.push begins" in ran.err
    assert " DEBUG run 1 amzsync.http.session: GET list_product_stock_updates -> 200" in ran.err


def test_v_on_stderr_is_heard_in_json(shop: Shop) -> None:
    shop.configure(logs={"json_to": "stderr"})
    messages = [line["message"] for line in lines_of(shop.run("stock", "push", "-v").err)]
    assert messages == ["stock.push begins", "stock.push ends with exit 0"]


def test_every_text_of_a_line_is_masked_and_it_stays_one_line_of_json(tmp_path: Path) -> None:
    forget()
    hide(["s3cret-token-value"])
    hide_personal(["Gülşen Örnekoğlu"])
    handler = JsonLines(tmp_path / "log", lambda: {"run": 1}, lambda: datetime.now(UTC))
    handler.handle(
        logging.makeLogRecord(
            {
                "msg": 'to Gülşen\nÖrnekoğlu <g.o@example.com> "quoted"',
                "levelname": "INFO",
                "name": "amzsync.x",
                "key": "s3cret-token-value",
                "notes": ["tel +90 532 000 00 00", "gülşen örnekoğlu"],
            }
        )
    )
    handler.close()
    forget()
    text = (tmp_path / "log").read_text()
    (line,) = lines_of(text)
    for private in ("Gülşen", "Örnek", "example.com", "s3cret", "532"):
        assert private.casefold() not in text.casefold()
    assert (line["key"], line["run"]) == ("***", 1)


def write_many(path: str, number: int) -> None:
    """One process of several that log into one file."""
    handler = JsonLines(Path(path), lambda: {"run": number}, lambda: datetime.now(UTC))
    for count in range(100):
        facts = {
            "msg": f"{count} " + "a word " * (14 * count),
            "levelname": "INFO",
            "name": "amzsync",
        }
        handler.handle(logging.makeLogRecord(facts))
    handler.close()


def test_parallel_processes_never_mix_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "log"
    context = get_context("spawn")
    writers = [context.Process(target=write_many, args=(str(file), n)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = lines_of(file.read_text())
    found = sorted((line["run"], int(line["message"].split()[0])) for line in lines)
    assert found == [(n, count) for n in range(3) for count in range(100)]
