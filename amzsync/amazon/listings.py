"""Listings: read, searched by SKU, and written; what to write is decided in the mapping.

A write answers ACCEPTED when it is queued, not when it is applied, and INVALID with HTTP 200. Texts
of issues come in English whatever the seller's language, so that they can be recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from amzsync.amazon.calls import Calls, csv, read
from amzsync.amazon.documents import plain_numbers
from amzsync.amazon.models.listings import (
    ERROR,
    INVALID,
    Issue,
    ItemSearchResults,
    ListingsItem,
    Submission,
)
from amzsync.amazon.operations import (
    DELETE_LISTINGS_ITEM,
    GET_LISTINGS_ITEM,
    PATCH_LISTINGS_ITEM,
    PUT_LISTINGS_ITEM,
    SEARCH_LISTINGS_ITEMS,
    preview_of,
)
from amzsync.errors import RefusedError, RejectedError, WaitingError
from amzsync.http.operation import Operation

PAGE_SIZE: Final = 20
"""The most SKUs one search takes, and the most a page holds (§2.5.8)."""

INCLUDED_DATA: Final = (
    "summaries",
    "attributes",
    "issues",
    "offers",
    "fulfillmentAvailability",
    "productTypes",
)
AMAZONS_TROUBLE: Final = "amazons_trouble"
"""The code of a refusal nobody here is to blame for."""
_LOCALE: Final = ("issueLocale", "en_US")


class Listings:
    """The listings of the account in one marketplace."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def get_listings_item(
        self, sku: str, *, included_data: Sequence[str] = INCLUDED_DATA
    ) -> ListingsItem:
        """One listing. Errors: RefusedError with status 404 if there is none."""
        query = [self._marketplace(), _LOCALE, ("includedData", csv(included_data))]
        reply = self._calls.call(GET_LISTINGS_ITEM, path=self._path(sku), query=query)
        return read(ListingsItem, GET_LISTINGS_ITEM, reply)

    def search_listings_items(
        self, skus: Sequence[str], *, included_data: Sequence[str] = INCLUDED_DATA
    ) -> list[ListingsItem]:
        """The listings of at most 20 SKUs; those Amazon does not know are missing.

        Order: none. A SKU with a comma cannot stand in a list of SKUs, so it is read by itself.
        Errors: ValueError beyond 20, and those of Session.call.
        """
        if len(skus) > PAGE_SIZE:
            raise ValueError(f"at most {PAGE_SIZE} SKUs a search")
        listed = [sku for sku in skus if "," not in sku]
        found = self._search(listed, included_data) if listed else []
        for sku in skus:
            if "," in sku and (item := self._find(sku, included_data)) is not None:
                found.append(item)
        return found

    def put_listings_item(
        self,
        sku: str,
        attributes: Mapping[str, Any],
        product_type: str,
        *,
        requirements: str = "LISTING",
        preview: bool = False,
    ) -> Submission:
        """Create or wholly replace a listing; attributes left out are removed from it."""
        body = {
            "productType": product_type,
            "requirements": requirements,
            "attributes": plain_numbers(attributes),
        }
        return self._write(PUT_LISTINGS_ITEM, sku, body, preview)

    def patch_listings_item(
        self,
        sku: str,
        patches: Sequence[Mapping[str, Any]],
        product_type: str,
        *,
        preview: bool = False,
    ) -> Submission:
        """Change top-level attributes of a listing.

        Absolute values only, so that a repeat changes nothing. Decimals are sent as JSON numbers.
        """
        body = {"productType": product_type, "patches": plain_numbers(list(patches))}
        return self._write(PATCH_LISTINGS_ITEM, sku, body, preview)

    def delete_listings_item(self, sku: str) -> Submission:
        """Remove a SKU altogether, its history included."""
        reply = self._calls.call(
            DELETE_LISTINGS_ITEM, path=self._path(sku), query=[self._marketplace(), _LOCALE]
        )
        submission = read(Submission, DELETE_LISTINGS_ITEM, reply)
        return submission.model_copy(update={"request_id": reply.request_id})

    def _write(
        self, operation: Operation, sku: str, body: Mapping[str, object], preview: bool
    ) -> Submission:
        query = [self._marketplace(), _LOCALE]
        if preview:
            operation = preview_of(operation)
            # The ASIN a new SKU would get is told in a preview only.
            query += [("mode", "VALIDATION_PREVIEW"), ("includedData", "identifiers,issues")]
        else:
            query.append(("includedData", "issues"))
        reply = self._calls.call(operation, path=self._path(sku), query=query, json=body)
        submission = read(Submission, operation, reply)
        return submission.model_copy(update={"request_id": reply.request_id})

    def _search(self, skus: Sequence[str], included_data: Sequence[str]) -> list[ListingsItem]:
        query = [
            self._marketplace(),
            _LOCALE,
            ("identifiersType", "SKU"),
            ("identifiers", csv(skus)),
            ("includedData", csv(included_data)),
            ("pageSize", str(PAGE_SIZE)),
        ]
        path = {"sellerId": self._calls.seller_id}
        reply = self._calls.call(SEARCH_LISTINGS_ITEMS, path=path, query=query)
        return list(read(ItemSearchResults, SEARCH_LISTINGS_ITEMS, reply).items)

    def _find(self, sku: str, included_data: Sequence[str]) -> ListingsItem | None:
        try:
            return self.get_listings_item(sku, included_data=included_data)
        except RefusedError as error:
            if error.status == 404:
                return None
            raise

    def _path(self, sku: str) -> dict[str, str]:
        return {"sellerId": self._calls.seller_id, "sku": sku}

    def _marketplace(self) -> tuple[str, str]:
        return ("marketplaceIds", self._calls.marketplace_id)


def plain(issue: Issue) -> str:
    """An issue in Amazon's words, with its attributes."""
    names = ", ".join(issue.attribute_names)
    return f"{names}: {issue.message}" if names else issue.message


def raise_if_invalid(submission: Submission, word: Callable[[Issue], str] = plain) -> None:
    """Nothing, if Amazon took the write. `word` puts an issue into words.

    Errors: for INVALID, see `refusal`.
    """
    if submission.status != INVALID:
        return
    issues = [issue for issue in submission.issues if issue.severity == ERROR] or submission.issues
    raise refusal(issues, word, submission.request_id)


def refusal(
    issues: Sequence[Issue], word: Callable[[Issue], str] = plain, request_id: str | None = None
) -> RejectedError | WaitingError:
    """What it means that Amazon refuses a listing for these issues, each told once.

    WaitingError: there is nothing but Amazon's own trouble, and the listing can only be sent again.
    """
    own = [issue for issue in issues if not issue.is_internal]
    text = "; ".join(dict.fromkeys(map(word, own)))
    if issues and not own:
        trouble = plain(issues[0]).rstrip(".")
        return WaitingError(
            f"{trouble}: Amazon's own trouble, it is sent again", code=AMAZONS_TROUBLE
        )
    return RejectedError(
        text or "Amazon refuses the listing and gives no reason",
        code=(own[0].code if own else "") or "invalid",
        request_id=request_id,
    )
