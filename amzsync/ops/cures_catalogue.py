"""Cures of what holds back products, stocks, prices, categories and attributes."""

from __future__ import annotations

from typing import Final

from amzsync.ops.cure import KEY, Cure

_SELLABLE = (
    "a product is sellable when it has a price, a stock, a picture and a category and is in the"
    " catalog"
)
NOT_SELLABLE: Final = Cure(
    "not_sellable",
    "Stock data not found; Price data not found; ...",
    f"the product cannot be listed: {_SELLABLE}",
    "add what the message says is missing in Omnitron",
)

# What may stand in one message beside others, in the order a product is looked through.
MESSAGES: Final = (
    Cure(
        "not_sellable",
        "Stock data not found",
        "there is no stock data for the product",
        "add the stock data of the product in Omnitron, on the stock list of the channel's catalog",
    ),
    Cure(
        "not_sellable",
        "Price data not found",
        "there is no price data for the product",
        "add the price data of the product in Omnitron, on the price list of the channel's catalog",
    ),
    Cure(
        "not_sellable",
        "Category data not found",
        "the product is in no category of Amazon's tree",
        "map the product's category to one of Amazon's in Omnitron's Mapper",
    ),
    Cure(
        "not_sellable",
        "... categories instead of exactly one: ...",
        "the product is in more than one category of Amazon's tree",
        "leave the product in only one category in Omnitron: each product belongs to exactly one",
    ),
    Cure(
        "not_sellable",
        "Image data not found",
        "the product has no active picture",
        "give the product a picture in Omnitron",
    ),
    Cure(
        "not_sellable",
        "Amazon has no product type for the category ...",
        "Amazon sells nothing in that category itself, only below it",
        "put the product into a category further down the tree",
    ),
    Cure(
        "not_sellable",
        "the price is ...",
        "the price is 0 or below, or in another currency than the marketplace's",
        "correct the price of the product in Omnitron",
    ),
    Cure(
        "attributes",
        "... attribute is required",
        "the mapping of that attribute is missing",
        "map the attribute in Omnitron's Mapper, for the product's category (the manual's section"
        " 5, Marketplace Mapping)",
    ),
    Cure(
        "not_in_queue",
        "The relevant record is not in queue. The item may have been penalized or check product is"
        " saleable",
        "products trigger is only for creating: the product has been sent already and counts as an"
        " update, or it is still on its way, waits in penalty or is not saleable",
        "to send one again that was sent before, touch it by CSV (the manual's Update Product"
        " Version Date in Bulk); one that is on its way arrives by itself; clear one that waits in"
        f" penalty; for all others: {_SELLABLE}",
        ("products touch FILE.csv", f"penalties clear --sku {KEY}", f"why {KEY}"),
    ),
    Cure(
        "no_answer",
        "no response from Amazon within ... hours",
        "Amazon did not tell within sent_to_remote.EXPIRATION_HOUR what became of the submission",
        "nothing to mend in the product: it is sent again when its penalty is over; if many fail"
        " so, look whether Amazon has trouble, or raise EXPIRATION_HOUR in"
        " [failed_integration.sent_to_remote]",
        ("status",),
    ),
)

CURES: Final = (
    NOT_SELLABLE,
    Cure(
        "attributes",
        "...: mend it in Omnitron's Mapper",
        "a mapped value does not fit what Amazon takes of that attribute",
        "correct the mapping of the attribute the message names in Omnitron's Mapper",
    ),
    Cure(
        "mapper",
        "the Mapper refuses the product: ...",
        "Omnitron's Mapper does not give the product's mapped values",
        "complete the product's mapping in Omnitron's Mapper, category first",
    ),
    Cure(
        "inactive",
        "the product is not active in Omnitron",
        "an inactive product is not sent",
        "set the product active in Omnitron, if it is to be sold",
    ),
    Cure(
        "category",
        "the category ... is not known here yet: categories fetch brings it",
        "the product's category has not come from Amazon yet",
        "fetch the tree; if it stays unknown, the category lies under none of category_ids",
        ("categories fetch --wait",),
    ),
    Cure(
        "product_type",
        "Amazon ... product type ...",
        "Amazon does not know the category's product type, or what it tells of it cannot be read",
        "fetch categories and attributes anew; the product goes out when its type is known again",
        ("categories fetch --wait", "attributes fetch"),
    ),
    Cure(
        "malformed",
        "... cannot be read",
        "what the far side sent of this record does not fit its contract",
        "correct the field the message names where the record is kept; it is read anew each try",
    ),
    Cure(
        "not_listed",
        "the product is not listed on Amazon yet",
        "stock and price wait, without penalty, until their product has been listed",
        "get the product listed; its stock and price follow by themselves",
        (f"why {KEY}", f"products trigger {KEY}"),
    ),
    Cure(
        "price",
        "the price is ...",
        "the price is 0 or below, or in another currency than the marketplace's",
        "correct the price in Omnitron, on the price list of the channel's catalog",
    ),
    Cure(
        "fulfilled_by_amazon",
        "Amazon fulfils this listing: its quantity is not ours to write",
        "the listing is FBA and the channel writes quantities of listings it ships itself",
        "take the product out of this channel's catalog, or change the listing to be fulfilled by"
        " the merchant in Seller Central",
    ),
    Cure(
        "amazons_trouble",
        "...: Amazon's own trouble, it is sent again",
        "Amazon could not process the listing for reasons of its own",
        "nothing to do: it is sent again in every run; if it lasts, ask Amazon's support",
    ),
    Cure(
        "not_applied",
        "Amazon accepted ... but shows ..., 3 times now",
        "Amazon takes the value and does not show it",
        "look at the listing in Seller Central: a price rule, an allowed price range or a"
        " suppressed offer is in the way",
    ),
    Cure(
        "not_buyable",
        "cannot be bought ... hours after it was sent, and Amazon gives no reason",
        "Amazon has the listing and does not sell it",
        "look at the listing's quality alerts in Seller Central, and ask Amazon's support",
    ),
    Cure(
        "unknown_category",
        "Amazon has nothing under the browse node ...: check category_ids",
        "category_ids names a browse node Amazon's tree does not have",
        "correct category_ids in the config",
        ("config check", "categories fetch --wait"),
    ),
    Cure(
        "no_parent",
        "its parent ... is not in Omnitron",
        "the category above it was refused or has not arrived",
        "mend what holds its parent back; it follows by itself",
        ('penalties list --flow "categories fetch"',),
    ),
)

AMAZON_REFUSES: Final = Cure(
    "issue",
    "...: ... (Amazon's issue)",
    "Amazon refuses the listing; the message is its own, with the attributes it is about",
    "mend what the message names: attributes in Omnitron's Mapper, pictures, price and stock with"
    " the product; approvals in Seller Central",
)
OMNITRON_REFUSES: Final = Cure(
    "refused",
    "Omnitron refused ...",
    "Omnitron does not take the category or attribute",
    "see what Omnitron says of which field, and mend that in its category or attribute management",
)
