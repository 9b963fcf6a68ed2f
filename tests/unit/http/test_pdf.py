"""A PDF from an address somebody else wrote down."""

from __future__ import annotations

import httpx
import pytest
import respx

from amzsync.clock import Clock, Deadline
from amzsync.errors import RecordError, UnavailableError
from amzsync.http.pdf import MAX_PDF, download_pdf
from amzsync.http.retry import RetryPolicy
from amzsync.http.transfer import Transfers

URL = "https://archive.example/2026/secret-path/1.pdf?token=secret-token"
PDF = b"%PDF-1.4 and so on"


@pytest.fixture
def transfers() -> Transfers:
    return Transfers(Deadline(Clock()), retry=RetryPolicy(attempts=1))


@respx.mock
def test_a_pdf_comes_without_any_token_of_ours(transfers: Transfers) -> None:
    route = respx.get(URL).respond(content=PDF)
    assert download_pdf(transfers, URL) == PDF
    sent = {name.lower() for name in route.calls.last.request.headers}
    assert not {"authorization", "x-amz-access-token", "cookie"} & sent


@respx.mock
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"<html>"),
        httpx.Response(302, headers={"location": "https://elsewhere.example/1.pdf"}),
        httpx.Response(403),
        httpx.Response(404),
        httpx.Response(200, content=b"%PDF-" + bytes(MAX_PDF)),
    ],
    ids=["html", "redirect", "forbidden", "missing", "huge"],
)
def test_anything_else_is_the_records_fault_and_names_the_host_alone(
    transfers: Transfers, answer: httpx.Response
) -> None:
    respx.get(URL).mock(return_value=answer)
    elsewhere = respx.get("https://elsewhere.example/1.pdf").respond(content=PDF)
    with pytest.raises(RecordError, match=r"archive\.example") as caught:
        download_pdf(transfers, URL)
    assert "secret" not in str(caught.value)
    assert caught.value.code == "pdf"
    assert not elsewhere.called


@respx.mock
def test_a_host_that_is_down_is_nobodys_fault(transfers: Transfers) -> None:
    respx.get(URL).respond(503)
    with pytest.raises(UnavailableError):
        download_pdf(transfers, URL)
