from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from ingestion.models import Account, Activity, Event, ExclusionSweep, Person
from ingestion.models.events import Exclusion
from ingestion.operations import (
    create_exclusion,
    delete_exclusion,
    exclusions,
    mark_named_subjects,
    take_touched,
)
from ingestion.operations.arrivals import Request
from ingestion.operations.fold import to_arrival
from ingestion.operations.history import add_to_history
from ingestion.queries.exclusions import close_values, reach_of, released_by, why_excluded
from ingestion.rules import exclusion
from pqlhub.pulse import LONG
from tenants.audit import SYSTEM
from tenants.models import Work
from tenants.work import Claim
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
    ("kind", "value"),
    [
        ("email_domain", "acme.test"),
        ("user_id", "u1"),
        ("account_key", "a1"),
        ("person_trait", "is_internal = true"),
        ("person_trait", "seats=7.0"),
        ("account_trait", "Plan = Test"),
    ],
)
def test_a_rule_takes_hold_of_history_and_lets_go_of_it(in_acme, counted, kind, value):
    colleague = {"email": "ann@acme.test", "is_internal": True, "seats": 7}
    customer = {"email": "bob@notacme.test", "is_internal": False, "seats": "7"}
    events = [identify("u1", traits=colleague), track("u1", "login", account="a1")]
    events += [group("u1", "a1", traits={"Plan": "TEST"}), group("u2", "a2", traits={"Plan": "tested"})]
    events += [identify("u2", traits=customer), track("u2", "login", account="a2")]
    send_and_fold(in_acme, events)
    take_touched(limit=99)
    who = (1, Person.objects.get(label="ann@acme.test").pk), (2, Account.objects.get(key="a1").pk)

    rule = exclude(kind, value)
    assert sorted(marks()) == [Exclusion.NONE, Exclusion.INTERNAL]
    assert list(take_touched(limit=99)) == list(who)

    delete_exclusion(rule=rule, by=SYSTEM, now=START)
    assert marks() == [Exclusion.NONE] * 2
    assert list(take_touched(limit=99)) == list(who)


def test_a_bot_stays_a_bot_when_a_rule_goes(in_acme, counted):
    rule = exclude("user_id", "u1")
    send_and_fold(in_acme, [track("u1", "login", context={"userAgent": GOOGLEBOT})])

    delete_exclusion(rule=rule, by=SYSTEM, now=START)

    assert marks() == [Exclusion.BOT]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email_domain", "acme"),
        ("network", "203.0.113.0/99"),
        ("user_id", "  "),
        ("user_agent", "mo"),
        ("person_trait", "is_internal"),
        ("account_trait", "= test"),
    ],
)
def test_a_rule_that_means_nothing_is_refused_with_words(in_acme, kind, value):
    with pytest.raises(ValidationError, match="Write a"):
        exclude(kind, value)


def test_accounts_excluded_beforehand_do_not_count_from_their_first_event(in_acme, counted):
    exclude("account_key", "a1")
    send_and_fold(in_acme, [group("u1", "a1"), track("u1", "login", account="a1")])

    assert marks() == [Exclusion.INTERNAL]


@pytest.mark.parametrize(("kind", "mark"), [("browser", Exclusion.INTERNAL), ("server", Exclusion.NONE)])
def test_a_user_agent_speaks_for_client_side_sources_only(in_acme, counted, kind, mark):
    exclude("user_agent", "Acme-E2E/")
    source = make_source(in_acme, kind=kind, name=kind)
    send_and_fold(
        in_acme, [track("u1", "login", context={"userAgent": f"{CHROME} acme-e2e/2"})], source=source
    )

    assert marks() == [mark]


def test_a_trait_learned_later_marks_what_was_done_before(in_acme, counted):
    exclude("person_trait", "is_internal = true")
    exclude("account_trait", "plan = test")
    send_and_fold(in_acme, [track("u1", "login"), track("u2", "login", account="a1")])
    assert marks() == [Exclusion.NONE] * 2

    later = START + timedelta(hours=1)
    learned = [
        identify("u1", ts=later, traits={"is_internal": "True"}),
        group("u2", "a1", ts=later, traits={"plan": "test"}),
    ]
    send_and_fold(in_acme, learned)

    assert marks() == [Exclusion.INTERNAL] * 2
    assert Account.objects.get().exclusion == Exclusion.INTERNAL


def test_the_same_rule_twice_is_refused_with_words(in_acme):
    exclude("email_domain", "acme.test")

    with pytest.raises(ValidationError, match="There is a rule for"):
        exclude("email_domain", "Acme.Test")


def colleagues(tenant, number):
    for n in range(number):
        traits = {"email": f"c{n}@acme.test"}
        send_and_fold(tenant, [identify(f"c{n}", traits=traits), track(f"c{n}", "login", account=f"a{n}")])


def internal() -> int:
    return Person.objects.filter(exclusion=Exclusion.INTERNAL).count()


def test_a_rule_that_names_many_marks_them_in_slices(in_acme, counted, monkeypatch):
    monkeypatch.setattr(exclusions, "SLICE", 2)
    colleagues(in_acme, 5)

    exclude("email_domain", "acme.test")
    found, shares = [internal()], []
    while mark_named_subjects(now=START):
        found.append(internal())
        shares.append(ExclusionSweep.objects.get().share)

    assert found == [0, 2, 4]
    assert shares == [0.4, 0.8]
    assert internal() == 5
    assert marks() == [Exclusion.INTERNAL] * 5
    assert not ExclusionSweep.objects.exists()


def test_a_rule_deleted_half_way_lets_go_of_all(in_acme, counted, monkeypatch):
    monkeypatch.setattr(exclusions, "SLICE", 2)
    colleagues(in_acme, 5)
    rule = exclude("email_domain", "acme.test")
    mark_named_subjects(now=START)

    delete_exclusion(rule=rule, by=SYSTEM, now=START)
    while mark_named_subjects(now=START):
        pass

    assert internal() == 0
    assert marks() == [Exclusion.NONE] * 5


def test_long_work_marks_them(acme, counted, monkeypatch):
    monkeypatch.setattr(exclusions, "SLICE", 2)
    colleagues(acme, 5)
    exclude("email_domain", "acme.test")
    assert Work.objects.get(kind="mark").next_at == START
    while LONG["mark"](Claim(acme.pk, "mark", "", uuid4(), 1), lambda: START).next_at:
        pass

    assert internal() == 5


@pytest.mark.parametrize(
    ("kind", "value", "number", "elsewhere"),
    [
        ("email_domain", "acme.test", 2, 2),
        ("user_id", "c0", 1, 1),
        ("account_key", "a1", 1, 1),
        ("person_trait", "email = c1@acme.test", 1, 1),
        ("user_id", "C0", 0, 0),
    ],
)
def test_whom_a_rule_would_mark_is_known_before(acme, globex, counted, kind, value, number, elsewhere):
    colleagues(acme, 2)
    colleagues(globex, 3)

    reach = reach_of(kind, value)

    assert (reach.number, reach.changed, reach.elsewhere) == (number, number, elsewhere)


def test_who_counts_again_are_those_no_other_rule_names(in_acme, counted):
    colleagues(in_acme, 3)
    rule = exclude("email_domain", "acme.test")
    exclude("user_id", "c0")

    assert (released_by(rule).number, released_by(rule).changed) == (3, 2)


def test_events_a_rule_would_have_marked_are_counted(in_acme, counted):
    ips = ("203.0.113.9", "203.0.113.10", "198.51.100.1", "no address")
    send_and_fold(in_acme, [track("u1", "login", context={"ip": ip}) for ip in ips])

    assert reach_of("network", "203.0.113.0/24").events == 2


@pytest.mark.parametrize(
    ("kind", "value", "meant"),
    [
        ("email_domain", "acne.test", ["acme.test"]),
        ("user_id", "C0", ["c0"]),
        ("account_key", "A0", ["a0"]),
        ("person_trait", "e-mail = c0@acme.test", ["email = c0@acme.test"]),
        ("account_trait", "plan = test", []),
        ("network", "203.0.113.0/24", []),
    ],
)
def test_a_value_that_names_nobody_is_told_what_it_may_have_meant(in_acme, counted, kind, value, meant):
    colleagues(in_acme, 1)

    assert close_values(kind, value) == meant


def test_marked_subjects_say_by_which_rules(in_acme, counted):
    colleagues(in_acme, 1)
    exclude("email_domain", "acme.test")
    exclude("user_id", "c0")
    exclude("account_key", "a0")

    person, account = Person.objects.get(), Account.objects.get()
    assert why_excluded(1, person.pk) == ["user id c0", "e-mail domain acme.test"]
    assert why_excluded(2, account.pk) == ["account (group id) a0"]


def test_a_rule_added_while_messages_wait_for_their_turn_holds_for_them(in_acme, counted):
    """They were read with the rules of before."""
    source = make_source(in_acme)
    request = Request(source.pk, "server", START, {}, {})
    arrivals = [to_arrival(track("u1", "login"), request, exclusion.Rules())]
    exclude("user_id", "u1")

    add_to_history(arrivals, score_at=START)

    assert marks() == [Exclusion.INTERNAL]


def test_who_was_merged_into_another_is_counted_once(in_acme, counted):
    traits = {"email": "ann@acme.test", "staff": True}
    send_and_fold(in_acme, [identify(None, anon="x", traits=traits), identify("u1", traits=traits)])
    assert reach_of("email_domain", "acme.test").number == 2

    send_and_fold(in_acme, [identify("u1", anon="x", ts=START + timedelta(hours=1))])

    assert reach_of("email_domain", "acme.test").number == 1
    assert reach_of("person_trait", "staff = true").number == 1
