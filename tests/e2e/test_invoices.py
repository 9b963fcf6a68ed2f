"""`orders push`: invoices to Amazon, each once, and what became of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from amzsync.http.pdf import MAX_PDF
from amzsync.sandbox.dispatch import Delivery
from amzsync.sandbox.http import Reply
from amzsync.sandbox.omnitron.invoices import path_of
from tests.amazon_orders import order, place
from tests.e2e.test_orders_push import ID, ON, outcomes, packages, push, waiting
from tests.odd_replies import OddReplies, json_reply, reply
from tests.shop import Shop

ADDRESS = "https://archive.invalid/faturalar/1.pdf?token=secret-of-the-archive"


def number_of(n: int) -> str:
    """Amazon's id of the n-th order, which is its number in Omnitron too."""
    return f"403-{n:07d}-1234567"


def imported(shop: Shop, count: int = 1, **settings: Any) -> None:
    """Orders in Omnitron, of a channel that sends invoices and confirms nothing."""
    shop.sandbox.reset(skus=12)
    configure(shop, **settings)
    place(shop.sandbox, *(order(n) for n in range(1, count + 1)))
    assert shop.run("orders", "pull").code == 0
    shop.clock.advance(minutes=5)


def configure(shop: Shop, **settings: Any) -> None:
    """The shop of these tests, with other settings on top."""
    known = {"send_shipping_info": False, "invoices": {"strategy": "vat_feed"}}
    shop.configure(ON, **{**known, **settings})


def invoice(shop: Shop, number: str = "ABC1", order_id: str = ID, url: str | None = None) -> None:
    """The ERP invoices the order."""
    shop.sandbox.world.omnitron.invoice(order_id, number, url=url)


def serve(shop: Shop, content: bytes | Reply, content_type: str = "application/pdf") -> None:
    """What the archive gives for the order's invoice from now on."""
    served = content if isinstance(content, Reply) else (content_type, content)
    shop.sandbox.world.omnitron.invoices_served[path_of("ABC1")] = served


def accepted(shop: Shop) -> Counter[tuple[str, str]]:
    """(order, invoice number) of every invoice Amazon has taken."""
    taken = [row["options"] for row in shop.sandbox.world.amazon.feeds.invoices]
    return Counter((row["metadata:orderid"], row["metadata:invoicenumber"]) for row in taken)


def feeds(shop: Shop) -> int:
    """How many feeds Amazon ever got."""
    return len(shop.sandbox.world.amazon.feeds)


def test_an_invoice_goes_out_and_its_result_is_shown_on_the_order(shop: Shop) -> None:
    imported(shop)
    invoice(shop)
    assert push(shop) == {"createFeedDocument": 1, "uploadDocument": 1, "createFeed": 1}
    assert [row[0] for row in outcomes(shop)] == ["submitted"]

    shop.clock.advance(minutes=10)
    assert push(shop) == {"getFeed": 1, "getFeedDocument": 1, "downloadDocument": 1}
    assert accepted(shop) == {(ID, "ABC1"): 1}
    (row,) = shop.sandbox.world.amazon.feeds.invoices
    assert row["options"] == {
        "metadata:orderid": ID,
        "metadata:invoicenumber": "ABC1",
        "metadata:documenttype": "Invoice",
        "metadata:totalamount": "100.00",
    }
    status, _, reason = outcomes(shop)[-1]
    assert (status, reason) == ("sent", f"invoice ABC1 accepted, feed {row['feedId']}")
    assert "invoice ABC1 accepted" in shop.run("why", ID).out

    shop.clock.advance(minutes=5)
    assert push(shop) == {}, "told once, sent once"


def test_the_same_invoice_is_never_sent_twice_and_a_new_number_is_a_new_one(shop: Shop) -> None:
    imported(shop)
    invoice(shop)
    push(shop)
    shop.clock.advance(minutes=10)
    push(shop)
    shop.sandbox.world.omnitron.set_order_is_send(ID)  # the order changes, the invoice does not
    assert push(shop) == {}
    invoice(shop, "ABC2")
    assert push(shop)["createFeed"] == 1
    shop.clock.advance(minutes=10)
    push(shop)
    assert accepted(shop) == {(ID, "ABC1"): 1, (ID, "ABC2"): 1}


def test_with_strategy_none_no_invoice_is_sent(shop: Shop) -> None:
    imported(shop, invoices={"strategy": "none"})
    invoice(shop)
    assert push(shop) == {}
    assert shop.rows("SELECT * FROM invoices") == []


def test_a_shipment_and_an_invoice_go_together_and_both_are_told(shop: Shop) -> None:
    imported(shop, send_shipping_info=True, shipping_company_mapping={"mng": "MNG Kargo"})
    shop.sandbox.world.omnitron.ship(ID, tracking_number="TR1", shipping_company="mng")
    invoice(shop)
    shop.clock.advance(minutes=5)
    calls = push(shop)
    assert (calls["confirmShipment"], calls["createFeed"]) == (1, 1)
    assert [row[0] for row in outcomes(shop)] == ["sent", "submitted"]
    assert packages(shop) == [("1", "MNG Kargo", "TR1", {"1": 1})]


def test_what_amazon_refuses_is_a_failure_in_its_words_and_tried_again_later(shop: Shop) -> None:
    imported(shop)
    shop.sandbox.world.amazon.feeds.refuse_invoice(ID, "79525", "Amazon will generate invoice")
    invoice(shop)
    push(shop)
    shop.clock.advance(minutes=10)
    push(shop, code=1)
    status, code, reason = outcomes(shop)[-1]
    assert (status, code) == ("failed", "79525")
    assert reason == "invoice ABC1 refused: Amazon will generate invoice"
    shop.clock.advance(minutes=10)
    assert push(shop) == {}, "in penalty"

    shop.clock.advance(hours=9)
    assert push(shop)["createFeed"] == 1
    shop.clock.advance(minutes=10)
    push(shop)
    assert accepted(shop) == {(ID, "ABC1"): 1}
    assert shop.rows("SELECT * FROM penalties") == []


def test_a_refusal_again_and_again_stops_in_the_end(shop: Shop) -> None:
    imported(shop)
    invoice(shop)
    for _ in range(6):
        shop.sandbox.world.amazon.feeds.refuse_invoice(ID, "79525", "Amazon will generate invoice")
        shop.run("orders", "push")
        shop.clock.advance(minutes=10)
        shop.run("orders", "push")
        shop.clock.advance(hours=8, minutes=5)
    (penalty,) = shop.rows("SELECT * FROM penalties")
    assert penalty["stopped"] == 1
    assert feeds(shop) == penalty["failures"], "one feed a try"


def test_a_feed_that_ends_fatal_is_a_failure(shop: Shop) -> None:
    imported(shop)
    invoice(shop)
    push(shop)
    (feed,) = shop.sandbox.world.amazon.feeds
    feed.status = "FATAL"
    shop.clock.advance(minutes=10)
    push(shop, code=1)
    assert outcomes(shop)[-1][:2] == ("failed", "FATAL")


def test_no_answer_within_the_time_fails_and_is_asked_for_before_anything_is_sent_again(
    shop: Shop,
) -> None:
    imported(shop)
    invoice(shop)
    push(shop)
    (feed,) = shop.sandbox.world.amazon.feeds
    feed.status = "IN_PROGRESS"  # and stays so
    shop.clock.advance(hours=30)
    push(shop, code=1)
    status, code, reason = outcomes(shop)[-1]
    assert (status, code) == ("failed", "no_answer")
    assert "no response from Amazon within" in reason

    shop.clock.advance(hours=9)
    push(shop, code=1)
    assert [row[:2] for row in outcomes(shop)[1:]] == [("failed", "no_answer")] * 2
    feed.status = "DONE"
    assert shop.run("penalties", "clear", "--order", ID, "--yes").code == 0
    assert push(shop) == {"getFeed": 1}
    assert outcomes(shop)[-1][0] == "sent"
    assert feeds(shop) == 1


@pytest.mark.parametrize(
    ("content", "content_type", "says"),
    [
        (b"<html>Giris yapin</html>", "text/html", "is not a PDF"),
        (Reply(404, b"", {}), "", "HTTP 404"),
        (Reply(302, b"", {"location": "http://192.0.2.1/"}), "", "HTTP 302"),
        (b"%PDF-" + b"0" * MAX_PDF, "application/pdf", "longer than"),
        (b"", "application/pdf", "is not a PDF"),
    ],
    ids=["html", "missing", "redirect", "huge", "empty"],
)
def test_what_is_no_invoice_is_penalised_and_never_reaches_amazon(
    shop: Shop, content: bytes | Reply, content_type: str, says: str
) -> None:
    imported(shop)
    invoice(shop)
    serve(shop, content, content_type)
    assert push(shop, code=1) == {}
    status, code, reason = outcomes(shop)[-1]
    assert (status, code) == ("failed", "pdf")
    assert says in reason
    assert "127.0.0.1" in reason


@pytest.mark.parametrize(
    "url",
    [
        "http://archive.invalid/1.pdf?token=secret-of-the-archive",
        "ftp://archive.invalid/1.pdf",
        "file:///etc/passwd",
        "https://",
        "https://[broken/1.pdf",
        "https://archive.invalid:port/1.pdf",
        "https://archive invalid/1.pdf",
    ],
)
def test_an_address_that_is_not_https_is_refused_without_showing_its_secrets(
    shop: Shop, url: str
) -> None:
    imported(shop)
    invoice(shop, url=url)
    shop.forget_calls()
    ran = shop.run("orders", "push", "-v")
    assert ran.code == 1
    assert set(shop.calls("amazon")) <= {"getAccessToken"}
    assert outcomes(shop)[-1][:2] == ("failed", "pdf")
    assert "secret-of-the-archive" not in str(shop.dump()) + ran.out + ran.err


def test_an_archive_that_is_down_holds_no_other_invoice_up(shop: Shop) -> None:
    imported(shop, 2, http={"attempts": 1})
    invoice(shop, "DOWN", number_of(1), url="https://localhost:9/1.pdf")
    invoice(shop, "UP", number_of(2))
    assert push(shop)["createFeed"] == 1
    assert waiting(shop) == [(number_of(1), "invoice_later")]
    assert shop.rows("SELECT * FROM penalties") == []


def test_twenty_invoices_take_half_of_createfeeds_budget_and_the_rest_waits(shop: Shop) -> None:
    imported(shop, 20)
    for n in range(1, 21):
        invoice(shop, f"N{n}", number_of(n))
    shop.clock.advance(minutes=5)
    assert push(shop)["createFeed"] == 14
    assert len(waiting(shop)) == 6
    shop.clock.advance(minutes=30)
    assert "createFeed" not in push(shop)
    assert shop.rows("SELECT * FROM penalties") == []
    shop.clock.advance(minutes=31)
    assert push(shop)["createFeed"] == 6
    assert waiting(shop) == []
    for _ in range(3):
        shop.clock.advance(minutes=30)
        push(shop)
    assert accepted(shop) == {(number_of(n), f"N{n}"): 1 for n in range(1, 21)}


def test_invoices_leave_a_listings_feed_its_token(shop: Shop) -> None:
    imported(shop, 20)
    for n in range(1, 21):
        invoice(shop, f"N{n}", number_of(n))
    push(shop)
    (bucket,) = shop.rows("SELECT * FROM quota WHERE bucket = 'createFeed'")
    assert bucket["tokens"] >= 1


@pytest.mark.parametrize("kind", ["cut_after", "server_error_after", "truncated"])
def test_a_feed_nobody_confirmed_is_found_and_not_made_twice(shop: Shop, kind: str) -> None:
    imported(shop, 2)
    invoice(shop, "A", number_of(1))
    invoice(shop, "B", number_of(2))
    shop.sandbox.faults.add(kind, "createFeed")
    push(shop)
    assert feeds(shop) == 1, "and no other while that one is in doubt"
    shop.clock.advance(minutes=5)
    assert push(shop)["getFeeds"] == 1
    for _ in range(3):
        shop.clock.advance(minutes=10)
        push(shop)
    assert accepted(shop) == {(number_of(1), "A"): 1, (number_of(2), "B"): 1}
    assert (feeds(shop), waiting(shop)) == (2, [])


def test_a_feed_that_was_never_made_is_made_after_a_while(shop: Shop) -> None:
    imported(shop)
    invoice(shop)
    shop.sandbox.faults.add("cut_before", "createFeed")
    push(shop)
    assert waiting(shop) == [(ID, "invoice_later")]
    shop.clock.advance(minutes=1)
    push(shop)
    assert feeds(shop) == 0, "it may still turn up"
    shop.clock.advance(minutes=5)
    push(shop)
    shop.clock.advance(minutes=10)
    push(shop)
    assert (accepted(shop), feeds(shop)) == ({(ID, "ABC1"): 1}, 1)


def test_two_unknown_feeds_are_not_taken_for_ours_at_once(shop: Shop) -> None:
    imported(shop)
    invoice(shop)
    shop.sandbox.faults.add("cut_after", "createFeed")
    push(shop)
    book = shop.sandbox.world.amazon.feeds
    (ours,) = book
    shop.clock.advance(minutes=1)
    book.submit("UPLOAD_VAT_INVOICE", list(ours.marketplace_ids), b"%PDF-1.4", {}, None)
    push(shop)
    (row,) = shop.rows("SELECT * FROM invoices")
    assert row["state"] == "submitting"
    for _ in range(2):
        shop.clock.advance(minutes=5)
        push(shop)
    (row,) = shop.rows("SELECT * FROM invoices")
    assert (row["state"], row["feed_id"], feeds(shop)) == ("accepted", ours.id, 2)


def test_a_spent_document_quota_stops_invoices_and_no_shipment(shop: Shop) -> None:
    imported(shop, send_shipping_info=True, shipping_company_mapping={"mng": "MNG Kargo"})
    shop.sandbox.world.omnitron.ship(ID, tracking_number="TR1", shipping_company="mng")
    invoice(shop)
    shop.clock.advance(minutes=5)
    shop.sandbox.faults.add("throttle", "createFeedDocument", times=9)
    push(shop)
    assert packages(shop) == [("1", "MNG Kargo", "TR1", {"1": 1})]
    assert (waiting(shop), feeds(shop)) == ([(ID, "invoice_later")], 0)


def test_an_invoice_that_waited_and_then_failed_goes_once_it_is_set_free(shop: Shop) -> None:
    imported(shop, 15)
    for n in range(2, 16):
        invoice(shop, f"N{n}", number_of(n))
    push(shop)
    invoice(shop)
    push(shop)
    assert waiting(shop) == [(ID, "invoice_later")]
    serve(shop, b"<html>")
    shop.clock.advance(hours=2)
    push(shop, code=1)
    assert outcomes(shop)[-1][:2] == ("failed", "pdf")

    serve(shop, b"%PDF-1.4")
    assert shop.run("penalties", "clear", "--order", ID, "--yes").code == 0
    assert push(shop)["createFeed"] == 1
    shop.clock.advance(minutes=10)
    push(shop)
    assert accepted(shop)[ID, "ABC1"] == 1


def test_a_refused_invoice_that_was_replaced_is_not_looked_at_again(shop: Shop) -> None:
    imported(shop)
    invoice(shop)
    serve(shop, b"<html>")
    push(shop, code=1)
    assert shop.run("penalties", "clear", "--order", ID, "--yes").code == 0
    invoice(shop, "ABC2")
    assert push(shop)["createFeed"] == 1
    shop.clock.advance(minutes=10)
    push(shop)
    shop.clock.advance(minutes=5)
    push(shop)
    told = len(outcomes(shop))
    shop.clock.advance(minutes=5)
    assert push(shop) == {}
    assert shop.calls("omnitron").total() <= 3
    assert len(outcomes(shop)) == told


def test_missing_permission_is_a_persons_matter_and_stops_no_shipment(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(shop, send_shipping_info=True, shipping_company_mapping={"mng": "MNG Kargo"})
    shop.sandbox.world.omnitron.ship(ID, tracking_number="TR1", shipping_company="mng")
    invoice(shop)
    shop.clock.advance(minutes=5)
    odd = OddReplies(shop.sandbox, monkeypatch)
    denied = {"errors": [{"code": "Unauthorized", "message": "Access to resource is denied."}]}
    odd.on("POST", "/feeds$", json_reply(denied, 403))
    assert push(shop, code=4)["confirmShipment"] == 1
    assert packages(shop) == [("1", "MNG Kargo", "TR1", {"1": 1})]
    assert shop.rows("SELECT * FROM penalties") == []

    odd.clear()
    shop.clock.advance(minutes=5)
    assert push(shop)["createFeed"] == 1


def test_a_refused_submission_is_a_failure_in_amazons_words(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(shop)
    invoice(shop)
    odd = OddReplies(shop.sandbox, monkeypatch)
    refusal = {"errors": [{"code": "InvalidInput", "message": "feedType is not allowed"}]}
    odd.on("POST", "/feeds$", json_reply(refusal, 400))
    push(shop, code=1)
    status, code, reason = outcomes(shop)[-1]
    assert (status, code) == ("failed", "InvalidInput")
    assert "feedType is not allowed" in reason


@pytest.mark.parametrize("answer", [json_reply({"errors": [{"code": "X"}]}, 404), None])
def test_a_result_nobody_can_read_is_said_and_not_invented(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, answer: Delivery | None
) -> None:
    imported(shop)
    invoice(shop)
    push(shop)
    shop.clock.advance(minutes=10)
    odd = OddReplies(shop.sandbox, monkeypatch)
    if answer is None:  # the document is there, and is something else
        odd.on("GET", "/documents/.*[?]", reply(b"<AmazonEnvelope/>", kind="text/xml"))
        push(shop)
        assert [row[0] for row in outcomes(shop)] == ["submitted"], "perhaps it was cut"
        shop.clock.advance(hours=1)
    else:
        odd.on("GET", "/feeds/2021-06-30/documents/", answer)
    push(shop)
    status, _, reason = outcomes(shop)[-1]
    assert status == "sent"
    assert reason.endswith("(Amazon's result gives no details)")
    assert odd.answered


def test_a_dry_run_says_which_invoice_it_would_send(shop: Shop) -> None:
    imported(shop)
    invoice(shop)
    ran = shop.run("orders", "push", "--dry-run")
    assert (ran.code, ran.out) == (0, f"{ID}: send invoice ABC1\n")
    assert shop.rows("SELECT * FROM invoices") == []


@pytest.mark.parametrize("seed", range(4))
def test_whatever_fails_packages_and_invoices_are_there_once_in_the_end(
    shop: Shop, seed: int
) -> None:
    carriers = {"mng": "MNG Kargo"}
    imported(shop, 8, send_shipping_info=True, shipping_company_mapping=carriers)
    shop.configure(
        ON,
        send_shipping_info=True,
        shipping_company_mapping=carriers,
        invoices={"strategy": "vat_feed"},
        http={"read_timeout": 0.3, "in_flight": 3, "attempts": 2},
    )
    omnitron = shop.sandbox.world.omnitron
    kinds = ("server_error_before", "server_error_after", "cut_before", "cut_after", "html")
    shop.sandbox.faults.chance(0.2, (*kinds, "truncated", "throttle"), seed=seed)
    for n in range(1, 9):
        omnitron.ship(number_of(n), tracking_number=f"TR{n}", shipping_company="mng")
        omnitron.invoice(number_of(n), f"N{n}")
        assert shop.run("orders", "push").code in (0, 5)
        shop.clock.advance(minutes=5)
    assert sum(shop.sandbox.faults.struck.values()) > 8
    shop.sandbox.faults.clear()
    for _ in range(9):
        last = shop.run("orders", "push").code
        shop.clock.advance(minutes=10)

    assert last == 0
    assert accepted(shop) == {(number_of(n), f"N{n}"): 1 for n in range(1, 9)}
    for n in range(1, 9):
        assert packages(shop, number_of(n)) == [("1", "MNG Kargo", f"TR{n}", {"1": 1})]
    assert shop.rows("SELECT * FROM penalties") == shop.rows("SELECT * FROM batches") == []
    assert waiting(shop) == []
    assert omnitron.channels[1].waiting("order", "updates") == []
