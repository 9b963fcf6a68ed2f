"""The sandbox's own endpoint, under /_sandbox/ on both ports, without a token.

    GET    /_sandbox/state                     both sides in counts
    GET    /_sandbox/state?side=S&kind=K       everything of a kind: amazon has orders, listings,
                                               feeds, reports, invoices, returns, browse,
                                               types; omnitron see OmnitronWorld
    POST   /_sandbox/advance  {"seconds": n}   let time pass
    POST   /_sandbox/delays   {"apply": n, …}  how long Amazon takes, see amazon.world.Delays
    GET    /_sandbox/faults                    what is queued, and what struck
    POST   /_sandbox/faults   {"kind", "operation", "side", "times", "after", …options}
           or {"chance": rate, "kinds": […], "seed": n}                    see faults
    DELETE /_sandbox/faults                    drop them all
    POST   /_sandbox/reset    {"orders", "skus", "seed", "plain"}          a new world
    GET    /_sandbox/calls                     calls per side and operation
    DELETE /_sandbox/calls                     count from nothing, forget the exchanges
    POST   /_sandbox/amazon/orders             an order's JSON in full ("orderId" in it), or
                                               {"count": n, "plain": true, "age": seconds}
    PATCH  /_sandbox/amazon/orders/{orderId}   what happens to it, see amazon.orderchanges
    POST   /_sandbox/amazon/returns            {"order_id", "sku", …}, see amazon.returnbook
    PATCH  /_sandbox/amazon/returns/{rmaId}    {"status": text, …}, see the same
    POST   /_sandbox/amazon/reports            what becomes of the next report of a type:
                                               {"report_type", "fate"}, or {"report_type",
                                               "content_type", "data": bytes in base64}
    POST   /_sandbox/amazon/browse/{add|remove|rename|grow}
    POST   /_sandbox/amazon/types/{require|relax|drop|set_choices}
    POST   /_sandbox/amazon/listings/{refuse_later|expect_price|forgive|know_asin}
                                               a method of amazon's BrowseTree, TypeBook or
                                               ListingBook with these arguments; gives its result
    POST   /_sandbox/amazon/invoices           {"order_id", "code", "message"}: refuse the next one
    POST   /_sandbox/amazon/missing_roles      [operation, …]: the application may not call these
    POST   /_sandbox/amazon/refused_data       {"values": [includedData, …], "silent": bool}
    POST   /_sandbox/omnitron/channels/{pk}    {key: value, …}: typed into the form of its settings
    POST   /_sandbox/omnitron/stocks           {sku: quantity, …} of channel 1
    POST   /_sandbox/omnitron/prices           {sku: "price", …} of channel 1
    POST   /_sandbox/omnitron/orders/{number}/{hand}     a method of omnitron.order_hands with these
                                               arguments, see _HANDS; gives its result and the units
    POST   /_sandbox/omnitron/cancellation_requests/{id}/{complete|reject}
    POST   /_sandbox/omnitron/catalogue        {"channel": n}: a brand before its first run
    POST   /_sandbox/omnitron/products         a product: {"sku", "price", "stock", "images", …}, or
                                               {"count": n}: so many; see omnitron.goods_hands
    POST   /_sandbox/omnitron/products/{sku}/{hand}      a method of omnitron.goods_hands or
                                               mapper_hands with these arguments, see _GOODS_HANDS
    POST   /_sandbox/omnitron/answers          {"unmapped": [sku, …], "no_bulk": bool,
                                               "no_events": bool}, see omnitron.world

Errors are {"error": text} with 400 or 404. Calls here are neither counted nor delayed nor faulted.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from amzsync.sandbox.amazon.orderchanges import change_order
from amzsync.sandbox.amazon.replies import ApiError
from amzsync.sandbox.http import Reply

if TYPE_CHECKING:
    from amzsync.sandbox.amazon.world import AmazonWorld
    from amzsync.sandbox.omnitron import OmnitronWorld
    from amzsync.sandbox.server import Sandbox

PREFIX = "/_sandbox/"

_Arguments = dict[str, Any]


def answer(sandbox: Sandbox, method: str, target: str, body: bytes) -> Reply:
    """Answer one control request."""
    path, _, query = target.removeprefix(PREFIX).partition("?")
    for (wanted, pattern), action in _ACTIONS.items():
        match = re.fullmatch(pattern, path)
        if match is None or wanted != method:
            continue
        try:
            arguments = {name: values[0] for name, values in parse_qs(query).items()}
            arguments |= {name: unquote(value) for name, value in match.groupdict().items()}
            given = json.loads(body) if body else {}
            return Reply(200, action(sandbox, arguments, given))
        except KeyError as error:
            return Reply(404, {"error": f"not found: {error}"})
        except ApiError as error:
            return Reply(error.status, {"error": error.details})
        except (ValueError, TypeError, AttributeError) as error:
            return Reply(400, {"error": str(error)})
    return Reply(404, {"error": "no such control path; see amzsync.sandbox.control"})


def _state(sandbox: Sandbox, arguments: _Arguments, _given: Any) -> Any:
    worlds: dict[str, AmazonWorld | OmnitronWorld] = {
        "amazon": sandbox.world.amazon,
        "omnitron": sandbox.world.omnitron,
    }
    if "kind" in arguments:
        return worlds[arguments.get("side", "amazon")].snapshot(arguments["kind"])
    if "side" in arguments:
        return worlds[arguments["side"]].summary()
    return {
        "now": sandbox.clock.now().isoformat(),
        **{name: world.summary() for name, world in worlds.items()},
    }


def _advance(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    sandbox.clock.advance(float(given["seconds"]))
    return {"now": sandbox.clock.now().isoformat()}


def _delays(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    delays = sandbox.world.amazon.delays
    for name, seconds in given.items():
        if not hasattr(delays, name):
            raise KeyError(name)
        setattr(delays, name, float(seconds))
    return {name: getattr(delays, name) for name in delays.__slots__}


def _faults(sandbox: Sandbox, _arguments: _Arguments, _given: Any) -> Any:
    return {"queued": sandbox.faults.pending(), "struck": sandbox.faults.struck}


def _add_fault(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    if "chance" in given:
        sandbox.faults.chance(float(given["chance"]), given["kinds"], int(given.get("seed", 1)))
    else:
        sandbox.faults.add(**given)
    return _faults(sandbox, {}, None)


def _clear_faults(sandbox: Sandbox, _arguments: _Arguments, _given: Any) -> Any:
    sandbox.faults.clear()
    return _faults(sandbox, {}, None)


def _reset(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    sandbox.reset(**given)
    return _state(sandbox, {}, None)


def _calls(sandbox: Sandbox, _arguments: _Arguments, _given: Any) -> Any:
    counts: dict[str, dict[str, int]] = {"amazon": {}, "omnitron": {}}
    for (side, operation), count in sorted(sandbox.journal.calls.items()):
        counts[side][operation] = count
    return counts


def _clear_calls(sandbox: Sandbox, _arguments: _Arguments, _given: Any) -> Any:
    sandbox.journal.clear()
    return _calls(sandbox, {}, None)


def _add_orders(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    if "orderId" in given:
        sandbox.world.amazon.orders.put(given)
        return {"orderIds": [given["orderId"]]}
    return {"orderIds": sandbox.world.add_orders(**given)}


def _change_order(sandbox: Sandbox, arguments: _Arguments, given: Any) -> Any:
    return sandbox.world.amazon.orders.change(
        arguments["order_id"],
        lambda order: change_order(order, given),
        touch=given.get("touch", True),
    )


def _add_return(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    return {"rma_id": sandbox.world.amazon.returns.add(**given)}


def _change_return(sandbox: Sandbox, arguments: _Arguments, given: Any) -> Any:
    sandbox.world.amazon.returns.change(arguments["rma_id"], **given)
    return {"rma_id": arguments["rma_id"]}


def _next_report(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    reports, report_type = sandbox.world.amazon.reports, given["report_type"]
    if "fate" in given:
        reports.fate(report_type, given["fate"])
    else:
        reports.forge(report_type, b64decode(given["data"]), given["content_type"])
    return {"report_type": report_type}


def _amazon_hand(sandbox: Sandbox, arguments: _Arguments, given: Any) -> Any:
    section = getattr(sandbox.world.amazon, arguments["section"])
    return {"result": getattr(section, arguments["hand"])(**given)}


def _refuse_invoice(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    sandbox.world.amazon.feeds.refuse_invoice(**given)
    return given


def _refuse_data(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    amazon = sandbox.world.amazon
    amazon.refused_data = set(given["values"])
    amazon.silent_refusal = bool(given.get("silent", False))
    return given


def _miss_roles(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    sandbox.world.amazon.missing_roles = set(given)
    return given


def _fill_in(sandbox: Sandbox, arguments: _Arguments, given: Any) -> Any:
    channel = sandbox.world.omnitron.channels[int(arguments["pk"])]
    channel.fill_in(**given)
    return channel.row


def _set_stocks(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    for sku, quantity in given.items():
        sandbox.world.omnitron.set_stock(sku, int(quantity))
    return {"changed": len(given)}


def _set_prices(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    for sku, price in given.items():
        sandbox.world.omnitron.set_price(sku, str(price))
    return {"changed": len(given)}


def _order_hand(sandbox: Sandbox, arguments: _Arguments, given: Any) -> Any:
    world, number = sandbox.world.omnitron, arguments["number"]
    result = getattr(world, arguments["hand"])(number, **given)
    return {"result": result, "units": world.units(number, given.get("channel", 1))}


def _decide_request(sandbox: Sandbox, arguments: _Arguments, _given: Any) -> Any:
    getattr(sandbox.world.omnitron, f"{arguments['decision']}_request")(int(arguments["id"]))
    return {"id": int(arguments["id"])}


def _open_catalogue(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    sandbox.world.omnitron.open_catalogue(**given)
    return given


def _add_products(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    world = sandbox.world.omnitron
    if "count" in given:
        return {"skus": world.add_products(**given)}
    return {"pk": world.add_product(**given)}


def _product_hand(sandbox: Sandbox, arguments: _Arguments, given: Any) -> Any:
    hand = getattr(sandbox.world.omnitron, arguments["hand"])
    nodes = given.pop("nodes", ())  # of map_category
    return {"result": hand(arguments["sku"], *nodes, **given)}


def _set_answers(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    world = sandbox.world.omnitron
    if "unmapped" in given:
        world.unmapped = set(given["unmapped"])
    world.no_bulk = bool(given.get("no_bulk", world.no_bulk))
    world.no_events = bool(given.get("no_events", world.no_events))
    return given


_HANDS = (
    *("units", "set_order_is_send", "change_order_items", "change_items", "ship", "invoice"),
    *("complete_cancellations", "reject_cancellations"),
)
_GOODS_HANDS = (
    *("set_product", "set_image", "remove_stock", "remove_price"),
    *("remove_from_catalog", "return_to_catalog", "map_category", "map_attributes", "mapper_form"),
)
_AMAZON_HANDS = (
    r"(?P<section>browse|types|listings)/(?P<hand>add|remove|rename|grow|require|relax|drop|"
    r"set_choices|refuse_later|expect_price|forgive|know_asin)"
)
_ACTIONS: dict[tuple[str, str], Callable[[Sandbox, _Arguments, Any], Any]] = {
    ("GET", "state"): _state,
    ("POST", "advance"): _advance,
    ("POST", "delays"): _delays,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "reset"): _reset,
    ("GET", "calls"): _calls,
    ("DELETE", "calls"): _clear_calls,
    ("POST", "amazon/orders"): _add_orders,
    ("PATCH", r"amazon/orders/(?P<order_id>[^/]+)"): _change_order,
    ("POST", "amazon/returns"): _add_return,
    ("PATCH", r"amazon/returns/(?P<rma_id>[^/]+)"): _change_return,
    ("POST", "amazon/reports"): _next_report,
    ("POST", f"amazon/{_AMAZON_HANDS}"): _amazon_hand,
    ("POST", "amazon/invoices"): _refuse_invoice,
    ("POST", "amazon/missing_roles"): _miss_roles,
    ("POST", "amazon/refused_data"): _refuse_data,
    ("POST", r"omnitron/channels/(?P<pk>\d+)"): _fill_in,
    ("POST", "omnitron/stocks"): _set_stocks,
    ("POST", "omnitron/prices"): _set_prices,
    ("POST", rf"omnitron/orders/(?P<number>[^/]+)/(?P<hand>{'|'.join(_HANDS)})"): _order_hand,
    (
        "POST",
        r"omnitron/cancellation_requests/(?P<id>\d+)/(?P<decision>complete|reject)",
    ): _decide_request,
    ("POST", "omnitron/catalogue"): _open_catalogue,
    ("POST", "omnitron/products"): _add_products,
    (
        "POST",
        rf"omnitron/products/(?P<sku>[^/]+)/(?P<hand>{'|'.join(_GOODS_HANDS)})",
    ): _product_hand,
    ("POST", "omnitron/answers"): _set_answers,
}
