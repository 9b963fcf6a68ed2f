"""Documents: bare uploads, bounded downloads, presigned URLs that nobody gets to see."""

from __future__ import annotations

import gzip
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from amzsync.clock import Deadline
from amzsync.errors import (
    DeadlineError,
    DryRunError,
    ProtocolError,
    RefusedError,
    UnavailableError,
)
from amzsync.http.transfer import Downloaded, ExpiredUrlError, Transfers
from amzsync.http.unpack import Unpacker
from amzsync.redaction import MaskingFormatter
from tests.unit.http.http_fakes import CutStream, FakeClock

URL = "https://store.example.com/doc%2F1?X-Amz-Signature=canary%2Fsecret%3D&X-Amz-Expires=300"
JSON = "application/json; charset=UTF-8"
MAX = 1_000_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def transfers(clock: FakeClock) -> Transfers:
    return Transfers(Deadline(clock))


@pytest.fixture
def store() -> Iterator[respx.Router]:
    with respx.mock() as router:
        yield router


@pytest.mark.parametrize("as_file", [False, True])
def test_an_upload_is_a_bare_put(
    transfers: Transfers, store: respx.Router, tmp_path: Path, as_file: bool
) -> None:
    route = store.put(URL).respond(200)
    path = tmp_path / "feed.json"
    path.write_bytes(b'{"a":1}')
    transfers.upload(URL, JSON, path if as_file else b'{"a":1}')
    request = route.calls.last.request
    assert request.content == b'{"a":1}'
    assert request.headers["content-type"] == JSON
    assert request.headers["content-length"] == "7"
    assert "transfer-encoding" not in request.headers
    assert "authorization" not in request.headers
    assert "x-amz-access-token" not in request.headers
    assert request.url.raw_path == URL.removeprefix("https://store.example.com").encode()


def test_an_upload_is_sent_whole_again_after_a_fault(
    transfers: Transfers, store: respx.Router, tmp_path: Path
) -> None:
    bodies: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        if len(bodies) == 1:
            raise httpx.WriteError("cut")
        return httpx.Response(503 if len(bodies) == 2 else 200)

    store.put(URL).mock(side_effect=answer)
    path = tmp_path / "feed.json"
    path.write_bytes(b"x" * 100_000)
    transfers.upload(URL, JSON, path)
    assert bodies == [b"x" * 100_000] * 3
    assert transfers.calls == {"upload": 3}


def test_a_dry_run_uploads_nothing(clock: FakeClock, store: respx.Router) -> None:
    with pytest.raises(DryRunError):
        Transfers(Deadline(clock), dry_run=True).upload(URL, JSON, b"{}")
    assert store.calls.call_count == 0


def test_an_expired_url_is_told_apart(transfers: Transfers, store: respx.Router) -> None:
    denied = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
    route = store.route(url=URL).respond(403, text=denied)
    with pytest.raises(ExpiredUrlError):
        transfers.upload(URL, JSON, b"{}")
    with pytest.raises(ExpiredUrlError):
        transfers.download(URL, io.BytesIO(), MAX)
    assert route.call_count == 2


def test_a_wrong_content_type_is_not_taken_for_an_expired_url(
    transfers: Transfers, store: respx.Router
) -> None:
    body = "<Error><Code>SignatureDoesNotMatch</Code><StringToSign>canary</StringToSign></Error>"
    store.put(URL).respond(403, text=body)
    with pytest.raises(RefusedError) as caught:
        transfers.upload(URL, JSON, b"{}")
    assert caught.value.code == "SignatureDoesNotMatch"
    assert "canary" not in str(caught.value)


def test_a_plain_document_arrives_as_it_is(transfers: Transfers, store: respx.Router) -> None:
    store.get(URL).respond(content=b"sku\tprice\n", headers={"content-type": "text/plain"})
    stream = io.BytesIO()
    assert transfers.download(URL, stream, MAX) == Downloaded("text/plain", 10)
    assert stream.getvalue() == b"sku\tprice\n"


def test_a_gzip_file_is_unpacked_whatever_the_headers_say(
    transfers: Transfers, store: respx.Router, tmp_path: Path
) -> None:
    store.get(URL).respond(content=gzip.compress(b"sku\n"), headers={"content-type": "text/plain"})
    into = tmp_path / "report.txt"
    transfers.download(URL, into, MAX)
    assert into.read_bytes() == b"sku\n"


def test_a_document_the_http_layer_unpacked_is_not_unpacked_again(
    transfers: Transfers, store: respx.Router
) -> None:
    store.get(URL).respond(content=gzip.compress(b"sku\n"), headers={"content-encoding": "gzip"})
    stream = io.BytesIO()
    transfers.download(URL, stream, MAX)
    assert stream.getvalue() == b"sku\n"


def test_all_members_of_a_gzip_file_are_unpacked(transfers: Transfers, store: respx.Router) -> None:
    store.get(URL).respond(content=gzip.compress(b"one ") + gzip.compress(b"two"))
    stream = io.BytesIO()
    transfers.download(URL, stream, MAX)
    assert stream.getvalue() == b"one two"


def test_a_zip_bomb_is_stopped_at_the_limit(
    transfers: Transfers, store: respx.Router, tmp_path: Path
) -> None:
    store.get(URL).respond(content=gzip.compress(b"0" * 50_000_000))
    into = tmp_path / "report.txt"
    with pytest.raises(ProtocolError, match="longer than 1000000 bytes"):
        transfers.download(URL, into, MAX)
    assert list(tmp_path.iterdir()) == []


def test_a_plain_document_beyond_the_limit_is_refused(
    transfers: Transfers, store: respx.Router
) -> None:
    store.get(URL).respond(content=b"x" * 11)
    with pytest.raises(ProtocolError):
        transfers.download(URL, io.BytesIO(), 10)


def test_a_gzip_file_that_unpacks_to_nothing_does_not_go_on_for_ever(
    transfers: Transfers, store: respx.Router
) -> None:
    store.get(URL).respond(content=gzip.compress(b"") * 1000)
    with pytest.raises(ProtocolError, match="longer than 100 bytes"):
        transfers.download(URL, io.BytesIO(), 100)


def test_a_broken_gzip_file_is_a_protocol_error(transfers: Transfers, store: respx.Router) -> None:
    route = store.get(URL).respond(content=b"\x1f\x8b" + b"nonsense" * 4)
    with pytest.raises(ProtocolError):
        transfers.download(URL, io.BytesIO(), MAX)
    assert route.call_count == 1


def test_a_cut_download_starts_afresh(transfers: Transfers, store: respx.Router) -> None:
    packed = gzip.compress(bytes(range(256)) * 40)
    store.get(URL).mock(
        side_effect=[
            httpx.Response(200, stream=CutStream(b"half")),
            httpx.Response(200, content=packed[:-9]),
            httpx.Response(500, content=b"<Error/>"),
            httpx.Response(200, content=packed),
        ]
    )
    stream = io.BytesIO()
    transfers.download(URL, stream, MAX)
    assert stream.getvalue() == bytes(range(256)) * 40
    assert transfers.calls == {"download": 4}


def test_a_store_that_stays_down_leaves_no_file(
    transfers: Transfers, store: respx.Router, tmp_path: Path
) -> None:
    store.get(URL).respond(503)
    with pytest.raises(UnavailableError):
        transfers.download(URL, tmp_path / "report.txt", MAX)
    assert list(tmp_path.iterdir()) == []


def test_a_downloaded_file_is_ours_alone(
    transfers: Transfers, store: respx.Router, tmp_path: Path
) -> None:
    store.get(URL).respond(content=b"x")
    transfers.download(URL, tmp_path / "report.txt", MAX)
    assert (tmp_path / "report.txt").stat().st_mode & 0o777 == 0o600


def test_the_deadline_stops_a_download(clock: FakeClock, store: respx.Router) -> None:
    transfers = Transfers(Deadline(clock, 5))

    def slow(_request: httpx.Request) -> httpx.Response:
        clock.sleep(6)
        return httpx.Response(200, content=b"x")

    store.get(URL).mock(side_effect=slow)
    with pytest.raises(DeadlineError):
        transfers.download(URL, io.BytesIO(), MAX)


@pytest.mark.parametrize(
    "url",
    [
        "http://store.example.com/doc?sig=canary",
        "http://127.0.0.1.example.com/doc?sig=canary",
        "file:///etc/passwd",
        "https:///doc",
        "",
    ],
)
def test_only_https_is_used(transfers: Transfers, url: str) -> None:
    for use in (
        lambda: transfers.upload(url, JSON, b"{}"),
        lambda: transfers.download(url, io.BytesIO(), MAX),
    ):
        with pytest.raises(ProtocolError) as caught:
            use()
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"])
def test_http_to_this_machine_is_allowed(
    transfers: Transfers, store: respx.Router, host: str
) -> None:
    store.get(f"http://{host}/doc").respond(content=b"x")
    assert transfers.download(f"http://{host}/doc", io.BytesIO(), MAX).size == 1


def test_a_presigned_url_reaches_neither_log_nor_error(
    transfers: Transfers, store: respx.Router, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store.route(url=URL).mock(side_effect=[httpx.Response(503), *[httpx.Response(400)] * 2])
    with pytest.raises(RefusedError) as put:
        transfers.upload(URL, JSON, b"{}")
    with pytest.raises(RefusedError) as get:
        transfers.download(URL, io.BytesIO(), MAX)
    assert "store.example.com" not in f"{put.value} {get.value}"
    ours = [record for record in caplog.records if record.name.startswith("amzsync")]
    assert ours
    assert not any("store.example.com" in record.getMessage() for record in ours)
    # httpx logs URLs of its own accord: the formatter every handler has masks the signature.
    formatter = MaskingFormatter()
    assert not any("canary" in formatter.format(record) for record in caplog.records)


@given(st.binary(max_size=5_000), st.booleans(), st.lists(st.integers(1, 700), min_size=1))
def test_any_document_survives_any_chunking(content: bytes, packed: bool, sizes: list[int]) -> None:
    if not packed and content.startswith(b"\x1f\x8b"):
        return
    wire = gzip.compress(content) if packed else content
    stream = io.BytesIO()
    unpacker = Unpacker(stream, MAX)
    at = turn = 0
    while at < len(wire):
        size = sizes[turn % len(sizes)]
        unpacker.write(wire[at : at + size])
        at, turn = at + size, turn + 1
    unpacker.finish()
    assert stream.getvalue() == content
