"""The table of Omnitron operations: method, path, and what a repeat does.

No rates: none are documented (A-08). `{channel}` is filled in by the client, `{pk}` by the call.
Source: omnitron-api.md §1.3 and §2.
"""

from __future__ import annotations

from dataclasses import replace

from amzsync.http.operation import Operation
from amzsync.omnitron.assumptions import (
    BULK_ATTRIBUTES_PATH,
    BULK_CATEGORY_ATTRIBUTES_PATH,
    PLANS_PATH,
    REPEATABLE_METHODS,
)

_ROOT = "/api/v1/"
_CHANNEL = "/api/v1/channel/{channel}/"


def _operation(name: str, method: str, path: str) -> Operation:
    return Operation(
        name, method, path, mutates=method != "GET", repeatable=method in REPEATABLE_METHODS
    )


def _create_once(name: str, path: str) -> Operation:
    """A create that may be repeated: the server refuses a duplicate, which is then looked up.

    Addresses (§2.10), category nodes (§2.11), attributes, their schemas and configs (§2.12).
    """
    return replace(_operation(name, "POST", path), repeatable=True)


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
LIST_MAPPED_PRODUCTS = _operation("list_mapped_products", "GET", f"{_CHANNEL}mapped_products/")

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
LIST_CANCELLATION_REQUESTS = _operation(
    "list_cancellation_requests", "GET", f"{_CHANNEL}cancellation_requests/"
)
CREATE_CANCELLATION_REQUEST = _operation(
    "create_cancellation_request", "POST", f"{_CHANNEL}cancellation_requests/"
)
LIST_CANCELLATION_PLANS = _operation("list_cancellation_plans", "GET", PLANS_PATH)

LIST_CUSTOMERS = _operation("list_customers", "GET", f"{_CHANNEL}customers/")
GET_CUSTOMER = _operation("get_customer", "GET", f"{_CHANNEL}customers/{{pk}}/")
CREATE_CUSTOMER = _operation("create_customer", "POST", f"{_CHANNEL}customers/")
UPDATE_CUSTOMER = _operation("update_customer", "PATCH", f"{_CHANNEL}customers/{{pk}}/")
LIST_ADDRESSES = _operation("list_addresses", "GET", f"{_CHANNEL}addresses/")
CREATE_ADDRESS = _create_once("create_address", f"{_CHANNEL}addresses/")
LIST_COUNTRIES = _operation("list_countries", "GET", f"{_CHANNEL}countries/")
LIST_CITIES = _operation("list_cities", "GET", f"{_CHANNEL}cities/")
LIST_TOWNSHIPS = _operation("list_townships", "GET", f"{_CHANNEL}townships/")
LIST_DISTRICTS = _operation("list_districts", "GET", f"{_CHANNEL}districts/")
LIST_CARGOS = _operation("list_cargos", "GET", f"{_CHANNEL}cargos/")

CREATE_CATEGORY_TREE = _operation("create_category_tree", "POST", f"{_CHANNEL}category_trees/")
GET_CATEGORY_TREE = _operation("get_category_tree", "GET", f"{_CHANNEL}category_trees/{{pk}}/")
LIST_CATEGORY_NODES = _operation("list_category_nodes", "GET", f"{_CHANNEL}category_nodes/")
GET_CATEGORY_NODE = _operation("get_category_node", "GET", f"{_CHANNEL}category_nodes/{{pk}}/")
GET_CATEGORY_CHILDREN = _operation(
    "get_category_children", "GET", f"{_CHANNEL}category_nodes/{{pk}}/detailed/"
)
CREATE_CATEGORY_NODE = _create_once("create_category_node", f"{_CHANNEL}category_nodes/")
UPDATE_CATEGORY_NODE = _operation(
    "update_category_node", "PATCH", f"{_CHANNEL}category_nodes/{{pk}}/"
)
LIST_PRODUCT_CATEGORIES = _operation(
    "list_product_categories", "GET", f"{_CHANNEL}product_categories/detailed/"
)

LIST_ATTRIBUTE_SETS = _operation("list_attribute_sets", "GET", f"{_CHANNEL}attribute_sets/")
GET_ATTRIBUTE_SET = _operation("get_attribute_set", "GET", f"{_CHANNEL}attribute_sets/{{pk}}/")
CREATE_ATTRIBUTE_SET = _operation("create_attribute_set", "POST", f"{_CHANNEL}attribute_sets/")
UPDATE_ATTRIBUTE_SET = _operation(
    "update_attribute_set", "PATCH", f"{_CHANNEL}attribute_sets/{{pk}}/"
)
LIST_ATTRIBUTE_SET_CONFIGS = _operation(
    "list_attribute_set_configs", "GET", f"{_CHANNEL}attribute_set_configs/"
)
CREATE_ATTRIBUTE_SET_CONFIG = _operation(
    "create_attribute_set_config", "POST", f"{_CHANNEL}attribute_set_configs/"
)
LIST_ATTRIBUTES = _operation("list_attributes", "GET", f"{_CHANNEL}attributes/")
CREATE_ATTRIBUTE = _create_once("create_attribute", f"{_CHANNEL}attributes/")
LIST_ATTRIBUTE_SCHEMAS = _operation(
    "list_attribute_schemas", "GET", f"{_CHANNEL}attribute_schemas/"
)
CREATE_ATTRIBUTE_SCHEMA = _create_once("create_attribute_schema", f"{_CHANNEL}attribute_schemas/")
LIST_ATTRIBUTE_CONFIGS = _operation(
    "list_attribute_configs", "GET", f"{_CHANNEL}attribute_configs/detailed/"
)
GET_ATTRIBUTE_CONFIG = _operation(
    "get_attribute_config", "GET", f"{_CHANNEL}attribute_configs/{{pk}}/"
)
CREATE_ATTRIBUTE_CONFIG = _create_once("create_attribute_config", f"{_CHANNEL}attribute_configs/")
UPDATE_ATTRIBUTE_CONFIG = _operation(
    "update_attribute_config", "PATCH", f"{_CHANNEL}attribute_configs/{{pk}}/"
)
LIST_ATTRIBUTE_VALUES = _operation("list_attribute_values", "GET", f"{_CHANNEL}attribute_values/")
GET_ATTRIBUTE_VALUE = _operation(
    "get_attribute_value", "GET", f"{_CHANNEL}attribute_values/{{pk}}/"
)
CREATE_ATTRIBUTE_VALUE = _operation(
    "create_attribute_value", "POST", f"{_CHANNEL}attribute_values/"
)
UPDATE_ATTRIBUTE_VALUE = _operation(
    "update_attribute_value", "PATCH", f"{_CHANNEL}attribute_values/{{pk}}/"
)
LIST_ATTRIBUTE_VALUE_CONFIGS = _operation(
    "list_attribute_value_configs", "GET", f"{_CHANNEL}attribute_value_configs/"
)
CREATE_ATTRIBUTE_VALUE_CONFIG = _operation(
    "create_attribute_value_config", "POST", f"{_CHANNEL}attribute_value_configs/"
)
CREATE_BULK_CATEGORY_ATTRIBUTES = _operation(
    "create_bulk_category_attributes", "POST", BULK_CATEGORY_ATTRIBUTES_PATH
)
CREATE_BULK_ATTRIBUTES = _operation("create_bulk_attributes", "POST", BULK_ATTRIBUTES_PATH)

CREATE_ERROR_REPORT = _operation("create_error_report", "POST", f"{_CHANNEL}error_reports/")
REPORT_CITY = _operation("report_city", "POST", f"{_CHANNEL}error_reports/city/")
REPORT_TOWNSHIP = _operation("report_township", "POST", f"{_CHANNEL}error_reports/township/")
REPORT_DISTRICT = _operation("report_district", "POST", f"{_CHANNEL}error_reports/district/")

ALL: tuple[Operation, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Operation)
)
