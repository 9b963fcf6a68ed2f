"""Cures of what holds back orders, cancellations, returns and shipments."""

from __future__ import annotations

from typing import Final

from amzsync.ops.cure import KEY, Cure

_MAP_ADDRESS = (
    "in Omnitron's address mapping, where the fault is reported, map the code of the message to one"
    " of Omnitron's {}; the order goes in with its next try"
)
_LOOK = "nothing to do: the next run looks for it in Omnitron before it asks again"

_ADDRESS: Final = tuple(
    Cure(
        level,
        f"Address is not valid. channel: ... code: ... model: {level.capitalize()} ...",
        f"the {level} in the order's address is not mapped",
        _MAP_ADDRESS.format(plural),
    )
    for level, plural in (
        ("country", "countries"),
        ("city", "cities"),
        ("township", "townships"),
        ("district", "districts"),
    )
)
_NO_PLACE: Final = tuple(
    Cure(
        level,
        f"the address names no {level}",
        f"the buyer's address came without a {level}",
        "enter the order in Omnitron by hand, or complete the address on Amazon: the order is taken"
        " anew when it changes there",
        (f"orders recover {KEY}",),
    )
    for level in ("city", "township", "district")
)
# What tells more than its code does, or is listed by the manual.
MESSAGES: Final = (
    *_ADDRESS,
    *_NO_PLACE,
    Cure(
        "not_in_erp",
        "Unreported order of ERP can not be canceled",
        "the order has not yet been transmitted to the ERP",
        "transmit the order to the ERP first; then the cancellation goes through by itself, for it"
        " is held without penalty and tried in every run",
    ),
)

CURES: Final = (
    Cure(
        "no_answer",
        "no response from Amazon within ... hours",
        "Amazon did not tell within sent_to_remote.EXPIRATION_HOUR what became of the invoice",
        "look in Seller Central whether the order has its invoice; the next try asks Amazon about"
        " the same feed again and never sends the invoice twice",
    ),
    Cure(
        "unknown_sku",
        "no product in Omnitron is linked to SKU ...",
        "the order has a product Omnitron does not know by that SKU",
        "add the product to the channel's catalog in Omnitron under that SKU, or correct the SKU;"
        " the order goes in with its next try",
    ),
    Cure(
        "cargo_company",
        "cargo_company_id is not set",
        "an order needs a cargo company and the channel names none",
        "set cargo_company_id in the config to a cargo company's id in Omnitron",
        ("config check",),
    ),
    Cure(
        "customer",
        "Omnitron refuses the customer: ...",
        "Omnitron does not take the buyer as a customer",
        "see what Omnitron says of which field; a missing e-mail or phone is filled from the"
        " config's placeholders, so check those",
        ("config show",),
    ),
    Cure(
        "address",
        "Omnitron refuses the address: ...",
        "Omnitron does not take the order's address",
        "see what Omnitron says of which field; where it asks for a neighbourhood, switch"
        " use_neighborhood on",
        ("config show",),
    ),
    Cure(
        "number",
        "Omnitron refuses the number: ...",
        "another order has this number in Omnitron already",
        "look the number up in Omnitron: if it is another order's, make order_number_format tell"
        " them apart",
        ("config show",),
    ),
    Cure(
        "order_id",
        "order id ... has not three groups",
        "order_number_format cannot make a number of this order id",
        "shorten order_number_format, or leave it blank: then the number is Amazon's id itself",
        ("config check",),
    ),
    Cure(
        "order_gone",
        "the order is no longer in Omnitron",
        "the order was in Omnitron and has been removed there",
        "restore it in Omnitron if it was removed by mistake; else there is nothing to mend, and it"
        " stays stopped",
    ),
    Cure(
        "shipping_info",
        "Omnitron refuses the shipping information: ...",
        "Omnitron does not take the cargo company or tracking number of Amazon's packages",
        "see what Omnitron says; leave a cargo company out by exclude_cargo_company_ids if it is"
        " not to follow Amazon",
    ),
    Cure(
        "no_amounts",
        "Amazon gave no total for the order",
        "Amazon told no price of the order or of one of its lines",
        "look at the order in Seller Central; it is taken anew when Amazon sends it with prices",
        (f"orders recover {KEY}",),
    ),
    Cure(
        "no_units",
        "the order has no units to import",
        "every line of the order has a quantity of 0",
        "look at the order in Seller Central: most likely it was cancelled before it was taken",
        (f"orders recover {KEY}",),
    ),
    Cure(
        "no_sku",
        "order item ... has no SKU",
        "Amazon told no SKU of one of the lines",
        "look at the listing in Seller Central; the order is taken anew when Amazon sends it again",
        (f"orders recover {KEY}",),
    ),
    Cure(
        "no_address",
        "...; does the application hold the Direct-to-Consumer Delivery role?",
        "Amazon gave no delivery address, or one without a city or an address line",
        "give the application the role Direct-to-Consumer Delivery in Seller Central; then take the"
        " order again",
        ("doctor", f"orders recover {KEY}"),
    ),
    Cure(
        "no_catalog",
        "the channel has no catalog in Omnitron",
        "the channel's catalog has been taken away from it",
        "give the sales channel its catalog in Omnitron, as it was made with it",
        ("doctor",),
    ),
    Cure(
        "unknown_order",
        "Amazon knows no such order",
        "this seller account has no order of that id",
        "check the id, and that the config is that of the account the order was placed with",
    ),
    Cure(
        "other_channel",
        "belongs to channel ...",
        "the order is another channel's: sold in another marketplace or shipped by others",
        "run the command with that channel's config",
    ),
    Cure(
        "outcome_unknown",
        "... was asked for and not answered",
        "the far side did not answer, and may have done what it was asked",
        _LOOK,
    ),
    Cure(
        "carrier",
        "shipping company ... is not in shipping_company_mapping",
        "Amazon has to be told the carrier, and the mapping does not name this one",
        "add its slug to shipping_company_mapping with Amazon's name of that carrier",
        ("config check",),
    ),
    Cure(
        "tracking_number",
        "... shipped without a tracking number, which Amazon requires",
        "the shipment has no tracking number in Omnitron yet",
        "enter the tracking number in Omnitron; the shipment goes out with the next run",
    ),
    Cure(
        "cancelled",
        "... units have left, ... of them stand at Amazon",
        "some units were cancelled on Amazon and not yet in Omnitron",
        "nothing to do when get_cancel_orders is on; else cancel them in Omnitron",
        (f"cancellations pull --only {KEY}",),
    ),
    Cure(
        "line",
        "unit ... names no line of Amazon's",
        "a unit was added to the order in Omnitron that Amazon never sold",
        "remove the unit from the order in Omnitron, or ship it as an order of its own",
    ),
    Cure(
        "pdf",
        "the PDF cannot be fetched from ...",
        "the invoice's e_archive_url gives no PDF over https",
        "open the order's e_archive_url: it has to be public, https, and a PDF of at most 10 MB",
    ),
    Cure(
        "invoice_later",
        "invoice ... waits: ...",
        "the invoice cannot be sent just now: quota, or its host, or an earlier one in doubt",
        "nothing to do: it is sent by a later run; if it waits for long, look at the quota",
        ("quota",),
    ),
    Cure(
        "amazon_order",
        "Amazon does not give the order: ...",
        "Amazon refuses to show the order that is to be updated",
        "check that it is an order of this seller account, and the application's roles",
        ("doctor",),
    ),
    Cure(
        "status",
        "Omnitron refuses the status delivered: ...",
        "Omnitron does not let the order become delivered",
        "see what Omnitron says; a status never goes backwards, so one that is further on by hand"
        " may stay",
    ),
    Cure(
        "return",
        "a return or cancellation is under way: the order is not updated",
        "an order with a return that is under way or was begun is not updated",
        "nothing to mend; do not set the status back by hand, it cannot be updated retroactively",
    ),
    Cure(
        "cancellation_plans",
        "the order has had ... cancellation plans in Omnitron and may have no more",
        "an order may have six cancellation plans and has had them",
        "cancel the rest of the units in Omnitron by hand",
    ),
    Cure(
        "cancellation_reason",
        "cancellation_reason_id is not set",
        "a cancellation needs a reason and the channel names none",
        "set cancellation_reason_id in the config to a reason's id in Omnitron",
        ("config check",),
    ),
    Cure(
        "cancellation_requested",
        "the buyer asks to cancel it (...)",
        "the buyer asked Amazon to cancel the order; that is the seller's to decide",
        "cancel the order in Seller Central, or ship it: then it waits no longer",
    ),
    Cure(
        "open_plan",
        "...; it goes on when the brand has decided in Omnitron",
        "an earlier cancellation or return of the order is undecided",
        "approve or reject the open cancellation plan in Omnitron; this one goes on by itself then",
    ),
    Cure(
        "unreadable",
        "Amazon last sent the order without lines that can be read",
        "what Amazon sent of the order does not fit its own contract",
        "nothing is cancelled before Amazon sends the order again; to ask for it now",
        (f"orders recover {KEY}",),
    ),
    Cure(
        "not_imported",
        "its order is not imported into Omnitron yet",
        "a return of an order that is itself held back",
        "mend what holds the order back",
        (f"why {KEY}",),
    ),
    Cure(
        "reason",
        "refund_reason_mapping has no ... and default_reason_id is not set",
        "Amazon's return reason has no counterpart in Omnitron",
        "add the reason to refund_reason_mapping, or set default_reason_id",
        ("config check",),
    ),
    Cure(
        "too_few_units",
        "Amazon reports ... more units of ... sent back ..., but only ... can be requested back",
        "more units come back than the order has left in Omnitron",
        "compare the order in Seller Central and Omnitron: units cancelled or returned by hand"
        " there are the usual reason",
    ),
    Cure(
        "malformed_return",
        "... rows of the returns report cannot be read",
        "Amazon's returns report has rows that fit no contract",
        "look the return up in Seller Central and enter it in Omnitron by hand",
    ),
)

OMNITRON_REFUSES: Final = Cure(
    "refused",
    "Omnitron refuses the order: ...",
    "Omnitron does not take what it was sent of the order",
    "see what Omnitron says of which field, and mend that there or in the config",
)
AMAZON_REFUSES: Final = Cure(
    "refused",
    "Amazon refuses ...",
    "Amazon does not take the shipment or the invoice of the order",
    "see what Amazon says, and mend the order's shipment or invoice in Omnitron",
)
