"""Buyer data and secrets: where they may be, and that they are nowhere else, crashes included.

Every private word planted here holds the letters zqx, so one search finds a leak however it is
cased, cut, escaped or encoded. The people are invented.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import pytest

from amzsync.sandbox.dispatch import Delivery
from amzsync.sandbox.server import Sandbox
from tests.odd_replies import Call, OddReplies, json_reply, reply
from tests.shop import FakeClock, Ran, Shop

PHONE = "+90 555 019 93 17"
DIGITS = "5550199317"
TAX_NUMBER = "19283746551"
FIRST, LAST = "Zqxşule İlkzqx", "Zqxışıkoğlu"
COMPANY = "Zqxörnek (Tekstil) Ltd."
EMAIL = "zqxbuyer@marketplace.amazon.example"
LINE_1, LINE_2 = "Zqxpapatya Sokak No: 17/3", "Zqxdaire"
GIFT = "Zqxnice yıllara 🎉"
WISH = "Zqxanahtar paspasın altında"

LOUDNESS = [(), ("-v",), ("-vv",), ("--json",), ("-vv", "--json"), ("-q",)]
LOUDEST = [(), ("-vv", "--json")]  # where many faults meet many calls; -v says less than -vv


def plant(order: dict[str, Any]) -> None:
    """Make an order private through and through."""
    order["buyer"] = {
        "buyerName": f"{FIRST} {LAST}",
        "buyerEmail": EMAIL,
        "buyerCompanyName": COMPANY,
        "buyerPurchaseOrderNumber": "zqxpo-1",
    }
    address = order["recipient"]["deliveryAddress"]
    address.update(
        name=f"{FIRST} {LAST}",
        companyName=COMPANY,
        addressLine1=LINE_1,
        addressLine2=LINE_2,
        phone=PHONE,
    )
    order["recipient"]["deliveryPreference"] = {"addressInstruction": WISH}
    order["programs"] = ["AMAZON_BUSINESS"]
    order["tax"]["taxRegistrations"] = [
        {
            "entityType": "BUYER",
            "taxRegistrationType": "BUSINESS",
            "taxRegistrationNumber": TAX_NUMBER,
            "legalName": COMPANY,
            "taxRegistrationAddress": {**address, "addressLine1": "Zqxvergi Caddesi 4"},
            "taxRegistrationAttributes": [{"key": "TAX_OFFICE", "value": "Zqxkadı V.D."}],
        }
    ]
    for item in order["orderItems"]:
        item["fulfillment"]["packing"] = {"giftOption": {"giftMessage": GIFT}}


@pytest.fixture(autouse=True)
def temp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder for temporary files, to see what is left in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def odd(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> OddReplies:
    return OddReplies(sandbox, monkeypatch)


@pytest.fixture
def planted(shop: Shop) -> Shop:
    """A shop with one private order and one of somebody else."""
    shop.sandbox.reset(orders=2, skus=12, plain=True)
    orders = list(shop.sandbox.world.amazon.orders)
    shop.sandbox.world.amazon.orders.change(orders[0]["orderId"], plant, touch=False)
    return shop


def leaks(text: str) -> list[str]:
    """Private passages of a text, with what stands around them."""
    found = [
        text[max(0, at.start() - 40) : at.end() + 40] for at in re.finditer("(?i)z[qQ]x", text)
    ]
    squeezed = re.sub(r"\D", "", text)
    return found + [number for number in (DIGITS, TAX_NUMBER) if number in squeezed]


def secrets(shop: Shop) -> list[str]:
    """Credentials, tokens handed out and signatures of document URLs, as this sandbox has them."""
    known = shop.sandbox.credentials
    found = [known.client_secret, known.refresh_token, known.omnitron_password]
    for exchange in shop.sandbox.exchanges:
        if (
            exchange.operation in ("getAccessToken", "auth.login")
            or b'"url"' in exchange.response_body
        ):
            data = json.loads(exchange.response_body)
            found += [data[name] for name in ("access_token", "key") if name in data]
            query = parse_qs(urlsplit(str(data.get("url", ""))).query)
            found += [value for values in query.values() for value in values if len(value) > 12]
    return found


def check(shop: Shop, ran: Ran) -> None:
    """Nothing private in what was said, in tables that may not hold it, in temporary files."""
    said = {"stdout": ran.out, "stderr": ran.err}
    tables = {
        name: repr(rows)
        for name, rows in shop.dump().items()
        if name not in ("order_payloads", "tokens")
    }
    for name, text in {**said, **tables}.items():
        assert leaks(text) == [], name
        for secret in secrets(shop):
            assert secret not in text, name
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


def raw_leaks(folder: Path) -> list[str]:
    """Files below the folder with a private byte in them."""
    return [
        f"{path.name}: {leaks(text)}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for text in (path.read_bytes().decode("latin-1"),)
        if leaks(text)
    ]


def again(shop: Shop, *argv: str) -> Ran:
    """A run on a state of its own, so that every run meets the same."""
    for path in shop.folder.glob("state.db*"):
        path.unlink()
    return shop.run(*argv)


def test_orders_that_arrive_leave_no_trace_of_their_buyers(planted: Shop) -> None:
    for loudness in LOUDNESS:
        ran = again(planted, "orders", "pull", *loudness)
        assert ran.code == 0
        check(planted, ran)
        assert planted.rows("SELECT * FROM order_payloads") == []
        assert raw_leaks(planted.folder) == []
    names = {row["last_name"] for row in planted.sandbox.world.omnitron.snapshot("customers")}
    assert LAST in names


@pytest.mark.parametrize("loudness", LOUDNESS)
def test_a_dry_run_stores_and_says_nothing_private(
    planted: Shop, loudness: tuple[str, ...]
) -> None:
    ran = planted.run("orders", "pull", "--dry-run", *loudness)
    assert ran.code == 0
    check(planted, ran)
    assert raw_leaks(planted.folder) == []


def echoes(call: Call) -> Iterator[str]:
    """Everything the request told, in all the ways a server may repeat it."""

    def texts(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            for entry in value.values():
                yield from texts(entry)
        elif isinstance(value, list):
            for entry in value:
                yield from texts(entry)
        elif isinstance(value, str):
            yield value

    for text in texts(call.json):
        if leaks(text):
            ways: list[Callable[[str], str]] = [
                str.upper, str.casefold, quote, quote_plus, json.dumps, ascii, escape,
                lambda text: json.dumps(json.dumps(text)),
            ]  # fmt: skip
            yield from (text, *(way(text) for way in ways))
    yield from ("0555 019 93 17", "0(555) 019-93-17", "00905550199317", "905550199317")
    yield f"https://omnitron.example/customers/?email={quote(EMAIL)}&name={quote_plus(FIRST)}"


def by_field(call: Call) -> Delivery:
    return json_reply(
        {f"field_{n}": [f"'{text}' is no good"] for n, text in enumerate(echoes(call))}, 400
    )


class OneByOne:
    """Another echo at every attempt: what is cut off of one is shown of another."""

    def __init__(self) -> None:
        self.turn = 0
        self.ways = 1

    def __call__(self, call: Call) -> Delivery:
        texts = list(echoes(call))
        text, self.ways = texts[self.turn % len(texts)], len(texts)
        self.turn += 1
        return json_reply({"detail": text, "code": text}, 400)


def html_fault(call: Call) -> Delivery:
    page = f"<html><title>500</title><pre>{escape(call.body.decode())}</pre></html>"
    return reply(page, 500, "text/html")


def json_fault(call: Call) -> Delivery:
    return json_reply({"detail": call.body.decode(), "errors": " / ".join(echoes(call))}, 500)


def half_a_reply(call: Call) -> Delivery:
    delivery = call.sandbox()
    return reply(delivery.body[: len(delivery.body) // 2], delivery.reply.status)


def unreadable(call: Call) -> Delivery:
    delivery = call.sandbox()
    return json_reply({**json.loads(delivery.body), "pk": EMAIL, "modified_date": LAST}, 201)


def no_reply(call: Call) -> Delivery:
    call.sandbox()
    return Delivery(reply().reply, b"", cut=True)


@pytest.mark.parametrize(
    "answer", [by_field, html_fault, json_fault, half_a_reply, unreadable, no_reply]
)
@pytest.mark.parametrize("path", ["customers/$", "addresses/$", "create_orders/$"])
def test_what_omnitron_echoes_goes_no_further(
    planted: Shop, odd: OddReplies, path: str, answer: Callable[[Call], Delivery]
) -> None:
    odd.on("POST", path, answer)
    for loudness in LOUDEST:
        before = odd.answered
        ran = again(planted, "orders", "pull", *loudness)
        assert odd.answered > before or planted.sandbox.world.omnitron.orders_by_number()
        check(planted, ran)


def test_every_way_of_echoing_is_masked(planted: Shop, odd: OddReplies) -> None:
    one_by_one = OneByOne()
    odd.on("POST", "customers/$", one_by_one)
    while one_by_one.turn <= 2 * one_by_one.ways:  # two orders a run
        ran = again(planted, "orders", "pull", "-vv", "--json")
        assert ran.code == 1
        check(planted, ran)
        planted.clock.advance(minutes=2)  # Omnitron counts logins


@pytest.mark.parametrize(
    "answer",
    [
        lambda _call: json_reply({"results": [{"pk": EMAIL, "email": EMAIL, "first_name": 5}]}),
        lambda call: json_reply({"detail": f"bad query {call.target}"}, 400),
        lambda call: reply(f"<html>{call.target} {EMAIL}</html>", 200, "text/html"),
    ],
)
def test_a_look_up_by_e_mail_address_gives_none_away(
    planted: Shop, odd: OddReplies, answer: Callable[[Call], Delivery]
) -> None:
    odd.on("GET", r"customers/\?", answer)
    for loudness in LOUDEST:
        ran = again(planted, "orders", "pull", *loudness)
        assert ran.code in (1, 5)
        check(planted, ran)
    assert odd.answered


def test_a_malformed_order_is_told_by_its_fields_only(planted: Shop, odd: OddReplies) -> None:
    def malformed(call: Call) -> Delivery:
        delivery = call.sandbox()
        data = json.loads(delivery.body)
        for order in data["orders"]:
            if "zqx" in json.dumps(order):
                order["createdTime"] = LAST
                order["orderItems"] = {"zqxkey": [LINE_1]}
                order["recipient"]["deliveryAddress"]["phone"] = {"number": PHONE}
        return reply(json.dumps(data))

    odd.on("GET", "/orders/2026-01-01/orders", malformed)
    for loudness in LOUDNESS:
        ran = again(planted, "orders", "pull", *loudness)
        assert ran.code == 1
        check(planted, ran)
    assert len(planted.rows("SELECT * FROM order_payloads")) == 1


CRASHES = {
    "mapping": ("amzsync.flows.orders_pull.order_plan", "model"),
    "reading": ("amzsync.flows.inbox_rows.parse_order", "{0!r}"),
    "reading as JSON": ("amzsync.flows.inbox_rows.parse_order", "json"),
    "facts": ("amzsync.flows.inbox_rows.facts", "model"),
    "creating": ("amzsync.flows.orders_pull.create", "{1!r}"),
    "address": ("amzsync.flows.order_creation._address", "{1!r}"),
    "customer": ("amzsync.flows.order_creation._customer", "{1!r}"),
}


@pytest.mark.parametrize("where", CRASHES)
def test_a_crash_with_the_data_in_its_message_gives_none_away(
    planted: Shop, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    name, form = CRASHES[where]

    original = resolve_name(":".join(name.rsplit(".", 1)))

    def crash(*args: Any, **named: Any) -> Any:
        if form == "model":
            text = args[0].model_dump_json()
        else:
            text = json.dumps(args[0]) if form == "json" else form.format(*args)
        if not leaks(text):  # the other order
            return original(*args, **named)
        try:
            raise KeyError(text)
        except KeyError as error:
            raise RuntimeError(f"cannot work on {text.upper()}") from error

    with monkeypatch.context() as patch:
        patch.setattr(name, crash)
        for loudness in LOUDNESS:
            ran = again(planted, "orders", "pull", *loudness)
            assert ran.code == 70
            assert "RuntimeError" in ran.err
            check(planted, ran)
    assert planted.run("orders", "pull").code == 0
    assert raw_leaks(planted.folder) == []


def test_an_order_that_cannot_be_imported_keeps_its_data_for_thirty_days_in_one_place(
    planted: Shop, clock: FakeClock
) -> None:
    def move(order: dict[str, Any]) -> None:
        if "zqx" in json.dumps(order):
            order["recipient"]["deliveryAddress"]["districtOrCounty"] = "Merkez"

    for order in list(planted.sandbox.world.amazon.orders):
        planted.sandbox.world.amazon.orders.change(order["orderId"], move, touch=False)
    for loudness in LOUDNESS:
        ran = again(planted, "orders", "pull", *loudness)
        assert ran.code == 1
        check(planted, ran)
    (row,) = planted.rows("SELECT payload FROM order_payloads")
    assert EMAIL in row["payload"]

    clock.advance(days=29)
    planted.run("orders", "pull")
    assert len(planted.rows("SELECT * FROM order_payloads")) == 1

    clock.advance(days=2)
    check(planted, planted.run("orders", "pull", "-vv"))
    assert planted.rows("SELECT * FROM order_payloads") == []
    assert raw_leaks(planted.folder) == []
    (row,) = planted.rows("SELECT state, code FROM inbox WHERE code <> ''")
    assert (row["state"], row["code"]) == ("ignored", "buyer_data_expired")


def test_the_look_up_cache_is_keyed_by_places_and_holds_nobody(planted: Shop) -> None:
    planted.configure(use_neighborhood=True)
    check(planted, planted.run("orders", "pull", "-vv"))
    kinds = {row["kind"] for row in planted.rows("SELECT kind FROM lookups")}
    assert {"country", "city", "township"} <= kinds


def test_an_unknown_neighbourhood_is_named_without_the_street_before_it(planted: Shop) -> None:
    def move(order: dict[str, Any]) -> None:
        if "zqx" in json.dumps(order):
            address = order["recipient"]["deliveryAddress"]
            address["addressLine1"] = "Zqxpapatya Sok. 5, Zqxlale Zqxapt. Olmayan Mah. No 3"

    planted.configure(use_neighborhood=True)
    for order in list(planted.sandbox.world.amazon.orders):
        planted.sandbox.world.amazon.orders.change(order["orderId"], move, touch=False)
    for loudness in LOUDNESS:
        ran = again(planted, "orders", "pull", *loudness)
        assert ran.code == 1
        check(planted, ran)
    reasons = [row["reason"] for row in planted.rows("SELECT reason FROM penalties")]
    assert any("Olmayan" in reason and "District" in reason for reason in reasons)


KILLED = """
import os, signal, sys
from amzsync.cli.app import run
from amzsync.state.inbox import Inbox
from tests.shop import FakeClock
os.umask(0)
moment = sys.argv[2]
before = getattr(Inbox, moment)
def after(self, *args, **named):
    before(self, *args, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(Inbox, moment, after)
run(["orders", "pull", "-vv", "--config", sys.argv[1]], FakeClock())
"""


@pytest.mark.parametrize("moment", ["put", "attempt", "created", "imported"])
def test_after_a_kill_the_next_run_leaves_no_trace_either(planted: Shop, moment: str) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(planted.config), moment],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert leaks(killed.stdout + killed.stderr) == []
    left = {path.name: path.stat().st_mode & 0o777 for path in planted.folder.glob("state.db*")}
    assert {"state.db", "state.db-wal", "state.db-shm"} <= left.keys()
    assert set(left.values()) == {0o600}

    planted.clock.advance(minutes=10)
    check(planted, planted.run("orders", "pull", "-vv"))

    assert len(planted.sandbox.world.omnitron.snapshot("orders")) == 2
    assert planted.rows("SELECT * FROM order_payloads") == []
    assert raw_leaks(planted.folder) == []


def test_files_are_for_their_owner_only_whatever_the_umask(planted: Shop, tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    planted.state = home / "state.db"
    planted.configure(state={"path": str(planted.state)})
    before = os.umask(0)
    try:
        assert planted.run("orders", "pull").code == 0
        made = tmp_path / "made.toml"
        code = subprocess.run(
            [sys.executable, "-m", "amzsync", "config", "init", str(made)],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        ).returncode
    finally:
        os.umask(before)
    assert code == 0
    files = [path for path in (*home.rglob("*"), made) if path.is_file()]
    assert {path.name: path.stat().st_mode & 0o777 for path in files} == {
        path.name: 0o600 for path in files
    }
    assert len(files) > 2
    assert [home.stat().st_mode & 0o777, home.parent.stat().st_mode & 0o777] == [0o700, 0o700]


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """A shop with changed stocks."""
    shop.sandbox.reset(skus=12)
    change_stocks(shop, 41)
    return shop


def change_stocks(shop: Shop, quantity: int) -> None:
    for row in shop.sandbox.world.omnitron.snapshot("stocks"):
        if row["channel"] == 1:
            shop.sandbox.world.omnitron.set_stock(row["sku"], quantity)


@pytest.mark.parametrize("patch_limit", [300, 0])
def test_stock_push_gives_no_secret_away(stocked: Shop, patch_limit: int) -> None:
    stocked.configure(stock={"patch_limit": patch_limit})
    for number, loudness in enumerate(LOUDNESS):
        change_stocks(stocked, 50 + number)
        ran = again(stocked, "stock", "push", *loudness)
        assert ran.code == 0
        check(stocked, ran)
        stocked.clock.advance(minutes=30)
        check(stocked, stocked.run("stock", "push", *loudness))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", "/listings/", 400),
        ("PATCH", "/listings/", 500),
        ("POST", "/feeds/2021-06-30/documents", 400),
        ("POST", "/feeds/2021-06-30/feeds", 500),
        ("PUT", "X-Amz", 403),
        ("PUT", "X-Amz", 500),
        ("POST", "batch_requests/$", 400),
    ],
)
def test_secrets_that_come_back_in_errors_go_no_further(
    stocked: Shop, odd: OddReplies, method: str, path: str, status: int
) -> None:
    known = stocked.sandbox.credentials

    def echo(call: Call) -> Delivery:
        query = urlsplit(call.target).query or "X-Amz-Signature=zqx1"
        text = (
            f"{known.client_secret} {quote(known.refresh_token, safe='')} {call.target} {EMAIL}"
            f" https://docs.example.com/doc?{query} password=zqxpass"
        )
        error = {"code": text, "message": text, "details": text}
        return json_reply({"errors": [error]}, status)

    odd.on(method, path, echo)
    stocked.configure(stock={"patch_limit": 300 if method == "PATCH" else 0})
    for number, loudness in enumerate(LOUDEST):
        change_stocks(stocked, 60 + number)
        check(stocked, again(stocked, "stock", "push", *loudness))
    assert odd.answered


def test_what_amazon_says_of_a_listing_is_masked_too(stocked: Shop, odd: OddReplies) -> None:
    def talk(call: Call) -> Delivery:
        delivery = call.sandbox()
        report = json.loads(gzip.decompress(delivery.body))
        text = f"tell {EMAIL} at +90 555 019 93 17, password=zqxpass"
        messages = range(1, len(report["issues"]) + 9)
        report["issues"] = [
            {"messageId": number, "code": "4000001", "severity": "ERROR", "message": text}
            for number in messages
        ]
        return reply(gzip.compress(json.dumps(report).encode()), kind="application/json")

    stocked.configure(stock={"patch_limit": 0})
    assert stocked.run("stock", "push").code == 0
    stocked.clock.advance(minutes=30)
    odd.on("GET", "X-Amz-Signature", talk)
    ran = stocked.run("stock", "push", "-vv")
    assert (ran.code, odd.answered) == (1, 1)
    check(stocked, ran)
