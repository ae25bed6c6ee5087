"""CRMs that are read, each a real server on this machine."""

from datetime import timedelta

import orjson
import pytest
from django.core.exceptions import ValidationError

from ingestion.models import Account, CrmConnection, Person, TraitValue
from ingestion.operations import (
    continue_crm_pulls,
    crm_pulling,
    delete_crm_connection,
    edit_crm_connection,
    read_crm_again,
    switch_crm_connection,
    try_crm,
)
from ingestion.rules import crm as rules
from pqlhub.pulse import LONG, run_until_idle
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.factories.crm import SECRET, crm, make_connection, settings_of
from tests.factories.ingestion import group, identify, send_and_fold
from tests.receiver import Reply

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KINDS = pytest.mark.parametrize("kind", ["hubspot", "salesforce"])
FIELD = {"hubspot": "domain", "salesforce": "Website"}


@pytest.fixture
def box(settings):
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = True
    with crm() as found:
        yield found


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setitem(rules.PAGE_SIZE, "hubspot", 2)
    monkeypatch.setitem(rules.PAGE_SIZE, "salesforce", 2)


def account(tenant, key, now, **traits):
    send_and_fold(tenant, [group("ann", key, traits=traits, ts=now - DAY)], received_at=now - DAY)


def run(tenant, now, seconds=20.0):
    return continue_crm_pulls(tenant_id=tenant.pk, clock=lambda: now, seconds=seconds)


def traits(tenant, key):
    with tenant_context(tenant.pk):
        return Account.objects.get(key=key).traits


def connection(tenant):
    with tenant_context(tenant.pk):
        return CrmConnection.objects.get()


def connect(tenant, box, now, **changes):
    with tenant_context(tenant.pk):
        return make_connection(box, now, **changes)


@KINDS
@pytest.mark.parametrize("told", [{"domain": "acme.com"}, {"website": "https://www.acme.com/"}])
def test_a_company_tells_the_account_of_its_domain(acme, box, now, kind, told):
    account(acme, "a1", now, **told)
    box.put("1", now - HOUR, employees="250", **{FIELD[kind]: "http://acme.com"})
    connect(acme, box, now, kind=kind)

    run(acme, now)

    assert traits(acme, "a1")["employees"] == "250"
    with tenant_context(acme.pk):
        value = TraitValue.objects.get(name="employees")
        assert (value.origin, value.valid_from) == (TraitValue.Origin.CRM, now - HOUR)


def test_an_account_that_is_called_by_its_domain_is_found(acme, box, now):
    account(acme, "acme.com", now)
    box.put("1", now, domain="acme.com", employees="9")
    connect(acme, box, now)

    run(acme, now)

    assert traits(acme, "acme.com")["employees"] == "9"


@pytest.mark.parametrize("match", ["gmail.com", "no domain", "other.com", "", None])
def test_a_record_of_nobody_here_makes_nobody(acme, box, now, match):
    account(acme, "a1", now, domain="acme.com")
    box.put("1", now, domain=match, employees="9")
    connect(acme, box, now)

    run(acme, now)

    with tenant_context(acme.pk):
        assert Account.objects.count() == 1
    assert (connection(acme).records_read, connection(acme).records_unknown) == (1, 1)


def test_a_field_with_our_id_goes_before_domains(acme, box, now):
    account(acme, "a1", now)
    box.put("1", now, our_id="a1", employees="9")
    connect(acme, box, now, match_field="our_id")

    run(acme, now)

    assert traits(acme, "a1")["employees"] == "9"


@KINDS
def test_a_contact_tells_the_person_of_its_address(acme, box, now, kind):
    send_and_fold(acme, [identify("u1", traits={"email": "Ada@acme.com"})], received_at=now)
    box.put("1", now, employees="CTO", email="ada@Acme.com", Email="ada@Acme.com")
    mapping = [{"path": "employees", "trait": "title"}]
    connect(acme, box, now, kind=kind, about="person", mapping=mapping)

    run(acme, now)

    with tenant_context(acme.pk):
        assert Person.objects.get().traits["title"] == "CTO"


@KINDS
def test_a_round_reads_every_page_once(acme, box, now, small_pages, kind):
    for number in range(5):
        account(acme, f"a{number}", now, domain=f"d{number}.com")
        box.put(str(11 + number), now, employees=str(number), **{FIELD[kind]: f"d{number}.com"})
    connect(acme, box, now, kind=kind)

    run(acme, now)

    assert [traits(acme, f"a{number}")["employees"] for number in range(5)] == list("01234")
    assert len(box.questions) == 3
    assert connection(acme).records_told == 5


@KINDS
def test_the_next_round_asks_for_what_changed_since(acme, box, now, kind):
    account(acme, "a1", now, domain="acme.com")
    account(acme, "a2", now, domain="beta.com")
    box.put("1", now - DAY, employees="1", **{FIELD[kind]: "acme.com"})
    box.put("2", now - DAY, employees="1", **{FIELD[kind]: "beta.com"})
    connect(acme, box, now, kind=kind)
    assert run(acme, now) == now + 15 * MINUTE
    box.put("2", now + MINUTE, employees="2", **{FIELD[kind]: "beta.com"})

    run(acme, now + 15 * MINUTE)

    assert traits(acme, "a2")["employees"] == "2"
    assert connection(acme).records_read == 1


def test_nothing_is_asked_between_rounds(acme, box, now):
    connect(acme, box, now)
    run(acme, now)
    asked = len(box.questions)

    run(acme, now + 14 * MINUTE)

    assert len(box.questions) == asked


def test_an_account_that_came_later_is_told_within_a_day(acme, box, now):
    box.put("1", now - 9 * DAY, domain="acme.com", employees="9")
    connect(acme, box, now)
    run(acme, now)
    account(acme, "a1", now + HOUR, domain="acme.com")

    run(acme, now + DAY)

    assert traits(acme, "a1")["employees"] == "9"


def test_reading_again_says_nothing_new(acme, box, now):
    account(acme, "a1", now, domain="acme.com")
    box.put("1", now, domain="acme.com", employees="9")
    row = connect(acme, box, now)
    run(acme, now)
    box.put("1", now + MINUTE, domain="acme.com", employees="9", owner="changed")

    with tenant_context(acme.pk):
        read_crm_again(connection=row, by=SYSTEM, now=now + HOUR)
    run(acme, now + HOUR)

    with tenant_context(acme.pk):
        assert TraitValue.objects.filter(name="employees").count() == 1
    assert (connection(acme).records_read, connection(acme).records_told) == (1, 0)


def test_a_worker_that_dies_loses_a_question_and_nothing_else(acme, box, now, small_pages, monkeypatch):
    for number in range(5):
        account(acme, f"a{number}", now, domain=f"d{number}.com")
        box.put(str(number + 1), now, domain=f"d{number}.com", employees="9")
    connect(acme, box, now)
    run(acme, now, seconds=0)  # one page
    real = crm_pulling.tell_several
    monkeypatch.setattr(crm_pulling, "tell_several", lambda *_args, **_more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(acme, now)
    monkeypatch.setattr(crm_pulling, "tell_several", real)

    run(acme, now)

    assert [traits(acme, f"a{number}")["employees"] for number in range(5)] == ["9"] * 5
    assert connection(acme).records_read == 5


def test_an_answer_to_settings_of_before_is_dropped(acme, box, now):
    account(acme, "a1", now, domain="acme.com")
    box.put("1", now, domain="acme.com", employees="9")
    row = connect(acme, box, now)

    def meanwhile(request):
        with tenant_context(acme.pk):
            edit_crm_connection(connection=row, said=settings_of(box, every_minutes=30), by=SYSTEM, now=now)

    answered = crm_pulling._ask
    crm_pulling._ask = lambda *args: (answered(*args), meanwhile(args))[0]
    try:
        run(acme, now, seconds=0)
    finally:
        crm_pulling._ask = answered

    assert "employees" not in traits(acme, "a1")
    run(acme, now)
    assert traits(acme, "a1")["employees"] == "9"


@pytest.mark.parametrize("bad", ["\0", "x" * 1_000_000, {"a": float("1e308")}, [[[[[1]]]]]])
def test_a_record_that_cannot_be_kept_holds_up_no_other(acme, box, now, bad):
    account(acme, "a1", now, domain="acme.com")
    account(acme, "a2", now, domain="beta.com")
    box.put("1", now, domain="acme.com", employees=bad)
    box.put("2", now, domain="beta.com", employees="9")
    connect(acme, box, now)

    run(acme, now)

    assert traits(acme, "a2")["employees"] == "9"
    assert connection(acme).round_done_at == now


@pytest.mark.parametrize(
    ("reply", "words", "pause"),
    [
        (Reply(429, b"{}", {"Retry-After": "600"}), "slow down", timedelta(seconds=600)),
        (Reply(403, b'[{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]'), "slow down", HOUR),
        (Reply(401, b'{"message": "expired"}'), "does not take the key. expired", timedelta(seconds=30)),
        (Reply(400, b'{"message": "Property foo does not exist"}'), "Property foo does not exist", HOUR),
        (Reply(503), "HTTP 503", timedelta(seconds=30)),
        (Reply(200, b"<html>"), "not JSON", timedelta(seconds=30)),
        (Reply(200, b"{}"), "without records", timedelta(seconds=30)),
        (Reply(200, b'{"results": [7]}'), "no objects", timedelta(seconds=30)),
        (Reply(200, b'{"results": [{"id": "1\' OR"}]}'), "without an id", timedelta(seconds=30)),
        (Reply(302, b"", {"Location": "https://elsewhere.example"}), "not followed", timedelta(seconds=30)),
    ],
)
def test_trouble_is_told_in_words_and_leaves_the_crm_alone(acme, box, now, reply, words, pause):
    connect(acme, box, now)
    box.replies = [reply]

    assert run(acme, now) == now + pause
    assert words in connection(acme).trouble

    run(acme, now + pause)
    assert (connection(acme).trouble, connection(acme).failures_in_a_row) == ("", 0)


def test_a_wrong_secret_of_salesforce_is_told(acme, box, now):
    connect(acme, box, now, kind="salesforce", secret="wrong")

    run(acme, now)

    assert "invalid client" in connection(acme).trouble


def test_what_the_crm_says_is_its_origins_word(acme, box, now):
    """Sales' word goes before the product's."""
    account(acme, "a1", now, domain="acme.com", employees=5)
    box.put("1", now - 9 * DAY, domain="acme.com", employees="250")
    connect(acme, box, now)

    run(acme, now)

    assert traits(acme, "a1")["employees"] == "250"


def test_two_companies_read_their_own(acme, globex, box, now):
    for tenant in (acme, globex):
        account(tenant, "a1", now, domain="acme.com")
    box.put("1", now, domain="acme.com", employees="9")
    connect(acme, box, now)

    run(acme, now)
    run(globex, now)

    assert "employees" not in traits(globex, "a1")
    with tenant_context(globex.pk):
        assert not CrmConnection.objects.exists()


def test_a_pause_keeps_the_place(acme, box, now, small_pages):
    for number in range(4):
        box.put(str(number + 1), now, domain=f"d{number}.com")
    row = connect(acme, box, now)
    run(acme, now, seconds=0)
    with tenant_context(acme.pk):
        switch_crm_connection(connection=row, is_enabled=False, by=SYSTEM, now=now)
    assert run(acme, now) is None
    with tenant_context(acme.pk):
        switch_crm_connection(connection=row, is_enabled=True, by=SYSTEM, now=now)

    run(acme, now)

    assert connection(acme).records_read == 4
    assert len(box.questions) == 3  # two full pages, and one that is empty


def test_switching_on_wakes_the_worker(acme, box, now):
    account(acme, "a1", now, domain="acme.com")
    box.put("1", now, domain="acme.com", employees="9")
    connect(acme, box, now)

    run_until_idle(LONG, clock=lambda: now, budget_seconds=20)

    assert traits(acme, "a1")["employees"] == "9"


def test_a_dry_run_changes_nothing(acme, box, now):
    account(acme, "a1", now, domain="acme.com")
    box.put("1", now, domain="acme.com", employees="9")
    row = connect(acme, box, now)

    with tenant_context(acme.pk):
        (tried,) = try_crm(connection=row)

    assert [subject.key for subject in tried.subjects] == ["a1"]
    assert tried.record.traits == {"employees": "9"}
    assert "employees" not in traits(acme, "a1")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "http://crm.example"}, "url"),
        ({"url": "https://crm.example/path"}, "url"),
        ({"url": "https://10.0.0.1"}, "url"),
        ({"kind": "salesforce", "client_id": ""}, "client_id"),
        ({"secret": ""}, "secret"),
        ({"secret": "two\nlines"}, "secret"),
        ({"match_field": "id' OR 1"}, "match_field"),
        ({"mapping": [{"path": "a b", "trait": "c"}]}, "mapping"),
        ({"mapping": [{"path": "site", "trait": "domain"}]}, "mapping"),
        ({"mapping": []}, "mapping"),
        ({"every_minutes": 1}, "every_minutes"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_field(acme, settings, now, changes, field):
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = False
    with crm() as box, tenant_context(acme.pk), pytest.raises(ValidationError) as refusal:
        make_connection(box, now, **({"url": "https://crm.example"} | changes))

    assert field in refusal.value.message_dict


def test_the_key_goes_to_no_other_server(acme, box, now):
    row = connect(acme, box, now)
    said = settings_of(box, secret="", url="http://localhost:1")

    with tenant_context(acme.pk), pytest.raises(ValidationError, match="type the key"):
        edit_crm_connection(connection=row, said=said, by=SYSTEM, now=now)


def test_the_secret_is_stored_sealed_and_goes_with_the_connection(acme, box, now):
    row = connect(acme, box, now)
    assert SECRET.encode() not in bytes(row.secret)

    with tenant_context(acme.pk):
        delete_crm_connection(connection=row, by=SYSTEM, now=now)
        assert not CrmConnection.objects.exists()
        assert AuditEvent.objects.filter(verb="crm_connection.deleted").exists()


def test_a_page_costs_the_same_however_many_match(acme, box, now, django_assert_max_num_queries):
    with tenant_context(acme.pk):
        row = make_connection(box, now)
        records = [
            rules.Record(str(number), now, f"d{number}.com", {"employees": "9"}) for number in range(100)
        ]
        with django_assert_max_num_queries(2):
            subjects = crm_pulling.subjects_of(row, (record.match for record in records))
            crm_pulling._news(row, records, subjects, now)


def test_no_page_is_larger_than_said(acme, box, now):
    connect(acme, box, now)
    box.replies = [Reply(200, orjson.dumps({"results": "x" * 9_000_000}))]

    run(acme, now)

    assert "larger than" in connection(acme).trouble
