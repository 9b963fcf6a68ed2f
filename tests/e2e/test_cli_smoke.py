"""`amzsync smoke` against a static sandbox built from Amazon's official models, over HTTP."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import respx

from amzsync.amazon.operations import OPERATIONS
from amzsync.clock import Deadline
from amzsync.config import load_config
from amzsync.errors import DryRunError
from amzsync.ops.smoke_cases import UNPUBLISHED
from amzsync.ops.smoke_clients import open_clients
from tests.contract import models
from tests.shop import Ran, Shop
from tests.static_sandbox import (
    ACCESS_TOKEN,
    BURST,
    CLIENT_ID,
    CLIENT_SECRET,
    RATE,
    REFRESH_TOKEN,
    Answer,
    StaticSandbox,
    refusal,
)

SMOKED = [name for name in OPERATIONS if name not in UNPUBLISHED]
HTML = Answer(200, b"<html><body>Please sign in</body></html>", {"content-type": "text/html"})


@pytest.fixture
def static(shop: Shop) -> Iterator[StaticSandbox]:
    """Amazon's static sandbox, and the shop's channel pointed at it."""
    folder = models.folder()
    if folder is None:
        pytest.skip(models.ABSENT)
    with StaticSandbox(folder, shop.clock) as served:
        point(shop, served)
        yield served


def point(shop: Shop, static: StaticSandbox, **settings: Any) -> None:
    known = {
        "base_url": static.url,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN,
        "amazon": {"lwa_url": static.lwa_url},
    }
    shop.configure(**{**known, **settings})


def wrong(ran: Ran) -> dict[str, tuple[str, str]]:
    """(status, message) of each operation that is not ok."""
    return {
        row["operation"]: (row["status"], row["message"])
        for row in ran.json["operations"]
        if row["status"] not in ("ok", "no published case")
    }


def test_every_operation_is_answered_by_all_its_published_cases(
    shop: Shop, static: StaticSandbox
) -> None:
    ran = shop.run("smoke", "--json")
    assert (ran.code, ran.err, ran.json["exit_code"], ran.json["error"]) == (0, "", 0, None)
    rows = {row["operation"]: row for row in ran.json["operations"] if row["side"] == "amazon"}
    cases = {name: sum(map(len, published(static, name))) for name in OPERATIONS}
    assert {name: len(row["tries"]) for name, row in rows.items()} == {"login": 1, **cases}
    for name, count in cases.items():
        wanted = "ok" if count else "no published case"
        assert (rows[name]["status"], rows[name]["message"]) == (wanted, UNPUBLISHED.get(name))
    # Each case was one request: none was refused and sent anew, and no other was sent.
    assert Counter(name for name, _ in static.calls) == +Counter(cases)
    assert static.logins == 1


def published(static: StaticSandbox, name: str) -> list[list[dict[str, Any]]]:
    return [static.cases(name, status) for status in (200, 201, 202, 204, 400)]


def test_the_report_names_the_case_its_source_and_what_was_sent_without_the_client(
    shop: Shop, static: StaticSandbox
) -> None:
    rows = {row["operation"]: row for row in shop.run("smoke", "--json").json["operations"]}
    turkish = rows["getOrder"]["tries"][1]
    assert turkish["model"] == "orders_2026-01-01"
    assert turkish["parameters"]["orderId"] == "028-1234567-8901234"
    assert (turkish["expects"], turkish["without_client"]) == ("an answer", None)
    assert rows["getOrder"]["tries"][3]["expects"] == "a refusal"
    direct = {
        name
        for name, row in rows.items()
        for one in row["tries"]
        if one.get("without_client") and one["expects"] == "an answer"
    }
    assert direct == {
        "confirmShipment",
        "searchListingsItems",
        "getFeeds",
        "createReport",
        "getReports",
    }


def test_people_get_a_line_an_operation(shop: Shop, static: StaticSandbox) -> None:
    static.faults["getFeed"] = refusal(403, "Unauthorized", "Access is denied.")
    ran = shop.run("smoke")
    assert (ran.code, ran.err) == (1, "")
    title, _, *lines = ran.out.splitlines()
    assert static.url in title
    assert shop.sandbox.omnitron_url in title
    (denied,) = [line for line in lines if "getFeed " in line]
    assert "refused" in denied
    assert "Access is denied." in denied
    fine = len(SMOKED) - 1 + 6  # the logins and four reads of Omnitron
    assert sum("  ok  " in line for line in lines) == fine
    assert f"{fine} ok, 1 refused, {len(UNPUBLISHED)} no published case" in lines
    assert lines[-1].startswith("Where Amazon refuses access: a new access token did not help")
    assert CLIENT_SECRET not in ran.out
    assert ACCESS_TOKEN not in ran.out


def other_type(static: StaticSandbox) -> None:
    static.cases("createFeed", 202)[0]["response"]["feedId"] = {"id": 3485934}


def other_value(static: StaticSandbox) -> None:
    static.cases("putListingsItem")[1]["response"]["status"] = "INVALID"


def nothing_listed(static: StaticSandbox) -> None:
    static.cases("getReports")[0]["response"]["reports"] = []


def broken_order(static: StaticSandbox) -> None:
    del static.cases("searchOrders")[2]["response"]["orders"][0]["orderItems"]


def case_gone(static: StaticSandbox) -> None:
    static.forget("getReportDocument")


def parameters_changed(static: StaticSandbox) -> None:
    (case,) = static.cases("createFeedDocument", 201)
    case["request"]["parameters"]["body"]["value"] = {"contentType": "application/json"}


def refusal_gone(static: StaticSandbox) -> None:
    static.forget("deleteListingsItem", 400)


def refused_otherwise(static: StaticSandbox) -> None:
    static.restate("getFeedDocument", 400, 404)


def refusal_without_words(static: StaticSandbox) -> None:
    static.cases("getReport", 400)[0]["response"] = {"errors": []}


def fault(name: str, answer: Answer) -> Callable[[StaticSandbox], None]:
    return lambda static: static.faults.update({name: answer})


@pytest.mark.parametrize(
    ("plant", "operation", "status", "says"),
    [
        (other_type, "createFeed", "differs", "feedId: string_type"),
        (other_value, "putListingsItem", "differs", "status is 'INVALID', 'VALID' was expected"),
        (nothing_listed, "getReports", "differs", "nothing at reports.0.report_type"),
        (broken_order, "searchOrders", "differs", "orderItems: missing"),
        (case_gone, "getReportDocument", "refused", "Could not match input arguments"),
        (parameters_changed, "createFeedDocument", "refused", "Could not match input arguments"),
        (refusal_gone, "deleteListingsItem", "differs", "a refusal with HTTP 400 was expected"),
        (refused_otherwise, "getFeedDocument", "differs", "HTTP 404, request 11111111"),
        (refusal_without_words, "getReport", "differs", "without a code and a message"),
        (
            fault("searchOrders", refusal(403, "Unauthorized", "Access is denied.")),
            "searchOrders",
            "refused",
            "Access is denied. (searchOrders, HTTP 403",
        ),
        (
            fault("getOrder", refusal(404, "NotFound", "no such order")),
            "getOrder",
            "refused",
            "no such order (getOrder, HTTP 404",
        ),
        (
            fault("createReport", refusal(429, "QuotaExceeded", "too many")),
            "createReport",
            "refused",
            "throttled (createReport, HTTP 429",
        ),
        (
            fault("createFeed", refusal(500, "InternalFailure", "a fault")),
            "createFeed",
            "unanswered",
            "a fault (createFeed, HTTP 500",
        ),
        (
            fault("getListingsItem", refusal(503, "ServiceUnavailable", "be patient")),
            "getListingsItem",
            "unanswered",
            "be patient (getListingsItem, HTTP 503",
        ),
        (fault("getFeed", HTML), "getFeed", "differs", "the reply is not JSON"),
        (fault("createReport", HTML), "createReport", "differs", "the reply is not JSON"),
        (
            fault("patchListingsItem", Answer(400, HTML.body, HTML.headers)),
            "patchListingsItem",
            "refused",
            "HTTP 400",
        ),
        (
            fault("getFeeds", Answer(200, b'{"feeds": [{"feedId":')),
            "getFeeds",
            "differs",
            "the reply is not JSON",
        ),
        (
            fault("getReports", Answer(302, None, {"location": "https://elsewhere.invalid/"})),
            "getReports",
            "differs",
            "redirect",
        ),
    ],
)
def test_a_fault_is_told_of_its_operation_and_the_others_go_on(
    shop: Shop,
    static: StaticSandbox,
    plant: Callable[[StaticSandbox], None],
    operation: str,
    status: str,
    says: str,
) -> None:
    plant(static)
    ran = shop.run("smoke", "--json")
    assert (ran.code, ran.json["exit_code"], ran.err) == (1, 1, "")
    found = wrong(ran)
    assert set(found) == {operation}
    assert found[operation][0] == status
    assert says in found[operation][1]
    assert set(SMOKED) == {name for name, _ in static.calls}


def test_a_case_of_an_operation_that_fails_does_not_hide_the_others(
    shop: Shop, static: StaticSandbox
) -> None:
    other_value(static)
    static.cases("putListingsItem")[2]["response"]["status"] = "VALID"
    ran = shop.run("smoke", "--json")
    (row,) = [row for row in ran.json["operations"] if row["operation"] == "putListingsItem"]
    assert [one["status"] for one in row["tries"]] == ["ok", "differs", "differs", "ok"]
    assert row["message"].endswith("; 1 more went wrong")


@pytest.mark.parametrize(
    ("answer", "requests"),
    [
        (refusal(403, "Unauthorized", "Access is denied."), 2),  # once more with a new token
        (refusal(500, "InternalFailure", "a fault"), 4),  # as often as http.attempts says
        (refusal(429, "QuotaExceeded", "too many"), 4),
    ],
)
def test_what_the_next_case_would_meet_too_is_met_once(
    shop: Shop, static: StaticSandbox, answer: Answer, requests: int
) -> None:
    static.faults["getOrder"] = answer
    shop.run("smoke")
    assert Counter(name for name, _ in static.calls)["getOrder"] == requests


def test_a_refused_login_is_not_explained_as_a_missing_role(
    shop: Shop, static: StaticSandbox
) -> None:
    point(shop, static, client_secret="not-it")
    ran = shop.run("smoke")
    assert ran.code == 4
    assert "rotate it in Developer Central" in ran.out
    assert "Where Amazon refuses access" not in ran.out


def test_the_sandboxs_own_rate_is_kept(shop: Shop, static: StaticSandbox) -> None:
    started = shop.clock.now()
    shop.run("smoke", "--json")
    times = [(at - started).total_seconds() for _, at in static.calls]
    assert len(times) > 2 * BURST
    for first, since in enumerate(times):
        for last, until in enumerate(times[first:], start=1):
            assert last <= BURST + RATE * (until - since) + 1e-6
    assert times[-1] < len(times) / RATE  # and it is used


def test_nothing_is_kept_and_nothing_of_the_account_is_touched(
    shop: Shop, static: StaticSandbox
) -> None:
    before = sorted(path.name for path in shop.folder.iterdir())
    assert shop.run("smoke").code == 0
    assert sorted(path.name for path in shop.folder.iterdir()) == before == ["channel-1.toml"]
    assert shop.calls("amazon") == {}


def test_a_state_file_that_is_there_stays_as_it_was(shop: Shop, static: StaticSandbox) -> None:
    shop.configure()
    assert shop.run("orders", "pull").code == 0
    before = shop.dump()
    point(shop, static)
    assert shop.run("smoke").code == 0
    assert shop.dump() == before


def test_omnitron_is_only_read(shop: Shop, static: StaticSandbox) -> None:
    shop.forget_calls()
    shop.run("smoke")
    sent = Counter((row.method, row.operation) for row in shop.sandbox.exchanges)
    assert sent.pop(("POST", "auth.login")) == 1
    assert {method for method, _ in sent} == {"GET"}
    names = {name for _, name in sent}
    assert names == {"active_user.get", "channels.get", "catalogs.get", "content_types.list"}


def test_what_would_change_something_in_omnitron_cannot_leave(
    shop: Shop, static: StaticSandbox
) -> None:
    config = load_config(shop.config)
    with open_clients(config, Deadline(shop.clock), "amzsync") as (_, omnitron):
        omnitron.channels.get()
        with pytest.raises(DryRunError):
            omnitron.channels.set_schema({})


@pytest.mark.parametrize(
    ("region", "marketplace"),
    [("eu", "A33AVAJ2PDY3EV"), ("na", "ATVPDKIKX0DER"), ("fe", "A1VC38T7YXB528")],
)
def test_a_production_base_url_is_never_called(
    shop: Shop, static: StaticSandbox, region: str, marketplace: str
) -> None:
    host = f"sellingpartnerapi-{region}.amazon.com"
    point(shop, static, base_url=f"https://{host}", market_place_id=marketplace)

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        target = request.url.raw_path.decode()
        found = static.answer(request.method, target, headers, request.content)
        content = b"" if found.body is None else json.dumps(found.body).encode()
        return httpx.Response(found.status, content=content)

    with respx.mock(assert_all_mocked=True) as router:
        router.route(host=f"sandbox.{host}").mock(side_effect=answer)
        router.route(host="127.0.0.1").pass_through()
        ran = shop.run("smoke", "--json")
        called = {call.request.url.host for call in router.calls}
    assert (ran.code, ran.json["amazon"]) == (0, f"https://sandbox.{host}")
    assert called == {f"sandbox.{host}", "127.0.0.1"}


@pytest.mark.parametrize(
    ("settings", "code", "side", "says"),
    [
        ({"client_secret": "not-it"}, 4, "amazon", "invalid_client"),
        ({"omnitron": {"password": "not-it"}}, 4, "omnitron", "refuses the login"),
        ({"amazon": {"lwa_url": "http://127.0.0.1:1/t"}}, 5, "amazon", "127.0.0.1:1/t: not sent"),
        (
            {"omnitron": {"url": "http://127.0.0.1:1"}},
            5,
            "omnitron",
            "127.0.0.1:1: not sent: the connection was refused",
        ),
    ],
)
def test_a_side_that_lets_nobody_in_does_not_keep_the_other_from_being_tried(
    shop: Shop, static: StaticSandbox, settings: dict[str, Any], code: int, side: str, says: str
) -> None:
    point(shop, static, **settings)
    ran = shop.run("smoke", "--json")
    assert (ran.code, ran.json["exit_code"]) == (code, code)
    login, *others = [row for row in ran.json["operations"] if row["side"] == side]
    assert says in login["message"]
    assert {(row["status"], row["message"]) for row in others} == {("not tried", "no login")}
    assert set(wrong(ran)) == {row["operation"] for row in [login, *others]}
    assert "not-it" not in ran.out


def test_a_sandbox_that_is_down_is_not_asked_for_everything(
    shop: Shop, static: StaticSandbox
) -> None:
    point(shop, static, base_url="http://127.0.0.1:1")
    ran = shop.run("smoke", "--json")
    assert ran.code == 5
    counts = ran.json["counts"]
    assert (counts["unanswered"], counts["not tried"]) == (2, len(SMOKED) - 2)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal(403, "Unauthorized", "Access is denied."), 4),
        (refusal(503, "ServiceUnavailable", "maintenance"), 5),
        (refusal(429, "QuotaExceeded", "too many"), 5),
        (HTML, 1),
    ],
)
def test_a_fault_of_every_operation_is_the_sides(
    shop: Shop, static: StaticSandbox, answer: Answer, code: int
) -> None:
    static.faults = dict.fromkeys(OPERATIONS, answer)
    assert shop.run("smoke").code == code


def test_what_omnitron_refuses_is_told(shop: Shop, static: StaticSandbox) -> None:
    point(shop, static, omnitron={"catalog_id": 999})
    ran = shop.run("smoke", "--json")
    assert ran.code == 1
    assert wrong(ran)["get_catalog"][0] == "refused"
    assert "HTTP 404" in wrong(ran)["get_catalog"][1]


def test_a_config_that_is_none_is_exit_3(shop: Shop) -> None:
    shop.config.write_text("base_url = 7\n", encoding="utf-8")
    ran = shop.run("smoke", "--json")
    assert (ran.code, ran.json["error"]["type"]) == (3, "ConfigError")
