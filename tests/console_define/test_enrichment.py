"""The pages of enrichments, with a real server to ask."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ingestion.models import Account, EnrichedAccount, Enrichment
from ingestion.operations import continue_enrichment, switch_enrichment
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent, Role
from tests.conftest import member
from tests.factories.enrichment import SECRET, company, make_enrichment, values, vendor
from tests.factories.ingestion import group, send_and_fold
from tests.receiver import Reply

LIST = reverse("admin:ingestion_enrichment_changelist")
ADD = reverse("admin:ingestion_enrichment_add")
MAPPING = "company.employees = employees\ncompany.tags.0 = segment\ncompany.vat = vat"


@pytest.fixture
def box(settings):
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = True
    with vendor() as found:
        yield found


@pytest.fixture
def made(in_acme, box, today):
    return make_enrichment(box, today)


def at(name, row):
    return reverse(f"admin:ingestion_enrichment_{name}", args=[row.pk])


def text_of(response):
    return " ".join(response.content.decode().split())


def ask(acme, today, *keys):
    send_and_fold(
        acme,
        [group("ann", key, traits={"domain": f"{key}.com"}, ts=today) for key in keys],
        received_at=today,
    )
    continue_enrichment(tenant_id=acme.pk, clock=lambda: today, seconds=20)


def test_an_enrichment_is_made_tried_and_switched_on(engineer, in_acme, box):
    answer = engineer.post(ADD, values(box, mapping=MAPPING), follow=True)
    row = Enrichment.objects.get()
    assert (answer.redirect_chain[0][0], row.is_enabled) == (at("try", row), False)

    page = text_of(engineer.post(at("try", row), {"domain": "https://www.initech.com/about"}))
    assert "What it would tell of initech.com" in page
    assert '<td>employees</td><td class="pq-wrap">250</td>' in page
    assert '<td>vat</td><td class="pq-wrap"><span class="pq-muted">nothing there' in page
    assert "secret_plan" in page

    engineer.post(at("act", row), {"do": "on"})
    row.refresh_from_db()
    assert row.is_enabled


def test_a_dry_run_changes_no_account(engineer, made, acme, today):
    send_and_fold(acme, [group("ann", "a1", traits={"domain": "a1.com"}, ts=today)], received_at=today)

    engineer.post(at("try", made), {"domain": "a1.com"})

    made.refresh_from_db()
    assert (Account.objects.get().traits, EnrichedAccount.objects.count()) == ({"domain": "a1.com"}, 0)
    assert made.calls_today == 1


@pytest.mark.parametrize(
    ("reply", "domain", "words"),
    [
        (company(), "gmail.com", "Write the domain of a company"),
        (company(), "nonsense", "Write the domain of a company"),
        (Reply(404), "a1.com", "does not know this domain"),
        (Reply(200, b"<script>alert(1)</script>"), "a1.com", "&lt;script&gt;alert(1)"),
        (Reply(401), "a1.com", "does not take the key"),
        (Reply(200, b"x" * 600_000), "a1.com", "larger than 256 KB"),
        (Reply(200, b'{"you sent": "Bearer sesame-4711", "or": "sesame-4711"}'), "a1.com", "•••"),
    ],
)
def test_a_dry_run_says_what_is_wrong(engineer, made, box, reply, domain, words):
    box.reply = reply

    page = text_of(engineer.post(at("try", made), {"domain": domain}))

    assert words in page
    assert "<script>alert(1)" not in page
    assert "sesame-4711" not in page


def test_a_dry_run_keeps_to_the_budget(engineer, made, box):
    Enrichment.objects.update(calls_per_day=1)

    pages = [text_of(engineer.post(at("try", made), {"domain": "a1.com"})) for _time in range(2)]

    assert ["used up" in page for page in pages] == [False, True]
    assert len(box.received) == 1


def test_the_key_is_on_no_page_and_in_no_audit_row(engineer, made, box):
    pages = [
        engineer.get(address) for address in (LIST, at("change", made), at("try", made), at("delete", made))
    ]
    refused = engineer.post(at("change", made), values(box, mapping="nonsense", secret="other-key"))
    engineer.post(at("change", made), values(box, mapping=MAPPING, secret=""))

    shown = "".join(page.content.decode() for page in [*pages, refused]) + str(
        list(AuditEvent.objects.values())
    )
    assert "sesame-4711" not in shown
    assert "other-key" not in shown
    engineer.post(at("try", made), {"domain": "a1.com"})
    assert box.received[0].headers["authorization"] == SECRET


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "https://api.example.com/"}, "Write {domain} once"),
        ({"url": "https://{domain}/"}, "may not stand in the host"),
        ({"url": "https://other.example.com/{domain}", "secret": ""}, "type the key for it"),
        ({"mapping": "employees"}, "is no “path = trait”"),
        ({"mapping": "a = domain"}, "which domain to ask about"),
        ({"header_name": "Content-Length"}, "no name of a header"),
        ({"name": "Second"}, "already exists"),
        ({"calls_per_day": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_saved_is_said_and_kept_on_the_form(engineer, made, box, today, changes, words):
    make_enrichment(box, today, name="Second")

    answer = engineer.post(at("change", made), values(box, mapping=MAPPING) | changes)

    assert (answer.status_code, words in text_of(answer)) == (422, True)
    made.refresh_from_db()
    assert made.name == "Vendor"


def test_the_pages_say_how_it_stands_and_what_came_back(engineer, made, acme, box, today):
    ask(acme, today, "initech", "globex")
    listed, page = text_of(engineer.get(LIST)), text_of(engineer.get(at("change", made)))

    assert "2 of 500" in listed
    assert 'pq-tag-good">On' in page
    assert "initech.com" in page
    assert "2 traits" in page


def test_the_page_of_an_account_says_what_came_back(engineer, made, acme, box, today):
    box.reply = Reply(404)

    ask(acme, today, "initech")

    page = text_of(engineer.get(reverse("admin:ingestion_account_change", args=[Account.objects.get().pk])))
    assert "Vendor: not found" in page
    assert "does not know this domain" in page


def test_a_vendor_in_trouble_is_said(engineer, made, acme, box, today):
    box.reply = Reply(429, headers={"Retry-After": "7200"})

    ask(acme, today, "initech")

    assert "Asked again at" in text_of(engineer.get(LIST))
    assert "asks us to slow down" in text_of(engineer.get(at("change", made)))


def test_pages_ask_as_often_whatever_there_is(engineer, made, acme, box, today):
    def queries():
        counts = []
        for address in (LIST, at("change", made)):
            with CaptureQueriesContext(connection) as asked:
                engineer.get(address)
            counts.append(len(asked))
        return counts

    ask(acme, today, "initech")
    queries()  # the session is new
    before = queries()
    for number in range(4):
        make_enrichment(box, today, name=f"Vendor {number}")
    ask(acme, today, *(f"other{number}" for number in range(6)))

    assert queries() == before


def test_deleting_keeps_what_was_told(engineer, made, acme, today):
    ask(acme, today, "initech")

    engineer.post(at("delete", made))

    assert not Enrichment.objects.exists()
    assert not EnrichedAccount.objects.exists()
    assert Account.objects.get().traits["employees"] == 250


def test_switching_off_and_on_again_forgets_the_trouble(engineer, made, today):
    Enrichment.objects.update(trouble="HTTP 500", open_again_at=today + timedelta(hours=1))
    switch_enrichment(enrichment=made, is_enabled=False, by=SYSTEM, now=today)

    engineer.post(at("act", made), {"do": "on"})

    made.refresh_from_db()
    assert (made.is_enabled, made.trouble, made.open_again_at) == (True, "", None)


@pytest.mark.parametrize("name", ["change", "try", "delete", "act"])
def test_another_company_finds_nothing(as_user, made, charlie, globex, box, today, name):
    answer = as_user(charlie).post(at(name, made), values(box, mapping=MAPPING))

    assert answer.status_code == 404
    assert box.received == []


@pytest.mark.parametrize(("role", "looks"), [(Role.ANALYST, 200), (Role.REP, 403)])
def test_who_may_not_change_data_changes_and_asks_nothing(as_user, acme, made, box, now, role, looks):
    client = as_user(member(acme, "x@acme.test", role, "Corporate", now))

    assert [client.get(address).status_code for address in (LIST, at("change", made))] == [looks] * 2
    for name in ("change", "try", "delete", "act"):
        assert client.post(at(name, made), {"domain": "a1.com"}).status_code == 403
    with tenant_context(acme.pk):
        assert (Enrichment.objects.count(), box.received) == (1, [])
