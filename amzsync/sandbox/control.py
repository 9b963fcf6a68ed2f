"""The sandbox's own endpoint, under /_sandbox/ on both ports, without a token.

    GET    /_sandbox/state                     both sides in counts
    GET    /_sandbox/state?side=S&kind=K       everything of a kind: amazon has orders, listings,
                                               feeds, reports, invoices; omnitron see OmnitronWorld
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
    POST   /_sandbox/omnitron/stocks           {sku: quantity, …} of channel 1
    POST   /_sandbox/omnitron/prices           {sku: "price", …} of channel 1

Errors are {"error": text} with 400 or 404. Calls here are neither counted nor delayed nor faulted.
"""

from __future__ import annotations

import json
import re
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


def _set_stocks(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    for sku, quantity in given.items():
        sandbox.world.omnitron.set_stock(sku, int(quantity))
    return {"changed": len(given)}


def _set_prices(sandbox: Sandbox, _arguments: _Arguments, given: Any) -> Any:
    for sku, price in given.items():
        sandbox.world.omnitron.set_price(sku, str(price))
    return {"changed": len(given)}


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
    ("POST", "omnitron/stocks"): _set_stocks,
    ("POST", "omnitron/prices"): _set_prices,
}
