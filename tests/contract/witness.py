"""Watches the sandbox's SP-API side and holds every exchange against the official models."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from amzsync.sandbox.journal import Exchange, Journal
from tests.contract.swagger import FEED_DOCUMENT, PROCESSING_REPORT, Contract

NOT_IN_THE_MODELS: Final = ("getAccessToken", "uploadDocument", "downloadDocument")
"""Login with Amazon and the document store, which no SP-API model describes."""

BROKEN: Final = (
    "html",
    "truncated",
    "cut_before",
    "cut_after",
    "hang_after",
    "server_error_before",
    "server_error_after",
)
"""Faults that put something else in the place of Amazon's answer."""

_LISTINGS: Final = "JSON_LISTINGS_FEED"


class Witness:
    """What was seen: exchanges by operation, documents by schema, and each fault with its count."""

    def __init__(self, contract: Contract) -> None:
        self.seen: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self._contract = contract
        self._uploads: dict[str, bytes] = {}
        self._reports: set[str] = set()

    def see(self, exchange: Exchange) -> None:
        """Judge one exchange; requests always, answers unless a fault was put in their place."""
        if exchange.side != "amazon":
            return
        self.seen[exchange.operation] += 1
        if exchange.operation in NOT_IN_THE_MODELS:
            found = self._transfer_faults(exchange)
        else:
            found = self._call_faults(exchange)
        self.faults.update(f"{exchange.operation}: {fault}" for fault in found)

    def excuse(self, text: str) -> None:
        """Let the faults pass that hold this text. Errors: AssertionError if there are none."""
        excused = [fault for fault in self.faults if text in fault]
        assert excused, f"no fault holds {text!r}"
        for fault in excused:
            del self.faults[fault]

    def verdict(self) -> None:
        """Nothing, if all was as the models say. Errors: AssertionError with every fault."""
        lines = [f"{count} x {fault}" for fault, count in self.faults.most_common()]
        assert not lines, "against Amazon's official models:\n" + "\n".join(lines)

    def _call_faults(self, exchange: Exchange) -> list[str]:
        operation = self._contract.find(exchange.method, exchange.path)
        if operation is None:
            return [f"no operation {exchange.method} {exchange.path}"]
        if operation.name != exchange.operation:
            return [f"{operation.name} is Amazon's name of {exchange.method} {exchange.path}"]
        found = operation.request_faults(
            exchange.path, exchange.query, exchange.request_headers, exchange.request_body
        )
        if exchange.fault not in BROKEN:
            found += operation.response_faults(
                exchange.status, exchange.response_headers, exchange.response_body
            )
        if not found:
            found = self._feed_faults(exchange)
        return found

    def _feed_faults(self, exchange: Exchange) -> list[str]:
        """The document a createFeed hands in; of other calls, which documents are reports."""
        if exchange.operation == "createFeed":
            order = json.loads(exchange.request_body)
            content = self._uploads.pop(order["inputFeedDocumentId"], None)
            if order["feedType"] == _LISTINGS and content is not None:
                return self._document_faults(FEED_DOCUMENT, content)
        elif exchange.operation in ("getFeed", "getFeeds") and exchange.fault not in BROKEN:
            answer = json.loads(exchange.response_body)
            self._reports.update(
                feed["resultFeedDocumentId"]
                for feed in answer.get("feeds", [answer])
                if feed.get("feedType") == _LISTINGS and "resultFeedDocumentId" in feed
            )
        return []

    def _transfer_faults(self, exchange: Exchange) -> list[str]:
        document = exchange.path.rpartition("/")[2]
        if exchange.status != 200:
            return []
        if exchange.operation == "uploadDocument":
            self._uploads[document] = exchange.request_body
        is_report = exchange.operation == "downloadDocument" and document in self._reports
        if not is_report or exchange.fault in BROKEN:
            return []
        content = zlib.decompress(exchange.response_body, zlib.MAX_WBITS | 32)
        return self._document_faults(PROCESSING_REPORT, content)

    def _document_faults(self, schema: str, content: bytes) -> list[str]:
        self.seen[schema] += 1
        return self._contract.document_faults(schema, content)


@contextmanager
def watching(contract: Contract) -> Iterator[Witness]:
    """A witness of every exchange until the end of the block, whatever sandbox it is in.

    It sees each one when the sandbox notes it, so that neither the journal's bounds nor
    `Shop.forget_calls` hide any.
    """
    judge = Witness(contract)
    note = Journal.note

    def noted(journal: Journal, exchange: Exchange) -> None:
        note(journal, exchange)
        judge.see(exchange)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "note", noted)
        yield judge
