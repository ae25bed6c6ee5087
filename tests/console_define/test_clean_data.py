"""Clean data: who does not count, whom a rule would mark, and taking it back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ingestion.models import Account, AccountMembership, ExclusionRule, Person
from ingestion.models.events import Exclusion
from ingestion.operations import create_exclusion, exclusions
from tenants.audit import SYSTEM
from tenants.models import AuditEvent, Role
from tests.conftest import member
from tests.factories import ingestion

LIST = reverse("admin:ingestion_exclusionrule_changelist")
ADD = reverse("admin:ingestion_exclusionrule_add")
PREVIEW = reverse("admin:ingestion_exclusionrule_preview")


@pytest.fixture
def eli(as_user, acme, now):
    """A product engineer."""
    return as_user(member(acme, "eli@acme.test", Role.PRODUCT_ENGINEER, "Corporate", now))


def exclude(kind: str, value: str, note: str = "") -> ExclusionRule:
    return create_exclusion(kind=kind, value=value, note=note, by=SYSTEM, now=ingestion.START)


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_list_says_value_reason_since_and_whom_each_rule_marks(eli, history):
    exclude("user_id", "ann", "Our founder")
    exclude("account_key", "acme-co")
    exclude("network", "203.0.113.0/24")

    response = eli.get(LIST)

    assert [(row.rule.value, row.marked.number) for row in response.context["rows"]] == [
        ("ann", 1),
        ("acme-co", 1),
        ("203.0.113.0/24", 0),
    ]
    assert "Our founder" in text_of(response)
    assert "Mar 1, 2026" in text_of(response)


def test_list_asks_as_often_whatever_the_number_of_rules(eli, history):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            eli.get(LIST)
        return len(asked)

    exclude("user_id", "ann")
    exclude("network", "203.0.113.0/24")
    eli.get(LIST)  # what a process asks once
    few = queries()
    for n in range(5):
        exclude("user_id", f"u{n}")
        exclude("network", f"198.51.100.{n}")

    assert queries() == few


def test_list_without_rules_teaches_why(eli, history):
    assert "Staff, test accounts and office networks look like your keenest users" in text_of(eli.get(LIST))


def test_bots_that_were_caught_lately_show_and_can_be_looked_at(eli, acme, history, today):
    bot = {"userAgent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}
    exclude("user_id", "ann")
    sent = [ingestion.track("crawler", f"Crawled {n}", ts=today, context=bot) for n in range(3)]
    ingestion.send_and_fold(acme, [*sent, ingestion.track("ann", "Invited", ts=today)], received_at=today)

    (caught,) = eli.get(LIST).context["bots"]
    events = eli.get(reverse("admin:ingestion_event_changelist"), {"excluded": "bot"}).context["page"].rows

    assert (caught.user_agent, caught.events) == (bot["userAgent"], 3)
    assert {row.event.name for row in events} == {"Crawled 0", "Crawled 1", "Crawled 2"}


def test_adding_a_rule_marks_and_says_so(eli, history):
    response = eli.post(ADD, {"kind": "user_id", "value": " ann ", "note": "Founder"}, follow=True)

    assert "“ann” does not count." in text_of(response)
    assert Person.objects.get(label="ann").exclusion == Exclusion.INTERNAL
    assert AuditEvent.objects.filter(verb="exclusion.created").count() == 1


@pytest.mark.parametrize(
    ("posted", "says"),
    [
        pytest.param({"value": ""}, "This field is required", id="empty"),
        pytest.param({"kind": "zodiac"}, "Select a valid choice", id="no such kind"),
        pytest.param({"kind": "email_domain", "value": "acme"}, "Write a domain", id="no domain"),
        pytest.param({"kind": "network", "value": "1.2.3"}, "Write an IP address", id="no address"),
        pytest.param(
            {"kind": "person_trait", "value": "staff"}, "Write a trait and its value", id="no value"
        ),
        pytest.param({"kind": "user_agent", "value": "a"}, "at least 4 characters", id="too short"),
        pytest.param({"value": "bea"}, "a rule for “bea” already", id="twice"),
    ],
)
def test_rule_that_makes_no_sense_is_refused_and_kept_in_the_form(eli, history, posted, says):
    exclude("user_id", "bea")

    response = eli.post(ADD, {"kind": "user_id", "value": "ann", "note": "keep me"} | posted)

    assert response.status_code == 422
    assert says in text_of(response)
    assert "keep me" in text_of(response)
    assert ExclusionRule.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("user_id", "ann", 'would mark <strong class="pq-score">1</strong> person'),
        ("account_key", "acme-co", "What 3 persons did there no longer counts."),
        ("user_id", "Ann", "Did you mean <b>ann</b>"),
        ("user_id", "someone-else", "It names nobody yet."),
        ("network", "203.0.113.0/24", "of the newest 8 events say that they come from there"),
        ("user_agent", "googlebot", "marks this user agent as a bot already"),
        ("email_domain", "acme", "Write a domain, for example acme.com."),
        ("email_domain", "", "Write a value, and see here whom it would mark."),
    ],
)
def test_preview_says_whom_a_rule_would_mark_and_saves_nothing(eli, history, elsewhere, kind, value, says):
    assert says in text_of(eli.get(PREVIEW, {"kind": kind, "value": value}))
    assert not ExclusionRule.objects.exists()


def test_rule_is_deleted_after_saying_who_counts_again(eli, history):
    rule = exclude("user_id", "ann")
    address = reverse("admin:ingestion_exclusionrule_delete", args=[rule.pk])

    asked = text_of(eli.get(address))
    assert ExclusionRule.objects.exists()
    eli.post(address)

    assert "1 person counts again" in asked
    assert Person.objects.get(label="ann").exclusion == Exclusion.NONE
    assert eli.post(address).status_code == 404


def test_list_shows_how_far_a_rule_that_names_many_has_come(eli, history, monkeypatch):
    monkeypatch.setattr(exclusions, "SLICE", 0)
    exclude("user_id", "ann")

    assert "Marking again whom “ann” names" in text_of(eli.get(LIST))
    assert "every 2s" in text_of(eli.get(reverse("admin:ingestion_exclusionrule_progress")))


def test_page_of_a_person_or_account_says_by_which_rule_it_does_not_count(eli, history):
    exclude("user_id", "ann")
    exclude("account_key", "acme-co")
    person, account = Person.objects.get(label="ann"), Account.objects.get(key="acme-co")
    assert AccountMembership.objects.filter(account=account).exists()

    for name, row, why in (
        ("person", person, "user id ann"),
        ("account", account, "account (group id) acme-co"),
    ):
        page = text_of(eli.get(reverse(f"admin:ingestion_{name}_change", args=[row.pk])))
        assert f"does not count, internal: {why}" in page


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.BU_OWNER, 200),
        (Role.ANALYST, 200),
        (Role.SALES_MANAGER, 403),
        (Role.REP, 403),
        (Role.READ_ONLY, 403),
    ],
)
def test_who_does_not_look_after_events_changes_no_rule(as_user, acme, history, now, role, status):
    rule = exclude("user_id", "ann")
    client = as_user(member(acme, "x@acme.test", role, "Corporate", now))

    assert client.get(LIST).status_code == status
    for address in (ADD, PREVIEW, reverse("admin:ingestion_exclusionrule_delete", args=[rule.pk])):
        assert client.get(address).status_code == 403
        assert client.post(address, {"kind": "user_id", "value": "bea"}).status_code == 403
    assert ExclusionRule.objects.get() == rule


def test_rule_of_another_tenant_does_not_exist(as_user, charlie, history):
    rule = exclude("user_id", "ann")
    client = as_user(charlie)

    assert client.post(reverse("admin:ingestion_exclusionrule_delete", args=[rule.pk])).status_code == 404
    assert client.get(LIST).context["rows"] == []
