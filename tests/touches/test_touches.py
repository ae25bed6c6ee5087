"""How persons and accounts came: read from messages, kept by identity, the same in any order of arrival."""

from datetime import timedelta

import pytest

from ingestion.models import Account, IdentityLink, MarketingTouch, Person, Touched
from ingestion.operations.links import undo_identity_link
from ingestion.queries.touches import how_they_came
from ingestion.rules.marketing import touches_in
from scoring.models import Level
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tests.factories import ingestion
from tests.factories.ingestion import START, identify, message, track

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def landed(query="", *, referrer="", anon="cookie", user=None, ts=START, **context):
    page = {"url": f"https://acme.com/{query}", "referrer": referrer}
    return message("page", user, anon=anon, ts=ts, context={"page": page} | context)


def campaign(name, **values):
    return {"campaign": {"source": "google", "medium": "cpc", "name": name} | values}


def came(row=None, level=Level.PERSON):
    return how_they_came(level, (row or Person.objects.get(merged_into_id=None)).pk)


def names(found):
    return found.first.campaign, found.last.campaign


def test_first_and_last_are_by_event_time_whatever_arrives_first_and_twice(acme, in_acme):
    sent = [track("ann", "Opened", ts=START + n * DAY, context=campaign(f"c{n}")) for n in (1, 0, 2)]

    for one in [*sent, *reversed(sent)]:
        ingestion.send_and_fold(acme, [one])
    ingestion.send_and_fold(acme, [landed(user="ann", anon=None, ts=START + 9 * DAY)])

    found = came()
    assert names(found) == ("c0", "c2")
    assert [touch.ts for touch in found.touches] == [START + n * DAY for n in (2, 1, 0)]


def test_same_campaign_within_an_hour_is_one_touch_at_its_first_moment(acme, in_acme):
    minutes = [timedelta(minutes=n) for n in (20, 5, 40)]
    for after in minutes:
        ingestion.send_and_fold(acme, [track("ann", "Opened", ts=START + after, context=campaign("spring"))])

    assert MarketingTouch.objects.values_list("ts", flat=True).get() == START + minutes[1]


def test_anonymous_touches_are_the_persons_after_sign_up_and_given_back(acme, in_acme, now):
    ingestion.send_and_fold(acme, [landed("?utm_source=bing&utm_campaign=early")])
    ingestion.send_and_fold(acme, [identify("ann", anon="cookie", ts=START + DAY, context=campaign("late"))])
    assert names(came()) == ("early", "late")

    undo_identity_link(link=IdentityLink.objects.get(), by=SYSTEM, now=now)

    both = [came(person) for person in Person.objects.filter(merged_into_id=None).order_by("is_identified")]
    assert [names(found) for found in both] == [("early", "early"), ("late", "late")]


def test_account_came_with_its_persons_before_they_were_in_it(acme, in_acme):
    sent = [
        landed("?utm_campaign=first", anon="a", ts=START),
        landed("?utm_campaign=last", anon="b", ts=START + 2 * DAY),
        identify("ann", anon="a", ts=START + DAY),
        ingestion.group("ann", "co", ts=START + DAY),
        identify("bea", anon="b", ts=START + 3 * DAY),
        ingestion.group("bea", "co", ts=START + 3 * DAY),
        landed("?utm_campaign=other", anon="c", ts=START - DAY),
    ]
    for one in reversed(sent):
        ingestion.send_and_fold(acme, [one])

    assert names(came(Account.objects.get(), Level.ACCOUNT)) == ("first", "last")


def test_account_is_scored_again_when_a_device_joins_or_leaves_one_of_its_persons(acme, in_acme, now):
    ingestion.send_and_fold(acme, [ingestion.group("ann", "co"), landed("?utm_campaign=early")])
    account = Account.objects.get()
    Touched.objects.all().delete()

    ingestion.send_and_fold(acme, [identify("ann", anon="cookie", ts=START + DAY)])
    assert Touched.objects.filter(subject_kind=2, subject_id=account.pk).exists()
    Touched.objects.all().delete()
    undo_identity_link(link=IdentityLink.objects.get(), by=SYSTEM, now=now)

    assert Touched.objects.filter(subject_kind=2, subject_id=account.pk).exists()
    assert came(account, Level.ACCOUNT).first is None


def test_staff_bring_no_account(acme, in_acme, make_excluded):
    make_excluded("user_id", "ann")
    ingestion.send_and_fold(acme, [ingestion.group("ann", "co", context=campaign("staff"))])

    assert came(Account.objects.get(), Level.ACCOUNT).first is None


def test_page_that_is_left_with_its_referrer_is_the_campaigns(acme, in_acme):
    ad = landed("?gclid=x", referrer="https://www.google.com/")
    on = landed("pricing", referrer="https://www.google.com/", ts=START + HOUR)
    back = landed("", referrer="https://news.ycombinator.com/item", ts=START + 2 * DAY)
    ingestion.send_and_fold(acme, [back, on, ad])

    found = came()

    assert [touch.channel for touch in found.touches] == ["social", "paid search"]


def test_what_traits_repeat_for_years_is_not_the_last_touch(acme, in_acme):
    told = {"utm_source": "google", "utm_campaign": "old"}
    sent = [
        identify("ann", traits=told),
        track("ann", "Opened", ts=START + DAY, context=campaign("new")),
        identify("ann", traits=told, ts=START + 9 * DAY),
    ]
    ingestion.send_and_fold(acme, sent)

    assert names(came()) == ("old", "new")
    assert MarketingTouch.objects.count() == 2


def test_bots_and_test_sources_come_from_nowhere(acme, in_acme, make_staging):
    ingestion.send_and_fold(acme, [track("ann", "Opened", context=campaign("x"))], source=make_staging())
    robot = {"user_agent": "Googlebot/2.1"}
    browser = ingestion.make_source(acme, kind="browser", name="Site")
    ingestion.send_and_fold(acme, [landed("?utm_campaign=x")], source=browser, client=robot)

    assert not MarketingTouch.objects.exists()


def test_touches_stay_in_their_tenant(acme, globex):
    for tenant in (acme, globex):
        ingestion.send_and_fold(tenant, [track("ann", "Opened", context=campaign(tenant.name))])

    with tenant_context(globex.pk):
        assert names(came()) == (globex.name.lower(), globex.name.lower())


def test_statement_only_where_a_message_says_how_somebody_came(acme, in_acme, counted_statements):
    plain = [track("ann", "Opened") for _ in range(3)]
    touched = [track("bea", "Opened", context=campaign(str(n))) for n in range(30)]
    ingestion.send_and_fold(acme, [track("ann", "Opened"), track("bea", "Opened")])

    assert counted_statements(plain) == 0
    assert counted_statements(touched) == 1


GOOGLE, REFERRER = "https://www.google.co.uk/", "referrer"


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ({"page": {"url": "https://acme.com/?utm_source=Google&utm_medium=CPC"}}, "paid search google cpc"),
        ({"page": {"url": "https://acme.com/?gclid=1", REFERRER: GOOGLE}}, "paid search google"),
        ({"page": {"search": "?msclkid=1&utm_campaign=Spring%20Sale"}}, "paid search bing spring sale"),
        ({"page": {"url": "https://a.io/?fbclid=1"}}, "social facebook"),
        ({"page": {"url": "https://a.io/?fbclid=1&utm_medium=cpc"}}, "paid social facebook cpc"),
        ({"page": {"url": "https://a.io/?li_fat_id=1"}}, "paid social linkedin"),
        ({"page": {"url": "https://a.io/?ttclid=1"}}, "paid social tiktok"),
        ({"page": {"url": "https://a.io/?utm_source=hubspot&utm_medium=email"}}, "email hubspot email"),
        ({"page": {"url": "https://a.io/", REFERRER: GOOGLE}}, "search google"),
        ({"page": {"url": "https://a.io/", REFERRER: "https://t.co/x"}}, "social twitter"),
        ({"page": {"url": "https://a.io/", REFERRER: "https://mail.google.com/"}}, "email gmail"),
        ({"page": {"url": "https://a.io/", REFERRER: "https://chatgpt.com/"}}, "ai assistant chatgpt"),
        ({"page": {"url": "https://a.io/", REFERRER: "https://blog.b.de/x"}}, "referral blog.b.de"),
        ({"campaign": {"name": "Webinar"}}, "other campaign webinar"),
        ({"campaign": {"source": "x%00\x00\u200b"}}, "other campaign x%00"),
    ],
)
def test_what_a_message_says(context, told):
    (touch,) = touches_in(context, {}, {})

    assert " ".join(filter(None, touch.values[:-1])) == told


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"page": {"url": "https://app.acme.co.uk/", REFERRER: "https://www.acme.co.uk/pricing?utm_source=x"}},
        {"page": {"url": "https://a.io/", REFERRER: "https://accounts.google.com/o/oauth2"}},
        {"page": {"url": "https://a.io/", REFERRER: "http://localhost:8000/"}},
        {"page": {"url": "https://a.io/", REFERRER: "http://10.0.0.1/x"}},
        {"page": {"url": 5, REFERRER: ["x"], "search": {"a": 1}}, "campaign": "x"},
        {"page": {"url": "https://a.io/?utm_source=", REFERRER: "nonsense"}, "campaign": {"source": None}},
        {"page": {"url": "https://a.io/?" + "&".join(f"utm_x{n}=1" for n in range(500))}},
    ],
)
def test_direct_and_inner_ways_are_no_touches(context):
    assert touches_in(context, {"utm_source": None}, {"utm_campaign": {}}) == []


@pytest.mark.parametrize("prefix", ["utm_", "$utm_", "$initial_utm_"])
def test_properties_and_traits_tell_it(prefix):
    said = {f"{prefix}source": "LinkedIn", f"{prefix}medium": "cpc", f"{prefix}campaign": 2027}

    for found in (touches_in({}, said, {}), touches_in({}, {}, said)):
        assert [touch[:5] for touch in found] == [(3, "paid social", "linkedin", "cpc", "2027")]
