from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from ingestion.models import Account, Activity, Event, Person
from ingestion.models.events import Exclusion
from ingestion.operations import create_exclusion, delete_exclusion, take_touched
from ingestion.rules import exclusion
from tenants.audit import SYSTEM
from tests.factories.ingestion import (
    START,
    group,
    identify,
    make_action,
    make_source,
    send_and_fold,
    track,
)

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def exclude(kind: str, value: str):
    return create_exclusion(kind=kind, value=value, note="", by=SYSTEM, now=START)


def marks() -> list[int]:
    return list(Activity.objects.order_by("ts").values_list("exclusion", flat=True))


@pytest.fixture
def counted(in_acme):
    make_action("login")


@pytest.mark.parametrize(
    ("user_agent", "is_bot"),
    [
        (GOOGLEBOT, True),
        (CHROME.replace("Chrome", "HeadlessChrome"), True),
        ("python-requests/2.31", True),
        (CHROME, False),
        ("Mozilla/5.0 (Linux; Android 14; CUBOT X30) Mobile Safari/537.36", False),
        ("analytics-python/2.3.5", False),
    ],
)
def test_bots_are_told_by_their_user_agent(user_agent, is_bot):
    assert exclusion.is_bot(user_agent) is is_bot


def test_a_bot_is_marked_and_kept(in_acme, counted):
    send_and_fold(in_acme, [track("u1", "login", context={"userAgent": GOOGLEBOT})])

    assert Event.objects.get().exclusion == Exclusion.BOT
    assert marks() == [Exclusion.BOT]


@pytest.mark.parametrize(("kind", "mark"), [("browser", Exclusion.BOT), ("server", Exclusion.NONE)])
def test_the_request_itself_speaks_for_browsers_only(in_acme, counted, kind, mark):
    source = make_source(in_acme, kind=kind, name=kind)
    send_and_fold(in_acme, [track("u1", "login")], source=source, client={"user_agent": "curl/8.0"})

    assert marks() == [mark]


def test_an_office_network_is_internal(in_acme, counted):
    exclude("network", "203.0.113.0/24")
    send_and_fold(
        in_acme, [track("u1", "login", context={"ip": ip}) for ip in ("203.0.113.9", "198.51.100.1")]
    )

    assert sorted(marks()) == [Exclusion.NONE, Exclusion.INTERNAL]


def test_a_colleague_is_internal_also_for_what_they_did_before_we_knew(in_acme, counted):
    exclude("email_domain", "acme.test")
    send_and_fold(in_acme, [track("u1", "login", account="a1")])
    assert marks() == [Exclusion.NONE]

    later = START + timedelta(hours=1)
    send_and_fold(in_acme, [identify("u1", ts=later, traits={"email": "Ann@mail.ACME.test"})])
    send_and_fold(in_acme, [track("u1", "login", ts=later, account="a1")])

    assert marks() == [Exclusion.INTERNAL] * 2
    assert Person.objects.get().exclusion == Exclusion.INTERNAL


@pytest.mark.parametrize(
    ("kind", "value"), [("email_domain", "acme.test"), ("user_id", "u1"), ("account_key", "a1")]
)
def test_a_rule_takes_hold_of_history_and_lets_go_of_it(in_acme, counted, kind, value):
    events = [identify("u1", traits={"email": "ann@acme.test"}), track("u1", "login", account="a1")]
    others = [identify("u2", traits={"email": "bob@notacme.test"}), track("u2", "login", account="a2")]
    send_and_fold(in_acme, events + others)
    take_touched(limit=99)
    who = (1, Person.objects.get(label="ann@acme.test").pk), (2, Account.objects.get(key="a1").pk)

    rule = exclude(kind, value)
    assert sorted(marks()) == [Exclusion.NONE, Exclusion.INTERNAL]
    assert take_touched(limit=99) == list(who)

    delete_exclusion(rule=rule, by=SYSTEM, now=START)
    assert marks() == [Exclusion.NONE] * 2
    assert take_touched(limit=99) == list(who)


def test_a_bot_stays_a_bot_when_a_rule_goes(in_acme, counted):
    rule = exclude("user_id", "u1")
    send_and_fold(in_acme, [track("u1", "login", context={"userAgent": GOOGLEBOT})])

    delete_exclusion(rule=rule, by=SYSTEM, now=START)

    assert marks() == [Exclusion.BOT]


@pytest.mark.parametrize(
    ("kind", "value"), [("email_domain", "acme"), ("network", "203.0.113.0/99"), ("user_id", "  ")]
)
def test_a_rule_that_means_nothing_is_refused_with_words(in_acme, kind, value):
    with pytest.raises(ValidationError, match="Write a"):
        exclude(kind, value)


def test_accounts_excluded_beforehand_do_not_count_from_their_first_event(in_acme, counted):
    exclude("account_key", "a1")
    send_and_fold(in_acme, [group("u1", "a1"), track("u1", "login", account="a1")])

    assert marks() == [Exclusion.INTERNAL]
