"""Who sees who somebody is: every page that links lead to, looked at by each role."""

import re
from html import unescape

import pytest
from django.urls import reverse

from ingestion.models import Inbox, Person, QuarantinedEvent
from ingestion.operations import (
    create_exclusion,
    create_list,
    decide_personal_field,
    forget_personal_field,
    upload_rows,
)
from ingestion.rules.lists import read_text
from tenants.access import MATRIX, SEES_PERSONAL_DATA, Area, Level
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent, BusinessUnit, Role
from tests.conftest import member
from tests.factories.ingestion import send_and_fold
from tests.privacy.acted import delivered_lead
from tests.privacy.conftest import ADA

TELLING = ["ada.lovelace", "Countess", "+44 20 7946", "charles@"]
HIDDEN_FROM = [Role.ANALYST, Role.READ_ONLY, Role.PRODUCT_ENGINEER]
NOT_FOLLOWED = re.compile(r"^/(accounts/logout|accounts/|static/|switch|api/schema)|/(jsi18n|autocomplete)/")
MOST_PAGES = 250
AS_ONE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+(?=/)")


def everything_seen(client) -> dict[str, str]:
    """What each page says that links lead to from home: one page of each shape of address, two of each list."""
    found, waiting, shapes = {}, ["/"], {}
    while waiting and len(found) < MOST_PAGES:
        path = waiting.pop(0)
        shape = AS_ONE.sub("*", path)
        if path in found or shapes.get(shape, 0) >= 2 or NOT_FOLLOWED.search(path):
            continue
        shapes[shape] = shapes.get(shape, 0) + 1
        answer = client.get(path, follow=True)
        assert answer.status_code < 500, path
        assert answer.status_code != 403, f"{path} is closed to who is shown a link to it"
        text = b"".join(answer) if answer.streaming else answer.content
        found[path] = unescape(text.decode(errors="replace"))
        links = re.findall(r'(?:href|hx-get|action)="([^"]+)"', found[path])
        waiting += [unescape(link).split("#")[0] for link in links if link.startswith("/")]
        waiting += [path.split("?")[0] + unescape(link) for link in links if link.startswith("?")]
    return found


def telling(pages) -> list[str]:
    return [
        f"{path}: …{text[max(0, at - 60) : at + 60]}…"
        for path, text in pages.items()
        for word in TELLING
        if (at := text.lower().find(word.lower())) >= 0
    ]


@pytest.fixture
def engine_with_lead(engine, now):
    with tenant_context(engine.pk):
        delivered_lead(Person.objects.get(label="Countess"), now)
        root = BusinessUnit.objects.get(parent__isnull=True)
        of = create_list(
            business_unit=root, name="Friends", kind="user_id", description="", by=SYSTEM, now=now
        )
        upload_rows(list=of, reading=read_text("user_id", ADA), replaces=False, seen=0, by=SYSTEM, now=now)
        create_exclusion(kind="user_id", value=ADA, note="", by=SYSTEM, now=now)
    send_and_fold(
        engine,
        [
            {
                "type": "track",
                "userId": "ada-1842",
                "event": "Broken",
                "properties": "no object",
                "context": {"traits": {"email": ADA, "name": "Countess"}},
            }
        ],
    )
    return engine


@pytest.fixture
def as_role(client, acme, now):
    def sign_in(role):
        client.force_login(member(acme, f"{role}@acme.test", role, "Corporate", now))
        return client

    return sign_in


@pytest.mark.parametrize("role", HIDDEN_FROM)
def test_no_page_says_who_somebody_is(engine_with_lead, as_role, role):
    assert telling(everything_seen(as_role(role))) == []


def test_the_walk_comes_to_where_it_is_said(engine_with_lead, as_role):
    said = " ".join(telling(everything_seen(as_role(Role.CORPORATE_ADMIN))))

    for page in ("person", "event", "quarantined", "lead", "delivery", "qualification", "export"):
        assert page in said, page


def person_page(engine):
    with tenant_context(engine.pk):
        return reverse("admin:ingestion_person_change", args=[Person.objects.get(label="Countess").pk])


def test_a_person_is_a_number_and_a_domain(engine, as_role):
    page = as_role(Role.ANALYST).get(person_page(engine)).content.decode()

    assert re.search(r"#\d+ · Analytical\.test", page)
    assert "A…@Analytical.test" in page
    assert "•••" in page


def test_a_decision_holds_for_what_is_stored_already(engine, as_role, now):
    analyst, page = as_role(Role.ANALYST), person_page(engine)
    with tenant_context(engine.pk):
        decide_personal_field(name="Phone", is_personal=False, by=SYSTEM, now=now)
    assert "+44 20 7946" in analyst.get(page).content.decode()

    with tenant_context(engine.pk):
        forget_personal_field(name="phone", by=SYSTEM, now=now)
    assert "+44 20 7946" not in analyst.get(page).content.decode()


def test_deciding_about_email_shows_no_address(engine, as_role, now):
    with tenant_context(engine.pk):
        decide_personal_field(name="email", is_personal=False, by=SYSTEM, now=now)

    assert "ada.lovelace" not in as_role(Role.ANALYST).get(person_page(engine)).content.decode().lower()


def test_a_decision_in_one_company_is_none_in_another(engine, twin, client, charlie, globex, now):
    with tenant_context(engine.pk):
        decide_personal_field(name="phone", is_personal=False, by=SYSTEM, now=now)
    client.force_login(member(globex, "ann@globex.test", Role.ANALYST, "Corporate", now))

    assert "+44 20 7946" not in client.get(person_page(twin)).content.decode()


def test_nobody_finds_out_a_name_letter_by_letter(engine, as_role):
    analyst, persons = as_role(Role.ANALYST), reverse("admin:ingestion_person_changelist")

    assert "/ingestion/person/" not in rows_of(analyst.get(persons, {"q": "count"}))
    assert "/ingestion/person/" in rows_of(analyst.get(persons, {"q": "ada-1842"}))


def rows_of(answer) -> str:
    return answer.content.decode().partition("<tbody>")[2]


def test_who_sees_not_all_of_an_event_sends_it_again_as_it_came(engine_with_lead, as_role):
    """What is shown to them is not all of it: sent back it would overwrite who somebody is."""
    with tenant_context(engine_with_lead.pk):
        row = QuarantinedEvent.objects.get(raw__contains=ADA)
    page = reverse("admin:ingestion_quarantinedevent_change", args=[row.pk])

    as_role(Role.PRODUCT_ENGINEER).post(page, {"raw": '{"type": "track", "userId": "x", "event": "Mended"}'})

    with tenant_context(engine_with_lead.pk):
        waiting = [bytes(request.payload).decode() for request in Inbox.objects.all()]
        assert not any("Mended" in payload for payload in waiting)
        assert QuarantinedEvent.objects.get(pk=row.pk).raw == row.raw


def test_the_page_flags_with_one_click(engine, client, alice):
    client.force_login(alice)
    page = reverse("admin:ingestion_personalfield_changelist")

    client.post(page, {"name": "ref", "do": "flag"})

    personal = client.get(page).content.decode().partition("Not personal")[0]
    assert "<b>ref</b>" in personal
    with tenant_context(engine.pk):
        assert AuditEvent.objects.filter(verb="personal_field.flagged").exists()


@pytest.mark.parametrize("role", [Role.PRODUCT_ENGINEER, Role.ANALYST, Role.BU_OWNER])
def test_only_who_answers_for_the_data_decides(engine, as_role, role):
    page = reverse("admin:ingestion_personalfield_changelist")

    user = as_role(role)

    assert user.get(page).status_code == 200
    assert user.post(page, {"name": "email", "do": "clear"}).status_code == 403


@pytest.mark.parametrize("name", ["", "x" * 201, "a\0b"])
def test_a_name_that_is_none_is_refused_on_the_form(engine, client, alice, name):
    client.force_login(alice)

    answer = client.post(reverse("admin:ingestion_personalfield_changelist"), {"name": name, "do": "flag"})

    assert answer.status_code == 422


def test_who_may_grant_roles_sees_persons():
    """Otherwise they could make themselves somebody who does."""
    granting = {role for role in MATRIX if MATRIX[role][Area.MEMBERS] == Level.CHANGE}

    assert granting <= SEES_PERSONAL_DATA
