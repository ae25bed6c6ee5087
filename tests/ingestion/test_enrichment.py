"""Vendors that are asked over HTTP, each by a real server on this machine."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from ingestion.models import Account, EnrichedAccount, Enrichment, TraitValue
from ingestion.operations import (
    continue_enrichment,
    delete_enrichment,
    edit_enrichment,
    enriching,
    switch_enrichment,
)
from ingestion.queries.personal import HOLDINGS, scope_of
from ingestion.rules.enrichment import first_company_domain, pause_after, read_mapping, value_at
from ingestion.rules.precedence import ENRICHMENT
from pqlhub.pulse import LONG, run_until_idle
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tenants.personal import erase_slice, read_page
from tests.factories.enrichment import (
    SECRET,
    asked_about,
    by_domain,
    company,
    make_enrichment,
    values,
    vendor,
)
from tests.factories.ingestion import group, send_and_fold
from tests.receiver import Reply

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def box(settings):
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = True
    with vendor() as found:
        yield found


@pytest.fixture
def accounts(acme, now):
    """Make accounts of these keys with these traits."""

    def make(**traits):
        with tenant_context(acme.pk):
            for key, told in traits.items():  # one by one: they are asked about in the order they came
                send_and_fold(acme, [group("ann", key, traits=told, ts=now)], received_at=now)

    return make


def run(tenant, now, seconds=20.0):
    return continue_enrichment(tenant_id=tenant.pk, clock=lambda: now, seconds=seconds)


def states(tenant):
    with tenant_context(tenant.pk):
        return dict(EnrichedAccount.objects.values_list("account__key", "status"))


def traits(tenant, key="a1"):
    with tenant_context(tenant.pk):
        return Account.objects.get(key=key).traits


def trouble(tenant):
    with tenant_context(tenant.pk):
        return Enrichment.objects.get().trouble


def enrichment(tenant, box, now, **changes):
    with tenant_context(tenant.pk):
        return make_enrichment(box, now, **changes)


def killed(*_arguments):
    raise SystemExit


def test_an_answer_becomes_traits_with_their_origin(acme, accounts, box, now):
    accounts(a1={"domain": "initech.com"})
    enrichment(acme, box, now)

    next_at = run(acme, now)

    assert traits(acme) == {"domain": "initech.com", "employees": 250, "segment": "b2b"}
    with tenant_context(acme.pk):
        assert set(TraitValue.objects.filter(name="employees").values_list("origin", "valid_from")) == {
            (ENRICHMENT, now)
        }
        assert AuditEvent.objects.filter(verb="account.traits_told", actor_label="enrichment").count() == 1
    assert (box.received[0].headers["authorization"], next_at) == (SECRET, now + timedelta(hours=1))


def test_what_the_product_says_goes_before_what_was_bought(acme, accounts, box, now):
    accounts(a1={"domain": "initech.com", "employees": 20})
    enrichment(acme, box, now)

    run(acme, now)

    assert traits(acme)["employees"] == 20
    assert traits(acme)["segment"] == "b2b"


def test_only_domains_of_companies_are_asked_about(acme, accounts, box, now):
    accounts(
        free={"email": "ann@gmail.com"},
        gone={"domain": "mailinator.com"},
        odd={"domain": "no domain"},
        site={"website": "https://www.initech.com/about"},
        mail={"email": "bob@mail.globex.com", "domain": ""},
        none={"plan": "pro"},
    )
    enrichment(acme, box, now)

    run(acme, now)

    assert sorted(asked_about(box)) == ["initech.com", "mail.globex.com"]
    no = "no_domain"
    assert states(acme) == {"free": no, "gone": no, "odd": no, "site": "found", "mail": "found"}


def test_accounts_that_do_not_count_are_not_asked_about(acme, accounts, box, now):
    accounts(a1={"domain": "initech.com"})
    with tenant_context(acme.pk):
        Account.objects.update(exclusion=1)
    enrichment(acme, box, now)

    run(acme, now)

    assert box.received == []


def test_a_domain_is_asked_about_once_for_all_its_accounts(acme, accounts, box, now):
    accounts(a1={"domain": "initech.com"}, a2={"website": "www.initech.com"})
    enrichment(acme, box, now)
    run(acme, now)

    accounts(a3={"email": "ann@initech.com"})
    run(acme, now + DAY)

    assert asked_about(box) == ["initech.com"]
    assert [traits(acme, key)["employees"] for key in ("a1", "a2", "a3")] == [250, 250, 250]


def test_an_answer_is_kept_as_long_as_said(acme, accounts, box, now):
    accounts(a1={"domain": "initech.com"})
    enrichment(acme, box, now, keep_days=10)
    for days in (0, 1, 10, 11, 12):
        box.reply = company(employees=100 + days)
        run(acme, now + days * DAY)

    assert len(box.received) == 2
    assert traits(acme)["employees"] == 111


def test_an_account_with_another_domain_is_asked_about_anew(acme, accounts, box, now):
    accounts(a1={"domain": "initech.com"})
    enrichment(acme, box, now)
    run(acme, now)
    accounts(a1={"domain": "initrode.com"})

    run(acme, now)

    assert asked_about(box) == ["initech.com", "initrode.com"]


@pytest.mark.parametrize(
    ("reply", "status", "words"),
    [
        (Reply(404, b"{}"), "unknown", "does not know"),
        (Reply(200, b"<html>"), "failed", "not JSON"),
        (Reply(200, b'"text"'), "failed", "no object"),
        (Reply(200, b"{" + b" " * 600_000 + b"}"), "failed", "larger than 256 KB"),
        (Reply(422, b"{}"), "failed", "does not take this domain"),
        (Reply(200, b"[" * 100_000), "failed", "not JSON"),
        (Reply(200, b"{}"), "found", ""),
        (Reply(200, b'{"company": {"employees": "a\\u0000\\ud800", "tags": [7]}}'), "found", ""),
        (Reply(200, b'{"company": {"employees": 1' + b"0" * 99 + b"}}"), "failed", "must lie between"),
        (
            Reply(200, b'{"company": {"employees": ' + b"[" * 50 + b"1" + b"]" * 50 + b"}}"),
            "failed",
            "nested",
        ),
    ],
)
def test_an_answer_without_traits_is_remembered_in_words(acme, accounts, box, now, reply, status, words):
    accounts(a1={"domain": "initech.com"}, a2={"domain": "globex.com"})
    box.reply = by_domain(initech_com=reply)
    enrichment(acme, box, now)

    run(acme, now)
    run(acme, now + DAY)

    assert states(acme) == {"a1": status, "a2": "found"}
    assert len(box.received) == 2
    with tenant_context(acme.pk):
        assert words in EnrichedAccount.objects.get(domain="initech.com").words


def test_an_error_is_tried_again_after_a_week(acme, accounts, box, now):
    accounts(a1={"domain": "initech.com"})
    box.reply = Reply(200, b"<html>")
    enrichment(acme, box, now)
    run(acme, now)
    box.reply = company()

    run(acme, now + 8 * DAY)

    assert states(acme) == {"a1": "found"}


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_vendor_is_left_alone_as_long_as_it_asks_and_nothing_is_lost(acme, accounts, box, now, status):
    accounts(a1={"domain": "initech.com"}, a2={"domain": "globex.com"})
    box.reply = Reply(status, headers={"Retry-After": "600"})
    enrichment(acme, box, now)

    again = run(acme, now)
    run(acme, now + timedelta(seconds=599))
    calls, box.reply = len(box.received), company()
    run(acme, again)

    assert (again, calls) == (now + timedelta(seconds=600), 1)
    assert states(acme) == {"a1": "found", "a2": "found"}


def test_a_key_that_is_not_taken_is_said_and_spends_no_budget_on_others(acme, accounts, box, now):
    accounts(a1={"domain": "initech.com"}, a2={"domain": "globex.com"})
    box.reply = Reply(401)
    enrichment(acme, box, now)

    run(acme, now)

    assert (len(box.received), states(acme)) == (1, {"a1": "waiting"})
    assert trouble(acme) == "HTTP 401: the vendor does not take the key."


def test_a_domain_at_which_the_vendor_fails_does_not_hold_up_the_others(acme, accounts, box, now):
    accounts(a1={"domain": "initech.com"}, a2={"domain": "globex.com"})
    box.reply = by_domain(initech_com=Reply(500))
    enrichment(acme, box, now)
    at = now
    for _attempt in range(6):
        at = run(acme, at)

    assert states(acme) == {"a1": "failed", "a2": "found"}
    assert asked_about(box) == ["initech.com"] * 5 + ["globex.com"]


def test_the_budget_is_of_a_day_in_the_companys_zone(acme, accounts, box, now):
    accounts(**{f"a{number}": {"domain": f"a{number}.com"} for number in range(5)})
    enrichment(acme, box, now, calls_per_day=2)

    again = run(acme, now)

    assert again == datetime(2026, 3, 11, tzinfo=ZoneInfo("Europe/Berlin"))
    assert (len(box.received), run(acme, again - timedelta(seconds=1))) == (2, again)
    run(acme, again)
    assert len(box.received) == 4


def test_a_killed_worker_loses_nothing_and_doubles_nothing(acme, accounts, box, now, monkeypatch):
    accounts(a1={"domain": "initech.com"}, a2={"domain": "globex.com"})
    enrichment(acme, box, now)
    monkeypatch.setattr(enriching, "_finish", killed)
    with pytest.raises(SystemExit):
        run(acme, now)
    monkeypatch.undo()

    again = run(acme, now + timedelta(seconds=1))
    run(acme, again + timedelta(seconds=1))

    assert states(acme) == {"a1": "found", "a2": "found"}
    assert asked_about(box) == ["initech.com", "globex.com", "initech.com"]
    with tenant_context(acme.pk):
        assert TraitValue.objects.filter(name="employees").count() == 2
        assert Enrichment.objects.get().calls_today == 3


def test_an_answer_that_comes_after_its_lease_is_dropped(acme, accounts, box, now):
    accounts(a1={"domain": "initech.com"})
    row = enrichment(acme, box, now)
    with tenant_context(acme.pk):
        lost = enriching._claim(row.pk, after=0, now=now).call
    run(acme, now + timedelta(minutes=1))

    with tenant_context(acme.pk):
        late = enriching.Answer(200, '{"company": {"employees": 1}}', "", "", 1)
        enriching._finish(lost, late, now + timedelta(minutes=1))

    assert traits(acme)["employees"] == 250


def test_a_slice_ends_in_time_and_goes_on(acme, accounts, box, now):
    accounts(**{f"a{number}": {"domain": f"a{number}.com"} for number in range(3)})
    enrichment(acme, box, now)

    moments = [run(acme, now, seconds=0) for _slice in range(3)]

    assert moments == [now] * 3
    assert len(box.received) == 3


def test_switched_off_or_deleted_asks_nobody(acme, accounts, box, now):
    accounts(a1={"domain": "initech.com"})
    row = enrichment(acme, box, now)
    with tenant_context(acme.pk):
        switch_enrichment(enrichment=row, is_enabled=False, by=SYSTEM, now=now)
    asked = run(acme, now)
    with tenant_context(acme.pk):
        delete_enrichment(enrichment=row, by=SYSTEM, now=now)

    assert (asked, run(acme, now), box.received) == (None, None, [])


def test_workers_are_woken_and_another_company_is_left_alone(acme, globex, accounts, box, now):
    accounts(a1={"domain": "initech.com"})
    enrichment(globex, box, now)
    with tenant_context(globex.pk):
        send_and_fold(globex, [group("gil", "g1", traits={"domain": "hooli.com"}, ts=now)], received_at=now)

    run_until_idle({"enrich": LONG["enrich"]}, clock=lambda: now, budget_seconds=10)

    assert asked_about(box) == ["hooli.com"]
    assert (states(acme), states(globex)) == ({}, {"g1": "found"})


def test_what_came_back_is_held_about_the_account(acme, accounts, box, now):
    accounts(a1={"domain": "initech.com"}, a2={"domain": "globex.com"})
    enrichment(acme, box, now)
    run(acme, now)
    held = next(each for each in HOLDINGS if each.table == "ingestion_enrichedaccount")

    with tenant_context(acme.pk):
        scope = scope_of(2, Account.objects.get(key="a1").pk, with_companions=False)
        rows, _last = read_page(held, scope, after=None, size=5)
        erased = erase_slice(held, scope, limit=5)

    assert (len(rows), "initech.com" in rows[0], erased) == (1, True, 1)
    assert states(acme) == {"a2": "found"}


def test_the_key_is_sealed_and_in_no_audit_row(acme, box, now):
    row = enrichment(acme, box, now)
    with tenant_context(acme.pk):
        edit_enrichment(enrichment=row, **values(box, secret="other-key"), by=SYSTEM, now=now)
        logged = str(list(AuditEvent.objects.values()))
        stored = bytes(Enrichment.objects.get().secret)

    assert "other-key" not in logged + str(stored)
    assert SECRET not in logged


def test_a_key_does_not_follow_the_url_to_another_host(acme, box, now):
    row = enrichment(acme, box, now)
    elsewhere = values(box, url="https://evil.example.com/?d={domain}", secret="")

    with tenant_context(acme.pk), pytest.raises(ValidationError, match="type the key"):
        edit_enrichment(enrichment=row, **elsewhere, by=SYSTEM, now=now)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "https://{domain}/x"}, "may not stand in the host"),
        ({"url": "https://api.example.com/"}, "once"),
        ({"url": "ftp://api.example.com/{domain}"}, "https"),
        ({"url": "https://api.example.com/ü{domain}"}, "plain characters"),
        ({"url": "https://[x/{domain}"}, "not a URL"),
        ({"header_name": "Host"}, "no name of a header"),
        ({"header_name": "X: y"}, "no name of a header"),
        ({"secret": "a\nb"}, "no line breaks"),
        ({"secret": ""}, "Type the key"),
        ({"header_name": ""}, "Name the header"),
        ({"mapping": []}, "at least one"),
        ({"mapping": [{"path": "a", "trait": "Website"}]}, "which domain"),
        ({"keep_days": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(acme, box, now, changes, words):
    with pytest.raises(ValidationError, match=words):
        enrichment(acme, box, now, **changes)


def test_an_address_inside_is_refused_where_it_leads_not_only_where_it_is_typed(
    acme, accounts, box, now, settings
):
    accounts(a1={"domain": "initech.com"})
    enrichment(acme, box, now)
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = False

    run(acme, now)

    assert (box.received, states(acme)) == ([], {"a1": "waiting"})
    assert "not allowed" in trouble(acme)


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b", 1), ("a", {"b": 1}), ("l.1.c", 2), ("l.7", None), ("a.x", None), ("l.²", None), ("a.b.c", None)],
)
def test_a_path_leads_into_the_answer(path, value):
    assert value_at({"a": {"b": 1}, "l": [0, {"c": 2}]}, path) == value


def test_a_mapping_is_read_by_line_and_refused_in_words():
    assert read_mapping("a.b = employees\n\n c=x ") == [
        {"path": "a.b", "trait": "employees"},
        {"path": "c", "trait": "x"},
    ]
    for text, words in [("a", "path = trait"), ("a = x\nb = x", "twice"), ("a = " + "x" * 300, "too long")]:
        with pytest.raises(ValueError, match=words):
            read_mapping(text)


def test_the_first_company_counts_and_pauses_grow():
    assert first_company_domain(["gmail.com", "Ann@BÜCHER.de"]) == "xn--bcher-kva.de"
    assert pause_after(1, None) == timedelta(seconds=30)
    assert pause_after(40, None) == timedelta(hours=1)
    assert pause_after(1, timedelta(hours=3)) == timedelta(hours=3)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_ask_and_spend_once(acme, accounts, box, now, settings):
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    accounts(**{f"a{number}": {"domain": f"a{number}.com"} for number in range(12)})
    row = enrichment(acme, box, now, calls_per_day=8)

    def work(_hand):
        try:
            return run(acme, now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=3) as hands:
        list(hands.map(work, range(3)))

    with tenant_context(acme.pk):
        row.refresh_from_db()
    assert (len(set(asked_about(box))), len(box.received), row.calls_today) == (8, 8, 8)
