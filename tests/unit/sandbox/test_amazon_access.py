"""Tokens, quotas and the headers every answer has."""

from __future__ import annotations

import pytest

from tests.unit.sandbox.amazon_api import Api

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
ANY_FEED = "/feeds/2021-06-30/feeds/1"


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "wrong"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "mail"}, 400, "invalid_scope"),
    ],
)
def test_a_bad_exchange_is_refused_in_oauth_words(
    api: Api, changed: dict[str, str], status: int, error: str
) -> None:
    refused = api.exchange(**changed)
    assert refused.status_code == status
    assert refused.json()["error"] == error


def test_an_access_token_is_good_for_an_hour(api: Api) -> None:
    api.time.pass_by(3599)
    assert api.call("GET", PARTICIPATIONS).status_code == 200
    api.time.pass_by(1)
    refused = api.call("GET", PARTICIPATIONS)
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["code"] == "Unauthorized"
    assert "x-amzn-ratelimit-limit" not in refused.headers
    assert refused.headers["x-amzn-requestid"]


def test_neither_no_token_nor_a_grantless_one_opens_the_account(api: Api) -> None:
    assert api.http.get(api.sandbox.amazon_url + PARTICIPATIONS).status_code == 403
    api.log_in(grant_type="client_credentials", scope="sellingpartnerapi::notifications")
    assert api.call("GET", PARTICIPATIONS).status_code == 403


def test_a_request_without_a_user_agent_is_a_bad_request(api: Api) -> None:
    assert api.call("GET", PARTICIPATIONS, headers={"user-agent": ""}).status_code == 400


def test_a_spent_burst_is_429_until_the_rate_has_refilled_a_token(api: Api) -> None:
    answers = [api.call("GET", PARTICIPATIONS) for _ in range(16)]
    assert [answer.status_code for answer in answers] == [200] * 15 + [429]
    assert answers[0].headers["x-amzn-ratelimit-limit"] == "0.016"
    assert "x-amzn-ratelimit-limit" not in answers[-1].headers
    assert answers[-1].json()["errors"][0]["code"] == "QuotaExceeded"
    api.time.pass_by(61)
    assert api.call("GET", PARTICIPATIONS).status_code == 429
    api.time.pass_by(2)
    assert api.call("GET", PARTICIPATIONS).status_code == 200


def test_each_operation_has_its_own_bucket(api: Api) -> None:
    for _ in range(16):
        api.call("GET", PARTICIPATIONS)
    assert api.call("GET", ANY_FEED).status_code == 404


def test_the_marketplaces_are_told_with_their_currencies(api: Api) -> None:
    payload = api.call("GET", PARTICIPATIONS).json()["payload"]
    assert {row["marketplace"]["countryCode"]: row["marketplace"] for row in payload}["TR"] == {
        "id": "A33AVAJ2PDY3EV",
        "name": "Amazon.com.tr",
        "countryCode": "TR",
        "defaultCurrencyCode": "TRY",
        "defaultLanguageCode": "tr_TR",
        "domainName": "www.amazon.com.tr",
    }
    taken_part = [
        row["marketplace"]["countryCode"]
        for row in payload
        if row["participation"]["isParticipating"]
    ]
    assert (len(payload), taken_part) == (3, ["TR", "DE"])
