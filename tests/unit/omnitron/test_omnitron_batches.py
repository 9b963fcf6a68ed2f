"""Batch requests: every transition's body, and what each refusal means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from amzsync.errors import OutcomeUnknownError, ProtocolError, RefusedError, RemoteError
from amzsync.omnitron.batch_requests import BatchFinishedError, BatchRequests, CommitLockedError
from amzsync.omnitron.models.sync import BatchObject

from .omnitron_fakes import CHANNEL, MOMENT, Omnitron, client

UUID = "89bb31b0-6700-4a9d-8bae-308ac938649c"
ITEM = "batch_requests/22/"
OBJECT = BatchObject(pk=9, content_type="productstock", version_date=MOMENT, remote_id="SKU-1")
OBJECT_SENT = {
    "pk": 9,
    "content_type": "productstock",
    "version_date": MOMENT,
    "remote_id": "SKU-1",
    "failed_reason_type": None,
}


def batch(status: str = "initialized", **fields: Any) -> dict[str, Any]:
    row = {"pk": 22, "channel": CHANNEL, "local_batch_id": UUID, "status": status}
    return row | {"remote_batch_id": None, "content_type": None, "objects": None} | fields


def refusal(text: str, code: str = "batch_request_status_100_1") -> httpx.Response:
    return httpx.Response(406, json={"non_field_errors": text, "code": code})


ILLEGAL = refusal("Batch request status can not be changed.")


def test_a_new_batch_is_bound_to_the_channel(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "batch_requests/", httpx.Response(201, json=batch()))
    created = client().batch_requests.create()
    assert (created.pk, created.local_batch_id, created.status) == (22, UUID, "initialized")
    assert omnitron.bodies("POST", "batch_requests/") == [{"channel": CHANNEL}]


def test_an_unreadable_answer_to_a_create_is_an_unknown_outcome(omnitron: Omnitron) -> None:
    omnitron.answer("POST", "batch_requests/", httpx.Response(201, json={"status": "initialized"}))
    with pytest.raises(OutcomeUnknownError, match="pk"):
        client().batch_requests.create()


@pytest.mark.parametrize(
    ("move", "body"),
    [
        (
            lambda batches: batches.commit(22, "productstock", [OBJECT]),
            {"status": "commit", "content_type": "productstock", "objects": [OBJECT_SENT]},
        ),
        (
            lambda batches: batches.sent_to_remote(22, "job-1"),
            {"status": "sent_to_remote", "remote_batch_id": "job-1"},
        ),
        (lambda batches: batches.ongoing(22), {"status": "ongoing"}),
        (lambda batches: batches.done(22, [OBJECT]), {"status": "done", "objects": [OBJECT_SENT]}),
        (lambda batches: batches.fail(22), {"status": "fail", "objects": None}),
        (lambda batches: batches.fail(22, [OBJECT]), {"status": "fail", "objects": [OBJECT_SENT]}),
    ],
)
def test_each_transition_sends_its_documented_body(
    omnitron: Omnitron, move: Callable[[BatchRequests], object], body: dict[str, Any]
) -> None:
    omnitron.answer("PATCH", ITEM, httpx.Response(200, json=batch(body["status"])))
    move(client().batch_requests)
    assert omnitron.bodies("PATCH", ITEM) == [{"channel": CHANNEL, **body}]


def test_an_empty_answer_to_a_transition_is_read_again(omnitron: Omnitron) -> None:
    omnitron.answer("PATCH", ITEM, httpx.Response(200))
    omnitron.answer("GET", ITEM, httpx.Response(200, json=batch("done")))
    assert client().batch_requests.done(22, []).status == "done"


def test_an_unreadable_answer_to_a_transition_breaks_the_contract(omnitron: Omnitron) -> None:
    omnitron.answer("PATCH", ITEM, httpx.Response(200, json={"pk": "x"}))
    with pytest.raises(ProtocolError):
        client().batch_requests.done(22, [])


@pytest.mark.parametrize("listed", [False, True])
def test_a_commit_held_by_another_batch_names_it(omnitron: Omnitron, listed: bool) -> None:
    text = f"The batch request with {UUID} is in commit."
    body = {"non_field_errors": [text] if listed else text, "code": "some_code"}
    omnitron.answer("PATCH", ITEM, httpx.Response(406, json=body))
    with pytest.raises(CommitLockedError) as caught:
        client().batch_requests.commit(22, "productstock", [OBJECT])
    assert caught.value.local_batch_id == UUID
    assert caught.value.status == 406
    assert isinstance(caught.value, RemoteError)


def test_a_commit_lock_is_told_from_other_refusals_by_its_text_not_its_code(
    omnitron: Omnitron,
) -> None:
    omnitron.answer("PATCH", ITEM, refusal(f"The batch request with {UUID} has to end first."))
    with pytest.raises(CommitLockedError):
        client().batch_requests.commit(22, "productstock", [OBJECT])


@pytest.mark.parametrize("final", ["done", "fail"])
def test_a_finished_batch_takes_nothing_more(omnitron: Omnitron, final: str) -> None:
    omnitron.answer("PATCH", ITEM, ILLEGAL)
    omnitron.answer("GET", ITEM, httpx.Response(200, json=batch(final)))
    with pytest.raises(BatchFinishedError, match=final) as caught:
        client().batch_requests.done(22, [OBJECT])
    assert caught.value.batch_status == final


def test_a_transition_made_before_its_answer_was_lost_counts(omnitron: Omnitron) -> None:
    omnitron.answer("PATCH", ITEM, httpx.ReadError("cut"), ILLEGAL)
    sent = batch("sent_to_remote", remote_batch_id="job-1")
    omnitron.answer("GET", ITEM, httpx.Response(200, json=sent))
    assert client().batch_requests.sent_to_remote(22, "job-1").remote_batch_id == "job-1"
    assert len(omnitron.bodies("PATCH", ITEM)) == 2


def test_an_illegal_transition_stays_refused(omnitron: Omnitron) -> None:
    omnitron.answer("PATCH", ITEM, ILLEGAL)
    omnitron.answer("GET", ITEM, httpx.Response(200, json=batch("initialized")))
    with pytest.raises(RefusedError, match="can not be changed"):
        client().batch_requests.ongoing(22)


def test_other_refusals_are_passed_on_as_they_are(omnitron: Omnitron) -> None:
    omnitron.answer(
        "PATCH",
        ITEM,
        refusal("Something else.", "other"),
        httpx.Response(400, json={"objects": ["A valid pk is required."]}),
    )
    for _ in range(2):
        with pytest.raises(RefusedError) as caught:
            client().batch_requests.commit(22, "productstock", [OBJECT])
        assert type(caught.value) is RefusedError


def test_unfinished_batches_are_asked_for_by_status_and_checked_again(omnitron: Omnitron) -> None:
    rows = [
        batch("commit", pk=1, content_type="productstock"),
        batch("commit", pk=2, content_type="productprice"),
        batch("done", pk=3, content_type="productstock"),
        batch("sent_to_remote", pk=4, content_type={"id": 9, "model": "productstock"}),
        batch("ongoing", pk=5, content_type="productstock", channel={"pk": 999}),
        batch("ongoing", pk=6, content_type="productstock", channel={"pk": CHANNEL}),
        batch("initialized", pk=7),
        batch("commit", pk=8),
    ]
    omnitron.rows("batch_requests/", rows)
    found = client().batch_requests.unfinished("productstock")
    assert [each.pk for each in found] == [1, 4, 6]
    assert omnitron.queries("batch_requests/") == [
        {"status": status, "content_type": "productstock", "channel": "137"}
        for status in ("commit", "sent_to_remote", "ongoing")
    ]
