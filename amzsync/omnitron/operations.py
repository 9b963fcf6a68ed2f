"""The table of Omnitron operations: method, path, and what a repeat does.

No rates: none are documented (A-08). `{channel}` is filled in by the client, `{pk}` by the call.
Source: omnitron-api.md §1.3 and §2.
"""

from __future__ import annotations

from dataclasses import replace

from amzsync.http.operation import Operation
from amzsync.omnitron.assumptions import PLANS_PATH, REPEATABLE_METHODS

_ROOT = "/api/v1/"
_CHANNEL = "/api/v1/channel/{channel}/"


def _operation(name: str, method: str, path: str) -> Operation:
    return Operation(
        name, method, path, mutates=method != "GET", repeatable=method in REPEATABLE_METHODS
    )


# A second login gives a token as the first does, and changes nothing: a dry run needs it too.
LOGIN = Operation("login", "POST", f"{_ROOT}auth/login/")
ACTIVE_USER = _operation("active_user", "GET", f"{_ROOT}active_user/")

GET_CHANNEL = _operation("get_channel", "GET", f"{_ROOT}channels/{{channel}}/")
UPDATE_CHANNEL = _operation("update_channel", "PATCH", f"{_ROOT}channels/{{channel}}/")
GET_CATALOG = _operation("get_catalog", "GET", f"{_ROOT}catalogs/{{pk}}/")
LIST_CONTENT_TYPES = _operation("list_content_types", "GET", f"{_ROOT}content_types/")

CREATE_BATCH_REQUEST = _operation("create_batch_request", "POST", f"{_CHANNEL}batch_requests/")
UPDATE_BATCH_REQUEST = _operation(
    "update_batch_request", "PATCH", f"{_CHANNEL}batch_requests/{{pk}}/"
)
LIST_BATCH_REQUESTS = _operation("list_batch_requests", "GET", f"{_CHANNEL}batch_requests/")
GET_BATCH_REQUEST = _operation("get_batch_request", "GET", f"{_CHANNEL}batch_requests/{{pk}}/")

LIST_INTEGRATION_ACTIONS = _operation(
    "list_integration_actions", "GET", f"{_CHANNEL}integration_actions/"
)
CREATE_INTEGRATION_ACTION = _operation(
    "create_integration_action", "POST", f"{_CHANNEL}integration_actions/"
)
UPDATE_INTEGRATION_ACTION = _operation(
    "update_integration_action", "PATCH", f"{_CHANNEL}integration_actions/{{pk}}/"
)
DELETE_INTEGRATION_ACTION = _operation(
    "delete_integration_action", "DELETE", f"{_CHANNEL}integration_actions/{{pk}}/"
)
LIST_DELETED = _operation(
    "list_deleted_integration_actions", "GET", f"{_CHANNEL}integration_actions/deleted/"
)

LIST_FAILED_INTEGRATIONS = _operation(
    "list_failed_integrations", "GET", f"{_CHANNEL}failed_integrations/"
)
DELETE_FAILED_INTEGRATION = _operation(
    "delete_failed_integration", "DELETE", f"{_CHANNEL}failed_integrations/{{pk}}/"
)

LIST_PRODUCTS = _operation("list_products", "GET", f"{_CHANNEL}products/")
LIST_PRODUCT_INSERTS = _operation("list_product_inserts", "GET", f"{_CHANNEL}products/inserts/")
LIST_PRODUCT_UPDATES = _operation("list_product_updates", "GET", f"{_CHANNEL}products/updates/")
GET_MAPPED_PRODUCT = _operation("get_mapped_product", "GET", f"{_CHANNEL}mapped_products/{{pk}}/")

LIST_STOCKS = _operation("list_product_stocks", "GET", f"{_CHANNEL}product_stocks/")
LIST_STOCK_INSERTS = _operation(
    "list_product_stock_inserts", "GET", f"{_CHANNEL}product_stocks/inserts/"
)
LIST_STOCK_UPDATES = _operation(
    "list_product_stock_updates", "GET", f"{_CHANNEL}product_stocks/updates/"
)
LIST_PRICES = _operation("list_product_prices", "GET", f"{_CHANNEL}product_prices/")
LIST_PRICE_INSERTS = _operation(
    "list_product_price_inserts", "GET", f"{_CHANNEL}product_prices/inserts/"
)
LIST_PRICE_UPDATES = _operation(
    "list_product_price_updates", "GET", f"{_CHANNEL}product_prices/updates/"
)

LIST_ORDERS = _operation("list_orders", "GET", f"{_CHANNEL}orders/")
LIST_ORDER_UPDATES = _operation("list_order_updates", "GET", f"{_CHANNEL}orders/updates/")
GET_ORDER = _operation("get_order", "GET", f"{_CHANNEL}orders/{{pk}}/")
CANCEL_ORDER = _operation("cancel_order", "POST", f"{_CHANNEL}orders/{{pk}}/cancel/")
CREATE_ORDER = _operation("create_order", "POST", f"{_CHANNEL}create_orders/")
LIST_ORDER_ITEMS = _operation("list_order_items", "GET", f"{_CHANNEL}order_items/")
GET_ORDER_ITEM = _operation("get_order_item", "GET", f"{_CHANNEL}order_items/{{pk}}/")
UPDATE_ORDER_ITEM = _operation("update_order_item", "PATCH", f"{_CHANNEL}order_items/{{pk}}/")
CREATE_SHIPPING_INFO = _operation(
    "create_order_shipping_info", "POST", f"{_CHANNEL}order_shipping_infos/"
)
LIST_CANCELLATION_REASONS = _operation(
    "list_cancellation_reasons", "GET", f"{_CHANNEL}cancellation_reasons/"
)
LIST_CANCELLATION_PLANS = _operation("list_cancellation_plans", "GET", PLANS_PATH)

LIST_CUSTOMERS = _operation("list_customers", "GET", f"{_CHANNEL}customers/")
GET_CUSTOMER = _operation("get_customer", "GET", f"{_CHANNEL}customers/{{pk}}/")
CREATE_CUSTOMER = _operation("create_customer", "POST", f"{_CHANNEL}customers/")
UPDATE_CUSTOMER = _operation("update_customer", "PATCH", f"{_CHANNEL}customers/{{pk}}/")
LIST_ADDRESSES = _operation("list_addresses", "GET", f"{_CHANNEL}addresses/")
# The one create that may be repeated: a duplicate is refused and named by its hash (§2.10).
CREATE_ADDRESS = replace(
    _operation("create_address", "POST", f"{_CHANNEL}addresses/"), repeatable=True
)
LIST_COUNTRIES = _operation("list_countries", "GET", f"{_CHANNEL}countries/")
LIST_CITIES = _operation("list_cities", "GET", f"{_CHANNEL}cities/")
LIST_TOWNSHIPS = _operation("list_townships", "GET", f"{_CHANNEL}townships/")
LIST_DISTRICTS = _operation("list_districts", "GET", f"{_CHANNEL}districts/")
LIST_CARGOS = _operation("list_cargos", "GET", f"{_CHANNEL}cargos/")

CREATE_ERROR_REPORT = _operation("create_error_report", "POST", f"{_CHANNEL}error_reports/")
REPORT_CITY = _operation("report_city", "POST", f"{_CHANNEL}error_reports/city/")
REPORT_TOWNSHIP = _operation("report_township", "POST", f"{_CHANNEL}error_reports/township/")
REPORT_DISTRICT = _operation("report_district", "POST", f"{_CHANNEL}error_reports/district/")

ALL: tuple[Operation, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Operation)
)
