"""What we assume about Omnitron where its documents are silent, in one place.

`ASSUMPTIONS` is the list; the constants below it are the ones the client reads, each with the id of
the assumption it rests on. A real system that behaves differently is met by a change here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Assumption:
    """An open question, the answer we work with, and where it is used or why it is safe."""

    question: str
    assumption: str
    use: str


ASSUMPTIONS: dict[str, Assumption] = {
    "A-01": Assumption(
        "How long does a login token live?",
        "until a request is answered with 401",
        "auth: the token is kept between runs; logins are counted, never one a run",
    ),
    "A-02": Assumption(
        "How are decimals written?",
        "as strings with two digits",
        "models.fields.Amount: the form in which replies carry them",
    ),
    "A-03": Assumption(
        "Which status does a successful create have?",
        "any 2xx whose body is an object",
        "api.one: nothing depends on 201",
    ),
    "A-04": Assumption(
        "What does a page past the end answer?",
        "404, or an empty page",
        "paging.pages: both end the walk; a 404 on page 1 is an error",
    ),
    "A-05": Assumption(
        "What is the greatest page size?",
        "at least 100",
        "PAGE_LIMIT, WALK_LIMIT; a server that gives fewer rows is walked all the same",
    ),
    "A-06": Assumption(
        "Does a repeated `status` mean either of them?",
        "probably; we do not depend on it",
        "batch_requests.unfinished: one call a status",
    ),
    "A-07": Assumption(
        "How is a descending order asked for?",
        "`sort=-field`",
        "nowhere: walks ascend by id, so that new rows come last",
    ),
    "A-08": Assumption(
        "Which rate limits are there besides the login's?",
        "unknown",
        "operations: no rate; on 429 Retry-After, else backoff, then a temporary end",
    ),
    "A-09": Assumption(
        "How do the named cancellation exceptions look on the wire?",
        "406 with the text in `non_field_errors`",
        "orders.cancel: RefusedError carries the text; cancellation_waits_for looks for the names",
    ),
    "A-10": Assumption(
        "May an ongoing batch be set to ongoing again?",
        "either way is possible",
        "batch_requests: a refusal whose batch is where we want it counts as success",
    ),
    "A-11": Assumption(
        "Who enforces `sent_to_remote.EXPIRATION_HOUR`?",
        "we do",
        "flows: then the batch is finished, unanswered objects failed with `remote`",
    ),
    "A-12": Assumption(
        "What happens to committed objects that `done` does not list?",
        "they stay in processing",
        "flows: every object is listed in done",
    ),
    "A-13": Assumption(
        "How are failed integrations listed and cleared?",
        "a paged GET by content type, object and activity; DELETE of the row",
        "failed_integrations, with rows checked again here",
    ),
    "A-14": Assumption(
        "Which values has `product_type`?",
        '"0" is a simple product; nothing else is sold',
        "SIMPLE_PRODUCT",
    ),
    "A-15": Assumption(
        "Which filters does the list of mapped products know?",
        "`pk__in`",
        "mapped_products.by_pks: what does not come back, and all where it is ignored, one by one",
    ),
    "A-16": Assumption(
        "Is `stock` net of what is reserved?",
        "yes: it is what may be sold",
        "flows: `sold_quantity_unreported` is not subtracted",
    ),
    "A-17": Assumption(
        "Does `price` hold the tax?",
        "yes: it is what a consumer pays",
        "flows: sent as it is",
    ),
    "A-18": Assumption(
        "What is `shipping_company` in `order_shipping_infos`?",
        "the slug of the cargo company's row",
        "orders.shipping_info",
    ),
    "A-19": Assumption(
        "Does the server refuse a second order of the same number?",
        "not for certain",
        "look before and after; a 400 or 406 naming `number` is OrderExistsError",
    ),
    "A-20": Assumption(
        "Is a quantity sent when an order is created?",
        "no: one row a unit",
        "models.orders.NewOrderItem has none",
    ),
    "A-21": Assumption(
        "Is an item's `price` before or after `discount_amount`?",
        "before; the order's amount is prices less discounts plus shipping",
        "mapping: a sum that does not add up is reported, never mended",
    ),
    "A-22": Assumption(
        "How is a cancellation request rejected?",
        "`POST cancellation_requests/{id}/reject/`",
        "nowhere yet: the brand decides in Omnitron",
    ),
    "A-23": Assumption(
        "Where are cancellation plans?",
        "under /api/v1/ like everything else",
        "PLANS_PATH",
    ),
    "A-24": Assumption(
        "How are the plans of an order counted against the cap of six?",
        "by `order_id`; where the list is missing, from our own requests",
        "orders.cancellation_plans gives None on 404",
    ),
    "A-25": Assumption(
        "What is a mapping code without a channel?",
        "the bare text",
        "mapping_prefix",
    ),
    "A-26": Assumption(
        "Where are the bulk attribute calls?",
        "`bulk_category_attributes/` and `bulk_attributes/` of the channel",
        "bulk_attributes: False on 404, then attributes go one by one",
    ),
    "A-27": Assumption(
        "Where are operational events?",
        "`operational_events/` of the channel",
        "nowhere: error reports are the record",
    ),
    "A-28": Assumption(
        "What are the statuses 550 and 600 called?",
        "delivered and refunded",
        "DELIVERED, REFUNDED",
    ),
    "A-29": Assumption(
        "Which status ends a cancellation plan?",
        "completed",
        "nowhere yet: plans are counted, whatever their status",
    ),
    "A-30": Assumption(
        "How does an operator make objects look changed?",
        "by setting their integration action's version date back to 1970",
        "TOUCH_DATE",
    ),
    "A-31": Assumption(
        "Does a newer `modified_date` lift a penalty?",
        "no",
        "flows: a due record is fetched by key and its server row lifted first",
    ),
    "A-32": Assumption(
        "How does a batch of order updates end?",
        "with done, which is legal from commit",
        "flows: every batch ends in done or fail",
    ),
    "A-33": Assumption(
        "Does the server free a batch left in commit?",
        "not that we know",
        "UNFINISHED: such batches are looked for and finished",
    ),
    "A-34": Assumption(
        "What may be sent twice?",
        "GET, PATCH and DELETE; a POST only where the server knows the duplicate",
        "REPEATABLE_METHODS; after a POST of unknown outcome look first",
    ),
    "A-35": Assumption(
        "Does Omnitron call the channel?",
        "no",
        "everything is polled",
    ),
    "A-36": Assumption(
        "Which time zone has `date_placed`?",
        "ISO 8601, UTC, ending in Z",
        "models.orders.NewOrder",
    ),
    "A-37": Assumption(
        "How many objects may one batch PATCH hold?",
        "100 and their stock and price rows",
        "PAGE_LIMIT: one page makes one batch",
    ),
    "A-38": Assumption(
        "Can orders be listed by `status`?",
        "yes, by its code; but unknown filters are ignored, so this one may be too",
        "orders.with_status looks at every row again, and walks once where it is ignored",
    ),
    "A-39": Assumption(
        "Does the list of product categories know `product__pk__in`?",
        "perhaps; for certain it knows `product` (§2.11)",
        "categories.of_products: as A-15, and a product without a category is asked for by itself",
    ),
}

LOGIN_LIMIT = 3  # logins in a window, as the reference client limits itself
LOGIN_WINDOW = 360.0  # seconds
CENT = Decimal("0.01")
PAST_THE_END = 404
PAGE_LIMIT = 100
WALK_LIMIT = 500  # whole lists, of which no batch is made; the vendor asks for as many
INITIALIZED = "initialized"
UNFINISHED = ("commit", "sent_to_remote", "ongoing")  # initialized ones lock nothing
SIMPLE_PRODUCT = "0"
PLANS_PATH = "/api/v1/channel/{channel}/cancellation_plans/"
BULK_CATEGORY_ATTRIBUTES_PATH = "/api/v1/channel/{channel}/bulk_category_attributes/"
BULK_ATTRIBUTES_PATH = "/api/v1/channel/{channel}/bulk_attributes/"
DELIVERED = "550"
REFUNDED = "600"
TOUCH_DATE = "1970-01-01T00:00:00Z"
REPEATABLE_METHODS = frozenset({"GET", "PATCH", "DELETE"})


def mapping_prefix(channel_id: int, *, use_channel_id: bool) -> str:
    """What stands before a marketplace's text in a mapping code: "137_" or nothing (A-25)."""
    return f"{channel_id}_" if use_channel_id else ""


def cancellation_waits_for(code: str, detail: str) -> str:
    """What a refused cancellation has to wait for, as a WaitingError's code; "" for none (A-09).

    The first text is the manual's, the second the exception's name in the vendor's guide.
    """
    told = f"{code} {detail}".casefold()
    if "unreported order of erp can not be canceled" in told:
        return "not_in_erp"
    if "orderupdatecancelstatusexception" in told:
        return "open_plan"
    return ""
