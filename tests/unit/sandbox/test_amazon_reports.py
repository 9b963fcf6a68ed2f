"""Reports over real HTTP."""

from __future__ import annotations

import csv
import gzip
from typing import Any

import httpx

from tests.unit.sandbox.amazon_api import TURKIYE, Api

TYPE = "GET_MERCHANT_LISTINGS_ALL_DATA"
GERMANY = "A1PA6795UKMFR9"


def ask(api: Api, **changed: Any) -> httpx.Response:
    options = {"preferredReportDocumentLocale": "en_US"}
    body = {"reportType": TYPE, "marketplaceIds": [TURKIYE], "reportOptions": options} | changed
    return api.call("POST", "/reports/2021-06-30/reports", json=body)


def state(api: Api, report_id: str) -> Any:
    return api.call("GET", f"/reports/2021-06-30/reports/{report_id}").json()


def links(api: Api, document_id: str, query: str = "") -> Any:
    return api.call("GET", f"/reports/2021-06-30/documents/{document_id}{query}").json()


def finished(api: Api, **changed: Any) -> Any:
    report_id = ask(api, **changed).json()["reportId"]
    api.time.pass_by(90)
    return state(api, report_id)


def rows(content: bytes) -> list[dict[str, str]]:
    lines = content.decode("cp1252").splitlines()
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_a_report_is_queued_made_and_done(api: Api) -> None:
    report_id = ask(api).json()["reportId"]
    seen = [state(api, report_id)["processingStatus"]]
    for _ in range(2):
        api.time.pass_by(45)
        seen.append(state(api, report_id)["processingStatus"])
    assert seen == ["IN_QUEUE", "IN_PROGRESS", "DONE"]


def test_the_listings_report_has_every_listing_in_cp1252(api: Api) -> None:
    document = links(api, finished(api)["reportDocumentId"])
    assert document["compressionAlgorithm"] == "GZIP"
    download = api.http.get(document["url"])
    assert download.headers["content-type"] == "text/plain; charset=Cp1252"
    assert "content-encoding" not in download.headers
    listed = {row["seller-sku"]: row for row in rows(gzip.decompress(download.content))}
    assert len(listed) == 10
    seed = api.sandbox.world.products[0]
    assert listed[seed.sku]["price"] == str(seed.price).replace(".", ",")
    assert listed[seed.sku]["quantity"] == str(seed.stock)
    assert listed[seed.sku]["status"] == "Active"
    # Letters cp1252 does not have are lost before anybody can read them.
    assert "?APKA-Ü 1" in listed
    assert "Ah?ap" in listed["SKU-000001"]["item-name"]


def test_the_download_says_gzip_itself_only_when_asked_to(api: Api) -> None:
    document_id = finished(api)["reportDocumentId"]
    document = links(api, document_id, "?enableContentEncodingUrlHeader=true")
    download = api.http.get(document["url"])
    assert download.headers["content-encoding"] == "gzip"
    assert len(rows(download.content)) == 10


def test_a_download_url_expires_and_a_new_one_works(api: Api) -> None:
    document_id = finished(api)["reportDocumentId"]
    old = links(api, document_id)["url"]
    api.time.pass_by(301)
    refused = api.http.get(old)
    assert (refused.status_code, "<Code>AccessDenied</Code>" in refused.text) == (403, True)
    assert api.http.get(links(api, document_id)["url"]).status_code == 200


def test_a_listings_report_is_kept_for_an_hour_in_the_language_it_was_made_in(api: Api) -> None:
    def header(**changed: Any) -> str:
        document = links(api, finished(api, **changed)["reportDocumentId"])
        content = gzip.decompress(api.http.get(document["url"]).content)
        return content.decode("cp1252").splitlines()[0]

    first = header(reportOptions={})
    assert "seller-sku (tr_TR)" in first
    assert header() == first, "a copy, and in English only for who asks first"
    api.time.pass_by(3_600)
    api.log_in()
    assert "\tseller-sku\t" in header()


def test_amazons_stock_is_told_for_what_it_fulfils(api: Api) -> None:
    def ask_for(query: str) -> Any:
        path = f"/fba/inventory/v1/summaries?details=true&marketplaceIds={TURKIYE}{query}"
        return api.call("GET", path)

    where = f"&granularityType=Marketplace&granularityId={TURKIYE}"
    seed = api.sandbox.world.products[0]
    assert ask_for(where).json()["payload"]["inventorySummaries"] == []
    amazon = api.sandbox.world.amazon
    for listing in amazon.listings:
        amazon.listings.make_fba(listing.sku)
    amazon.warehouse[seed.sku] = 7
    (row,) = ask_for(f"{where}&sellerSkus={seed.sku}").json()["payload"]["inventorySummaries"]
    assert row["inventoryDetails"]["fulfillableQuantity"] == 7
    api.time.pass_by(1)
    assert len(ask_for(where).json()["payload"]["inventorySummaries"]) == 10
    assert ask_for("").status_code == 400


def test_a_page_of_amazons_stock_is_to_be_followed_within_thirty_seconds(api: Api) -> None:
    api.sandbox.reset(skus=120)
    api.log_in()
    for listing in api.sandbox.world.amazon.listings:
        api.sandbox.world.amazon.listings.make_fba(listing.sku)
    path = (
        "/fba/inventory/v1/summaries?granularityType=Marketplace"
        f"&granularityId={TURKIYE}&marketplaceIds={TURKIYE}"
    )
    token = api.call("GET", path).json()["pagination"]["nextToken"]
    second = api.call("GET", f"{path}&nextToken={token}").json()
    assert len(second["payload"]["inventorySummaries"]) == 50
    api.time.pass_by(31)
    assert api.call("GET", f"{path}&nextToken={token}").status_code == 400


def test_only_the_first_marketplace_counts(api: Api) -> None:
    document = links(api, finished(api, marketplaceIds=[GERMANY, TURKIYE])["reportDocumentId"])
    content = gzip.decompress(api.http.get(document["url"]).content)
    assert len(rows(content)) == 5


def test_a_report_without_data_is_cancelled(api: Api) -> None:
    api.sandbox.reset()
    api.log_in()
    report = finished(api)
    assert report["processingStatus"] == "CANCELLED"
    assert "reportDocumentId" not in report


def test_an_unknown_type_and_a_window_backwards_are_refused(api: Api) -> None:
    assert ask(api, reportType="GET_WISHES").status_code == 400
    backwards = {"dataStartTime": "2026-11-20T00:00:00Z", "dataEndTime": "2026-11-19T00:00:00Z"}
    assert ask(api, **backwards).status_code == 400
    assert ask(api, marketplaceIds=[]).status_code == 400


def test_get_reports_finds_a_report_again(api: Api) -> None:
    report_id = finished(api)["reportId"]
    query = {"reportTypes": TYPE, "processingStatuses": "DONE"}
    found = api.call("GET", "/reports/2021-06-30/reports", params=query).json()["reports"]
    assert [report["reportId"] for report in found] == [report_id]
