"""`categories fetch`: Amazon's browse tree into Omnitron, once and with what differs after that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amzsync.state.runs import Runs
from tests.e2e.catalogue_shop import (
    CARE_ROOT,
    CATEGORIES,
    HOME_ROOT,
    REPORT,
    ROOT,
    TOP,
    fetch_categories,
    linked,
    node_id,
    open_shop,
    tree_problems,
)
from tests.e2e.test_stock_kill import KilledError
from tests.shop import Shop


def test_a_tree_is_asked_for_by_one_run_and_taken_in_by_a_later_one(shop: Shop) -> None:
    open_shop(shop)
    asked = shop.run(*CATEGORIES)
    assert (asked.code, asked.json["counts"]) == (0, {})
    assert asked.json["calls"]["createReport"] == 1

    shop.clock.advance(minutes=10)
    ran = shop.run(*CATEGORIES)

    assert (ran.code, ran.json["counts"]) == (0, {"sent": 126})
    assert tree_problems(shop, ROOT) == []
    calls = shop.calls("omnitron")
    assert calls["category_nodes.create"] == calls["integration_actions.create"] == 126
    assert (calls["category_trees.create"], calls["channels.patch"]) == (1, 1)
    assert shop.sandbox.world.omnitron.channels[1].row["category_tree"] == 2


def test_runs_with_nothing_due_ask_amazon_nothing_and_change_nothing(shop: Shop) -> None:
    open_shop(shop)
    fetch_categories(shop)
    shop.forget_calls()

    for _ in range(6):
        shop.clock.advance(minutes=10)
        ran = shop.run(*CATEGORIES)
        assert (ran.code, ran.json["counts"]) == (0, {})
    assert not shop.calls("amazon")
    assert set(shop.calls("omnitron")) == {"channels.get"}


def test_a_day_later_an_unchanged_tree_sends_nothing(shop: Shop) -> None:
    open_shop(shop)
    fetch_categories(shop)
    shop.clock.advance(hours=24)
    shop.forget_calls()

    ran = fetch_categories(shop)

    assert (ran.code, ran.json["counts"], ran.json["differences"]) == (0, {}, [])
    assert shop.calls("amazon")["createReport"] == 1
    calls = shop.calls("omnitron")
    assert calls.keys() == {"channels.get", "category_trees.get"}


def test_only_what_differs_is_sent(shop: Shop) -> None:
    open_shop(shop)
    fetch_categories(shop)
    browse = shop.sandbox.world.amazon.browse
    shirts = node_id(shop, "Kadın", "Giyim", "Tişörtler")
    browse.rename(shirts, "T-Shirtler")
    new = browse.add(node_id(shop, "Kadın", "Giyim"), "Kimonolar", ["DRESS"])
    shop.clock.advance(hours=24)
    shop.forget_calls()

    ran = fetch_categories(shop)

    assert (ran.code, ran.json["counts"]) == (0, {"sent": 2})
    assert tree_problems(shop, ROOT) == []
    assert linked(shop)[shirts]["name"] == "T-Shirtler"
    assert linked(shop)[new]["name"] == "Kimonolar"
    calls = shop.calls("omnitron")
    assert (calls["category_nodes.create"], calls["category_nodes.patch"]) == (1, 1)
    assert calls["integration_actions.create"] == 1


def test_categories_that_vanished_are_told_once_and_stay_in_omnitron(shop: Shop) -> None:
    open_shop(shop)
    fetch_categories(shop)
    gone = node_id(shop, "Kadın", "Giyim", "Mayolar")
    shop.sandbox.world.amazon.browse.remove(gone)
    shop.clock.advance(hours=24)
    shop.forget_calls()

    ran = fetch_categories(shop)

    assert (ran.code, ran.json["counts"]) == (0, {"skipped": 1})
    assert ran.json["differences"] == [{"category": gone, "name": "Mayolar", "change": "gone"}]
    assert f"gone from Amazon's tree, kept in Omnitron: Mayolar ({gone})" in ran.json["notes"]
    assert "Mayolar is gone from Amazon's tree" in shop.run("why", gone).out
    assert gone in linked(shop)
    assert not {"category_nodes.create", "category_nodes.patch"} & shop.calls("omnitron").keys()
    shop.clock.advance(hours=24)
    assert fetch_categories(shop).json["differences"] == []


def test_killed_before_the_journal_has_it_a_vanished_category_is_told_by_the_next_run(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(shop)
    fetch_categories(shop)
    gone = node_id(shop, "Kadın", "Giyim", "Mayolar")
    shop.sandbox.world.amazon.browse.remove(gone)
    shop.clock.advance(hours=24)
    shop.run(*CATEGORIES)
    shop.clock.advance(minutes=10)

    def die(*_args: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(Runs, "record", die)
        shop.run(*CATEGORIES)

    shop.clock.advance(minutes=10)
    assert [row["category"] for row in shop.run(*CATEGORIES).json["differences"]] == [gone]


def test_a_category_that_comes_back_is_the_one_it_was(shop: Shop) -> None:
    open_shop(shop)
    fetch_categories(shop)
    browse = shop.sandbox.world.amazon.browse
    swimwear, parent = node_id(shop, "Kadın", "Giyim", "Mayolar"), node_id(shop, "Kadın", "Giyim")
    (node,) = [each for each in browse if each.id == swimwear]
    before = linked(shop)[swimwear]["pk"]
    browse.remove(swimwear)
    shop.clock.advance(hours=24)
    fetch_categories(shop)

    browse.plant(node, parent)
    browse.rename(swimwear, "Mayo ve Bikini")
    shop.clock.advance(hours=24)
    ran = fetch_categories(shop)

    assert ran.json["counts"] == {"sent": 1}
    assert linked(shop)[swimwear]["pk"] == before
    assert tree_problems(shop, ROOT) == []


def test_a_category_under_several_paths_has_one_node(shop: Shop) -> None:
    open_shop(shop, f"{ROOT} {CARE_ROOT}")
    browse = shop.sandbox.world.amazon.browse
    care = node_id(shop, "Kişisel Bakım", "Cilt Bakımı")
    assert len({path[-2].id for path in browse.walk() if path[-1].id == care}) == 2

    fetch_categories(shop, rounds=2)

    assert tree_problems(shop, ROOT, CARE_ROOT) == []
    assert [row for row in linked(shop) if row == care] == [care]


def test_a_category_under_two_main_categories_is_gone_when_both_have_lost_it(shop: Shop) -> None:
    open_shop(shop, f"{ROOT} {CARE_ROOT}")
    fetch_categories(shop, rounds=2)
    browse = shop.sandbox.world.amazon.browse
    care = node_id(shop, "Kişisel Bakım", "Cilt Bakımı")
    (travel,) = [each for each in browse if each.name == "Seyahat"]
    travel.children.remove(care)
    browse.version += 1
    shop.clock.advance(hours=24)
    assert fetch_categories(shop, rounds=2).json["differences"] == []

    browse.remove(care)
    shop.clock.advance(hours=24)
    ran = fetch_categories(shop, rounds=2)
    gone = {row["category"] for row in ran.json["differences"]}
    assert gone == {care, *(key for key in linked(shop) if key not in browse)}


def test_a_listed_category_that_lies_under_another_listed_one_is_fetched_once(shop: Shop) -> None:
    open_shop(shop, f"{ROOT},{TOP}")
    for _ in range(3):
        fetch_categories(shop, rounds=2)
        shop.clock.advance(hours=24)
    reports = list(shop.sandbox.world.amazon.reports)
    assert [report.options["BrowseNodeId"] for report in reports] == [ROOT] * 3
    assert tree_problems(shop, ROOT) == []


def test_one_listed_before_the_one_it_lies_under_is_asked_for_no_second_time(shop: Shop) -> None:
    open_shop(shop, f"{TOP}\n{ROOT}")
    for _ in range(2):
        fetch_categories(shop, rounds=3)
        shop.clock.advance(hours=24)
    reports = list(shop.sandbox.world.amazon.reports)
    assert [report.options["BrowseNodeId"] for report in reports] == [TOP, ROOT, ROOT]
    assert tree_problems(shop, ROOT) == []


def test_each_main_category_gets_a_report_of_its_own_one_after_the_other(shop: Shop) -> None:
    open_shop(shop, f"{ROOT} {HOME_ROOT}")
    assert shop.run(*CATEGORIES).json["calls"]["createReport"] == 1
    shop.clock.advance(minutes=10)
    assert shop.run(*CATEGORIES).json["calls"]["createReport"] == 1
    shop.clock.advance(minutes=10)
    assert "createReport" not in shop.run(*CATEGORIES).json["calls"]
    assert tree_problems(shop, ROOT, HOME_ROOT) == []


def test_siblings_of_one_name_are_told_apart_by_their_ids(shop: Shop) -> None:
    open_shop(shop)
    browse = shop.sandbox.world.amazon.browse
    first = node_id(shop, "Kadın", "Giyim", "Mayolar")
    second = browse.add(node_id(shop, "Kadın", "Giyim"), "Mayolar", ["SWIMWEAR"])

    fetch_categories(shop)

    nodes = linked(shop)
    assert nodes[first]["name"] == "Mayolar"
    assert nodes[second]["name"] == f"Mayolar ({second})"
    assert nodes[first]["path"][:-4] == nodes[second]["path"][:-4]


@pytest.mark.parametrize("is_new", [True, False])
def test_a_namesake_of_a_category_that_moved_away_has_a_node_and_a_name_of_its_own(
    shop: Shop, is_new: bool
) -> None:
    open_shop(shop)
    fetch_categories(shop)
    browse = shop.sandbox.world.amazon.browse
    clothes, shoes = (node_id(shop, "Kadın", name) for name in ("Giyim", "Ayakkabı"))
    moved = node_id(shop, "Kadın", "Giyim", "Mayolar")
    (node,) = [each for each in browse if each.id == moved]
    next(each for each in browse if each.id == clothes).children.remove(moved)
    browse.plant(node, shoes)
    if is_new:
        namesake = browse.add(clothes, "Mayolar", ["SWIMWEAR"])
    else:
        namesake = node_id(shop, "Kadın", "Giyim", "Elbiseler")
        browse.rename(namesake, "Mayolar")
    shop.clock.advance(hours=24)
    assert fetch_categories(shop).json["counts"] == {"sent": 1}

    nodes = linked(shop)
    assert nodes[moved]["name"] == "Mayolar"  # and lies where it was made
    assert nodes[namesake]["name"] == f"Mayolar ({namesake})"
    assert nodes[moved]["path"][:-4] == nodes[namesake]["path"][:-4]
    assert nodes[moved]["pk"] != nodes[namesake]["pk"]
    shop.clock.advance(hours=24)
    assert fetch_categories(shop).json["counts"] == {}


def test_without_category_ids_there_is_nothing_to_do(shop: Shop) -> None:
    open_shop(shop, "")
    told = shop.run("categories", "fetch", "-v")
    assert (told.code, told.out) == (0, "")
    assert "category_ids is blank: nothing done" in told.err
    assert not shop.calls()


def test_a_category_amazon_does_not_know_is_a_failure_that_names_the_setting(shop: Shop) -> None:
    open_shop(shop, f"999 {ROOT}")
    assert shop.run(*CATEGORIES).code == 0
    shop.clock.advance(minutes=10)
    ran = shop.run(*CATEGORIES)
    assert ran.code == 1
    assert ran.json["failures"][0]["key"] == "999"
    assert "check category_ids" in ran.json["failures"][0]["reason"]
    shop.clock.advance(minutes=10)
    assert shop.run(*CATEGORIES).json["counts"] == {"sent": 126}


def test_an_empty_report_is_no_news_of_categories_that_are_gone(shop: Shop) -> None:
    open_shop(shop)
    fetch_categories(shop)
    empty = b'<?xml version="1.0" encoding="UTF-8"?><Result></Result>'
    shop.sandbox.world.amazon.reports.forge(REPORT, empty, "text/xml; charset=UTF-8")
    shop.clock.advance(hours=24)

    ran = fetch_categories(shop)

    assert (ran.code, ran.json["differences"]) == (1, [])
    assert shop.rows("SELECT count(*) AS n FROM category_nodes WHERE state = 'there'") == [
        {"n": 126}
    ]


@pytest.mark.parametrize(("fate", "code"), [("CANCELLED", 0), ("FATAL", 5)])
def test_a_report_that_came_to_nothing_is_asked_for_again_within_the_hour(
    shop: Shop, fate: str, code: int
) -> None:
    open_shop(shop)
    shop.sandbox.world.amazon.reports.fate(REPORT, fate)
    assert fetch_categories(shop).code == code
    shop.clock.advance(minutes=10)
    assert "createReport" not in shop.run(*CATEGORIES).json["calls"]
    shop.clock.advance(minutes=50)
    assert fetch_categories(shop).json["counts"] == {"sent": 126}


def test_a_broken_report_changes_nothing(shop: Shop) -> None:
    open_shop(shop)
    fetch_categories(shop)
    kept = shop.rows("SELECT * FROM category_nodes")
    broken = (
        b"<Result><Node><browseNodeId>1</browseNodeId><browsePathById>21324944031,1"
        b"</browsePathById><browseNodeName>Yeni</browseNodeName></Node><Node>"
    )
    shop.sandbox.world.amazon.reports.forge(REPORT, broken, "text/xml; charset=UTF-8")
    shop.clock.advance(hours=24)

    ran = fetch_categories(shop)

    assert ran.code == 5
    assert "what was known stays" in ran.json["error"]["message"]
    assert shop.rows("SELECT * FROM category_nodes") == kept
    shop.clock.advance(hours=1)
    assert fetch_categories(shop).code == 0
    assert tree_problems(shop, ROOT) == []


def test_a_report_of_another_part_of_the_tree_is_not_taken(shop: Shop) -> None:
    open_shop(shop)
    other = (
        b"<Result><Node><browseNodeId>7</browseNodeId><browsePathById>5,7</browsePathById>"
        b"<browseNodeName>Ba\xc5\x9fka</browseNodeName></Node></Result>"
    )
    shop.sandbox.world.amazon.reports.forge(REPORT, other, "text/xml; charset=UTF-8")
    ran = fetch_categories(shop)
    assert ran.code == 5
    assert f"node 7 does not lie under {ROOT}" in ran.json["error"]["message"]
    assert shop.rows("SELECT * FROM category_nodes") == []


def test_a_category_omnitron_refuses_blocks_no_other(shop: Shop) -> None:
    open_shop(shop, http={"in_flight": 1})
    assert shop.run(*CATEGORIES).code == 0
    shop.clock.advance(minutes=10)
    shop.sandbox.faults.add(
        "server_error_before", "category_nodes.create", side="omnitron", status=400, after=30
    )

    ran = shop.run(*CATEGORIES)

    assert ran.code == 1
    (failed,) = ran.json["failures"]
    assert "Omnitron refused the category" in failed["reason"]
    assert ran.json["counts"]["sent"] == 126 - 1 - ran.json["counts"].get("waiting", 0)
    assert failed["key"] not in linked(shop)
    shop.clock.advance(seconds=28_801)
    assert shop.run(*CATEGORIES).code == 0
    shop.run(*CATEGORIES)
    assert tree_problems(shop, ROOT) == []


def test_a_tree_the_channel_no_longer_has_is_made_anew(shop: Shop) -> None:
    open_shop(shop)
    fetch_categories(shop)
    before = {row["pk"] for row in linked(shop).values()}
    channel = shop.sandbox.world.omnitron.channels[1]
    channel.row["category_tree"] = None
    shop.clock.advance(hours=24)

    ran = fetch_categories(shop)

    assert (ran.code, ran.json["counts"]) == (0, {"sent": 126})
    assert channel.row["category_tree"] == 3
    assert "the channel has category tree 3 instead of 2" in ran.json["notes"]
    nodes = shop.rows("SELECT pk FROM category_nodes")
    assert not before & {row["pk"] for row in nodes}


def test_with_the_state_lost_the_nodes_are_found_again(shop: Shop) -> None:
    open_shop(shop)
    fetch_categories(shop)
    before = linked(shop)
    for path in shop.folder.glob("state.db*"):
        path.unlink()
    shop.forget_calls()

    ran = fetch_categories(shop)

    assert (ran.code, ran.json["counts"]) == (0, {"sent": 126})
    assert {key: row["pk"] for key, row in linked(shop).items()} == {
        key: row["pk"] for key, row in before.items()
    }
    assert "category_nodes.create" not in shop.calls()
    assert tree_problems(shop, ROOT) == []


def test_a_dry_run_sends_nothing_and_asks_for_no_report(shop: Shop) -> None:
    open_shop(shop)
    assert shop.run("categories", "fetch", "--dry-run").code == 0
    assert not shop.calls("amazon")
    fetch_categories(shop)
    shirts = node_id(shop, "Kadın", "Giyim", "Tişörtler")
    shop.sandbox.world.amazon.browse.rename(shirts, "T-Shirtler")
    shop.clock.advance(hours=24)
    shop.run(*CATEGORIES)
    shop.clock.advance(minutes=10)
    shop.sandbox.faults.add(
        "server_error_before", "category_nodes.patch", side="omnitron", times=99
    )
    assert shop.run(*CATEGORIES).code == 5  # the tree is in, the new name is not
    shop.forget_calls()

    ran = shop.run("categories", "fetch", "--dry-run")

    assert ran.out == f"{shirts}: rename Tişörtler to T-Shirtler\n"
    assert not {name for name in shop.calls() if not name.endswith((".get", ".list"))}


def test_limit_and_only_bound_a_run(shop: Shop) -> None:
    open_shop(shop)
    assert shop.run(*CATEGORIES).code == 0
    shop.clock.advance(minutes=10)
    assert shop.run(*CATEGORIES, "--limit", "5").json["counts"] == {"sent": 5}
    assert shop.run(*CATEGORIES, "--only", node_id(shop, "Kadın", "Giyim")).json["counts"] == {
        "sent": 1
    }
    assert shop.run(*CATEGORIES).json["counts"] == {"sent": 120}
    assert tree_problems(shop, ROOT) == []


def test_wait_stays_until_the_trees_are_taken_in(shop: Shop) -> None:
    open_shop(shop, f"{ROOT} {HOME_ROOT}")
    began = shop.clock.at
    ran = shop.run(*CATEGORIES, "--wait")
    assert ran.code == 0
    assert timedelta(minutes=1) < shop.clock.at - began < timedelta(hours=1)
    assert tree_problems(shop, ROOT, HOME_ROOT) == []


def test_a_main_category_taken_out_of_the_settings_is_told_as_gone(shop: Shop) -> None:
    open_shop(shop, f"{ROOT} {CARE_ROOT}")
    fetch_categories(shop, rounds=2)
    shop.configure(category_ids=ROOT)
    shop.clock.advance(minutes=10)
    ran = shop.run(*CATEGORIES)
    gone = {row["category"] for row in ran.json["differences"]}
    kept = {path[-1].id for path in shop.sandbox.world.amazon.browse.walk(ROOT)}
    assert gone == linked(shop).keys() - kept
    assert gone
