"""The sandbox's Omnitron driven by omnisdk 0.0.103, Akinon's own client.

The library takes the address as it is given; nothing of it is replaced. It waits ten seconds before
it repeats a call that failed, so a test here never lets the sandbox answer 5xx.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from omnisdk.exceptions import ValidationError  # type: ignore[import-untyped]  # it has no types
from omnisdk.omnitron import endpoints  # type: ignore[import-untyped]  # as above
from omnisdk.omnitron.client import OmnitronApiClient  # type: ignore[import-untyped]  # as above
from omnisdk.omnitron.models import (  # type: ignore[import-untyped]  # as above
    Address,
    BatchRequest,
    Channel,
    Customer,
    ErrorReport,
    IntegrationAction,
)

from amzsync.sandbox.server import Sandbox


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[Any]:
    """A client that has logged in; the endpoints find it by themselves."""
    sandbox.reset(skus=60)
    known = sandbox.credentials
    client = OmnitronApiClient(
        f"{sandbox.omnitron_url}/", known.omnitron_username, known.omnitron_password
    )
    yield client
    client.session.close()


def every(endpoint: Any, **params: Any) -> list[Any]:
    """All pages of a list, as the library walks them."""
    rows = list(endpoint.list(params=params))
    for page in endpoint.iterator:
        rows += page
    return rows


def test_it_logs_in_and_again_when_its_token_is_gone(api: Any, sandbox: Sandbox) -> None:
    first = api.token
    sandbox.world.omnitron.revoke_tokens()

    channel = endpoints.ChannelEndpoint().retrieve(id=1)

    assert channel.name == "Amazon:1_Channel"
    assert api.token.startswith("Token ")
    assert api.token != first
    assert api.validate_token(api.token)


def test_a_wrong_password_is_a_validation_error(api: Any, sandbox: Sandbox) -> None:
    with pytest.raises(ValidationError):
        OmnitronApiClient(f"{sandbox.omnitron_url}/", "amzsync", "wrong")


def test_it_reads_and_changes_the_channel(api: Any) -> None:
    channels = endpoints.ChannelEndpoint()
    channel = channels.retrieve(id=1)
    catalog = endpoints.CatalogEndpoint().retrieve(id=channel.catalog)
    assert (catalog.stock_list, catalog.price_list) != (None, None)

    entry = {"key": "tried", "label": "tried", "data_type": "text", "required": False}
    channels.update(id=1, item=Channel(schema={**channel.schema, "tried": entry}))

    assert channels.retrieve(id=1).schema == {**channel.schema, "tried": entry}


def test_it_pages_through_products_and_finds_them_by_sku(api: Any) -> None:
    products = endpoints.ChannelProductEndpoint(channel_id=1)
    found = every(products, limit=25, sort="id")
    assert len({product.sku for product in found}) == len(found) == 60

    wanted = ",".join(product.sku for product in found[:3] if "," not in product.sku)
    assert len(every(products, sku__in=wanted)) == 3
    mapped = endpoints.ChannelMappedProductEndpoint(channel_id=1).retrieve(id=found[0].pk)
    assert mapped.mapped_attributes["item_name"] == found[0].name
    (new,) = every(endpoints.ChannelProductEndpoint(path="inserts", channel_id=1))
    assert new.sku == "SKU-000050"


def test_a_changed_stock_goes_through_a_batch_request(api: Any, sandbox: Sandbox) -> None:
    sandbox.world.omnitron.set_stock("SKU-000001", 77)
    updates = endpoints.ChannelProductStockEndpoint(path="updates", channel_id=1)
    (stock,) = every(updates)
    assert stock.stock == 77

    batches = endpoints.ChannelBatchRequestEndpoint(channel_id=1)
    batch = batches.create(item=BatchRequest(channel=1))
    member = {
        "pk": stock.pk,
        "content_type": "productstock",
        "version_date": stock.modified_date,
        "remote_id": None,
        "failed_reason_type": None,
    }
    move(batch, status="commit", content_type="productstock", objects=[member])
    assert every(updates) == []
    move(batch, status="sent_to_remote", remote_batch_id="feed-1")
    done = move(batch, status="done", objects=[{**member, "remote_id": "SKU-000001"}])

    assert (done.status, done.remote_batch_id) == ("done", "feed-1")
    assert every(updates) == []
    (action,) = every(
        endpoints.ChannelIntegrationActionEndpoint(channel_id=1),
        content_type_name="productstock",
        object_id=stock.pk,
    )
    assert (action.status, action.remote_id) == ("success", "SKU-000001")
    assert action.version_date == stock.modified_date
    (listed,) = every(batches, status="done")
    assert listed.local_batch_id == batch.local_batch_id


def test_a_move_that_is_not_drawn_is_refused_with_a_reason(api: Any) -> None:
    batch = endpoints.ChannelBatchRequestEndpoint(channel_id=1).create(item=BatchRequest(channel=1))
    with pytest.raises(requests.HTTPError) as caught:
        move(batch, status="sent_to_remote")
    assert refusal(caught.value)["code"] == "batch_request_status_100_1"


def test_it_keeps_an_integration_action(api: Any) -> None:
    actions = endpoints.ChannelIntegrationActionEndpoint(channel_id=1)
    (content_type,) = every(endpoints.ContentTypeEndpoint(), model="product")
    (product,) = every(endpoints.ChannelProductEndpoint(path="inserts", channel_id=1))

    made = actions.create(
        item=IntegrationAction(
            channel_id=1,
            content_type_id=content_type.id,
            object_id=product.pk,
            remote_id="B0TRY",
            version_date=product.modified_date,
            state={},
        )
    )
    actions.update(id=made.pk, item=IntegrationAction(channel_id=1, state={"tried": True}))

    (kept,) = every(actions, remote_id__exact="B0TRY")
    assert (kept.object_id, kept.state) == (product.pk, {"tried": True})
    actions.delete(id=made.pk)
    assert every(actions, remote_id__exact="B0TRY") == []


def test_it_creates_an_order_with_customer_and_address(api: Any) -> None:
    customer, address = person()
    order = create_order(customer, address, units=2)

    orders = endpoints.ChannelOrderEndpoint(channel_id=1)
    (found,) = every(orders, number=order.number)
    assert (found.pk, found.amount, found.is_send) == (order.pk, "34.00", False)
    items = every(endpoints.ChannelOrderItemEndpoint(channel_id=1), order=order.pk)
    assert [(item.price, item.status) for item in items] == [("17.00", "400")] * 2

    endpoints.ChannelOrderItemEndpoint(channel_id=1, raw=True).update(
        id=items[0].pk, item={"tracking_number": "TR-1", "shipping_company": "yurtici"}
    )
    (sent, _) = every(endpoints.ChannelOrderItemEndpoint(channel_id=1), order=order.pk, sort="id")
    assert sent.tracking_number == "TR-1"


def test_an_address_that_is_there_is_refused_by_its_hash(api: Any) -> None:
    _, address = person()
    with pytest.raises(requests.HTTPError) as caught:
        person_address(address.customer)
    text = refusal(caught.value)["non_field_errors"]
    found = every(
        endpoints.ChannelAddressEndpoint(channel_id=1),
        hash_data=text.removeprefix("hash_data:").split()[0],
    )
    assert [row.pk for row in found] == [address.pk]


def test_it_looks_up_places_and_cargo_companies(api: Any) -> None:
    (country,) = every(endpoints.ChannelCountryEndpoint(channel_id=1), code__exact="TR")
    cities = every(endpoints.ChannelCityEndpoint(channel_id=1), country=country.pk, limit=100)
    istanbul = next(city for city in cities if city.name == "Istanbul")
    townships = every(
        endpoints.ChannelTownshipEndpoint(channel_id=1), city=istanbul.pk, name__iexact="kadıköy"
    )
    assert [row.name for row in townships] == ["Kadıköy"]
    cargos = every(endpoints.ChannelCargoEndpoint(channel_id=1), limit=100)
    assert [row.shipping_company for row in cargos if row.pk == 4] == ["yurtici"]


def test_it_reads_a_bare_list_as_the_whole(api: Any, sandbox: Sandbox) -> None:
    cities = endpoints.ChannelCityEndpoint(channel_id=1)
    paged = [city.name for city in every(cities, limit=2, sort="id")]
    sandbox.world.omnitron.bare_lists = {"cities"}
    assert [city.name for city in every(cities, sort="id")] == paged
    assert len(paged) > 2


def test_a_repeated_filter_means_any_of_them(api: Any) -> None:
    batches = endpoints.ChannelBatchRequestEndpoint(channel_id=1)
    made = [batches.create(item=BatchRequest(channel=1)) for _ in range(3)]
    move(made[0], status="fail", objects=None)
    move(made[1], status="commit", content_type="product", objects=[])
    found = every(batches, status=["fail", "commit"], sort="id")
    assert [row.pk for row in found] == [made[0].pk, made[1].pk]


def test_it_reports_an_error(api: Any, sandbox: Sandbox) -> None:
    (stocks,) = every(endpoints.ContentTypeEndpoint(), model="productstock")
    (channels,) = every(endpoints.ContentTypeEndpoint(), model="channel")
    endpoints.ChannelErrorReportEndpoint(channel_id=1).create(
        item=ErrorReport(
            action_content_type=stocks.id,
            action_object_id=1,
            target_content_type=channels.id,
            target_object_id=1,
            obj_modified_date="2026-11-23T09:00:00.000000Z",
            error_code="batch-stock-1",
            error_desc="refused",
            raw_request="",
            raw_response="",
            is_ok=False,
        )
    )
    (report,) = sandbox.world.omnitron.snapshot("error_reports")
    assert (report["error_code"], report["is_ok"]) == ("batch-stock-1", False)


def refusal(error: requests.HTTPError) -> dict[str, Any]:
    """The body of a 406."""
    assert error.response is not None
    assert error.response.status_code == 406
    body: dict[str, Any] = error.response.json()
    return body


def move(batch: Any, **change: Any) -> Any:
    """One transition of a batch request."""
    item = BatchRequest(channel=1, **change)
    return endpoints.ChannelBatchRequestEndpoint(channel_id=1).update(id=batch.pk, item=item)


def person() -> tuple[Any, Any]:
    """A new customer and the address of an invented person."""
    customer = endpoints.ChannelCustomerEndpoint(channel_id=1).create(
        item=Customer(
            channel=1,
            email="alici@example.com",
            phone_number="+905550000000",
            first_name="Deneme",
            last_name="Alıcı",
            channel_code="C-1",
            is_active=True,
        )
    )
    return customer, person_address(customer.pk)


def person_address(customer_pk: int) -> Any:
    """The one address of that person."""
    (country,) = every(endpoints.ChannelCountryEndpoint(channel_id=1), code__exact="TR")
    (city,) = every(endpoints.ChannelCityEndpoint(channel_id=1), name__iexact="istanbul")
    (township,) = every(
        endpoints.ChannelTownshipEndpoint(channel_id=1), city=city.pk, name__iexact="Kadıköy"
    )
    return endpoints.ChannelAddressEndpoint(channel_id=1).create(
        item=Address(
            customer=customer_pk,
            email="alici@example.com",
            phone_number="+905550000000",
            first_name="Deneme",
            last_name="Alıcı",
            country=country.pk,
            city=city.pk,
            township=township.pk,
            line="Örnek Sok. 1",
        )
    )


def create_order(customer: Any, address: Any, units: int) -> Any:
    """An order of one product."""
    (product,) = every(endpoints.ChannelProductEndpoint(channel_id=1), sku="SKU-000001")
    (stock,) = every(
        endpoints.ChannelProductStockEndpoint(channel_id=1), product__pk__in=product.pk
    )
    (price,) = every(
        endpoints.ChannelProductPriceEndpoint(channel_id=1), product__pk__in=product.pk
    )
    item = {
        "product": product.pk,
        "status": "400",
        "price": "17.00",
        "price_currency": "try",
        "price_list": price.price_list,
        "stock_list": stock.stock_list,
        "extra_field": {"id": "line-1"},
    }
    order = {
        "number": "AMZ-1",
        "status": "400",
        "channel": 1,
        "customer": customer.pk,
        "shipping_address": address.pk,
        "billing_address": address.pk,
        "currency": "try",
        "amount": "34.00",
        "cargo_company": 4,
        "extra_field": {"id": "404-1234567-1234567"},
        "date_placed": "2026-11-23T08:00:00Z",
    }
    created = endpoints.ChannelCreateOrderEndpoint(channel_id=1, raw=True).create(
        item={"order": order, "order_item": [item] * units}
    )
    return endpoints.ChannelOrderEndpoint(channel_id=1).retrieve(id=created["pk"])
