"""Who is told of alarms, and how often: a webhook, a command, a dead man's switch."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import pytest

from amzsync.ops import alarm_targets
from amzsync.ops.alarm_rules import KINDS
from tests.e2e.alarm_receiver import TOKEN, Receiver, configure, create, look
from tests.shop import Ran, Shop

LATER: dict[str, Any] = {"amazon": {"client_secret_created_on": "2026-11-01"}}
LONG_AGO: dict[str, Any] = {"amazon": {"client_secret_created_on": "2026-01-01"}}
RAISED, ENDED = ("credentials", "raised"), ("credentials", "ended")


def raise_alarm(shop: Shop, receiver: Receiver, **monitoring: Any) -> None:
    """From now on Amazon's client secret is too old."""
    configure(shop, receiver, monitoring=monitoring, **LONG_AGO)


def end_alarm(shop: Shop, receiver: Receiver, **monitoring: Any) -> None:
    """From now on it is new, and a look has seen it: the next one ends the alarm."""
    configure(shop, receiver, monitoring=monitoring, **LATER)
    assert look(shop) == ["credentials"]
    shop.clock.advance(minutes=5)


def told_row(shop: Shop, target: str) -> dict[str, Any]:
    """How telling a target of the alarm goes, as `alarms list` shows it."""
    alarms = shop.run("alarms", "list", "--json").json["alarms"]
    (row,) = [
        row
        for alarm in alarms
        if alarm["name"] == "credentials"
        for row in alarm["told"]
        if row["target"] == target
    ]
    found: dict[str, Any] = row
    return found


def test_the_message_is_what_chat_services_show_with_the_facts_beside_it(
    shop: Shop, receiver: Receiver
) -> None:
    raise_alarm(shop, receiver)
    look(shop)
    (hook,) = receiver.hooks
    finding = (
        "the client secret has been over for 146 days (2026-06-30): rotate it in Amazon's"
        " developer console, put the new one where client_secret leads, and set"
        " client_secret_created_on under [amazon]"
    )
    see = f"amzsync doctor --config {shop.config}"
    assert hook == {
        "text": "[amzsync] Amazon:1_Channel: ALARM credentials, since 2026-11-23 09:00Z:"
        f" {finding}. See {see}",
        "amzsync": {
            "test": False,
            "channel": "1",
            "channel_name": "Amazon:1_Channel",
            "alarms": [
                {
                    "id": "1/credentials/1/raised",
                    "name": "credentials",
                    "rule": "credentials",
                    "when": "the client secret ends within 30 days",
                    "flow": "",
                    "event": "raised",
                    "since": "2026-11-23T09:00:00+00:00",
                    "until": None,
                    "findings": [finding],
                    "look": see,
                }
            ],
        },
    }


def test_nothing_in_a_message_calls_out_to_everybody_in_a_chat(
    shop: Shop, receiver: Receiver
) -> None:
    configure(shop, receiver, channel_name="<!channel> @here", **LONG_AGO)
    look(shop)
    (hook,) = receiver.hooks
    assert not set("<>@") & set(hook["text"])
    assert hook["amzsync"]["channel_name"] == "<!channel> @here"


def test_cron_hears_nothing_and_reads_the_exit_code(shop: Shop, receiver: Receiver) -> None:
    configure(shop, receiver, **LATER)
    assert shop.run("alarms") == Ran(0, "", "")
    raise_alarm(shop, receiver)
    assert shop.run("alarms") == Ran(1, "", "")
    assert shop.run("alarms") == Ran(1, "", "")
    ran = shop.run("alarms", "-v")
    assert ran.code == 1
    assert "credentials: raised since 2026-11-23 09:00:00Z (0 s ago)\n" in ran.err
    assert f"  see amzsync doctor --config {shop.config}\n" in ran.err


def test_a_webhook_that_is_down_is_told_when_it_is_back(shop: Shop, receiver: Receiver) -> None:
    receiver.status = 503
    raise_alarm(shop, receiver)
    shop.run("alarms", "remove", "no-success")
    ran = shop.run("alarms")
    first = (
        "amzsync alarms: webhook could not be told of credentials: HTTP 503; tried again later\n"
    )
    assert ran == Ran(1, "", first), "with nobody told, cron's mail is what is left"
    tries = []
    for _ in range(48):
        shop.clock.advance(minutes=5)
        ran = shop.run("alarms", "--json")
        tries.append(len(ran.json["deliveries"]))
        assert (ran.code, ran.err) == (1, "")
        assert shop.run("alarms") == Ran(1, "", ""), "but one mail is enough"
    # After 5, 10, 20, 40 minutes and then every hour.
    assert [n for n, tried in enumerate(tries, start=1) if tried] == [1, 3, 7, 15, 27, 39]
    row = told_row(shop, "webhook")
    assert (row["pending"], row["failures"], row["fault"]) == (True, 7, "HTTP 503")
    assert "credentials: webhook could not be told: HTTP 503" in shop.run("alarms", "list").out

    receiver.status = 200
    shop.clock.advance(hours=1)
    look(shop)
    assert receiver.told() == [RAISED]
    assert receiver.hooks[0]["amzsync"]["alarms"][0]["since"] == "2026-11-23T09:00:00+00:00"
    assert told_row(shop, "webhook")["failures"] == 0
    end_alarm(shop, receiver)
    look(shop)
    assert receiver.told() == [RAISED, ENDED]


def test_an_alarm_over_before_it_could_be_told_is_told_in_one_message(
    shop: Shop, receiver: Receiver
) -> None:
    raise_alarm(shop, receiver)
    receiver.status = 0
    assert look_failing(shop) == ["credentials"]
    shop.clock.advance(minutes=30)
    end_alarm(shop, receiver)
    assert shop.run("alarms", "--json").code == 5, "nothing is raised, and that could not be told"

    receiver.status = 200
    shop.clock.advance(hours=1)
    for _ in range(2):
        assert look(shop) == []
    (hook,) = receiver.hooks
    assert receiver.told() == [ENDED]
    assert (
        "over: credentials (35 min, 2026-11-23 09:00Z to 2026-11-23 09:35Z). It could not be"
        in (hook["text"])
    )
    assert "the client secret has been over for 146 days" in hook["text"]


def look_failing(shop: Shop) -> list[str]:
    """One look whose message cannot be delivered; what is raised."""
    found = shop.run("alarms", "--json").json
    assert [row["ok"] for row in found["deliveries"]] == [False]
    return [alarm["name"] for alarm in found["raised"]]


def test_an_alarm_that_flaps_while_nobody_can_be_told_is_no_storm_afterwards(
    shop: Shop, receiver: Receiver
) -> None:
    receiver.status = 503
    for _ in range(5):
        configure(shop, receiver, **LONG_AGO)
        shop.run("alarms")
        configure(shop, receiver, **LATER)
        for _ in range(2):
            shop.clock.advance(minutes=5)
            shop.run("alarms")
    receiver.status = 200
    shop.clock.advance(hours=1)
    for _ in range(3):
        look(shop)
    assert receiver.told() == [ENDED]
    (alarm,) = receiver.hooks[0]["amzsync"]["alarms"]
    assert alarm["id"] == "1/credentials/5/ended"


def test_one_bad_moment_after_the_other_is_one_alarm(shop: Shop, receiver: Receiver) -> None:
    for _ in range(4):
        configure(shop, receiver, **LONG_AGO)
        look(shop)
        configure(shop, receiver, **LATER)
        assert look(shop) == ["credentials"]
    assert receiver.told() == [RAISED]
    assert look(shop) == []
    assert receiver.told() == [RAISED, ENDED]


def test_many_alarms_at_once_are_one_message(shop: Shop, receiver: Receiver) -> None:
    configure(shop, receiver, **LONG_AGO)
    for days in range(6):
        create(shop, f"secret-{days}", "--rule", "credentials", "--threshold", str(days))
    raised = look(shop)
    assert len(raised) == 7
    (hook,) = receiver.hooks
    assert hook["text"].startswith("[amzsync] Amazon:1_Channel: 7 alarms\nALARM credentials, since")
    assert sorted(receiver.told()) == [(name, "raised") for name in raised]
    configure(shop, receiver, **LATER)
    for _ in range(3):
        shop.run("alarms")
    assert len(receiver.hooks) == 2


def test_five_alarms_at_once_are_five_messages(shop: Shop, receiver: Receiver) -> None:
    configure(shop, receiver, **LONG_AGO)
    for days in range(4):
        create(shop, f"secret-{days}", "--rule", "credentials", "--threshold", str(days))
    assert len(look(shop)) == 5
    assert [len(hook["amzsync"]["alarms"]) for hook in receiver.hooks] == [1] * 5


def test_a_webhook_that_is_not_there_is_asked_once_a_look(shop: Shop, receiver: Receiver) -> None:
    configure(shop, receiver, **LONG_AGO)
    create(shop, "more", "--rule", "credentials", "--threshold", "9")
    receiver.status = 0
    ran = shop.run("alarms", "--json")
    assert [row["answer"] for row in ran.json["deliveries"]] == [
        "connection cut: RemoteProtocolError"
    ]
    receiver.status = 500
    shop.clock.advance(minutes=5)
    assert len(shop.run("alarms", "--json").json["deliveries"]) == 2, "one that answers is heard"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(shop: Shop, receiver: Receiver, status: int) -> None:
    raise_alarm(shop, receiver)
    receiver.status, receiver.location = status, receiver.hook_url
    (delivery,) = shop.run("alarms", "--json").json["deliveries"]
    assert delivery["answer"] == f"HTTP {status}, a redirect, which is not followed"
    assert not receiver.hooks


def test_plain_http_is_refused_but_on_this_machine(shop: Shop, receiver: Receiver) -> None:
    for key in ("webhook_url", "ping_url"):
        configure(shop, receiver, monitoring={key: "http://alarms.example/hook"})
        ran = shop.run("alarms")
        assert ran.code == 3
        assert f"monitoring.{key}" in ran.err and "plain http is for this machine only" in ran.err


def test_the_address_of_the_webhook_is_never_told(shop: Shop, receiver: Receiver) -> None:
    raise_alarm(shop, receiver, ping_url=receiver.ping_url)
    receiver.status = 404
    told = [shop.run("alarms", *options) for options in (["-v"], ["--json"], ["list"], ["test"])]
    assert TOKEN not in str(told)
    assert TOKEN not in str(shop.dump())
    assert "HTTP 404" in told[0].err


def test_a_raised_alarm_that_loses_its_rule_is_over(shop: Shop, receiver: Receiver) -> None:
    raise_alarm(shop, receiver)
    look(shop)
    assert shop.run("alarms", "remove", "credentials").code == 0
    for _ in range(3):
        assert look(shop) == []
    assert receiver.told() == [RAISED, ENDED]
    assert "over: credentials (its rule was removed)" in receiver.hooks[1]["text"]


def test_a_target_met_later_is_told_what_stands_and_nothing_of_the_past(
    shop: Shop, receiver: Receiver
) -> None:
    shop.configure(**LONG_AGO)
    assert look(shop) == ["credentials"]
    raise_alarm(shop, receiver)
    look(shop)
    assert receiver.told() == [RAISED]
    end_alarm(shop, receiver)
    look(shop)
    assert receiver.told() == [RAISED, ENDED]
    for settings in (LONG_AGO, LATER, LATER):
        shop.configure(**settings)
        look(shop)
    configure(shop, receiver, **LATER)
    look(shop)
    assert receiver.told() == [RAISED, ENDED], "the second time there was nobody to tell"


# -- the dead man's switch ------------------------------------------------------------------------


def test_the_switch_is_called_at_every_look_and_at_fail_while_an_alarm_is_raised(
    shop: Shop, receiver: Receiver
) -> None:
    shop.configure(monitoring={"ping_url": receiver.ping_url}, **LATER)
    look(shop)
    look(shop)
    shop.configure(monitoring={"ping_url": receiver.ping_url}, **LONG_AGO)
    look(shop)
    look(shop)
    well, ill = f"/ping/{TOKEN}?create=1", f"/ping/{TOKEN}/fail?create=1"
    assert receiver.pings == [well, well, ill, ill]
    assert not receiver.hooks
    assert receiver.agents == {"amzsync"}


def test_a_switch_that_is_down_changes_nothing(shop: Shop, receiver: Receiver) -> None:
    receiver.status = 500
    shop.configure(monitoring={"ping_url": receiver.ping_url}, **LATER)
    assert shop.run("alarms") == Ran(0, "", "")
    assert "the ping failed: HTTP 500" in shop.run("alarms", "-v").err
    assert shop.run("alarms", "--json").json["ping"] == {"ok": False, "answer": "HTTP 500"}


def test_a_look_that_cannot_be_had_calls_no_switch(shop: Shop, receiver: Receiver) -> None:
    shop.configure(monitoring={"ping_url": receiver.ping_url}, **LATER)
    shop.state.write_bytes(b"no database" * 1000)
    assert shop.run("alarms").code == 8
    assert receiver.pings == []


# -- the command ----------------------------------------------------------------------------------


def script(shop: Shop, text: str) -> str:
    """A command beside the config file, as an operator would write it."""
    path = shop.folder / "tell alarms.py"
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o700)
    return f"'./{path.name}' --to 'the team'"


def test_the_command_reads_the_message_and_sees_no_secret(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = script(
        shop,
        "import json, os, sys\n"
        "found = [sys.argv[1:], json.load(sys.stdin), dict(os.environ), os.getcwd()]\n"
        "open('told.json', 'w').write(json.dumps(found))\n"
        "print('x' * 100_000)\n",
    )
    monkeypatch.setenv("AMZSYNC_HTTP__IN_FLIGHT", "3")
    monkeypatch.setenv("OMNITRON_PASSWORD", "canary")
    shop.configure(monitoring={"command": command}, **LONG_AGO)
    assert shop.run("alarms") == Ran(1, "", "")
    arguments, message, environment, folder = json.loads((shop.folder / "told.json").read_text())
    assert arguments == ["--to", "the team"]
    assert message["amzsync"]["alarms"][0]["event"] == "raised"
    assert set(environment) <= {*alarm_targets._KEPT, "LC_CTYPE"}
    assert Path(folder) == shop.folder


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("import sys; sys.exit('no such team')", "exit 1 no such team"),
        ("raise SystemExit(7)", "exit 7"),
        ("import os; os.kill(os.getpid(), 9)", "exit -9"),
        ("while True: pass", "took longer than 1 s and was ended"),
    ],
)
def test_a_command_that_fails_is_started_again_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, text: str, answer: str
) -> None:
    monkeypatch.setattr(alarm_targets, "COMMAND_TIMEOUT", 1.0)
    shop.configure(monitoring={"command": script(shop, text)}, **LONG_AGO)
    (delivery,) = shop.run("alarms", "--json").json["deliveries"]
    assert (delivery["ok"], delivery["answer"]) == (False, answer)
    assert told_row(shop, "command")["fault"] == answer
    script(shop, "pass")
    shop.clock.advance(minutes=5)
    (delivery,) = shop.run("alarms", "--json").json["deliveries"]
    assert (delivery["ok"], delivery["answer"]) == (True, "exit 0")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/nowhere/at/all", "cannot be started: No such file or directory"),
        ("'unclosed", "its quotes do not close"),
        ("/", "cannot be started: Permission denied"),
    ],
)
def test_a_command_that_cannot_be_started_keeps_the_webhook_from_nothing(
    shop: Shop, receiver: Receiver, command: str, answer: str
) -> None:
    raise_alarm(shop, receiver, command=command)
    deliveries = shop.run("alarms", "--json").json["deliveries"]
    assert {row["target"]: row["answer"] for row in deliveries} == {
        "webhook": "HTTP 200",
        "command": answer,
    }


def test_what_a_command_leaves_behind_is_ended_with_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm_targets, "COMMAND_TIMEOUT", 1.0)
    text = (
        "import fcntl, os, time\n"
        "lock = open('lock', 'w')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "os.fork()\n"
        "time.sleep(600)\n"
    )
    shop.configure(monitoring={"command": script(shop, text)}, **LONG_AGO)
    shop.run("alarms")
    with (shop.folder / "lock").open() as lock:
        patience = time.monotonic() + 30
        while not is_free(lock):
            assert time.monotonic() < patience, "the command or its child lives on"


def is_free(lock: IO[str]) -> bool:
    """Whether nobody holds the lock any more."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# -- two at once, and kills -----------------------------------------------------------------------


def test_a_look_during_a_look_leaves_quietly(shop: Shop, receiver: Receiver) -> None:
    raise_alarm(shop, receiver)
    meanwhile: list[Ran] = []
    receiver.meanwhile = lambda: meanwhile.append(shop.run("alarms"))
    assert look(shop) == ["credentials"]
    assert meanwhile == [Ran(7, "", "")]
    assert receiver.told() == [RAISED]


def processes(shop: Shop, count: int) -> Sequence[subprocess.Popen[bytes]]:
    """Looks as processes of their own, with the environment cron gives."""
    words = [sys.executable, "-m", "amzsync", "alarms", "--config", str(shop.config)]
    pipe = subprocess.PIPE
    environment = {"PATH": os.defpath}
    return [subprocess.Popen(words, env=environment, stderr=pipe) for _ in range(count)]


def test_two_processes_tell_one_message(shop: Shop, receiver: Receiver) -> None:
    raise_alarm(shop, receiver)
    both = processes(shop, 2)
    ended = sorted((process.communicate()[1], process.returncode) for process in both)
    assert ended in ([(b"", 1), (b"", 1)], [(b"", 1), (b"", 7)])
    assert receiver.told() == [RAISED]


def test_a_look_killed_before_it_could_note_what_it_told_tells_it_again_by_the_same_id(
    shop: Shop, receiver: Receiver
) -> None:
    raise_alarm(shop, receiver)
    killed: list[subprocess.Popen[bytes]] = []
    receiver.meanwhile = lambda: killed[0].send_signal(signal.SIGKILL)
    killed += processes(shop, 1)
    killed[0].communicate()
    assert killed[0].returncode == -signal.SIGKILL

    receiver.meanwhile = None
    for _ in range(3):
        look(shop)
    assert receiver.told() == [RAISED, RAISED]
    first, second = receiver.hooks
    assert first["amzsync"]["alarms"][0]["id"] == second["amzsync"]["alarms"][0]["id"]


# -- trying it ------------------------------------------------------------------------------------


def test_a_test_tells_everybody_and_raises_nothing(shop: Shop, receiver: Receiver) -> None:
    command = script(shop, "import sys; open('told.json', 'w').write(sys.stdin.read())")
    configure(shop, receiver, monitoring={"command": command, "ping_url": receiver.ping_url})
    ran = shop.run("alarms", "test")
    assert ran == Ran(
        0, "webhook: told, HTTP 200\ncommand: told, exit 0\nping: told, HTTP 200\n", ""
    )
    assert receiver.hooks == [
        {
            "text": "[amzsync] Amazon:1_Channel: this is a test; no alarm has been raised",
            "amzsync": {
                "test": True,
                "channel": "1",
                "channel_name": "Amazon:1_Channel",
                "alarms": [],
            },
        }
    ]
    assert json.loads((shop.folder / "told.json").read_text()) == receiver.hooks[0]
    assert receiver.pings == [f"/ping/{TOKEN}?create=1"]
    assert not shop.state.exists()


def test_a_test_says_who_could_not_be_told(shop: Shop, receiver: Receiver) -> None:
    receiver.status = 410
    raise_alarm(shop, receiver, ping_url=receiver.ping_url)
    look_failing(shop)
    ran = shop.run("alarms", "test", "--json")
    assert ran.code == 1
    assert ran.json["targets"] == [
        {"target": "webhook", "ok": False, "answer": "HTTP 410"},
        {"target": "ping", "ok": False, "answer": "HTTP 410"},
    ]


def test_with_nobody_to_tell_that_is_said(shop: Shop) -> None:
    for options in (["test"], ["list"], ["-v"]):
        assert "nobody is told: set webhook_url, command or ping_url under [monitoring]" in (
            shop.run("alarms", *options).err
        )
    assert shop.run("alarms", "test").code == 1
    assert set(KINDS) >= {"credentials"}
